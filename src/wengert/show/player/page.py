"""The player in one document: markup, style, script and data, and nothing from elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from wengert.show.document import asset, document, filled
from wengert.show.graphs.drawing import style_sheet
from wengert.show.notation import plural
from wengert.show.player.listing import listing_of
from wengert.show.player.picture import picture_of
from wengert.show.player.steps import Pass, Play, Row, Step, play_of
from wengert.show.player.wording import brief

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wengert.show.explanation import Explanation

__all__ = ["Assets", "assets", "player_fragment", "player_page"]

_START = 'document.querySelectorAll(".wengert-player").forEach((root) => wengertPlayer(root, document));'


@dataclass(frozen=True, slots=True)
class Assets:
    """What a page with players holds once: the text of its style and of its script."""

    style: str
    script: str


@cache
def assets() -> Assets:
    """Read style and script, which belong into the page once, for any number of players.

    The style is that of the graph and of the player. The script defines ``wengertPlayer(root, keyboard)``, to be called
    for each fragment: `root` is its element, `keyboard` the element that listens to keys (the document, or `root`). It
    returns an object whose ``stop()`` ends a play, for a fragment that is taken away.
    """
    return Assets(style_sheet() + "\n" + _asset("player.css"), _asset("player.js"))


def player_page(explanation: Explanation) -> str:
    """Write the complete document of the player.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    str
        HTML that needs nothing else, neither file nor network.
    """
    found = assets()
    body = f"{player_fragment(explanation)}\n<script>\n{found.script}\n{_START}\n</script>"
    return document(explanation.title, found.style, body, "wengert-player-page")


def player_fragment(
    explanation: Explanation, *, program: str | None = None, prefix: str = "player", level: int = 1
) -> str:
    """Write the player as an element to stand in a page that holds `assets`.

    Parameters
    ----------
    explanation : Explanation
    program : str, optional
        The text of a program that was typed, to be shown as its source; statements know their line in it.
    prefix : str
        Of all identifiers: another one for each fragment of a page.
    level : int
        Of its heading: 1 to 6.

    Returns
    -------
    str
        One ``<section class="wengert-player">``, its data in it.
    """
    play = play_of(explanation)
    picture = picture_of(
        explanation.tape, explanation.outputs, play, digits=explanation.digits, prefix=f"{prefix}-graph-"
    )  # fmt: skip
    listing = listing_of(explanation.tape, play.rows, explanation.outputs, program)
    data = {
        "rows": [
            _row(row, line, explanation, picture.node_of) for row, line in zip(play.rows, listing.of_row, strict=True)
        ],
        "primal": _pass(play.primal, picture.node_of),
        "modes": [
            {
                "name": mode.name,
                "heading": mode.heading,
                "about": mode.about,
                "goal": mode.goal,
                "count": mode.count,
                "passes": [_pass(each, picture.node_of) for each in mode.passes],
            }
            for mode in play.modes
        ],
        "texts": picture.texts_of,
        "briefs": _briefs(play),
        "partials": [[edge.source, edge.target, edge.operand, edge.label] for edge in picture.partials],
        "listing": {"title": listing.title, "lines": [[line.number, line.text] for line in listing.lines]},
    }
    parts = {
        "prefix": escape(prefix),
        "level": str(level),
        "title": escape(explanation.title),
        "notes": "".join(f"<p>{escape(note)}</p>" for note in _notes(play)),
        "picture": picture.svg,
        "data": _json(data),
    }
    return filled(_asset("player.html"), parts)


def _notes(play: Play) -> list[str]:
    """What is not shown."""
    notes = []
    if play.left_out:
        notes.append(f"The program is long: {plural(play.left_out, 'step')} in its middle are computed, not shown.")
    for mode in play.modes:
        if len(mode.passes) < mode.needed:
            shown = plural(len(mode.passes), "pass")
            notes.append(f"{mode.name.capitalize()} mode needs {mode.needed:,} passes; {shown} are shown.")
    return notes


def _row(row: Row, line: int, explanation: Explanation, node_of: Mapping[str, str]) -> dict[str, Any]:
    names: list[str] = []
    if row.kind == "input":
        names = [row.step.name]
    elif row.kind == "statement":
        names = [target.name for target in row.step.targets]
    elif row.kind == "output":
        names = [explanation.outputs[row.step]]
    nodes = list(dict.fromkeys(node_of[name] for name in names if name in node_of))
    return {"kind": row.kind, "primal": row.primal, "line": line, "nodes": nodes}


def _pass(each: Pass, node_of: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": each.title,
        "results": each.results,
        "equations": each.equations,
        "steps": [_step(step, node_of) for step in each.steps],
    }


def _briefs(play: Play) -> dict[str, str]:
    """The values of the table that are shortened in their cells, and to what."""
    passes = [each for mode in play.modes for each in mode.passes]
    values = {row.primal[2] for row in play.rows}
    values |= {value for each in passes for lines in each.equations.values() for _, _, value in lines}
    return {value: brief(value) for value in sorted(values) if brief(value) != value}


def _step(step: Step, node_of: Mapping[str, str]) -> dict[str, Any]:
    """A step with the nodes of the picture for the edges between its variables."""
    return {
        "row": step.row,
        "words": step.words,
        "said": step.said,
        "shown": step.shown,
        "texts": step.texts,
        "flows": [
            {**asdict(flow), "source": node_of[flow.source], "target": node_of[flow.target]}
            for flow in step.flows
            if flow.source in node_of and flow.target in node_of
        ],
    }


def _json(data: Any) -> str:
    """JSON that can stand in a script element: no sign in it is HTML's."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _asset(name: str) -> str:
    return asset("wengert.show.player", name)
