"""A browser for the tests of the pages, and what every page is held to: no error in its console, no request away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.pages import OpenPage, watched_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("WENGERT_BROWSER") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium or Chrome was found; install one, or name its program in WENGERT_BROWSER")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is missing")
    with sync_api.sync_playwright() as playwright:
        # Root has no sandbox of Chromium's; what is opened is our own page.
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Open a document or an address: ``open_page(html_or_url, width=1280, height=800, dark=False)``.

    At its end a test fails if any of its pages had an error in the console or asked for anything outside.
    """
    yield from watched_pages(browser, tmp_path)
