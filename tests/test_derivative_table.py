"""The committed page of the derivative table is what registry and ledger generate.

In a process of its own: other tests declare primitives.
"""

from __future__ import annotations

import importlib.util
import operator
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wengert.facts import Kind, flat, tangent, transpose
from wengert.primitive import Primitive

ROOT = Path(__file__).parent.parent
GENERATOR = ROOT / "docs" / "generate_table.py"
PAGE = ROOT / "docs" / "derivative-table.md"


def generate(script, *arguments):
    return subprocess.run(
        [sys.executable, script, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"PYTHONUTF8": "1"},
    )


@pytest.fixture
def copy(tmp_path):
    """The generator where it may write."""
    script = tmp_path / GENERATOR.name
    script.write_bytes(GENERATOR.read_bytes())
    return script


def test_the_page_is_what_the_registry_generates():
    checked = generate(GENERATOR, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_page_that_is_out_of_date_is_found(copy):
    page = copy.with_name(PAGE.name)
    page.write_text(PAGE.read_text(encoding="utf-8").replace("cos(x)", "sin(x)"), encoding="utf-8")
    checked = generate(copy, "--check")
    assert checked.returncode == 1
    assert "refresh it: python docs/generate_table.py" in checked.stderr
    assert "∂y/∂x = cos(x)" not in page.read_text(encoding="utf-8"), "--check writes nothing"


def test_the_page_is_written(copy):
    assert generate(copy).returncode == 0
    assert copy.with_name(PAGE.name).read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_another_argument_is_refused(copy):
    refused = generate(copy, "--what")
    assert (refused.returncode, refused.stderr) == (2, "usage: python docs/generate_table.py [--check]\n")


@pytest.mark.parametrize(
    "row",
    [
        "| `x1 · x2` | `∂y/∂x1 = x2`<br>`∂y/∂x2 = x1` |  | complex step |",
        "| `exp(x)` | `∂y/∂x = y` |  | complex step |",
        "| `\\|x\\|` | `∂y/∂x = sign(x)`<br>",
        "`∂y/∂x1 = (x1 > x2) + 0.5 · (x1 == x2) + isnan(x2)`",
        "`∂y/∂x2 = -(x1 // x2)`",
        "| `x1 @ x2` | `(3, 3)` | `x̄1 += ȳ @ x2ᵀ`<br>`x̄2 += x1ᵀ @ ȳ` |",
        "| `cumsum(x, axis=0)` | `(2, 3)` | `x̄ += flip(cumsum(flip(ȳ, axis=0), axis=0), axis=0)` |",
        "| `rfft(x, n=4)` | `(4,)` | `x̄ += irfft(ȳ · [1, 0.5, 1], n=4, norm=forward)` |",
        "| `inv(x)` | `(3, 3)` | `x̄ += -yᵀ @ ȳ @ yᵀ` |",
        "`x̄ += _conj(_before(y, 1, axis)) * _recur_back(ct, x, axis)` | exact with zeros among the factors |",
        "**numpy.fft**: `fft2`, `fftfreq`, `fftn`,",
        "`matvec` (since 2.2)",
        "- writes a file: `save`, `savetxt`, `savez`, `savez_compressed`",
        "| `numpy.fromiter` | NumPy puts plain numbers into the array one by one. | Use np.stack(list(iterator)). |",
    ],
)
def test_rows_say_what_they_should(row):
    assert row in PAGE.read_text(encoding="utf-8")


# --- rows that no formula shows --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page():
    """The generator as a module."""
    spec = importlib.util.spec_from_file_location("generate_table", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _adjoint(ct, y, x, *, depth):
    return ct


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (tangent(lambda t, y, x: t, lambda ct, y, x: ct * y[0]), "`x̄ += ct * y[0]`"),
        (tangent(_adjoint, _adjoint), "`x̄ += _adjoint(ct, y, x)`"),
        (transpose(operator.neg), "`x̄ += neg`"),
        (flat, "x: flat"),
    ],
)
def test_a_rule_that_no_formula_shows_is_shown_as_code(page, fact, text):
    prim = Primitive("opaque", np.sin, Kind.STRUCTURAL, [fact])
    assert list(page.adjoints(page.unshaped(prim), partials=False)) == [text]


def test_parameters_that_are_not_known_leave_the_names(page):
    prim = Primitive("opaque", np.sin, Kind.STRUCTURAL, [flat], notation="{0} at {depth}")
    assert page.written(page.unshaped(prim)) == "`opaque(x)`"


def test_a_row_without_fitting_parameters_is_shown_as_it_is_tested(page):
    stmt = page.applied(page.table.primitives["roll"], (2, 3))
    assert "shift" in stmt.params
    assert page.shapes_of(stmt) == "`(5,)`"
