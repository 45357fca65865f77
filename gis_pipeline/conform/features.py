"""Source columns → declared fields, geometry → Multi in the town frame, records → features with stable ids.

Nothing is corrected silently: what cannot be read as declared blocks, what was read against its letter warns.
Text is NFKC and trimmed (see `gis_pipeline.japanese.nfkc`); codes also get plain dashes. An empty text is missing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis_pipeline.codelists import CODE_LISTS, rate_of
from gis_pipeline.conform.classify import Classifier, classifier, contradictions
from gis_pipeline.conform.identity import ROWS, feature_id, fingerprints, finite, numbered
from gis_pipeline.conform.values import Converted, canonical_text, converter, is_missing, plain, shown, unsigned_rate
from gis_pipeline.findings import listed
from gis_pipeline.japanese import nfkc
from gis_pipeline.members import Features, SourceTable
from gis_pipeline.model import Collection, Field, Finding, Place, Severity

Reproject = Callable[[SourceTable], gpd.GeoSeries]

DTYPES = {"integer": "Int64", "percent": "Int64", "number": "Float64"}
"""Column types of `Features.frame`; every other field type is "string"."""

ORIGIN = ["file", "layer", "record", "x", "y"]
"""Columns of `Features.origin`."""

_TYPE_NAMES = {"polygon": "面 (polygon)", "line": "線 (line)", "point": "点 (point)"}
_MULTI: dict[str, tuple[Any, tuple[int, ...], int]] = {
    "polygon": (shapely.multipolygons, (3,), 6),
    "line": (shapely.multilinestrings, (1, 2), 5),
    "point": (shapely.multipoints, (0,), 4),
}
"""Declared geometry → how to collect, type ids of single geometries, type id of the Multi."""
_CHECK = "元の資料を直すか、宣言を確かめてください。"


def conform(
    tables: Iterable[SourceTable], collection: Collection, reproject: Reproject
) -> tuple[Features, list[Finding]]:
    """Every table's records as features of the collection, in the order read, and what was noticed on the way.

    The tables are looked at one after another; none is kept.
    `reproject` gives a table's geometry in the town frame (same index); its errors pass through. The findings are
    empty if every value could be read as declared. Blocked values are missing in the result.
    """
    found: list[Finding] = list(_declaration(collection))
    parts: list[_Part] = []
    for table in tables:
        kept, remarks = _where(table, collection)
        found += remarks
        geometry, middles = _geometry(kept, collection, reproject, found)
        rows = _Rows(kept, geometry)
        columns = _columns(rows, collection, found)
        parts.append(_Part(columns, geometry, _origin(kept, middles), _declared_ids(rows, collection, found)))
    return _features(parts, collection), found


@dataclass(frozen=True)
class _Part:
    """One table, conformed; all members have its index."""

    columns: dict[str, pd.Series[Any]]
    geometry: gpd.GeoSeries
    origin: pd.DataFrame
    ids: pd.Series[Any] | None


@dataclass(frozen=True)
class _Rows:
    """A table with its geometry in the town frame: knows where a record stands."""

    table: SourceTable
    geometry: gpd.GeoSeries

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        bounds: NDArray[np.float64] = shapely.bounds(self.geometry.array)
        return bounds

    def place(self, position: int) -> Place | None:
        """The middle of the feature's box; None where it has none."""
        west, south, east, north = self._bounds[position].tolist()
        if not np.isfinite([west, south, east, north]).all():
            return None
        return Place(easting_m=(west + east) / 2, northing_m=(south + north) / 2)

    def finding(
        self, position: int, severity: Severity, message: str, advice: str, field: str | None, value: str | None = None
    ) -> Finding:
        """A finding at one record (position counts from 0 within the table)."""
        return Finding(
            rule="conform", severity=severity, message=message, advice=advice, file=self.table.file,
            layer=self.table.layer, record=int(self.table.frame.index[position]), field=field,
            value=None if value is None else value[:200], place=self.place(position),
        )  # fmt: skip


# ------------------------------------------------------------------ what the declaration itself says


def _declaration(collection: Collection) -> Iterator[Finding]:
    """Declared classes that contradict the declared code list: the trap of three lists with the same numbers."""
    for name, field in collection.fields.items():
        if field.type != "class":
            continue
        for item, listed_as in contradictions(field, collection.classes):
            means = f"では「{listed_as.name}」です" if listed_as else "にありません"
            yield Finding(
                rule="conform",
                severity="block",
                message=f"[[classes]] のコード {item.code}「{item.title}」は、コード表 {field.codes} {means}。",
                advice="codes の宣言か、[[classes]] の code を直してください。",
                field=name,
                value=item.code,
            )


# ------------------------------------------------------------------ [source] where


def _where(table: SourceTable, collection: Collection) -> tuple[SourceTable, list[Finding]]:
    where = collection.source.where
    if where is None:
        return table, []
    column = find_column(table.frame, where.field)
    if column is None:
        advice = "[source] の where.field を直してください。"
        return table, [_no_column(table, (where.field,), "where", "絞り込み (where)", "block", advice)]
    wanted = {_comparable(value) for value in where.values}
    texts = [_comparable(plain(value)) for value in table.frame[column].tolist()]
    kept = replace(table, frame=table.frame[np.array([text in wanted for text in texts], dtype=bool)])
    absent = sorted(wanted - set(texts))
    if not absent:
        return kept, []
    message = f"絞り込みの値 {'、'.join(f'「{value}」' for value in absent)} の地物がありません。"
    return kept, [
        Finding(rule="conform", severity="warn", message=message, advice="where.values のつづりを確かめてください。",
                file=table.file, layer=table.layer, field=where.field)
    ]  # fmt: skip


def _comparable(value: object) -> str:
    return "" if is_missing(value) else canonical_text(value)


# ------------------------------------------------------------------ geometry


def _geometry(
    table: SourceTable, collection: Collection, reproject: Reproject, found: list[Finding]
) -> tuple[gpd.GeoSeries, NDArray[np.float64]]:
    """The geometries in the town frame, and `_middles` of those of the source."""
    count = len(table.frame)
    if collection.geometry == "none":
        return gpd.GeoSeries([None] * count, index=table.frame.index), np.full((count, 2), np.nan)
    if bool(table.frame.geometry.has_z.any()):
        found.append(
            Finding(rule="conform", severity="info", message="高さ (Z) は公開されません。",
                    file=table.file, layer=table.layer)
        )  # fmt: skip
    shapes, middles, wrong = np.full(count, None, dtype=object), np.full((count, 2), np.nan), list[int]()
    crs = None
    for start in range(0, max(count, 1), ROWS):  # an empty table too: it has a CRS
        part = replace(table, frame=table.frame.iloc[start : start + ROWS])
        moved = reproject(part)
        crs = moved.crs
        end = start + len(moved)
        shapes[start:end], others = promoted(np.asarray(moved.array, dtype=object), collection.geometry)
        middles[start:end] = _middles(np.asarray(part.frame.geometry.array, dtype=object))
        wrong += [start + at for at in others]
    result = gpd.GeoSeries(shapes, index=table.frame.index, crs=crs)
    rows = _Rows(table, result)
    expected = _TYPE_NAMES[collection.geometry]

    def finding(position: int) -> Finding:
        kind = shapes[position].geom_type
        message = f"図形の種類が宣言と違います: 宣言は{expected}、資料は {kind} です。"
        advice = "種類の混ざった資料は別の collection に分けてください。"
        return rows.finding(position, "block", message, advice, None, kind)

    found += listed(wrong, finding)
    return result, middles


def _middles(shapes: NDArray[Any]) -> NDArray[np.float64]:
    """x, y of the middle of each box; NaN without geometry, or with one whose coordinates are not all numbers."""
    bounds: NDArray[np.float64] = shapely.bounds(shapes).reshape(-1, 4)
    bounds[~finite(shapes)] = np.nan
    return (bounds[:, :2] + bounds[:, 2:]) / 2


def promoted(shapes: NDArray[Any], geometry: str) -> tuple[NDArray[Any], list[int]]:
    """Single geometries as Multi of the declared kind ("polygon", "line", "point"), 2D; positions of other kinds."""
    collect, single_types, multi_type = _MULTI[geometry]
    flat: NDArray[Any] = shapely.force_2d(shapes)
    types = shapely.get_type_id(flat)
    single = np.isin(types, single_types)
    result = flat.copy()
    if single.any():
        result[single] = collect(flat[single], indices=np.arange(int(single.sum())))
    wrong = ~single & (types != multi_type) & (types != -1)
    return result, np.flatnonzero(wrong).tolist()


# ------------------------------------------------------------------ fields


@dataclass(frozen=True)
class _Column:
    """One field's values; `absent` are positions where the source has no value, not those it has but cannot be read."""

    values: list[Any]
    absent: list[int]


def _columns(rows: _Rows, collection: Collection, found: list[Finding]) -> dict[str, pd.Series[Any]]:
    columns: dict[str, pd.Series[Any]] = {}
    index = rows.table.frame.index
    for name, field in collection.fields.items():
        if field.type == "class":
            reader = classifier(field, collection.classes)
            column = _classes(rows, name, field, reader, found)
            titles = [None if value is None else reader.titles[value] for value in column.values]
            columns[name] = _series(column.values, index, "string")
            columns[f"{name}_name"] = _series(titles, index, "string")
        else:
            column = _values(rows, name, field, found)
            columns[name] = _series(column.values, index, DTYPES.get(field.type, "string"))
        found += _missing(rows, name, collection, column)
    return columns


def _series(values: list[Any], index: pd.Index[Any], dtype: str) -> pd.Series[Any]:
    return pd.Series(pd.array(values, dtype=dtype), index=index)  # type: ignore[call-overload]


def _values(rows: _Rows, name: str, field: Field, found: list[Finding]) -> _Column:
    column = next(filter(None, (find_column(rows.table.frame, source) for source in field.sources)), None)
    if column is None:
        found.append(_absent(rows.table, name, field))
        return _Column([None] * len(rows.table.frame), [])
    convert = converter(field)
    raw = [plain(value) for value in rows.table.frame[column].tolist()]
    read = _each_once(raw, convert)
    found += _remarks(rows, name, column, raw, read)
    if field.type == "percent":
        found += _mixed_rates(rows, name, field, column, raw)
    absent = [at for at, item in enumerate(read) if item.value is None and item.severity != "block"]
    return _Column([item.value for item in read], absent)


def _classes(rows: _Rows, name: str, field: Field, reader: Classifier, found: list[Finding]) -> _Column:
    """Every present column read through the list; where two name different classes, the record blocks."""
    columns = [column for source in field.sources if (column := find_column(rows.table.frame, source)) is not None]
    if not columns:
        found.append(_absent(rows.table, name, field))
        return _Column([None] * len(rows.table.frame), [])
    raws = {column: [plain(value) for value in rows.table.frame[column].tolist()] for column in columns}
    reads = {column: _each_once(raw, reader.read) for column, raw in raws.items()}
    for column in columns:
        found += _remarks(rows, name, column, raws[column], reads[column])
    values: list[Any] = []
    clashes: list[int] = []
    absent: list[int] = []
    for position in range(len(rows.table.frame)):
        codes = {reads[column][position].value for column in columns} - {None}
        values.append(next(iter(codes)) if len(codes) == 1 else None)
        if len(codes) > 1:
            clashes.append(position)
        if not codes and all(reads[column][position].severity is None for column in columns):
            absent.append(position)

    def finding(position: int) -> Finding:
        said = [
            f"{column}「{shown(raws[column][position])}」は{reader.titles[str(reads[column][position].value)]}"
            for column in columns
            if reads[column][position].value is not None
        ]
        message = f"同じ地物の区分が列によって違います: {'、'.join(said)}。"
        return rows.finding(position, "block", message, _other_list(field, raws, clashes), name)

    found += listed(clashes, finding)
    return _Column(values, absent)


def _other_list(field: Field, raws: dict[str, list[Any]], clashes: list[int]) -> str:
    """Advice for records whose code and name differ: another code list under which every one of them agrees."""
    for codes in CODE_LISTS if field.codes else ():
        reader = classifier(field.model_copy(update={"codes": codes}), ())
        known = replace(reader, titles=dict.fromkeys(reader.known, ""))
        if all(_agree(known, [raw[at] for raw in raws.values()]) for at in clashes):
            return f'codes = "{codes}" と宣言すれば一致します。資料のコード表を確かめてください。'
    return _CHECK


def _agree(reader: Classifier, values: list[Any]) -> bool:
    """Whether all values that are there are in the list (an unreadable one agrees with nothing) and are one class."""
    read = [reader.read(value) for value in values]
    return all(item.severity is None for item in read) and len({item.value for item in read} - {None}) == 1


def _each_once(raw: list[Any], convert: Callable[[object], Converted]) -> list[Converted]:
    """Converts each different value once: many records, few values."""
    known: dict[tuple[type, object], Converted] = {}
    result: list[Converted] = []
    for value in raw:
        key = (type(value), repr(value) if isinstance(value, list | dict) else value)
        converted = known.get(key)
        if converted is None:
            converted = known[key] = convert(value)
        result.append(converted)
    return result


def _remarks(rows: _Rows, name: str, column: str, raw: list[Any], read: list[Converted]) -> Iterator[Finding]:
    """Blocking values record by record; warnings and information once per different value, with their number."""
    blocked: dict[str, list[int]] = {}
    noticed: dict[tuple[str, str], list[int]] = {}
    for position, item in enumerate(read):
        if item.severity == "block":
            blocked.setdefault(item.advice, []).append(position)
        elif item.severity is not None:
            noticed.setdefault((item.severity, canonical_text(raw[position])), []).append(position)

    def one(position: int) -> Finding:
        item, value = read[position], shown(raw[position])
        message = f"列「{column}」の値「{value}」: {item.message}"
        return rows.finding(position, "block", message, item.advice, name, value)

    def many(positions: list[int]) -> Finding:
        item, value = read[positions[0]], shown(raw[positions[0]])
        count = f" (同じ値が {len(positions):,} 件)" if len(positions) > 1 else ""
        message = f"列「{column}」の値「{value}」{count}: {item.message}"
        return rows.finding(positions[0], item.severity or "info", message, item.advice, name, value)

    for positions in blocked.values():
        yield from listed(positions, one)
    yield from listed(list(noticed.values()), many)


def _mixed_rates(rows: _Rows, name: str, field: Field, column: str, raw: list[Any]) -> Iterator[Finding]:
    """A column with ratios and percents side by side is read, but somebody must look at it."""
    if rate_of(field.title, *field.sources) is None:
        return
    numbers = [unsigned_rate(value) for value in raw]
    ratios = [at for at, number in enumerate(numbers) if number is not None and 0 < number <= 13]
    if ratios and any(number is not None and number >= 20 for number in numbers):
        message = f"列「{column}」に比率 ({len(ratios):,} 件) と % が混ざっています。比率は 100 倍しました。"
        yield rows.finding(ratios[0], "warn", message, "元の資料の単位を確かめてください。", name, str(raw[ratios[0]]))


def _missing(rows: _Rows, name: str, collection: Collection, column: _Column) -> Iterator[Finding]:
    """Records without a required value, or without the class that they are drawn by."""
    field = collection.fields[name]
    if not field.required and field.type != "class":
        return iter(())
    blocks = field.required or collection.role in ("use_district", "fire")
    severity: Severity = "block" if blocks else "warn"
    everywhere = len(column.absent) == len(column.values) > 1
    whose = f"どの地物 ({len(column.absent):,} 件) にも" if everywhere else ""
    message = f"「{field.title}」の値が{whose}ありません。"
    shown = column.absent[:1] if everywhere else column.absent
    return listed(shown, lambda at: rows.finding(at, severity, message, _CHECK, name))


# ------------------------------------------------------------------ columns


def find_column(frame: pd.DataFrame, name: str) -> str | None:
    """The source column of that name, exactly or after NFKC (full-width names); never the geometry."""
    geometry = getattr(frame, "_geometry_column_name", None)
    names = [str(column) for column in frame.columns if column != geometry]
    if name in names:
        return name
    wanted = nfkc(name)
    same = [column for column in names if nfkc(column) == wanted]
    return same[0] if len(same) == 1 else None


def _absent(table: SourceTable, name: str, field: Field) -> Finding:
    severity: Severity = "block" if field.required else "warn"
    advice = f"[fields] の {name} の source を、実際の列名に直してください。"
    return _no_column(table, field.sources, name, field.title, severity, advice)


def _no_column(
    table: SourceTable, wanted: Iterable[str], name: str, title: str, severity: Severity, advice: str
) -> Finding:
    geometry = getattr(table.frame, "_geometry_column_name", None)
    present = [str(column) for column in table.frame.columns if column != geometry]
    sought = list(wanted)
    guess = next(filter(None, (_closest(each, present) for each in sought)), None)
    hint = f"「{guess}」のことではありませんか。" if guess else ""
    names = " / ".join(f"「{each}」" for each in sought)
    return Finding(
        rule="conform",
        severity=severity,
        message=f"「{title}」の元の列 {names} がありません。{hint}資料にある列: {'、'.join(present) or 'なし'}。",
        advice=advice,
        file=table.file,
        layer=table.layer,
        field=name,
    )


def _closest(name: str, present: list[str]) -> str | None:
    folded = {nfkc(column).casefold(): column for column in present}
    wanted = nfkc(name).casefold()
    for key, column in folded.items():
        if len(key) >= 5 and wanted.startswith(key):  # a Shapefile cuts names after 10 bytes
            return column
    close = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


# ------------------------------------------------------------------ ids


def _declared_ids(rows: _Rows, collection: Collection, found: list[Finding]) -> pd.Series[Any] | None:
    """The id of each record from the declared source columns that have a value, NA where none has; None if none are
    declared. A part may be missing (a 大字 has no 番地); ids that become equal are found as duplicates."""
    frame, table = rows.table.frame, rows.table
    sources = collection.feature_id or (("code",) if collection.scan is not None else ())
    if not sources:
        return None
    columns = [find_column(frame, source) for source in sources]
    for source, column in zip(sources, columns, strict=True):
        if column is None:
            advice = "feature_id を、実際の列名に直してください。"
            found.append(_no_column(table, (source,), "feature_id", "地物の番号 (feature_id)", "block", advice))
    if None in columns:
        return None
    parts = [[_comparable(plain(value)) for value in frame[column].tolist()] for column in columns]
    ids = [feature_id([value for value in values if value]) or None for values in zip(*parts, strict=True)]
    missing = [position for position, value in enumerate(ids) if value is None]
    message = f"地物の番号 (feature_id: {'、'.join(sources)}) に値がありません。"
    advice = "元の資料に番号を入れてください。"
    found += listed(missing, lambda at: rows.finding(at, "block", message, advice, "feature_id"))
    return pd.Series(ids, index=frame.index, dtype="object")


def _origin(table: SourceTable, middles: NDArray[np.float64]) -> pd.DataFrame:
    columns: dict[str, Any] = {"file": np.full(len(middles), table.file, dtype=object)}
    columns["layer"] = np.full(len(middles), table.layer, dtype=object)
    columns["record"] = table.frame.index.to_numpy(dtype=np.int64)
    columns |= {"x": middles[:, 0], "y": middles[:, 1]}
    return pd.DataFrame(columns, index=table.frame.index)


# ------------------------------------------------------------------ together


def _features(parts: list[_Part], collection: Collection) -> Features:
    crs = next((part.geometry.crs for part in parts if part.geometry.crs is not None), None)
    shapes = np.concatenate([np.asarray(part.geometry.array, dtype=object) for part in parts] or [np.empty(0, object)])
    names = _published_columns(collection)
    data = {name: _joined([part.columns[name] for part in parts], collection, name) for name in names}
    frame = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)
    fid = _ids(parts, numbered(fingerprints(frame, list(collection.fields))))
    frame.index = fid
    origins = [part.origin for part in parts]
    origin = pd.concat(origins, ignore_index=True) if origins else pd.DataFrame(columns=ORIGIN)
    origin.index = fid
    return Features(collection, frame, origin)


def _published_columns(collection: Collection) -> list[str]:
    """The declared fields in order, each class followed by its name."""
    classes = {name for name, field in collection.fields.items() if field.type == "class"}
    return [column for name in collection.fields for column in ([name, f"{name}_name"] if name in classes else [name])]


def _ids(parts: list[_Part], keys: Iterable[str]) -> pd.Index[Any]:
    """The declared id of each feature, else its fingerprint."""
    declared = [value for part in parts for value in (part.ids if part.ids is not None else [None] * len(part.origin))]
    return pd.Index([own or key for own, key in zip(declared, keys, strict=True)], name="fid", dtype="object")


def _joined(columns: list[pd.Series[Any]], collection: Collection, name: str) -> pd.Series[Any]:
    if columns:
        return pd.concat(columns, ignore_index=True)
    field = collection.fields.get(name)
    return pd.Series([], dtype=DTYPES.get(field.type, "string") if field else "string")
