"""A graph as PNG, by resvg, which is an optional package."""

from __future__ import annotations

from wengert.errors import require_package
from wengert.show.graphs.drawing import drawn
from wengert.show.graphs.layout import Direction, laid_out
from wengert.show.graphs.model import Graph
from wengert.show.graphs.palette import DARK, LIGHT, plain_style

__all__ = ["png_bytes"]


def png_bytes(graph: Graph, *, direction: Direction = "down", dark: bool = False, scale: float = 2.0) -> bytes:
    """Draw a graph as the bytes of a PNG file.

    Parameters
    ----------
    graph : Graph
        With its nodes in a topological order.
    direction : {"down", "right"}
        Where the flow goes.
    dark : bool
        Whether the colours are those for a dark page.
    scale : float
        Dots for each pixel of the SVG.

    Raises
    ------
    MissingPackageError
        If resvg-py is not installed.
    """
    resvg = require_package(
        "resvg_py", "A PNG of a graph needs resvg-py", why="for SVG and DOT need nothing", remedy="pip install resvg-py"
    )
    text = drawn(graph, laid_out(graph, direction), plain_style(DARK if dark else LIGHT))
    return bytes(resvg.svg_to_bytes(svg_string=text, zoom=scale, monospace_family="DejaVu Sans Mono"))
