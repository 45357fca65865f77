"""What GeoPackage, FlatGeobuf and GML share: layers that GDAL reads, one SourceTable each."""

from __future__ import annotations

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.formats import _gdal
from gis_pipeline.formats._table import Found, identify, table
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Finding


def read_layer(
    dataset: _gdal.Dataset,
    name: str,
    layer: str,
    *,
    shown: str | None,
    spatial: bool = True,
    options: _gdal.Options = _gdal.NONE,
) -> SourceTable:
    """One layer as it stands; `shown` is the layer's name where the file can have several.

    `spatial = False` is for a table that has no geometry column. `options` are GDAL's open options.
    """
    columns, findings = _gdal.attributes(dataset, name, layer, options)
    rows = max((len(values) for values in columns.values()), default=None)
    wkb, warned = _gdal.shapes(dataset, name, layer, options) if spatial else (None, [])
    if wkb is None:
        wkb = [None] * (rows or 0)
    if rows is not None and rows != len(wkb):
        raise MaterialError(f"形は {len(wkb)} 件、属性は {rows} 件で、数が合いません。", Where(file=name, layer=layer))
    text = _gdal.crs(dataset, name, layer, options) if spatial else None
    found_crs, heights = identify(text) if text is not None else (None, False)
    findings += [finding for finding in warned if finding not in findings]
    if heights:
        findings.append(
            Finding(rule="read", severity="info", message="高さの座標系は使いません。", file=name, layer=shown)
        )
    return table(Found(name, shown, found_crs, "utf-8"), columns, wkb, findings)
