"""ESRI Shapefile (.shp with .shx, .dbf; .prj and .cpg where there are any).

Geometry comes from GDAL; the attributes are decoded here, because only bytes can prove an encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pandas as pd

from gis_pipeline.errors import DeclarationError, MaterialError, Where
from gis_pipeline.formats import _dbf, _gdal, _shp, _text
from gis_pipeline.formats._files import check_file, plain_path, sole_layer
from gis_pipeline.formats._table import Found, identify, table
from gis_pipeline.members import SourceTable
from gis_pipeline.model import Finding, Source

KIND: Literal["vector"] = "vector"
TITLE = "Shapefile"
SUFFIXES: tuple[str, ...] = (".shp",)


def read(path: Path, name: str, source: Source) -> Iterator[SourceTable]:
    """The one layer of a Shapefile, x = easting or longitude, y = northing or latitude, text decoded strictly.

    The encoding is the declared one, that of the `.cpg`, or proven by decoding every value (UTF-8, then CP932).
    Raises EncodingError naming file, record and field; MaterialError for missing, truncated or contradicting files.
    """
    check_file(path, name)
    sole_layer(name, source, (path.stem,))
    shx, dbf = (_side_file(path, name, suffix) for suffix in (".shx", ".dbf"))
    if not any(path.with_suffix(suffix).exists() for suffix in (".shx", ".SHX")):  # All that GDAL looks for.
        raise MaterialError(
            f"{shx[1]} と .shp とで、名前の大文字と小文字が違います。",
            Where(file=name),
            f"{path.stem}.shx に名前を変えてください。",
        )
    attributes = _dbf.parse(dbf[0].read_bytes(), dbf[1])
    _shp.check_whole(path, name, *shx, records=len(attributes.cells))
    encoding, findings = _encoding(path, name, source, attributes)
    names, noticed = _dbf.names(attributes, encoding)
    findings += noticed
    kept = ~attributes.deleted
    columns: dict[str, pd.Series] = {}
    for column, title in zip(attributes.columns, names, strict=True):
        values, noticed = _dbf.series(attributes, column, title, encoding)
        findings += noticed
        if values is not None:
            columns[title] = values[kept]
    if not kept.all():
        findings.append(_deleted(name, (int(row) + 1 for row in attributes.deleted.nonzero()[0])))
    crs, prj = _crs(path, name)
    # ISO-8859-1 lets field names of any encoding pass GDAL; they are not used.
    wkb, warned = _gdal.shapes(plain_path(path, name), name, encoding="ISO-8859-1")
    count = int(kept.sum())
    if wkb is None or len(wkb) != count:
        raise MaterialError(f"形は {len(wkb or ())} 件、属性は {count} 件で、数が合いません。", Where(file=name))
    yield table(Found(name, None, crs, encoding), columns, wkb, (*findings, *warned, *prj))


def _side_file(path: Path, name: str, suffix: str) -> tuple[Path, str]:
    found = _optional(path, name, suffix)
    if found is None:
        missing = str(Path(name).with_suffix(suffix))
        raise MaterialError(
            f"{missing} がありません。", Where(file=name), "Shapefile は .shp .shx .dbf をそろえて置いてください。"
        )
    return found


def _optional(path: Path, name: str, suffix: str) -> tuple[Path, str] | None:
    """The side file, whatever the case of its name; checked like the file itself."""
    wanted = path.with_suffix(suffix).name.casefold()
    side = next((one for one in sorted(path.parent.iterdir()) if one.name.casefold() == wanted), None)
    if side is None:
        return None
    side_name = Path(name).with_name(side.name).as_posix()
    check_file(side, side_name)
    return side, side_name


def _encoding(path: Path, name: str, source: Source, attributes: _dbf.Dbf) -> tuple[str, list[Finding]]:
    values = attributes.text_values
    if source.encoding is not None:
        declared = _text.codec(source.encoding)
        if declared is None:
            raise DeclarationError(
                f"{name}: [source] の encoding「{source.encoding}」は使えません。cp932 か utf-8 などを書いてください。"
            )
        _text.must_hold(values, declared, attributes.file)
        return declared, []
    cpg = _optional(path, name, ".cpg")
    label = cpg[0].read_bytes()[:100].decode("ascii", "replace").strip("\ufffd \r\n\t\0") if cpg else ""
    said = _text.codec(label)
    if next(values(), None) is None:
        candidates = (said, *_text.JAPANESE) if said else _text.JAPANESE
        return _dbf.name_encoding(attributes, candidates), []
    if said is not None and _text.prove(values(), said).holds and (said == "utf-8" or not _text.proven_utf8(values)):
        return said, []
    proven = _text.choose(values, attributes.file, "cp932" if attributes.cp932_flag else None)
    return proven, [_contradiction(cpg[1], label, proven)] if cpg else []


def _contradiction(file: str, label: str, proven: str) -> Finding:
    return Finding(
        rule="read",
        severity="warn",
        message=f".cpg は「{label}」ですが、中身は {proven} です。{proven} として読みました。",
        advice=f".cpg の中身を {proven.upper()} に直すか、宣言の [source] に encoding を書いてください。",
        file=file,
    )


def _crs(path: Path, name: str) -> tuple[str | None, list[Finding]]:
    prj = _optional(path, name, ".prj")
    if prj is None:
        return None, []
    try:
        text = prj[0].read_bytes().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise MaterialError(
            ".prj が文字として読めません。", Where(file=prj[1]), "消すか、元のソフトから出力し直してください。"
        ) from error
    crs, _ = identify(text)
    if crs is not None:
        return crs, []
    return None, [
        Finding(
            rule="read",
            severity="warn",
            message=".prj が座標系として読めません。",
            advice="宣言の [source] に crs を書いてください。",
            file=prj[1],
            value=text[:80],
        )
    ]


def _deleted(name: str, records: Iterator[int]) -> Finding:
    listed = list(records)
    return Finding(
        rule="read",
        severity="warn",
        message=f"削除の印が付いたレコードが {len(listed)} 件あり、読みませんでした"
        f" ({'、'.join(map(str, listed[:20]))} 番目)。以後の番号はそれを除いて数えます。",
        advice="元のソフトでパック (削除の確定) をしてください。",
        file=name,
        record=listed[0],
    )
