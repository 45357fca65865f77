"""What every walk through the viewer does: ask the server, open the page, read the address and the panel."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Screen, Served


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
