"""Scans, searches, views, parts and products of every dtype as machine code: values, derivatives, batches, errors."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import wengert as wg
from native.agreement import as_list, assert_all_close, assert_fresh
from wengert.native import machine

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

DTYPES = ["float64", "float32", "int64", "int32", "bool"]
FLOATS = ["float64", "float32"]


def numbers(shape, dtype="float64", seed=7):
    """Numbers with both signs, some of them equal, none of them zero."""
    drawn = np.random.default_rng(seed).integers(1, 9, shape) * np.random.default_rng(seed + 1).choice([-1, 1], shape)
    return (drawn > 0) if dtype == "bool" else (drawn / 4 if "float" in dtype else drawn).astype(dtype)


def assert_native(f, *args):
    """The compiled function is native as a whole, and gives what NumPy gives, twice."""
    compiled = wg.compile(f)
    with np.errstate(all="ignore"):
        expected = f(*args)
        first, second = compiled(*args), compiled(*args)
    assert_all_close(first, expected, precision=precision_of(args))
    assert_all_close(second, expected, precision=precision_of(args))
    assert_fresh(as_list(first), *as_list(second), *args)
    assert_code(compiled)
    return compiled


def assert_code(compiled):
    """All of it is code, without a call of NumPy."""
    stats = compiled.stats()
    assert (stats.segments, stats.interpreted, stats.called_back) == (1, (), {})


def precision_of(args):
    return min((np.asarray(x).dtype.itemsize for x in args if np.asarray(x).dtype.kind == "f"), default=16)


def assert_all_routes_native(f, *args):
    """The function, its gradient, its batch, and it inside of a loop."""
    assert_native(f, *args)
    with np.errstate(all="ignore"):
        y = np.asarray(f(*args))
    weights = numbers(y.shape, seed=3).astype(y.dtype if y.dtype.kind == "f" else "float64")

    def loss(*xs):
        return np.sum(weights * f(*xs) ** 2)

    if y.dtype.kind == "f":
        assert_native(wg.grad(loss, argnums=tuple(range(len(args)))), *args)
    stacked = [np.stack([x, x[::-1], -x]) if x.ndim and x.dtype.kind != "b" else np.stack([x, x, x]) for x in args]
    assert_native(wg.vmap(f), *stacked)
    assert_native(lambda *xs: wg.fori_loop(0, 3, lambda k, total: total + k * f(*xs), 0 * f(*xs)), *args)


# --- scans -----------------------------------------------------------------------------------------------------


SCANS = {
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
}
PLACES = [
    ((5,), 0), ((1,), 0), ((4, 3), 0), ((4, 3), -1), ((2, 3, 4), 1), ((2, 3, 1), 1), ((70, 1, 3), -3), ((0, 3), 1),
    ((3, 0), 0),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SCANS)
def test_scans(name, dtype):
    def f(*xs):
        return tuple(SCANS[name](x, axis=axis) for x, (_, axis) in zip(xs, PLACES, strict=True))

    assert_native(f, *(numbers(shape, dtype) for shape, _ in PLACES))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", SCANS)
def test_scans_everywhere(name, axis):
    assert_all_routes_native(lambda x: SCANS[name](np.sin(x), axis=axis), numbers((3, 4, 2)))


def test_second_derivatives_of_scans():
    def f(x):
        return np.sum(np.cumprod(x) ** 2) + np.sum(np.cumsum(np.sin(x)) ** 2)

    assert_native(wg.hessian(f), numbers(12) / 2)


def test_scans_of_all_elements_and_with_a_first_one():
    x = numbers((3, 4))
    assert_native(np.cumsum, x)
    assert_native(lambda x: np.cumsum(x, axis=None, dtype=np.float32), x)
    assert_native(lambda x: np.nancumsum(np.where(x > 1, np.nan, x), axis=0), x)
    assert_native(lambda x: np.cumulative_sum(x, axis=1, include_initial=True), x)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, -0.0])
@pytest.mark.parametrize("name", SCANS)
def test_special_numbers_in_scans(name, special):
    xs = numbers(5), numbers(5), numbers((4, 3))
    for x, place in zip(xs, (2, 0, (1, 2)), strict=True):
        x[place] = special

    def f(*xs):
        return tuple(SCANS[name](x, axis=0) for x in xs)

    compiled = assert_native(f, *xs)
    with np.errstate(all="ignore"):
        for found, expected in zip(compiled(*xs), f(*xs), strict=True):
            np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("ufunc", [np.subtract, np.divide, np.arctan2, np.hypot, np.logaddexp, np.fmax, np.power])
def test_folds(ufunc):
    x = np.abs(numbers((4, 3))) / 2
    assert_native(ufunc.accumulate, x)
    assert_native(lambda x: ufunc.accumulate(x, axis=1), x)
    assert_native(wg.grad(lambda x: np.sum(np.sin(ufunc.accumulate(x, axis=1)))), x)
    assert_native(lambda x: ufunc.reduce(x, axis=0), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_folds_without_derivative(dtype):
    ufuncs = [np.logical_xor, *([] if dtype == "bool" else [np.floor_divide, np.remainder])]

    def f(x):
        folds = [ufunc.accumulate(x, axis=1) for ufunc in (np.logical_and, np.logical_or, *ufuncs)]
        return (*folds, *(u.reduce(x) for u in ufuncs), *(u.reduce(x, axis=1, keepdims=True) for u in ufuncs))

    assert_native(f, numbers((4, 3), dtype))


# --- reductions ------------------------------------------------------------------------------------------------


REDUCTIONS = {
    "norm": np.linalg.norm,
    "nanmax": np.nanmax,
    "nanmin": np.nanmin,
    "fmax": np.fmax.reduce,
    "fmin": np.fmin.reduce,
    "hypot": np.hypot.reduce,
    "logaddexp": np.logaddexp.reduce,
    "logaddexp2": np.logaddexp2.reduce,
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    f = REDUCTIONS[name]
    for dtype in FLOATS:
        x = numbers((3, 4, 5), dtype)
        y = x.copy()
        x[1, 2, 3] = np.nan
        assert_native(
            lambda x, y: (f(y, axis=None), f(x, axis=0), f(x, axis=-1, keepdims=True), f(x, axis=(0, 2))), x, y
        )
    # No two are alike, and none is zero.
    x = np.linspace(-1.9, 2.0, 24).reshape(2, 3, 4)
    assert_all_routes_native(lambda x: f(x, axis=1), x)


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_reductions_of_whole_numbers(dtype):
    x = numbers((3, 4), dtype)
    folds = np.nanmax, np.nanmin, np.max, np.min, np.any, np.count_nonzero, np.sum, np.prod, np.mean
    assert_native(lambda x: (np.linalg.norm(x), *(f(x) for f in folds), *(f(x, axis=0) for f in folds)), x)


def test_norms_of_nothing():
    assert_native(lambda x: np.linalg.norm(x, axis=1), numbers((3, 0)))
    assert_native(lambda x: np.linalg.norm(x, axis=0), numbers((3, 0)))
    assert_native(np.linalg.norm, numbers(0))


# --- searches --------------------------------------------------------------------------------------------------


EXTREMA = [np.argmax, np.argmin, np.nanargmax, np.nanargmin]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("f", EXTREMA)
def test_places_of_extrema(f, dtype):
    xs = [numbers(shape, dtype) for shape in ((6,), (2, 3, 4), (3, 1, 2), (3, 70), (1, 1), (0, 3))]

    def every(a, b, c, d, e, empty):
        along = f(b, axis=0), f(b, axis=1), f(b, axis=-1), f(c, axis=0), f(d, axis=0), f(empty, axis=1)
        return (*map(f, (a, b, c, d, e)), *along, f(b, axis=1, keepdims=True), f(b, axis=-1, keepdims=True))

    assert_native(every, *xs)


@pytest.mark.parametrize("f", EXTREMA)
def test_places_of_extrema_with_special_numbers(f):
    compiled = assert_native(lambda x, y: (f(x), f(y, axis=0)), numbers(8), numbers((8, 2)))
    for special in (np.nan, np.inf, -np.inf):
        for places in ([0], [3], [2, 5], [0, 1, 2, 3, 4, 5, 6]):
            x, y = numbers(8), numbers((8, 2))
            x[places] = y[places, 1] = special
            assert_all_close(compiled(x, y), (f(x), f(y, axis=0)))
    x = np.array([np.nan, -np.inf, np.inf, np.nan, *[-np.inf] * 4])
    assert_all_close(compiled(x, y), (f(x), f(y, axis=0)))


@pytest.mark.parametrize("f", EXTREMA)
def test_places_of_extrema_of_long_lines(f):
    rng = np.random.default_rng(11)
    compiled = wg.compile(lambda x, y: (f(x), f(y), f(y, axis=1), f(np.sin(y)), f(y, axis=0)))
    for count in (0, 1, 5, 300):
        x, y = rng.integers(-3, 3, 777) / 2, rng.integers(-9, 9, (3, 301)) / 2
        x[rng.choice(777, count, replace=False)] = np.nan
        y[rng.integers(0, 2, count), rng.choice(301, count, replace=False)] = np.nan
        with np.errstate(invalid="ignore"):
            assert_all_close(compiled(x, y), (f(x), f(y), f(y, axis=1), f(np.sin(y)), f(y, axis=0)))
    assert_code(compiled)


def test_places_of_extrema_elsewhere():
    x = numbers((5, 3, 4))
    assert_native(wg.vmap(lambda x: np.argmax(np.sin(x), axis=1)), x)
    assert_native(lambda x: wg.fori_loop(0, 3, lambda k, n: n + np.argmin(x + k, axis=0), np.zeros((3, 4), int)), x)


@pytest.mark.parametrize("f", [np.nanargmax, np.nanargmin])
def test_places_among_nothing_but_nan(f):
    x = numbers((3, 4))
    for axis in (None, 0, 1):
        compiled = assert_native(lambda x, axis=axis: f(x, axis=axis), x)
        spoiled = x.copy()
        spoiled[:, 1] = spoiled[2] = np.nan
        if axis is None:
            spoiled[...] = np.nan
        with pytest.raises(ValueError, match="All-NaN slice"):
            compiled(spoiled)
        np.testing.assert_array_equal(compiled(x), f(x, axis=axis))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_places_in_a_sorted_array(dtype, side):
    sorted_ = [np.sort(numbers(count, dtype)) for count in (0, 1, 2, 3, 7, 8, 100)]
    v = np.concatenate([numbers(20, dtype, seed=1), sorted_[4]])
    assert_native(lambda v, *xs: tuple(np.searchsorted(a, v, side) for a in xs), v, *sorted_)
    assert_native(lambda v: np.searchsorted(sorted_[5], v.reshape(3, -1), side), v)


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_among_special_numbers(side):
    with_nan = np.sort(np.array([1.0, np.nan, 2.0, np.inf, -np.inf, np.nan]))
    assert_native(lambda a, v: np.searchsorted(a, v, side), with_nan, with_nan)
    assert_native(lambda a, v: np.searchsorted(a, v, side), np.arange(5), np.array([0.5, 4.0, 9.0]))
    assert_native(lambda a, v: np.searchsorted(a, v, side), np.arange(5.0), 3.0)


@pytest.mark.parametrize("right", [False, True])
def test_bins(right):
    x = numbers((4, 5))
    several = [-1.0, 0.0, 0.5, 2.0], [2.0, 0.5, 0.5, -1.0], [0.25], [1.0, 1.0], [1.0, 1.0, 2.0], [1.0, 1.0, 0.0]
    for dtype in FLOATS:
        bins = [np.array(one, dtype) for one in several]
        assert_native(lambda x, *bins: tuple(np.digitize(x, one, right) for one in bins), x, *bins)
    assert_native(lambda x: tuple(np.digitize(x, np.array(one), right) for one in several), x)
    compiled = wg.compile(lambda x, bins: np.digitize(x, bins, right))
    for bins in ([1.0, 2.0, 0.0], [2.0, 1.0, 3.0]):
        with pytest.raises(ValueError, match="monotonic"):
            compiled(x, np.array(bins))


def test_numbers_among_others():
    for dtype in DTYPES:
        x = numbers((4, 5), dtype)
        assert_native(np.isin, x, x[0, :3])
        assert_native(lambda x, few: np.isin(x, few, invert=True), x, x[:2, :2])
    assert_native(np.isin, np.array([np.nan, 1.0, 2.0]), np.array([np.nan, 2.0]))
    assert_native(np.isin, np.arange(4), np.array([0.5, 2.0]))
    assert_native(np.isin, np.arange(4), np.zeros(0))


def test_interpolation():
    x, xp, fp = numbers((3, 4)) / 2, np.array([-1.5, -0.5, 0.25, 1.0]), numbers(4, seed=2)
    assert_all_routes_native(lambda x, fp: np.interp(x, xp, fp), x, fp)
    assert_native(lambda x, xp, fp: np.interp(x, xp, fp, left=-9.0, right=9.0), x, xp, fp)


# --- views and what is put back --------------------------------------------------------------------------------


SHIFTS = [
    ((5,), 2, None), ((5,), -7, 0), ((5,), 0, 0), ((1,), 3, 0), ((3, 4), 1, 0), ((3, 4), -1, 1), ((3, 4), 5, None),
    ((3, 4), (1, -2), (0, 1)), ((3, 4), (1, 1), (1, 1)), ((3, 4), (2, -2), (1, 1)), ((2, 3, 1), 1, 1), ((3, 0), 1, 0),
    ((0,), 1, 0),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_rolls(dtype):
    xs = [numbers(shape, dtype) for shape, *_ in SHIFTS]
    assert_native(lambda *xs: tuple(np.roll(x, *how) for x, (_, *how) in zip(xs, SHIFTS, strict=True)), *xs)


@pytest.mark.parametrize(("shape", "shift", "axis"), SHIFTS[::3])
def test_rolls_everywhere(shape, shift, axis):
    assert_all_routes_native(lambda x: np.roll(x * x, shift, axis) * x, numbers(shape))


def test_a_stencil_with_periodic_ends():
    def step(u):
        return u + 0.1 * (np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1) - 4 * u)

    assert_all_routes_native(lambda u: step(step(u)), numbers((7, 9)))


DIAGONALS = [((3, 4), (0, 1)), ((4, 3), (1, 0)), ((2, 3, 4), (2, 0)), ((2, 3, 4), (-2, -1))]


@pytest.mark.parametrize("dtype", DTYPES)
def test_diagonals(dtype):
    xs = [numbers(shape, dtype) for shape, _ in DIAGONALS]
    for f in (np.diagonal, np.trace):
        for offset in (0, 1, -2, 5):
            pairs = [axes for _, axes in DIAGONALS]
            assert_native(lambda *xs: tuple(f(x, offset, *at) for x, at in zip(xs, pairs, strict=True)), *xs)  # noqa: B023  # called at once


@pytest.mark.parametrize("offset", [0, 1, -2])
def test_diagonals_everywhere(offset):
    assert_all_routes_native(lambda x: np.diagonal(np.exp(x), offset, 2, 0), numbers((2, 3, 4)))
    assert_all_routes_native(lambda v: np.diag(np.sin(v), offset), numbers(4))
    assert_all_routes_native(lambda x: np.tril(x, offset) + np.triu(x * x, -offset), numbers((4, 4)))


@pytest.mark.parametrize("subscripts", ["ii->i", "ii", "iij->ij", "iji->ji", "iji->j", "ijji->ij", "ii,i->i"])
def test_diagonals_by_subscripts(subscripts):
    terms = subscripts.split("->")[0].split(",")
    lengths = {"i": 3, "j": 2}
    xs = [numbers([lengths[c] for c in term], seed=k) for k, term in enumerate(terms)]
    assert_all_routes_native(lambda *xs: np.einsum(subscripts, *xs), *xs)


@pytest.mark.parametrize("window", [((3,), 0), ((2,), 1), ((2, 2), (0, 0)), ((2, 3), (0, 1)), ((1, 1), (1, 0))])
def test_sliding_windows(window):
    shape, axes = window
    assert_all_routes_native(
        lambda x: np.sum(sliding_window_view(np.sin(x), shape, axes) ** 2, axis=0), numbers((4, 5))
    )
    assert_all_routes_native(lambda x: sliding_window_view(x, shape, axes), numbers((4, 5)))


# --- places that are computed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_elements_at_computed_places(mode):
    def f(x, places, axis):
        return np.take(np.sin(x), places + 0, axis, mode=mode)

    beyond = np.array([[0, -2], [3, 2]]) if mode == "raise" else np.array([[0, -20], [30, 2]])
    several = beyond, beyond[0].astype(np.int32), np.array(1), beyond[:0]
    x = numbers((4, 5, 6))
    for axis in (0, 1, -1, None):
        assert_native(lambda x, *ps: tuple(f(x, p, axis) for p in ps), x, *several)  # noqa: B023  # called at once
        assert_native(wg.grad(lambda x, *ps: sum(np.sum(f(x, p, axis) ** 2) for p in ps)), x, *several)  # noqa: B023
    assert_native(wg.vmap(lambda x, places: f(x, places, 1), (0, None)), x, beyond)

    def looped(x, places):
        return wg.fori_loop(0, 2, lambda k, y: y + f(x, places + k, 2), np.zeros((4, 5, 2)))

    assert_native(looped, x, beyond[0])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_elements_at_computed_places_of_each_line(axis):
    def f(x, places):
        return np.take_along_axis(np.exp(x), np.abs(places) % x.shape[axis] - 1, axis)

    x = numbers((3, 4, 2))
    several = [numbers(shape, "int64") for shape in ((3, 4, 2), (1, 4, 2), (3, 1, 2), (3, 4, 1), (1, 1, 1))]
    assert_native(lambda x, *ps: tuple(f(x, p) for p in ps), x, *several)
    assert_native(wg.grad(lambda x, *ps: sum(np.sum(f(x, p) ** 2) for p in ps)), x, *several)
    assert_native(f, numbers((1, 4, 2)), numbers((3, 4, 2), "int64"))
    assert_native(lambda x: np.take_along_axis(x, np.expand_dims(np.argmax(x, axis), axis), axis), x)


def test_a_computed_place_that_is_out_of_range():
    x = numbers((3, 4))
    taken = wg.compile(lambda x, k: np.take(x, k + 0, 1))
    along = wg.compile(lambda x, k: np.take_along_axis(x, k + 0, 0))
    np.testing.assert_array_equal(taken(x, np.array([3, -4])), x[:, [3, -4]])
    for compiled, wrong in ((taken, [4]), (taken, [0, -5]), (along, [[3] * 4]), (along, [[-4] * 4])):
        with pytest.raises(IndexError, match="out of bounds"):
            compiled(x, np.array(wrong))


MASK = np.array([True, False, True])


@pytest.mark.parametrize(
    "index",
    [
        MASK, (MASK, 1), (slice(None, None, -1), np.array([True, False, False, True])), (MASK, [0, 3]),
        np.ones(3, bool),
        np.arange(12).reshape(3, 4) % 5 < 2, (None, MASK, slice(1, 3)), np.zeros(3, bool), (np.zeros((3, 4), bool),),
    ],
)  # fmt: skip
def test_masks_that_are_known(index):
    x = numbers((3, 4))
    assert_all_routes_native(lambda x: np.sin(x)[index] ** 2, x)

    def updated(x, y):
        z = x * 2
        z[index] = y
        z[index] += np.cos(y)
        return z

    assert_native(updated, x, np.array(0.5))
    assert_native(wg.grad(lambda x, y: np.sum(updated(x, y) ** 2), argnums=(0, 1)), x, np.array(0.5))


def test_choices_by_number():
    choices = numbers((3, 4)), numbers((3, 4), seed=2), numbers((3, 4), seed=5)
    number = np.abs(numbers((3, 4), "int64")) % 3
    for mode in ("raise", "wrap", "clip"):
        compiled = assert_native(lambda n, *xs, mode=mode: np.choose(n + 0, xs, mode=mode), number, *choices)
        if mode == "raise":
            for wrong in (3, -1):
                with pytest.raises(ValueError, match="invalid entry in choice array"):
                    compiled(np.where(number == 1, wrong, number), *choices)
    assert_native(lambda n, a, b: np.choose(n, (a, b)), number > 0, *choices[:2])


# --- arranged and repeated -------------------------------------------------------------------------------------


ARRANGED = {
    "diff": lambda x: np.diff(x, axis=0),
    "second diff": lambda x: np.diff(x, 2, prepend=0.0),
    "gradient": lambda x: np.gradient(x, axis=1),
    "trapezoid": lambda x: np.trapezoid(x, axis=0),
    "repeat": lambda x: np.repeat(x, 3, axis=1),
    "repeat by number": lambda x: np.repeat(x, [1, 0, 2], axis=0),
    "tile": lambda x: np.tile(x, (2, 3)),
    "kron": lambda x: np.kron(x, x[:2]),
    "outer": lambda x: np.outer(x, x[0]),
    "rot90": np.rot90,
    "insert": lambda x: np.insert(x, [1, 2], x[:, :2], axis=1),
    "delete": lambda x: np.delete(x, 1, axis=1),
    "block": lambda x: np.block([[x, 2 * x], [x * x, x]]),
    "vander": lambda x: np.vander(x[0], 4),
    "cov": np.cov,
    "select": lambda x: np.select([x > 1, x < 0], [x * x, -x], 0.5),
    "unwrap": lambda x: np.unwrap(3 * x),
    "cross": lambda x: np.cross(x[:, :3], x[:, 1:]),
    "compress": lambda x: np.compress([True, False, True], x, axis=0),
}


@pytest.mark.parametrize("name", ARRANGED)
def test_compositions(name):
    assert_native(ARRANGED[name], numbers((3, 4)))
    assert_native(wg.grad(lambda x: np.sum(ARRANGED[name](x) ** 2)), numbers((3, 4)))


# --- products --------------------------------------------------------------------------------------------------


PRODUCTS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((2, 1, 3, 4), (5, 4, 2)), ((12, 20), (20, 15)), ((40, 30), (30,)), ((30,), (30, 40)), ((0, 3), (3, 4)),
    ((2, 0), (0, 4)), ((0,), (0,)), ((40, 0), (0, 3)),
]  # fmt: skip


def pairs(one, other):
    return [x for a, b in PRODUCTS for x in (numbers(a, one), numbers(b, other, seed=2))]


def products(*xs):
    return tuple(a @ b for a, b in zip(xs[::2], xs[1::2], strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_of_every_dtype(dtype):
    xs = pairs(dtype, dtype)
    assert_native(products, *xs)
    known = xs[::2]
    assert_native(lambda *ys: tuple(a @ np.maximum(b, b) for a, b in zip(known, ys, strict=True)), *xs[1::2])


@pytest.mark.parametrize(("left", "right"), PRODUCTS)
def test_derivatives_of_products(left, right):
    a, b = numbers(left, "float32"), numbers(right, "float32", seed=2)
    assert_native(wg.grad(lambda a, b: np.sum((a @ b) ** 2), argnums=(0, 1)), a, b)


TWO = [("float64", "float32"), ("int32", "int64"), ("int64", "float64"), ("bool", "float32")]


@pytest.mark.parametrize(("one", "other"), TWO)
def test_products_of_two_dtypes(one, other):
    assert_native(products, *pairs(one, other))


@pytest.mark.parametrize("dtype", DTYPES)
def test_turned_matrices(dtype):
    a, b = numbers((20, 12), dtype), numbers((15, 20), dtype, seed=2)
    assert_native(lambda a, b: a.T @ b.T, a, b)
    assert_native(lambda a, b: np.dot(b, a) @ a.T[:, 0], a, b)


SUMS = ["ij,jk->ik", "ij,jk->ki", "ij,ij->", "ij->ji", "ij->i", "i,j->ij", "bij,bjk->bik", "ij,j,j->i"]


def terms_of(subscripts, lengths, dtype):
    terms = subscripts.split("->")[0].split(",")
    return [numbers([lengths[c] for c in term], dtype, seed=k) for k, term in enumerate(terms)]


LENGTHS = [{"b": 2, "i": 3, "j": 4, "k": 5}, {"b": 2, "i": 3, "j": 0, "k": 5}, {"b": 1, "i": 40, "j": 30, "k": 9}]


@pytest.mark.parametrize("subscripts", SUMS)
def test_sums_of_products_of_every_dtype(subscripts):
    several = [terms_of(subscripts, lengths, dtype) for lengths in LENGTHS for dtype in DTYPES]
    if "," in subscripts:
        a, b, *rest = several[0]
        several.append([a.astype("float32"), b.astype("int64"), *rest])
    width = len(several[0])

    def f(*xs):
        return tuple(np.einsum(subscripts, *xs[k : k + width]) for k in range(0, len(xs), width))

    assert_native(f, *(x for xs in several for x in xs))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions(mode, dtype):
    sizes = (7, 3), (3, 7), (1, 1), (5, 5), (40, 13), (4, 1)

    def f(*xs):
        pairs = list(zip(xs[::2], xs[1::2], strict=True))
        return tuple(f(a, v, mode) for a, v in pairs for f in (np.convolve, np.correlate))

    xs = [numbers(n, dtype, seed=n) for pair in sizes for n in pair]
    assert_native(f, *xs, xs[0], numbers(3, "float32"))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions_everywhere(mode):
    a, v = numbers(11), numbers(4, seed=2)
    assert_native(wg.grad(lambda a, v: np.sum(np.convolve(np.sin(a), np.cos(v), mode) ** 2), argnums=(0, 1)), a, v)
    assert_native(
        lambda a, v: wg.fori_loop(0, 2, lambda k, y: y + k * np.convolve(a, v, mode), 0 * np.convolve(a, v, mode)), a, v
    )


# --- whole numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_common_divisors_and_multiples(dtype):
    limits = np.iinfo(dtype)
    a = np.array([0, 0, 12, -12, 18, 7, limits.max, limits.min, limits.min, 1], dtype)
    b = np.array([0, 5, 18, 18, -12, 13, 7, 6, 0, limits.min], dtype)
    assert_native(np.gcd, a, b)
    assert_native(np.lcm, a, b)
    assert_native(lambda a, b: np.sum(np.gcd(a[:, None], b)), a, b)
    assert_native(np.gcd, a, b.astype(np.int32))


# --- inputs of any layout --------------------------------------------------------------------------------------


def test_inputs_that_are_not_contiguous():
    x = numbers((8, 10))
    for view in (x.T, x[::2, ::-3], np.asfortranarray(x), np.broadcast_to(x[:1], (4, 10))):
        assert_native(
            lambda x: (
                np.cumsum(x, axis=0),
                np.argmax(x, axis=1),
                np.roll(x, 1, 1),
                np.diagonal(x),
                x @ x.T,
                np.linalg.norm(x),
            ),
            view,
        )


def test_numbers_of_no_axis():
    x = np.float64(1.5)
    assert_native(lambda x: (np.cumsum(x), np.argmax(x), np.roll(x, 1), np.linalg.norm(x), np.nanmax(x)), x)
    assert_native(np.take, numbers(4), 2)
