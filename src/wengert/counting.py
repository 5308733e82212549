"""Floating-point operations of a list, counted without running it.

The count is that of the textbooks: the arithmetic a program is made of, not the time that a machine takes for it.

=============================  =====================================================================================
statement                      operations
=============================  =====================================================================================
elementwise                    1 for each element of a floating-point or complex result: ``+`` and ``sin`` alike
comparison, logic, selection   0: ``<``, ``&``, ``where``, ``sign``; also casts, copies and results that are integers
reduction                      the elements that are combined, less the results; ``mean`` one more for each result
product of matrices            2k - 1 for each element of the result, where k is the length summed over
solve, inv, det, cholesky      2n³/3 + 2n² for each right-hand side, 2n³, 2n³/3, n³/3 (Golub and Van Loan 2013)
qr, svd, eigh, eig, schur      4mn² - 4n³/3, 14mn² + 8n³, 9n³, 25n³, 25n³ (the same)
fft                            5 n log₂ n of complex, half of that of real numbers
scatter                        the elements that are added to a place a second time
moving and sorting elements    0
branches                       those of the most expensive one
loop                           those of the body times the number of rounds; 1 round where that is not known
call                           those of the function
=============================  =====================================================================================

Complex operations count once, as real ones do. What has no rule (`Stats.uncounted`) counts 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from wengert.control import Branches, Loop, While
from wengert.facts import Kind
from wengert.wlist import ANY, ArrayType, Statement, WengertList

__all__ = ["Stats", "flops", "stats_of"]

Rule = Callable[[Statement, list[tuple[int, ...]], list[tuple[int, ...]]], float]

#: Elementwise functions that take, move or compare numbers and compute none.
_FREE = """
    positive constant detach astype astype_integer real imag conjugate where sign signbit heaviside copysign gammasgn
    less less_equal greater greater_equal equal not_equal isfinite isinf isnan isnat
"""


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a list.

    Attributes
    ----------
    name : str
    statements : int
        With those of all sub-lists, each counted once.
    flops : int
        Floating-point operations of one run, as `flops` counts them.
    by_primitive : dict of str to int
        How many statements each primitive has, the most frequent first.
    is_exact : bool
        False where the number of rounds of a loop is not known: one round is counted then.
    uncounted : tuple of str
        Primitives that there is no rule for: their operations are not counted.
    before : Stats or None
        Of the list before it was simplified.
    primal : Stats or None
        Of the list that a derivative was taken of.
    ratio : float or None
        Operations in those of the primal list: what a value with its derivative costs in values.
    """

    name: str
    statements: int
    flops: int
    by_primitive: Mapping[str, int]
    is_exact: bool = True
    uncounted: tuple[str, ...] = ()
    before: Stats | None = None
    primal: Stats | None = None

    @property
    def ratio(self) -> float | None:
        """Operations in those of the primal list; ``None`` where there is none, or it has none."""
        return self.flops / self.primal.flops if self.primal is not None and self.primal.flops else None

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = import_module("wengert.show.displays").stats_html(self)  # what is shown stands above what is
        return html

    def __str__(self) -> str:
        bound = "" if self.is_exact else " (one round of each loop of unknown length)"
        rows = [("statements", f"{self.statements:,}"), ("operations", f"{self.flops:,}{bound}")]
        if self.before is not None:
            rows.append(("before simplification", f"{self.before.statements:,} and {self.before.flops:,}"))
        if self.primal is not None:
            rows.append(("primal list", f"{self.primal.statements:,} and {self.primal.flops:,}"))
        if self.ratio is not None:
            rows.append(("operations in primal ones", f"{self.ratio:.2f}"))
        if self.uncounted:
            rows.append(("not counted", ", ".join(self.uncounted)))
        rows += [(f"  {name}", f"{count:,}") for name, count in self.by_primitive.items()]
        width = max(len(label) for label, _ in rows)
        return "\n".join([f"list {self.name}", *(f"  {label:<{width}}  {text}" for label, text in rows)])


@dataclass(slots=True)
class _Tally:
    """What a walk over a list has found."""

    statements: int = 0
    flops: float = 0.0
    by_primitive: Counter[str] = field(default_factory=Counter)
    is_exact: bool = True
    uncounted: set[str] = field(default_factory=set)


def flops(lst: WengertList) -> int:
    """Count the floating-point operations of one run of a list.

    Parameters
    ----------
    lst : WengertList

    Returns
    -------
    int
        As the table of `wengert.counting` says: one for each element of an elementwise function, whether a sum or a
        sine; textbook counts of linear algebra; none for moving, comparing and selecting. A loop whose number of
        rounds is not known counts one round.

    Notes
    -----
    One look at each statement; nothing is computed.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> from wengert.counting import flops
    >>> flops(wg.trace(lambda A, x: np.sin(A @ x))(np.ones((3, 4)), np.ones(4)))
    24
    """
    return round(_tally(lst).flops)


def stats_of(lst: WengertList) -> Stats:
    """Count statements and operations of a list, and of those that it was made from.

    Parameters
    ----------
    lst : WengertList

    Returns
    -------
    Stats
        Printed, a table.

    Examples
    --------
    >>> import wengert as wg
    >>> from wengert.counting import stats_of
    >>> print(stats_of(wg.adjoint(wg.trace(lambda x, y: x * x * y)(2., 3.))))
    list <lambda>_adjoint
      statements                 7
      operations                 7
      primal list                2 and 2
      operations in primal ones  3.50
        multiply                 6
        add                      1
    """
    transform, source = getattr(lst, "made_from", None) or ("", None)
    before = stats_of(source) if source is not None and transform == "simplified" else None
    primal = before.primal if before is not None else None
    if source is not None and transform in ("tangent", "adjoint"):
        primal = stats_of(source)
    found = _tally(lst)
    return Stats(
        lst.name,
        found.statements,
        round(found.flops),
        dict(found.by_primitive.most_common()),
        found.is_exact,
        tuple(sorted(found.uncounted)),
        before,
        primal,
    )


# --- walking -------------------------------------------------------------------------------------------------------


def _tally(lst: WengertList) -> _Tally:
    total = _Tally()
    for stmt in lst.statements:
        total.statements += 1
        total.by_primitive[stmt.prim.name] += 1
        total.flops += _of_control(stmt, total) if stmt.prim.sublists else _of_statement(stmt, total)
    return total


def _of_control(stmt: Statement, total: _Tally) -> float:
    """Operations of a control statement; its lists nest as deep as the user's program does."""
    parts = {part: _tally(lst) for part, lst in stmt.prim.sublists.items()}
    for part in parts.values():
        total.statements += part.statements
        total.by_primitive.update(part.by_primitive)
        total.is_exact &= part.is_exact
        total.uncounted |= part.uncounted
    counts = [part.flops for part in parts.values()]
    prim = stmt.prim
    if isinstance(prim, Branches):
        return max(counts)
    if isinstance(prim, Loop):
        total.is_exact &= prim.length is not None
        return sum(counts) * (1 if prim.length is None else prim.length)
    total.is_exact &= not isinstance(prim, While)
    return sum(counts)


def _of_statement(stmt: Statement, total: _Tally) -> float:
    kind, name = getattr(stmt.prim, "kind", None), stmt.prim.name
    ins = [_known(ArrayType.of(x).shape) for x in stmt.operands]
    outs = [_known(v.shape) for v in stmt.targets]
    if any(ANY in ArrayType.of(x).shape for x in (*stmt.operands, *stmt.targets)):
        total.is_exact = False
    rule = _RULES.get(name)
    if rule is not None:
        return rule(stmt, ins, outs)
    if all(v.dtype.kind not in "fc" for v in stmt.targets) or name in _FREE.split():
        return 0.0
    if kind is Kind.ELEMENTWISE:
        return float(sum(map(math.prod, outs)))
    if kind is Kind.REDUCTION:
        return _combined(stmt, ins, outs)
    if name not in _MOVING.split():
        total.uncounted.add(name)
    return 0.0


def _known(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if n == ANY else n for n in shape)


# --- rules -----------------------------------------------------------------------------------------------------------


def _combined(_stmt: Statement, ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    return float(max(math.prod(ins[0]) - math.prod(outs[0]), 0))


def _mean(_stmt: Statement, ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    return float(max(math.prod(ins[0]), math.prod(outs[0])))


def _norm(_stmt: Statement, ins: list[tuple[int, ...]], _outs: list[tuple[int, ...]]) -> float:
    return 2.0 * math.prod(ins[0])  # squares, sums, and a root for each result


def _matmul(_stmt: Statement, ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    return float(max(2 * ins[0][-1] - 1, 0) * math.prod(outs[0]))


def _einsum(stmt: Statement, ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    """Products of all factors and their sum, over all indices at once."""
    terms = stmt.params["subscripts"].split("->")[0].split(",")
    lengths = {letter: n for term, shape in zip(terms, ins, strict=True) for letter, n in zip(term, shape, strict=True)}
    return float(max(len(ins) * math.prod(lengths.values()) - math.prod(outs[0]), 0))


def _fft(stmt: Statement, _ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    n, (*batch, length) = stmt.params.get("n") or outs[0][-1], outs[0]
    factor = 2.5 if stmt.prim.name in ("rfft", "irfft") else 5.0
    return factor * math.prod(batch) * n * math.log2(n) if n > 1 and length else 0.0


def _convolve(_stmt: Statement, ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    return float(max(2 * math.prod(ins[0]) * math.prod(ins[1]) - math.prod(outs[0]), 0))


def _scatter(stmt: Statement, _ins: list[tuple[int, ...]], _outs: list[tuple[int, ...]]) -> float:
    """A place that is named k times takes k - 1 additions."""
    index = stmt.params["index"]
    parts = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind in "iu" for part in parts):
        return 0.0
    shape = stmt.params["shape"]
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    return float(places.size - np.unique(places).size)


def _results(_stmt: Statement, _ins: list[tuple[int, ...]], outs: list[tuple[int, ...]]) -> float:
    return float(math.prod(outs[0]))


def _added(stmt: Statement, ins: list[tuple[int, ...]], _outs: list[tuple[int, ...]]) -> float:
    """Elements that are added at places which are known only when the list is run."""
    return float(math.prod(ins[1 if stmt.prim.name == "add_at" else 0]))


def _of_square(cubes: float, squares: float = 0.0) -> Rule:
    """``cubes`` n³ + ``squares`` n² for each matrix n × n, and for each column of a second operand another n² each."""

    def rule(_stmt: Statement, ins: list[tuple[int, ...]], _outs: list[tuple[int, ...]]) -> float:
        *batch, n, _ = ins[0]
        columns = 1 if len(ins) < 2 or len(ins[1]) < 2 else ins[1][-1]
        return math.prod(batch) * (cubes * n**3 + squares * n**2 * columns)

    return rule


def _of_rectangle(mn2: float, n3: float) -> Rule:
    """``mn2`` m n² + ``n3`` n³ for each matrix, where n is the shorter side."""

    def rule(_stmt: Statement, ins: list[tuple[int, ...]], _outs: list[tuple[int, ...]]) -> float:
        *batch, rows, columns = ins[0]
        m, n = max(rows, columns), min(rows, columns)
        return math.prod(batch) * (mn2 * m * n**2 + n3 * n**3)

    return rule


_MOVING = """
    reshape transpose broadcast_to concatenate flip copy roll take_diagonals put_diagonals view gather getitem
    index_update pad take take_along_axis diagonal on_diagonal sliding_window_view cummax cummin update_at
"""
_RUNNING = ("cumsum", "cumprod", "linear_recurrence", "segment_sums")
_ADDING = ("add_at", "gather_transpose", "take_transpose", "take_along_axis_transpose")

_THIRD = 1 / 3

_RULES: Mapping[str, Rule] = {
    "mean": _mean,
    "norm": _norm,
    "matmul": _matmul,
    "einsum": _einsum,
    "convolve": _convolve,
    "scatter": _scatter,
    **dict.fromkeys(_RUNNING, _results),
    **dict.fromkeys(_ADDING, _added),
    **dict.fromkeys(("fft", "ifft", "rfft", "irfft"), _fft),
    "solve": _of_square(2 * _THIRD, 2),
    "solve_or_nan": _of_square(2 * _THIRD, 2),
    "solve_triangular": _of_square(0, 1),
    "inv": _of_square(2),
    "det": _of_square(2 * _THIRD),
    "slogdet": _of_square(2 * _THIRD),
    "cholesky": _of_square(_THIRD),
    "eigh": _of_square(9),
    "eig": _of_square(25),
    "schur": _of_square(25),
    "lu": _of_rectangle(1, -_THIRD),
    "qr": _of_rectangle(4, -4 * _THIRD),
    "qr_complete": _of_rectangle(4, -4 * _THIRD),
    "lstsq": _of_rectangle(4, 8),
    "svd": _of_rectangle(14, 8),
    "svd_full": _of_rectangle(14, 8),
    "pinv": _of_rectangle(14, 8),
}
