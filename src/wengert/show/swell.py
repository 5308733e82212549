"""Expression swell: how formulas of derivatives grow, and lists do not (Baydin, Pearlmutter, Radul and Siskind 2018).

A function is iterated. Written out, each use of a value is a copy of its formula; the list has each value once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.api import trace
from wengert.errors import ArgumentError, ShapeError, user_location
from wengert.programs import name_of
from wengert.show.page import Heading, Page, Row, Shown, Table
from wengert.symbolic.dependency import has_sympy
from wengert.symbolic.written import Written, shortened, written_out
from wengert.transforms import tangent
from wengert.wlist import ArrayType

__all__ = ["ExpressionSwell", "Growth", "expression_swell"]

_LONGEST = 56  # characters of a formula in the table
_MOST_SIMPLIFIED = 2000  # operations up to which SymPy simplifies what is no polynomial
_HIGHEST_DEGREE = 150  # up to which a polynomial is multiplied out
_IN_FULL = 10**7


@dataclass(frozen=True, slots=True)
class Growth:
    """One row: l_n and its derivative as formulas, and their sizes.

    Attributes
    ----------
    n : int
    formula, derivative, simplified : str
        Abbreviated; `simplified` is empty where it was not found.
    operations : tuple of int
        Of the three formulas when they are written out; the last one 0 where there is none.
    statements : int
        Of the tangent list, which computes value and derivative.
    """

    n: int
    formula: str
    derivative: str
    simplified: str
    operations: tuple[int, int, int]
    statements: int


class ExpressionSwell(Shown):
    """How the formula of a derivative grows with the length of the program; made by `expression_swell`.

    Attributes
    ----------
    title : str
    rows : tuple of Growth
        For n = 1, 2, …
    note : str
        Why there is no simplified form, where it is missing.
    """

    def __init__(self, title: str, rows: Sequence[Growth], note: str = ""):
        self.title, self.rows, self.note = title, tuple(rows), note

    def page(self) -> Page:
        """A table of the formulas and a table of their sizes."""
        return Page(self.title, (self._formulas(), self._sizes()))

    def _formulas(self) -> Table:
        headings = ("n", "lₙ", "d lₙ/dx, written out", "simplified")
        rows = [Row((str(row.n), row.formula, row.derivative, row.simplified or "—")) for row in self.rows]
        return Table("The formulas", tuple(map(Heading, headings)), tuple(rows), (self.note,) if self.note else ())

    def _sizes(self) -> Table:
        headings = ("n", "lₙ", "d lₙ/dx, written out", "simplified", "statements of the tangent list")
        rows = []
        for row in self.rows:
            counts = [_counted(count) for count in row.operations[:2]]
            last = _counted(row.operations[2]) if row.simplified else "—"
            rows.append(Row((str(row.n), *counts, last, str(row.statements))))
        note = (
            "Written out, every use of a value is a copy of its formula, and their number is multiplied with each "
            "step. The list computes each value once and grows by the same number of statements."
        )
        return Table("Operations", tuple(map(Heading, headings)), tuple(rows), (note,))


def expression_swell(f: Any = "logistic", n: int = 8, *, progress: bool | None = None) -> ExpressionSwell:
    """Show how the formula of a derivative grows with the program, while the list that computes it grows linearly.

    Iterates l₁ = x, lₖ₊₁ = f(lₖ), and sets the formulas of lₙ and of its derivative beside the number of statements
    that automatic differentiation needs. With the logistic map f(l) = 4 l (1 - l) it is table 1 of Baydin et al.
    (2018).

    Parameters
    ----------
    f : "logistic" or callable
        From one number to one number.
    n : int
        The last row; from 1 on.
    progress : bool, optional
        Whether to show a progress bar on standard error; by default only where that is a terminal.

    Returns
    -------
    ExpressionSwell
        Prints itself; in a notebook as tables. Long formulas are abbreviated, sizes are those of the whole formulas.

    Raises
    ------
    ArgumentError
        If `n` is no such number, or `f` is another word.
    ShapeError
        If f does not map a number to a number.

    Notes
    -----
    The derivative that is written out follows from the rules for products and chains without simplification. The
    simplified form is SymPy's; without SymPy it is left out.

    Cost: sizes are counted without writing the formulas, in n² statements. Simplifying takes as long as the formula
    is large: it is left out above 2,000 operations, of polynomials above the degree 300.

    Examples
    --------
    >>> from wengert.show.swell import expression_swell
    >>> for row in expression_swell(n=4).rows:
    ...     print(row.n, row.operations, row.statements, row.simplified)
    1 (0, 0, 0) 0 1
    2 (3, 4, 3) 8 4·(1 - 2·x)
    3 (9, 20, 9) 16 16·(1 - 10·x + 24·x^2 - 16·x^3)
    4 (21, 64, 21) 24 64·(1 - 42·x + 504·x^2 - 2640·x^3 + 7040·x^4 - 9984·x^5…
    """
    step, name = _step(f)
    if n != int(n) or n < 1:
        raise ArgumentError(
            f"expression_swell got n={n}.", remedy="Give a whole number from 1 on.", where=user_location()
        )
    with _progress_bar(int(n), progress) as advance:
        rows = [_growth(step, k, advance) for k in range(1, int(n) + 1)]
    return ExpressionSwell(f"l₁ = x, lₙ₊₁ = {name}", rows, _note(rows))


def _logistic(x: Any) -> Any:
    return 4 * x * (1 - x)


def _step(f: Any) -> tuple[Callable[[Any], Any], str]:
    if isinstance(f, str):
        if f != "logistic":
            raise ArgumentError(
                f"expression_swell knows no function called {f!r}.",
                remedy='Give "logistic", or a function from one number to one number.',
                where=user_location(),
            )
        return _logistic, "4·lₙ·(1 - lₙ)"
    lst = trace(f)(np.float64(1.0))
    types = [ArrayType.of(y) for y in lst.outputs]
    if len(types) != 1 or types[0].shape or types[0].dtype.kind != "f":
        raise ShapeError(
            f"expression_swell needs a function from one number to one number, but {name_of(f)} returned "
            f"{', '.join(map(str, types))}.",
            remedy="Return one number.",
            where=user_location(),
        )
    return f, f"{name_of(f)}(lₙ)"


def _growth(step: Callable[[Any], Any], n: int, advance: Callable[[], None]) -> Growth:
    def iterated(x: Any) -> Any:
        for _ in range(n - 1):
            x = step(x)
        return x

    lst = trace(iterated)(np.float64(1.0))
    program = tangent(lst)
    inputs = [Written("x"), Written("1")]
    found = written_out(program, inputs)
    formula, derivative = found[0], found[-1]
    simplified, operations = _simplified(lst, derivative.operations) if has_sympy() else ("", 0)
    advance()
    return Growth(
        n, shortened(formula.text, _LONGEST), shortened(derivative.signed, _LONGEST), simplified,
        (formula.operations, derivative.operations, operations), len(program.statements),
    )  # fmt: skip


# --- the simplified form ---------------------------------------------------------------------------------------


def _simplified(lst: Any, size: int) -> tuple[str, int]:
    """The shortest form that SymPy finds, and its number of operations; nothing where that would take long."""
    from wengert.symbolic.shortening import shortest_derivative

    return shortest_derivative(lst, size, _MOST_SIMPLIFIED, _HIGHEST_DEGREE, _LONGEST)


def _note(rows: Sequence[Growth]) -> str:
    if not has_sympy():
        return "The simplified form needs SymPy: pip install sympy."
    if all(row.simplified for row in rows):
        return ""
    return "Where there is no simplified form, SymPy would take long to find it."


def _counted(count: int) -> str:
    return f"{count:,}" if count < _IN_FULL else f"about 10^{len(str(count)) - 1}"


@contextmanager
def _progress_bar(steps: int, progress: bool | None) -> Iterator[Callable[[], None]]:
    """What to call after each row."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    shown = console.is_terminal if progress is None else progress
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=console.is_terminal, disable=not shown) as bar:
        task = bar.add_task("writing out formulas", total=steps)
        yield lambda: bar.advance(task)
