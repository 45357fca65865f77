"""茅野市: CP932 Shapefiles in JGD2000 zone VIII, as a consultant delivers them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.outputs.neighbours import in_mercator, missing, strips, working_zooms
from tests.real.conftest import Towns

pytestmark = pytest.mark.real

COUNTS = {"youto": 518, "doro_chushin": 980, "fukuin": 9909, "chiban": 217, "choaza": 10, "landmark": 45}
"""As the publisher's own description counts them."""
DISTRICTS = {
    "第一種住居地域": 196, "準工業地域": 109, "第一種中高層住居専用地域": 77, "第一種低層住居専用地域": 57,
    "近隣商業地域": 31, "工業地域": 14, "商業地域": 11, "準住居地域": 10, "第二種住居地域": 7,
    "第二種中高層住居専用地域": 6,
}  # fmt: skip


def test_every_layer_has_as_many_features_as_its_publisher_says(towns: Towns) -> None:
    found = {name: towns["chino"].published(name).edition.count for name in COUNTS}
    assert found == COUNTS


def test_arabic_digits_in_district_names_do_not_make_other_districts(towns: Towns) -> None:
    assert Counter(towns["chino"].features("youto")["youto_name"]) == DISTRICTS


def test_width_labels_say_what_the_widths_say(towns: Towns) -> None:
    lines = towns["chino"].features("fukuin")
    written = [f"{haba:g}m({shado:g}m)" for haba, shado in zip(lines["haba"], lines["shado"], strict=True)]
    assert lines["label"].tolist() == written
    assert "2.1m(1.1m)" in written


def test_lines_of_a_millimetre_are_published_and_reported(towns: Towns) -> None:
    lines = towns["chino"].features("fukuin")
    specks = lines[lines.length < 0.01]
    assert len(specks) > 0
    reported = [finding for finding in towns["chino"].findings("fukuin") if finding.rule == "too_small"]
    assert [finding.record for finding in reported] == (specks.index + 1).tolist()


def test_the_shift_from_jgd2000_and_its_accuracy_are_published(towns: Towns) -> None:
    for name in COUNTS.keys() - {"landmark"}:
        (used,) = towns["chino"].published(name).edition.transformations
        assert (used.source_crs, used.target_crs, used.accuracy_m) == ("EPSG:2450", "EPSG:6676", 1.0)


def test_heights_of_a_flat_map_are_left_out_and_reported(towns: Towns) -> None:
    assert any("高さ (Z)" in finding.message for finding in towns["chino"].findings("youto"))
    assert not towns["chino"].features("youto").has_z.any()


def test_a_lot_number_is_found_and_its_place_answers_with_that_lot(towns: Towns) -> None:
    (hit,) = towns.get("chino", "/search?q=２０１ー２")["results"]
    assert (hit["collection"], hit["text"]) == ("chiban", "201-2")
    answer = towns.get("chino", f"/identify?lon={hit['lon']}&lat={hit['lat']}")
    layers = {layer["collection"]: layer for layer in answer["layers"]}
    assert [feature["id"] for feature in layers["chiban"]["features"]] == [hit["id"]]
    assert answer["insideTown"] is None  # no 町域 was delivered


def test_every_district_is_in_the_tiles_and_no_strip_opens_between_neighbours(towns: Towns) -> None:
    zoning = towns["chino"].published("youto")
    areas = in_mercator(towns["chino"].features("youto"))
    assert len(working_zooms(zoning)) >= 4
    for zoom in working_zooms(zoning):
        assert missing(zoning, set(areas.index), zoom) == set(), zoom
        assert strips(zoning, areas, zoom) == []
