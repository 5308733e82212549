"""Sweeps over a Wengert list: forward with tangents, backward with cotangents."""

from __future__ import annotations

from wengert.transforms.adjoint import Contribution, adjoint_sweep
from wengert.transforms.tangent import tangent_sweep

__all__ = ["Contribution", "adjoint_sweep", "tangent_sweep"]
