"""SXF and JWW: the libraries' readers read real drawings, and find in ours what was drawn, shifted as it says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import ezjww
import ezsxf
import numpy as np
import pandas as pd
import pytest
import shapely

from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product
from gis_pipeline.outputs import _drawing, _sxf, jww, p21, sfc
from tests.outputs import samples

PRODUCTS = samples.products()
SXF = pytest.mark.parametrize("member", [sfc, p21], ids=["sfc", "p21"])
ALL = pytest.mark.parametrize("member", [sfc, p21, jww], ids=["sfc", "p21", "jww"])


def jww_document(path: Path) -> Any:
    return ezjww.readfile(path).jww_document


def corner(path: Path) -> tuple[int, int]:
    _, east, north = path.stem.split("_")
    return int(east[1:]), int(north[1:])


def texts(member: Any, path: Path) -> list[str]:
    if member is jww:
        entities = jww_document(path)["entities"]
        return [entity["content"] for entity in entities if entity["type"] == "TEXT"]
    return [text.text for text in ezsxf.build_drawing(path.read_bytes()).texts]


@ALL
def test_each_is_marked_experimental(member: Any) -> None:
    assert "実験的" in member.TITLE


@ALL
def test_the_corner_stands_in_the_name_and_in_the_drawing(member: Any, tmp_path: Path) -> None:
    (path,) = member.write(PRODUCTS["polygons"], tmp_path)
    west_m, south_m = PRODUCTS["polygons"].frame.total_bounds[:2]
    east_m, north_m = corner(path)
    assert 0 <= west_m - east_m < 100 and 0 <= south_m - north_m < 100
    told = "\n".join(texts(member, path))
    assert f"東 {east_m} m、北 {north_m} m" in told and "実験的" in told and "X軸は東" in told


@SXF
def test_sxf_lines_lie_where_they_lay(member: Any, tmp_path: Path) -> None:
    """The sheet's millimetres back to town metres by hand: scale 1:2500, the first line fixes nothing else."""
    product = PRODUCTS["lines"]
    (path,) = member.write(product, tmp_path)
    paths = ezsxf.build_drawing(path.read_bytes()).paths
    wanted = [shapely.get_coordinates(line) for line in shapely.get_parts(product.frame.geometry.to_numpy())]
    assert len(paths) == len(wanted)
    found = np.concatenate([np.asarray(line.points) for line in paths]) * 2.5
    shift = found - np.concatenate(wanted)
    assert np.abs(shift - shift[0]).max() < 1e-3
    margin_m = np.array([_sxf.MARGIN_MM, 0]) * 2.5
    assert shift[0][0] == pytest.approx(margin_m[0] - corner(path)[0], abs=1e-3)


@SXF
def test_sxf_fills_have_their_holes(member: Any, tmp_path: Path) -> None:
    product = PRODUCTS["polygons"]
    (path,) = member.write(product, tmp_path)
    fills = ezsxf.build_drawing(path.read_bytes()).fills
    parts = shapely.get_parts(product.frame.geometry.to_numpy())
    areas = [shapely.Polygon(fill.outer, fill.holes).area * 2.5**2 for fill in fills]
    assert areas == pytest.approx([part.area for part in parts], abs=0.5)
    assert sum(len(fill.holes) for fill in fills) == 1


def test_jww_lines_lie_where_they_lay(tmp_path: Path) -> None:
    product = PRODUCTS["lines"]
    (path,) = jww.write(product, tmp_path)
    document = jww_document(path)
    scale = document["header"]["layer_groups"][0]["scale"]
    lines = [entity for entity in document["entities"] if entity["type"] == "LINE"]
    starts = np.array([(line["start_x"], line["start_y"]) for line in lines]) * scale / 1000 + np.array(corner(path))
    rows = [shapely.get_coordinates(line)[:-1] for line in shapely.get_parts(product.frame.geometry.to_numpy())]
    assert np.allclose(starts, np.concatenate(rows), atol=1e-3)


def test_jww_fills_cover_the_polygons_but_not_their_holes(tmp_path: Path) -> None:
    product = PRODUCTS["polygons"]
    (path,) = jww.write(product, tmp_path)
    document = jww_document(path)
    scale = document["header"]["layer_groups"][0]["scale"] / 1000
    triangles = [
        shapely.Polygon([(entity[f"point{n}_x"] * scale, entity[f"point{n}_y"] * scale) for n in (1, 4, 2)])
        for entity in document["entities"]
        if entity["type"] == "SOLID"
    ]
    assert sum(triangle.area for triangle in triangles) == pytest.approx(product.frame.area.sum(), rel=1e-5)


@SXF
def test_what_cp932_lacks_is_a_geta_mark_and_said(member: Any, tmp_path: Path) -> None:
    frame = PRODUCTS["points"].frame.copy()
    frame["mei"] = pd.array(["㎡①﨑髙𠮷槗"] * len(frame), dtype="string")
    product: Product = dataclasses.replace(PRODUCTS["points"], frame=frame)
    (path,) = member.write(product, tmp_path)
    found = texts(member, path)
    assert sum("㎡①﨑髙〓〓" in text for text in found) == len(frame)
    assert any("表せない文字" in text for text in found)


@SXF
def test_a_label_that_is_too_long_ends_with_dots_and_the_sheet_says_how_many(member: Any, tmp_path: Path) -> None:
    frame = PRODUCTS["points"].frame.copy()
    frame["mei"] = pd.array(["長い名前の" * 60, *["短い名前"] * (len(frame) - 1)], dtype="string")
    (path,) = member.write(dataclasses.replace(PRODUCTS["points"], frame=frame), tmp_path)
    (cut,) = [text for text in texts(member, path) if text.endswith("…")]
    assert "長い名前の" * 20 in cut and 250 < len(cut.encode("cp932")) <= 256
    assert any(text.startswith("1 件の文字は") for text in texts(member, path))


@SXF
def test_a_long_sentence_goes_on_in_the_next_line(member: Any, tmp_path: Path) -> None:
    product = PRODUCTS["points"]
    service = product.service.model_copy(update={"disclaimer": "参考図であり証明書ではありません。" * 30})
    (path,) = member.write(dataclasses.replace(product, service=service), tmp_path)
    assert service.disclaimer in "".join(texts(member, path))


def test_jww_keeps_every_sign(tmp_path: Path) -> None:
    frame = PRODUCTS["points"].frame.copy()
    frame["mei"] = pd.array(["㎡①﨑髙𠮷槗"] * len(frame), dtype="string")
    (path,) = jww.write(dataclasses.replace(PRODUCTS["points"], frame=frame), tmp_path)
    assert sum("㎡①﨑髙𠮷槗" in text for text in texts(jww, path)) == len(frame)


@ALL
def test_a_coordinate_that_moved_is_refused(member: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if member is jww:
        monkeypatch.setattr(jww, "TOLERANCE_M", -1.0)
    else:
        monkeypatch.setattr(_sxf, "TOLERANCE_M", -1.0)
    with pytest.raises(MachineError, match="座標"):
        member.write(PRODUCTS["lines"], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
def test_the_readers_read_real_drawings(shared: Path) -> None:
    """One drawing as SFC and as P21 has the same texts in both; Jw_cad's own files have their lines."""
    pair = [
        ezsxf.build_drawing((shared / "data" / "sxf" / name).read_bytes())
        for name in ("D0LS004ZSFC/D0LS004Z.SFC", "D0LS004ZP21/D0LS004Z.P21")
    ]
    assert sorted(text.text for text in pair[0].texts) == sorted(text.text for text in pair[1].texts)
    assert len(pair[0].texts) > 10 and len(pair[0].paths) > 100
    for path in sorted((shared / "data" / "jww").glob("*.jww")):
        kinds = {entity["type"] for entity in jww_document(path)["entities"]}
        assert "LINE" in kinds, path.name


def test_the_frame_is_named_as_surveyors_name_it() -> None:
    assert _drawing.frame_title("EPSG:6677") == "JGD2011 平面直角座標系 第IX系 (EPSG:6677)"
