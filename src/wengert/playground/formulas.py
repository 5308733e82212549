"""The gradient as formulas: LaTeX to copy, and MathML to read, as a tree of plain data that the page builds up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

import numpy as np

from wengert.errors import MissingPackageError, WengertError
from wengert.playground.worker import Answer
from wengert.symbolic import latex
from wengert.symbolic.conversion import results_of
from wengert.symbolic.dependency import require_sympy
from wengert.wlist import Variable, WengertList

__all__ = ["gradient_formulas"]

_MOST = 12  # formulas that are written
_LONGEST = 10_000  # parts of all formulas together
_MOST_NODES = 1_500  # of one formula that is typeset
_INDICES = re.compile(r"_\{\d+( \d+)+\}")  # SymPy puts spaces between several
_FAILURES = (WengertError, ArithmeticError, AttributeError, RecursionError, TypeError, ValueError)


def gradient_formulas(lst: WengertList, names: Sequence[str], of: tuple[int, ...] = ()) -> Answer:
    """Write the gradient as formulas.

    Parameters
    ----------
    lst : WengertList
        That computes it: one result for each variable.
    names : sequence of str
        Of the variables.
    of : tuple of int
        Where in the result of the function the number is whose gradient it is; empty if that is one number.

    Returns
    -------
    dict
        ``formulas``, each with its ``latex`` and, where it is short enough to read, its ``mathml``, a tree of lists of
        tag and children, and ``latex``, all together; where there are no formulas, the program in LaTeX, and why.
    """
    size = sum(np.size(y) if not hasattr(y, "type") else y.type.size for y in lst.outputs)
    if size > _MOST:
        return _as_program(lst, f"Formulas are written for up to {_MOST} numbers; this point has {size}.")
    parts = _parts(lst)
    if parts > _LONGEST:
        return _as_program(lst, f"Written out the gradient has {_counted(parts)} parts: here are its steps.")
    try:
        require_sympy("the playground")
        results = results_of(lst, generic=True)
    except MissingPackageError as error:
        return _as_program(lst, f"{error.what} {error.remedy}")
    except RecursionError:
        return _as_program(lst, "The formulas are nested too deeply: here are the steps.")
    except _FAILURES as error:
        return _as_program(lst, str(getattr(error, "what", error)))
    formulas = [
        _written(of, name, index, array[index])
        for name, array in zip(names, results, strict=True)
        for index in np.ndindex(array.shape)
    ]
    return {"formulas": formulas, "latex": _aligned(formulas), "why": ""}


def _parts(lst: WengertList) -> int:
    """How many signs and operations the formulas have, in which each value is written out wherever it is used."""
    of: dict[Any, int] = {}
    for stmt in lst.statements:
        size = sum(of.get(x, 1) if isinstance(x, Variable) else 1 for x in stmt.operands)
        of.update(dict.fromkeys(stmt.targets, 1 + size))
    return sum(of.get(y, 1) if isinstance(y, Variable) else 1 for y in lst.outputs)


def _counted(parts: int) -> str:
    return f"{parts:,}" if parts < 10**9 else f"about 10^{len(str(parts)) - 1}"


def _as_program(lst: WengertList, why: str) -> Answer:
    return {"formulas": [], "latex": latex(lst), "why": " ".join(why.split())}


def _aligned(formulas: Sequence[Answer]) -> str:
    lines = (formula["latex"].replace(" = ", " &= ", 1) for formula in formulas)
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def _written(of: tuple[int, ...], name: str, index: tuple[int, ...], formula: Any) -> Answer:
    """The equation of one number: ``x``, or of an array ``x_0`` as SymPy calls it here."""
    import sympy

    variable = sympy.Symbol("_".join([name, *map(str, index)]))
    function = sympy.Symbol("_".join(["f", *map(str, of)]))
    part = rf"\frac{{\partial {sympy.latex(function)}}}{{\partial {sympy.latex(variable)}}}"
    text = f"{part} = {sympy.latex(formula)}"
    return {"latex": _INDICES.sub(_with_commas, text), "mathml": _typeset(function, variable, formula)}


def _with_commas(indices: re.Match[str]) -> str:
    return indices[0].replace(" ", ", ")


def _typeset(function: Any, variable: Any, formula: Any) -> Any:
    """The equation in MathML; ``None`` where it is too long to read."""
    printer = _printer()
    try:
        above, below, right = (_tree(printer._print(part)) for part in (function, variable, formula))
    except _FAILURES:
        return None
    left = ["mfrac", ["mrow", ["mi", "∂"], above], ["mrow", ["mi", "∂"], below]]
    tree = ["mrow", left, ["mo", "="], right]
    return tree if sum(1 for _ in _nodes(tree)) <= _MOST_NODES else None


def _tree(node: Any) -> Any:
    """An element as its tag and its children; a text as it reads."""
    if node.nodeType == node.TEXT_NODE:
        return unescape(node.data) if node.data != " " else ","  # between indices
    return [node.tagName, *map(_tree, node.childNodes)]


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    if isinstance(tree, list):
        for child in tree[1:]:
            yield from _nodes(child)


def _printer() -> Any:
    """SymPy's printer, which writes choices as a table and functions without a sign for their application."""
    from sympy.printing.mathml import MathMLPresentationPrinter

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc] # SymPy has no types
        def _print_Piecewise(self, formula: Any) -> Any:  # noqa: N802 - the class that it prints
            table = self.dom.createElement("mtable")
            for value, condition in formula.args:
                row = self.dom.createElement("mtr")
                for cell in (self._print(value), self._condition(condition)):
                    data = self.dom.createElement("mtd")
                    data.appendChild(cell)
                    row.appendChild(data)
                table.appendChild(row)
            whole, bracket = self.dom.createElement("mrow"), self.dom.createElement("mo")
            bracket.appendChild(self.dom.createTextNode("{"))
            whole.appendChild(bracket)
            whole.appendChild(table)
            return whole

        def _condition(self, condition: Any) -> Any:
            import sympy

            row, word = self.dom.createElement("mrow"), self.dom.createElement("mtext")
            otherwise = condition == sympy.true
            word.appendChild(self.dom.createTextNode("otherwise" if otherwise else "if\u00a0"))
            row.appendChild(word)
            if not otherwise:
                row.appendChild(self._print(condition))
            return row

    return Printer()
