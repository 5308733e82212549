"""The examples run, print what they promise, and reach NIST's certified digits."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from examples import nist

import wengert as wg

EXAMPLES = Path(__file__).parent.parent / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.py"))
CHECKSUMS = {
    "Misra1a.dat": "45c8da1de19d1cd0bdcefe06e333dee7ec8b31fa5c58b4eada427a7777853650",
    "Thurber.dat": "b66224bd6ec25754af5ec16f00b25ce18ccc8c09b40ebe0acf8515d01abec0a4",
}


def printed_by(program):
    """Standard output of an example, run by itself on no terminal, warnings being errors."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"}
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        environment.pop(name, None)
    command = [sys.executable, "-W", "error", str(EXAMPLES / program)]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return finished.stdout


@pytest.fixture(params=sorted(nist.MODELS))
def data(request):
    return nist.read(nist.DATA / f"{request.param}.dat")


# --- the data ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHECKSUMS)
def test_the_data_are_nists_unchanged(name):
    assert hashlib.sha256((nist.DATA / name).read_bytes()).hexdigest() == CHECKSUMS[name]


def test_the_reader_finds_all_tables():
    data = nist.read(nist.DATA / "Thurber.dat")
    assert data.name == "Thurber"
    assert data.parameter_names == ("b1", "b2", "b3", "b4", "b5", "b6", "b7")
    assert (data.x.shape, data.y.shape) == ((37,), (37,))
    assert (data.x[0], data.y[0], data.x[-1], data.y[-1]) == (-3.067, 80.574, 2.200, 1457.628)
    np.testing.assert_array_equal(data.starts[0], [1000, 1000, 400, 40, 0.7, 0.3, 0.03])
    np.testing.assert_array_equal(data.starts[1], [1300, 1500, 500, 75, 1, 0.4, 0.05])
    assert (data.certified[0], data.certified[6]) == (1.2881396800e03, 4.9727297349e-02)
    assert (data.standard_errors[0], data.standard_errors[6]) == (4.6647963344, 6.5842344623e-03)


def test_the_reader_refuses_other_files():
    with pytest.raises(ValueError, match="its header does not say where to find the Certified Values"):
        nist.read(nist.DATA / "README.md")


def test_the_certified_parameters_leave_the_certified_sum_of_squares(data):
    certified = {"Misra1a": 1.2455138894e-01, "Thurber": 5.6427082397e03}
    residuals = nist.MODELS[data.name](data.x, *data.certified) - data.y
    np.testing.assert_allclose(np.sum(residuals**2), certified[data.name], rtol=1e-9)


def test_agreeing_digits():
    certified = np.array([2.0, -4.0, 3.0, 5.0])
    found = np.array([2.0, -4.0004, 3.3, -7.0])
    np.testing.assert_allclose(nist.agreeing_digits(found, certified), [11.0, 4.0, 1.0, 0.0], atol=1e-9)


# --- the fits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 1])
def test_the_fits_agree_with_the_certified_values(data, start):
    fit = nist.fit(data, data.starts[start])
    assert nist.agreeing_digits(fit.parameters, data.certified).min() >= 8
    assert nist.agreeing_digits(fit.standard_errors, data.standard_errors).min() >= 6


@pytest.mark.parametrize("start", [0, 1])
def test_curve_fit_alone_reaches_what_a_comparison_of_sums_of_squares_can(data, start):
    popt, pcov = wg.optimize.curve_fit(
        nist.MODELS[data.name], data.x, data.y, data.starts[start], xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    assert nist.agreeing_digits(popt, data.certified).min() >= 7
    assert nist.agreeing_digits(np.sqrt(np.diag(pcov)), data.standard_errors).min() >= 6


@pytest.mark.parametrize("start", [0, 1])
def test_least_squares_reaches_the_same(data, start):
    def residuals(b):
        return nist.MODELS[data.name](data.x, *b) - data.y

    result = wg.optimize.least_squares(residuals, data.starts[start], x_scale="jac", ftol=1e-14, xtol=1e-14)
    assert nist.agreeing_digits(result.x, data.certified).min() >= 7


def test_the_jacobian_of_thurbers_model_is_that_of_mpmath():
    mpmath = pytest.importorskip("mpmath")
    data = nist.read(nist.DATA / "Thurber.dat")
    x, b = float(data.x[5]), [float(parameter) for parameter in data.starts[0]]
    with mpmath.workdps(40):
        expected = [
            mpmath.diff(lambda *b: nist.thurber(mpmath.mpf(x), *b), tuple(b), tuple(int(j == k) for j in range(7)))
            for k in range(7)
        ]
    found = wg.grad(lambda b: nist.thurber(x, *b))(np.array(b))
    np.testing.assert_allclose(found, np.array(expected, float), rtol=1e-13)


# --- the programs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_example_runs_and_fits_into_80_columns_without_colour(program):
    text = printed_by(program)
    assert text.strip()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_demo_prints_every_certified_value_and_the_digits_reached():
    text = printed_by("demo.py")
    for name in nist.MODELS:
        data = nist.read(nist.DATA / f"{name}.dat")
        for certified in (*data.certified, *data.standard_errors):
            assert f"{certified:.10e}" in text
    digits = re.findall(r"At least (\S+) digits by curve_fit, (\S+) refined, (\S+) of the standard errors\.", text)
    assert len(digits) == 2
    assert all(float(refined) >= 8 and float(errors) >= 6 for _, refined, errors in digits)


def test_the_demo_explains_the_textbook_function_and_says_where_to_go_next():
    text = printed_by("demo.py")
    for number in ("0.693", "-0.959", "10.693", "11.652", "5.5", "1.716"):
        assert number in text
    assert "wengert --help" in text


def test_the_programs_that_the_demo_names_exist():
    named = re.findall(r"python examples/(\w+\.py)", (EXAMPLES / "demo.py").read_text(encoding="utf-8"))
    assert named
    assert set(named) <= set(PROGRAMS)


def test_descent_arrives_and_diverges():
    text = printed_by("descent.py")
    assert text.count("Converged") == 4
    assert text.count("Diverged") == 1
    assert re.search(r"0\.19001\s+-0\.421338", text)


def test_exact_derivatives_save_calls():
    text = printed_by("rosenbrock.py")
    for method, differences, exact in re.findall(r"^(\S+) +(\d+) calls, error \S+ +(\d+) calls", text, re.MULTILINE):
        assert int(exact) < int(differences) / 2, method


def test_the_lesson_prints_what_pytorch_prints():
    text = printed_by("lesson.py")
    for line in (
        "dy/dx = tensor(-218.4626)",
        "tensor(6.9093, grad_fn=<AddBackward0>)",
        "dz/dx1 = tensor(2.5839)  dz/dx2 = tensor(2.)",
        "tensor([[-6.]], grad_fn=<MmBackward0>)",
        "tensor([[ 1.,  0., -1.],\n        [ 2.,  0., -2.]])",
        "d2u/dt2 = tensor(18.)",
        "minimum at tensor(0.1900, requires_grad=True)",
    ):
        assert line in text
