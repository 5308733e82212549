"""`import wengert` costs what `import numpy` costs: it loads NumPy and nothing heavier."""

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
print(json.dumps(sorted(set(sys.modules) - with_numpy)))
"""

HEAVY = [
    "IPython",
    "argparse",
    "asyncio",
    "autograd",
    "doctest",
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


@pytest.fixture(scope="module")
def loaded():
    probe = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert probe.returncode == 0, probe.stderr
    return json.loads(probe.stdout)


@pytest.mark.parametrize("module", HEAVY)
def test_no_heavy_module_is_loaded(loaded, module):
    assert module not in loaded


def test_numpy_is_the_only_other_package(loaded):
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages - {"numpy"} == {"wengert"}
