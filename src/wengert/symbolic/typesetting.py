r"""Lists in LaTeX: one line for each statement, or one formula with everything put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from wengert.control.branches import Branches, Call
from wengert.control.loops import Loop
from wengert.errors import ArgumentError, user_location
from wengert.programs import list_of
from wengert.symbolic.latex_table import TABLE
from wengert.symbolic.notation import (
    APPLICATION,
    ATOM,
    POWER,
    PRODUCT,
    RELATION,
    SIGN,
    Piece,
    escaped,
    name_in_latex,
    number_in_latex,
    operator_name,
    with_index,
)
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["latex"]

_LONGEST = 100_000  # characters of an expanded formula
_INDICES = "ijklmnpqrs"
_PLACEHOLDER = re.compile(r"<(\d+)>")


def latex(program: Any, *args: Any, expanded: bool = False) -> str:
    r"""Write a list, a function or a formula of SymPy in LaTeX.

    Parameters
    ----------
    program : WengertList, callable or sympy object
        A function is traced with `args`, or with a number for each of its parameters (see `to_sympy`).
    *args
        What a function is traced for.
    expanded : bool
        One formula with every statement put in; else an ``aligned`` environment of one line for each statement,
        and a last one for the result.

    Returns
    -------
    str
        For a mathematical environment (``amsmath`` has what is used).

    Raises
    ------
    ArgumentError
        If an expanded formula would be longer than 100,000 characters.

    Notes
    -----
    SymPy is not needed, but for its own formulas. Names are written as in the literature: ``x1`` is x₁, ``theta`` is θ,
    ``x_bar`` and ``x_dot`` are x̄ and ẋ. Indices are those of the program, counted from 0.

    Cost: linear in the number of statements; expanded, in the length of the formula, which may double with each.

    Examples
    --------
    >>> import numpy as np
    >>> from wengert.symbolic import latex
    >>> def f(x1, x2):
    ...     return np.log(x1) + x1 * x2 - np.sin(x2)
    >>> print(latex(f))
    \begin{aligned}
    v_{1} &= \log x_{1} \\
    v_{2} &= x_{1} x_{2} \\
    v_{3} &= v_{1} + v_{2} \\
    v_{4} &= \sin x_{2} \\
    v_{5} &= v_{3} - v_{4} \\
    f\left(x_{1}, x_{2}\right) &= v_{5}
    \end{aligned}
    >>> print(latex(f, expanded=True))
    \log x_{1} + x_{1} x_{2} - \sin x_{2}
    """
    if type(program).__module__.partition(".")[0] == "sympy":
        import sympy

        return str(sympy.latex(program))
    lst = list_of(program, args, "latex")
    if expanded:
        return _together(_expanded(lst, [_written(v) for v in lst.inputs]))
    lines = [*_lines(lst), f"{_head(lst)} &= {_outputs(lst)}"]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


# --- lines -----------------------------------------------------------------------------------------------------


def _lines(lst: WengertList, margin: str = "") -> Iterator[str]:
    for stmt in lst.statements:
        targets = ", ".join(name_in_latex(v.name) for v in stmt.targets)
        yield f"{margin}{targets} &= {_piece(stmt, list(map(_written, stmt.operands))).text}"
        for part, sublist in getattr(stmt.prim, "sublists", {}).items():
            indented = rf"{margin}\quad "
            inputs = ", ".join(name_in_latex(v.name) for v in sublist.inputs)
            result = _outputs(sublist)
            yield rf"{indented}\text{{{escaped(part)}: }} \left({inputs}\right) &\mapsto {result}"
            yield from _lines(sublist, rf"{indented}\quad ")


def _head(lst: WengertList) -> str:
    name = "f" if not lst.name.isidentifier() else lst.name
    sign = name_in_latex(name) if len(name) == 1 else operator_name(name)
    return rf"{sign}\left({', '.join(name_in_latex(v.name) for v in lst.inputs)}\right)"


def _outputs(lst: WengertList) -> str:
    return _together(list(map(_written, lst.outputs)))


def _together(pieces: Sequence[Piece]) -> str:
    return pieces[0].text if len(pieces) == 1 else rf"\left({', '.join(piece.text for piece in pieces)}\right)"


def _written(x: Any) -> Piece:
    return Piece(name_in_latex(x.name)) if isinstance(x, Variable) else number_in_latex(x)


def _expanded(lst: WengertList, inputs: Sequence[Piece]) -> list[Piece]:
    """The formulas of the outputs, with those of all operands put in."""
    pieces = dict(zip(lst.inputs, inputs, strict=True))
    for stmt in lst.statements:
        operands = [pieces[x] if isinstance(x, Variable) else _written(x) for x in stmt.operands]
        found = _inlined(stmt, operands)
        if max((len(piece.text) for piece in found), default=0) > _LONGEST:
            raise ArgumentError(
                f"the expanded formula of {lst.name} has more than {_LONGEST:,} characters.",
                why="What is used several times is written several times.",
                remedy="Leave out expanded=True: then each statement is one line.",
                where=stmt.where or user_location(),
            )
        pieces.update(zip(stmt.targets, found, strict=True))
    return [pieces[x] if isinstance(x, Variable) else _written(x) for x in lst.outputs]


def _inlined(stmt: Statement, operands: Sequence[Piece]) -> list[Piece]:
    """The formulas of the targets; of a control statement those of its sub-lists."""
    prim = stmt.prim
    if isinstance(prim, Call):
        return _expanded(prim.body, operands)
    if isinstance(prim, Branches):
        return _cases(prim, operands)
    if isinstance(prim, Loop) and prim.length is not None and not prim.layout.xs and prim.outputs == prim.carries:
        return _rounds(prim, operands, prim.length)
    piece = _piece(stmt, operands)
    if len(stmt.targets) == 1:
        return [piece]
    return [with_index(Piece(piece.text, RELATION), str(k)) for k in range(len(stmt.targets))]


def _cases(prim: Branches, operands: Sequence[Piece]) -> list[Piece]:
    results = [_expanded(lst, operands[1:]) for lst in prim.lists]
    index = operands[0].text
    tests = [rf"\text{{if }} {index} = {k}" for k in range(len(results))]
    if prim.name == "cond":  # the list for False stands first
        results, tests = results[::-1], [rf"\text{{if }} {index}", r"\text{otherwise}"]
    rows = [[f"{piece.text} & {test}" for piece in pieces] for pieces, test in zip(results, tests, strict=True)]
    return [
        Piece(rf"\begin{{cases}} {body} \end{{cases}}", SIGN) for body in map(r" \\ ".join, zip(*rows, strict=True))
    ]


def _rounds(prim: Loop, operands: Sequence[Piece], length: int) -> list[Piece]:
    constants, carries, _ = prim.layout.split(operands)
    for k in range(length)[:: -1 if prim.reverse else 1]:
        carries = _expanded(prim.body, [number_in_latex(prim.start + k), *constants, *carries])
    return carries


# --- one statement ---------------------------------------------------------------------------------------------


def _piece(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    name = stmt.prim.name
    if name in _WRITERS:
        return _WRITERS[name](stmt, operands)
    row = TABLE.get(name)
    if row is None or len(operands) < _count(row.template):
        return _called(stmt, operands)
    if row.template == "<0>":
        return operands[0]
    needs = [row.needs[min(k, len(row.needs) - 1)] for k in range(len(operands))]
    texts = [piece.within(need) for piece, need in zip(operands, needs, strict=True)]
    return Piece(_PLACEHOLDER.sub(lambda found: texts[int(found[1])], row.template), row.precedence)


def _count(template: str) -> int:
    return 1 + max(int(k) for k in _PLACEHOLDER.findall(template))


def _called(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    """As a function with its parameters, behind a semicolon those that are none of numbers."""
    given = ", ".join(piece.text for piece in operands)
    params = ", ".join(_param(key, x) for key, x in stmt.params.items() if x is not None and x is not False)
    return Piece(rf"{operator_name(stmt.prim.name)}\left({given}{'; ' if params else ''}{params}\right)")


def _param(key: str, value: Any) -> str:
    return rf"\mathrm{{{escaped(key)}}} = {_index(value)}"


def _elementwise_product(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    """Of two arrays with the sign of Hadamard's product, which is not the matrix product."""
    if all(np.ndim(x) if not isinstance(x, Variable) else x.shape for x in stmt.operands):
        return Piece(rf"{operands[0].within(PRODUCT)} \odot {operands[1].within(POWER)}", PRODUCT)
    return _product(stmt, operands)


def _elementwise_power(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    """Of an array with a ring, for it is no power of a matrix."""
    exponent = operands[1].text if len(operands) > 1 else "2"
    ring = r"\circ " if len(np.shape(stmt.operands[0])) else ""
    return Piece(f"{operands[0].within(ATOM)}^{{{ring}{exponent}}}", POWER)


def _product(_stmt: Statement, operands: Sequence[Piece]) -> Piece:
    left, right = operands[0].within(PRODUCT), operands[1].within(PRODUCT)
    is_number = right[:1].isdigit() or right.startswith("-")
    dot = r"\cdot " if is_number or operands[0].precedence == APPLICATION or _ends_open(left) else ""
    return Piece(f"{left} {dot}{right}", PRODUCT)


def _ends_open(text: str) -> bool:
    r"""Whether the last factor is one such as ``\sin x``, which would swallow what follows."""
    last = text.rpartition(r"\right)")[2]
    return re.search(r"\\(?:log|sin|cos|tan|arc\w+|\w+h|operatorname\{\w+\}|det|arg)\S* \S+$", last) is not None


def _transpose(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    axes = stmt.params["axes"]
    if tuple(axes) == (1, 0):
        return Piece(rf"{operands[0].within(ATOM)}^{{\mathsf{{T}}}}", POWER)
    return Piece(rf"\operatorname{{transpose}}_{{{_index(tuple(axes))}}}\left({operands[0].text}\right)")


def _reduction(sign: str) -> Callable[[Statement, Sequence[Piece]], Piece]:
    r"""A reduction over indices, such as ``\sum_{i}``."""

    def write(stmt: Statement, operands: Sequence[Piece]) -> Piece:
        letters, reduced = _letters(stmt)
        if not letters:
            return operands[0]
        return Piece(f"{sign}_{{{reduced}}} {with_index(operands[0], letters).text}", APPLICATION)

    return write


def _letters(stmt: Statement) -> tuple[str, str]:
    """An index letter for each axis of the operand, and those that are reduced."""
    ndim = len(np.shape(stmt.operands[0]))
    letters = _INDICES[:ndim]
    axis = stmt.params.get("axis")
    axes = range(ndim) if axis is None else axis
    return letters, ",".join(letters[k] for k in axes if k < len(letters))


def _mean(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    letters, reduced = _letters(stmt)
    shape = np.shape(stmt.operands[0])
    count = int(np.prod([shape[k] for k in stmt.params["axis"]], dtype=int))
    if not letters:
        return operands[0]
    return Piece(rf"\frac{{1}}{{{count}}} \sum_{{{reduced}}} {with_index(operands[0], letters).text}", PRODUCT)


def _norm(_stmt: Statement, operands: Sequence[Piece]) -> Piece:
    return Piece(rf"\left\| {operands[0].text} \right\|")


def _getitem(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    return with_index(operands[0], _index(stmt.params["index"]))


def _scatter(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    """Zeros but for these elements."""
    return Piece(rf"\operatorname{{scatter}}_{{{_index(stmt.params['index'])}}}\left({operands[0].text}\right)")


def _index_update(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    x, new = operands
    element = with_index(x, _index(stmt.params["index"])).text
    return Piece(rf"{x.text} \text{{ with }} {element} = {new.text}", RELATION)


def _shaped(word: str) -> Callable[[Statement, Sequence[Piece]], Piece]:
    def write(stmt: Statement, operands: Sequence[Piece]) -> Piece:
        shape = r" \times ".join(map(str, stmt.params["shape"])) or "1"
        return Piece(rf"\operatorname{{{word}}}_{{{shape}}}\left({operands[0].text}\right)")

    return write


def _concatenated(_stmt: Statement, operands: Sequence[Piece]) -> Piece:
    return Piece(rf"\left[{', '.join(piece.text for piece in operands)}\right]")


def _einsum(stmt: Statement, operands: Sequence[Piece]) -> Piece:
    subscripts = stmt.params["subscripts"].replace("->", r" \to ")
    return Piece(rf"\operatorname{{einsum}}_{{{subscripts}}}\left({', '.join(piece.text for piece in operands)}\right)")


def _index(value: Any) -> str:
    """An index or a parameter."""
    if isinstance(value, tuple):
        return ", ".join(map(_index, value))
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
        return "{:}".join(ends if value.step is None else [*ends, str(value.step)])
    if value is Ellipsis:
        return r"\ldots"
    if value is None:
        return r"\ast"
    if isinstance(value, (list, np.ndarray)) and np.ndim(value) == 1 and np.size(value) <= len(_INDICES):
        return rf"\left[{', '.join(number_in_latex(x).text for x in value)}\right]"
    is_number = isinstance(value, (int, float, np.ndarray, np.generic))
    return number_in_latex(value).text if is_number else rf"\mathrm{{{escaped(_word(value))}}}"


def _word(value: Any) -> str:
    """A parameter that is no number, such as a dtype or a ufunc, by its name."""
    return str(getattr(value, "name", getattr(value, "__name__", value)))


_WRITERS: Mapping[str, Callable[[Statement, Sequence[Piece]], Piece]] = MappingProxyType(
    {
        "multiply": _elementwise_product,
        "selecting_multiply": _elementwise_product,
        "power": _elementwise_power,
        "float_power": _elementwise_power,
        "square": _elementwise_power,
        "matmul": _product,
        "transpose": _transpose,
        "sum": _reduction(r"\sum"),
        "prod": _reduction(r"\prod"),
        "max": _reduction(r"\max"),
        "min": _reduction(r"\min"),
        "mean": _mean,
        "norm": _norm,
        "getitem": _getitem,
        "scatter": _scatter,
        "index_update": _index_update,
        "reshape": _shaped("reshape"),
        "broadcast_to": _shaped("broadcast"),
        "concatenate": _concatenated,
        "einsum": _einsum,
    }
)
