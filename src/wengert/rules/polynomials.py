"""Polynomials: `numpy.polynomial`."""

from __future__ import annotations
