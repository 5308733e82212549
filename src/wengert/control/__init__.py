"""Control flow that a Wengert list can hold: functions for users, operations with sub-lists for lists (decision 8).

Reading order: `operation` (what all have in common), `branches`, `rounds`, `loops`, `reversal`, `whiles`, `recording`,
`functions`.
"""

from __future__ import annotations

from wengert.control.branches import Branches, Call
from wengert.control.functions import call, cond, fori_loop, scan, switch, while_loop
from wengert.control.loops import Loop
from wengert.control.operation import Control
from wengert.control.whiles import While

__all__ = [
    "Branches",
    "Call",
    "Control",
    "Loop",
    "While",
    "call",
    "cond",
    "fori_loop",
    "scan",
    "switch",
    "while_loop",
]
