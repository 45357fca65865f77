"""Taking a map home: whole files, parts in every format the server writes, long ones, and what cannot be had."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from tests.conftest import machizu
from tests.e2e.conftest import SCREENSHOTS, Screen, Served, running
from tests.e2e.steps import a_district, ask, card, collection_of, opened
from tests.e2e.test_for_everybody import check_screen
from tile_server.settings import Settings

pytestmark = pytest.mark.browser


def downloaded(page: Page, collection_id: str) -> bytes:
    """The GeoJSON file that the layer's download button gives."""
    page.locator(f'[data-collection="{collection_id}"] .layer-details > summary').click()
    with page.expect_download() as download:
        page.locator(f'[data-collection="{collection_id}"] a.download', has_text="GeoJSON").click()
    return download.value.path().read_bytes()


def published_file(server: Served, collection_id: str, edition_id: str) -> bytes:
    return (server.published / "collections" / collection_id / edition_id / "features.geojson").read_bytes()


def test_a_download_is_the_published_file(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    content = downloaded(opened(desk, served), youto["id"])
    assert content == published_file(served, youto["id"], youto["edition"]["id"])


def test_a_download_of_a_past_day_is_the_file_of_that_day(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    oldest = min(edition["id"] for edition in youto["editions"])
    content = downloaded(opened(desk, served, f"#date={oldest[:10]}"), youto["id"])
    assert content == published_file(served, youto["id"], oldest)
    assert content != published_file(served, youto["id"], youto["edition"]["id"])


def test_a_download_says_its_size(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    page = opened(desk, served)
    page.locator(f'[data-collection="{youto["id"]}"] .layer-details > summary').click()
    links = page.locator(f'[data-collection="{youto["id"]}"] a.download')
    assert links.count() == len(youto["downloads"])
    for index in range(links.count()):
        expect(links.nth(index)).to_contain_text(re.compile(r"\d (k|M)?B$"))


def test_every_download_offered_is_there(served: Served) -> None:
    for entry in ask(served, "/api/collections")["collections"]:
        for file in entry["downloads"]:
            address = file["href"] if "://" in file["href"] else served.url + file["href"]
            with urlopen(address) as answer:
                assert len(answer.read()) == file["size"], file["href"]


# ------------------------------------------------------------------ a part, in a format of one's choice


def order_form(page: Page, collection_id: str) -> Locator:
    """The form of one layer, unfolded."""
    layer = page.locator(f'.layer[data-collection="{collection_id}"]')
    layer.locator(".layer-details > summary").click()
    layer.locator(".export > summary").click()
    return layer.locator(".export-form")


def ordered(page: Page, form: Locator, format_name: str) -> Download:
    form.get_by_label("形式").select_option(label=format_name)
    with page.expect_download() as download:
        form.get_by_role("button", name="ダウンロード").click()
    return download.value


def ids_in(document: Any) -> list[str]:
    return sorted(feature["id"] for feature in document["features"])


def test_the_part_in_view_is_what_a_box_of_the_view_gives(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")["id"]
    page = opened(desk, served, "#lon=139.2755&lat=35.7415&z=16.50")
    form = order_form(page, youto)
    form.get_by_label("範囲", exact=True).select_option(label="いま地図に見えている範囲")
    download = ordered(page, form, "GeoJSON")
    assert "範囲" in download.suggested_filename
    found = ids_in(json.loads(download.path().read_bytes()))
    box = next(url for url in desk.requests if "/download/" in url).partition("bbox=")[2].replace("%2C", ",")
    assert found == ids_in(ask(served, f"/api/collections/{youto}/items?limit=1000&bbox={box}"))
    assert 0 < len(found) < ask(served, f"/api/collections/{youto}/items?limit=1")["numberMatched"]
    assert desk.errors == []


def test_an_area_is_drawn_with_the_mouse_and_cut_out(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")["id"]
    page = opened(desk, served)
    form = order_form(page, youto)
    form.get_by_label("範囲", exact=True).select_option(label="地図の上で囲む")
    form.get_by_role("button", name="ダウンロード").click()
    expect(form.locator(".export-failed")).to_have_text("まだ囲まれていません。")
    form.get_by_role("button", name="地図の上で囲む").click()
    box = page.locator("#map").bounding_box()
    assert box is not None
    for across, down in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(350)  # two clicks at once would be a double click
    page.screenshot(path=SCREENSHOTS / "desk-drawing.png")
    page.get_by_role("button", name="囲み終わる").click()
    expect(form).to_contain_text("囲んだ範囲")
    form.get_by_label("範囲の境界で切り取る").check()
    document = json.loads(ordered(page, form, "GeoJSON").path().read_bytes())
    whole = ask(served, f"/api/collections/{youto}/items?limit=1000")
    assert 0 < len(document["features"]) < whole["numberMatched"]
    # A corner is no press: nothing was asked about the places of the corners.
    assert not any("/identify?" in url for url in desk.requests)
    page.screenshot(path=SCREENSHOTS / "desk-export.png")
    check_screen(page)
    assert desk.errors == []


def test_along_a_road_in_every_format_that_the_service_lists(served: Served, desk: Screen) -> None:
    """Each format stands under the service's own name and comes as a file; 実験的 is said where the service says it."""
    youto = collection_of(served, "use_district")
    page = opened(desk, served)
    form = order_form(page, youto["id"])
    form.get_by_label("範囲", exact=True).select_option(label="路線に沿って")
    form.get_by_label("路線番号").fill("101")
    form.get_by_label("路線からの距離（m）").fill("30")
    names = form.get_by_label("形式").locator("option").all_inner_texts()
    titles = [entry["title"] for entry in youto["exports"]]
    assert [name for name in names if name in titles] == titles
    for entry in youto["exports"]:
        download = ordered(page, form, entry["title"])
        assert download.suggested_filename.endswith("." + entry["url"].rpartition("/")[2].partition(".")[2])
        assert download.path().stat().st_size > 0
        said = "実験的な形式です" in form.inner_text()
        assert said == ("実験的" in entry["title"])
    asked = {"route": "101", "buffer_m": "30"}
    assert any(url.endswith(f"{youto['id']}.gpkg?{urlencode(asked)}") for url in desk.requests)


def test_what_comes_along_with_a_file_is_said(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    for entry in ask(served, "/api/collections")["collections"]:
        said = page.locator(f'.layer[data-collection="{entry["id"]}"] .downloads').text_content()
        assert said is not None
        for sentence in (entry["permission"], entry["licence"], entry["attribution"], *entry["notices"]):
            assert sentence in said


@pytest.fixture(scope="module")
def served_slowly(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for which every part is a long download, and 1 km² the most."""
    state = tmp_path_factory.mktemp("state")
    settings = Settings(
        published=sample / "published", state=state, direct_download_features=0, max_download_area_km2=1.0
    )
    with running(settings) as server:
        yield server


def test_a_long_download_is_waited_for(served_slowly: Served, desk: Screen) -> None:
    page = opened(desk, served_slowly)
    form = order_form(page, collection_of(served_slowly, "road")["id"])
    form.get_by_label("範囲", exact=True).select_option(label="路線に沿って")
    form.get_by_label("路線番号").fill("0101")
    download = ordered(page, form, "DXF (R2018)")
    assert download.path().read_bytes().lstrip().startswith(b"0")
    assert any("/jobs/" in url for url in desk.requests)
    expect(form.locator(".export-outcome")).to_contain_text("できました")


def test_what_is_too_large_is_said_in_a_sentence(served_slowly: Served, desk: Screen) -> None:
    page = opened(desk, served_slowly)
    form = order_form(page, collection_of(served_slowly, "use_district")["id"])
    expect(form.locator(".export-limits")).to_contain_text("1 km²")
    form.get_by_label("範囲", exact=True).select_option(label="いま地図に見えている範囲")
    form.get_by_role("button", name="ダウンロード").click()
    expect(form.locator(".export-failed")).to_contain_text("km²")


@pytest.fixture(scope="module")
def served_withdrawn(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The sample after the office has withdrawn its 防火地域."""
    folder = tmp_path_factory.mktemp("withdrawn")
    shutil.copytree(sample / "source", folder / "source")
    shutil.copytree(sample / "published", folder / "published", copy_function=os.link)
    machizu(folder, "withdraw", "bouka", "--reason=境界の誤り", "--approved-by=試験-2")
    with running(Settings(published=folder / "published")) as server:
        yield server


def test_a_withdrawn_map_is_said_with_its_reason(served_withdrawn: Served, desk: Screen) -> None:
    page = opened(desk, served_withdrawn, "#layers=bouka")
    hint = page.locator("#layer-hint-bouka")
    expect(hint).to_contain_text("取り下げられています（理由: 境界の誤り）")
    layer = page.locator('.layer[data-collection="bouka"]')
    layer.locator(".layer-details > summary").click()
    assert layer.locator("a.download").count() == 0
    place = a_district(served_withdrawn)
    page.goto("about:blank")
    page = opened(desk, served_withdrawn, f"#point={place['lon']},{place['lat']}")
    expect(card(page, "bouka")).to_contain_text("取り下げられています（理由: 境界の誤り）")
    assert desk.errors == []


def test_what_changed_is_one_press_away(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    youto = collection_of(served, "use_district")["id"]
    page.locator(f'.layer[data-collection="{youto}"] .layer-details > summary').click()
    page.get_by_role("link", name="前の版から変わったところ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("変更")
    page.go_back()
    page.get_by_role("link", name="更新のお知らせ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("更新のお知らせ")
    page.go_back()
    feed = page.get_by_role("link", name="更新を受け取る").get_attribute("href")
    with urlopen(served.url + str(feed)) as answer:
        assert answer.headers["Content-Type"].startswith("application/atom+xml")


def test_an_edition_is_chosen_by_its_day(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    oldest = min(edition["id"] for edition in youto["editions"])
    page = opened(desk, served)
    with page.expect_request(re.compile(f"/tiles/{youto['id']}@{oldest}/")):
        page.get_by_label("版の日付から選ぶ").select_option(value=oldest[:10])
    expect(page.locator(".banner.past")).to_be_visible()
    expect(page.locator(f"#layer-hint-{youto['id']}")).to_contain_text(f"{int(oldest[:4])}年")


def test_a_phone_draws_an_area_with_a_finger(served: Served, phone: Screen) -> None:
    youto = collection_of(served, "use_district")["id"]
    page = opened(phone, served)
    page.locator("#tab-layers").tap()
    form = order_form(page, youto)
    form.get_by_label("範囲", exact=True).select_option(label="地図の上で囲む")
    check_screen(page)
    form.get_by_role("button", name="地図の上で囲む").tap()
    expect(form).to_be_hidden()
    check_screen(page)
    box = page.locator("#map").bounding_box()
    assert box is not None
    for across, down in ((0.3, 0.5), (0.7, 0.5), (0.5, 0.7)):
        page.touchscreen.tap(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.wait_for_timeout(350)
    page.screenshot(path=SCREENSHOTS / "phone-drawing.png")
    page.get_by_role("button", name="囲み終わる").tap()
    expect(form).to_contain_text("囲んだ範囲")
    page.screenshot(path=SCREENSHOTS / "phone-export.png")
    assert ordered(page, form, "Excel").suggested_filename.endswith(".xlsx")
    check_screen(page)
    assert phone.errors == []
