"""Which values of a round are kept for the reverse sweep, besides the carries.

The reverse sweep computes each round once more. A dear value that it reads, such as that of an exponential function or
a product of matrices, is rather stacked by the rounds: to write and read it costs less than to compute it again. How
many bytes that may take is bounded, by those of the carries and xs that are kept anyway and by a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from wengert.control.operation import Control
from wengert.facts import Kind
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = ["MOST_BYTES", "MOST_TIMES", "MOVES", "chosen", "dear", "reading"]

#: Bytes of all values that the rounds of one loop keep, at most: beyond the caches, memory is as slow as `exp`.
MOST_BYTES = 32 * 2**20

#: Bytes of the values that a round keeps, at most, in those of its carries and slices that the sweep reads.
MOST_TIMES = 4

_WORTH = 2.0  # additions for each byte of a result, from which on it is dear
_FUNCTION = 20  # the work of an elementwise function, in additions
_FEW_PRODUCTS = (0, 0.5, 1, 2, 3, 4, 5, 6, 7, 8)  # exponents

# Of a few instructions of the processor for each element.
_ARITHMETIC_NAMES = """
    negative positive add subtract multiply divide square sqrt reciprocal absolute fabs copysign real imag conjugate
    less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not logical_xor bitwise_and
    bitwise_or bitwise_xor invert left_shift right_shift selecting_multiply constant detach astype astype_integer where
    choice_number maximum minimum fmax fmin clip heaviside round floor ceil trunc rint sign signbit isfinite isinf
    isnan isnat deg2rad radians rad2deg degrees infinite_where_undefined ldexp spacing nextafter
    sum prod max min nanmax nanmin mean all any count_nonzero norm fmax_reduce fmin_reduce argmax argmin
    cumsum cumprod cummax cummin linear_recurrence segment_sums sum_of_windows
"""
_ARITHMETIC = frozenset(_ARITHMETIC_NAMES.split())

_MOVES = """
    reshape transpose broadcast_to concatenate flip copy roll take_diagonals put_diagonals view fold flat_fold gather
    gather_transpose update_at add_at getitem scatter index_update pad take take_transpose take_along_axis
    take_along_axis_transpose diagonal on_diagonal sliding_window_view
"""

#: Operations that only move elements.
MOVES = frozenset(_MOVES.split())


def dear(body: WengertList) -> dict[Variable, float]:
    """The values of a list that are dearer to compute than to keep, with their work for each byte."""
    found: dict[Variable, float] = {}
    for stmt in body.statements:
        size = sum(map(_bytes, stmt.targets))
        worth = _work(stmt) / size if size else 0.0
        if worth >= _WORTH:
            found.update((v, worth) for v in stmt.targets if v.dtype.kind in "fciub")
    return found


def reading(lst: WengertList, given: Iterable[Variable]) -> tuple[WengertList, tuple[Variable, ...]]:
    """A list that is given some values which it computed: without the statements for them.

    Parameters
    ----------
    lst : WengertList
    given : iterable of Variable
        Targets of statements.

    Returns
    -------
    lst : WengertList
        With further inputs, one for each of `given`.
    read : tuple of Variable
        Those of `given` that it reads. Others it does not need, or it computes them along with what it needs.
    """
    given = tuple(given)
    wanted, read = {y for y in lst.outputs if isinstance(y, Variable)}, set(given)
    statements = []
    for stmt in reversed(lst.statements):
        needed = wanted.intersection(stmt.targets)
        if needed - read:
            statements.append(stmt)
            read.difference_update(stmt.targets)
            wanted.update(x for x in stmt.operands if isinstance(x, Variable))
    read &= wanted
    more = (v if v in read else Variable(v.name, v.type) for v in given)
    found = replace(lst, inputs=(*lst.inputs, *more), statements=tuple(reversed(statements)))
    return found, tuple(v for v in given if v in read)


def chosen(lst: WengertList, candidates: Mapping[Variable, float], *, own: int, rounds: int) -> tuple[Variable, ...]:
    """The values that are to be stacked for a reverse sweep.

    Parameters
    ----------
    lst : WengertList
        A round of the reverse sweep, which computes all values that it reads but those that are stacked anyway.
    candidates : mapping of Variable to float
        What is worth to be kept, and how much so.
    own : int
        Bytes of the carries and slices that a round of the sweep reads, which are kept anyway.
    rounds : int

    Returns
    -------
    tuple of Variable
    """
    room: float = min(MOST_TIMES * own, MOST_BYTES // max(rounds, 1))
    computed = {v for stmt in lst.statements for v in stmt.targets}
    _, read = reading(lst, [v for v in candidates if v in computed])
    taken = []
    for v in sorted(read, key=lambda v: -candidates[v]):
        if _bytes(v) <= room:
            room -= _bytes(v)
            taken.append(v)
    return reading(lst, taken)[1]


def _bytes(v: Variable) -> float:
    """Bytes of a value; infinite where its shape is not known."""
    return math.inf if ANY in v.shape else v.type.size * v.dtype.itemsize


# --- work --------------------------------------------------------------------------------------------------------


def _work(stmt: Statement) -> float:
    """How much work a statement is, in additions; 0 of one whose shapes are not known."""
    prim = stmt.prim
    if isinstance(prim, Control):
        return prim.repeats * sum(_work(inner) for lst in prim.sublists.values() for inner in lst.statements)
    shapes = [ArrayType.of(x).shape for x in (*stmt.operands, *stmt.targets)]
    if prim.name in MOVES or any(ANY in shape for shape in shapes):
        return 0.0
    if prim.name in ("matmul", "einsum"):
        return _products(stmt)
    if getattr(prim, "kind", None) is Kind.GUFUNC:  # of matrices of n rows n³
        return float(max(math.prod(shape) * shape[-1] for shape in shapes if shape))
    return float(max(map(math.prod, shapes)) * (1 if _is_arithmetic(stmt) else _FUNCTION))


def _is_arithmetic(stmt: Statement) -> bool:
    """Whether an operation takes a few instructions for each element: a power of a small whole number does, too."""
    if stmt.prim.name not in ("power", "float_power"):
        return stmt.prim.name in _ARITHMETIC
    exponent = stmt.operands[1]
    return not isinstance(exponent, Variable) and np.ndim(exponent) == 0 and abs(exponent) in _FEW_PRODUCTS


def _products(stmt: Statement) -> float:
    """Multiplications and additions of a product of matrices, or of several arrays."""
    shapes = [ArrayType.of(x).shape for x in stmt.operands]
    if stmt.prim.name == "matmul":
        return 2.0 * shapes[0][-1] * stmt.targets[0].type.size
    terms = stmt.params["subscripts"].split("->")[0].split(",")
    pairs = (pair for term, shape in zip(terms, shapes, strict=True) for pair in zip(term, shape, strict=True))
    lengths = dict(pairs)
    return float(len(shapes) * math.prod(lengths.values()))
