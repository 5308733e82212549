"""`import wengert` costs what `import numpy` costs: it loads NumPy and nothing heavier; `wengert.explain` likewise."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# The modules that `import wengert` loads beyond those that Python and NumPy have loaded already.
PROBE = """
import json, sys
import numpy
with_numpy = set(sys.modules)
import wengert
at_first = set(sys.modules)
wengert.explain
loaded = at_first - with_numpy, set(sys.modules) - at_first
print(json.dumps([sorted(names) for names in loaded]))
"""

HEAVY = [
    "IPython",
    "argparse",
    "asyncio",
    "autograd",
    "doctest",
    "fast_sugiyama",
    "http",
    "importlib.metadata",
    "llvmlite",
    "matplotlib",
    "multiprocessing",
    "networkx",
    "numba",
    "numpy.f2py",
    "numpy.testing",
    "optree",
    "pandas",
    "rich",
    "scipy",
    "sympy",
    "torch",
    "unittest",
]


# What `wengert.explain` leaves to those who ask for more: pictures, pages, summaries.
OPTIONAL = [
    "html",
    "pathlib",
    "wengert.notebook",
    "wengert.playground",
    "wengert.plot",
    "wengert.show.graphs",
    "wengert.show.markup",
    "wengert.show.player",
    "wengert.show.summary",
]


@pytest.fixture(scope="module")
def loaded_by():
    probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert probe.returncode == 0, probe.stderr
    return dict(zip(("import wengert", "wengert.explain"), json.loads(probe.stdout), strict=True))


@pytest.mark.parametrize("module", HEAVY)
def test_no_heavy_module_is_loaded(loaded_by, module):
    assert module not in loaded_by["import wengert"]


@pytest.mark.parametrize("module", [*HEAVY, *OPTIONAL])
def test_explain_loads_no_more_than_it_shows(loaded_by, module):
    assert module not in loaded_by["wengert.explain"]


def test_all_names_can_be_read_without_optional_packages():
    code = """
import sys
for name in ("IPython", "llvmlite", "matplotlib", "resvg_py", "sympy"):
    sys.modules[name] = None
import wengert
for name in dir(wengert):
    getattr(wengert, name)
"""
    probe = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert probe.returncode == 0, probe.stderr


def test_numpy_is_the_only_other_package(loaded_by):
    packages = {name.partition(".")[0] for name in loaded_by["import wengert"]} - sys.stdlib_module_names
    assert packages - {"numpy"} == {"wengert"}
