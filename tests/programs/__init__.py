"""The corpus of user programs on which all routes to a derivative must agree: see `programs.corpus`."""

from __future__ import annotations

from programs import basics, geometry, in_place, learning, numerics, simulation, statistics
from programs.corpus import PROGRAMS, Program

__all__ = [
    "PROGRAMS",
    "Program",
    "basics",
    "geometry",
    "in_place",
    "learning",
    "numerics",
    "simulation",
    "statistics",
]
