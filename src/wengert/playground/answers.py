"""A request to an answer, both in plain data: what the page shows of a function at a point.

A request names one part of what is shown; so a formula that takes too long does not keep the tables back. Whatever is
wrong ends in a refusal of one line, with the field and the characters that it is about.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np

from wengert.api import grad, tape, trace
from wengert.errors import ExpressionError, MissingPackageError, TraceError, WengertError
from wengert.expression import Expression, parse_given, parse_point
from wengert.playground.formulas import gradient_formulas
from wengert.playground.pictures import curve_picture, error_picture, graph_picture
from wengert.playground.worker import Answer, refusal
from wengert.show import explain, source
from wengert.show.component import index_text
from wengert.show.explanation import Explanation
from wengert.show.notation import value_text
from wengert.show.page import Page, Table
from wengert.simplification import simplify
from wengert.transforms import adjoint, tangent
from wengert.wlist import Tape, WengertList

__all__ = ["PARTS", "answer"]

MOST_NUMBERS = 1_000  # of a point
MOST_STATEMENTS = 2_000  # of a function
_MOST_LISTED = 100  # numbers that the page offers to move
_DIGITS = 6
_KEYS = frozenset({"part", "function", "point", "along", "of", "from", "to", "narrow"})
_DECIDES = "The function decides on values: what is shown holds for the way it took at this point."


@dataclass(frozen=True, slots=True)
class Problem:
    """A function and its point.

    Attributes
    ----------
    expression : Expression
    values : tuple of float and ndarray
        Of its variables, in their order.
    tape : Tape
        Of its run at the point.
    along : str
        The number that moves in forward mode and in plots, such as ``x`` or ``x[1]``.
    of : tuple of int
        Where in the result the number is that has the derivatives; empty where the result is one number.
    interval : (float, float), optional
        Over which it moves in plots.
    is_narrow : bool
        Whether plots are made for a phone.
    """

    expression: Expression
    values: tuple[Any, ...]
    tape: Tape
    along: str
    of: tuple[int, ...]
    interval: tuple[float, float] | None
    is_narrow: bool

    @property
    def title(self) -> str:
        """Such as ``f(x1, x2)``."""
        return f"f({', '.join(self.expression.names)})"

    @property
    def function(self) -> Callable[..., Any]:
        """The function, or the one number of its result that has the derivatives."""
        whole, index = self.expression.function, self.of
        if not index:
            return whole

        def entry(*values: Any) -> Any:
            return whole(*values)[index]

        entry.__name__ = f"f{index_text(index)}"
        entry.__signature__ = inspect.signature(whole)  # type: ignore[attr-defined]
        return entry


def answer(request: Mapping[str, Any]) -> Answer:
    """Compute the part of the page that a request names.

    Parameters
    ----------
    request : mapping
        ``part``, one of `PARTS`; ``function`` and ``point``, the texts; ``along``, the number that moves, and ``of``,
        that of the result that has the derivatives (by default the first ones); ``from`` and ``to``, the ends of its
        interval in plots; ``narrow``, not empty for plots on a phone. All are str.

    Returns
    -------
    dict
        What that part holds, or only ``refused``: a message of one line, the field that it is about, and there the
        first character and the one after the last one.
    """
    try:
        fields = _checked(request)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return PARTS[fields["part"]](_problem(fields))
    except _RefusedError as refused:
        return refused.answer
    except WengertError as error:
        return refusal(error.sentences)


class _RefusedError(Exception):
    def __init__(self, message: str, field: str = "", span: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.answer = refusal(message, field, span)


# --- the problem -----------------------------------------------------------------------------------------------


def _checked(request: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a request, all of them text."""
    if not set(request) <= _KEYS or not all(isinstance(value, str) for value in request.values()):
        raise _RefusedError(f"A request has the fields {', '.join(sorted(_KEYS))}, all of them text.")
    fields = dict.fromkeys(_KEYS, "") | dict(request)
    if fields["part"] not in PARTS:
        raise _RefusedError(f"There is no part of this name. The parts are {', '.join(PARTS)}.")
    return fields


def _problem(fields: Mapping[str, str]) -> Problem:
    point = _read("point", parse_point, fields["point"])
    expression = _read("function", lambda text: parse_given(text, point), fields["function"])
    _check_point(expression, point)
    expression.function.__name__ = "f"
    values = tuple(point[name] for name in expression.names)
    run = tape(expression.function, *values)
    _check_run(run)
    along = _along(fields["along"], expression, values)
    return Problem(expression, values, run, along, _of(fields["of"], run), _interval(fields), bool(fields["narrow"]))


def _read(field: str, reader: Callable[[str], Any], text: str) -> Any:
    try:
        return reader(text)
    except ExpressionError as error:
        raise _RefusedError(error.sentences, field, error.span) from error


def _check_point(expression: Expression, point: Mapping[str, Any]) -> None:
    if not expression.names:
        raise _RefusedError("There is no variable, so there is nothing to differentiate by. Use one, as x.", "function")
    for name in expression.names:
        if name not in point:
            raise _RefusedError(f"{name} has no value. Give one, as in {name}=2.", "point")
    for name in point:
        if name not in expression.names:
            known = ", ".join(expression.names)
            raise _RefusedError(f"{name} is not in the function. Its variables are {known}.", "point")
    count = sum(np.size(value) for value in point.values())
    if count > MOST_NUMBERS:
        raise _RefusedError(f"The point has {count:,} numbers. This page takes {MOST_NUMBERS:,}.", "point")


def _check_run(run: Tape) -> None:
    count = len(run.list.statements)
    if count > MOST_STATEMENTS:
        message = f"The function has {count:,} statements. This page takes {MOST_STATEMENTS:,}."
        raise _RefusedError(message, "function")
    dtype = np.asarray(run.outputs[0]).dtype
    if dtype.kind not in "fc":
        what = "is true or false" if dtype.kind == "b" else f"is of whole numbers ({dtype})"
        message = f"The result {what}, which has no derivative. Compute a real number, as in where(x > 0, x**2, x)."
        raise _RefusedError(message, "function")


def _along(text: str, expression: Expression, values: Sequence[Any]) -> str:
    names = _numbers(expression, values)
    if not names:
        raise _RefusedError("The point has no numbers: its arrays are empty.", "point")
    return text if text in names else names[0]


def _numbers(expression: Expression, values: Sequence[Any]) -> list[str]:
    """The numbers of the point by name: x, or x[0], x[1], ...; the first ones of many."""
    named = zip(expression.names, values, strict=True)
    every = (f"{name}{index_text(index)}" for name, value in named for index in np.ndindex(np.shape(value)))
    return list(islice(every, _MOST_LISTED))


def _of(text: str, run: Tape) -> tuple[int, ...]:
    """The place in the result that a name such as y[1] means; the first one if it means none."""
    places = list(islice(np.ndindex(np.shape(run.outputs[0])), _MOST_LISTED))
    if not places:
        raise _RefusedError("The result has no numbers: it is an empty array.", "function")
    named = (place for place in places if place and text.endswith(index_text(place)))
    return next(named, places[0])


def _interval(fields: Mapping[str, str]) -> tuple[float, float] | None:
    ends = []
    for field in ("from", "to"):
        text = fields[field].strip()
        if not text:
            return None
        try:
            ends.append(float(text))
        except ValueError:
            raise _RefusedError(f"{text[:40]!r} is no number. Write 2, -0.5 or 1e-3.", field) from None
    if not (np.all(np.isfinite(ends)) and ends[0] < ends[1]):
        raise _RefusedError("The plot needs two numbers, the smaller one first.", "to")
    return ends[0], ends[1]


# --- the parts -------------------------------------------------------------------------------------------------


def _summary(problem: Problem) -> Answer:
    """The value and the derivatives, and what the page can offer for this function."""
    explanation = _of_result(
        explain(problem.expression.function, *problem.values, mode="reverse", digits=_DIGITS), problem
    )
    names, y = problem.expression.names, explanation.outputs[0]
    results = islice(np.ndindex(np.shape(problem.tape.outputs[0])), _MOST_LISTED)
    gradient = [
        {"name": f"∂{y}{index_text(problem.of)}/∂{name}", "value": _text(value)}
        for name, value in zip(names, _adjoints(explanation), strict=True)
    ]
    return {
        "title": f"{y} = {problem.title}",
        "value": _text(problem.tape.outputs[0]),
        "gradient": gradient,
        "numbers": _numbers(problem.expression, problem.values),
        "along": problem.along,
        "results": [f"{y}{index_text(index)}" for index in results if index],
        "of": f"{y}{index_text(problem.of)}" if problem.of else "",
        "statements": len(problem.tape.list.statements),
    }


def _adjoints(explanation: Explanation) -> list[Any]:
    return [explanation.adjoints.get(v.name, np.zeros(v.shape)) for v in explanation.tape.list.inputs]


def _text(value: Any) -> str:
    return value_text(value, _DIGITS)


def _tables(problem: Problem) -> Answer:
    return {"page": _page_data(_explanation(problem).page())}


def _explanation(problem: Problem) -> Explanation:
    explanation = explain(problem.expression.function, *problem.values, wrt=problem.along)
    explanation.title = problem.title
    return _of_result(explanation, problem)


def _of_result(explanation: Explanation, problem: Problem) -> Explanation:
    """The explanation, with the cotangent 1 at the number of the result that has the derivatives."""
    if explanation.target is not None:
        name = f"{explanation.outputs[0]}{index_text(problem.of)}"
        explanation.target = replace(explanation.target, index=problem.of, name=name)
    return explanation


def _page_data(page: Page) -> Answer:
    return {"title": page.title, "tables": [_table_data(table) for table in page.tables]}


def _table_data(table: Table) -> Answer:
    return {
        "title": table.title,
        "headings": [{"text": heading.text, "columns": heading.columns} for heading in table.headings],
        "rows": [
            {"cells": list(row.cells), "opens": row.opens, "isNote": table.is_note(row)} for row in table.rows
        ],
        "notes": list(table.notes),
    }  # fmt: skip


def _lists(problem: Problem) -> Answer:
    lst, note = _recorded(problem)
    programs = [("The function", lst)]
    programs += [("Function and derivative, forward mode (tangent list)", simplify(tangent(lst)))]
    programs += [("Function and derivative, reverse mode (adjoint list)", simplify(adjoint(lst)))]
    return {"note": note, "programs": [{"title": title, "text": str(program)} for title, program in programs]}


def _recorded(problem: Problem) -> tuple[WengertList, str]:
    """The list of the function, for all values; for these alone where it decides on them, and then a note."""
    try:
        lst, note = trace(problem.expression.function)(*problem.values), ""
    except TraceError:
        lst, note = problem.tape.list, _DECIDES
    return replace(lst, name="f"), note


def _gradient_list(problem: Problem) -> tuple[WengertList, str]:
    """The program of the gradient alone, likewise."""
    numbers = tuple(range(len(problem.values)))
    gradient = grad(problem.function, numbers[0] if len(numbers) == 1 else numbers)
    try:
        lst, note = trace(gradient)(*problem.values), ""
    except TraceError:
        lst, note = tape(gradient, *problem.values).list, _DECIDES
    return simplify(replace(lst, name="grad_f")), note


def _source(problem: Problem) -> Answer:
    lst, note = _gradient_list(problem)
    return {"note": note, "python": source(lst, "python", name="grad_f", simplified=False).rstrip("\n")}


def _formula(problem: Problem) -> Answer:
    lst, note = _gradient_list(problem)
    return {"note": note} | gradient_formulas(lst, problem.expression.names, problem.of)


def _graph(problem: Problem) -> Answer:
    return graph_picture(problem.expression.function, problem.values, problem.title)


def _player(problem: Problem) -> Answer:
    from wengert.show.player.page import player_fragment

    return {"html": player_fragment(_explanation(problem), program=problem.expression.text, level=3)}


def _player_file(problem: Problem) -> Answer:
    return {"file": _explanation(problem).to_player()}


def _curve(problem: Problem) -> Answer:
    f, along = problem.function, problem.along
    return _plotted(
        lambda: curve_picture(f, problem.values, along, problem.interval, _number(problem), problem.is_narrow)
    )


def _errors(problem: Problem) -> Answer:
    title = f"{problem.title}{index_text(problem.of)}"
    return _plotted(lambda: error_picture(problem.function, problem.values, title, problem.is_narrow))


def _number(problem: Problem) -> float:
    """The value at the point of the number that moves."""
    name, _, index = problem.along.partition("[")
    value = problem.values[problem.expression.names.index(name)]
    place = tuple(int(k) for k in index.rstrip("]").split(",")) if index else ()
    return float(np.asarray(value)[place])


def _plotted(draw: Callable[[], Answer]) -> Answer:
    try:
        return draw()
    except MissingPackageError as error:
        raise _RefusedError(f"{error.what} {error.remedy}") from error


#: What can be asked for, by its name.
PARTS: Mapping[str, Callable[[Problem], Answer]] = MappingProxyType(
    {
        "summary": _summary,
        "lists": _lists,
        "tables": _tables,
        "graph": _graph,
        "player": _player,
        "player_file": _player_file,
        "formula": _formula,
        "source": _source,
        "curve": _curve,
        "errors": _errors,
    }
)
