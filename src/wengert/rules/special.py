"""Special functions: `scipy.special`."""

from __future__ import annotations
