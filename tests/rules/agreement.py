"""How a composition is held against NumPy: its value on values of every kind, its derivative, its precision.

The oracle is the NumPy function itself on plain arrays, and numerical differentiation of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import wengert as wg
from wengert import numeric

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A call of a NumPy function on arguments that are all differentiated, away from its kinks.

    `traceable` says whether shapes and results follow without the values; `step` is that of the numerical derivative.
    """

    name: str
    function: Function
    args: tuple[Any, ...]
    traceable: bool = True
    step: float | None = None

    def __str__(self) -> str:
        return self.name


def case(name: str, function: Function, *args: Any, traceable: bool = True, step: float | None = None) -> Case:
    return Case(name, function, args, traceable, step)


def results(y: Any) -> list[Any]:
    """One result, or each of several."""
    return list(y) if isinstance(y, (tuple, list)) else [y]


def plain(y: Any) -> Any:
    return np.asarray(y.detach() if isinstance(y, wg.Tensor) else y)


def _with_tensors(case: Case) -> list[Any]:
    return [plain(y) for y in results(case.function(*(wg.tensor(x, requires_grad=True) for x in case.args)))]


def _with_duals(case: Case) -> list[Any]:
    primals = tuple(case.args)
    return results(wg.jvp(case.function, primals, tuple(np.ones_like(x) for x in primals))[0])


def _with_a_tape(case: Case) -> list[Any]:
    return list(wg.tape(case.function, *case.args).outputs)


def _with_a_list(case: Case) -> list[Any]:
    lst = wg.trace(case.function)(*case.args)
    lst.verify()
    return results(lst(*case.args))


def values_by_every_route(case: Case) -> Iterator[tuple[str, list[Any]]]:
    """What `case` computes on values of each kind."""
    yield "tensors", _with_tensors(case)
    yield "duals", _with_duals(case)
    yield "tape", _with_a_tape(case)
    if case.traceable:
        yield "list", _with_a_list(case)


def assert_value(case: Case) -> None:
    """Shapes and dtypes are NumPy's, and the numbers too but for the order of rounding."""
    expected = [np.asarray(y) for y in results(case.function(*case.args))]
    precision = max(np.finfo(np.asarray(x).dtype).eps for x in case.args)
    for route, found in values_by_every_route(case):
        assert len(found) == len(expected), route
        for y, wanted in zip(found, expected, strict=True):
            array = np.asarray(y)
            assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype), route
            np.testing.assert_allclose(array, wanted, rtol=20 * precision, atol=20 * precision, err_msg=route)


def assert_derivative(case: Case, rtol: float = 1e-8) -> None:
    """Both modes agree with numerical differentiation, for every argument and every result."""
    for i, x in enumerate(case.args):
        for k, y in enumerate(results(case.function(*case.args))):
            if np.asarray(y).dtype.kind != "f":
                continue
            expected = numeric.jacobian(_component(case, i, k, case.args), x, "richardson", case.step)
            assert np.all(np.isfinite(expected))
            for mode in ("forward", "reverse"):
                found = wg.jacobian(_component(case, i, k, case.args), mode=mode)(x)
                assert found.shape == expected.shape
                np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol, err_msg=f"{mode}, argument {i}")


def _component(case: Case, i: int, k: int, args: tuple[Any, ...]) -> Function:
    """Result `k` as a function of argument `i`."""

    def component(x):
        return results(case.function(*args[:i], x, *args[i + 1 :]))[k]

    return component


def assert_single_precision(case: Case) -> None:
    """float32 in gives NumPy's dtype out, and derivatives in float32."""
    single = Case(case.name, case.function, tuple(np.float32(x) for x in case.args), case.traceable)
    assert_value(single)
    ys, y_dots = wg.jvp(single.function, single.args, single.args)
    for y, y_dot in zip(results(ys), results(y_dots), strict=True):
        if np.asarray(y).dtype.kind == "f":
            assert y_dot.dtype == np.asarray(y).dtype
    ys, pullback = wg.vjp(single.function, *single.args)
    seeds = [np.ones(np.shape(y)) for y in results(ys)]
    for x_bar in pullback(type(ys)(seeds) if isinstance(ys, (tuple, list)) else seeds[0]):
        assert x_bar.dtype == np.float32
