"""The frame of a page, and what is filled into it."""

from __future__ import annotations

import pytest

from wengert.show.document import asset, document, filled


def test_a_title_is_text_and_no_part_is_filled_twice():
    found = document("<script>{{body}}</script>", "p { color: red; }", "<p>{{title}} {{unknown}}</p>", 'a"b')
    assert "<title>&lt;script&gt;{{body}}&lt;/script&gt;</title>" in found
    assert '<body class="a&quot;b">\n<p>{{title}} {{unknown}}</p>\n</body>' in found
    assert "<body>" in document("", "", "")


def test_a_template_says_what_it_needs():
    assert filled("{{a}}-{{b}}{{a}}", {"a": "{{b}}", "b": "}}"}) == "{{b}}-}}{{b}}"
    assert filled("none", {}) == "none"
    with pytest.raises(KeyError):
        filled("{{a}}", {})


def test_assets_are_those_of_the_package():
    assert asset("wengert.show.player", "player.js").lstrip().startswith('"use strict";')
