"""The guard against leaked state sees a leak, names it and mends it."""

from __future__ import annotations

import importlib
import re
from contextvars import ContextVar
from pathlib import Path

import pytest

import conftest

pytest_plugins = ["pytester"]

LEAKING_TESTS = """
import sys
from contextvars import ContextVar
from types import ModuleType

import conftest

module = sys.modules["leaky"] = ModuleType("leaky")
module.level = ContextVar("level", default=0)
conftest.CONTEXT_VARIABLES = (("leaky", "level"), ("not.loaded", "level"))


def test_that_restores():
    module.level.reset(module.level.set(1))


def test_that_leaks():
    module.level.set(2)


def test_after_the_leak():
    assert module.level.get() == 0
"""


@pytest.fixture
def run_with_the_guard(pytester):
    pytester.makeconftest(Path(conftest.__file__).read_text(encoding="utf-8"))
    pytester.makepyfile(LEAKING_TESTS)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider")


def test_a_leak_fails_the_test_that_leaks_and_no_other(run_with_the_guard):
    run_with_the_guard.assert_outcomes(passed=3, errors=1)
    run_with_the_guard.stdout.fnmatch_lines(["*ERROR at teardown of test_that_leaks*"])


def test_a_leak_is_named(run_with_the_guard):
    run_with_the_guard.stdout.fnmatch_lines(["the test leaked state: leaky.level is 2 where it was 0"])


@pytest.mark.parametrize(("module", "name"), conftest.CONTEXT_VARIABLES)
def test_every_listed_variable_exists(module, name):
    assert isinstance(getattr(importlib.import_module(module), name), ContextVar)


def test_every_context_variable_of_the_package_is_listed():
    source = Path(importlib.import_module("wengert").__file__).parent
    declared = re.compile(r"^(\w+)(?:: [^=\n]+)? = ContextVar", re.MULTILINE)
    found = {
        (".".join(("wengert", *file.relative_to(source).with_suffix("").parts)), name)
        for file in source.rglob("*.py")
        for name in declared.findall(file.read_text(encoding="utf-8"))
    }
    assert found == set(conftest.CONTEXT_VARIABLES)


LAWS = """
from types import SimpleNamespace

import pytest

ROW = SimpleNamespace(name="sin")


@pytest.mark.parametrize("call", [SimpleNamespace(name="numpy.sort"), SimpleNamespace(name="numpy.var")])
def test_of_calls(call):
    assert call.name == "numpy.sort"


@pytest.mark.parametrize("example", [SimpleNamespace(prim=ROW), SimpleNamespace(prim=ROW)])
def test_of_examples(example):
    pass


@pytest.mark.parametrize("prim", [ROW])
def test_of_rows(prim):
    pass


@pytest.mark.parametrize("number", [1, 2])
def test_of_something_else(number):
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_laws_that_passed_are_counted(pytester, workers):
    pytester.makeconftest(Path(conftest.__file__).read_text(encoding="utf-8"))
    pytester.mkdir("laws").joinpath("test_laws.py").write_text(LAWS, encoding="utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-n", workers)
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.re_match_lines([r"ledger: [\d,]+ names; 4 checks of 1 rows and 1 functions passed"])


def test_nothing_is_said_of_laws_where_none_was_tried(run_with_the_guard):
    run_with_the_guard.stdout.no_fnmatch_line("ledger:*")
