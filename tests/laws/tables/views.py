"""Examples of the read-only views."""

from __future__ import annotations

from laws.tables.core import one

_SQUARE = {"window": (2,), "axes": (1,)}
_TWICE = {"window": (2, 2), "axes": (0, 0)}

SHAPES = {
    "diagonal": [
        one((3, 3), offset=0, axes=(0, 1)),
        one((2, 4), offset=1, axes=(0, 1)),
        one((2, 3, 4), offset=-1, axes=(2, 0)),
        one((2, 2), offset=5, axes=(0, 1)),
    ],
    "on_diagonal": [
        one((3,), shape=(3, 3), offset=0, axes=(0, 1)),
        one((3, 2), shape=(2, 3, 4), offset=-1, axes=(2, 0)),
    ],
    "sliding_window_view": [
        one((6,), window=(3,), axes=(0,)),
        one((3, 4), **_SQUARE),
        one((4,), **_TWICE),
        one((3, 4), window=(2, 3), axes=(0, 1)),
    ],
    "sum_of_windows": [
        one((4, 3), shape=(6,), window=(3,), axes=(0,)),
        one((3, 3, 2), shape=(3, 4), **_SQUARE),
        one((2, 2, 2), shape=(4,), **_TWICE),
    ],
}
