"""GeoJSON (RFC 7946; also the older form with a `crs` member).

Parsed here and not by GDAL, which turns texts that look like dates into dates, cuts texts at a NUL, and takes a
TopoJSON or a feature service's JSON for the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import shapely
import shapely.geometry
from shapely.errors import ShapelyError

from gis_pipeline.errors import EncodingError, MaterialError, Where
from gis_pipeline.formats._columns import column
from gis_pipeline.formats._files import LIMITS, check_count, read_bytes, sole_layer
from gis_pipeline.formats._table import Found, identify, table
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

KIND: Literal["vector"] = "vector"
TITLE = "GeoJSON"
SUFFIXES: tuple[str, ...] = (".geojson", ".json")

_DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How deep positions lie in `coordinates` (RFC 7946, 3.1)."""


class _DuplicateKey(ValueError):
    pass


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """The one layer of the file, x = easting or longitude, y = northing or latitude, coordinates at full precision.

    Without a `crs` member the CRS is OGC:CRS84 (RFC 7946, 4). A feature's `id` becomes the column "id" unless there
    is one.
    Raises EncodingError unless the text is UTF-8; MaterialError naming the record for what is no GeoJSON.
    """
    document = _parse(read_bytes(path, name), name)
    features = _features(document, name)
    title = document.get("name")
    sole_layer(name, source, (title, path.stem) if isinstance(title, str) else (path.stem,))
    properties, wkb = [], []
    for record, feature in enumerate(features, 1):
        where = Where(file=name, record=record)
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise MaterialError("Feature ではありません。", where, "出力し直してください。")
        properties.append(_properties(feature, where))
        shape = _shape(feature.get("geometry"), where)
        wkb.append(None if shape is None else shapely.to_wkb(shape, flavor="iso"))
    names = dict.fromkeys(key for values in properties for key in values)
    columns = {key: column([values.get(key) for values in properties]) for key in names}
    yield table(Found(name, None, _crs(document, name), "utf-8"), columns, wkb)


def _features(document: Any, name: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind != "FeatureCollection":
        raise MaterialError(
            f"FeatureCollection ではありません (type は「{kind or 'なし'}」)。",
            Where(file=name),
            "GeoJSON の FeatureCollection として出力し直してください。",
        )
    features = document.get("features")
    if not isinstance(features, list):
        raise MaterialError("features の並びがありません。", Where(file=name), "出力し直してください。")
    check_count(len(features), "地物", LIMITS.features, Where(file=name))
    return features


def _parse(data: bytes, name: str) -> Any:
    where = Where(file=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EncodingError(
            f"UTF-8 として読めません ({line} 行目、バイト {data[error.start : error.start + 8].hex(' ').upper()})。",
            where,
            "GeoJSON は UTF-8 で保存してください (RFC 7946)。",
        ) from error
    try:
        return json.loads(text, object_pairs_hook=_object)
    except _DuplicateKey as error:
        raise MaterialError(
            f"同じ名前「{error}」が一つの地物に二度あります。", where, "出力し直してください。"
        ) from error
    except json.JSONDecodeError as error:
        raise MaterialError(
            f"JSON として読めません ({error.lineno} 行目 {error.colno} 文字目: {error.msg})。",
            where,
            "コピーが途中で止まっていないか確かめ、出力し直してください。",
        ) from error
    except RecursionError as error:
        raise MaterialError(f"入れ子が深すぎます (上限 {LIMITS.depth})。", where, "出力し直してください。") from error
    except ValueError as error:
        # A number of more digits than Python converts.
        raise MaterialError("桁の多すぎる数があります。", where, "出力し直してください。") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return found


def _properties(feature: dict[str, Any], where: Where) -> dict[str, Any]:
    values = feature.get("properties")
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise MaterialError("properties が名前と値の組ではありません。", where, "出力し直してください。")
    for key, value in values.items():
        _check_value(value, Where(where.file, record=where.record, field=key), 1)
    if "id" in feature and "id" not in values:
        return {"id": feature["id"], **values}
    return values


def _check_value(value: Any, where: Where, depth: int) -> None:
    if depth > LIMITS.depth:
        raise MaterialError(f"入れ子が深すぎます (上限 {LIMITS.depth})。", where, "出力し直してください。")
    if isinstance(value, float) and not math.isfinite(value):
        raise MaterialError("数でない値 (NaN・Infinity) があります。", where, "値なしは null にしてください。")
    if isinstance(value, str) and not _whole(value):
        raise MaterialError(
            "文字の半分だけの符号 (\\ud800 など) があります。", where, "元のソフトで値を入れ直してください。"
        )
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            _check_value(part, where, depth + 1)


def _whole(text: str) -> bool:
    """No half of a surrogate pair stands alone (RFC 8259, 8.2)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _shape(geometry: Any, where: Where) -> shapely.Geometry | None:
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        return shapely.GeometryCollection()
    if kind not in _DEPTHS:
        raise MaterialError(f"形の種類「{kind or 'なし'}」は GeoJSON にありません。", where, "出力し直してください。")
    coordinates = geometry.get("coordinates")
    _check_coordinates(coordinates, _DEPTHS[kind], where)
    if kind in {"Polygon", "MultiPolygon"}:
        for polygon in coordinates if kind == "MultiPolygon" else [coordinates]:
            _check_rings(polygon, where)
    try:
        return shapely.geometry.shape(geometry)
    except (ShapelyError, ValueError, TypeError, IndexError) as error:
        raise MaterialError("形が壊れていて読めません。", where, "元のソフトで形を直してください。") from error


def _check_coordinates(value: Any, depth: int, where: Where) -> None:
    if not isinstance(value, list):
        raise MaterialError("座標が数の並びではありません。", where, "出力し直してください。")
    if depth:
        for part in value:
            _check_coordinates(part, depth - 1, where)
        return
    if not value:
        return
    if len(value) < 2 or any(isinstance(number, bool) or not isinstance(number, int | float) for number in value):
        raise MaterialError("座標が数の並びではありません。", where, "出力し直してください。")
    if not all(math.isfinite(number) for number in value):
        raise MaterialError("座標に数でない値 (NaN・Infinity) があります。", where, "元のソフトで形を直してください。")


def _check_rings(polygon: Any, where: Where) -> None:
    for ring in polygon:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise MaterialError("面の輪が閉じていません (RFC 7946 3.1.6)。", where, "元のソフトで形を直してください。")


def _crs(document: dict[str, Any], name: str) -> str | None:
    if "crs" not in document:
        return "OGC:CRS84"
    member = document["crs"]
    if member is None:
        return None
    values = member.get("properties") if isinstance(member, dict) else None
    text = values.get("name") if isinstance(values, dict) else None
    crs, _ = identify(text) if isinstance(text, str) else (None, False)
    if crs is None:
        raise MaterialError(
            f"crs「{text or member}」が分かりません。", Where(file=name), "EPSG のコードで書いてください。"
        )
    return crs
