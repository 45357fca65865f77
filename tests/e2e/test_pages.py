"""The pages that are made for people, in a browser that keeps their content security policy."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Screen, Served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/api/collections/youto?f=html", "/api/collections?f=html", "/styles/youto.html"])
def test_the_pages_keep_the_content_security_policy(served: Served, desk: Screen, path: str) -> None:
    desk.page.goto(served.url + path)
    desk.page.wait_for_load_state("networkidle")
    assert desk.errors == []
    assert all(address.startswith(served.url) for address in desk.requests)
