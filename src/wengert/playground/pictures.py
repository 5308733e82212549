"""Pictures of a function as SVG without any style of its own: colours and fonts are those of the page, light or dark.

Matplotlib writes styles into its SVG, which the page does not allow, and colours that are made for white paper. Both
become attributes, the colours as variables of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from wengert.playground.worker import Answer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curve_picture", "error_picture", "graph_picture", "themed"]

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_AS_TEXT: Any = {"svg.fonttype": "none", "svg.hashsalt": "wengert", "path.simplify": True}
_HALF_WIDTH = 2.0  # of the interval that is plotted by default, at numbers up to 2; from larger ones it reaches to 0
_NARROW = 4.3  # inches, for a phone


def graph_picture(f: Callable[..., Any], values: Sequence[Any], title: str) -> Answer:
    """Draw the computational graph: ``svg`` for the page, ``file`` to be saved."""
    from wengert.show.graphs import graph
    from wengert.show.graphs.drawing import svg

    picture = graph(f, *values)
    model = replace(picture.graph, title=title)
    return {"svg": svg(model, style=False, prefix="graph-"), "file": svg(model, prefix="graph-")}


def curve_picture(
    f: Callable[..., Any],
    values: Sequence[Any],
    along: str,
    interval: tuple[float, float] | None,
    here: float,
    is_narrow: bool,
) -> Answer:
    """Plot the function along one number, with its derivative and the tangent line at the point."""
    from wengert import plot

    width = max(_HALF_WIDTH, abs(here))
    ends = interval or (here - width, here + width)
    figure = plot.derivatives(f, ends, *values, at=here, wrt=along)
    _fit(figure, is_narrow)
    what = f"The function and its derivative along {along} from {ends[0]:g} to {ends[1]:g}, with the tangent line"
    text = _written(figure)
    return {"svg": themed(text, "curve", what), "file": text, "from": f"{ends[0]:g}", "to": f"{ends[1]:g}"}


def error_picture(f: Callable[..., Any], values: Sequence[Any], title: str, is_narrow: bool) -> Answer:
    """Plot the error of numerical derivatives against their step."""
    from wengert import plot

    figure = plot.error_against_step(f, *values)
    _fit(figure, is_narrow)
    what = f"The error of the numerical derivatives of {title} against the step h, both on logarithmic scales"
    text = _written(figure)
    return {"svg": themed(text, "errors", what), "file": text}


def _fit(figure: Figure, is_narrow: bool) -> None:
    if is_narrow:
        figure.set_size_inches(_NARROW, figure.get_figheight())


def _written(figure: Figure) -> str:
    import matplotlib as mpl

    text = StringIO()
    with mpl.rc_context(_AS_TEXT):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


# --- in the colours of the page --------------------------------------------------------------------------------


def themed(text: str, prefix: str, title: str) -> str:
    """Make a figure's SVG the page's own.

    Parameters
    ----------
    text : str
        As Matplotlib wrote it.
    prefix : str
        Of all ids in it.
    title : str
        What it shows, for those who do not see it.
    """
    for prefixed, name in (("", "http://www.w3.org/2000/svg"), ("xlink", "http://www.w3.org/1999/xlink")):
        ET.register_namespace(prefixed, name)
    root = ET.fromstring(text)  # noqa: S314 - it was written here
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in (f"{_SVG}style", f"{_SVG}metadata")]:
            parent.remove(child)
    for element in root.iter():
        _make_plain(element, f"{prefix}-")
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-label", title)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    return ET.tostring(root, encoding="unicode")


def _make_plain(element: ET.Element, prefix: str) -> None:
    """Turn the style of an element into attributes, its colours into variables, and make its ids the page's own."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            element.attrib.update(_font(value))
        elif _ATTRIBUTES.fullmatch(name):
            element.set(name, _referred(_coloured(value), prefix))
    for name in ("id", "clip-path", _HREF):
        if name in element.attrib:
            value = element.attrib[name]
            element.set(name, f"{prefix}{value}" if name == "id" else _referred(value, prefix))


# Those of Matplotlib's declarations that SVG has as attributes.
_ATTRIBUTES = re.compile(
    "clip-path|fill|fill-opacity|fill-rule|font-size|font-style|font-weight|opacity|stroke|stroke-dasharray"
    "|stroke-dashoffset|stroke-linecap|stroke-linejoin|stroke-miterlimit|stroke-opacity|stroke-width|text-anchor"
)


def _font(value: str) -> dict[str, str]:
    """The parts of ``font: italic bold 10px 'DejaVu Sans', …`` but for the family, which is the page's."""
    size = re.search(r"([\d.]+px)", value)
    found = {"font-size": size[1]} if size else {}
    if "italic" in value or "oblique" in value:
        found["font-style"] = "italic"
    weight = re.search(r"\b(bold|[1-9]00)\b", value.partition("px")[0])
    return found | ({"font-weight": weight[1]} if weight else {})


def _coloured(value: str) -> str:
    """A colour as a variable of the page, which knows it for light and dark: ``var(--plot-0072b2, #0072b2)``."""
    return f"var(--plot-{value[1:].lower()}, {value})" if re.fullmatch(r"#[0-9a-fA-F]{6}", value) else value


def _referred(value: str, prefix: str) -> str:
    return re.sub(r"^#|(?<=url\()#", f"#{prefix}", value)
