"""`compile`: arguments and results of all kinds, signatures, derivatives, errors, and single points."""

import os
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import wengert as wg
from native.agreement import as_list, assert_all_close, assert_close, assert_fresh
from wengert.errors import ArgumentError, CheckError, DtypeError, LostDerivativeError, TraceError
from wengert.native import compilation, elementwise, machine

needs_llvm = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())
pytestmark = needs_llvm

X = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])


@pytest.fixture(autouse=True, scope="module")
def a_cache_of_their_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WENGERT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def energy(x):
    return np.sum(np.sin(x) ** 2 * np.exp(-x))


def assert_compiled(f, *args, **kwargs):
    """The compiled function gives what the function gives, at a first and at a second call."""
    compiled = wg.compile(f)
    with np.errstate(all="ignore"):
        expected = f(*args, **kwargs)
        for _ in range(2):
            assert_all_close(compiled(*args, **kwargs), expected)
    return compiled


# --- arguments and results -------------------------------------------------------------------------------------


def misaligned(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)
    y = raw[1:].view(x.dtype).reshape(x.shape)
    y[...] = x
    assert not y.flags.aligned
    return y


def read_only(x):
    y = x.copy()
    y.flags.writeable = False
    return y


LAYOUTS = {
    "fortran": np.asfortranarray,
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "swapped": lambda x: x.astype(x.dtype.newbyteorder("S")),
    "misaligned": misaligned,
    "read-only": read_only,
    "mapped": lambda x: np.ndarray(x.shape, x.dtype, bytes(x.tobytes())),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
def test_any_layout_of_an_argument(layout, dtype):
    x = X.astype(dtype)
    if dtype == "bool" and layout == "misaligned":
        pytest.skip("a byte is aligned everywhere")
    compiled = wg.compile(lambda x, y: (x * 2.5 + y, np.sum(x, axis=0), x[:, ::-1]))
    one = np.float64(1)
    plain = compiled(x, one)
    y = LAYOUTS[layout](x)
    for _ in range(2):
        assert_all_close(compiled(y, one), (y * 2.5 + one, np.sum(y, axis=0), y[:, ::-1].astype(dtype)))
    assert len(plain) == 3
    assert len(compiled.signatures) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_first_call_of_any_layout(layout):
    x = LAYOUTS[layout](X)
    assert_close(wg.compile(energy)(x), energy(x))
    assert_all_close(wg.compile(wg.grad(energy))(x), wg.grad(energy)(X if layout != "broadcast" else x))


def test_another_byte_order():
    swapped = X.astype(X.dtype.newbyteorder("S"))
    compiled = wg.compile(lambda x: (np.sum(x * swapped), x @ swapped.T, np.sort(x) + swapped))
    assert_all_close(compiled(swapped), (np.sum(X * X), X @ X.T, np.sort(X) + X))
    assert_close(wg.compile(lambda x: x)(swapped), X)
    assert_close(wg.compile(wg.grad(energy))(swapped), wg.grad(energy)(X))
    assert_close(wg.vmap(wg.compile(energy))(swapped), [energy(x) for x in X])


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 3), ()])
def test_empty_arrays_and_numbers(shape):
    x = np.full(shape, 0.5)
    assert_compiled(lambda x: (x * 2, np.sum(x), np.prod(x), x.reshape(-1), x + np.ones((1,) * x.ndim)), x)
    assert_compiled(lambda x: np.sum(x, axis=tuple(range(x.ndim))[:1], keepdims=True), x)
    assert_all_close(wg.grad(wg.compile(energy))(x), wg.grad(energy)(x))


def test_numbers_of_all_kinds_give_numpy_scalars():
    compiled = wg.compile(lambda x: x * 2 + 1)
    for x in (1.5, np.float64(1.5), np.array(1.5), np.float32(1.5), 3, np.int64(3), np.int32(3), True, np.True_):
        found = compiled(x)
        assert type(found) is type(np.asarray(x)[()] * 2 + 1)
        assert found == np.asarray(x)[()] * 2 + 1
        assert compiled(x) == found
    assert type(wg.compile(energy)(X)) is np.float64
    assert type(wg.compile(wg.grad(energy))(1.0)) is np.float64


def test_an_integer_is_not_taken_for_a_float_or_a_bool():
    compiled = wg.compile(lambda x: x / 2)
    for x in (1.0, 1, True, np.float32(1)) * 2:
        assert compiled(x).dtype == (np.asarray(x)[()] / 2).dtype
    large = 2**62 + 1
    assert wg.compile(lambda x: x + 1)(large) == large + 1


def test_results_are_arrays_of_their_own():
    constant = np.arange(3.0)

    def f(x, y):
        z = x + y
        return x, z, z, x.T, z[0], constant, x[...], constant, y

    compiled = wg.compile(f)
    y = np.array([1.0, 2.0, 3.0])
    first, second = compiled(X, y), compiled(X, y)
    assert_all_close(first, f(X, y))
    assert_fresh(first, X, y, constant, *second)
    kept = [np.copy(x) for x in second]
    for x in first:
        x[...] = np.nan
    assert_all_close(second, kept)
    assert_all_close(compiled(X, y), kept)
    np.testing.assert_array_equal(constant, np.arange(3.0))


def test_results_of_interpreted_parts_are_arrays_of_their_own():
    def f(x):
        y = np.sort(x, axis=0)
        return x, y, np.real(y), y.T, np.real(x), np.sort(y, axis=0), np.reshape(y, (-1,)), np.squeeze(y[None])

    compiled = wg.compile(f)
    first, second = compiled(X), compiled(X)
    assert_all_close(first, f(X))
    assert_fresh(first, X, *second)


def test_an_argument_that_is_given_twice():
    compiled = wg.compile(lambda x, y: (x - y, x @ y.T, np.concatenate([x, y])))
    assert_all_close(compiled(X, X), (X - X, X @ X.T, np.concatenate([X, X])))


class Point(NamedTuple):
    x: float
    y: np.ndarray


def test_containers_in_and_out():
    def f(params, points, p):
        a, (b, c) = params["a"], params["more"]
        return {"sum": a + b, "rest": [c * 2, points[0] - points[1]]}, Point(p.y[0], p.x * p.y)

    args = {"more": (np.ones(3), 2.0), "a": np.arange(3.0)}, [X[0], X[1]], Point(2.0, X[0])
    compiled = wg.compile(f)
    for _ in range(2):
        results, point = compiled(*args)
        assert list(map(type, (results, results["rest"], point))) == [dict, list, Point]
        expected, other = f(*args)
        assert_all_close([results["sum"], *results["rest"], *point], [expected["sum"], *expected["rest"], *other])
    assert len(compiled.signatures) == 1
    slope = wg.grad(lambda params: wg.compile(f)(params, *args[1:])[0]["sum"][1])(args[0])
    assert_all_close([slope["a"], *slope["more"]], [np.eye(3)[1], np.eye(3)[1], 0.0])


def test_one_result_in_a_container_stays_in_it():
    assert wg.compile(lambda x: (x * 2,))(1.0) == (2.0,)
    assert wg.compile(lambda x: [x * 2])(1.0) == [2.0]
    assert wg.compile(lambda x: {"y": x * 2})(1.0) == {"y": 2.0}
    assert wg.compile(lambda x, y: (y, x))(1.0, 2.0) == (2.0, 1.0)
    assert wg.compile(lambda x, y: [x, y])(1.0, 2.0) == [1.0, 2.0]
    assert wg.compile(lambda x: ((x, x), x))(1.0) == ((1.0, 1.0), 1.0)
    assert wg.compile(lambda x: ())(1.0) == ()


def test_the_nesting_of_arguments_is_part_of_the_signature():
    compiled = wg.compile(lambda x, y=None: x[0] - x[1] if y is None else x + y)
    assert compiled((1.0, 3.0)) == -2.0
    assert compiled([1.0, 4.0]) == -3.0
    assert compiled(1.0, 3.0) == 4.0
    assert compiled((1.0, 3.0)) == -2.0
    assert_close(compiled(X), X[0] - X[1])


def test_results_that_do_not_depend_on_arguments():
    compiled = wg.compile(lambda x: (3, 2.5, True, np.arange(3), x))
    for _ in range(2):
        found = compiled(1.0)
        assert_all_close(found, (3, 2.5, True, np.arange(3), 1.0))
        found[3][:] = 7


# --- keyword and static arguments ------------------------------------------------------------------------------


def test_keyword_arguments():
    def f(x, y, *, power=1, how="add", scale=None):
        z = x**power
        z = z + y if how == "add" else z - y
        return z if scale is None else z * scale

    compiled = wg.compile(f)
    for kwargs in ({}, {"power": 2}, {"power": 3}, {"how": "subtract"}, {"power": 2, "how": "subtract"}):
        for _ in range(2):
            assert_close(compiled(X, 2.0, **kwargs), f(X, 2.0, **kwargs))
    assert len(compiled.signatures) == 5
    for scale in (2.0, 3.0, X[0], np.float64(4)):
        assert_close(compiled(X, 2.0, scale=scale), f(X, 2.0, scale=scale))
    assert len(compiled.signatures) == 7  # a float and an array
    assert_close(compiled(X, y=3.0), f(X, 3.0))
    assert_close(compiled(y=X, x=2.0), f(2.0, X))
    assert_close(compiled(x=2.0, y=X), f(2.0, X))


def test_static_arguments():
    def f(how, x, n):
        return {"sum": np.sum, "max": np.max}[how](x) * n + sum(x[0, k % 3] for k in range(n))

    compiled = wg.compile(f, static_argnums=(0, 2))
    for how, n in (("sum", 2), ("max", 2), ("sum", 5), ("max", 1), ("sum", 2)):
        assert_close(compiled(how, X, n), f(how, X, n))
    assert len(compiled.signatures) == 4
    assert_close(wg.grad(lambda x: compiled("sum", x, 3))(X), wg.grad(lambda x: f("sum", x, 3))(X))


def test_equal_constants_of_other_types_are_not_the_same():
    compiled = wg.compile(lambda x, k: x * k, static_argnums=1)
    for k in (1, 1.0, True, 1, 1.0, True):
        assert compiled(2, k).dtype == (np.int64(2) * k).dtype
    nested = wg.compile(lambda x, k: x * k[0], static_argnums=1)
    for k in ((1,), (1.0,), (1,), (1.0,)):
        assert nested(2, k).dtype == (np.int64(2) * k[0]).dtype
    zeros = wg.compile(np.copysign, static_argnums=1)
    assert [zeros(1.0, k) for k in (0.0, -0.0)] == [1.0, -1.0]


def test_constants_that_cannot_be_used():
    compiled = wg.compile(lambda x, names: x * len(names), static_argnums=1)
    with pytest.raises(ArgumentError, match="cannot be hashed"):
        compiled(1.0, ["a"])
    assert compiled(1.0, ("a", "b")) == 2.0
    with pytest.raises(DtypeError, match="static_argnums"):
        wg.compile(lambda x, how: x)(1.0, "fast")
    with pytest.raises(DtypeError, match="compile of"):
        wg.compile(lambda x: x)(np.array(["a"]))
    with pytest.raises(DtypeError, match="MaskedArray"):
        wg.compile(lambda x: x)(np.ma.array([1.0, 2.0], mask=[True, False]))
    for wrong in (lambda: wg.compile(3), lambda: wg.compile(energy, static_argnums=-1)):
        with pytest.raises(ArgumentError, match="compile got"):
            wrong()


@pytest.mark.parametrize("other", [np.ma.array([1.0, 2.0], mask=[True, False]), np.ones((1, 2)).view(np.matrix)])
def test_other_kinds_of_arrays_are_refused_also_by_compiled_code(other):
    compiled = wg.compile(lambda x: x * 2)
    compiled(np.ones(np.shape(other)))
    with pytest.raises(DtypeError, match="not those of a plain array"):
        compiled(other)


# --- signatures ------------------------------------------------------------------------------------------------


def test_a_changed_signature_is_compiled_quietly():
    compiled = wg.compile(energy)
    assert compiled.signatures == []
    types = [X, X[0], 0.5, X.astype(np.float32), np.arange(3), X[:, :0], X.T.copy()]
    for _ in range(2):
        for x in types:
            assert_close(compiled(x), energy(x))
    assert list(map(str, compiled.signatures)) == [
        "(f64[2,3])", "(f64[3])", "(f64[])", "(f32[2,3])", "(i64[3])", "(f64[2,0])", "(f64[3,2])",
    ]  # fmt: skip


def test_what_is_made_can_be_looked_at():
    compiled = wg.compile(energy)
    for look in (compiled.list, compiled.llvm, compiled.stats):
        with pytest.raises(ArgumentError, match="energy has not been compiled yet"):
            look()
    compiled(X)
    compiled(X[0])
    assert compiled.list().inputs[0].shape == (3,)
    assert compiled.list(X).inputs[0].shape == (2, 3)
    assert len(compiled.signatures) == 2
    assert compiled.list(0.5).inputs[0].shape == ()
    assert len(compiled.signatures) == 3
    assert "define" in compiled.llvm(X)
    stats = compiled.stats(X)
    assert (stats.segments, stats.interpreted) == (1, ())
    assert 0 <= stats.least <= stats.planned < stats.code
    assert "1 native function\n" in str(stats)
    assert "bytes of code" in str(stats)
    assert compiled.__name__ == "energy"


def mixture(x, means, weights):
    z = weights - 0.5 * np.sum((x[:, None, :] - means) ** 2, axis=2)
    top = np.max(z, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(z - top), axis=1)) + top[:, 0])


def network(x, w1, b1, w2, b2):
    hidden = np.tanh(x @ w1 + b1)
    return np.mean((hidden @ w2 + b2) ** 2)


def recurrence(x):
    for _ in range(12):
        x = np.sin(np.cumsum(x)) + np.sort(x)[::-1] * 0.5
    return np.sum(x)


def updates(x):
    y = np.zeros_like(x)
    for k in range(1, 30):
        y[k] = np.cos(y[k - 1]) + x[k] * y[k - 1]
    return np.sum(y)


RNG = np.random.default_rng(4)
PROBLEMS = {
    "mixture": (mixture, RNG.standard_normal((40, 3)), RNG.standard_normal((5, 3)), RNG.standard_normal(5)),
    "network": (network, *(RNG.standard_normal(s) for s in ((20, 8), (8, 30), (30,), (30, 4), (4,)))),
    "recurrence": (recurrence, RNG.standard_normal(50)),
    "updates": (updates, RNG.standard_normal(30)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_little_more_memory_is_planned_than_is_in_use_together(name):
    f, *args = PROBLEMS[name]
    slope = wg.compile(wg.grad(f, argnums=tuple(range(len(args)))))
    assert_all_close(slope(*args), wg.grad(f, argnums=tuple(range(len(args))))(*args))
    stats = slope.stats()
    assert stats.planned <= 2 * stats.least


# --- checks ----------------------------------------------------------------------------------------------------


def test_check_passes_where_all_is_right():
    for f, *args in PROBLEMS.values():
        assert_close(wg.compile(f, check=True)(*args), f(*args))
    compiled = wg.compile(lambda x, k: (x > k, np.sort(x), x.astype(np.float32)), check=True)
    assert_all_close(compiled(X, 1), (X > 1, np.sort(X), X.astype(np.float32)))
    with np.errstate(all="ignore"):
        assert_all_close(wg.compile(np.log, check=True)(X), [np.log(X)])


def plant(monkeypatch, name):
    """Let the machine code of a function be wrong."""
    right = elementwise.emit

    def wrong(function, prim, operands, result, params):
        register = right(function, prim, operands, result, params)
        return function.value(f"fmul double {register}, 1.001") if prim.name == name else register

    monkeypatch.setattr(elementwise, "emit", wrong)


def test_check_finds_a_wrong_result(monkeypatch):
    plant(monkeypatch, "sin")
    with pytest.raises(CheckError, match=r"compile of energy: result 0 is .* but the list gives"):
        wg.compile(energy, check=True)(X)
    assert abs(wg.compile(energy)(X) - energy(X)) > 1e-6


def test_check_finds_a_wrong_gradient(monkeypatch):
    plant(monkeypatch, "cos")  # which only the derivative of sin has
    with pytest.raises(CheckError, match="result or cotangent"):
        wg.compile(energy, check=True)(X)
    assert_close(wg.compile(energy)(X), energy(X))


# --- derivatives -----------------------------------------------------------------------------------------------

V = X[::-1] * 0.5


def rows(x):
    return np.sum(np.sin(x) * x[::-1], axis=1)


TRANSFORMED = {
    "grad": (wg.grad, energy, (X,)),
    "value_and_grad": (wg.value_and_grad, energy, (X,)),
    "jvp": (lambda f: lambda x, v: wg.jvp(f, (x,), (v,)), rows, (X, V)),
    "vjp": (lambda f: lambda x, v: wg.vjp(f, x)[1](v), rows, (X, V[:, 0])),
    "jacobian": (wg.jacobian, rows, (X,)),
    "forward jacobian": (lambda f: wg.jacobian(f, mode="forward"), rows, (X,)),
    "hessian": (wg.hessian, energy, (X,)),
    "hvp": (lambda f: lambda x, v: wg.hvp(f, (x,), (v,)), energy, (X, V)),
    "vmap": (wg.vmap, energy, (X,)),
    "vmap of grad": (lambda f: wg.vmap(wg.grad(f)), energy, (X,)),
    "grad of a sum of vmap": (lambda f: wg.grad(lambda x: np.sum(wg.vmap(f)(x) ** 2)), energy, (X,)),
    "grad of grad": (lambda f: wg.grad(lambda x: np.sum(wg.grad(f)(x) ** 2)), energy, (X,)),
    "jvp of grad": (lambda f: lambda x, v: wg.jvp(wg.grad(f), (x,), (v,)), energy, (X, V)),
    "third": (lambda f: wg.grad(wg.grad(wg.grad(f))), energy, (0.7,)),
}


def flat(y):
    return [leaf for part in y for leaf in flat(part)] if isinstance(y, (tuple, list)) else [y]


@pytest.mark.parametrize("name", TRANSFORMED)
def test_derivatives_of_compiled_functions_and_compiled_derivatives(name):
    transform, f, args = TRANSFORMED[name]
    expected = flat(transform(f)(*args))
    outside = wg.compile(transform(f))
    for found in (transform(wg.compile(f)), outside, outside, wg.compile(transform(wg.compile(f)))):
        assert_all_close(flat(found(*args)), expected)


def test_compiled_functions_within_each_other():
    inner = wg.compile(lambda x, y: np.sin(x) * y)
    middle = wg.compile(lambda x: np.sum(inner(x, x**2)) + inner(2.0, 3.0))
    outer = wg.compile(wg.value_and_grad(lambda x: middle(x) * middle(x + 1)))

    def plain(x):
        def f(x):
            return np.sum(np.sin(x) * x**2) + np.sin(2.0) * 3.0

        return f(x) * f(x + 1)

    assert_all_close(outer(X), wg.value_and_grad(plain)(X))
    assert_close(wg.grad(middle)(X), wg.grad(lambda x: np.sum(np.sin(x) * x**2))(X))


def test_a_compiled_function_in_a_list():
    compiled = wg.compile(energy)
    lst = wg.trace(lambda x: compiled(x) * 2)(X)
    assert_close(lst(X), energy(X) * 2)
    assert_all_close(wg.adjoint(lst)(X, 1.0), (energy(X) * 2, 2 * wg.grad(energy)(X)))
    assert_close(wg.simplify(lst)(X), energy(X) * 2)


def test_tensors_go_through_a_compiled_function():
    x = wg.tensor(X, requires_grad=True)
    wg.compile(energy)(x).backward()
    assert_close(x.grad.numpy(), wg.grad(energy)(X))


# --- single points ---------------------------------------------------------------------------------------------


def same(found, expected):
    """Equal values, and equal signs of zeros."""
    for one, other in zip(as_list(found), as_list(expected), strict=True):
        assert_close(one, other)
        if np.asarray(other).dtype.kind == "f":
            is_zero = np.asarray(other) == 0
            np.testing.assert_array_equal(np.signbit(one)[is_zero], np.signbit(other)[is_zero])


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e308, 5e-324])
POINTS = {
    "division": lambda x, y: x / y,
    "overflow": lambda x, y: (x * 1e300 * y, np.exp(x * 1000), x**2 * x**2),
    "zeros": lambda x, y: (x * 0.0, -x, 0.0 - x, x - x, np.abs(x), x + -0.0, x + 0.0),
    "maximum": lambda x, y: (np.maximum(x, y), np.minimum(x, y), np.fmax(x, y), np.fmin(x, y)),
    "max": lambda x, y: (np.max(x), np.min(x), np.max(x[:4]), np.min(x[4:6]), np.max(x - y), np.max(x[6:7])),
    "sums": lambda x, y: (np.sum(x), np.mean(x[:6]), np.prod(x[:4]), np.sum(x[:2]), np.any(x), np.all(x)),
    "comparison": lambda x, y: (x < y, x <= y, x == y, x != y, x > y, np.isnan(x), np.isfinite(y)),
    "where": lambda x, y: (np.where(x > 0, x / y, 0.0), np.where(np.isnan(y), -0.0, y), np.where(x, x, y)),
    "signs": lambda x, y: (np.sign(x), np.copysign(x, y), np.signbit(x), np.floor(x), np.trunc(x * 0.5)),
    "powers": lambda x, y: (x**2, x**-1, np.sqrt(x), x**0.5, np.square(x), 2.0**x),
}


@pytest.mark.parametrize("name", POINTS)
def test_special_points(name):
    x, y = np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL))
    f, compiled = POINTS[name], wg.compile(POINTS[name])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for values in ((x, y), (y, x), (SPECIAL, SPECIAL[::-1]), (x.astype(np.float32), y.astype(np.float32))):
            same(compiled(*values), f(*values))


def test_machine_code_does_not_warn():
    compiled = wg.compile(lambda x: (1 / x, np.log(x), x * 1e308))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_all_close(compiled(np.zeros(2)), ([np.inf] * 2, [-np.inf] * 2, [0.0] * 2))


def test_integers_are_numpys():
    a, b = np.repeat(np.arange(-4, 5), 9), np.tile(np.arange(-4, 5), 9)
    functions = [
        lambda a, b: (a // np.where(b == 0, 1, b), a % np.where(b == 0, 1, b), a / np.where(b == 0, 1, b)),
        lambda a, b: (a + 1, a * 2.5, a - 1.0, 2 - a, a // 2, a % 3, -a, abs(a)),
        lambda a, b: (a & b, a | b, a ^ b, ~a, a << 2, a >> 1, np.maximum(a, b), np.sign(a)),
        lambda a, b: (np.sum(a), np.mean(a), np.prod(b[:8]), np.max(a), np.min(b), np.any(a), np.count_nonzero(a)),
        lambda a, b: (a > 0, a == b, np.where(a > b, a, 0), np.where(a > b, a, 0.5), a * (b > 0), a**2),
    ]
    for dtype in (np.int64, np.int32):
        for f in functions:
            assert_compiled(f, a.astype(dtype), b.astype(dtype))


def test_integers_that_overflow_wrap_around():
    for dtype in (np.int64, np.int32):
        x = np.array([np.iinfo(dtype).max, np.iinfo(dtype).min, 3], dtype)
        assert_compiled(lambda x: (x + x, x * 3, -x, np.sum(x[:2]), x - 1), x)


def test_bools_are_numpys():
    a = np.array([[True, False, True], [False, False, True]])
    assert_compiled(lambda a: (np.sum(a), np.mean(a), np.sum(a, axis=0), np.max(a, axis=1), np.min(a), np.prod(a)), a)
    assert_compiled(lambda a: (a + a, a * a, a & ~a, a | a[::-1], a ^ a[:, ::-1], ~a, a * 2, a + 0.5, a / 2), a)
    assert_compiled(lambda a: (np.concatenate([a, ~a]), np.where(a, 1, 2), np.where(a, 1.0, np.nan), a == a[0]), a)
    assert_compiled(
        lambda a: (np.count_nonzero(a, axis=1), np.any(a, axis=0), np.all(a, axis=()), np.sum(a, axis=())), a
    )


def test_single_precision_stays_single():
    x = X.astype(np.float32)
    f32, f64 = np.float32(0.1), np.float64(0.1)
    assert_compiled(lambda x: (x * 0.1, x + 1, x * f32, x * f64, np.sum(x), np.mean(x, axis=0), x**2, x / 3), x)
    assert_compiled(lambda x: (np.where(x > 0, x, 0.1), np.maximum(x, 0.3), np.sum(x * x), np.sin(x)), x)
    assert_compiled(lambda x, n: (x * n, x + n * 0.5), x, np.arange(3))
    assert wg.compile(lambda x: x * 0.1)(np.float32(3)) == np.float32(3) * np.float32(0.1)
    assert wg.compile(wg.grad(lambda x: np.sum(x * 0.1)))(x).dtype == np.float32


# --- arrays that are moved, updated and summed -------------------------------------------------------------------


def chain(x):
    """Copies of which the old one is read after the new one was made, or not."""
    a = x * 2
    b = a.copy()
    b[0] = 7.0
    c = b.copy()
    c[1] = a[0] + b[1]
    d = c.copy()
    d[:, 0] += c[::-1, 1]
    return a, b + 1, d, c


def dead_chain(x):
    y = np.sin(x)
    for k in range(3):
        y[..., k] = y[..., k - 1] * 2 + k
        y[0] += y[1]
    return y


def overlapping(x):
    y = x + 1
    y[1:] = y[:-1] * 2
    z = x * 3
    z[:, ::-1] += z
    w = x - 1
    w[...] = w[::-1, ::-1].copy()
    return y, z, w


def overlapping_in_memory(x):
    a, b, c = np.sin(x), np.cos(x), np.tanh(x)
    a[:, 1:] = a[:, :-1] * 2
    b[:, ::-1] += b
    c[...] = c.reshape(3, 2).T.reshape(2, 3)
    return a, b, c


def rows_exchanged(x):
    a, b = np.sin(x), np.cos(x)
    a[0], a[1] = a[1] * 1, a[0] * 1
    a[:, [0, 1]] = a[:, [1, 0]]
    b[[0, 1]] = b[[1, 0]]
    return a, b


def a_view_that_sees_updates(x):
    a = np.sin(x)
    turned = a.T
    a[0] = 1.0
    before = turned * 2
    a[1] = np.sum(turned, axis=1)[0]
    return a, before, turned[::-1]


def products_updated(x):
    m = x @ x.T
    k = m.copy()
    k[0] = m[1] @ m
    k[:, 0] = k @ k[0]
    m[1] = np.einsum("ij,j->i", m, m[0])
    return k, m


def swapped(x):
    y = x * 1.5
    first = y[0].copy()
    y[0], y[1] = y[1].copy(), first
    return y, first


def repeated_places(x):
    y, z = x * 1, x * 1
    y[:, [0, 0, 2]] = np.array([1.0, 2.0, 3.0])
    np.add.at(z, (slice(None), np.array([0, 0, -1])), 2.0)
    return y, z


def updated_result(x):
    y = x * 2
    total = np.sum(y, axis=0)
    y[0] = total
    z = y.copy()
    z[1, 1] = np.sum(y)
    return y, z, total


def updated_argument(x):
    x = x.copy()
    x[0] = 0.0
    return x, x.T, x[0]


MOVED = {
    f.__name__: f
    for f in (
        chain,
        dead_chain,
        overlapping,
        overlapping_in_memory,
        rows_exchanged,
        a_view_that_sees_updates,
        products_updated,
        swapped,
        repeated_places,
        updated_result,
        updated_argument,
    )
}
MOVED |= {
    "negative steps": lambda x: (x[::-1, ::-2], x[1::-1], x[:, 2:0:-1], x[-1:-3:-1], x[:, -1], x[::-1][0], x[5:1]),
    "new axes": lambda x: (
        x[None],
        x[..., None],
        x[:, None, ::-1],
        x[..., 0],
        x[None, ..., 1:],
        x[0, ..., None, 1],
        x[...],
    ),
    "index arrays": lambda x: (
        x[[0, 1, -1]],
        x[:, [2, 0]],
        x[[0, 1], [1, 2]],
        x[[[0], [1]], [0, -1]],
        x[[], :],
        x[np.array(1)],
    ),
    "index arrays apart": lambda x: (
        x[None].repeat(2, 0)[[0, 1], :, [1, 2]],
        x[None][0, :, [1, 2]],
        x[:, None][[1, 0], None, :, [0, 2]],
        x[..., None][..., [0, 2], [0, 0]],
    ),
    "reshapes": lambda x: (
        (x * 2).reshape(3, 2),
        (x * 2).T.reshape(2, 3) + 1,
        x.T.ravel() * 2,
        np.reshape(x[:, ::-1] + 1, -1),
        np.exp(x)[None].reshape(6, 1, 1),
        x.reshape(3, 1, 2).T,
        np.broadcast_to(x[0] * 2, (2, 2, 3)).reshape(4, 3),
    ),
    "broadcasts": lambda x: (
        x + x[:, :1],
        x * x[:1],
        x[:, :1] + x[:1],
        x[:, :1, None] * x[None, :1],
        np.broadcast_to(x[:, :1] * 2, (2, 3)),
        np.broadcast_to(x[0, 0], (2, 3)) + x,
        x[:1, :1] * 2 + x,
        np.sum(x[:, :1] + x[:1]),
    ),
    "sums over axes": lambda x: (
        np.sum(x, axis=()),
        np.mean(x, axis=(), keepdims=True),
        np.sum(x, axis=(0, 1), keepdims=True),
        np.max(x, axis=()),
        np.sum(x[:, :0], axis=1),
        np.sum(x[:0], axis=0),
        np.prod(x[:, :0], axis=1),
        np.any(x[:, :0], axis=0),
    ),
    "middle axes": lambda x: (
        np.mean(x[:, None] * x[:, :, None], axis=1),
        np.max(x[:, :, None] - x[:, None], axis=1, keepdims=True),
        np.mean(x[None] * np.ones((4, 1, 1)), axis=(0, 2)),
        np.sum(x[:, None, :, None] * x[0], axis=(1, 3)),
        np.mean(x * 2, axis=0) + np.mean(x * 2, axis=1, keepdims=True),
        np.prod(x[..., None] + x[:1, None], axis=1),
    ),
    "sums of one group": lambda x: (
        np.sum(x),
        np.max(x),
        np.sum(x, axis=0),
        np.mean(x, axis=1),
        np.sum(x * x),
        np.min(x, axis=0, keepdims=True),
        x / np.sum(x),
        x - np.mean(x, axis=0),
        np.sum((x - np.mean(x)) ** 2),
        np.exp(x - np.max(x, axis=1, keepdims=True)),
    ),
    "joined": lambda x: (
        np.concatenate([x, x[:0], 2 * x[::-1]]),
        np.concatenate([x, x[:, :1] > 0, x[:, 1:].astype(int)], axis=1),
        np.stack([x, x * 2], axis=-1),
        np.pad(x, ((1, 0), (0, 2))),
        np.pad(x * 2, 1, mode="edge"),
        np.hstack([x, x]),
        np.pad(x, 1, constant_values=3.0),
        np.tile(x, (2, 2)),
        np.roll(x, 1, axis=1),
        np.repeat(x, 2, axis=0),
    ),
    "products": lambda x: (
        x @ x.T,
        x.T @ x,
        x @ x[0],
        x[0] @ x.T,
        x[0] @ x[1],
        (x + 1) @ (x * 2).T,
        x[:, :1] @ x[:1],
        np.outer(x[0], x[1]),
        np.einsum("ij,kj->ik", x, x),
        np.einsum("ij->ji", x),
        np.einsum("ij,ij->", x, x),
        np.trace(x @ x.T),
        x[:, :0] @ x[:, :0].T,
    ),
    "the same thing twice": lambda x: (
        np.sin(x) + np.sin(x),
        np.sum(np.sin(x)),
        np.sin(x)[::-1],
        np.sin(x).T,
        np.sin(x[::-1]),
    ),
    "a number along an array": lambda x: (
        x * np.sum(x),
        np.sum(x) * 2,
        np.sqrt(np.sum(x * x)),
        x[0, 0] * x[1, 1] + np.max(x),
    ),
}


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_moves(name, dtype):
    f = MOVED[name]
    x = (X * 4).astype(dtype) if dtype == "int64" else X.astype(dtype)
    compiled = wg.compile(f)
    before = x.copy()
    lst = wg.trace(f)(x)
    with np.errstate(all="ignore"):
        expected = as_list(f(x))
        assert_all_close(as_list(lst(x)), expected)
        first, second = as_list(compiled(x)), as_list(compiled(x))
    assert_all_close(first, expected)
    assert_all_close(second, expected)
    assert_fresh(first, x, *second)
    np.testing.assert_array_equal(x, before)
    if dtype != "int64":
        gradient = wg.grad(lambda x: sum(np.sum(y * 0.5) for y in as_list(f(x))))
        with np.errstate(all="ignore"):
            assert_close(wg.compile(gradient)(x), gradient(x), 10)


def test_an_ellipsis_of_no_axes_between_index_arrays():
    assert_compiled(lambda x: x[None][:, [0, 1, 1], ..., [1, 2, 0]], X)


@pytest.mark.parametrize("f", [lambda x: x[:], lambda x: np.maximum(x, x), lambda x: np.transpose(x, (0, 1))])
def test_bools_that_are_moved_to_their_own_places(f):
    assert_compiled(f, X > 0)


@pytest.mark.parametrize(("m", "k", "n"), [(1, 7, 1), (20, 30, 1), (1, 30, 20), (20, 30, 40), (3, 400, 1), (1, 1, 500)])
def test_products_of_all_sizes(m, k, n):
    rng = np.random.default_rng(m + k + n)
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    assert_compiled(lambda a, b: (a @ b, (a + 1) @ b, b.T @ a.T, a[0] @ b, a @ b[:, 0], a[0] @ b[:, 0]), a, b)
    assert_compiled(
        lambda at, bt: (at.T @ bt.T, at.T @ bt[0], at[:, 0] @ bt.T, at.T[::-1] @ (2 * bt).T), a.T.copy(), b.T.copy()
    )
    assert_compiled(lambda a: (a @ b, b.T @ a.T), a)
    gradient = wg.grad(lambda a, b: np.sum(np.sin(a @ b)), argnums=(0, 1))
    assert_all_close(wg.compile(gradient)(a, b), gradient(a, b))


def test_large_constants():
    table = np.arange(3000.0).reshape(3, 1000)
    places = np.random.default_rng(0).integers(0, 1000, 2000)
    assert_compiled(
        lambda x: (table[:, :2] @ x, np.sum(table * x[0, 0], axis=0), np.sin(x[0, 0] * table)[:, places]), X[:, :2]
    )


# --- what NumPy computes, or LAPACK --------------------------------------------------------------------------------


def sorted_in_between(x):
    y = np.sort(np.sin(x) * 3, axis=1)
    return np.sum(y * np.arange(3.0)), y, x


def solved(x):
    a = x.T @ x + np.eye(3)
    return np.linalg.solve(a, np.exp(x[0])) * 2, np.linalg.det(a)


def transformed(x):
    y = np.fft.rfft(x * 2)
    return np.abs(y) ** 2, np.fft.irfft(y * 1j, 3), y


def complex_numbers(x):
    z = np.exp(1j * x)
    return z, np.real(z * z), np.abs(z) + x


@pytest.mark.parametrize("f", [sorted_in_between, solved, transformed, complex_numbers])
def test_parts_by_numpy_and_lapack(f):
    compiled = assert_compiled(f, X)
    stats = compiled.stats()
    assert (stats.segments, stats.interpreted) == (1, ())
    assert bool(stats.called_back) == (f is not solved)
    gradient = wg.grad(lambda x: sum(np.sum(np.real(y) * 0.5) for y in f(x)))
    assert_close(wg.compile(gradient)(X), gradient(X))
    assert_all_close(wg.compile(f)(X[:, ::-1]), f(X[:, ::-1]))


# --- errors ----------------------------------------------------------------------------------------------------


def test_a_python_decision_is_an_error_that_says_what_to_do():
    def f(x):
        return x if x > 0 else -x

    with pytest.raises(TraceError, match=r"np\.where") as caught:
        wg.compile(f)(1.0)
    assert "test_compilation.py" in str(caught.value)
    with pytest.raises(LostDerivativeError, match=r"float\(\)"):
        wg.compile(lambda x: float(x) * 2)(1.0)


def test_an_index_out_of_range_is_numpys_error():
    compiled = wg.compile(lambda x, k: wg.gather(x, k) * 2)
    assert_close(compiled(X[0], 2), X[0, 2] * 2)
    assert_close(compiled(X[0], -3), X[0, 0] * 2)
    for k in (3, -4, 2**40):
        with pytest.raises(IndexError, match="out of bounds"):
            compiled(X[0], k)


def test_a_function_that_fails_leaves_no_signature():
    compiled = wg.compile(lambda x: x @ x)
    with pytest.raises(ValueError, match=r"mismatch|matmul"):
        compiled(X)
    assert compiled.signatures == []
    assert_close(compiled(X[0]), X[0] @ X[0])


def test_without_llvm_the_list_is_run_and_a_warning_says_so_once(monkeypatch):
    monkeypatch.setattr(machine, "unavailable", lambda: "there is no llvmlite in this test")
    monkeypatch.setattr(compilation, "_said", set())
    compiled = wg.compile(wg.grad(energy))
    with pytest.warns(RuntimeWarning, match="there is no llvmlite in this test"):
        first = compiled(X)
    assert_close(first, wg.grad(energy)(X))
    assert_close(compiled(X), wg.grad(energy)(X))  # a second warning would be an error
    assert_close(compiled(X[0]), wg.grad(energy)(X[0]))
    assert_close(wg.hessian(wg.compile(energy))(X[0]), wg.hessian(energy)(X[0]))
    assert compiled.list().inputs[0].shape == (3,)
    for look in (compiled.llvm, compiled.stats):
        with pytest.raises(ArgumentError, match="there is no llvmlite in this test"):
            look()


# --- threads ---------------------------------------------------------------------------------------------------


def together(work, count=8):
    """Run ``work(k)`` in threads that start at once."""
    barrier, errors = threading.Barrier(count), []

    def run(k):
        try:
            barrier.wait()
            work(k)
        except BaseException as error:  # noqa: BLE001  # shown by the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_eight_threads_compile_and_call_at_once():
    f, *args = PROBLEMS["mixture"]
    compiled, slope = wg.compile(f), wg.compile(wg.grad(f))
    shapes = [args, [np.repeat(args[0], 20, axis=0), *args[1:]]]
    expected = [(f(*at), wg.grad(f)(*at)) for at in shapes]

    def work(k):
        for round_ in range(30):
            at, (y, x_bar) = shapes[(k + round_) % 2], expected[(k + round_) % 2]
            assert_close(compiled(*at), y)
            assert_close(slope(*at), x_bar)

    together(work)
    assert len(compiled.signatures) == 2


def test_threads_with_arguments_of_their_own_do_not_disturb_each_other():
    compiled = wg.compile(lambda x: np.sin(np.sort(np.cumsum(x) * 2)) @ np.outer(x, x) + np.sum(x))

    def work(k):
        x = np.linspace(0, k + 1, 40)
        expected = np.sin(np.sort(np.cumsum(x) * 2)) @ np.outer(x, x) + np.sum(x)
        for _ in range(50):
            assert_close(compiled(x), expected)

    together(work)


def test_the_cache_is_where_the_environment_says():
    wg.compile(lambda x: np.cos(x) * 1.2345)(X)
    assert list(Path(os.environ["WENGERT_CACHE"]).iterdir())


def test_none_is_told_from_an_argument_that_is_left_out():
    def f(x, scale=3.0):
        return x if scale is None else x * scale

    compiled = wg.compile(f)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(X, None), X)
        np.testing.assert_array_equal(compiled(X), 3 * X)
        np.testing.assert_array_equal(compiled(X, 2.0), 2 * X)


@pytest.mark.parametrize("more", [(1,), (1, 1)])
def test_an_assignment_takes_axes_of_length_1_in_front(more):
    new = np.arange(6.0).reshape(*more, 2, 3) + 100

    def f(x, new):
        y = x * 1.0
        y[0:2, 0:3] = new
        y[1:2, 1:2] = new[..., :1, :1]
        y[0, 0:3] += new[..., 0, :].reshape(*more, 3)[0] if len(more) == 1 else 0.0
        return y

    at = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(wg.compile(f)(at, new), f(at, new))
    np.testing.assert_allclose(wg.compile(lambda x, n: f(x, np.sin(n) * 2))(at, new), f(at, np.sin(new) * 2), 1e-12)


def test_a_sum_of_no_products():
    for shape in ((0, 0), (0, 3), (3, 0)):
        x = np.ones(shape)
        assert_compiled(lambda x: (np.einsum("ij->", x), np.einsum("ij->i", x), np.einsum("ij,ij->j", x, x)), x)


def test_constants_in_a_frozenset_are_told_apart_by_type():
    compiled = wg.compile(lambda x, only=frozenset(): x * next(iter(only)))
    x = np.ones(2, int)
    assert compiled(x, only=frozenset([2.0])).dtype == float
    assert compiled(x, only=frozenset([2])).dtype == int


def test_an_integer_of_more_than_64_bits_is_refused():
    with pytest.raises(wg.DtypeError, match="more than 64 bits"):
        wg.compile(lambda n: n * 2.0)(2**70)


@pytest.mark.parametrize("function", [np.all, np.any, np.count_nonzero, np.sum, np.max, np.prod, np.mean])
def test_a_reduction_over_no_axes_of_what_stands_in_several_loops(function):
    def f(x):
        joined = np.concatenate([x + x, x, x], 1)
        return function(joined, axis=()) + joined

    x = np.array([[1.7, 1.0, 0.0], [-4.3, -2.0, -5.2]])
    found, expected = wg.compile(f)(x), f(x)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(
        wg.compile(wg.grad(lambda x: np.sum(f(x))))(x), wg.grad(lambda x: np.sum(f(x)))(x), rtol=1e-14
    )
