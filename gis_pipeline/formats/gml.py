"""GML and CityGML (.gml) as GDAL reads them: every feature type is a layer, codeSpaces are not resolved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.formats import _gdal
from gis_pipeline.formats._files import LIMITS, no_such_layer, read_bytes
from gis_pipeline.formats._layers import read_layer
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Source

KIND: Literal["vector"] = "vector"
TITLE = "GML"
SUFFIXES: tuple[str, ...] = (".gml",)

_NAMESPACE = "http://www.opengis.net/gml"
_OPTIONS = {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO", "SKIP_RESOLVE_ELEMS": "ALL"}
_DISGUISED = (b"<OGRVRT", b"<VRTDataset", b"<GDAL_W", b"<OGRWFS", b"<OGROAPIF", b"<WMS_", b"<OGRLayerDefinition")
"""Beginnings of XML by which other GDAL drivers would take the file over and follow its paths and addresses."""


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """One table per feature type, or the one that `source.layer` names.

    x = easting or longitude, y = northing or latitude.

    All attributes are text as it stands: GML has no types without its schema, and GDAL's guess makes 0 of "-".
    Axis order is undone as the CRS defines it (CityGML's `posList` is latitude longitude height).
    The file is read from memory, so no `.gfs` is written and none that lies beside it, perhaps outdated, is used.
    Raises MaterialError for broken XML, for a DOCTYPE (entities), and for XML that is no GML.
    """
    data = read_bytes(path, name)
    _check_xml(data, name)
    layers = _gdal.layers(data, name)
    if source.layer is not None and source.layer not in layers:
        raise no_such_layer(name, source.layer, layers)
    for layer in layers if source.layer is None else (source.layer,):
        yield read_layer(data, name, layer, shown=layer, options=_OPTIONS)


class _Refused(Exception):
    """Raised inside the XML parser to stop it."""


def _check_xml(data: bytes, name: str) -> None:
    where = Where(file=name)
    if any(mark in data[:65536] for mark in _DISGUISED):
        raise MaterialError(
            "中身が GML ではありません (ほかの資料を指す XML です)。", where, "資料そのものを置いてください。"
        )
    parser = expat.ParserCreate()
    depth, namespaces = 0, list[str]()

    def doctype(*_: object) -> None:
        raise _Refused("DOCTYPE (実体の宣言) のある XML は受け付けません。")

    def start(_: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > LIMITS.depth:
            raise _Refused(f"入れ子が深すぎます (上限 {LIMITS.depth})。")
        if not namespaces:
            namespaces.extend(value for key, value in attributes.items() if key.startswith("xmlns"))

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except _Refused as error:
        raise MaterialError(str(error), where, "元のソフトから出力し直してください。") from error
    except LookupError as error:
        raise MaterialError(
            f"XML の文字コードが分かりません ({error})。", where, "UTF-8 で出力し直してください。"
        ) from error
    except expat.ExpatError as error:
        raise MaterialError(
            f"XML として読めません ({error.lineno} 行目: {expat.ErrorString(error.code)})。",
            where,
            "コピーが途中で止まっていないか、文字コードが UTF-8 かを確かめてください。",
        ) from error
    if not any(value.startswith(_NAMESPACE) for value in namespaces):
        raise MaterialError(
            "中身が GML ではありません。", where, "拡張子だけを変えたファイルでないか確かめてください。"
        )
