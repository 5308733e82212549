"""The gradients that stand in docs/sources are what `source` writes, and they compute what `grad` does."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as wg
from programs import PROGRAMS

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "docs" / "sources").glob("*.py"))


def test_there_are_five():
    assert len(FILES) == 5


def test_they_are_what_source_writes():
    command = [sys.executable, ROOT / "docs" / "generate_sources.py", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_they_run_and_give_the_gradient(path):
    program = next(program for program in PROGRAMS if f"grad_{program.name}" == path.stem)
    names = {}
    exec(path.read_text(encoding="utf-8"), names)  # noqa: S102  # the project's own file
    numbers = tuple(range(len(program.args)))
    found = names[path.stem](*program.args)
    expected = wg.grad(program.function, numbers)(*program.args)
    for one, other in zip(found if isinstance(found, tuple) else (found,), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
