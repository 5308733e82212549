"""The evaluation trace of the literature: every step of a derivative, with its formula and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Literal

import numpy as np

from wengert.api import tape as record_tape
from wengert.containers import flatten
from wengert.errors import ArgumentError, user_location
from wengert.show.component import Component, chosen
from wengert.show.notation import function_name, value_text
from wengert.show.numbering import by_depth, free_letter
from wengert.show.page import Page, Shown, Table
from wengert.show.traces import AdjointTrace, TangentTrace
from wengert.transforms import adjoint_sweep, tangent_sweep
from wengert.value import concrete
from wengert.wlist import ArrayType, Tape, Variable

__all__ = ["Explanation", "explain"]

Mode = Literal["forward", "reverse", "both"]
_MOST_NAMED = 4  # derivatives that the sentence below a table lists


def explain(
    f: Callable[..., Any],
    *args: Any,
    wrt: int | str | None = None,
    seed: int | str | None = None,
    mode: Mode = "both",
    digits: int = 3,
    max_rows: int = 200,
) -> Explanation:
    """Show every step of the derivative of a function at one point, in the form of the literature.

    The forward primal trace is set beside the forward tangent trace, and beside the reverse adjoint trace, which is
    read upwards (Baydin, Pearlmutter, Radul and Siskind 2018, tables 2 and 3). As there, statements are ordered by
    depth, not by execution.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays. It is run once, on these arguments, and may
        branch and loop on values.
    *args
        Its arguments, floating point where a derivative is wanted.
    wrt : int or str, optional
        The input whose tangent is 1 in forward mode, by number or name; a component of an array as in ``"x[1]"``. By
        default the first number of the first floating point input.
    seed : int or str, optional
        The result whose cotangent is 1 in reverse mode, likewise; results are called ``y``, or ``y1``, ``y2``, ….
    mode : {"both", "forward", "reverse"}
        The tables to show.
    digits : int
        Decimals of the numbers.
    max_rows : int
        Steps to show; of a longer program the first and the last ones.

    Returns
    -------
    Explanation
        Prints itself; in a notebook as a table.

    Raises
    ------
    ArgumentError
        For an unknown mode, or a `wrt` or `seed` that names nothing.
    DtypeError
        If there is no floating point input, or the chosen input or result is an integer.

    Notes
    -----
    One evaluation of f that keeps all values, and one sweep for each table. At kinks the value is the one in the
    table of derivatives (`Primitive.at_kinks`).

    Examples
    --------
    >>> import wengert as wg
    >>> wg.explain(lambda x1, x2: x1 * x2, 2., 5., mode="forward")
    f(x1, x2)
    <BLANKLINE>
    Forward mode: the tangent of x1 is 1, all others are 0
    ╭──────────────────────┬───────────────────────────────╮
    │ Forward primal trace │ Forward tangent trace         │
    ├──────────────────────┼───────────────────────────────┤
    │ v₋₁ = x1       = 2   │ v̇₋₁ = ẋ1                  = 1 │
    │ v₀  = x2       = 5   │ v̇₀  = ẋ2                  = 0 │
    ├──────────────────────┼───────────────────────────────┤
    │ v₁  = v₋₁ · v₀ = 10  │ v̇₁  = v̇₋₁ · v₀ + v̇₀ · v₋₁ = 5 │
    ├──────────────────────┼───────────────────────────────┤
    │ y   = v₁       = 10  │ ẏ   = v̇₁                  = 5 │
    ╰──────────────────────┴───────────────────────────────╯
    One sweep for one input: ∂y/∂x1 = 5.
    """
    if mode not in ("forward", "reverse", "both"):
        raise ArgumentError(
            f"explain got mode={mode!r}.", remedy='Use "forward", "reverse" or "both".', where=user_location()
        )
    if digits < 0 or max_rows < 1:
        raise ArgumentError(
            f"explain got digits={digits} and max_rows={max_rows}.",
            remedy="Give digits=0 or more, and max_rows=1 or more.",
            where=user_location(),
        )
    tape = by_depth(record_tape(f, *map(_plain, args)))
    inputs = [v.name for v in tape.list.inputs]
    outputs = _output_names(len(tape.outputs), inputs)
    source = target = None
    if mode != "reverse":
        source = chosen(inputs, [v.type for v in tape.list.inputs], wrt, "wrt", "input")
    if mode != "forward":
        target = chosen(outputs, [ArrayType.of(y) for y in tape.outputs], seed, "seed", "result")
    return Explanation(_title(f, inputs), tape, outputs, source, target, digits, max_rows)


class Explanation(Shown):
    """The evaluation trace of one run, with its derivatives; made by `explain`.

    Attributes
    ----------
    title : str
        The function and its inputs.
    tape : Tape
        The statements, in the order shown, and their values.
    tangents : dict of str to array
        The tangent of each variable, by its name in `tape`; one that is missing is zero. Empty in mode "reverse".
    adjoints : dict of str to array
        The cotangent of each variable likewise. Empty in mode "forward".
    """

    def __init__(
        self, title: str, tape: Tape, outputs: Sequence[str], source: Component | None, target: Component | None,
        digits: int, max_rows: int,
    ):  # fmt: skip
        self.title, self.tape = title, tape
        self.tangents: dict[str, Any] = {}
        self.adjoints: dict[str, Any] = {}
        self._outputs, self._source, self._target = outputs, source, target
        self._digits, self._max_rows = digits, max_rows
        if source is not None:
            self.tangents = _by_name(tangent_sweep(tape, self._tangent_seeds(source)))
        if target is not None:
            cotangents, self._contributions = adjoint_sweep(tape, self._adjoint_seeds(target))
            self.adjoints = _by_name(cotangents)

    def _tangent_seeds(self, source: Component) -> dict[Variable, Any]:
        """A unit tangent for one input, and explicit zeros for the others, so that all formulas are complete."""
        floating = [v for v in self.tape.list.inputs if v.dtype.kind in "fc"]
        zeros = {v: np.zeros(v.shape, v.dtype)[()] for v in floating}
        return zeros | {self.tape.list.inputs[source.place]: source.seed()}

    def _adjoint_seeds(self, target: Component) -> dict[Variable, Any]:
        y = self.tape.list.outputs[target.place]
        return {y: target.seed()} if isinstance(y, Variable) else {}

    def page(self) -> Page:
        """The tables of the modes asked for."""
        tables = []
        if self._source is not None:
            tables.append(self._forward(self._source))
        if self._target is not None:
            tables.append(self._reverse(self._target))
        return Page(self.title, tuple(tables))

    def _forward(self, source: Component) -> Table:
        trace = TangentTrace(self.tape, self._outputs, self._digits, self.tangents)
        others = ", all others are 0" if sum(v.type.size for v in self.tape.list.inputs) > 1 else ""
        found = (
            f"∂{name}/∂{source.name} = {self._text(self.tangents.get(getattr(y, 'name', ''), 0))}"
            for name, y in zip(self._outputs, self.tape.list.outputs, strict=True)
        )
        return trace.table(
            f"Forward mode: the tangent of {source.name} is 1{others}",
            f"One sweep for one input: {_listed(found, len(self._outputs))}.",
            self._max_rows,
        )

    def _reverse(self, target: Component) -> Table:
        seeds = {target.place: target.seed()}
        trace = AdjointTrace(self.tape, self._outputs, self._digits, seeds, self._contributions)
        others = ", all others are 0" if sum(ArrayType.of(y).size for y in self.tape.outputs) > 1 else ""
        floating = [v for v in self.tape.list.inputs if v.dtype.kind in "fc"]
        found = (f"∂{target.name}/∂{v.name} = {self._text(self.adjoints.get(v.name, 0))}" for v in floating)
        return trace.table(
            f"Reverse mode, read upwards: the cotangent of {target.name} is 1{others}",
            f"One sweep for all inputs: {_listed(found, len(floating))}.",
            self._max_rows,
        )

    def _text(self, value: Any) -> str:
        return value_text(value, self._digits)


def _by_name(found: dict[Variable, Any]) -> dict[str, Any]:
    return {variable.name: value for variable, value in found.items()}


def _listed(texts: Iterable[str], count: int) -> str:
    return ", ".join([*islice(texts, _MOST_NAMED), *["…"] * (count > _MOST_NAMED)])


def _plain(arg: Any) -> Any:
    """An argument without any recording: tensors become their arrays."""
    leaves, rebuild = flatten(arg)
    return rebuild([concrete(leaf) for leaf in leaves])


def _output_names(count: int, inputs: Sequence[str]) -> list[str]:
    letter = free_letter("yzwurst", inputs)
    return [letter] if count == 1 else [f"{letter}{k}" for k in range(1, count + 1)]


def _title(f: Callable[..., Any], inputs: Sequence[str]) -> str:
    return f"{function_name(f)}({_listed(inputs, len(inputs))})"
