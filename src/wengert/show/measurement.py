"""Every method of differentiation applied to one function at one point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert import numeric
from wengert.api import jvp, value_and_grad
from wengert.api import tape as record_tape
from wengert.containers import flatten
from wengert.errors import ArgumentError, DtypeError, ShapeError, WengertError, user_location
from wengert.show.notation import function_name
from wengert.show.paths import MOST_COUNTED, path_counts, steps_of_all_paths, sum_over_paths
from wengert.symbolic.evaluation import symbolic_gradient
from wengert.value import concrete
from wengert.wlist import Tape, Variable

__all__ = ["DIFFERENCES", "Method", "Problem", "errors_against_step", "measured"]

DIFFERENCES = ("forward difference", "central difference")

_NUMERIC: tuple[tuple[str, numeric.Method], ...] = (
    (DIFFERENCES[0], "forward"),
    (DIFFERENCES[1], "central"),
    ("Richardson", "richardson"),
    ("complex step", "complex"),
)
_MOST_PATHS = 100_000
_MOST_STEPS = 1_000_000
_MOST_COMPONENTS = 100  # for which the error is measured at many steps: 48 calls of f for each
_CERTAIN = 1e-6  # relative agreement of two independent methods after which one is the reference
_FAILURES = (WengertError, ArithmeticError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One way to the gradient, and how it went.

    Attributes
    ----------
    name : str
    gradient : ndarray, floating, of shape (n,), or None
        By the n numbers in the arguments; ``None`` where the method does not apply.
    calls : int
        Evaluations of f.
    remark : str
        The step, the number of sweeps or of paths.
    note : str
        Why the method does not apply, or is not the reference.
    error : float or None
        The largest difference from the reference; ``None`` for the reference itself, and where there is no gradient.
    """

    name: str
    gradient: Any
    calls: int
    remark: str
    note: str = ""
    error: float | None = None


class Problem:
    """A function of some arguments as a function of one vector, which holds all their numbers.

    Attributes
    ----------
    point : ndarray, floating, of shape (n,)
    tape : Tape
        Of f at the point.
    value : floating
        Of f at the point.
    calls : int
        Evaluations of f so far.
    """

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], caller: str = "compare"):
        self.f, self.name, self.calls = f, function_name(f), 0
        leaves, self._rebuild = flatten(args)
        self._leaves = [_real(leaf, self.name, caller) for leaf in leaves]
        if not leaves:
            raise ArgumentError(
                f"{caller} found no argument of {self.name} to differentiate for.",
                remedy=f"Call {caller}(f, x) with the point.",
                where=user_location(),
            )
        self.args = self._rebuild(self._leaves)
        self.point = np.concatenate([np.ravel(leaf) for leaf in self._leaves])
        self.tape = record_tape(f, *self.args)
        self.value = _scalar_result(self.tape, self.name, caller)

    def counted(self, *args: Any) -> Any:
        """Call f."""
        self.calls += 1
        return self.f(*args)

    def of_vector(self, z: Any) -> Any:
        """Call f with the numbers of the vector `z`, of shape (n,), real or complex."""
        return self.counted(*self.split(z))

    def split(self, z: Any) -> Any:
        """The vector in the form of the arguments."""
        ends = np.cumsum([leaf.size for leaf in self._leaves])[:-1]
        parts = zip(np.split(z, ends), self._leaves, strict=True)
        return self._rebuild([np.reshape(part, leaf.shape)[()] for part, leaf in parts])

    def joined(self, args: Any) -> Any:
        """What has the form of the arguments as a vector."""
        return np.concatenate([np.ravel(leaf) for leaf in flatten(args)[0]])


def _real(x: Any, name: str, caller: str) -> Any:
    array = np.asarray(concrete(x))
    if array.dtype.kind not in "iuf":
        raise DtypeError(
            f"{caller} needs real numbers, but an argument of {name} has dtype {array.dtype}.",
            why="Difference quotients move each number by a small real step.",
            remedy="Pass the real and imaginary parts as arguments of their own.",
            where=user_location(),
        )
    return (array if array.dtype.kind == "f" else array.astype(np.float64))[()]


def _scalar_result(tape: Tape, name: str, caller: str) -> Any:
    shapes = [np.shape(y) for y in tape.outputs]
    if shapes != [()]:
        returned = f"shape {shapes[0]}" if len(shapes) == 1 else f"{len(shapes)} arrays"
        raise ShapeError(
            f"{caller} needs a scalar result, but {name} returned {returned}.",
            why="Each number of a result has a gradient of its own.",
            remedy="Return one number, such as a sum or a component.",
            where=user_location(),
        )
    value = tape.outputs[0]
    if np.asarray(value).dtype.kind not in "iuf":
        raise DtypeError(
            f"{caller} needs a real result, but {name} returned dtype {np.asarray(value).dtype}.",
            remedy="Return a real number.",
            where=user_location(),
        )
    return value


# --- the methods -----------------------------------------------------------------------------------------------


def measured(problem: Problem) -> tuple[list[Method], Method]:
    """All methods with their errors, and the one that is the reference."""
    reverse = _reverse_mode(problem)
    estimates = [_numeric(problem, name, method) for name, method in _NUMERIC]
    (forward, _), (central, _), (richardson, expected), (step, _) = estimates
    step = _judged(step, richardson, expected)
    by_lists = [_symbolic(problem), _all_paths(problem), _forward_mode(problem)]
    found = [forward, central, richardson, step, *by_lists, reverse]
    reference = reverse if step.note else step
    return [_with_error(method, reference) for method in found], reference


def _with_error(method: Method, reference: Method) -> Method:
    if method is reference or method.gradient is None:
        return method
    distances = np.abs(method.gradient - reference.gradient)
    distances = np.where(method.gradient == reference.gradient, 0, distances)  # also of two infinities
    return replace(method, error=float(np.max(distances, initial=0)))


def _numeric(problem: Problem, name: str, method: numeric.Method) -> tuple[Method, Any]:
    """A method of `numeric`, with the error that it expects."""
    try:
        found = numeric.estimate(problem.of_vector, problem.point, method)
    except _FAILURES as failure:
        reason = failure.what if isinstance(failure, WengertError) else f"{type(failure).__name__}: {failure}"
        return Method(name, None, 0, "does not apply", reason), None
    return Method(name, found.value, found.evaluations, _steps_text(found.step)), found.error


def _steps_text(steps: Any) -> str:
    texts = list(dict.fromkeys(f"h = {h:.0e}" for h in np.ravel(steps)))
    return f"{texts[0]} …" if len(texts) > 1 else "".join(texts)


def _judged(step: Method, richardson: Method, expected: Any) -> Method:
    """The complex step, with a note where another method must be the reference.

    A function that is not analytic may give a complex step that is wrong without a word. The extrapolation
    knows nothing of imaginary parts, so that where both agree both are right.
    """
    if step.gradient is None:
        return step
    if richardson.gradient is not None and np.all(np.isfinite(step.gradient)):
        size = _CERTAIN * (np.abs(step.gradient) + 1)
        if np.all((expected <= size) & (np.abs(step.gradient - richardson.gradient) <= size)):
            return step
    return replace(step, note="it does not agree with the extrapolation.")


def _symbolic(problem: Problem) -> Method:
    """SymPy's derivative of the formula of this run."""
    found = symbolic_gradient(problem.tape)
    return Method("symbolic (SymPy)", found.gradient, 1, found.remark, found.note)


def _all_paths(problem: Problem) -> Method:
    name, tape = "sum over all paths", problem.tape
    (y,) = tape.list.outputs
    if not isinstance(y, Variable):
        return Method(name, np.zeros(problem.point.shape), 1, "0 paths")
    counts = path_counts(tape)
    count = counts.get(y, 0)
    remark = "1 path" if count == 1 else f"{_count_text(count)} paths"
    if count > _MOST_PATHS or steps_of_all_paths(tape, y, counts) > _MOST_STEPS:
        note = f"at most {_MOST_PATHS:,} paths, of {_MOST_STEPS:,} steps together, are walked."
        return Method(name, None, 1, remark, note)
    totals = sum_over_paths(tape, y, np.ones((), y.dtype)[()], counts)
    gradient = np.concatenate([np.ravel(totals.get(v, np.zeros(v.shape))) for v in tape.list.inputs])
    return Method(name, gradient, 1, remark)


def _count_text(count: int) -> str:
    if count < 10**9:
        return f"{count:,}"
    return f"{'over' if count == MOST_COUNTED else 'about'} 10^{int(math.log10(count))}"


def _forward_mode(problem: Problem) -> Method:
    before, n = problem.calls, problem.point.size
    units = np.eye(n, dtype=problem.point.dtype)
    found = [jvp(problem.counted, problem.args, problem.split(unit))[1] for unit in units]
    return Method("forward mode", np.array(found), problem.calls - before, f"{n} sweep{'s' * (n != 1)}")


def _reverse_mode(problem: Problem) -> Method:
    before = problem.calls
    _, gradient = value_and_grad(problem.counted, tuple(range(len(problem.args))))(*problem.args)
    return Method("reverse mode", problem.joined(gradient), problem.calls - before, "1 sweep")


def errors_against_step(problem: Problem, reference: Any) -> tuple[Any, dict[str, Any]]:
    """The steps, and the errors of the difference quotients; none for many numbers or an infinite gradient."""
    steps, errors = np.zeros(0), {}
    if problem.point.size <= _MOST_COMPONENTS and np.all(np.isfinite(reference)):
        for name, method in _NUMERIC[: len(DIFFERENCES)]:
            try:
                steps, errors[name] = numeric.error_against_step(
                    problem.of_vector, problem.point, reference, method=method
                )
            except _FAILURES:
                continue  # a step leaves the domain of f, and f says so by an error
    return steps, errors
