"""Discrete Fourier transforms: linear, so the fact is the transpose."""

from __future__ import annotations
