"""Reductions and the compositions of them, with all their NumPy parameters."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case
from rules.refusing import assert_refused_as_numpy_does

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]])
B = 0.37 * np.random.default_rng(5).permutation(24).reshape(2, 3, 4) - 4.1  # no ties
SQUARE = B[0, :, :3]
POSITIVE = np.array([[0.5, 1.25, 2.0], [1.5, 0.25, 0.75]])
MASK = np.array([[True, False, True], [True, True, False], [False, True, True]])
WEIGHTS = np.array([0.2, 0.3, 0.5])


def everywhere(name, function, **extra):
    """The calls that every reduction takes."""
    return [
        case(f"{name}()", lambda x: function(x, **extra), A),
        case(f"{name}() of a number", lambda x: function(x, **extra), np.float64(0.75)),
        case(f"{name}(axis=0)", lambda x: function(x, axis=0, **extra), A),
        case(f"{name}(1)", lambda x: function(x, 1, **extra), A),
        case(f"{name}(axis=-1)", lambda x: function(x, axis=-1, **extra), B),
        case(f"{name}(axis=(0, 2))", lambda x: function(x, axis=(0, 2), **extra), B),
        case(f"{name}(axis=(-1, 0))", lambda x: function(x, axis=(-1, 0), **extra), B),
        case(f"{name}(axis=1, keepdims=True)", lambda x: function(x, axis=1, keepdims=True, **extra), B),
        case(f"{name}(keepdims=True)", lambda x: function(x, keepdims=True, **extra), A),
        case(f"{name}(axis=())", lambda x: function(x, axis=(), **extra), A),
    ]


def masked(name, function):
    return [
        case(f"{name}(where=)", lambda x: function(x, where=MASK), SQUARE),
        case(f"{name}(axis=0, where=)", lambda x: function(x, axis=0, where=MASK), SQUARE),
        case(
            f"{name}(axis=1, where= row, keepdims=True)",
            lambda x: function(x, axis=1, where=MASK[:1], keepdims=True),
            A,
        ),
    ]


CASES = [
    *everywhere("sum", np.sum),
    *everywhere("mean", np.mean),
    *everywhere("prod", np.prod),
    *everywhere("max", np.max),
    *everywhere("min", np.min),
    *everywhere("amax", np.amax),
    *everywhere("amin", np.amin),
    *everywhere("ptp", np.ptp),
    *everywhere("average", np.average),
    *[c for c in everywhere("var", np.var) if "number" not in c.name],
    *[c for c in everywhere("std", np.std) if "number" not in c.name and "axis=()" not in c.name],
    *masked("sum", np.sum),
    *masked("mean", np.mean),
    *masked("prod", np.prod),
    *masked("var", np.var),
    *masked("std", np.std),
    case("sum(initial=)", lambda x: np.sum(x, axis=0, initial=3.0), A),
    case("sum(initial= variable)", lambda x: np.sum(x, initial=x[0, 0] ** 2), A),
    case("prod(initial=, where=)", lambda x: np.prod(x, axis=1, initial=2.0, where=MASK), SQUARE),
    case("max(initial=)", lambda x: np.max(x, axis=0, initial=0.3), A),
    case("max(initial=, where=)", lambda x: np.max(x, axis=1, initial=-9.0, where=MASK), SQUARE),
    case("min(initial=, where=)", lambda x: np.min(x, 0, initial=9.0, where=MASK, keepdims=True), SQUARE),
    case("maximum.reduce(initial=)", lambda x: np.maximum.reduce(x, initial=0.3), A),
    case("sum(dtype=) widens", lambda x: np.sum(x, axis=0, dtype=np.float64), A),
    case("mean(dtype=)", lambda x: np.mean(x, axis=0, dtype=np.float64), A),
    case("var(ddof=1)", lambda x: np.var(x, ddof=1), A),
    case("var(axis=1, ddof=0.5)", lambda x: np.var(x, axis=1, ddof=0.5), A),
    case("var(correction=1)", lambda x: np.var(x, axis=0, correction=1), A),
    case("var(mean=)", lambda x: np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True)), A),
    case("var of what follows from its mean", lambda x: np.var(x, mean=0.0), A),
    case("std(ddof=1)", lambda x: np.std(x, axis=0, ddof=1, keepdims=True), A),
    case("std(correction=1)", lambda x: np.std(x, correction=1), A),
    case("average(weights=)", lambda x: np.average(x, weights=POSITIVE), A),
    case("average(weights= variable)", lambda x, w: np.average(x, weights=w), A, POSITIVE),
    case("average(weights= variable alone)", lambda w: np.average(A, weights=w), POSITIVE),
    case("average(axis=1, weights= vector)", lambda x: np.average(x, axis=1, weights=WEIGHTS), A),
    case("average(axis=0, weights= vector)", lambda x: np.average(x, axis=0, weights=WEIGHTS), B[0, :, :3]),
    case("average(axis=0, weights= variable)", lambda x, w: np.average(x, axis=0, weights=w), B[:, 0], WEIGHTS[:2]),
    case("average(axis=1, weights= list)", lambda x: np.average(x, axis=1, weights=[1, 2, 3], keepdims=True), A),
    case("average(axis=(0, 1), weights=)", lambda x: np.average(x, axis=(0, 1), weights=POSITIVE), B[:, :, :2]),
    case("average(returned=True)", lambda x: np.average(x, axis=0, returned=True), A),
    case("average(weights=, returned=True)", lambda x, w: np.average(x, axis=1, weights=w, returned=True), A, POSITIVE),
    case("cumsum()", np.cumsum, A),
    case("cumsum(axis=0)", lambda x: np.cumsum(x, axis=0), A),
    case("cumsum(-1)", lambda x: np.cumsum(x, -1), B),
    case("cumsum(dtype=)", lambda x: np.cumsum(x, axis=1, dtype=np.float64), A),
    case("cumsum of a number", np.cumsum, np.float64(2.0)),
    case("add.reduce", np.add.reduce, A),
    case("add.reduce(axis=None)", lambda x: np.add.reduce(x, axis=None), A),
    case("add.reduce(keepdims=True)", lambda x: np.add.reduce(x, axis=1, keepdims=True), A),
    case("multiply.reduce", np.multiply.reduce, A),
    case("maximum.reduce", lambda x: np.maximum.reduce(x, axis=1), A),
    case("minimum.reduce", lambda x: np.minimum.reduce(x, 1), A),
    case("add.accumulate", np.add.accumulate, A),
    case("add.accumulate(axis=1)", lambda x: np.add.accumulate(x, axis=1), A),
    case("method sum", lambda x: x.sum(0) + x.sum(axis=-1, keepdims=True), A),
    case("method mean", lambda x: x.mean() * x.mean(axis=1), A),
    case("method prod", lambda x: x.prod(axis=1), A),
    case("methods max and min", lambda x: x.max(0) - x.min(axis=0), A),
    case("methods var and std", lambda x: x.var(ddof=1) + x.std(axis=0), A),
    case("method cumsum", lambda x: x.cumsum() + x.cumsum(1).sum(), A),
    case("an exact prod at a zero", lambda x: np.prod(x, axis=1), np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 4.0]])),
    case("a long prod", np.prod, np.linspace(0.8, 1.3, 13)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case):
    assert_value(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative(case):
    assert_derivative(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_single_precision(case):
    assert_single_precision(case)


# --- positions and truth ---------------------------------------------------------------------------------------

POSITIONS = {
    "argmax": np.argmax,
    "argmax(axis=1)": lambda x: np.argmax(x, axis=1),
    "argmax(0)": lambda x: np.argmax(x, 0),
    "argmax(keepdims=True)": lambda x: np.argmax(x, axis=1, keepdims=True),
    "argmin": np.argmin,
    "argmin(axis=0)": lambda x: np.argmin(x, axis=0),
    "argsort": np.argsort,
    "argsort(axis=0)": lambda x: np.argsort(x, axis=0),
    "argsort(kind=)": lambda x: np.argsort(x, axis=-1, kind="stable"),
    "all": lambda x: np.all(x > 0, axis=0) if isinstance(x, np.ndarray) else (x > 0).all(axis=0),
    "np.all": lambda x: np.all(x, axis=1),
    "np.any": lambda x: np.any(x, axis=1, keepdims=True),
    "count_nonzero": np.count_nonzero,
    "count_nonzero(axis=0)": lambda x: np.count_nonzero(x, axis=0),
    "method argmax": lambda x: x.argmax(1),
    "method argmin": lambda x: x.argmin(),
    "method argsort": lambda x: x.argsort(0),
    "methods all and any": lambda x: x.all() & x.any(),
}


@pytest.mark.parametrize("function", POSITIONS.values(), ids=POSITIONS)
def test_positions_and_truth_are_numpys_and_carry_no_derivative(function):
    expected = np.asarray(function(A))
    x = wg.tensor(A, requires_grad=True)
    for found in (function(x), wg.jvp(function, (A,), (A,))[0], wg.tape(function, A).outputs[0]):
        assert np.asarray(found).dtype == expected.dtype
        np.testing.assert_array_equal(np.asarray(found), expected)
    assert not function(x).requires_grad


def test_an_extremum_is_gathered_by_its_position():
    assert_derivative(case("sort by argsort", lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1), A))


# --- empty arrays ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_sums_and_products_of_nothing(shape):
    x = np.zeros(shape)
    assert wg.value_and_grad(np.sum)(x)[0] == 0.0
    assert wg.value_and_grad(np.prod)(x)[0] == 1.0
    assert wg.grad(np.sum)(x).shape == wg.grad(np.prod)(x).shape == shape


def test_a_sum_of_nothing_along_an_axis_has_the_axes_that_are_left():
    y, pullback = wg.vjp(lambda x: np.sum(x, axis=0), np.zeros((0, 3)))
    np.testing.assert_array_equal(y, np.zeros(3))
    assert pullback(np.ones(3))[0].shape == (0, 3)


@pytest.mark.parametrize("axis", [None, 0])
def test_a_mean_of_nothing_is_nan_with_numpys_warning(axis):
    with pytest.warns(RuntimeWarning):
        y = np.mean(wg.tensor(np.zeros(0), requires_grad=True), axis=axis)
    assert np.isnan(y.item())


@pytest.mark.parametrize("function", [np.max, np.min])
def test_an_extremum_of_nothing_is_numpys_error(function):
    with pytest.raises(ValueError, match="zero-size array"):
        wg.grad(function)(np.zeros(0))


# --- integers and complex numbers ------------------------------------------------------------------------------


def test_means_of_integers_are_floats():
    x = wg.tensor([1, 2, 4])
    for y, expected in [(x.mean(), 7 / 3), (x.var(), 14 / 9), (np.average(x), 7 / 3), (x.std(), np.sqrt(14) / 3)]:
        assert y.dtype == np.float64
        np.testing.assert_allclose(y.item(), expected, rtol=1e-15)


COMPLEX = {
    "sum": lambda z: np.sum(z, axis=0),
    "mean": lambda z: np.mean(z, axis=1),
    "prod": lambda z: np.prod(z, axis=1),
    "var": lambda z: np.var(z, axis=0),
    "std": np.std,
    "average": lambda z: np.average(z, axis=1, weights=WEIGHTS),
    "cumsum": lambda z: np.cumsum(z, axis=1),
}


@pytest.mark.parametrize("function", COMPLEX.values(), ids=COMPLEX)
@pytest.mark.parametrize("part", [np.real, np.imag, np.abs])
def test_complex_numbers_by_their_parts(function, part):
    whole = case("", lambda x, y: part(function(x + 1j * y)), A, A[::-1] + 0.1)
    if not (np.isrealobj(function(A + 1j)) and part is np.imag):
        assert_value(whole)
        assert_derivative(whole)


# --- refusals --------------------------------------------------------------------------------------------------

REFUSED = {
    "sum(out=)": lambda x: np.sum(x, out=np.zeros(())),
    "mean(out=)": lambda x: np.mean(x, out=np.zeros(())),
    "var(out=)": lambda x: np.var(x, out=np.zeros(())),
    "std(out=)": lambda x: np.std(x, out=np.zeros(())),
    "ptp(out=)": lambda x: np.ptp(x, out=np.zeros(())),
    "cumsum(out=)": lambda x: np.cumsum(x, out=np.zeros(6)),
    "add.accumulate(out=)": lambda x: np.add.accumulate(x, out=np.zeros((2, 3))),
}


@pytest.mark.parametrize(("name", "function"), REFUSED.items(), ids=REFUSED)
def test_parameters_that_would_lose_a_derivative_are_refused(name, function):
    with pytest.raises((wg.NoRuleError, wg.LostDerivativeError)) as caught:
        function(wg.tensor(A, requires_grad=True))
    called, parameter = re.split(r"\(", name)
    assert parameter.rstrip(")") in str(caught.value)
    assert caught.value.where.file == __file__
    assert caught.value.remedy
    assert called.split(".")[0] in str(caught.value) or called in {"mean", "std", "var", "ptp"}


@pytest.mark.parametrize("function", [np.max, np.min])
def test_an_extremum_of_what_is_left_needs_an_initial_value(function):
    with pytest.raises(ValueError, match="initial"):
        function(wg.tensor(SQUARE, requires_grad=True), where=MASK)


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.max, np.var, np.cumsum, np.average, np.ptp])
def test_an_axis_out_of_range_is_numpys_error(function):
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        function(wg.tensor(A, requires_grad=True), axis=2)


# --- special points --------------------------------------------------------------------------------------------

MODES = ("forward", "reverse")


def both_modes(function, x):
    """The gradient, the same in both modes."""
    found = [wg.jacobian(function, mode=mode)(np.asarray(x, float)) for mode in MODES]
    np.testing.assert_array_equal(*found)
    return found[0]


@pytest.mark.parametrize("x", [[2.0, 2.0, 2.0], [0.0, 0.0], [5.0]], ids=str)
def test_the_deviation_of_equal_numbers_has_the_derivative_zero(x):
    x = np.array(x)
    np.testing.assert_array_equal(both_modes(np.std, x), np.zeros(len(x)))
    np.testing.assert_array_equal(wg.hessian(np.std)(x), np.zeros((len(x), len(x))))
    np.testing.assert_array_equal(wg.jacobian(wg.grad(np.std), mode="reverse")(x), np.zeros((len(x), len(x))))


def test_rows_of_equal_numbers_beside_others():
    x = np.array([[1.0, 1.0], [1.0, 3.0]])
    np.testing.assert_array_equal(both_modes(lambda x: np.sum(np.std(x, axis=1)), x), [[0, 0], [-0.5, 0.5]])
    np.testing.assert_array_equal(both_modes(lambda x: np.std(x, axis=1)[1], x), [[0, 0], [-0.5, 0.5]])
    assert np.all(np.isfinite(wg.hessian(lambda x: np.sum(np.std(x, axis=1)))(x)))


def test_the_deviation_of_complex_numbers_that_are_equal():
    np.testing.assert_array_equal(wg.grad(np.std)(np.full(3, 1 + 2j)), np.zeros(3))


def test_a_nan_is_no_zero():
    assert np.isnan(wg.value_and_grad(np.std)(np.array([1.0, np.nan]))[0])
    assert np.all(np.isnan(wg.grad(np.std)(np.array([1.0, np.nan]))))


@pytest.mark.parametrize("function", [np.var, np.std])
def test_too_few_degrees_of_freedom(function):
    with pytest.warns(RuntimeWarning, match="Degrees of freedom <= 0 for slice"), np.errstate(invalid="ignore"):
        assert np.isnan(function(wg.tensor([1.0], requires_grad=True), ddof=1).item())


def test_products_with_zeros_to_the_second_order():
    x = np.array([0.0, 2.0, 0.0, 5.0])
    np.testing.assert_array_equal(both_modes(np.prod, x), np.zeros(4))
    hessian = np.zeros((4, 4))
    hessian[0, 2] = hessian[2, 0] = 10.0
    np.testing.assert_array_equal(wg.hessian(np.prod)(x), hessian)


@pytest.mark.parametrize("function", [np.max, np.min, np.amax, np.amin])
def test_ties_share_evenly(function):
    np.testing.assert_allclose(both_modes(function, [3.0, 3.0, 3.0]), np.full(3, 1 / 3))


def test_an_initial_value_is_one_of_the_ties():
    """However many elements the mask leaves out: these are none."""
    x, mask = np.array([1.0, 5.0, 1.0, 7.0]), np.array([True, False, False, False])
    for function, sign in ((np.max, 1.0), (np.min, -1.0)):
        x_bar, initial_bar = wg.grad(lambda x, s, f=function: f(x, initial=s, where=mask), argnums=(0, 1))(
            sign * x, sign
        )
        np.testing.assert_array_equal(x_bar, [0.5, 0, 0, 0])
        assert initial_bar == 0.5


@pytest.mark.parametrize("initial", [2.0, -np.inf])
def test_a_mask_that_leaves_nothing(initial):
    x = np.zeros(3)
    y, gradient = wg.value_and_grad(lambda x: np.max(np.sqrt(x), initial=initial, where=np.zeros(3, bool)))(x)
    assert y == initial
    np.testing.assert_array_equal(gradient, np.zeros(3))
    for function, expected in ((np.sum, 0.0), (np.prod, 1.0)):
        y, gradient = wg.value_and_grad(lambda x, f=function: f(np.sqrt(x), where=np.zeros(3, bool)))(x)
        assert y == expected
        np.testing.assert_array_equal(gradient, np.zeros(3))


def test_an_extremum_of_nothing_is_its_initial_value():
    for function in (np.max, np.min, np.nanmax, np.nanmin):
        y, (x_bar, initial_bar) = wg.value_and_grad(lambda x, s, f=function: f(x, initial=s), argnums=(0, 1))(
            np.zeros(0), 2.0
        )
        assert (y, x_bar.shape, initial_bar) == (2.0, (0,), 1.0)
        y, pullback = wg.vjp(lambda x, f=function: f(x, axis=0, initial=1.0, keepdims=True), np.zeros((0, 3)))
        np.testing.assert_array_equal(y, np.ones((1, 3)))
        assert pullback(y)[0].shape == (0, 3)


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.max, np.var, np.std, np.median, np.nansum])
def test_a_batch_of_nothing_to_reduce(function):
    y, pullback = wg.vjp(lambda x: function(x, axis=1), np.zeros((0, 3)))
    assert y.shape == (0,)
    assert pullback(np.zeros(0))[0].shape == (0, 3)
    assert wg.jvp(lambda x: function(x, axis=1), (np.zeros((0, 3)),), (np.zeros((0, 3)),))[1].shape == (0,)


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.max, np.median])
def test_no_axes_leave_an_array_as_it_is(function):
    np.testing.assert_array_equal(np.diag(np.ones(6)), both_modes(lambda x: function(x, axis=()), A).reshape(6, 6))


@pytest.mark.parametrize("function", [np.var, np.std])
def test_each_number_varies_by_nothing(function):
    np.testing.assert_array_equal(both_modes(lambda x: function(x, axis=()), A), np.zeros((2, 3, 2, 3)))


# --- NumPy's parameters ----------------------------------------------------------------------------------------


def test_parameters_by_position():
    x = wg.tensor(B, requires_grad=True)
    for function in (np.max, np.min, np.nanmax):
        assert function(x, 1, None, True).shape == (2, 1, 4)
        assert function(x, 1, None, True, -9.0, True).shape == (2, 1, 4)
    for function in (np.all, np.any):
        assert function(x > 0, 1, None, True, where=MASK[:, :1]).shape == (2, 1, 4)
    assert np.argmax(x, 2, None, keepdims=True).shape == (2, 3, 1)
    assert np.count_nonzero(x, 1, keepdims=True).shape == (2, 1, 4)
    assert np.maximum.reduce(x, 1, None, None, True).shape == (2, 1, 4)


@pytest.mark.parametrize("function", [np.mean, lambda x: np.mean(x, where=x > 0)])
def test_half_precision_is_summed_in_single_precision(function):
    x = (250 * np.random.default_rng(0).uniform(1, 1.3, 400)).astype(np.float16)
    expected = np.float16(function(x.astype(np.float32)))
    y, y_dot = wg.jvp(function, (x,), (x,))
    assert y.dtype == y_dot.dtype == np.float16
    np.testing.assert_allclose(y, expected, rtol=2e-3)
    assert wg.grad(lambda x: function(x).astype(np.float32))(x).dtype == np.float16


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_an_extremum_with_a_mask_alone_is_numpys_error(name):
    assert_refused_as_numpy_does(lambda x: getattr(np, name).reduce(x, where=MASK), SQUARE)
