"""What a notebook shows of tensors, lists, tapes and counts: small HTML without scripts, in the colours of the page.

Every text is escaped. Of what is large the beginning and the end are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from wengert.printing import array_text, column
from wengert.show.notation import number_text, printable
from wengert.value import Value, settled
from wengert.wlist import ArrayType, Origin, Statement, Tape, Variable, WengertList, format_operand, format_value

if TYPE_CHECKING:
    from wengert.counting import Stats
    from wengert.tensors import Tensor

__all__ = ["list_html", "stats_html", "tape_html", "tensor_html"]

_MOST_STATEMENTS = 120  # of a list, and of each list inside of it a third of that
_LEAST_STATEMENTS = 10
_MOST_ALONG_AXIS = 12  # elements of an array
_EDGE = 5  # elements at either end of a longer axis
_DIGITS = 4

_Writer: TypeAlias = Callable[[Any], str]

# Doubled, the class weighs more than the rules that notebooks have for tables.
_STYLE = """\
<style>
.wengert-display { line-height: 1.45; overflow-x: auto; color: inherit; }
.wengert-display.wengert-display table { border-collapse: collapse; margin: 0.2em 0 0; font-size: 0.92em;
  font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; width: auto; table-layout: auto; }
.wengert-display.wengert-display tr:nth-child(n) { background: none; }
.wengert-display.wengert-display td { border: 0; padding: 0.05em 0.4em; text-align: left; vertical-align: top;
  white-space: pre; line-height: inherit; font-variant-numeric: tabular-nums; }
.wengert-display.wengert-display td.number { text-align: right; padding: 0.05em 0.55em; }
.wengert-display.wengert-display td.faint, .wengert-display .faint { opacity: 0.72; }
.wengert-display.wengert-display td.far { padding-left: 1.6em; }
.wengert-display.wengert-display td.equals { padding: 0.05em 0; }
.wengert-display.wengert-display tr.part > td { padding-top: 0.3em; }
.wengert-display.wengert-display table.array { border-left: 1.5px solid; border-right: 1.5px solid; border-radius: 3px;
  border-collapse: separate; border-spacing: 0; }
.wengert-display .beside { display: flex; flex-wrap: wrap; gap: 0.3em 2.2em; align-items: flex-start; }
.wengert-display .head { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.92em; }
.wengert-display.wengert-display pre { margin: 0.2em 0 0; font-size: 0.92em; background: none; color: inherit; }
</style>"""


def _display(*parts: str) -> str:
    return f'<div class="wengert-display">\n{_STYLE}\n' + "\n".join(parts) + "\n</div>"


def _text(text: str) -> str:
    return escape(printable(text))


def _head(words: str, *rest: str) -> str:
    """The line above: what it is, and fainter what else is to be said."""
    faint = "".join(f' <span class="faint">{_text(text)}</span>' for text in rest if text)
    return f'<div class="head"><b>{_text(words)}</b>{faint}</div>'


# --- tensors -------------------------------------------------------------------------------------------------------


def tensor_html(tensor: Tensor) -> str:
    """Write a tensor: type, history, values, and beside them the gradient where it has one."""
    data = settled(tensor._array)
    if tensor._level != 0 or isinstance(data, Value):
        return _display(f"<pre>{_text(repr(tensor))}</pre>")
    made_by = tensor.grad_fn
    history = f"grad_fn=<{made_by.name()}>" if made_by is not None else "requires_grad" if tensor.requires_grad else ""
    gradient = None if tensor.grad is None else settled(getattr(tensor.grad, "_array", tensor.grad))
    if gradient is None or isinstance(gradient, Value):
        parts = [_labelled("", data)]
    else:
        parts = [_labelled("value", data), _labelled("grad", gradient)]
    kind = str(ArrayType.of(np.asarray(data)))
    return _display(_head("tensor", kind, history), f'<div class="beside">{"".join(parts)}</div>')


def _labelled(label: str, data: Any) -> str:
    heading = f'<div class="head faint">{label}</div>' if label else ""
    return f"<div>{heading}{_array_html(np.asarray(data))}</div>"


def _array_html(array: Any) -> str:
    """A number, row or matrix as a table; more axes and empty arrays as text."""
    if array.ndim > 2 or not array.size:
        return f"<pre>{_text_of_array(array)}</pre>"
    rows, columns = (_shown(n) for n in np.atleast_2d(array).shape)
    matrix = np.atleast_2d(array)
    known = matrix[np.ix_([k for k in rows if k is not None], [k for k in columns if k is not None])]
    write = _writer(known)
    lines = "".join(_array_row(matrix, k, columns, write) for k in rows)
    kind = ' class="array"' if array.ndim else ""
    return f"<table{kind}>{lines}</table>"


def _text_of_array(array: Any) -> str:
    text = array_text("", array).removesuffix(")")
    return "\n".join(_text(line[1:]) for line in text.splitlines())  # the first character is that of a parenthesis


def _array_row(matrix: Any, row: int | None, columns: Sequence[int | None], write: _Writer) -> str:
    def cell(place: int | None) -> str:
        if row is None:
            return "⋮" if place is not None else "⋱"
        return "…" if place is None else _text(write(matrix[row, place].item()).strip())

    return _table_row(f'<td class="number">{cell(place)}</td>' for place in columns)


def _table_row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _shown(length: int) -> list[int | None]:
    """The places along an axis that are shown; ``None`` for those left out."""
    if length <= _MOST_ALONG_AXIS:
        return list(range(length))
    return [*range(_EDGE), None, *range(length - _EDGE, length)]


def _writer(known: Any) -> _Writer:
    """How numbers of one array are written, all alike."""
    return _complex_text if known.dtype.kind == "c" else column(known)[0]


def _complex_text(z: complex) -> str:
    return number_text(np.complex128(z), _DIGITS)


# --- lists and tapes -----------------------------------------------------------------------------------------------


def list_html(lst: WengertList) -> str:
    """Write a list: one row for each statement, with its types and the user's line."""
    return _display(_head(f"list {lst.name}", _signature(lst)), _rows_html(_list_rows(lst, None, 0, _MOST_STATEMENTS)))


def tape_html(tape: Tape) -> str:
    """Write a tape: a list with its values."""
    lst = tape.list
    rows = [*(_input_row(tape, v) for v in lst.inputs), *_list_rows(lst, tape, 0, _MOST_STATEMENTS)]
    return _display(_head(f"tape {lst.name}", _signature(lst)), _rows_html(rows))


def _signature(lst: WengertList) -> str:
    inputs = ", ".join(f"{v.name}: {v.type}" for v in lst.inputs)
    return f"({inputs}) → {', '.join(map(format_operand, lst.outputs))}"


def _rows_html(rows: Iterable[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _input_row(tape: Tape, v: Variable) -> str:
    return _row([v.name, "", "", _value_text(tape, (v,)), str(v.type), ""], True, 0, "")


def _list_rows(lst: WengertList, tape: Tape | None, depth: int, most: int) -> Iterator[str]:
    """A row for each statement; lists inside of a statement follow it, further to the right."""
    before: Origin | None = None
    statements = lst.statements
    left_out = range(most - most // 2, len(statements) - most // 2)
    for k, stmt in enumerate(statements):
        if k in left_out:
            if k == left_out.start:
                yield _note(f"⋮ {len(left_out):,} statements left out", depth, "faint")
            continue
        yield _statement_row(stmt, tape, depth, before)
        before = stmt.origin
        for part, inner in stmt.prim.sublists.items():
            yield _note(f"{part} {inner.name}{_signature(inner)}", depth + 1, "part")
            yield from _list_rows(inner, None, depth + 2, max(most // 3, _LEAST_STATEMENTS))


def _statement_row(stmt: Statement, tape: Tape | None, depth: int, before: Origin | None) -> str:
    names = ", ".join(v.name for v in stmt.targets)
    types = ", ".join(str(v.type) for v in stmt.targets)
    value = "" if tape is None else _value_text(tape, stmt.targets)
    place, title = (stmt.where.short, stmt.where.text) if stmt.where else ("", "")
    if stmt.origin is not None:  # of a derivative program: the statement that it belongs to, once
        is_new = before is None or before.stmt is not stmt.origin.stmt
        place = f"# {stmt.origin.stmt}" if is_new else ""
    return _row([names, "=", stmt.formula(), value, types, place], tape is not None, depth, title)


def _value_text(tape: Tape, variables: Sequence[Variable]) -> str:
    return ", ".join(format_value(tape.values[v]) if v in tape.values else "·" for v in variables)


def _row(cells: Sequence[str], has_values: bool, depth: int, title: str) -> str:
    """Name, sign, formula, value, types and place."""
    name, sign, formula, value, types, place = (
        "\n".join(map(_text, cell.splitlines())) if "\n" in cell else _text(cell) for cell in cells
    )
    indent = f' style="padding-left: {0.4 + 1.2 * depth:.1f}em"' if depth else ""
    hint = f' title="{_text(title)}"' if title else ""
    of_value = f'<td class="equals">=</td><td>{value}</td>' if has_values else ""
    return (
        f'<tr><td{indent}>{name}</td><td class="equals">{sign}</td><td>{formula}</td>{of_value}'
        f'<td class="faint far">{types}</td><td class="faint far"{hint}>{place}</td></tr>'
    )


def _note(text: str, depth: int, kind: str) -> str:
    indent = f' style="padding-left: {0.4 + 1.2 * depth:.1f}em"'
    return f'<tr class="{kind}"><td class="faint" colspan="7"{indent}>{_text(text)}</td></tr>'


# --- counts --------------------------------------------------------------------------------------------------------


def stats_html(stats: Stats) -> str:
    """Write the figures of a list, and how often each primitive stands in it."""
    bound = "" if stats.is_exact else "one round of each loop of unknown length"
    rows = [("statements", f"{stats.statements:,}", ""), ("operations", f"{stats.flops:,}", bound)]
    for other, what in ((stats.before, "before simplification"), (stats.primal, "of the primal list")):
        if other is not None:
            rows += [
                (f"statements {what}", f"{other.statements:,}", ""),
                (f"operations {what}", f"{other.flops:,}", ""),
            ]
    if stats.ratio is not None:
        rows.append(("operations in those of the primal list", f"{stats.ratio:.2f}", ""))
    if stats.uncounted:
        rows.append(("not counted", "", ", ".join(stats.uncounted)))
    counted = [(name, f"{count:,}", "") for name, count in stats.by_primitive.items()]
    tables = "".join(f"<div>{_figures(part)}</div>" for part in (rows, counted) if part)
    return _display(_head(f"list {stats.name}"), f'<div class="beside">{tables}</div>')


def _figures(rows: Sequence[tuple[str, str, str]]) -> str:
    kinds = ("", "number", "faint")
    lines = (
        _table_row(f'<td class="{kind}">{_text(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))
        for row in rows
    )
    return _rows_html(lines)
