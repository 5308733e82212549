"""The fixture of the browser itself must see a page that misbehaves."""

from __future__ import annotations

import pytest

from browser.pages import watched_pages


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<script>console.error('lost')</script>", "console: lost"),
        ("<script>undefinedName()</script>", "error: undefinedName is not defined"),
        ("<img src='http://127.0.0.1:9/picture.png'>", "request: http://127.0.0.1:9/picture.png"),
        ("<img src='file:///etc/hostname'>", "request: file:///etc/hostname"),
    ],
)
def test_a_page_that_fails_or_asks_for_something_elsewhere_is_noticed(browser, tmp_path, body, fault):
    watch = watched_pages(browser, tmp_path)
    page = next(watch)(f"<!DOCTYPE html><title>t</title>{body}")
    page.wait_for_timeout(100)
    with pytest.raises(AssertionError, match=fault):
        next(watch)


def test_a_quiet_page_passes_and_is_read(open_page):
    page = open_page("<!DOCTYPE html><title>t</title><p>5.5</p>", width=375)
    assert page.inner_text("p") == "5.5"
    assert page.evaluate("innerWidth") == 375
