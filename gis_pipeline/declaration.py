"""Reads service.toml, collection.toml and edition.toml; every mistake names the file and the key."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from gis_pipeline.errors import DeclarationError
from gis_pipeline.model import (
    RESERVED_IDS,
    Collection,
    CollectionId,
    Colour,
    EditionDeclaration,
    EditionId,
    Field,
    FieldName,
    Service,
)

DECLARATION_FILE = "collection.toml"
EDITION_FILE = "edition.toml"
EDITION_FOLDER = re.compile(r"^\d{4}-\d{2}-\d{2}$")
NO_COLLECTIONS = {"grids", "deliveries"}
"""Folders beside the collections that need no declaration: parameter files, and deliveries for several collections."""

PATTERNS = {
    get_args(CollectionId)[1].pattern: "半角の英小文字で始め、英小文字・数字・「-」「_」で書いてください。",
    get_args(FieldName)[1].pattern: "半角の英小文字で始め、英小文字・数字・「_」で書いてください。",
    get_args(EditionId)[1].pattern: "2026-04-01 の形で書いてください。",
    get_args(Colour)[1].pattern: "色は #adffd6 のように、# と英小文字・数字 6 桁で書いてください。",
}
"""What the patterns of the vocabulary mean, for people."""

SHEET_FIELDS: dict[str, Field] = {
    "sheet": Field(source="code", type="code", title="図郭番号", required=True),
    "title": Field(source="title", title="図名"),
    "map_level": Field(source="map_level", type="integer", title="地図情報レベル"),
    "surveyed": Field(source="surveyed", title="測量年月"),
    "revised": Field(source="revised", title="最終補正年月"),
    "method": Field(source="method", title="位置合わせの方法"),
    "points": Field(source="points", type="integer", title="基準点の数"),
    "rmse_m": Field(source="rmse_m", type="number", title="残差 (RMSE)", unit="m"),
    "max_residual_m": Field(source="max_residual_m", type="number", title="最大残差", unit="m"),
}
"""The attributes of every collection of scans: its features are its sheets (図郭)."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class EditionFolder:
    """One edition's material: `data/source/<collection>/<YYYY-MM-DD>/`; `date` is the day it takes effect."""

    date: dt.date
    path: Path
    declaration: EditionDeclaration


@dataclass(frozen=True)
class CollectionFolder:
    """One declared collection and its editions, oldest first."""

    collection: Collection
    path: Path
    editions: tuple[EditionFolder, ...]


@dataclass(frozen=True)
class SourceTree:
    """All that is declared under `data/source/`."""

    root: Path
    service: Service
    collections: tuple[CollectionFolder, ...]

    @property
    def grids(self) -> Path:
        """Where staff place the parameter files of 国土地理院 (*.par)."""
        return self.root / "grids"


def read_source_tree(root: Path) -> SourceTree:
    """Reads every declaration below `root`; raises DeclarationError at the first that cannot be followed."""
    service_file = root / "service.toml"
    if not service_file.is_file():
        raise DeclarationError(
            f"{service_file} がありません。町の名前・コード・座標系を書いた service.toml を置いてください。"
        )
    service = _parse(service_file, Service)
    return SourceTree(root, service, tuple(_read_collection(folder) for folder in _collection_folders(root)))


def _collection_folders(root: Path) -> list[Path]:
    """The folders of collections; what lies there without a declaration must not be passed over silently."""
    named = [path for path in sorted(root.glob("[!.]*")) if path.is_dir() and path.name not in NO_COLLECTIONS]
    for folder in named:
        if not (folder / DECLARATION_FILE).is_file():
            raise DeclarationError(
                f"{folder}: 地図の説明書 {DECLARATION_FILE} がありません。見本から写して置いてください。"
                f"地図でないフォルダは {root} の外に移してください。"
            )
    if not named:
        raise DeclarationError(
            f"{root}: 地図が一つもありません。地図ごとのフォルダを作り、{DECLARATION_FILE} と資料を置いてください。"
        )
    return named


def _read_collection(folder: Path) -> CollectionFolder:
    if folder.name in RESERVED_IDS:
        raise DeclarationError(
            f"{folder}: 「{folder.name}」は配信の住所で別のものに使われているので、地図の名前にできません。"
            "フォルダの名前を変えてください。"
        )
    collection = _parse(folder / DECLARATION_FILE, Collection, id=folder.name)
    if collection.scan is not None:
        collection = collection.model_copy(update={"fields": SHEET_FIELDS | collection.fields})
    return CollectionFolder(collection, folder, tuple(_editions(folder)))


def _editions(folder: Path) -> Iterator[EditionFolder]:
    for path in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        if not EDITION_FOLDER.match(path.name):
            raise DeclarationError(
                f"{path}: フォルダ名は施行日 (YYYY-MM-DD) にしてください。"
                f"資料でないものは {folder} の外に置いてください。"
            )
        try:
            date = dt.date.fromisoformat(path.name)
        except ValueError as error:
            raise DeclarationError(f"{path}: 「{path.name}」という日はありません。") from error
        if path.is_symlink():
            raise DeclarationError(f"{path}: リンクは使えません。フォルダそのものを置いてください。")
        declared = path / EDITION_FILE
        yield EditionFolder(
            date, path, _parse(declared, EditionDeclaration) if declared.is_file() else EditionDeclaration()
        )


def effective(collection: Collection, edition: EditionDeclaration) -> Collection:
    """The declaration as it holds for one edition: what edition.toml overrides, overridden."""
    overrides: dict[str, Any] = {}
    if edition.source is not None:
        overrides["source"] = collection.source.model_copy(
            update={name: getattr(edition.source, name) for name in edition.source.model_fields_set}
        )
    if edition.fields is not None:
        overrides["fields"] = collection.fields | edition.fields
    if edition.approvals is not None:
        overrides["approvals"] = edition.approvals
    if edition.map_level is not None:
        overrides["map_level"] = edition.map_level
    return collection.model_copy(update=overrides)


def _parse(path: Path, model: type[ModelT], **extra: str) -> ModelT:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{path}: UTF-8 で保存してください ({error.start} バイト目が読めません)。") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        spot = re.search(r"line (\d+), column (\d+)", str(error))
        line = f"{spot[1]} 行目の {spot[2]} 文字目" if spot else "最後"
        raise DeclarationError(
            f"{path}: TOML として読めません。{line}のあたりで、括弧・引用符・「=」を確かめてください。"
        ) from error
    try:
        return model.model_validate(values | extra)
    except ValidationError as error:
        lines = [f"{path}: {_key(item['loc'])}: {_sentence(item)}" for item in error.errors()]
        raise DeclarationError("\n".join(lines)) from error


def _key(location: tuple[int | str, ...]) -> str:
    return "キー " + ".".join(str(part) for part in location) if location else "全体"


def _sentence(item: Any) -> str:
    """One pydantic error as a Japanese sentence; the English original stays for what is not in the table."""
    context = item.get("ctx", {})
    given = f"「{item.get('input')}」は使えません。"
    allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    sentences = {
        "extra_forbidden": "このキーは使えません。つづりを確かめてください。",
        "missing": "このキーが必要です。",
        "literal_error": f"使える値は {allowed} です。{given}",
        "string_pattern_mismatch": f"{PATTERNS.get(context.get('pattern', ''), '')}{given}",
        "string_type": "文字列で書いてください。",
        "string_too_long": f"{context.get('max_length')} 文字までにしてください。",
        "int_type": f"整数で書いてください。{given}",
        "int_parsing": f"整数で書いてください。{given}",
        "int_from_float": f"整数で書いてください。{given}",
        "float_type": f"数で書いてください。{given}",
        "float_parsing": f"数で書いてください。{given}",
        "bool_type": "true か false を書いてください。",
        "bool_parsing": "true か false を書いてください。",
        "tuple_type": "[ ] で囲んだ並びで書いてください。",
        "dict_type": "見出し [ ] の下に「キー = 値」の形で書いてください。",
        "model_type": "見出し [ ] の下に「キー = 値」の形で書いてください。",
        "date_type": "日付は 2026-04-01 のように、引用符なしで書いてください。",
        "date_parsing": f"日付は 2026-04-01 のように、引用符なしで書いてください。{given}",
        "date_from_datetime_parsing": f"日付は 2026-04-01 のように、引用符なしで書いてください。{given}",
        "too_short": f"{context.get('min_length')} 個書いてください。",
        "too_long": f"{context.get('max_length')} 個までにしてください。",
        "greater_than": f"{context.get('gt')} より大きい数にしてください。",
        "greater_than_equal": f"{context.get('ge')} 以上の数にしてください。",
        "less_than_equal": f"{context.get('le')} 以下の数にしてください。",
        "value_error": str(context.get("error", "")),
    }
    return sentences.get(item["type"], str(item["msg"]))
