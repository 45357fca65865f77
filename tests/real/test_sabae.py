"""鯖江市: the same 134 points in Tokyo Datum and in JGD2000; characters lost before delivery."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from tests.real import material
from tests.real.conftest import Towns

pytestmark = pytest.mark.real

ACCEPTED_M = 10.0


def test_tokyo_datum_without_its_parameter_file_is_refused_and_the_file_is_named(shared: Path, tmp_path: Path) -> None:
    source = material.assemble("sabae", shared, tmp_path / "source")
    declaration = source / "aed_kyu" / "collection.toml"
    lines = declaration.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("accept_accuracy_m")]
    assert len(kept) == len(lines) - 1
    declaration.write_text("".join(kept), encoding="utf-8")
    town = material.build_town("sabae", source, tmp_path)
    assert town.outcome.candidate is None
    (refused,) = material.blocking(town.outcome)
    assert "TKY2JGD.par" in refused.advice
    assert "data/source/grids/" in refused.advice
    assert "1.75 m に足りません" in refused.message
    assert refused.file == "sabae_aed_tokyo.shp"


def test_an_accuracy_accepted_in_writing_is_published(towns: Towns) -> None:
    (used,) = towns["sabae"].published("aed_kyu").edition.transformations
    assert (used.source_crs, used.target_crs) == ("EPSG:4301", "EPSG:6674")
    assert (used.accuracy_m, used.accepted_m) == (ACCEPTED_M, ACCEPTED_M)
    (modern,) = towns["sabae"].published("aed").edition.transformations
    assert modern.accepted_m is None


def test_both_datums_give_the_same_places_within_the_accepted_accuracy(towns: Towns) -> None:
    modern, old = towns["sabae"].features("aed"), towns["sabae"].features("aed_kyu")
    assert old["shisetsu"].tolist() == modern["shisetsu"].tolist()
    apart_m = old.geometry.distance(modern.geometry)
    assert len(apart_m) == 134
    assert apart_m.max() <= ACCEPTED_M
    # The publisher made the pair with the very Helmert shift that PROJ uses, so it must come out much closer.
    assert apart_m.max() <= 0.02


def test_the_two_deliveries_do_lie_four_hundred_metres_apart_as_numbers(towns: Towns, shared: Path) -> None:
    folder = shared / "data" / "sabae_cc_by"
    old, modern = (gpd.read_file(folder / f"sabae_aed_{datum}.shp").geometry for datum in ("tokyo", "jgd2000"))
    northing_m = np.abs(old.y - modern.y) * 111_000
    easting_m = np.abs(old.x - modern.x) * 111_000 * np.cos(np.radians(35.9))
    assert np.hypot(northing_m, easting_m).min() > 400


def test_question_marks_where_characters_were_lost_survive_unchanged(towns: Towns) -> None:
    raw = towns.second("sabae", "aed").column("address")
    marks = [str(value).count("?") for value in raw]
    assert sum(marks) > 50
    assert [value.count("?") for value in towns["sabae"].features("aed")["jusho"]] == marks


def test_a_replacement_character_in_the_delivery_stops_it_and_names_the_record(shared: Path, tmp_path: Path) -> None:
    source = material.assemble("sabae", shared, tmp_path / "source", as_delivered=True)
    town = material.build_town("sabae", source, tmp_path)
    assert town.outcome.candidate is None
    found = {(finding.rule, finding.file, finding.record, finding.field) for finding in material.blocking(town.outcome)}
    assert found == {
        ("broken_text", f"sabae_aed_{datum}.shp", record, "shisetsu")
        for datum in ("jgd2000", "tokyo")
        for record in (75, 82)
    }
