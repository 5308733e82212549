"""What every test gets: no leaked state, and random examples that are the same at each run of CI."""

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

# Every context variable of the library, each of which has a default: its module, its name.
CONTEXT_VARIABLES = (("wengert.value", "suspended_below"),)


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
