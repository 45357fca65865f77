"""What may be opened at all: a regular file of the edition's own folder, of bounded size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pyogrio.util import vsi_path

from gis_pipeline.errors import MaterialError, Where
from gis_pipeline.model import Source


@dataclass(frozen=True)
class Limits:
    """What one source file may demand: the parcels of a prefecture, a hundred times a small town's largest layer.

    `text_bytes` holds for files that must be parsed as a whole in memory (GeoJSON, GML, CSV);
    `depth` is the nesting of GeoJSON and GML.
    """

    file_bytes: int = 2 << 30
    text_bytes: int = 256 << 20
    features: int = 3_000_000
    fields: int = 1_000
    layers: int = 200
    depth: int = 64


LIMITS = Limits()


def check_file(path: Path, name: str, limit_bytes: int = LIMITS.file_bytes) -> None:
    """Raises MaterialError unless `path` is a regular, non-empty file that lies in the edition's folder.

    `name` is the path relative to that folder: a link may point inside it, never out of it.
    """
    where = Where(file=name)
    parts = Path(name).parts
    folder = path.parents[len(parts) - 1] if path.parts[-len(parts) :] == parts else path.parent
    try:
        real = path.resolve(strict=True)
    except FileNotFoundError as error:
        raise MaterialError("ファイルがありません。", where) from error
    except (OSError, RuntimeError) as error:
        raise MaterialError(
            "リンクをたどれません。", where, "リンクではなくファイルそのものを置いてください。"
        ) from error
    if not real.is_relative_to(folder.resolve()):
        raise MaterialError(
            "資料のフォルダの外を指すリンクです。", where, "リンクではなくファイルそのものを置いてください。"
        )
    if not real.is_file():
        raise MaterialError("ふつうのファイルではありません。", where)
    size = real.stat().st_size
    if size == 0:
        raise MaterialError("空のファイルです (0 バイト)。", where, "コピーが途中で止まっていないか確かめてください。")
    if size > limit_bytes:
        raise MaterialError(
            f"ファイルが大きすぎます ({size:,} バイト。上限 {limit_bytes:,} バイト)。",
            where,
            "区域ごとに分けてください。",
        )


def check_count(count: int, what: str, limit: int, where: Where) -> None:
    """Raises MaterialError when there are more features, fields or layers than LIMITS allows."""
    if count > limit:
        raise MaterialError(f"{what}が多すぎます ({count:,}。上限 {limit:,})。", where, "区域ごとに分けてください。")


def read_bytes(path: Path, name: str) -> bytes:
    """The whole of a text-like file (GeoJSON, GML, CSV), after `check_file`."""
    check_file(path, name, LIMITS.text_bytes)
    return path.read_bytes()


def plain_path(path: Path, name: str) -> str:
    """The path as GDAL must see it: never a `/vsi…` path, an archive member or a URL in disguise."""
    plain = os.fspath(path.absolute())
    if vsi_path(plain) != plain or plain.startswith("/vsi"):
        raise MaterialError(
            "ファイルやフォルダの名前に使えない文字があります (「!」など)。", Where(file=name), "名前を変えてください。"
        )
    return plain


def head(path: Path, size: int) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(size)


def check_magic(path: Path, name: str, magics: tuple[bytes, ...], title: str) -> None:
    """Raises MaterialError unless the file begins with one of `magics`: a suffix alone proves nothing."""
    if not head(path, 16).startswith(magics):
        raise MaterialError(
            f"中身が {title} ではありません。", Where(file=name), "拡張子だけを変えたファイルでないか確かめてください。"
        )


def sole_layer(name: str, source: Source, layers: tuple[str, ...]) -> None:
    """Raises MaterialError when `source.layer` asks a file of one layer for a layer that it is not."""
    if source.layer is not None and source.layer not in layers:
        raise no_such_layer(name, source.layer, layers)


def no_such_layer(name: str, asked: str, layers: tuple[str, ...]) -> MaterialError:
    """The error for a layer that the file does not have; lists those it has."""
    listed = "、".join(layers) if layers else "なし"
    return MaterialError(
        f"レイヤ「{asked}」はありません。このファイルのレイヤ: {listed}。",
        Where(file=name),
        "宣言の [source] の layer を直してください。",
    )
