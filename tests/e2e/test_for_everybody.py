"""Every screen at 360 and 1280 pixels: in reach of a finger, large enough to read, without a fault that axe finds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.e2e.conftest import SCREENSHOTS, Screen, Served, open_screen
from tests.e2e.steps import a_district, ask, collection_of, opened

pytestmark = pytest.mark.browser

AXE = ROOT / "web_viewer" / "node_modules" / "axe-core" / "axe.min.js"

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


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(served: Served, browser: Browser, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("skipped: axe-core is not installed (npm ci in web_viewer)")
    answer = a_district(served)
    with browser.new_context(viewport={"width": width, "height": 800}, locale="ja-JP") as context:
        screen = open_screen(context)
        for state in ("", f"#point={answer['lon']},{answer['lat']}", "#base=gsi&date=2019-04-01"):
            page = opened(screen, served, state)
            if width < 768 and "point" not in state:
                page.locator("#tab-layers").click()
            if "point" not in state:
                page.locator("#panel-layers .layer-details > summary").first.click()
                page.locator("#panel-layers .export > summary").first.click()
                page.locator("#panel-layers .export-form select").first.select_option("route")
                page.locator(".footer-toggle").click()
            page.evaluate(AXE.read_text(encoding="utf-8"))
            result = page.evaluate("async () => (await axe.run()).violations")
            assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in result] == []
            check_screen(page)
            page.goto("about:blank")


def test_the_keyboard_goes_through_the_page_in_the_order_of_the_eye(served: Served, desk: Screen) -> None:
    """Skip links, header, chosen tab, layers, map, its buttons, footer: each stop named, none twice, no trap."""
    page = opened(desk, served)
    assert page.locator("html").get_attribute("lang") == "ja"
    stops: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            break
        stops.append(stop)
    assert all(stops)
    landmarks = ["nav", "header", "tabs", "layers", "map", "controls", "footer"]
    parts = [part for part, _, _ in (stop.partition("|") for stop in stops)]
    assert list(dict.fromkeys(parts)) == landmarks
    assert parts == sorted(parts, key=landmarks.index)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_without_a_script_are_for_everybody_too(served: Served, browser: Browser, width: int) -> None:
    """Nothing that axe finds, nothing wider than the screen, no text below 16 px, nothing from another host."""
    if not AXE.is_file():
        pytest.skip("skipped: axe-core is not installed (npm ci in web_viewer)")
    youto = f"/api/collections/{collection_of(served, 'use_district')['id']}"
    item = ask(served, f"{youto}/items?limit=1")["features"][0]["id"]
    pages = ["/list", "/api?f=html", "/api/collections?f=html", "/api/changes?f=html", "/api/docs"]
    pages += [f"{youto}{each}?f=html" for each in ("", "/items", f"/items/{item}", "/changes", "/queryables")]
    with browser.new_context(viewport={"width": width, "height": 800}, locale="ja-JP") as context:
        screen = open_screen(context)
        for address in pages:
            page = screen.page
            page.goto(served.url + address)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            result = page.evaluate("async () => (await axe.run()).violations")
            assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in result] == [], address
            assert page.evaluate(SMALL_TEXT) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert all(url.startswith((served.url, "data:")) for url in screen.requests)
        assert screen.errors == []


STOP = """() => {
    const at = document.activeElement;
    if (at === document.body) return null;
    const name = at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent;
    const places = { '.skip': 'nav', '.header': 'header', '.tabs': 'tabs', '.side': 'layers',
                     '.map-controls': 'controls', '#map': 'map', '.footer': 'footer' };
    const part = Object.entries(places).find(([selector]) => at.closest(selector));
    return part && name?.trim() ? part[1] + '|' + name.trim() : '';
}"""
