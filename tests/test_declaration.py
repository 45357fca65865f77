"""Declarations: a mistake is named by file and key, in a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis_pipeline.declaration import effective, read_source_tree
from gis_pipeline.errors import DeclarationError
from gis_pipeline.model import EditionDeclaration
from tests import town as towns
from tests.conftest import ROOT
from tests.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        ('titel = "x"\n', "", r"キー titel: このキーは使えません"),
        ('geometry = "polygn"\n', 'geometry = "polygon"\n', r"キー geometry: 使える値は .*polygn"),
        ("zooms = [15, 12]\n", "zooms = [12, 15]\n", r"zooms は"),
        ('search = ["nothing"]\n', 'search = ["no"]\n', r"search の「nothing」は \[fields\] にありません"),
        ('status = "公開"\n', "", r"キー status: 使える値は"),
        ("map_level = 2500.5\n", "", r"キー map_level: 整数で書いてください。「2500.5」は使えません"),
        ('zooms = ["a", 15]\n', "zooms = [12, 15]\n", r"キー zooms\.0: 整数で書いてください。「a」は使えません"),
        ("geometry == 1\n", 'geometry = "polygon"\n', r"TOML として読めません。4 行目の 11 文字目のあたり"),
        ('role = "sheets"\n', 'role = "use_district"\n', r"\[scan\] は一緒に"),
    ],
)
def test_a_mistake_in_a_declaration_is_named(town: Town, wrong: str, right: str, sentence: str) -> None:
    text = towns.YOUTO.replace(right, wrong, 1) if right else wrong + towns.YOUTO.lstrip()
    town.write("youto/collection.toml", text)
    with pytest.raises(DeclarationError, match=rf"youto/collection\.toml: .*{sentence}"):
        read_source_tree(town.folders.source)


def test_names_that_the_published_files_use_themselves_are_refused(town: Town) -> None:
    town.write(
        "youto/collection.toml", towns.YOUTO.replace("no = { source", "fid = { source").replace('["no"]', '["fid"]')
    )
    with pytest.raises(DeclarationError, match="「fid」は使えません"):
        read_source_tree(town.folders.source)


def test_an_id_whose_address_is_something_else_is_refused(town: Town) -> None:
    town.write("sprite/collection.toml", towns.YOUTO)
    with pytest.raises(DeclarationError, match=r"sprite: 「sprite」は.*フォルダの名前を変えてください"):
        read_source_tree(town.folders.source)


def test_a_colour_must_be_a_colour(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO.replace("#adffd6", "green"))
    with pytest.raises(DeclarationError, match=r"classes\.0\.colour: 色は #adffd6 のように.*「green」は使えません"):
        read_source_tree(town.folders.source)


def test_two_mistakes_are_both_told(town: Town) -> None:
    town.write("youto/collection.toml", "a = 1\nb = 2\n" + towns.YOUTO)
    with pytest.raises(DeclarationError) as caught:
        read_source_tree(town.folders.source)
    assert len(str(caught.value).splitlines()) == 2


def test_broken_toml_is_told_with_its_line(town: Town) -> None:
    town.write("youto/collection.toml", 'title = "用途\n')
    with pytest.raises(DeclarationError, match=r"TOML として読めません。1 行目の 12 文字目のあたり"):
        read_source_tree(town.folders.source)


def test_a_declaration_saved_in_cp932_is_told_so(town: Town) -> None:
    (town.folders.source / "youto/collection.toml").write_bytes('title = "用途"'.encode("cp932"))
    with pytest.raises(DeclarationError, match="UTF-8 で保存してください"):
        read_source_tree(town.folders.source)


def test_notepad_s_byte_order_mark_does_no_harm(town: Town) -> None:
    path = town.folders.source / "youto/collection.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_source_tree(town.folders.source).collections


@pytest.mark.parametrize("name", ["2026-4-1", "資料", "2026-02-30"])
def test_an_edition_folder_is_named_after_a_day(town: Town, name: str) -> None:
    (town.folders.source / "youto" / name).mkdir()
    with pytest.raises(DeclarationError, match=r"YYYY-MM-DD|という日はありません"):
        read_source_tree(town.folders.source)


def test_without_a_service_nothing_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"service\.toml"):
        read_source_tree(tmp_path)


def test_hidden_folders_are_no_collections(town: Town) -> None:
    town.write(".trash/collection.toml", "broken")
    assert [one.collection.id for one in read_source_tree(town.folders.source).collections] == [
        "choiki",
        "choudo",
        "youto",
    ]


def test_an_edition_overrides_only_what_it_names(town: Town) -> None:
    [youto] = [one for one in read_source_tree(town.folders.source).collections if one.collection.id == "youto"]
    edition = EditionDeclaration.model_validate({"source": {"encoding": "cp932"}, "map_level": 500})
    changed = effective(youto.collection, edition)
    assert (changed.source.encoding, changed.source.crs, changed.map_level) == ("cp932", "EPSG:6677", 500)


def test_the_sample_s_declarations_can_be_read() -> None:
    tree = read_source_tree(ROOT / "data/source")
    assert tree.service.fictional
    assert len(tree.collections) >= 7


def test_a_folder_name_that_cannot_stand_in_an_address_is_refused(town: Town) -> None:
    town.write("用途地域/collection.toml", towns.YOUTO)
    with pytest.raises(DeclarationError, match=r"キー id: 半角の英小文字で始め、.*「用途地域」は使えません"):
        read_source_tree(town.folders.source)


def test_an_unknown_crs_is_told_with_its_collection(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO.replace("EPSG:6677", "EPSG:99999"))
    with pytest.raises(DeclarationError, match="youto の 2026-04-01 版: 座標系「EPSG:99999」が分かりません"):
        town.build()
