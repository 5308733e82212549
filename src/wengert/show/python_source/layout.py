"""Lines of at most 120 columns, broken as the formatters ``ruff`` and ``black`` do it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

__all__ = ["WIDTH", "comment", "filled", "fitted"]

WIDTH = 120
_INDENT = "    "
_OPERATORS = (("+", "-"), ("*", "/", "@", "//", "%"))
_KEYWORDS = ("def ", "for ", "if ", "elif ", "while ", "raise ")
_OPEN, _CLOSED, _COMMA = "([{", ")]}", ","
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()\[\]{},]|[^"()\[\]{},]+')
_STATEMENT = re.compile(r"(\s*(?:return |[^=()\[\]]+? [-+*/@%|&^]?=(?!=) |.*?\] [-+*/]?=(?!=) |))(.*)", re.DOTALL)


def fitted(line: str, width: int = WIDTH) -> list[str]:
    """The lines of a statement: itself, or broken within its last brackets or within new ones on its right side."""
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    if not _sides(line)[0].strip() and not _is_closed(line.strip()):
        return _terms(line.strip(), indent, is_broken=True)
    start, value = _sides(line)
    parts = None if start.strip() and _commas(value) else _last_brackets(line.removesuffix(":"))
    if parts is not None:
        end = ":" if line.endswith(":") else ""
        head, inside, tail = parts
        return [head, *_items(inside, indent + _INDENT), f"{indent}{tail}{end}"]
    if not value or not start.strip():
        return [line]
    body = _items(value, indent + _INDENT) if _commas(value) else _terms(value, indent + _INDENT)
    return [f"{start}(", *body, f"{indent})"]


def filled(line: str) -> str:
    """A long array with as many numbers in a line as have room, which formatters are to leave alone."""
    if len(line) <= WIDTH:
        return line
    start = line.index("(") + 1
    rows = f"{_INDENT}{line[start:-1]}".replace("], [", f"],\n{_INDENT} [")
    if max(map(len, rows.splitlines())) <= WIDTH:
        return f"{line[:start]}\n{rows}\n)  # fmt: skip"
    numbers = textwrap.wrap(line[start:-1], WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    return "\n".join([line[:start], *(_INDENT + row for row in numbers), ")  # fmt: skip"])


def _sides(line: str) -> tuple[str, str]:
    match = _STATEMENT.fullmatch(line)
    return (match[1], match[2]) if match else ("", line)


def _last_brackets(line: str) -> tuple[str, str, str] | None:
    """What stands before, within and after the brackets that end a line, for brackets with something in them."""
    if not line or line[-1] not in ")]}":
        return None
    opened = []
    at = 0
    start = -1
    for token in _TOKEN.findall(line):
        if token in _OPEN:
            opened.append(at)
        elif token in _CLOSED:
            start = opened.pop()
        at += len(token)
    return (line[: start + 1], line[start + 1 : -1], line[-1]) if line[start + 1 : -1] else None


def _items(inside: str, indent: str) -> list[str]:
    """What stands in brackets: on one line, or each element on its own."""
    if len(indent) + len(inside) <= WIDTH and not inside.endswith(","):
        return [indent + inside]
    elements = _commas(inside) or [inside]
    if len(elements) == 1 and not inside.endswith(","):
        return _terms(inside, indent)
    return [line for element in elements for line in _element(element, indent)]


def _element(element: str, indent: str) -> Iterator[str]:
    lines = fitted(indent + element, WIDTH - 1)
    yield from lines[:-1]
    yield lines[-1] + ","


def _commas(text: str) -> list[str]:
    """The parts between the commas outside of brackets; none if there is no such comma."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token in _OPEN) - (token in _CLOSED)
        if depth == 0 and token == _COMMA:
            parts.append("")
        else:
            parts[-1] += token
    found = [part.strip() for part in parts]
    return [part for part in found if part] if len(found) > 1 else []


def _is_closed(text: str) -> bool:
    """Whether no operator stands outside of brackets."""
    return not any(len(_split(text, operators)) > 1 for operators in _OPERATORS) or text.startswith(_KEYWORDS)


def _terms(text: str, indent: str, *, is_broken: bool = False) -> list[str]:
    """A sum or product: on one line, or each term on its own."""
    if len(indent) + len(text) <= WIDTH and not is_broken:
        return [indent + text]
    for operators in _OPERATORS:
        parts = _split(text, operators)
        if len(parts) > 1:
            return [line for part in parts for line in fitted(indent + part)]
    return [indent + text] if is_broken else fitted(indent + text)


def _split(text: str, operators: Sequence[str]) -> list[str]:
    """Cut before these operators where they stand outside of brackets."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token in _OPEN) - (token in _CLOSED)
        if depth or token[0] in '"()[]{},':
            parts[-1] += token
            continue
        for word in re.findall(r"\S+|\s+", token):
            if word in operators and parts[-1].strip():
                parts.append("")
            parts[-1] += word
    return [part.strip() for part in parts]


def comment(text: str, indent: str) -> str:
    """A comment of one line, cut where it is too long."""
    line = f"{indent}# {text}".rstrip()
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"
