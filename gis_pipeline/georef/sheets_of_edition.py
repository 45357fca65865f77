"""The sheets (図郭) of one edition: which file and page is which sheet, placed one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import geopandas as gpd

from gis_pipeline.crs import Reprojection, plan
from gis_pipeline.errors import DeclarationError, MaterialError, Where
from gis_pipeline.georef.fit import TITLES
from gis_pipeline.georef.place import place
from gis_pipeline.members import PlacedSheet, ScanFormat, ScanPage, SourceTable, is_named
from gis_pipeline.model import Collection, EditionDeclaration, Finding, SheetDeclaration

MAX_CODE = 80
_METHODS: Mapping[str, str] = {
    **{str(method): title for method, title in TITLES.items()},
    "geotiff": "GeoTIFF の位置情報",
    "world_file": "ワールドファイル",
}


def placed_sheets(
    folder: Path,
    collection: Collection,
    edition: EditionDeclaration,
    formats: Iterable[ScanFormat],
    *,
    frame: str,
    grids: Path | None,
    work: Path,
    refused: list[MaterialError] | None = None,
) -> Iterator[PlacedSheet]:
    """Every sheet of an edition's folder in the order of file and page; pixels are not read yet.

    `collection` is the declaration as it holds for this edition, `frame` the town frame, `grids` the folder of GSI's
    parameter files, `work` a folder for unpacked pages that must stay while the sheets are used. What is doubtful
    about a sheet is in `page.findings`. Raises MaterialError (PlacementError, DatumError) and DeclarationError; with a
    list `refused` the errors of single files go there, and the other files are placed.
    """
    files = scan_files(folder, collection, formats)
    _require_declared(edition.sheets, files)

    def reproject(source_crs: str, where: Where) -> Reprojection:
        return plan(
            source_crs,
            frame,
            tolerance_m=collection.tolerance_m,
            accept_accuracy_m=collection.source.accept_accuracy_m,
            grids=grids,
            where=where,
        )

    seen: dict[str, str] = {}
    dpi = collection.scan.dpi if collection.scan is not None else 400

    def of_file(name: str, form: ScanFormat) -> Iterator[PlacedSheet]:
        entries = [entry for entry in edition.sheets if _normal(entry.file) == name]
        for page, declared in _matched(list(form.read(folder / name, name, dpi, work)), entries, name):
            code = declared.code if declared is not None else Path(name).stem
            _require_code(code, page, seen)
            points = _points_file(folder, name, declared, several=len(entries) > 1)
            yield place(page, collection, declared, points, reproject)

    for name, form in files.items():
        try:
            yield from of_file(name, form)
        except MaterialError as error:
            if refused is None:
                raise
            refused.append(error)


def scan_files(folder: Path, collection: Collection, formats: Iterable[ScanFormat]) -> dict[str, ScanFormat]:
    """The scans in `folder` and below that `source.files` names, relative to it, sorted; no dot files.

    Raises MaterialError if there is none.
    """
    by_suffix = {suffix: form for form in formats for suffix in form.SUFFIXES}
    pattern = collection.source.files
    found = {
        path.relative_to(folder).as_posix(): by_suffix[path.suffix.lower()]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in by_suffix
        and is_named(path.relative_to(folder).as_posix(), collection.source)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    if not found:
        raise MaterialError(
            f"「{pattern}」に合う図面の画像がありません。",
            Where(file=folder.name),
            f"読める形式は {' '.join(sorted(by_suffix))} です。",
        )
    return found


def sheet_features(sheets: Iterable[PlacedSheet], collection: Collection, frame: str) -> tuple[SourceTable, ...]:
    """The sheets as features: one table per sheet, neatline in the town frame, columns those of `SHEET_FIELDS`."""
    return tuple(_table(sheet, collection, frame) for sheet in sheets)


def _table(sheet: PlacedSheet, collection: Collection, frame: str) -> SourceTable:
    declared = sheet.declaration
    values = {
        "code": sheet.code,
        "title": declared.title if declared is not None else "",
        "map_level": collection.map_level,
        "surveyed": declared.surveyed if declared is not None else "",
        "revised": declared.revised if declared is not None else "",
        "method": _METHODS.get(sheet.fit.method, sheet.fit.method),
        "points": sheet.fit.points,
        "rmse_m": round(sheet.fit.rmse_m, 4),
        "max_residual_m": round(sheet.fit.max_residual_m, 4),
    }
    columns = {name: [value if value != "" else None] for name, value in values.items()}
    table = gpd.GeoDataFrame(columns, geometry=[sheet.neatline], crs=frame)
    table.index = table.index + 1
    layer = f"{sheet.page.page} ページ" if sheet.page.page > 1 else None
    return SourceTable(sheet.page.file, layer, table, frame, findings=sheet.page.findings)


def _require_declared(sheets: tuple[SheetDeclaration, ...], files: Mapping[str, ScanFormat]) -> None:
    claimed: set[tuple[str, int]] = set()
    for number, entry in enumerate(sheets):
        if _normal(entry.file) not in files:
            raise DeclarationError(
                f"edition.toml: キー sheets.{number}.file: 「{entry.file}」がありません。ファイル名を確かめてください。"
            )
        place_of = (_normal(entry.file), entry.page)
        if place_of in claimed:
            raise DeclarationError(
                f"edition.toml: キー sheets.{number}: {entry.file} の {entry.page} ページが二度書かれています。"
            )
        claimed.add(place_of)


def _matched(
    pages: list[ScanPage], entries: list[SheetDeclaration], name: str
) -> Iterator[tuple[ScanPage, SheetDeclaration | None]]:
    """Pages with their entries; raises where an entry has no page, or several pages have no entry."""
    if not entries:
        if len(pages) > 1:
            raise MaterialError(
                f"{len(pages)} ページあり、どれがどの図郭か分かりません。",
                Where(file=name),
                "edition.toml の [[sheets]] に file, page, code を書いてください。",
            )
        yield from ((page, None) for page in pages)
        return
    for entry in entries:
        if entry.page > len(pages):
            raise DeclarationError(
                f"edition.toml: {name} は {len(pages)} ページまでしかありません"
                f"（図郭 {entry.code} の page = {entry.page}）。"
            )
    unused = sorted({page.page for page in pages} - {entry.page for entry in entries})
    for number, entry in enumerate(sorted(entries, key=lambda entry: entry.page)):
        page = pages[entry.page - 1]
        if number == 0 and unused:
            message = f"使われないページがあります: {'、'.join(str(value) for value in unused)}。"
            advice = "要るページなら edition.toml の [[sheets]] に加えてください。"
            note = Finding(rule="read", severity="warn", message=message, advice=advice, file=name)
            page = replace(page, findings=(*page.findings, note))
        yield page, entry


def _require_code(code: str, page: ScanPage, seen: dict[str, str]) -> None:
    """A code becomes a file name and part of a URL, and stands for one sheet only."""
    where = Where(file=page.file, sheet=code)
    if not code or len(code) > MAX_CODE or code.startswith(".") or any(c in '/\\:*?"<>|#%' or c < " " for c in code):
        raise MaterialError(
            f"図郭番号「{code[:MAX_CODE]}」は使えません。", where, "文字と数字だけの短い名前にしてください。"
        )
    folded = code.casefold()
    if folded in seen:
        raise MaterialError(
            f"同じ図郭番号が {seen[folded]} にもあります。", where, "一方を除くか、図郭番号を直してください。"
        )
    seen[folded] = page.file


def _points_file(folder: Path, name: str, declared: SheetDeclaration | None, *, several: bool) -> Path | None:
    """The declared `.points` file, else the one beside a file that is one sheet: image name or stem + `.points`."""
    if declared is not None and declared.points is not None:
        path = folder / declared.points
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DeclarationError(f"edition.toml: 基準点ファイル「{declared.points}」が版のフォルダの外です。")
        if not path.is_file():
            raise DeclarationError(f"edition.toml: 基準点ファイル「{declared.points}」がありません。")
        return path
    if several:
        return None
    image = folder / name
    beside = (image.with_name(image.name + ".points"), image.with_suffix(".points"))
    return next((path for path in beside if path.is_file()), None)


def _normal(file: str) -> str:
    return PurePosixPath(file.replace("\\", "/")).as_posix()
