"""What every test gets: no leaked state, the same random examples at each run of CI, and a count of the laws tried."""

from __future__ import annotations

import os
import sys
from contextvars import Context, ContextVar
from typing import Any

import pytest
from hypothesis import settings

# No deadline: the first call of a function pays for what is built once, and a busy machine is slow.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Tests leave nothing in the user's cache folder; those of the cache itself name one of their own.
os.environ["WENGERT_CACHE"] = "0"

# Every context variable of the library, each of which has a default: its module, its name.
CONTEXT_VARIABLES = (
    ("wengert.levels", "suspended_below"),
    ("wengert.tracing", "place"),
    ("wengert.levels", "open_sublist"),
    ("wengert.levels", "special_below"),
    ("wengert.simplification.rolling.rewriting", "_is_rolling"),
)


def loaded_context_variables() -> dict[str, ContextVar[Any]]:
    """The listed variables whose modules are loaded; the others cannot have been changed."""
    found = ((f"{module}.{name}", getattr(sys.modules.get(module), name, None)) for module, name in CONTEXT_VARIABLES)
    return {name: variable for name, variable in found if variable is not None}


def default_of(variable: ContextVar[Any]) -> Any:
    return Context().run(variable.get)


@pytest.fixture(autouse=True)
def no_leaked_state():
    """Fail a test that leaves a context variable changed, and mend it so that the next test starts clean."""
    yield
    leaks = []
    for name, variable in loaded_context_variables().items():
        value, default = variable.get(), default_of(variable)
        if value != default:
            leaks.append(f"{name} is {value!r} where it was {default!r}")
            variable.set(default)
    if leaks:
        pytest.fail("the test leaked state: " + "; ".join(leaks), pytrace=False)


# --- how many laws were tried ----------------------------------------------------------------------------------


def subject_of(item: pytest.Item) -> str:
    """The row of the derivative table or the function that a law is tried on; empty for other tests."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    if "call" in params:
        return f"function {params['call'].name}"
    prim = getattr(params.get("example"), "prim", params.get("prim"))
    return f"row {prim.name}" if hasattr(prim, "name") else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "laws" in item.path.parts and (subject := subject_of(item)):
            item.user_properties.append(("law", subject))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = (report for report in terminalreporter.getreports("passed") if report.when == "call")
    subjects = [subject for report in reports for key, subject in report.user_properties if key == "law"]
    if subjects:
        from wengert.ledger import ledger

        names = sum(len(entries) for entries in ledger().values())
        rows = len({subject for subject in subjects if subject.startswith("row ")})
        functions = len(set(subjects)) - rows
        terminalreporter.write_line(
            f"ledger: {names:,} names; {len(subjects):,} checks of {rows:,} rows and {functions:,} functions passed"
        )
