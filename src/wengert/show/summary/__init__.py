"""The summary of a long program: what each line of the source costs, and what of the gradient flows through it.

Reading order: `places` (which statements belong to a line), `sweeping` (the reverse sweep, statement by statement),
`cost` (time and memory), `flow` (shares of the gradient), `findings` (where it is lost), `figures` (all of it),
`tables` (how it is shown) and `rows` (the detail).
"""

from __future__ import annotations

from wengert.show.summary.figures import Figures, InputFigures, Measured, measured
from wengert.show.summary.rows import Excerpt, excerpts, figures_at
from wengert.show.summary.tables import ORDERS, Order, Summary

__all__ = [
    "ORDERS",
    "Excerpt",
    "Figures",
    "InputFigures",
    "Measured",
    "Order",
    "Summary",
    "excerpts",
    "figures_at",
    "measured",
]
