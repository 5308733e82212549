"""The suite's protocol: one JSON object a line, answered by one with the same id."""

from __future__ import annotations

import functools
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, TextIO

from benchmarks.gradbench.function import Function

TOOL = "wengert"
MODULES = ("ba", "det", "gmm", "hello", "ht", "kmeans", "llsq", "lse", "lstm", "ode", "particle", "saddle")

Answer = dict[str, Any]


class UnknownError(LookupError):
    """A module or function that is not here."""


class MessageError(ValueError):
    """A message that is not of the protocol."""


def serve(messages: Iterable[str], answers: TextIO) -> None:
    """Answer each message before the next one is read."""
    for line in messages:
        if line.strip():
            answers.write(text_of(answered(line)) + "\n")
            answers.flush()


def answered(line: str) -> Answer:
    """What is said to a line; an error is part of the answer."""
    name = None
    try:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise MessageError(f"a message is a JSON object, not {type(message).__name__}")
        name = message.get("id")
        return {"id": name, **response(message)}
    except Exception as error:  # noqa: BLE001  # whatever fails, the suite waits for an answer
        return {"id": name, **failure(error)}


def response(message: dict[str, Any]) -> Answer:
    """What is said to a message, by its kind; of a kind that is not known here, the id alone is said."""
    kind = message.get("kind")
    if kind == "start":
        return {"tool": TOOL}
    if kind == "define":
        functions_of(field(message, "module"))
        loaded()
        return {"success": True}
    if kind == "evaluate":
        return evaluated(field(message, "module"), field(message, "function"), field(message, "input"))
    return {}


def failure(error: Exception) -> Answer:
    """The answer that says why there is no result; where it came from is said on stderr."""
    traceback.print_exception(error, file=sys.stderr)
    return {"success": False, "error": f"{type(error).__name__}: {error}"}


def text_of(answer: Answer) -> str:
    """The answer as JSON, which has neither nan nor infinity."""
    try:
        return json.dumps(answer, allow_nan=False)
    except ValueError as error:
        return json.dumps({"id": answer["id"], **failure(error)})


def field(message: dict[str, Any], name: str) -> Any:
    """A part of the message that has to be there."""
    if name not in message:
        raise MessageError(f"the message of kind {message['kind']!r} has no {name!r}")
    return message[name]


def functions_of(module: str) -> dict[str, Function]:
    """The functions of a module, by name."""
    if module not in MODULES:
        raise UnknownError(f"there is no module {module!r}, only {', '.join(MODULES)}")
    functions: dict[str, Function] = import_module(f"benchmarks.gradbench.modules.{module}").FUNCTIONS
    return functions


@functools.cache
def loaded() -> None:
    """Load LLVM and BLAS, as other tools load their libraries, before anything is timed."""
    import numpy as np

    import wengert as wg

    wg.compile(np.matmul)(np.eye(2), np.eye(2))


def evaluated(module: str, name: str, given: Any) -> Answer:
    """Run a function as often as the input says, and translate its result."""
    functions = functions_of(module)
    if name not in functions:
        raise UnknownError(f"module {module!r} has no function {name!r}, only {', '.join(functions)}")
    function = functions[name]
    runs = given if isinstance(given, dict) else {}
    arguments = function.arguments(given)
    result, times = repeated(function.compute, arguments, runs.get("min_runs", 1), runs.get("min_seconds", 0.0))
    timings = [{"name": "evaluate", "nanoseconds": nanoseconds} for nanoseconds in times]
    return {"success": True, "output": function.output(result), "timings": timings}


def repeated(
    compute: Callable[..., Any], arguments: Sequence[Any], min_runs: int, min_seconds: float
) -> tuple[Any, list[int]]:
    """Last result, and the nanoseconds of each run: the first one too, in which a compiled function is compiled.

    There is at least one run, and others follow until there are `min_runs` that took `min_seconds` together.
    """
    times: list[int] = []
    left = round(min_seconds * 1e9)
    while True:
        start = time.perf_counter_ns()
        result = compute(*arguments)
        nanoseconds = time.perf_counter_ns() - start
        times.append(nanoseconds)
        left -= nanoseconds
        if len(times) >= min_runs and left <= 0:
            return result, times
