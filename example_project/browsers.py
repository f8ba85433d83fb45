"""How this suite opens a browser on LambdaTest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from selenium import webdriver

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

HUB = "https://hub.lambdatest.com/wd/hub"


def open_browser(name: str, *, bidi: bool = False) -> WebDriver:
    options = webdriver.ChromeOptions()
    if bidi:
        options.enable_bidi = True
    options.platform_name = "Windows 11"
    options.browser_version = "latest"
    options.set_capability(
        "LT:Options",
        {
            "username": os.environ["LT_USERNAME"],
            "accessKey": os.environ["LT_ACCESS_KEY"],
            "build": "Teapot shop",
            "name": name,
            "video": True,
            "console": True,
        },
    )
    return webdriver.Remote(os.environ.get("LT_HUB", HUB), options=options)
