"""The items of each map in the API definition: a path for each, because what may be asked differs from map to map.

Names of properties, what they are compared with and the formats follow from the declaration. Of a filter the schema
can say only what is regular: conditions joined by AND and OR. Brackets are accepted too; no schema can count them.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from gis_pipeline.model import Collection
from tile_server import documents
from tile_server.cql2 import MAX_LENGTH, RESERVED
from tile_server.exports import MEDIA_TYPES, applies
from tile_server.filters import GEOMETRY, Kind, kinds_of
from tile_server.querying import MOST_SORT_KEYS

Json = dict[str, Any]

ITEMS = "/collections/{collectionId}/items"

DAY = (
    r"(?!0000)[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
"""A day that there is (but for 29 February, which a pattern cannot tell)."""

_NUMBER = r"-?[0-9]{1,9}(\.[0-9]{1,6})?"
_TEXT = r"'[^'\\\x00-\x1f]{0,60}'"
_DEGREES = r"-?[0-8]?[0-9](\.[0-9]{1,9})?"
_LITERALS: dict[Kind, str] = {"text": _TEXT, "number": _NUMBER, "date": rf"DATE\('{DAY}'\)"}
_SPATIAL = "INTERSECTS|DISJOINT|EQUALS|TOUCHES|WITHIN|OVERLAPS|CROSSES|CONTAINS"
_MOST_CONDITIONS = 8
_WHOLE = 10**18 - 1


def paths(template: Json, declarations: list[Collection]) -> Json:
    """The path items made of the one with the map's id in it."""
    return {ITEMS.format(collectionId=one.id): _item(template, one) for one in declarations}


def _item(template: Json, declaration: Collection) -> Json:
    item = copy.deepcopy(template)
    operation = item["get"]
    schemas = _schemas(declaration)
    listed = [parameter for parameter in operation["parameters"] if parameter["name"] != "collectionId"]
    for parameter in listed:
        parameter["schema"] = schemas.get(parameter["name"], parameter["schema"])
    taken = {parameter["name"] for parameter in listed}
    listed += [parameter for parameter in _equalities(declaration) if parameter["name"] not in taken]
    operation["parameters"] = listed
    operation["operationId"] = f"items_{declaration.id}"
    operation["summary"] = f"{operation['summary']}: {declaration.title}"
    return item


def _schemas(declaration: Collection) -> dict[str, Json]:
    names = [field["name"] for field in documents.fields(declaration)]
    terms = [*names, *(f"-{name}" for name in names)]
    formats = ["json", "html", *(name for name in MEDIA_TYPES if applies(declaration, name))]
    return {
        "filter": {"type": "string", "maxLength": MAX_LENGTH, "pattern": _filter(declaration)},
        "sortby": _list(terms, MOST_SORT_KEYS) | {"minItems": 1},
        "properties": {"type": "string", "pattern": _names(names)},
        "f": {"type": "string", "enum": formats},
    }


def _names(names: list[str]) -> str:
    """Names joined by commas, or nothing at all (which a list of texts cannot be told from, once it is written)."""
    one = "|".join(map(re.escape, names))
    return rf"^(({one})(,({one}))*)?$" if names else "^$"


def _list(values: list[str], most: int) -> Json:
    items: Json = {"type": "string", "enum": values} if values else {"type": "string"}
    return {"type": "array", "items": items, "uniqueItems": True, "maxItems": most}


def _equalities(declaration: Collection) -> list[Json]:
    """`field=value` for each queryable (OGC 19-079r2, /req/queryables-query-parameters/parameters)."""
    kinds: dict[str, Json] = {
        "integer": {"type": "integer", "minimum": -_WHOLE, "maximum": _WHOLE},
        "percent": {"type": "integer", "minimum": -_WHOLE, "maximum": _WHOLE},
        "number": {"type": "number"},
    }
    return [
        {
            "name": field["name"],
            "in": "query",
            "required": False,
            "description": f"{field['title'] or field['name']}がこの値に等しいもの",
            "schema": dict(kinds.get(field["type"], {"type": "string", "maxLength": 500})),
            "style": "form",
            "explode": False,
        }
        for field in documents.fields(declaration)
    ]


# ------------------------------------------------------------------ CQL2, as far as it is regular


def _filter(declaration: Collection) -> str:
    by_kind: dict[Kind, list[str]] = {}
    for name, kind in kinds_of(declaration).items():
        by_kind.setdefault(kind, []).append(name)
    placed = declaration.geometry != "none" or declaration.scan is not None
    condition = "|".join(
        [*(_text(names, kind) for kind, names in by_kind.items()), *_places(placed), "TRUE|true", "FALSE|false"]
    )
    text = rf"(NOT )?({condition})( (AND|OR) (NOT )?({condition})){{0,{_MOST_CONDITIONS - 1}}}"
    return rf"^({text}|{_json(by_kind, placed)})$"


def _text(names: list[str], kind: Kind) -> str:
    """A condition about one of the properties of a kind."""
    value = _LITERALS[kind]
    like = rf"|( NOT)? LIKE {value}" if kind == "text" else ""
    return (
        rf"({'|'.join(map(_named, names))})( (=|<>|<|>|<=|>=) {value}| IS( NOT)? NULL{like}"
        rf"|( NOT)? IN \({value}(, ?{value}){{0,4}}\)|( NOT)? BETWEEN {value} AND {value})"
    )


def _named(name: str) -> str:
    plain = re.fullmatch(r"[^\W\d]\w*", name) and name.upper() not in RESERVED
    return name if plain else f'"{re.escape(name)}"'


def _places(placed: bool) -> list[str]:
    return [rf"S_({_SPATIAL})\({GEOMETRY}, ?POINT ?\({_DEGREES} {_DEGREES}\)\)"] if placed else []


def _json(by_kind: dict[Kind, list[str]], placed: bool) -> str:
    values: dict[Kind, str] = {"text": r'"[^"\\\x00-\x1f]{0,60}"', "number": r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?"}
    forms = []
    for kind, value in values.items():
        if kind in by_kind:
            named = rf'\{{"property":"({"|".join(map(re.escape, by_kind[kind]))})"\}}'
            forms.append(rf'\{{"op":"(=|<>|<|>|<=|>=)","args":\[{named},{value}\]\}}')
    if placed:
        degrees = r"-?(0|[1-8][0-9]?)(\.[0-9]{1,9})?"
        point = rf'\{{"type":"Point","coordinates":\[{degrees},{degrees}\]\}}'
        forms.append(rf'\{{"op":"s_({_SPATIAL.lower()})","args":\[\{{"property":"{GEOMETRY}"\}},{point}\]\}}')
    return "|".join(forms) if forms else "true"
