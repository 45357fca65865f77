"""The map in a real browser over the published sample: what a visitor does, and what must never happen."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Geolocation, Page, Route, expect
from shapely.geometry import shape

from tests.conftest import ROOT
from tests.e2e.conftest import SCREENSHOTS, Screen, Served, open_screen

pytestmark = pytest.mark.browser

AXE = ROOT / "web_viewer" / "node_modules" / "axe-core" / "axe.min.js"
ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


def ask(server: Served, path: str) -> Any:
    with urlopen(server.url + path) as answer:
        return json.load(answer)


def collection_of(server: Served, role: str) -> dict[str, Any]:
    collections: list[dict[str, Any]] = ask(server, "/api/collections")["collections"]
    return next(entry for entry in collections if entry["role"] == role)


def a_place(server: Served, wanted: Callable[[dict[str, str]], bool]) -> dict[str, Any]:
    """A place inside the town, as /identify answers it, where the states of the layers by role are as wanted."""
    roles = {entry["id"]: entry["role"] for entry in ask(server, "/api/collections")["collections"]}
    west, south, east, north = ask(server, "/api")["service"]["bbox"]
    for step in range(99):
        lon = west + (east - west) * (0.5 + step % 10 / 25)
        lat = south + (north - south) * (0.5 + step // 10 / 25)
        answer: dict[str, Any] = ask(server, f"/identify?lon={lon:.7f}&lat={lat:.7f}&radius_m=30")
        states = {roles[layer["collection"]]: layer["state"] for layer in answer["layers"]}
        if answer["insideTown"] and wanted(states):
            return answer
    raise AssertionError("no such place in the sample")


def a_district(server: Served) -> dict[str, Any]:
    """A place that lies in a 用途地域."""
    return a_place(server, lambda states: states["use_district"] == "found")


def opened(screen: Screen, server: Served, state: str = "") -> Page:
    """The map with everything it asks for at first answered."""
    screen.page.goto(f"{server.url}/{state}")
    expect(screen.page.locator("#map canvas").first).to_be_attached()
    screen.page.wait_for_load_state("networkidle")
    return screen.page


def state_of(page: Page, *needed: str) -> dict[str, str]:
    """The part of the address after "#", as soon as it says what is needed (it follows the map after a pause)."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        page.wait_for_timeout(300)
        state = dict(part.split("=", 1) for part in page.url.partition("#")[2].split("&") if part)
        if state.keys() >= set(needed):
            return state
    raise AssertionError(f"{needed} not in {page.url}")


def asked_of_identify(screen: Screen, server: Served) -> Any:
    """What /identify answers to the very question that the page asked last."""
    question = [url for url in screen.requests if "/identify?" in url][-1]
    return ask(server, question.removeprefix(server.url))


def card(page: Page, collection_id: str) -> Any:
    return page.locator(f'#panel-info section[data-collection="{collection_id}"]')


# ------------------------------------------------------------------ the map


def test_opens_without_errors_and_asks_no_other_host(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    page.screenshot(path=SCREENSHOTS / "desk-start.png")
    assert desk.errors == []
    assert {url.split("/")[2] for url in desk.requests if not url.startswith(("data:", "blob:"))} == {
        served.url.removeprefix("http://")
    }
    assert any("/tiles/" in url for url in desk.requests)


def test_the_sample_says_that_it_is_one(served: Served, desk: Screen) -> None:
    expect(opened(desk, served).locator(".banner.fictional")).to_contain_text("見本・架空")


def test_a_candidate_says_that_it_is_not_public(served_candidate: Served, desk: Screen) -> None:
    expect(opened(desk, served_candidate).locator(".banner.candidate")).to_contain_text("公開前の確認用")


def test_the_districts_are_painted_in_their_declared_colours(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    page = opened(desk, served, f"#layers={youto['id']}&base=blank&opacity={youto['id']}:100")
    page.wait_for_timeout(500)
    painted = page.evaluate(
        """() => [...document.querySelectorAll('#map canvas')].flatMap((canvas) => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const counts = {};
            for (let at = 0; at < data.length; at += 4) {
                const hex = '#' + [0, 1, 2].map((c) => data[at + c].toString(16).padStart(2, '0')).join('');
                counts[hex] = (counts[hex] || 0) + 1;
            }
            return Object.entries(counts).filter(([, count]) => count > 200).map(([hex]) => hex);
        })"""
    )
    declared = {entry["colour"] for entry in youto["legend"]}
    assert len(declared & set(painted)) >= 8


def test_gsi_tiles_are_asked_only_when_chosen_and_are_named(served: Served, desk: Screen) -> None:
    def tile(route: Route) -> None:
        route.fulfill(body=ONE_PIXEL, content_type="image/png")

    desk.page.route(re.compile("gsi.go.jp"), tile)
    page = opened(desk, served)
    assert not any("gsi.go.jp" in url for url in desk.requests)
    page.locator("#base-gsi").check()
    page.wait_for_timeout(800)
    assert {url.split("/")[2] for url in desk.requests if "gsi.go.jp" in url} == {"cyberjapandata.gsi.go.jp"}
    expect(page.locator(".footer").get_by_role("link", name="地理院タイル")).to_be_visible()


# ------------------------------------------------------------------ finding and reading


def test_a_route_number_is_found_with_the_keyboard(served: Served, desk: Screen) -> None:
    road = collection_of(served, "road")
    feature = ask(served, f"/api/collections/{road['id']}/items?limit=1")["features"][0]
    number = next(field["name"] for field in road["fields"] if field["title"] == "路線番号")
    page = opened(desk, served)
    box = page.get_by_role("combobox")
    box.press_sequentially(feature["properties"][number])
    expect(page.get_by_role("option").first).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "desk-search.png")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "search-option-0")
    box.press("Enter")
    expect(card(page, road["id"])).to_contain_text(feature["properties"][number])
    assert state_of(page, "feature")["feature"].startswith(f"{road['id']}/")
    page.screenshot(path=SCREENSHOTS / "desk-found.png")
    assert desk.errors == []


def test_a_place_name_is_found_and_shown(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    address = collection_of(served, "address")
    feature = ask(served, f"/api/collections/{address['id']}/items?limit=1")["features"][0]
    name = next(value for value in feature["properties"].values() if isinstance(value, str) and len(value) >= 2)
    page.get_by_role("combobox").fill(name)
    page.get_by_role("option").first.click()
    expect(card(page, address["id"])).to_have_attribute("data-state", "found")
    assert float(state_of(page, "z")["z"]) >= 13


def test_finding_nothing_is_said(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    page.get_by_role("combobox").fill("存在しない場所の名前")
    expect(page.locator(".search-message")).to_contain_text("見つかりませんでした")


def test_a_press_reads_every_layer_at_the_point(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#panel-info section[data-state]").first).to_be_visible()
    answer = asked_of_identify(desk, served)
    shown = page.locator("#panel-info section[data-collection]").evaluate_all(
        "all => all.map((each) => each.dataset.collection)"
    )
    assert sorted(shown) == sorted(layer["collection"] for layer in answer["layers"])
    page.screenshot(path=SCREENSHOTS / "desk-info.png")
    assert desk.errors == []


def test_the_panel_says_what_identify_says(served: Served, desk: Screen) -> None:
    answer = a_district(served)
    page = opened(desk, served, f"#point={answer['lon']},{answer['lat']}")
    layer = next(entry for entry in answer["layers"] if entry["title"].startswith("用途地域"))
    text = card(page, layer["collection"]).inner_text()
    year, month, day = (int(part) for part in layer["takesEffect"].split("-"))
    assert "該当あり" in text
    assert f"{year}年{month}月{day}日" in text
    for part in (layer["authority"], layer["legalBasis"], layer["attribution"], f"±{layer['accuracyM']} m"):
        assert part in text
    for item in layer["features"][0]["labelled"]:
        assert item["title"] in text
        if isinstance(item["value"], str) and not re.match(r"\d{4}-", item["value"]):
            assert item["value"] in text


def test_not_affected_is_said_outright(served: Served, desk: Screen) -> None:
    answer = a_place(served, lambda states: states["fire"] == "none")
    page = opened(desk, served, f"#point={answer['lon']},{answer['lat']}")
    states = {layer["collection"]: layer["state"] for layer in asked_of_identify(desk, served)["layers"]}
    assert "none" in states.values()
    for collection_id, state in states.items():
        words = {"found": "該当あり", "none": "該当なし", "nodata": "データ無し"}[state]
        expect(card(page, collection_id).locator(".badge").first).to_have_text(words)


def test_outside_the_town_is_said_outright(served: Served, desk: Screen) -> None:
    west, south, *_ = ask(served, "/api")["service"]["bbox"]
    page = opened(desk, served, f"#point={west - 0.02:.5f},{south - 0.02:.5f}")
    expect(page.locator("#panel-info")).to_contain_text("町域外です")
    assert "該当なし" not in page.locator("#panel-info").inner_text()


# ------------------------------------------------------------------ the link, the day, the files


def test_a_link_brings_the_same_map_back(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    youto, fire = (collection_of(served, role)["id"] for role in ("use_district", "fire"))
    page.locator(f"#layer-{fire}").check()
    page.locator(f'[data-collection="{youto}"] summary').click()
    page.locator(f"#opacity-{youto}").fill("30")
    page.locator("#base-blank").check()
    page.get_by_role("button", name="拡大").click()
    page.wait_for_timeout(800)
    state_of(page, "layers", "opacity", "base", "z")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(f"#layer-{fire}")).to_be_checked()
    expect(page.locator(f"#opacity-{youto}")).to_have_value("30")
    expect(page.locator("#base-blank")).to_be_checked()
    page.wait_for_timeout(800)
    assert page.url == address


def test_a_past_day_shows_the_edition_of_that_day(served: Served, desk: Screen) -> None:
    youto = collection_of(served, "use_district")
    oldest = min(edition["id"] for edition in youto["editions"])
    newest = youto["edition"]["id"]
    assert oldest != newest
    answer = a_district(served)
    page = opened(desk, served, f"#point={answer['lon']},{answer['lat']}&date={oldest[:10]}")
    asked = [url for url in desk.requests if f"/tiles/{youto['id']}@" in url]
    assert asked
    assert all(f"@{oldest}/" in url for url in asked)
    expect(page.locator(".banner.past")).to_be_visible()
    year, month, day = (int(part) for part in oldest[:10].split("-"))
    expect(card(page, youto["id"])).to_contain_text(f"{year}年{month}月{day}日")
    page.locator(".banner.past button").click()
    expect(page.locator(".banner.past")).to_be_hidden()
    assert desk.errors == []


def downloaded(page: Page, collection_id: str) -> bytes:
    """The GeoJSON file that the layer's download button gives."""
    page.locator(f'[data-collection="{collection_id}"] summary').click()
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
    page.locator(f'[data-collection="{youto["id"]}"] summary').click()
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


# ------------------------------------------------------------------ the device


def test_the_own_position_is_shown_with_its_accuracy(served: Served, browser: Browser) -> None:
    west, south, east, north = ask(served, "/api")["service"]["bbox"]
    here: Geolocation = {"longitude": (west + east) / 2, "latitude": (south + north) / 2, "accuracy": 35.0}
    with browser.new_context(locale="ja-JP", permissions=["geolocation"], geolocation=here) as context:
        screen = open_screen(context)
        page = opened(screen, served)
        page.get_by_role("button", name="現在地").click()
        expect(page.locator(".message")).to_contain_text("35 m")
        state = state_of(page, "lon", "lat")
        assert float(state["lon"]) == pytest.approx(here["longitude"], abs=1e-4)
        assert float(state["lat"]) == pytest.approx(here["latitude"], abs=1e-4)


def test_a_refused_position_is_explained(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    page.get_by_role("button", name="現在地").click()
    expect(page.locator(".message")).to_contain_text("許可")


def test_the_keyboard_alone_reads_a_place(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "地図へ移動":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#map")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-info")).to_be_focused()
    expect(page.locator("#panel-info section[data-state]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#map")).to_be_focused()
    assert "point=" not in page.url


# ------------------------------------------------------------------ for everybody

SMALL_TEXT = """() => [...document.querySelectorAll('body *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) &&
    element.getClientRects().length && parseFloat(getComputedStyle(element).fontSize) < 16
).map((element) => element.outerHTML.slice(0, 120))"""

SMALL_TARGETS = """() => [...document.querySelectorAll('button, a, input, summary')].filter((element) => {
    if (!element.getClientRects().length || element.closest('.skip, .footer-text p')) return false;
    const target = element.closest('label') ?? element;
    const { width, height } = target.getBoundingClientRect();
    return width < 44 || height < 44;
}).map((element) => element.outerHTML.slice(0, 120))"""

CUT = """() => [...document.querySelectorAll('body *')].filter((element) =>
    element.getClientRects().length && !element.closest('.visually-hidden, .search-label, .share, .map-zoom, #map') &&
    (element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().left < -1)
).map((element) => element.outerHTML.slice(0, 120))"""


def check_screen(page: Page) -> None:
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(CUT) == []


def test_a_phone_shows_everything_in_reach_of_a_finger(served: Served, phone: Screen) -> None:
    page = opened(phone, served)
    page.screenshot(path=SCREENSHOTS / "phone-start.png")
    check_screen(page)
    page.locator("#tab-layers").tap()
    page.locator("#panel-layers summary").first.tap()
    page.screenshot(path=SCREENSHOTS / "phone-layers.png")
    check_screen(page)
    page.locator("#tab-layers").tap()
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    expect(page.locator("#panel-info section[data-state]").first).to_be_visible()
    page.wait_for_timeout(600)
    page.screenshot(path=SCREENSHOTS / "phone-info.png")
    check_screen(page)
    assert phone.errors == []


def test_on_a_phone_the_disclaimer_is_folded_but_never_gone(served: Served, phone: Screen) -> None:
    answer = a_district(served)
    page = opened(phone, served, f"#point={answer['lon']},{answer['lat']}")
    expect(page.locator(".footer-short")).to_be_in_viewport()
    page.locator(".footer-toggle").tap()
    expect(page.locator(".footer-text")).to_contain_text(ask(served, "/api")["service"]["terms"])
    expect(page.locator(".footer-disclaimer")).to_be_in_viewport()
    page.screenshot(path=SCREENSHOTS / "phone-footer.png")


def test_on_a_desk_disclaimer_and_licence_stand_open_and_the_rest_is_one_press_away(
    served: Served, desk: Screen
) -> None:
    page = opened(desk, served)
    service = ask(served, "/api")["service"]
    footer = page.locator(".footer")
    for text in (service["disclaimer"], collection_of(served, "use_district")["licence"]):
        expect(footer.get_by_text(text).first).to_be_in_viewport()
    closed = footer.bounding_box()
    assert closed is not None and closed["height"] <= 72
    footer.get_by_role("button", name="出典・利用条件").click()
    for text in (service["disclaimer"], service["terms"], service["attribution"]):
        expect(footer.get_by_text(text).first).to_be_in_viewport()
    check_screen(page)


NEARLY_THE_FILL = """() => [...document.querySelectorAll('#map canvas')].flatMap((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
        const key = [data[at], data[at + 1], data[at + 2], data[at + 3]].join();
        counts.set(key, (counts.get(key) || 0) + 1);
    }
    const [[fill]] = [...counts].sort((a, b) => b[1] - a[1]);
    const far = (key) => Math.max(...key.split(',').map((value, n) => Math.abs(value - fill.split(',')[n])));
    return [...counts].filter(([key, count]) => key !== fill && count > 200 && far(key) < 40);
})"""


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_no_hairline_runs_along_the_edges_of_tiles(served: Served, browser: Browser, scale: float) -> None:
    """A translucent area has one colour; where tiles do not meet exactly a row of pixels is lighter or darker."""
    youto = collection_of(served, "use_district")
    plain = [entry["code"] for entry in youto["legend"] if entry["pattern"] == "none"]
    features = ask(served, f"/api/collections/{youto['id']}/items?limit=1000")["features"]
    shapes = [shape(one["geometry"]) for one in features if one["properties"]["youto"] in plain]
    middle = max(shapes, key=lambda each: each.area).representative_point()
    with browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="ja-JP", device_scale_factor=scale
    ) as context:
        screen = open_screen(context)
        state = f"#lon={middle.x:.5f}&lat={middle.y:.5f}&z=17.3&layers={youto['id']}&base=blank"
        page = opened(screen, served, state)
        page.wait_for_timeout(500)
        assert page.evaluate(NEARLY_THE_FILL) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(served: Served, browser: Browser, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("skipped: axe-core is not installed (npm ci in web_viewer)")
    answer = a_district(served)
    with browser.new_context(viewport={"width": width, "height": 800}, locale="ja-JP") as context:
        screen = open_screen(context)
        for state in ("", f"#point={answer['lon']},{answer['lat']}"):
            page = opened(screen, served, state)
            if state == "" and width == 1280:
                page.locator("#panel-layers summary").first.click()
            page.evaluate(AXE.read_text(encoding="utf-8"))
            result = page.evaluate("async () => (await axe.run()).violations")
            assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in result] == []
            page.goto("about:blank")
