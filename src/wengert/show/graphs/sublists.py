"""What a picture says of a control statement: what it does, what comes into its sub-lists, and what goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from wengert.control import Branches, Loop, While
from wengert.show.graphs.symbols import Titles
from wengert.show.graphs.values import is_known, short_text
from wengert.show.notation import printable
from wengert.show.numbering import LETTERS
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["control_formula", "incoming", "operands_of", "output_titles", "same_as_outside", "unread"]

_MOST_NAMED = 3
_DIGITS = 3
_MACHINE_NAME = re.compile(rf"[{LETTERS}]\d+")  # of a value that a sub-list finds outside and nobody has named


def operands_of(stmt: Statement, lst: WengertList) -> tuple[Any, ...]:
    """Those that the inputs of a sub-list stand for: the number of the round and the choice are none."""
    return stmt.operands[max(len(stmt.operands) - len(lst.inputs), 0) :]


def control_formula(stmt: Statement, symbols: Titles) -> str:
    """Such as ``fori_loop: i = 0 … 4, carries x, given a``."""
    prim = stmt.prim
    operands = [_text(x, symbols) for x in stmt.operands]
    if isinstance(prim, (Loop, While)):
        constants, _, xs = prim.layout.split(operands)
        parts = [_rounds(prim, operands)] if isinstance(prim, Loop) else []
        first = len(prim.body.inputs) - len(operands) + prim.constants
        carries = [printable(v.name) for v in prim.body.inputs[first : first + prim.carries]]
        named = {"carries": carries, "given": constants, "along": xs}
    elif isinstance(prim, Branches):
        parts, named = [], {"if" if prim.name == "cond" else "case": operands[:1], "given": operands[1:]}
    else:
        return prim.write(operands, stmt.params)
    parts += [f"{word} {_listed(texts)}" for word, texts in named.items() if texts]
    return f"{prim.name}: {', '.join(parts)}"


def _rounds(prim: Loop, operands: Sequence[str]) -> str:
    """Such as ``i = 0 … 4``."""
    name = printable(prim.body.inputs[0].name)
    if prim.length is not None and prim.length < 2:
        return f"{name} = {prim.start}" if prim.length else "no round"
    last = f"{operands[0]} - 1" if prim.length is None else str(prim.start + prim.length - 1)
    ends = [str(prim.start), last]
    return f"{name} = {' … '.join(reversed(ends) if prim.reverse else ends)}"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts) if len(texts) <= _MOST_NAMED else f"{', '.join(texts[: _MOST_NAMED - 1])}, …"


def _text(x: Any, symbols: Titles) -> str:
    if isinstance(x, Variable):
        return symbols.primal(x)
    return short_text(x, _DIGITS) if is_known(x) else "·"


def unread(lst: WengertList) -> set[Variable]:
    """The inputs of a list that nothing in it reads or returns."""
    read = {x for stmt in lst.statements for x in stmt.operands if isinstance(x, Variable)}
    return set(lst.inputs) - read - {x for x in lst.outputs if isinstance(x, Variable)}


def same_as_outside(stmt: Statement, lst: WengertList, symbols: Titles) -> dict[Variable, str]:
    """The inputs of a sub-list that are a value outside which nobody has named, with what that is called there."""
    operands = operands_of(stmt, lst)
    inputs = lst.inputs[len(lst.inputs) - len(operands) :]
    constants = stmt.prim.constants if isinstance(stmt.prim, (Loop, While)) else len(inputs)
    return {
        v: symbols.primal(x)
        for v, x in zip(inputs[:constants], operands, strict=False)
        if isinstance(x, Variable) and _MACHINE_NAME.fullmatch(v.name)
    }


def incoming(stmt: Statement, lst: WengertList, outside: Titles, inside: Titles) -> Iterator[str]:
    """What each input of a sub-list is outside of it; empty where it has the same name there."""
    prim = stmt.prim
    if isinstance(prim, Loop):
        last = "" if prim.length is None else f", {prim.start + prim.length - 1}"
        yield f"{prim.start}, …{last}" if prim.length != 0 else "none"
    operands = operands_of(stmt, lst)
    inputs = lst.inputs[len(lst.inputs) - len(operands) :]
    constants, carries = (prim.constants, prim.carries) if isinstance(prim, (Loop, While)) else (len(inputs), 0)
    for k, (v, x) in enumerate(zip(inputs, operands, strict=True)):
        text = _text(x, outside)
        if k < constants:
            yield "" if text == inside.primal(v) else text
        elif k < constants + carries:
            yield f"{text}, then {_next(v, inside)}"
        else:
            yield f"{text}[{printable(lst.inputs[0].name)}]"


def _next(carry: Variable, symbols: Titles) -> str:
    return f"next {symbols.primal(carry)}"


def output_titles(stmt: Statement, part: str, lst: WengertList, outside: Titles, inside: Titles) -> Iterator[str]:
    """The results of a sub-list: those of the statement, or what the next round begins with."""
    prim = stmt.prim
    if isinstance(prim, While) and part == "while":
        yield "goes on"
        return
    first = 1 + prim.constants if isinstance(prim, Loop) else prim.constants if isinstance(prim, While) else 0
    carries = prim.carries if isinstance(prim, (Loop, While)) else 0
    for k in range(len(lst.outputs)):
        if k < carries:
            yield _next(lst.inputs[first + k], inside)
        else:
            yield outside.primal(stmt.targets[k]) if k < len(stmt.targets) else f"result {k + 1}"
