"""GDAL through pyogrio, kept on a short lead: no guessing of types, no writing beside the source, no silent warning."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyogrio
import pyogrio.raw
from pyogrio.errors import DataLayerError, DataSourceError

from gis_pipeline.errors import EncodingError, MaterialError, Where
from gis_pipeline.formats._files import LIMITS, check_count
from gis_pipeline.model import Finding

Dataset = str | bytes
Options = Mapping[str, str]
NONE: Options = {}
"""GDAL's open options; none."""


@contextmanager
def _options(**values: str) -> Iterator[None]:
    """GDAL's settings while one file is read; what was set before comes back."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in values}
    pyogrio.set_gdal_config_options(values)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


@contextmanager
def _reading(where: Where, findings: list[Finding]) -> Iterator[None]:
    """Turns GDAL's errors into MaterialError and its warnings into findings, each once."""
    with (
        _options(GML_FIELDTYPES="ALWAYS_STRING", SHAPE_RESTORE_SHX="NO"),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            yield
        except (DataSourceError, DataLayerError, pyogrio.errors.FeatureError, pa.ArrowException, OSError) as error:
            raise MaterialError(
                f"ファイルが壊れていて読めません (GDAL: {error})。", where, "元のソフトから出力し直してください。"
            ) from error
        except UnicodeDecodeError as error:
            raise EncodingError(
                "レイヤか列の名前、または値が UTF-8 ではありません。",
                where,
                "元のソフトから UTF-8 で出力し直してください。",
            ) from error
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        if message.startswith("Measured (M) geometry types are not supported"):
            findings.append(
                Finding(
                    rule="read",
                    severity="info",
                    message="計測値 (M) を除きました。",
                    file=where.file,
                    layer=where.layer,
                )
            )
            continue
        findings.append(
            Finding(
                rule="read",
                severity="warn",
                message=f"読み取りの途中で GDAL が警告しました: {message}",
                file=where.file,
                layer=where.layer,
            )
        )


def layers(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The names of all layers of a file, in its order."""
    where, ignored = Where(file=name), list[Finding]()
    with _reading(where, ignored):
        found = tuple(str(row[0]) for row in pyogrio.list_layers(dataset))
    check_count(len(found), "レイヤ", LIMITS.layers, where)
    return found


def declared_count(dataset: Dataset, name: str) -> int:
    """How many features the header of the file promises."""
    with _reading(Where(file=name), []):
        return int(pyogrio.read_info(dataset)["features"])


def crs(dataset: Dataset, name: str, layer: str | None, options: Options = NONE) -> str | None:
    """The CRS of one layer as GDAL hands it on: an authority code or WKT."""
    findings: list[Finding] = []
    with _reading(Where(file=name, layer=layer), findings):
        found = pyogrio.raw.read(
            dataset, layer=layer, columns=[], read_geometry=False, return_fids=True, max_features=1, **options
        )[0]
    return None if found["crs"] is None else str(found["crs"])


def shapes(
    dataset: Dataset,
    name: str,
    layer: str | None = None,
    options: Options = NONE,
    encoding: str | None = None,
) -> tuple[list[bytes | None] | None, list[Finding]]:
    """The geometries of one layer as WKB, curves as curves, heights and all; in the file's order.

    None for a layer that has no geometry at all.
    """
    findings: list[Finding] = []
    # GDAL's own Arrow reader for FlatGeobuf gives garbage for a feature without geometry: use the general one.
    with _options(OGR_FLATGEOBUF_STREAM_BASE_IMPL="YES"), _reading(Where(file=name, layer=layer), findings):
        _, arrow = pyogrio.raw.read_arrow(
            dataset, layer=layer, columns=[], encoding=encoding, max_features=LIMITS.features + 1, **options
        )
    if not arrow.num_columns:
        return None, findings
    return arrow.column(arrow.num_columns - 1).to_pylist(), findings


def attributes(
    dataset: Dataset, name: str, layer: str | None = None, options: Options = NONE
) -> tuple[dict[str, pd.Series], list[Finding]]:
    """The columns of one layer: text as str, whole numbers Int64, others Float64, dates and times as ISO text.

    Raises EncodingError naming record and field for text that is not UTF-8.
    """
    where, findings = Where(file=name, layer=layer), list[Finding]()
    with _reading(where, findings):
        _, arrow = pyogrio.raw.read_arrow(
            dataset,
            layer=layer,
            read_geometry=False,
            datetime_as_string=True,
            max_features=LIMITS.features + 1,
            **options,
        )
    columns: dict[str, pd.Series] = {}
    for field, column in zip(arrow.schema, arrow.columns, strict=True):
        series = _series(column, field, where)
        if series is None:
            findings.append(_dropped(field, where))
        else:
            columns[field.name] = series
    return columns, findings


def _series(column: Any, field: Any, where: Where) -> pd.Series | None:
    kind = field.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(pd.array(_texts(column, field.name, where), dtype="string"))
    if pa.types.is_boolean(kind):
        return pd.Series(column.to_pylist(), dtype="boolean")
    if pa.types.is_integer(kind):
        return pd.Series(column.to_pylist(), dtype="Int64")
    if pa.types.is_floating(kind):
        return pd.Series(column.to_pylist(), dtype="Float64")
    if pa.types.is_temporal(kind):
        return pd.Series([None if value is None else value.isoformat() for value in column.to_pylist()], dtype="string")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        rows = column.to_pylist()
        return pd.Series([None if row is None else json.dumps(row, ensure_ascii=False) for row in rows], dtype="string")
    return None


def _texts(column: Any, field: str, where: Where) -> Any:
    """The texts as Arrow has them; EncodingError for the first that is not UTF-8."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        _refuse_bytes(column, field, where)
        raise
    return column


def _refuse_bytes(column: Any, field: str, where: Where) -> None:
    for record, data in enumerate(column.cast(pa.large_binary()).to_pylist(), 1):
        try:
            _ = None if data is None else data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EncodingError(
                f"UTF-8 として読めない文字があります (バイト {data[error.start : error.start + 8].hex(' ').upper()})。",
                replace(where, record=record, field=field),
                "元のソフトから UTF-8 で出力し直してください。",
            ) from error


def _dropped(field: Any, where: Where) -> Finding:
    return Finding(
        rule="read",
        severity="warn",
        message=f"型「{field.type}」の列は読めないので除きました。",
        advice="必要な列なら、文字か数の列にして出力し直してください。",
        file=where.file,
        layer=where.layer,
        field=field.name,
    )
