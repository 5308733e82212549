"""Showing: the evaluation trace of the literature, and the methods of differentiation beside each other.

`explain` and `compare` return objects that print themselves to a terminal, as Markdown and as HTML. Reading order:
`explanation` and `comparison` (what is shown), `numbering`, `notation`, `formula`, `paths` (how it is found and
written), `page` (the tables), `terminal`, `document` and `markup` (the ways out); `sources`,
`python_source` and `c_source` (lists as programs). Beside them, loaded when used: `graphs` (pictures), `player`
(an explanation step by step), `displays` (what a notebook shows of tensors and lists).
"""

from __future__ import annotations

from wengert.show.comparison import Comparison, compare
from wengert.show.explanation import Explanation, explain
from wengert.show.sources import source

__all__ = ["Comparison", "Explanation", "compare", "explain", "source"]
