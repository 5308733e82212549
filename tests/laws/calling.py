"""Calls of library functions as users write them: what the ledger's laws are tried on.

Every module in ``laws/calls`` has a table ``CALLS``: public name → calls. A name is written as in the ledger, such as
``numpy.linalg.solve``. Each call is a function of arrays that are all differentiated, away from kinks; what happens
at kinks and other special points is tested by hand in ``tests/rules``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ALL_CALLS", "Call", "call"]


@dataclass(frozen=True)
class Call:
    """A function, and where it is differentiated.

    Attributes
    ----------
    complex_too : bool
        Whether it is also tried at complex arguments.
    single_too : bool
        Whether it is also tried in single precision.
    traceable : bool
        Whether the result's shape and all decisions follow from shapes and dtypes alone.
    order : {1, 2}
        To which the derivative is checked.
    step : float
        First step of numerical differentiation.
    rtol : float or None
        Relative precision of derivatives; `None` for the default of `wengert.check`.
    value_rtol : float
        Relative precision of values, which by default may differ by rounding.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    complex_too: bool
    single_too: bool
    traceable: bool
    order: int
    step: float
    rtol: float | None
    value_rtol: float
    number: int = 0

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.args)
        return f"{self.name}-{self.number}-{shapes}"

    def with_args(self, args: tuple[Any, ...]) -> Call:
        """The same call at other arguments."""
        return replace(self, args=args)

    def turned(self) -> Call:
        """The same call at complex arguments, off the real axis."""
        rng = np.random.default_rng(7)
        return self.with_args(tuple(x * np.exp(0.5j * rng.uniform(0.5, 1, np.shape(x))) for x in self.args))

    def single(self) -> Call:
        """The same call in single precision."""
        return self.with_args(tuple(np.float32(x) for x in self.args))


def call(
    function: Callable[..., Any],
    *args: Any,
    complex_too: bool = False,
    single_too: bool = True,
    traceable: bool = True,
    order: int = 2,
    step: float = 1e-3,
    rtol: float | None = None,
    value_rtol: float = 1e-13,
) -> Call:
    """A call of `function` at `args`; lists among these become arrays."""
    arrays = tuple(np.asarray(x, float if not np.iscomplexobj(x) else complex)[()] for x in args)
    return Call("", function, arrays, complex_too, single_too, traceable, order, step, rtol, value_rtol)


def _collected() -> list[Call]:
    found = []
    for path in sorted(Path(__file__).with_name("calls").glob("*.py")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = import_module(f"laws.calls.{path.stem}").CALLS
        found += [replace(c, name=name, number=k) for name, calls in table.items() for k, c in enumerate(calls, 1)]
    return found


ALL_CALLS: list[Call] = _collected()
