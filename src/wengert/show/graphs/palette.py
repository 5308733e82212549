"""The colours of a picture, light and dark, and its style sheet.

Every text has a contrast of at least 4.5 to what it stands on, every border of a node one of at least 3 (WCAG 2.2, AA).
Colour is never all that tells two things apart: kinds of nodes have shapes of their own.
"""

from __future__ import annotations

from wengert.show.graphs.layout import SIZES
from wengert.show.graphs.lettering import FONTS

__all__ = ["DARK", "LIGHT", "plain_style", "style_sheet"]

#: Of paper and ink, edges, and for each kind of node what it is filled with and its border.
LIGHT = {
    "paper": "#ffffff", "ink": "#1c2128", "muted": "#57606a", "edge": "#6b7580", "label": "#6a3d9a",
    "value": "#0b5cad", "adjoint": "#a83a00",
    "input-fill": "#e6f1fb", "input-line": "#2469a8",
    "constant-fill": "#f6f2e6", "constant-line": "#84703a",
    "operation-fill": "#f8f9fb", "operation-line": "#6b7580",
    "output-fill": "#e7f5ec", "output-line": "#1f7a45",
    "box-fill": "#f3f0f8", "box-line": "#77689b",
    "frame-fill": "#fbfafd",
}  # fmt: skip

DARK = {
    "paper": "#15191f", "ink": "#e8ebef", "muted": "#a3adb8", "edge": "#8a95a1", "label": "#c9a6f0",
    "value": "#7cbcff", "adjoint": "#ffa06b",
    "input-fill": "#17293b", "input-line": "#5fa3dc",
    "constant-fill": "#2b281c", "constant-line": "#b39e62",
    "operation-fill": "#1f252d", "operation-line": "#8a95a1",
    "output-fill": "#16301f", "output-line": "#54b27d",
    "box-fill": "#272333", "box-line": "#9c8cc4",
    "frame-fill": "#1a1d26",
}  # fmt: skip

_RULES = """\
.wengert-graph { background: var(--wg-paper); }
.wengert-graph .paper { fill: var(--wg-paper); }
.wengert-graph text { font-family: FONTS; fill: var(--wg-ink); text-anchor: middle; white-space: pre;
  text-rendering: geometricPrecision; }
SIZES
.wengert-graph .low { letter-spacing: -0.16em; }
.wengert-graph .title { font-weight: bold; }
.wengert-graph .type, .wengert-graph .count { fill: var(--wg-muted); }
.wengert-graph .value { fill: var(--wg-value); }
.wengert-graph .adjoint { fill: var(--wg-adjoint); }
.wengert-graph .label { fill: var(--wg-label); }
.wengert-graph .name { fill: var(--wg-muted); font-style: italic; }
.wengert-graph .open > text { text-anchor: start; }
.wengert-graph .shape { stroke-width: 1.3; stroke-linejoin: round; }
.wengert-graph .rim { fill: none; stroke-width: 1.3; }
.wengert-graph .input .shape { fill: var(--wg-input-fill); stroke: var(--wg-input-line); }
.wengert-graph .constant .shape { fill: var(--wg-constant-fill); stroke: var(--wg-constant-line); }
.wengert-graph .constant .rim { stroke: var(--wg-constant-line); }
.wengert-graph .operation .shape { fill: var(--wg-operation-fill); stroke: var(--wg-operation-line); }
.wengert-graph .output .shape { fill: var(--wg-output-fill); stroke: var(--wg-output-line); }
.wengert-graph .output .rim { stroke: var(--wg-output-line); }
.wengert-graph .box .shape { fill: var(--wg-box-fill); stroke: var(--wg-box-line); }
.wengert-graph .box.open .shape { fill: var(--wg-frame-fill); stroke-dasharray: 6 3; }
.wengert-graph .edge .line { fill: none; stroke: var(--wg-edge); stroke-width: 1.3; }
.wengert-graph .edge .head { fill: var(--wg-edge); stroke: none; }"""


def _rules() -> str:
    sizes = [f".wengert-graph .{kind} {{ font-size: {size:g}px; }}" for kind, size in SIZES.items()]
    sizes.append(f".wengert-graph .name {{ font-size: {SIZES['label']:g}px; }}")
    return _RULES.replace("FONTS", FONTS).replace("SIZES", "\n".join(sizes))


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--wg-{name}: {colour};" for name, colour in colours.items())


def style_sheet() -> str:
    """The style of a picture, whose colours are variables that a page may set anew."""
    return (
        f".wengert-graph {{ {_variables(LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ .wengert-graph {{ {_variables(DARK)} }} }}\n{_rules()}"
    )


def plain_style(colours: dict[str, str]) -> str:
    """The style with colours in the place of variables, for what knows no variables."""
    rules = _rules()
    for name, colour in colours.items():
        rules = rules.replace(f"var(--wg-{name})", colour)
    return rules
