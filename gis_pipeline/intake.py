"""One edition's material → features in the town frame: read, place, reproject, conform.

What cannot be taken in becomes a blocking finding, so that staff see every problem of a delivery at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd

from gis_pipeline import formats
from gis_pipeline.conform.features import conform
from gis_pipeline.crs import Reprojection, label, parse, plan
from gis_pipeline.declaration import EDITION_FILE, EditionFolder, SourceTree
from gis_pipeline.errors import DeclarationError, MaterialError, Where
from gis_pipeline.findings import finding_of, listed
from gis_pipeline.georef.sheets_of_edition import placed_sheets, scan_files, sheet_features
from gis_pipeline.members import Features, PlacedSheet, ScanFormat, SourceTable, VectorFormat, is_named
from gis_pipeline.model import Collection, Finding, SheetFit, Transformation
from gis_pipeline.planning import Job, base_edition, material
from gis_pipeline.plugins import members

SIDE_FILES = (
    ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qmd", ".sbn", ".sbx", ".qix", ".shp.xml", ".csvt", ".xsd", ".gfs",
    ".points", ".tfw", ".tifw", ".jgw", ".jpgw", ".jpegw", ".pgw", ".pngw", ".wld", ".aux.xml", ".ovr",
)  # fmt: skip
"""What may stand beside a file that is read: part of it, or made from it by a desktop GIS."""

SHOWN = 5
"""So many names of files stand in a sentence."""


@dataclass
class Draft:
    """One edition taken in, ready to be checked and written. `features` is None if nothing could be taken in."""

    job: Job
    features: Features | None = None
    tables: tuple[SourceTable, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    sheets: tuple[PlacedSheet, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def fits(self) -> tuple[SheetFit, ...]:
        """How well each sheet was placed."""
        return tuple(sheet.fit for sheet in self.sheets)


class _Planner:
    """Plans each source CRS once per edition and remembers what was used."""

    def __init__(self, tree: SourceTree, collection: Collection) -> None:
        self._tree, self._collection = tree, collection
        self.used: dict[str, Reprojection] = {}

    def geometries(self, table: SourceTable) -> gpd.GeoSeries:
        """The table's geometries in the town frame."""
        if self._collection.geometry == "none":
            return gpd.GeoSeries([None] * len(table.frame), index=table.frame.index, crs=self._tree.service.crs)
        where = Where(file=table.file, layer=table.layer)
        return self.for_crs(_source_crs(table, self._collection, where), where).geometries(table.frame.geometry)

    def for_crs(self, source_crs: str, where: Where) -> Reprojection:
        """The planned way from a CRS into the town frame."""
        if source_crs not in self.used:
            self.used[source_crs] = plan(
                source_crs,
                self._tree.service.crs,
                tolerance_m=self._collection.tolerance_m,
                accept_accuracy_m=self._collection.source.accept_accuracy_m,
                grids=self._tree.grids,
                where=where,
            )
        return self.used[source_crs]

    @property
    def transformations(self) -> tuple[Transformation, ...]:
        """What to publish about the operations used."""
        return tuple(reprojection.transformation for reprojection in self.used.values())


def take_in(tree: SourceTree, job: Job, work: Path) -> Draft:
    """Reads, places, reprojects and conforms one edition; no pixel of a scan is read yet.

    `work` is a folder for unpacked pages that must stay until the draft is written.
    """
    draft = Draft(job)
    try:
        if job.collection.scan is not None:
            _take_in_sheets(tree, draft, work)
        else:
            _take_in_features(tree, draft)
    except MaterialError as error:
        draft.findings.append(finding_of(error))
    except DeclarationError as error:
        raise DeclarationError(f"{job.collection.id} の {job.edition.path.name} 版: {error}") from error
    else:
        draft.findings.extend(listed(_passed_over(draft), _not_read))
    return draft


def _passed_over(draft: Draft) -> list[str]:
    """The files of the edition's folder that nothing was read from: what staff delivered must not vanish silently."""
    folder, collection = draft.job.edition.path, draft.job.collection
    if collection.scan is not None:
        read = set(scan_files(folder, collection, _scan_formats()))
    else:
        read = {path.relative_to(folder).as_posix() for path in source_paths(folder, collection)}
    declared = {sheet.points for sheet in draft.job.edition.declaration.sheets if sheet.points}
    mains = {main.casefold() for main in read} | {Path(main).with_suffix("").as_posix().casefold() for main in read}
    files = [path.relative_to(folder).as_posix() for path in material(folder)]
    known = read | declared | {EDITION_FILE}
    return [file for file in files if file not in known and _main_file(file.casefold()) not in mains]


def _main_file(file: str) -> str:
    """The file, perhaps without its suffix, that a side file belongs to; empty if it is none."""
    return next((file.removesuffix(suffix) for suffix in SIDE_FILES if file.endswith(suffix)), "")


def _not_read(file: str) -> Finding:
    return Finding(
        rule="read",
        severity="warn",
        message="このファイルは読みませんでした。",
        advice="地図の資料なら、[source] の files と拡張子を確かめてください（ZIP は展開します）。"
        "資料でなければ、版のフォルダの外へ移してください。",
        file=file,
    )


def _take_in_features(tree: SourceTree, draft: Draft) -> None:
    job = draft.job
    planner = _Planner(tree, job.collection)
    features, findings = conform(_noted(draft), job.collection, planner.geometries)
    draft.findings.extend(findings)
    base = base_edition(job.folder, job.edition)
    draft.features = _extended(job, base, features, planner) if base else features
    draft.transformations = planner.transformations


def _noted(draft: Draft) -> Iterator[SourceTable]:
    """The tables as they are read; the draft keeps of each what checks need, which is all but its geometry."""
    for table in read_tables(draft.job.edition.path, draft.job.collection):
        draft.findings.extend(table.findings)
        attributes = table.frame.drop(columns=table.frame.active_geometry_name)
        draft.tables = (*draft.tables, replace(table, frame=attributes))
        yield table


def _take_in_sheets(tree: SourceTree, draft: Draft, work: Path) -> None:
    """The features of a collection of scans are its sheets (図郭)."""
    job = draft.job
    refused: list[MaterialError] = []
    sheets = list(_placed(tree, job, job.edition, work, refused))
    base = base_edition(job.folder, job.edition)
    if base is not None:
        replaced = {sheet.code for sheet in sheets} | set(job.edition.declaration.remove)
        sheets += [sheet for sheet in _placed(tree, job, base, work, refused) if sheet.code not in replaced]
    draft.findings.extend(map(finding_of, refused))
    if not sheets:
        return
    draft.sheets = tuple(sheets)
    draft.tables = sheet_features(sheets, job.collection, tree.service.crs)
    draft.findings.extend(finding for sheet in sheets for finding in sheet.page.findings)
    draft.features, findings = conform(draft.tables, job.collection, lambda table: table.frame.geometry)
    draft.findings.extend(findings)
    draft.transformations = tuple(dict.fromkeys(sheet.transformation for sheet in sheets))


def _scan_formats() -> list[ScanFormat]:
    return [cast(ScanFormat, module) for module in members(formats).values() if module.KIND == "scan"]


def _placed(
    tree: SourceTree, job: Job, edition: EditionFolder, work: Path, refused: list[MaterialError]
) -> Iterator[PlacedSheet]:
    return placed_sheets(
        edition.path,
        job.collection,
        edition.declaration,
        _scan_formats(),
        frame=tree.service.crs,
        grids=tree.grids,
        work=work / "pages",
        refused=refused,
    )


def read_tables(folder: Path, collection: Collection) -> Iterator[SourceTable]:
    """Every table of the files that `[source] files` names; MaterialError if there is none."""
    readers = vector_formats()
    paths = source_paths(folder, collection)
    if not paths:
        known = " ".join(sorted(readers))
        raise MaterialError(
            f'読める資料がありません（files = "{collection.source.files}"）。{_lying_there(folder)}',
            Where(file=folder.name),
            f"次の種類のファイルを置いてください（ZIP は展開します）: {known}",
        )
    for path in paths:
        yield from readers[path.suffix.lower()].read(path, path.relative_to(folder).as_posix(), collection.source)


def _lying_there(folder: Path) -> str:
    """What does lie in an edition's folder, for a sentence."""
    names = [path.relative_to(folder).as_posix() for path in material(folder) if path.name != EDITION_FILE]
    more = f" ほか {len(names) - SHOWN} 件" if len(names) > SHOWN else ""
    return f"置いてあるもの: {'、'.join(names[:SHOWN])}{more}。" if names else ""


def source_paths(folder: Path, collection: Collection) -> list[Path]:
    """The files of an edition's folder, subfolders included, that features are read from."""
    readers = vector_formats()
    return [
        path
        for path in material(folder)
        if path.suffix.lower() in readers and is_named(path.relative_to(folder).as_posix(), collection.source)
    ]


def vector_formats() -> dict[str, VectorFormat]:
    """The readers of features, by lower-case suffix."""
    found = [cast(VectorFormat, module) for module in members(formats).values() if module.KIND == "vector"]
    return {suffix: reader for reader in found for suffix in reader.SUFFIXES}


def _source_crs(table: SourceTable, collection: Collection, where: Where) -> str:
    """The CRS of a table: what the file says and what is declared must not contradict each other."""
    declared = collection.source.crs
    if table.crs is None and declared is None:
        raise MaterialError(
            "座標系が分かりません（.prj などがありません）。",
            where,
            '納品者に座標系を確かめ、collection.toml の [source] に crs = "EPSG:6677" のように書いてください。',
        )
    if table.crs is None or declared is None:
        return cast(str, table.crs or declared)
    found, wanted = parse(table.crs), parse(declared)
    if found == wanted or (found.is_geographic and label(wanted) == "EPSG:6668" and _is_wgs84(label(found))):
        return declared
    raise MaterialError(
        f"ファイルの座標系は {label(found)} ですが、宣言は {label(wanted)} です。",
        where,
        "どちらが正しいか納品者に確かめ、宣言かファイルを直してください。",
    )


def _is_wgs84(name: str) -> bool:
    """GeoJSON cannot say JGD2011: its WGS 84 may be declared to be EPSG:6668."""
    return name in ("EPSG:4326", "WGS 84 (CRS84)")


def _extended(job: Job, base: EditionFolder, own: Features, planner: _Planner) -> Features:
    """The edition before with the features of the same id replaced and the named ones removed (`extends`)."""
    before, _ = conform(read_tables(base.path, job.collection), job.collection, planner.geometries)
    dropped = set(own.frame.index) | set(job.edition.declaration.remove)
    keep = ~before.frame.index.isin(dropped)
    frame = cast(gpd.GeoDataFrame, pd.concat([before.frame[keep], own.frame]))
    return Features(job.collection, frame, pd.concat([before.origin[keep], own.origin]))
