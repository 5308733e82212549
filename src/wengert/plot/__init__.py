"""Plots: a function with its derivatives, the error of difference quotients, and the path of a descent.

All give a Matplotlib figure, which a notebook shows by itself and ``figure.savefig("name.svg")`` writes. Matplotlib is
loaded when a plot is asked for (``pip install "wengert[plots]"``); neither its settings nor pyplot are touched.

Reading order: `canvas` (figures, colours), `sampling` (curves with gaps), `curves`, `stepping` and `descents` (a plot
each).
"""

from __future__ import annotations

from wengert.plot.curves import derivatives
from wengert.plot.descents import descent
from wengert.plot.stepping import error_against_step

__all__ = ["derivatives", "descent", "error_against_step"]
