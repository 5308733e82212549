"""The committed page of the derivative table is what the registry generates.

In a process of its own: other tests declare primitives.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
        "| `tanh(x)` | `∂y/∂x = 1 - y · y` |  | complex step |",
        "| `\\|x\\|` | `∂y/∂x = sign(x)`<br>`∂y/∂x = where(y == 0, 0, x / y)` for complex x | 0 at 0 | Richardson |",
        "`∂y/∂x1 = (x1 > x2) + 0.5 · (x1 == x2) + isnan(x2)`",
        "`∂y/∂x2 = -(x1 // x2)`",
        "| `x1 @ x2` | `(3, 3)` | `x̄1 += ȳ @ x2ᵀ`<br>`x̄2 += x1ᵀ @ ȳ` |",
        "| `cumsum(x, axis=0)` | `(2, 3)` | `x̄ += flip(cumsum(flip(ȳ, axis=0), axis=0), axis=0)` |",
    ],
)
def test_rows_say_what_they_should(row):
    assert row in PAGE.read_text(encoding="utf-8")
