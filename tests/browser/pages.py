"""Pages opened in a browser for a test, each watched for errors in its console and for requests that leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenPage = Callable[..., "Page"]


def watched_pages(browser: Browser, folder: Path) -> Iterator[OpenPage]:
    """Give a function that opens a document or an address; then close what was opened, and report all faults."""
    faults: list[str] = []
    pages: list[Page] = []

    def open_page(shown: str, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        if shown.lstrip().startswith("<"):
            file = folder / f"page{len(pages)}.html"
            file.write_text(shown, encoding="utf-8")
            shown = file.as_uri()
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", device_scale_factor=1
        )
        pages.append(page)
        page.set_default_timeout(20_000)
        page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda r: None if _stays(r.url, shown) else faults.append(f"request: {r.url}"))
        page.goto(shown)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not faults, "\n".join(faults)


def _stays(url: str, shown: str) -> bool:
    """Whether a request is for the page itself: its own file, its own server, or data that it holds."""
    asked, own = urlsplit(url), urlsplit(shown)
    if asked.scheme in ("data", "blob", "about"):
        return True
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc) and (own.scheme != "file" or asked.path == own.path)
