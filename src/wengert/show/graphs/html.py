"""Graphs as HTML: the levels of a folded graph, each a picture, entered by a click on its box.

Without scripts the levels are nested disclosures (``<details>``). Of many levels only the outermost ones are; the
others are data from which the script makes their elements, a fifth as large. Every text is escaped; nothing comes from
elsewhere.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain, islice
from secrets import token_hex
from zlib import compress

from wengert.show.document import asset, document
from wengert.show.graphs.drawing import Element, drawn_elements, elements, style_sheet
from wengert.show.graphs.layout import Direction
from wengert.show.graphs.model import Graph, Node
from wengert.show.graphs.sharing import layouts

__all__ = ["fragment", "page"]

_MOST_PLAIN = 60  # levels that are all written as elements of the page; a notebook may run no scripts
_PLAIN_OF_MANY = 4  # the others are packed


def page(graph: Graph, *, direction: Direction = "down") -> str:
    """Write a complete document."""
    body = _body(graph, direction, "w", has_address=True)
    title = graph.title or "Computational graph"
    main = f"<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n<script>{_asset('picture.js')}</script>"
    return document(title, _style(), main, "wengert-picture-page")


def fragment(graph: Graph, *, direction: Direction = "down", hint: str = "") -> str:
    """Write an element that can stand in another document, a notebook for instance, with a sentence below it.

    It may be there many times.
    """
    name = f"w{token_hex(4)}"  # no two pictures of one document may have the same ids
    body = _body(graph, direction, name, has_address=False)
    script = f"<script>{_asset('picture.js')}</script>" if _has_levels(graph) else ""
    below = f'<p class="hint">{escape(hint)}</p>' if hint else ""
    return f'<div class="wengert-picture-part">\n<style>{_style()}</style>\n{body}\n{below}{script}\n</div>'


def _has_levels(graph: Graph) -> bool:
    return any(True for _ in _boxes(graph))


def _boxes(graph: Graph) -> Iterator[Node]:
    """The closed boxes of a picture, also those in open ones."""
    for node in graph.nodes:
        if node.inside is not None:
            if node.is_open:
                yield from _boxes(node.inside)
            else:
                yield node


@dataclass(frozen=True, slots=True)
class _Level:
    """The picture of the whole, or of a box in the level `around`."""

    key: str
    around: str
    title: str
    graph: Graph
    box: Node | None = None


def _levels(graph: Graph, title: str) -> list[_Level]:
    """All levels of a picture, the outer ones first."""
    found = [_Level("", "", title, graph)]
    for level in found:  # which grows here
        found += [
            _Level(box.key, level.key, box.title or box.key, box.inside, box)
            for box in _boxes(level.graph)
            if box.inside is not None
        ]
    return found


def _body(graph: Graph, direction: Direction, name: str, *, has_address: bool) -> str:
    title = graph.title or "Computational graph"
    levels = _levels(graph, title)
    places = layouts([level.graph for level in levels], direction)
    pictures = (
        elements(level.graph, layout, f"{name}-{number}-")
        for number, (level, layout) in enumerate(zip(levels, places, strict=True))
    )
    plain = len(levels) if len(levels) <= _MOST_PLAIN else _PLAIN_OF_MANY
    address = ' data-address="yes"' if has_address else ""
    return "\n".join(
        [
            f'<div class="wengert-picture" id="{name}"{address}>',
            '<div class="stage" hidden></div>',
            '<div class="levels">',
            *_disclosures(levels[:plain], list(islice(pictures, plain)), has_more=len(levels) > plain),
            "</div>",
            *([_packed(levels[plain:], pictures)] if len(levels) > plain else []),
            "</div>",
        ]
    )


def _disclosures(levels: Sequence[_Level], pictures: Sequence[Element], *, has_more: bool) -> Iterator[str]:
    """Each picture and, below it, those of its boxes, as far as they are given: `has_more` says that some are not."""
    inner: dict[str, list[int]] = defaultdict(list)
    for number, level in enumerate(levels):
        if level.box is not None:
            inner[level.around].append(number)

    def disclosed(number: int) -> Iterator[str]:  # boxes are no deeper in each other than their number has digits
        level = levels[number]
        yield f'<section class="level" data-level="{escape(level.key)}" data-title="{escape(level.title)}">'
        yield f"<figure>{drawn_elements(pictures[number])}</figure>"
        for k in inner[level.key]:
            yield f"<details><summary>{escape(_summary(levels[k].box))}</summary>"
            yield from disclosed(k)
            yield "</details>"
        if has_more and len(inner[level.key]) < sum(1 for _ in _boxes(level.graph)):
            yield '<p class="hint">Boxes that are not listed here are opened by the script of this page.</p>'
        yield "</section>"

    return disclosed(0)


def _summary(box: Node | None) -> str:
    parts = [box.title, box.formula, f"{box.count:,} statements" * (box.count > 1)] if box is not None else []
    return " · ".join(filter(None, parts))


def _packed(levels: Sequence[_Level], pictures: Iterable[Element]) -> str:
    """Levels for the script: a line that says which they are, and one for each picture; deflated, in base 64."""
    lines = chain([[(level.key, level.around, level.title) for level in levels]], pictures)
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=list) for line in lines)
    data = b64encode(compress(text.encode())).decode()
    return f'<script type="application/json" class="more">"{data}"</script>'


def _style() -> str:
    return style_sheet() + _asset("picture.css")


def _asset(name: str) -> str:
    return asset("wengert.show.graphs", name)
