"""沼津市 and 川崎市: CityGML of PLATEAU (urf), one file with several layers and nine files of one layer each."""

from __future__ import annotations

import pytest

from tests.real.conftest import Towns

pytestmark = pytest.mark.real


def test_every_layer_of_one_gml_becomes_its_own_collection(towns: Towns) -> None:
    counts = {name: towns["numazu"].published(name).edition.count for name in ("youto", "kuiki", "tokubetsu", "fuchi")}
    assert counts == {"youto": 38, "kuiki": 3, "tokubetsu": 2, "fuchi": 4}
    files = {towns["numazu"].published(name).edition.sources[0].sha256 for name in counts}
    assert len(files) == 1


def test_ratios_become_percents(towns: Towns) -> None:
    assert set(towns["numazu"].features("youto")["yoseki"]) == {60, 80, 100, 150, 200}
    kawasaki = towns["kawasaki"].features("youto")
    assert set(kawasaki["yoseki"]) == {200}
    assert set(kawasaki["kenpei"]) == {60, 40}


def test_function_codes_are_those_of_i_ur(towns: Towns) -> None:
    districts = towns["kawasaki"].features("youto")
    assert set(zip(districts["youto"], districts["youto_name"], strict=True)) == {
        ("11", "準工業地域"),
        ("13", "工業専用地域"),
    }


def test_the_first_day_of_the_year_one_is_an_unknown_date_and_said_so(towns: Towns) -> None:
    zones = towns["kawasaki"].features("seisan")
    unknown = zones["kettei_date"].isna()
    assert zones["ketteisha"][unknown].tolist() == ["不明"] * int(unknown.sum())
    assert 0 < unknown.sum() < len(zones)
    (said,) = [finding for finding in towns["kawasaki"].findings("seisan") if finding.field == "kettei_date"]
    assert said.value == "0001-01-01"


@pytest.mark.parametrize("town", ["numazu", "kawasaki"])
def test_heights_are_left_out_and_reported_in_every_layer(towns: Towns, town: str) -> None:
    for entry in towns[town].catalog.snapshot().collections():
        name = entry.declaration.id
        assert any("高さ (Z)" in finding.message for finding in towns[town].findings(name)), name
        assert not towns[town].features(name).has_z.any(), name
