"""Derivatives of derivatives in every mix of forward and reverse mode."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import wengert as wg

Function = Callable[..., Any]


def _ones_like(x: Any) -> Any:
    return np.ones(np.shape(x), x.dtype if hasattr(x, "dtype") else float)[()]


def forward(f: Function) -> Function:
    """The derivative of a function of one number, or the element-wise one of an elementwise function."""

    def derivative(x):
        return wg.jvp(f, (x,), (_ones_like(x),))[1]

    return derivative


def reverse(f: Function) -> Function:
    """The same in reverse mode."""

    def derivative(x):
        y, pullback = wg.vjp(f, x)
        return pullback(_ones_like(y))[0]

    return derivative


MODES = {"forward": forward, "reverse": reverse}


def mixes(order: int) -> list[tuple[str, ...]]:
    """All sequences of modes for `order` nested derivatives, the innermost first."""
    return list(itertools.product(MODES, repeat=order))


def nested(f: Function, modes: Sequence[str]) -> Function:
    """Differentiate `f` once for each of `modes`."""
    for mode in modes:
        f = MODES[mode](f)
    return f


def mixes_up_to(order: int) -> list[tuple[str, ...]]:
    """All mixes of the orders 1 to `order`."""
    return [modes for k in range(1, order + 1) for modes in mixes(k)]


def mix_name(modes: Sequence[str]) -> str:
    """For the name of a test: ``FR`` for reverse over forward."""
    return "".join(mode[0].upper() for mode in modes)
