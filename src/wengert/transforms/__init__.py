"""Transforms of Wengert lists: forward with tangents, backward with cotangents, on values and as programs."""

from __future__ import annotations

from wengert.transforms.adjoint import Contribution, adjoint, adjoint_sweep
from wengert.transforms.tangent import tangent, tangent_sweep

__all__ = ["Contribution", "adjoint", "adjoint_sweep", "tangent", "tangent_sweep"]
