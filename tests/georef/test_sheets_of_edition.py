"""Which file and page is which sheet; the sheets as features."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gis_pipeline.declaration import SHEET_FIELDS
from gis_pipeline.errors import DeclarationError, MaterialError
from gis_pipeline.formats import jpeg, pdf, png, tiff
from gis_pipeline.georef.sheets_of_edition import placed_sheets, sheet_features
from gis_pipeline.members import PlacedSheet
from gis_pipeline.model import EditionDeclaration, SheetDeclaration, Source
from tests.georef.scene import FRAME, collection, points_text, turned

FORMATS = [tiff, jpeg, png, pdf]


def put(folder: Path, name: str, points: str | None = None, pages: int = 1) -> None:
    """A blank page of the sheet 09KC971 and its points."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    blank = Image.fromarray(np.full((780, 1020), 240, dtype=np.uint8))
    if pages > 1:
        blank.save(path, save_all=True, append_images=[blank] * (pages - 1))
    else:
        blank.save(path)
    cols, rows = np.array([10.0, 1000.0, 1000.0, 10.0]), np.array([10.0, 10.0, 700.0, 700.0])
    easting, northing = turned(0, 2, -52_020, -26_970)(cols, rows)
    table = list(zip(easting.tolist(), northing.tolist(), cols.tolist(), rows.tolist(), strict=True))
    (path.parent / (points or f"{path.name}.points")).write_text(points_text(table), encoding="utf-8")


def sheets(
    folder: Path, tmp: Path, *entries: SheetDeclaration, files: str = "*", neatline: str = "none"
) -> list[PlacedSheet]:
    declared = collection(neatline=neatline).model_copy(update={"source": Source(files=files)})
    edition = EditionDeclaration(sheets=entries)
    return list(placed_sheets(folder, declared, edition, FORMATS, frame=FRAME, grids=None, work=tmp))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "2026-04-01").mkdir()
    return tmp_path / "2026-04-01"


def test_side_files_dot_files_and_declarations_are_no_scans(folder: Path, tmp_path: Path) -> None:
    put(folder, "b.png")
    put(folder, "a.tif", "a.points")
    for name in (".c.png", "a.tfw.bak", "b.png.aux.xml", "edition.toml", "._a.tif"):
        (folder / name).write_text("x", encoding="utf-8")
    assert [sheet.code for sheet in sheets(folder, tmp_path)] == ["a", "b"]


def test_files_in_dot_folders_are_no_scans(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    put(folder, ".trash/b.png")
    assert [sheet.code for sheet in sheets(folder, tmp_path, files="**/*.png")] == ["a"]


def test_the_stem_is_the_code_without_an_entry(folder: Path, tmp_path: Path) -> None:
    put(folder, "09KC971.PNG", "09KC971.points")
    assert [sheet.code for sheet in sheets(folder, tmp_path, neatline="code")] == ["09KC971"]


def test_an_entry_gives_code_title_and_points(folder: Path, tmp_path: Path) -> None:
    put(folder, "scan/0001.png", "other.points")
    entry = SheetDeclaration(
        file="scan/0001.png", code="09KC971", title="平井", surveyed="平成3年", points="scan/other.points"
    )
    (sheet,) = sheets(folder, tmp_path, entry, files="**/*.png")
    assert (sheet.code, sheet.page.file, sheet.declaration) == ("09KC971", "scan/0001.png", entry)


def test_pages_are_matched_by_number(folder: Path, tmp_path: Path) -> None:
    put(folder, "book.tif", "p.points", pages=3)
    entries = [SheetDeclaration(file="book.tif", page=n, code=f"S{n}", points="p.points") for n in (3, 1)]
    found = sheets(folder, tmp_path, *entries)
    assert [(sheet.code, sheet.page.page) for sheet in found] == [("S1", 1), ("S3", 3)]
    assert [f.message for f in found[0].page.findings if f.rule == "read"] == ["使われないページがあります: 2。"]


def test_several_pages_without_entries_are_refused(folder: Path, tmp_path: Path) -> None:
    put(folder, "book.tif", pages=2)
    with pytest.raises(MaterialError, match="2 ページあり、どれがどの図郭か分かりません"):
        sheets(folder, tmp_path)


def test_points_beside_a_book_belong_to_no_page(folder: Path, tmp_path: Path) -> None:
    put(folder, "book.tif", pages=2)
    entries = [SheetDeclaration(file="book.tif", page=n, code=f"S{n}") for n in (1, 2)]
    with pytest.raises(MaterialError, match="位置の手がかりがありません"):
        sheets(folder, tmp_path, *entries)


def test_an_entry_for_a_missing_file_is_refused(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    with pytest.raises(DeclarationError, match=r"sheets\.0\.file: 「b\.png」がありません"):
        sheets(folder, tmp_path, SheetDeclaration(file="b.png", code="B"))


def test_two_files_of_one_sheet_are_refused(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png", "a.points")
    put(folder, "A.tif", "A.points")
    with pytest.raises(MaterialError, match=r"同じ図郭番号が A\.tif にもあります"):
        sheets(folder, tmp_path)


@pytest.mark.parametrize("code", ["../evil", "a/b", ".hidden", "x" * 81, "", "a\nb"])
def test_a_code_that_is_no_file_name_is_refused(code: str, folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    with pytest.raises(MaterialError, match="は使えません"):
        sheets(folder, tmp_path, SheetDeclaration(file="a.png", code=code))


def test_points_outside_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png", "../outside.points")
    with pytest.raises(DeclarationError, match="版のフォルダの外"):
        sheets(folder, tmp_path, SheetDeclaration(file="a.png", code="A", points="../outside.points"))


def test_a_folder_without_scans_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "readme.txt").write_text("x", encoding="utf-8")
    with pytest.raises(MaterialError, match="図面の画像がありません"):
        sheets(folder, tmp_path)


def test_reading_and_placing_leave_the_folder_as_it_was(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    put(folder, "b.tif")
    put(folder, "c.pdf")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    sheets(folder, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_placed_sheet_can_go_to_another_process(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    (sheet,) = sheets(folder, tmp_path)
    again = pickle.loads(pickle.dumps(sheet))
    with again.page.open() as source:
        assert (source.width, source.height) == (1020, 780)
    assert again.georeference.to_town(np.array([5.0]), np.array([5.0])) == sheet.georeference.to_town(
        np.array([5.0]), np.array([5.0])
    )


def test_sheets_are_features_with_the_columns_of_the_declaration(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.png")
    (sheet,) = sheets(folder, tmp_path)
    (table,) = sheet_features([sheet], collection(), FRAME)
    assert {name for field in SHEET_FIELDS.values() for name in field.sources} == set(table.frame.columns) - {
        "geometry"
    }
    assert (table.file, table.crs, list(table.frame.index)) == ("a.png", FRAME, [1])
    row = table.frame.iloc[0]
    assert (row["code"], row["points"], row["method"], row["map_level"]) == ("a", 4, "アフィン変換", 2500)
    assert row.geometry.equals(sheet.neatline)
