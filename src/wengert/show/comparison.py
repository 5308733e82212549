"""The methods of differentiation beside each other, on the same function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from wengert.show.measurement import Method, Problem, errors_against_step, measured
from wengert.show.notation import printable, value_text
from wengert.show.page import Heading, Page, Row, Shown, Table

__all__ = ["Comparison", "compare"]

_ROUNDINGS = 4  # of a difference of two values of f, each rounded


def compare(f: Callable[..., Any], *x: Any, digits: int = 6) -> Comparison:
    """Differentiate a function at one point by every method, and set the results beside each other.

    The methods are difference quotients with the step that balances truncation against rounding, their
    extrapolation (Ridders 1982), the complex step (Squire and Trapp 1998), the derivative that SymPy finds of the
    formula, the sum over all paths (Bauer 1974), forward mode and reverse mode. A second table shows how the error of
    the difference quotients moves with the step.

    Parameters
    ----------
    f : callable
        Numbers or arrays (or containers of them) to one real number. It is called with NumPy values.
    *x
        Its arguments; floating, or integers, which are converted to float64.
    digits : int
        Decimals of the gradients.

    Returns
    -------
    Comparison
        Prints itself; in a notebook as tables.

    Raises
    ------
    ShapeError
        If the result is not a scalar.
    DtypeError
        If an argument or the result is not real.

    Notes
    -----
    Errors are measured against the complex step, which uses no derivative rule, where it is certain to apply: it
    must agree with the extrapolation. Otherwise they are measured against reverse mode.

    Evaluations of f: some 30 for each number in the arguments; for up to 100 numbers 48 more for the second
    table. Paths are counted without walking them, and walked if there are at most 100,000. SymPy is asked if it is
    installed and the formula, written out, has at most 2,000 operations; it knows nothing of wengert's rules.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> methods = wg.compare(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2., 5.).methods
    >>> for method in methods[-3:]:
    ...     print(method.name, method.gradient.round(3), method.calls, method.remark)
    sum over all paths [5.5   1.716] 1 4 paths
    forward mode [5.5   1.716] 2 2 sweeps
    reverse mode [5.5   1.716] 1 1 sweep
    """
    with np.errstate(all="ignore"):
        problem = Problem(f, x)
        methods, reference = measured(problem)
        steps, errors = errors_against_step(problem, reference.gradient)
    inputs = ", ".join(v.name for v in problem.tape.list.inputs)
    title = printable(f"{problem.name}({inputs})")
    return Comparison(title, problem.value, methods, reference.name, steps, errors, digits)


class Comparison(Shown):
    """The methods of differentiation at one point; made by `compare`.

    Attributes
    ----------
    title : str
        The function and its inputs.
    value : floating
        Of the function.
    methods : tuple of Method
        With ``name``, ``gradient``, ``error``, ``calls`` (of f) and ``remark``.
    reference : str
        The name of the method that errors are measured against.
    steps : ndarray, floating, of shape (k,)
        The steps of the second table.
    errors : dict of str to ndarray
        For each difference quotient its error at each step, of shape (k,); nan where a step leaves the domain.
    """

    def __init__(
        self, title: str, value: Any, methods: Sequence[Method], reference: str, steps: Any,
        errors: dict[str, Any], digits: int,
    ):  # fmt: skip
        self.title, self.value = title, value
        self.methods, self.reference = tuple(methods), reference
        self.steps, self.errors = steps, errors
        self._digits = digits

    def page(self) -> Page:
        """The table of the methods and the table of the steps."""
        tables = [self._by_method()]
        if self.errors:
            tables.append(self._by_step())
        return Page(f"{self.title} = {value_text(self.value, self._digits)}", tuple(tables))

    def _by_method(self) -> Table:
        headings = ("method", "gradient", "error", "calls of f", "")
        rows = [
            Row((method.name, self._gradient(method), _error(method), str(method.calls), method.remark))
            for method in self.methods
        ]
        reasons = (
            f"{method.name[0].upper()}{method.name[1:]}: {method.note}" for method in self.methods if method.note
        )
        notes = (_about_reference(self.reference), *reasons)
        return Table("The gradient by every method", tuple(map(Heading, headings)), tuple(rows), notes)

    def _gradient(self, method: Method) -> str:
        if method.gradient is None:
            return "—"
        return value_text(method.gradient[0] if method.gradient.size == 1 else method.gradient, self._digits)

    def _by_step(self) -> Table:
        headings = ("step h", *(f"error of the {name}" for name in self.errors))
        columns = [self._with_causes(errors) for errors in self.errors.values()]
        rows = [Row((f"{h:.0e}", *texts)) for h, *texts in zip(self.steps, *columns, strict=True)]
        note = (
            "A long step errs by truncation, for f is not straight; a short one by rounding, for nearly equal "
            "numbers are subtracted."
        )
        return Table("The error against the step", tuple(map(Heading, headings)), tuple(rows), (note,))

    def _with_causes(self, errors: Any) -> Iterator[str]:
        """The errors as text, and what causes them: rounding is of the size of a rounded value of f over h."""
        best = int(np.argmin(np.where(np.isfinite(errors), errors, np.inf)))
        with np.errstate(over="ignore"):
            roundings = _ROUNDINGS * np.finfo(float).eps * abs(self.value) / self.steps
        for k, (step, error, rounding) in enumerate(zip(self.steps, errors, roundings, strict=True)):
            if not np.isfinite(error):
                yield "not finite"
            elif k == best:
                yield f"{_error_text(error):<8} best"
            else:
                cause = "truncation" if step > self.steps[best] and error > rounding else "rounding"
                yield f"{_error_text(error):<8} {cause}" if error else "0"


def _about_reference(name: str) -> str:
    if name == "reverse mode":
        return "Errors are measured against reverse mode, for no method without derivative rules is exact here."
    return f"Errors are measured against the {name}, which uses no derivative rule."


def _error(method: Method) -> str:
    if method.gradient is None:
        return "—"
    return "reference" if method.error is None else _error_text(method.error)


def _error_text(error: float) -> str:
    return "0" if error == 0 else f"{error:.1e}"
