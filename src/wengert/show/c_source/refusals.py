"""The error for what cannot be written in C."""

from __future__ import annotations

from wengert.errors import NoRuleError
from wengert.wlist import Statement

__all__ = ["refusal"]

_MOST = 120  # characters of a statement that a message shows


def refusal(stmt: Statement, why: str = "") -> NoRuleError:
    """The error that names the statement, the line of the program that it comes from, and what to do."""
    text = str(stmt) if len(str(stmt)) <= _MOST else f"{str(stmt)[:_MOST]}…"
    return NoRuleError(
        f"{stmt.prim.name} cannot be written in C: {text}.",
        why=why or "The C library has no such function, and what it has is all that a file of C may need.",
        remedy='Use source(..., "python"), which calls NumPy for it.',
        where=stmt.where,
    )
