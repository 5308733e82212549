"""HTML documents that need nothing from elsewhere: the frame of a page, and the files that are put into it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files

__all__ = ["asset", "document", "filled"]

_DOCUMENT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
{{style}}
</style>
</head>
<body{{kind}}>
{{body}}
</body>
</html>"""


def document(title: str, style: str, body: str, kind: str = "") -> str:
    """Write a complete document.

    Parameters
    ----------
    title : str
        As plain text.
    style, body : str
        A style sheet, and HTML whose texts are escaped.
    kind : str
        Class of the body, for the style sheet.
    """
    mark = f' class="{escape(kind)}"' if kind else ""
    return filled(_DOCUMENT, {"title": escape(title), "style": style, "kind": mark, "body": body})


def filled(template: str, texts: Mapping[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, in one pass: what a text says is not looked at again."""
    before, *parts = template.split("{{")
    named = (part.split("}}", 1) for part in parts)
    return before + "".join(texts[name] + after for name, after in named)


@cache
def asset(package: str, name: str) -> str:
    """Read a text file that stands beside the modules of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")
