"""Functions of `scipy.special` as machine code, of numbers and of vectors, against SciPy's ufuncs and mpmath."""

from __future__ import annotations

import itertools
import re
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

import wengert as wg
import wengert.rules.special  # its rows are read when the tests are collected
from native.agreement import adjoint_of, as_list, assert_all_close, seeds_for
from native.test_elementwise import place, run, write_loop
from wengert.facts import Kind
from wengert.native import machine
from wengert.native.elementwise import cost, emit, is_native
from wengert.native.elementwise import special as scipy_functions
from wengert.native.machine import unavailable
from wengert.native.program import built
from wengert.native.writing import LANES, Function, Module, word
from wengert.primitive import Primitive
from wengert.registry import table

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

RNG = np.random.default_rng(11)


# --- the rows ----------------------------------------------------------------------------------------------------


def is_of_scipy(prim: Any) -> bool:
    """Whether a row is a ufunc of SciPy with one result and a loop for real numbers."""
    f = prim.compute
    is_ufunc = prim.kind is Kind.ELEMENTWISE and isinstance(f, np.ufunc) and f.nout == 1
    return is_ufunc and getattr(np, f.__name__, None) is not f and bool(real_loops(f))


def real_loops(f: np.ufunc) -> list[str]:
    """The types of operands for which a ufunc has loops of real or whole numbers."""
    return [loop.split("->")[0] for loop in f.types if set(loop) <= set("dfl->")]


ROWS = [name for name, prim in table.primitives.items() if is_of_scipy(prim)]

#: Rows that SciPy exports to no other compiled code.
NOT_NATIVE = {"ellip_harm", *(f"spherical_{kind}n_derivative" for kind in "jyik")}

#: Functions of whole numbers, which SciPy truncates, with a warning, where they are floats.
TRUNCATED = {
    "bdtr": {"fff", "ddd"}, "bdtrc": {"fff", "ddd"}, "bdtri": {"fff", "ddd"}, "nbdtr": {"fff", "ddd"},
    "nbdtrc": {"fff", "ddd"}, "nbdtri": {"fff", "ddd"},
    **{name: {"ff", "dd"} for name in ("expn", "kn", "pdtri", "smirnov", "smirnovi", "yn")},
}  # fmt: skip

#: How far formulas may be from SciPy's result, in units in the last place; what is not listed is called, and equal.
#: SciPy takes erfc below 1 from erf, where it loses up to 10.
UNITS = {
    "erf": 4, "erfc": 16, "ndtr": 16, "expit": 4, "log_expit": 4, "logit": 4, "exprel": 4, "exp10": 4, "xlogy": 4,
    "xlog1py": 4, "entr": 4, "rel_entr": 4, "kl_div": 4, "pseudo_huber": 8,
}  # fmt: skip
#: Rows that SciPy computes in float32 where native code computes in float64, and how far its results are off.
SINGLE = {
    **dict.fromkeys([f"spherical_{kind}n" for kind in "jyik"], 2e-5),
    **dict.fromkeys([f"{kind}{prime}" for kind in ("ber", "bei", "ker", "kei") for prime in ("", "p")], 2e-5),
}

_FINITE = [0.0, 0.3, 0.5, 0.65, 1.0, 2.5, 10.0, 30.0, 37.5, 308.3, 700.0, 740.0, 1e-10, 1e-300, 5e-324, 1e300, 1.79e308]
SPECIAL = {
    1: [*_FINITE, *(-x for x in _FINITE), np.inf, -np.inf, np.nan],
    2: [0.0, 1.0, -1.0, 0.5, 2.0, -2.5, 30.0, np.nan],
    3: [0.0, 0.5, 1.0, -1.0, np.nan],
    4: [0.5, 1.0, np.nan],
}
#: Functions of two operands that are elementary enough for the points of those of one.
ELEMENTARY = {"xlogy", "xlog1py", "rel_entr", "kl_div", "huber", "pseudo_huber", "boxcox"}
SLOW = {"pro_cv": 6, "obl_cv": 6, "mathieu_a": 40, "mathieu_b": 40}  # so many points are enough


def points(name: str, letters: str, count: int = 200) -> list[Any]:
    """Operands of the types of a loop: special points, and random ones of the row's domain."""
    prim, k = table.primitives[name], len(letters)
    domain = prim.domain if len(prim.domain) == k else [(-2.0, 2.0)] * k
    few, rng = SLOW.get(name, 0), np.random.default_rng(len(name))
    grid = [] if few else list(itertools.product(SPECIAL[1 if name in ELEMENTARY else k], repeat=k))
    inner = np.array([rng.uniform(*sorted(ends), few or count) for ends in domain])
    columns = [np.concatenate([x, y]) for x, y in zip(np.reshape(grid, (-1, k)).T, inner, strict=True)]
    rest = -len(columns[0]) % LANES
    columns = [np.concatenate([x, x[:rest]]) for x in columns]
    return [whole(x) if letter == "l" else x.astype(letter) for x, letter in zip(columns, letters, strict=True)]


def whole(x: Any) -> Any:
    return np.clip(np.nan_to_num(x, nan=2.0), -30, 30).astype(np.int64)


def write_vectors(module: Module, name: str, prim: Primitive, operands: list[Any], result: Any) -> None:
    """Write a function of arrays that computes `LANES` elements at once."""
    arrays = [f"ptr noalias %x{k}" for k in range(len(operands))]
    function = Function(module, f"define void @{name}({', '.join([*arrays, 'ptr noalias %y', 'i64 %n'])})")
    rounds = function.value(f"udiv i64 %n, {LANES}")
    with function.loop(rounds) as loop:
        first = function.value(f"mul i64 {loop.index}, {LANES}")
        elements = []
        for k, x in enumerate(operands):
            at = place(function, x.dtype, f"%x{k}", first)
            elements.append((function.vector(f"load {word(x.dtype, True)}, ptr {at}, align 4"), x.dtype))
        y = emit(function, prim, elements, result, {})
        at = place(function, result, "%y", first)
        function.line(f"store {word(result, True)} {y}, ptr {at}, align 4")
    function.finish()


def units_apart(actual: Any, expected: Any) -> Any:
    """The distance in units in the last place; 0 where both are nan, or the same infinity or zero."""
    both_nan = np.isnan(actual) & np.isnan(expected)
    same = both_nan | ((actual == expected) & (np.signbit(actual) == np.signbit(expected)))
    gap = np.abs(actual.astype(np.longdouble) - expected) / np.abs(np.spacing(expected))
    return np.where(same, 0, np.where(np.isfinite(gap) & (gap > 0), gap, np.inf))


def allowed(name: str, letters: str, operands: list[Any], expected: Any) -> Any:
    """How many units a result may be off."""
    if name == "ndtr":  # both have the rounding of x/√2, which a tail multiplies by x²
        return UNITS[name] + 4 * np.nan_to_num(operands[0].astype(float) ** 2, posinf=0)
    if name == "kl_div":  # three terms cancel
        largest = np.abs(operands[0]) + np.abs(operands[1])
        return UNITS[name] * (1 + np.nan_to_num(largest / np.abs(expected), posinf=0))
    if "f" in letters and name in SINGLE:  # also where the function is near a zero
        return SINGLE[name] / np.finfo(np.float32).eps * np.maximum(1, np.nan_to_num(1 / np.abs(expected), posinf=0))
    if name == "pseudo_huber":  # SciPy takes a logarithm and its exponential
        return UNITS[name] + 4 * np.nan_to_num(np.log1p((operands[1] / operands[0]) ** 2), posinf=0)
    return max(UNITS.get(name, 0), 2 if "f" in letters else 0)  # some loops compute in float32


@pytest.mark.filterwarnings("ignore")  # of SciPy, at special points
@pytest.mark.parametrize("name", [name for name in ROWS if name not in NOT_NATIVE])
def test_row_agrees_with_scipy(name):
    prim, module, cases, left_out = table.primitives[name], Module(), [], set()
    for letters in real_loops(prim.compute):
        operands = points(name, letters)
        with np.errstate(all="ignore"):
            expected = prim.compute(*operands)
        dtypes = [x.dtype for x in operands]
        if not is_native(prim, dtypes, expected.dtype, {}):
            left_out.add(letters)
            continue
        cases.append((letters, operands, expected))
        result = expected.dtype
        write_loop(module, letters, operands, result, lambda f, xs, y=result: emit(f, prim, xs, y, {}))
        write_vectors(module, f"{letters}.vectors", prim, operands, result)
    assert left_out == TRUNCATED.get(name, set())
    assert cases
    library = machine.build(str(module))
    for letters, operands, expected in cases:
        for symbol in (letters, f"{letters}.vectors"):
            actual = run(library, symbol, operands, expected.dtype)
            with np.errstate(all="ignore"):
                off = units_apart(actual, expected) > allowed(name, letters, operands, expected)
            shown = [(*(x[k] for x in operands), actual[k], expected[k]) for k in np.flatnonzero(off)[:4]]
            assert not off.any(), f"{name} of {symbol}: {np.count_nonzero(off)} differ, such as {shown}"


def test_the_rows_that_are_not_native_are_known():
    def is_native_for(prim, letters):
        return is_native(prim, list(map(np.dtype, letters)), np.dtype("f" if "f" in letters else "d"), {})

    prims = [table.primitives[name] for name in ROWS]
    found = {p.name for p in prims if not any(is_native_for(p, letters) for letters in real_loops(p.compute))}
    assert found == NOT_NATIVE
    assert len(ROWS) > 150


def test_operands_are_cast_as_numpy_casts_them():
    x = np.array([0, 1, 2, 5])
    operands = [x, x.astype(np.int32), x.astype(bool), x.astype(np.float32)]
    for operand, name in itertools.product(operands, ("gamma", "expit", "xlogy", "erfcx")):
        prim, module = table.primitives[name], Module()
        given = [operand] * prim.compute.nin
        with np.errstate(all="ignore"):
            expected = prim.compute(*given)
        dtypes = [y.dtype for y in given]
        if not is_native(prim, dtypes, expected.dtype, {}):
            assert expected.dtype == np.float16
            continue
        write_loop(module, "f", given, expected.dtype, lambda f, xs, p=prim, y=expected.dtype: emit(f, p, xs, y, {}))
        actual = run(machine.build(str(module)), "f", given, expected.dtype)
        np.testing.assert_allclose(actual, expected, rtol=4e-7 if expected.dtype == np.float32 else 1e-15)


def test_costs_tell_functions_of_scipy_from_additions():
    assert cost(table.huber) < 20 <= cost(table.erf)
    assert cost(table.gammaln) == cost(table.polygamma) == 40


# --- accuracy ----------------------------------------------------------------------------------------------------

TAILS = np.array([-37.0, -30.0, -20.0, -8.3, -5.0, -2.0, -0.7, -1e-9, 0.0, 1e-9, 0.7, 2.0, 5.0, 8.3])


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (special.ndtr, mpmath.ncdf),
        (special.erfc, mpmath.erfc),
        (special.erf, mpmath.erf),
        (special.log_ndtr, lambda x: mpmath.log1p(-mpmath.ncdf(-x)) if x > 0 else mpmath.log(mpmath.ncdf(x))),
        (special.expit, lambda x: 1 / (1 + mpmath.exp(-x))),
        (special.log_expit, lambda x: -mpmath.log1p(mpmath.exp(-x))),
        (special.exprel, lambda x: mpmath.expm1(x) / x if x else 1),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_tails_keep_their_relative_accuracy(f, exact):
    x = np.concatenate([TAILS, -TAILS])
    found = wg.compile(f)(x)
    with mpmath.workdps(40):
        expected = np.array([float(exact(mpmath.mpf(v))) for v in x])
    # SciPy has the rounding of x/√2 too, which a tail multiplies by x².
    np.testing.assert_allclose(found, expected, rtol=2e-13, atol=0)


@pytest.mark.parametrize("order", range(9))
def test_polygamma_agrees_with_mpmath(order):
    x = np.array([1e-8, 0.03, 0.5, 1.0, 2.3, 9.9, 10.1, 31.0, 1e5, -1e-8, -0.3, -0.7, -3.2, -20.6, -99.9])
    compiled = wg.compile(lambda x: wg.special.polygamma(order, x))
    found = compiled(x)
    assert not compiled.stats().called_back
    with mpmath.workdps(60):
        expected = np.array([float(mpmath.polygamma(order, mpmath.mpf(v))) for v in x])
    rtol = np.where(x > -1, 2e-14, 1e-11)
    assert np.all(np.abs(found - expected) <= rtol * np.abs(expected))


def test_polygamma_at_special_points():
    x = np.array([0.0, -0.0, -1.0, -100.0, -150.0, np.inf, -np.inf, np.nan])
    for order in range(1, 5):
        lst = wg.simplify(wg.trace(lambda x, n=order: wg.special.polygamma(n, x))(x))
        with np.errstate(all="ignore"):
            expected = lst.run([x])[0]
        np.testing.assert_array_equal(built(lst).run([x])[0], expected)


def test_polygamma_of_other_orders_calls_back():
    compiled = wg.compile(lambda x: wg.special.polygamma(9, x))
    x = np.array([0.5, 3.0])
    np.testing.assert_array_equal(compiled(x), special.polygamma(9, x))
    assert compiled.stats().called_back == {"polygamma": 1}


# --- in programs -------------------------------------------------------------------------------------------------

WEIGHTS = np.linspace(-1.0, 2.0, 1000)


def summed(f):
    """A reduction behind a row of functions of three columns, which is computed for several rows at once."""

    def loss(*xs):
        total = sum((k + 1) * y for k, y in enumerate(f(*xs)))
        return np.sum(np.sum(total, axis=1) * WEIGHTS), total

    return loss


def in_between(low, high):
    return RNG.uniform(low, high, (1000, 3))


#: Functions, their operands, and what of the derivatives is called back.
PROGRAMS: dict[str, tuple[Any, list[Any], set[str]]] = {
    "errors": (
        lambda x: (special.erf(x), special.erfc(x), special.erfcx(x), special.ndtr(x), special.log_ndtr(x)),
        [in_between(-3, 3)], set(),
    ),
    "inverses": (
        lambda p: (special.erfinv(p), special.erfcinv(p), special.ndtri(p), special.logit(p), special.entr(p)),
        [in_between(0.05, 0.95)], set(),
    ),
    "logistic": (
        lambda x: (special.expit(x), special.log_expit(x), special.exprel(x), special.exp10(x), special.cosm1(x)),
        [in_between(-3, 3)], set(),
    ),
    "entropies": (
        lambda x, y: (special.xlogy(x, y), special.xlog1py(x, y), special.rel_entr(x, y), special.kl_div(x, y)),
        [in_between(0.1, 2), in_between(0.1, 2)], set(),
    ),
    "losses": (
        lambda d, r: (special.huber(d, r), special.pseudo_huber(d, r), special.boxcox(d, r), special.boxcox1p(d, r)),
        [in_between(0.3, 2), in_between(-2, 2)], set(),
    ),
    "gamma": (
        lambda x, y: (special.gamma(x), special.gammaln(y), special.psi(x), special.betaln(x, y), special.rgamma(y)),
        [in_between(0.4, 5), in_between(0.4, 5)], {"digamma_difference"},
    ),
    "Bessel": (
        lambda x: (special.j0(x), special.y0(x), special.i0e(x), special.k1(x), special.jv(1.5, x), special.kn(2, x)),
        [in_between(0.4, 5)], set(),
    ),
    "integrals": (
        lambda x: (special.expi(x), special.exp1(x), special.expn(3, x), special.dawsn(x), special.spence(x)),
        [in_between(0.4, 3)], set(),
    ),
    "elliptic": (
        lambda m: (special.ellipk(m), special.ellipe(m), special.ellipkinc(0.7, m), special.elliprf(m, 1.0, 2.0)),
        [in_between(0.1, 0.9)], {"elliptic_moment"},
    ),
    "polynomials": (
        lambda x: (special.eval_legendre(4, x), special.eval_chebyt(3, x), special.eval_hermite(2, x)),
        [in_between(-0.9, 0.9)], {"gegenbauer_in_parameters"},
    ),
    "distributions": (
        lambda x: (special.gammainc(2.0, x), special.betainc(2.0, 3.0, x), special.chdtr(3, x), special.stdtr(4, x)),
        [in_between(0.1, 0.9)], {"gamma_density", "beta_density", "student_density"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_of_vectors_and_its_gradient(name):
    f, at, called_back = PROGRAMS[name]
    lst = wg.trace(summed(f))(*at)
    compiled = built(wg.simplify(lst))
    assert_all_close(compiled.run(at), as_list(lst.run(at)))
    assert called_names(lst) == set()
    backwards = adjoint_of(lst)
    given = seeds_for(backwards, at)
    assert_all_close(built(wg.simplify(backwards)).run(given), as_list(backwards.run(given)))
    assert called_names(backwards) <= called_back


def called_names(lst):
    """What of a list is not native: what it is evaluated by is an interpreter, or a call back to it."""
    from wengert.native.coverage import has_code

    return {stmt.prim.name for stmt in wg.simplify(lst).statements if not has_code(stmt)}


def test_stats_name_no_call_back():
    def loss(x):
        return np.sum(special.ndtr(x).sum(axis=1) * special.gammaln(x + 4).sum(axis=1))

    x = in_between(-2, 2)
    compiled = wg.compile(wg.value_and_grad(loss))
    value, slope = compiled(x)
    expected, expected_slope = wg.value_and_grad(loss)(x)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-12, atol=1e-12)
    stats = compiled.stats()
    assert not stats.called_back
    assert not stats.interpreted


def test_a_loop_with_a_call_is_vectorised():
    compiled = wg.compile(lambda x: np.sum(special.gammaln(x) * np.exp(-x) * np.sin(x)))
    compiled(np.linspace(0.5, 3.0, 4096))
    assert re.search(r"call .*<\d+ x double> @wg_special_gammaln_d\.v\d+\(", compiled.llvm())


def test_without_an_export_a_function_calls_back(monkeypatch):
    monkeypatch.setattr(scipy_functions, "_exports", dict)
    scipy_functions._function.cache_clear()
    try:
        compiled = wg.compile(lambda x: np.sum(special.erfcx(x)))
        x = np.linspace(0.0, 3.0, 10)
        np.testing.assert_allclose(compiled(x), special.erfcx(x).sum(), rtol=1e-14)
        assert compiled.stats().called_back == {"erfcx": 1}
    finally:
        scipy_functions._function.cache_clear()


def test_a_ufunc_of_the_same_name_is_not_the_one_of_scipy():
    def erf(x):
        return 2 * x

    own = np.frompyfunc(erf, 1, 1)
    assert scipy_functions._function(own, (np.dtype(float),), np.dtype(float)) is None


def test_orders_that_are_floats_call_back():
    x = np.linspace(0.5, 3.0, 7)
    compiled = wg.compile(special.kn)
    np.testing.assert_array_equal(compiled(np.full(7, 2), x), special.kn(2, x))
    assert not compiled.stats().called_back
    compiled = wg.compile(special.kn)
    np.testing.assert_array_equal(compiled(np.full(7, 2.0), x), special.kn(2, x))
    assert compiled.stats().called_back == {"kn": 1}
