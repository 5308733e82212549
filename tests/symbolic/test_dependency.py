"""SymPy is optional: loaded when a formula is asked for, and missed by name."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import wengert as wg
from wengert.errors import MissingPackageError
from wengert.show.swell import expression_swell
from wengert.symbolic import (
    derivative,
    from_sympy,
    latex,
    symbols_of,
    to_sympy,
)


@pytest.fixture
def without_sympy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)  # Python then says that there is no such module


def square(x):
    return x * x


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("to_sympy", lambda: to_sympy(square)),
        ("from_sympy", lambda: from_sympy(1, [])),
        ("derivative", lambda: derivative(square)),
        ("symbols_of", lambda: symbols_of(wg.trace(square)(1.0))),
    ],
)
def test_the_error_says_what_to_install(without_sympy, name, call):
    with pytest.raises(MissingPackageError) as caught:
        call()
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, wg.WengertError)
    assert f"wengert.{name} needs SymPy, which is not installed." in str(caught.value)
    assert "pip install sympy" in str(caught.value)
    assert __file__ in str(caught.value)


def test_latex_works_without(without_sympy):
    assert latex(square, expanded=True) == "x x"


def test_the_table_of_the_swell_leaves_one_column_out(without_sympy):
    swell = expression_swell(n=3)
    assert [row.simplified for row in swell.rows] == ["", "", ""]
    assert [row.operations[:2] for row in swell.rows] == [(0, 0), (3, 4), (9, 20)]
    assert "The simplified form needs SymPy: pip install sympy." in swell.to_text(80)


def test_compare_says_that_it_needs_it(without_sympy):
    method = {m.name: m for m in wg.compare(np.sin, 1.0).methods}["symbolic (SymPy)"]
    assert method.gradient is None
    assert method.remark == "needs SymPy"
    assert "pip install sympy" in method.note


def test_it_is_not_loaded_before_it_is_needed():
    program = "import sys, wengert.symbolic as s; s.latex(lambda x: x * x); print('sympy' in sys.modules)"
    probe = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert probe.stdout.strip() == "False"
