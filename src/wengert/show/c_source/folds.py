"""Reductions: what an accumulator starts from, how an element enters it, and what is made of it at the end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wengert.facts import Kind
from wengert.show.c_source.literals import DType, literal
from wengert.show.c_source.refusals import refusal
from wengert.show.c_source.vocabulary import is_library_primitive
from wengert.wlist import Statement

__all__ = ["Fold", "fold_of", "is_fold"]

_EXTREMES = ("max", "min")


@dataclass(frozen=True, slots=True)
class Fold:
    """A reduction in C.

    Attributes
    ----------
    word : str
        What the accumulator is called.
    dtype : dtype
        That an element is converted to.
    initial : str
    update : str
        A statement with ``{y}`` for the accumulator and ``{x}`` for the element.
    finish : str
        A statement, or nothing.
    """

    word: str
    dtype: DType
    initial: str
    update: str
    finish: str = ""


def is_fold(stmt: Statement) -> bool:
    """Whether the statement is a reduction of the table below."""
    is_reduction = getattr(stmt.prim, "kind", None) is Kind.REDUCTION
    return is_reduction and stmt.prim.name in _FOLDS and is_library_primitive(stmt.prim)


def fold_of(stmt: Statement, shape: tuple[int, ...]) -> Fold:
    """How a reduction of an operand of `shape` is written.

    Raises
    ------
    NoRuleError
        For numbers that C does not reduce so.
    """
    x = stmt.operands[0]
    count = math.prod(shape[k] for k in stmt.params["axis"])
    fold = _FOLDS[stmt.prim.name](_Wanted(x.dtype, stmt.targets[0].dtype, count))
    if fold is None:
        raise refusal(stmt, f"C has no such reduction of numbers of dtype {x.dtype}.")
    return fold


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The dtypes of operand and result, and how many elements make one."""

    own: DType
    dtype: DType
    count: int


_Maker = Callable[[_Wanted], Fold | None]  # nothing where C has no such reduction


def _sum(y: _Wanted) -> Fold:
    return Fold("sum", y.dtype, literal(0, y.dtype), "{y} += {x};")


def _product(y: _Wanted) -> Fold:
    return Fold("product", y.dtype, literal(1, y.dtype), "{y} *= {x};")


def _mean(y: _Wanted) -> Fold | None:
    if y.dtype.kind not in "fc":
        return None
    part = np.dtype(f"f{y.dtype.itemsize // 2}") if y.dtype.kind == "c" else y.dtype
    return Fold("mean", y.dtype, literal(0, y.dtype), "{y} += {x};", f"{{y}} /= {literal(y.count, part)};")


def _extremum(word: str, function: str, comparison: str, sign: int) -> _Maker:
    def fold(y: _Wanted) -> Fold | None:
        if y.dtype.kind == "f":
            joined = f"{function}({{y}}, {{x}})"
            if y.dtype.itemsize == 4:
                joined = f"(float){function}((double){{y}}, (double){{x}})"
            return Fold(word, y.dtype, literal(sign * np.inf, y.dtype), f"{{y}} = {joined};")
        if y.dtype.kind not in "iu":
            return None
        bounds = np.iinfo(y.dtype)
        first = literal(bounds.min if sign < 0 else bounds.max, y.dtype)
        return Fold(word, y.dtype, first, f"{{y}} = {{x}} {comparison} {{y}} ? {{x}} : {{y}};")

    return fold


def _of_numbers(word: str, function: str) -> _Maker:
    """An extremum that leaves out nan."""

    def fold(y: _Wanted) -> Fold | None:
        suffix = "f" if y.dtype.itemsize == 4 else ""
        return Fold(word, y.dtype, "NAN", f"{{y}} = {function}{suffix}({{y}}, {{x}});") if y.dtype.kind == "f" else None

    return fold


def _joined(word: str, function: str, initial: float) -> _Maker:
    def fold(y: _Wanted) -> Fold | None:
        if y.dtype != np.float64:
            return None
        return Fold(word, y.dtype, literal(initial, y.dtype), f"{{y}} = {function}({{y}}, {{x}});")

    return fold


_BOOL = np.dtype(bool)
_ALL = Fold("holds", _BOOL, "true", "{y} = {y} && {x};")
_ANY = Fold("holds", _BOOL, "false", "{y} = {y} || {x};")
_COUNT = Fold("count", _BOOL, "0", "{y} += {x};")


def _always(fold: Fold) -> _Maker:
    def same(_: _Wanted) -> Fold:
        return fold

    return same


def _norm(y: _Wanted) -> Fold | None:
    """The root of the sum of squares."""
    if y.dtype != np.float64:
        return None
    if y.own.kind == "c":
        square = "creal({x}) * creal({x}) + cimag({x}) * cimag({x})"
        return Fold("square", y.own, "0.0", f"{{y}} += {square};", "{y} = sqrt({y});")
    return Fold("square", y.dtype, "0.0", "{y} += {x} * {x};", "{y} = sqrt({y});")


_FOLDS: dict[str, _Maker] = {
    "sum": _sum,
    "prod": _product,
    "mean": _mean,
    "max": _extremum("largest", "maximum", ">", -1),
    "min": _extremum("least", "minimum", "<", 1),
    "nanmax": _of_numbers("largest", "fmax"),
    "nanmin": _of_numbers("least", "fmin"),
    "fmax_reduce": _of_numbers("largest", "fmax"),
    "fmin_reduce": _of_numbers("least", "fmin"),
    "hypot_reduce": _joined("length", "hypot", 0.0),
    "logaddexp_reduce": _joined("total", "logaddexp", -np.inf),
    "logaddexp2_reduce": _joined("total", "logaddexp2", -np.inf),
    "any": _always(_ANY),
    "all": _always(_ALL),
    "count_nonzero": _always(_COUNT),
    "norm": _norm,
}
