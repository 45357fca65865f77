"""features.kml: KML 2.2 in longitude/latitude, drawn as the map is, for Google Earth and phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import orjson
import pyogrio
import shapely

from gis_pipeline.cartography import label_text, legend
from gis_pipeline.members import Product, Reread
from gis_pipeline.model import Act, FeatureClass
from gis_pipeline.outputs import _about, _files, _geojson, _table

TITLE = "KML"
VERSION = 1
ACT: Final[Act] = "raw download"
MEDIA_TYPE = "application/vnd.google-earth.kml+xml"
APPLIES: frozenset[Literal["features", "sheets", "register"]] = frozenset({"features", "sheets"})
ALWAYS = False
SUFFIX = "kml"
FRAMES: Final[Literal["any", "lonlat", "town"]] = "lonlat"

_TYPES = {"integer": "int", "percent": "int", "number": "double"}
_FILL_ALPHA = "99"
_CONTROL = {code: " " for code in range(32) if code not in (9, 10, 13)}


def write(product: Product, folder: Path) -> tuple[Path, ...]:
    """Writes features.kml: one Placemark a feature in published order, nine decimals of a degree.

    Styles are the declared classes in their colours. The attributes stand in ExtendedData by their published names,
    with the Japanese titles as displayName; the name is the declared label.
    """
    target = folder / f"features.{SUFFIX}"
    with _files.beside(target) as part:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(_document(product))
        read = pyogrio.read_info(part, force_feature_count=True)["features"] if len(product.frame) else 0
        _files.expect(target, int(read), len(product.frame))
    return (target,)


def _document(product: Product) -> Iterator[str]:
    collection = product.collection
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    yield f"<name>{_text(collection.title)}</name>\n<description>{_text(_about.text(product))}</description>\n"
    for number, member in enumerate(legend(collection)):
        yield _style(number, member)
    yield _schema(product)
    prepared = _geojson.prepare(product)
    styles = {member.code: number for number, member in enumerate(legend(collection))}
    names = ["fid", *_table.fields(product)]
    for fid, shape, properties in zip(_table.fids(product), prepared.geometry, prepared.properties, strict=True):
        values = {"fid": fid, **properties}
        number = styles.get(str(properties.get(collection.class_field)), 0) if collection.class_field else 0
        data = "".join(
            f"<SimpleData name={quoteattr(name)}>{_text(values[name])}</SimpleData>"
            for name in names
            if values[name] is not None
        )
        yield (
            f"<Placemark><name>{_text(label_text(collection, values) or fid)}</name><styleUrl>#c{number}</styleUrl>"
            f'<ExtendedData><SchemaData schemaUrl="#fields">{data}</SchemaData></ExtendedData>'
            f"{'' if shape is None else _geometry(shape)}</Placemark>\n"
        )
    yield "</Document></kml>\n"


def _style(number: int, member: FeatureClass) -> str:
    red, green, blue = member.colour[1:3], member.colour[3:5], member.colour[5:7]
    line = f"<LineStyle><color>ff{blue}{green}{red}</color><width>2</width></LineStyle>"
    fill = f"<PolyStyle><color>{_FILL_ALPHA}{blue}{green}{red}</color></PolyStyle>"
    return f'<Style id="c{number}">{line}{fill}</Style>\n'


def _schema(product: Product) -> str:
    fields = product.collection.fields
    rows = []
    for name in ["fid", *_table.fields(product)]:
        field = fields.get(name)
        kind = _TYPES.get(field.type, "string") if field is not None else "string"
        title = f"<displayName>{_text(field.title)}</displayName>" if field is not None else ""
        rows.append(f'<SimpleField type="{kind}" name={quoteattr(name)}>{title}</SimpleField>')
    return f'<Schema name="fields" id="fields">{"".join(rows)}</Schema>\n'


def _text(value: object) -> str:
    """Escaped; control characters, which XML has no way to write, become blanks."""
    return escape(str(value).translate(_CONTROL))


def _geometry(shape: shapely.Geometry) -> str:
    parts = shapely.get_parts(shape)
    inner = "".join(_part(part) for part in parts)
    return inner if len(parts) == 1 else f"<MultiGeometry>{inner}</MultiGeometry>"


def _part(part: shapely.Geometry) -> str:
    if isinstance(part, shapely.Polygon):
        holes = "".join(f"<innerBoundaryIs>{_ring(hole)}</innerBoundaryIs>" for hole in part.interiors)
        return f"<Polygon><outerBoundaryIs>{_ring(part.exterior)}</outerBoundaryIs>{holes}</Polygon>"
    kind = "Point" if isinstance(part, shapely.Point) else "LineString"
    return f"<{kind}>{_coordinates(part)}</{kind}>"


def _ring(ring: shapely.Geometry) -> str:
    return f"<LinearRing>{_coordinates(ring)}</LinearRing>"


def _coordinates(line: shapely.Geometry) -> str:
    # The shortest text that reads back as the same double: nine decimals stay nine. "[[a,b],[c,d]]" → "a,b c,d".
    text = orjson.dumps(shapely.get_coordinates(line), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    pairs = text[2:-2].replace("],[", " ")
    return f"<coordinates>{pairs}</coordinates>"


def reread(path: Path) -> Reread:
    """By GDAL, which did not write it; an empty document has no layer to GDAL."""
    if pyogrio.list_layers(path).size == 0:
        return Reread(np.empty(0, dtype=object), [])
    read = pyogrio.read_dataframe(path, force_2d=True)
    fids = [str(fid) for fid in read["fid"]] if "fid" in read else None
    return Reread(np.asarray(read.geometry.array, dtype=object), fids)
