"""The map in a real browser over the published sample: what a visitor does, and what must never happen."""

from __future__ import annotations

import math
import re
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Geolocation, Route, expect
from shapely.geometry import shape

from tests.e2e.conftest import SCREENSHOTS, Screen, Served, open_screen
from tests.e2e.steps import a_district, a_place, ask, asked_of_identify, card, collection_of, opened, state_of

pytestmark = pytest.mark.browser

ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


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


def test_a_whole_visit_asks_no_other_host(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    page.locator("#search").fill("0101")
    page.locator("#search-list li").first.click()
    expect(page.locator("#panel-info section[data-state]").first).to_be_visible()
    page.get_by_role("tab", name="図面をえらぶ").click()
    for box in page.locator('#panel-layers input[type="checkbox"]:not(:checked)').all():
        if box.is_visible():
            box.check()
    page.locator("#base-blank").check()
    page.get_by_role("button", name="拡大").click()
    page.locator(".layer-details > summary").first.click()
    with page.expect_download():
        page.locator("a.download").first.click()
    page.wait_for_load_state("networkidle")
    hosts = {url.split("/")[2] for url in desk.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {served.url.removeprefix("http://")}
    # And could not: the page's own policy names one other host, for pictures.
    with urlopen(served.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert re.findall(r"https?://\S+?(?=[;\s])", policy) == ["https://cyberjapandata.gsi.go.jp"]
    assert desk.errors == []


# ------------------------------------------------------------------ finding and reading


def test_a_route_number_is_found_with_the_keyboard(served: Served, desk: Screen) -> None:
    road = collection_of(served, "road")
    feature = ask(served, f"/api/collections/{road['id']}/items?limit=1")["features"][0]
    number = next(field["name"] for field in road["fields"] if field["title"] == "路線番号")
    page = opened(desk, served)
    box = page.locator("#search")
    box.press_sequentially(feature["properties"][number])
    expect(page.locator("#search-list li").first).to_be_visible()
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
    page.locator("#search").fill(name)
    page.locator("#search-list li").first.click()
    expect(card(page, address["id"])).to_have_attribute("data-state", "found")
    assert float(state_of(page, "z")["z"]) >= 13


@pytest.mark.parametrize(
    ("query", "role", "found"),
    [
        ("大字見本", "address", "大字見本"),
        ("前田250番地", "address", "前田250"),
        ("見本 中ヶ谷", "address", "大字見本字中ヶ谷"),
        ("0101", "road", "0101"),
        ("101", "road", "0101"),
        ("本町通り線", "road", "本町通り線"),
        ("09KC974", "sheets", "09KC974"),
    ],
)
def test_places_roads_and_sheets_are_found_by_name_and_number(
    served: Served, desk: Screen, query: str, role: str, found: str
) -> None:
    """大字, 番地, 路線番号, 路線名, 図郭番号: the first suggestion is it, and choosing it shows its attributes."""
    page = opened(desk, served)
    page.locator("#search").fill(query)
    option = page.locator("#search-list li").first
    expect(option).to_contain_text(found)
    text = option.locator("span").inner_text()
    option.click()
    collection = collection_of(served, role)["id"]
    expect(card(page, collection)).to_have_attribute("data-state", "found")
    assert state_of(page, "feature", "point")["feature"].startswith(f"{collection}/")
    expect(page.locator("#search")).to_have_value(text)
    assert desk.errors == []


def test_finding_nothing_is_said(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    page.locator("#search").fill("存在しない場所の名前")
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


# ------------------------------------------------------------------ the link, the day


def test_a_link_brings_the_same_map_back(served: Served, desk: Screen) -> None:
    page = opened(desk, served)
    youto, fire = (collection_of(served, role)["id"] for role in ("use_district", "fire"))
    page.locator(f"#layer-{fire}").check()
    page.locator(f'[data-collection="{youto}"] .layer-details > summary').click()
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


# ------------------------------------------------------------------ the device


CIRCLE = """() => Math.max(...[...document.querySelectorAll('#map canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let [west, east] = [Infinity, -Infinity];
    for (let at = 0; at < data.length; at += 4) {
        if (data[at] !== 38 || data[at + 1] !== 74 || data[at + 2] !== 244 || data[at + 3] < 200) continue;
        const col = (at / 4) % canvas.width;
        [west, east] = [Math.min(west, col), Math.max(east, col)];
    }
    return east - west;
}))"""


def test_the_own_position_is_shown_with_its_accuracy(served: Served, browser: Browser) -> None:
    west, south, east, north = ask(served, "/api")["service"]["bbox"]
    here: Geolocation = {"longitude": (west + east) / 2, "latitude": (south + north) / 2, "accuracy": 35.0}
    with browser.new_context(locale="ja-JP", permissions=["geolocation"], geolocation=here) as context:
        screen = open_screen(context)
        page = opened(screen, served)
        page.get_by_role("button", name="現在地").click()
        expect(page.locator(".message")).to_contain_text("35 m")
        page.wait_for_timeout(900)
        # The circle of 35 m is drawn: as many pixels of its edge left, right, above and below as far as it reaches.
        across = page.evaluate(CIRCLE)
        state = state_of(page, "z")
        metres_a_pixel = 156543.034 / 2 ** float(state["z"]) * math.cos(math.radians(here["latitude"]))
        assert across * metres_a_pixel == pytest.approx(70, rel=0.1)
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
    expect(page).not_to_have_url(re.compile("point="))
