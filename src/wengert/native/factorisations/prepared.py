"""Lists made ready: operations on matrices in terms of those that `factorisations` writes code for.

Equations with one matrix, or its transpose, share one LU factorisation with its inverse and its determinants; those
with a factor of Cholesky's or a QR factorisation need none, because it is triangular. Some functions of matrices are
what their own rows in the table compute: NumPy code, which is traced.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.api import trace
from wengert.errors import WengertError
from wengert.facts import Kind, flat
from wengert.native.writing import REGISTERS
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.degenerate import OfBothBases
from wengert.rules.structural import stand_in
from wengert.value import bind
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["FACTORISATIONS", "SMALL", "expansion", "is_inside", "is_native_factorisation", "prepared", "reads_in_place"]

#: Rows up to which the elimination is written out: a call of LAPACK costs more than that.
SMALL = 6

_FLOATS = ("float64", "float32")
_EQUATIONS = frozenset({"solve", "solve_or_nan"})
_OF_FACTORS = _EQUATIONS | {"inv", "det", "slogdet", "native.inv"}
_CHECKS = frozenset({"alike", "distinct"})
_DECOMPOSITIONS = frozenset({"eigh", "svd", "svd_full", "qr", "qr_complete"})
_KNOWN = _OF_FACTORS | _CHECKS | _DECOMPOSITIONS | {"cholesky", "solve_triangular"}

#: Statements with one matrix, or a stack of them, at a time.
FACTORISATIONS = _KNOWN | {
    "native.factored", "native.solved", "native.triangular", "native.det", "native.slogdet",
}  # fmt: skip


# --- what exists in machine code only ----------------------------------------------------------------------------


def _inside(*_: Any, **__: Any) -> Any:
    raise TypeError("this operation is a part of machine code, and is not evaluated")


def _operation(name: str, operands: int, outputs: int = 1, compute: Callable[..., Any] = _inside) -> Primitive:
    signature = ",".join(["(m,m)"] * operands) + "->" + ",".join(["(m,m)"] * outputs)
    return Primitive(
        name, compute, Kind.GUFUNC, [flat] * operands, outputs=outputs, mixes=True, signature=signature
    )  # fmt: skip


#: L and U of P L U = A in one matrix, stored by columns, and LAPACK's pivots.
_factored = _operation("native.factored", 1, outputs=2)
#: The solution, by these: operands L and U, pivots, and the right-hand side, the unit matrix where it is missing.
_solved = _operation("native.solved", 3)
#: The same of a triangular matrix, which stands in memory.
_triangular = _operation("native.triangular", 2)
_det_of_factors = _operation("native.det", 2)
_slogdet_of_factors = _operation("native.slogdet", 2, outputs=2)
#: The inverse, of a matrix for which it serves to compute cofactors; others are left to the interpreter.
_careful_inverse = _operation("native.inv", 1, compute=np.linalg.inv)


# --- functions in terms of others ---------------------------------------------------------------------------------


def _numbers(x: Any) -> Any:
    return x[..., None, None]


def _nan_unless_finite(a: Any) -> Any:
    return np.sum(a * 0, axis=(-2, -1), keepdims=True)


def _minors(a: Any, e: Any) -> Any:
    """The products of elements of two matrices (3, 3) that make up minors, with their signs."""
    one, two = np.array([1, 2, 0]), np.array([2, 0, 1])
    i, k = one[:, None], two[:, None]
    return a[..., i, one] * e[..., k, two] - a[..., i, two] * e[..., k, one]


def _cofactors(a: Any) -> Any:
    n = a.shape[-1]
    if n == 1:
        return np.ones_like(a)
    if n == 2:
        return a[..., ::-1, ::-1] * np.array([[1, -1], [-1, 1]], a.dtype) + _nan_unless_finite(a)
    if n == 3:
        return _minors(a, a) + _nan_unless_finite(a)
    x = bind(_careful_inverse, (a,))
    return _numbers(np.linalg.det(a)) * x.swapaxes(-1, -2)


def _cofactors_along(a: Any, e: Any) -> Any:
    n = a.shape[-1]
    if n == 1:
        return np.zeros_like(a * e)
    if n == 2:
        return e[..., ::-1, ::-1] * np.array([[1, -1], [-1, 1]], a.dtype) + _nan_unless_finite(a)
    if n == 3:
        return _minors(a, e) + _minors(e, a) + _nan_unless_finite(a)
    x = bind(_careful_inverse, (a,))
    xe = x @ e
    change = _numbers(np.trace(xe, axis1=-2, axis2=-1)) * x - xe @ x
    return _numbers(np.linalg.det(a)) * change.swapaxes(-1, -2)


def _nuclear_norm(a: Any) -> Any:
    return np.sum(np.linalg.svd(a, compute_uv=False), axis=-1)


_EXPANDED: dict[str, Callable[..., Any] | None] = {
    "cofactors": _cofactors,
    "cofactors_along": _cofactors_along,
    "nuclear_norm": _nuclear_norm,
    "pinv_of_rank": None,  # as the table has it
    "polar": None,
    "sylvester": None,
}


def expansion(stmt: Statement) -> WengertList | None:
    """The list that a statement stands for, where its primitive is in terms of others; ``None`` for all others."""
    if stmt.prim.name not in _EXPANDED or table.primitives.get(stmt.prim.name) is not stmt.prim:
        return None
    kinds = list(map(ArrayType.of, stmt.operands))
    if any(kind.dtype.name not in _FLOATS or 0 in kind.shape for kind in kinds):
        return None
    function = _EXPANDED[stmt.prim.name] or stmt.prim.compute

    def expanded(*xs: Any) -> Any:
        return function(*xs, **stmt.params)

    with contextlib.suppress(WengertError, TypeError), np.errstate(all="ignore"):
        return trace(expanded)(*map(stand_in, kinds))
    return None


# --- what is native -----------------------------------------------------------------------------------------------


def is_native_factorisation(stmt: Statement) -> bool:
    """Whether machine code can be written for a statement with one of the names of `FACTORISATIONS`."""
    name, prim = stmt.prim.name, stmt.prim
    is_own = prim is _careful_inverse or table.primitives.get(name) is prim
    if name in _CHECKS:
        is_own = isinstance(prim, OfBothBases)
    if not is_own or not all(v.dtype.name in _FLOATS for v in stmt.targets):
        return False
    if not all(ArrayType.of(x).dtype.name in REGISTERS for x in stmt.operands):
        return False
    if name in _DECOMPOSITIONS | _CHECKS:
        return 0 not in ArrayType.of(stmt.operands[0]).shape
    return True


def is_inside(stmt: Statement) -> bool:
    """Whether an operation exists in machine code only."""
    return isinstance(stmt.prim, Primitive) and stmt.prim.compute is _inside


def reads_in_place(stmt: Statement) -> bool:
    """Whether a statement needs its operands in memory."""
    return stmt.prim.name == "native.triangular"


# --- lists ---------------------------------------------------------------------------------------------------------


def prepared(lst: WengertList) -> WengertList:
    """The list with operations on matrices in terms of those that code is written for."""
    if not any(stmt.prim.name in _KNOWN or stmt.prim.name in _EXPANDED for stmt in lst.statements):
        return lst
    writer = _Preparation()
    for stmt in lst.statements:
        writer.add(stmt)
    return replace(lst, statements=tuple(writer.statements))


@dataclass(slots=True)
class _Factors:
    """The factors of a matrix, or of its transpose."""

    lu: Variable
    pivots: Variable
    is_turned: bool


@dataclass(slots=True)
class _Preparation:
    """A list being made ready.

    Attributes
    ----------
    turned : dict
        The transposes of matrices → those.
    lower : dict
        Matrices that are triangular → whether the lower triangle is the one.
    factors : dict
        Matrices, and the dtype in which they are factorised → factors.
    """

    statements: list[Statement] = field(default_factory=list)
    turned: dict[Variable, Variable] = field(default_factory=dict)
    lower: dict[Variable, bool] = field(default_factory=dict)
    factors: dict[tuple[Any, np.dtype[Any]], _Factors] = field(default_factory=dict)

    def add(self, stmt: Statement) -> None:
        """Add a statement, or what it stands for."""
        name = stmt.prim.name
        if name == "transpose" and _swaps_last_two(stmt) and isinstance(stmt.operands[0], Variable):
            x = stmt.operands[0]
            self.turned[stmt.targets[0]] = self.turned.get(x, x)
            if x in self.turned:  # turned twice
                del self.turned[stmt.targets[0]]
        if name in _EXPANDED and (lst := expansion(stmt)) is not None:
            for inner in _spliced(lst, stmt):
                self.add(inner)
        elif name == "solve_triangular" and is_native_factorisation(stmt):
            self._solve_triangular(stmt)
        elif name in _OF_FACTORS and is_native_factorisation(stmt):
            self._use_factors(stmt)
        else:
            self.statements.append(stmt)
        if name == "cholesky":
            self.lower[stmt.targets[0]] = True
        if name == "qr" and stmt.targets[1].shape[-1] == stmt.targets[1].shape[-2]:
            self.lower[stmt.targets[1]] = False

    def _solve_triangular(self, stmt: Statement) -> None:
        x, is_turned = self._straight(stmt.operands[0])
        dtype, params = stmt.targets[0].dtype, stmt.params
        is_lower = params["lower"] != is_turned
        if ArrayType.of(x).dtype != dtype:
            x = self._converted(x, dtype, stmt)
        self._write(stmt, _triangular, (x, stmt.operands[1]), {
            "lower": is_lower, "turned": is_turned, "unit": params["unit"], "nan": False, "finite": True,
        })  # fmt: skip

    def _converted(self, x: Any, dtype: np.dtype[Any], stmt: Statement) -> Any:
        if not isinstance(x, Variable):
            return np.asarray(x, dtype)
        made = Variable(f"{x.name}.{dtype.name}", ArrayType(x.shape, dtype))

        def convert(x: Any) -> Any:
            return x.astype(dtype)

        inner = Statement((made,), stmt.prim, (x,), {}, stmt.where, stmt.origin)
        self.statements.extend(_spliced(trace(convert)(stand_in(x.type)), inner))
        return made

    def _straight(self, x: Any) -> tuple[Any, bool]:
        """A matrix, or the one that it is the transpose of."""
        return (self.turned[x], True) if isinstance(x, Variable) and x in self.turned else (x, False)

    def _use_factors(self, stmt: Statement) -> None:
        name, dtype = stmt.prim.name, stmt.targets[0].dtype
        x, is_turned = self._straight(stmt.operands[0])
        n = ArrayType.of(x).shape[-1]
        is_known = isinstance(x, Variable) and x in self.lower and x.dtype == dtype
        if is_known and name in (*_EQUATIONS, "inv") and n:
            b = _right_hand_side(stmt)
            self._write(stmt, _triangular, (x, *b), {
                "lower": self.lower[x], "turned": is_turned, "unit": False, "nan": name == "solve_or_nan",
                "finite": False,
            })  # fmt: skip
        elif n <= SMALL:
            self.statements.append(stmt)
        else:
            factors = self._factors(stmt, dtype, is_strict=name != "solve_or_nan")
            found = factors.lu, factors.pivots
            if name in ("det", "slogdet"):
                self._write(stmt, _det_of_factors if name == "det" else _slogdet_of_factors, found, {})
                return
            is_careful = name == "native.inv"
            more = stmt.operands if is_careful else _right_hand_side(stmt)
            self._write(stmt, _solved, (*found, *more), {
                "turned": is_turned != factors.is_turned, "nan": name == "solve_or_nan", "careful": is_careful,
            })  # fmt: skip

    def _factors(self, stmt: Statement, dtype: np.dtype[Any], *, is_strict: bool) -> _Factors:
        """The factors of the first operand, or of its transpose where it does not matter which.

        A matrix that is singular by rounding in one of the two need not be so in the other: where this is an error, the
        matrix is factorised as it is.
        """
        a = stmt.operands[0]
        x, is_turned = self._straight(a)
        key = x if isinstance(x, Variable) else id(x), dtype
        if key not in self.factors or (is_strict and self.factors[key].is_turned != is_turned):
            shape = ArrayType.of(a).shape
            lu = Variable(f"{stmt.targets[0].name}.lu", ArrayType(shape, dtype))
            pivots = Variable(f"{stmt.targets[0].name}.pivots", ArrayType(shape[:-1], np.dtype(np.int32)))
            self.statements.append(Statement((lu, pivots), _factored, (a,), {}, stmt.where, stmt.origin))
            self.factors[key] = _Factors(lu, pivots, is_turned)
        return self.factors[key]

    def _write(self, stmt: Statement, prim: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> None:
        self.statements.append(replace(stmt, prim=prim, operands=operands, params=params))


def _right_hand_side(stmt: Statement) -> tuple[Any, ...]:
    """The right-hand side of an equation; nothing for the unit matrix."""
    if stmt.prim.name not in _EQUATIONS:
        return ()
    b = stmt.operands[1]
    is_unit = (
        isinstance(b, np.ndarray) and b.ndim == 2 and b.shape[0] == b.shape[1] and np.array_equal(b, np.eye(len(b)))
    )
    return () if is_unit else (b,)


def _swaps_last_two(stmt: Statement) -> bool:
    axes = list(stmt.params["axes"])
    n = len(axes)
    return n > 1 and axes == [*range(n - 2), n - 1, n - 2]


def _spliced(lst: WengertList, stmt: Statement) -> Iterator[Statement]:
    """The statements of a list in the place of one that it stands for, with that one's operands and targets."""
    names: dict[Variable, Any] = dict(zip(lst.inputs, stmt.operands, strict=True))
    final = {y: v for y, v in zip(lst.outputs, stmt.targets, strict=True) if isinstance(y, Variable)}
    for k, inner in enumerate(lst.statements):
        for v in inner.targets:
            names[v] = final.get(v) or Variable(f"{stmt.targets[0].name}.{k}", v.type)
        operands = tuple(names[x] if isinstance(x, Variable) else x for x in inner.operands)
        yield Statement(
            tuple(names[v] for v in inner.targets), inner.prim, operands, inner.params, stmt.where, stmt.origin
        )
    made = {v for inner in lst.statements for v in inner.targets}
    for y, v in zip(lst.outputs, stmt.targets, strict=True):
        if not isinstance(y, Variable) or y not in made:  # a constant, or an operand as it is
            yield Statement(
                (v,), table.constant, (names[y] if isinstance(y, Variable) else y,), {}, stmt.where, stmt.origin
            )
