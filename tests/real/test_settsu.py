"""摂津市: a whole town planning map as GeoJSON; no licence is stated, so it is for viewing only."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.real.conftest import Towns

pytestmark = pytest.mark.real


def test_japanese_dates_become_days(towns: Towns) -> None:
    assert set(towns["settsu"].features("youto")["kokuji_date"]) == {"2009-08-10"}
    assert set(towns["settsu"].features("senbiki")["kokuji_date"]) == {"2005-09-06"}


def test_ratios_of_the_districts_are_whole_percents(towns: Towns) -> None:
    districts = towns["settsu"].features("youto")
    assert set(districts["yoseki"]) == {100, 200, 300, 400}
    assert set(districts["kenpei"]) == {50, 60, 80}


def test_one_file_split_into_two_layers_loses_and_doubles_nothing(towns: Towns) -> None:
    path = towns.shared / "data" / "settsu_toshikeikaku" / "shisetsu.geojson"
    kinds = [feature["properties"]["function"] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]]
    green = towns["settsu"].published("seisanryokuchi").edition.count
    facilities = towns["settsu"].features("shisetsu")
    assert green == kinds.count("生産緑地地区") == 101
    assert len(facilities) + green == len(kinds) == 145
    assert "生産緑地地区" not in set(facilities["kinou"])


def test_strips_left_over_between_the_zones_are_published_as_drawn_and_reported(towns: Towns) -> None:
    zones = towns["settsu"].features("senbiki")
    strips = np.flatnonzero(2 * zones.area / zones.length < 0.01)
    assert len(strips) == 13  # of sixteen: the zones themselves are three
    reported = [finding.record for finding in towns["settsu"].findings("senbiki") if finding.rule == "too_small"]
    assert reported == (strips + 1).tolist()


def test_what_leaves_the_town_is_reported_with_its_place(towns: Towns) -> None:
    outside = [finding for finding in towns["settsu"].findings("douro") if finding.rule == "inside_town"]
    assert len(outside) == 12
    assert all(finding.severity == "warn" and finding.place is not None for finding in outside)


def test_without_terms_the_map_is_shown_and_not_handed_out(towns: Towns) -> None:
    client = towns.client("settsu")
    assert client.get("/api/collections/youto/items?limit=1").status_code == 200
    for path in ("/download/youto.geojson", "/files/youto/2009-08-10/features.gpkg"):
        assert client.get(path).status_code == 403, path


def test_a_road_is_found_by_its_number_however_it_is_written(towns: Towns) -> None:
    for written in ("７・７・２２４－２０", "7・7・224-20", "阪急東1号線"):
        results = towns.get("settsu", f"/search?q={written}")["results"]
        assert [hit["text"] for hit in results if hit["collection"] == "douro"] == ["7・7・224-20 阪急東1号線"], written
