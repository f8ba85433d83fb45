"""A browser by Playwright: its session is reported as those of Selenium are. Skipped where Playwright is missing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from shop import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

CLOUD = "wss://cdp.lambdatest.com/playwright?capabilities="


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    playwright_api = pytest.importorskip("playwright.sync_api", reason="for .[example-playwright]")
    cloud = os.environ.get("LT_PLAYWRIGHT", CLOUD)
    if not cloud:
        pytest.skip("the simulated browser does not speak Playwright")
    account = {"user": os.environ["LT_USERNAME"], "accessKey": os.environ["LT_ACCESS_KEY"]}
    options = {**account, "build": "Teapot shop", "name": request.node.name, "video": True}
    capabilities = {"browserName": "Chrome", "browserVersion": "latest", "LT:Options": options}
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.connect(cloud + quote(json.dumps(capabilities)))
        yield browser.new_page()
        browser.close()


def test_it_is_delivered_in_three_days(page: Page) -> None:
    page.goto(ADDRESS)
    page.get_by_label("Your name").fill("Mary Somerville")
    assert page.locator("#delivery").inner_text() == "Delivered in three days."
