"""Lists as Python functions that read as if someone had written them.

Reading order: `expressions` (texts with places), `literals` and `vocabulary` (constants and rows as text), `helpers`
and `checks` (functions that are brought along), `naming`; then the way of a list: `rewriting` and `preparation`,
`planning` with `looping` and `branching` (which values get lines), `items` (the lines), `timeline` and `emission`
(names, arrays changed in place), `document`.
"""

from __future__ import annotations

from wengert.show.python_source.document import python_source

__all__ = ["python_source"]
