"""Pictures of computational graphs: `graph` and `make_dot`.

Reading order: `model` (what a picture shows), `symbols`, `constants` and `values` (how these are written), `building`
and `sublists` (a tape as a graph), `segments` and `folding` (large ones made readable), `picture` (the public names);
then `layout` and `drawing` (where everything stands, and SVG), `dot`, `html`, `png` (the other ways out).
"""

from __future__ import annotations

from wengert.show.graphs.picture import Picture, graph, make_dot

__all__ = ["Picture", "graph", "make_dot"]
