"""Simplification of lists: the same results by fewer statements.

Reading order: `terms` (what rewrites are written with), `arithmetic` and `reshaping` (the rewrites), `rewrites` (their
table), `signs`, `keys`, `passes` (the sweeps that apply them), `scatters`, then for control statements `bindings`,
`choices`, `rounds`, `sublists`, and `fixpoint`, which has `simplify`.
"""

from __future__ import annotations

from wengert.simplification.fixpoint import simplify

__all__ = ["simplify"]
