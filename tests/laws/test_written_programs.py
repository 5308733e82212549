"""Second-derivative programs of the corpus: the list, simplified, as Python and as C, and by define-by-run, agree."""

import numpy as np
import pytest

import wengert as wg
from programs import PROGRAMS
from show.c_compiler import COMPILER, compiled
from wengert.containers import flatten
from wengert.errors import NoRuleError
from wengert.show.c_source import c_source
from wengert.symbolic import symbols_of

STRAIGHT = [program for program in PROGRAMS if not program.branches]


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def point(lst, program):
    """The arguments, and seeds and directions for what their derivative programs take besides."""
    rng = np.random.default_rng(5)
    leaves = flatten(program.args)[0]
    values = [np.array(x, v.dtype)[()] for x, v in zip(leaves, lst.inputs, strict=False)]
    more = [rng.standard_normal(v.shape).astype(v.dtype)[()] for v in lst.inputs[len(values) :]]
    return [*values, *more]


def hessian_products(program):
    """The program that computes results, gradients, and both along a direction; and where it is run."""
    with np.errstate(all="ignore"):
        lst = wg.tangent(wg.adjoint(wg.trace(program.function)(*program.args)))
    return lst, point(lst, program)


def assert_agree(found, expected):
    for one, other in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert one.shape == other.shape
        assert np.all(np.isfinite(other))
        rtol = 1e-9 if other.dtype.itemsize > 4 else 1e-4
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * (1 + np.max(np.abs(other), initial=0)))


def by_define_by_run(lst, program, at):
    """The outputs of the program by `vjp` and `jvp` of the function itself."""
    count = len(flatten(program.args)[0])
    primal = wg.trace(program.function)(*program.args)
    moving = [k for k, v in enumerate(primal.inputs) if v.dtype.kind in "fc"]
    is_real = [np.asarray(y).dtype.kind in "fc" for y in as_tuple(primal(*at[:count]))]
    bars = at[count : count + sum(is_real)]
    x_dots, bar_dots = at[count + len(bars) :][: len(moving)], at[count + len(bars) + len(moving) :]

    def pulled_back(*values):
        xs, cts = values[: len(moving)], values[len(moving) :]

        def f(*moved):
            full = list(at[:count])
            for k, x in zip(moving, moved, strict=True):
                full[k] = x
            leaves = flatten(program.function(*flatten(program.args)[1](full)))[0]
            return tuple(y for y, real in zip(leaves, is_real, strict=True) if real)

        ys, pullback = wg.vjp(f, *xs)
        return (*ys, *pullback(tuple(cts)))

    values, dots = wg.jvp(pulled_back, (*(at[k] for k in moving), *bars), (*x_dots, *bar_dots))
    assert len(lst.outputs) >= len(values) + len(dots)
    return values, dots, is_real


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_a_list_a_simplified_list_and_python_agree(program):
    lst, at = hessian_products(program)
    with np.errstate(all="ignore"):
        expected = as_tuple(lst(*at))
        simplified = wg.simplify(lst)
        simplified.verify()
        # A sign that is moved from a number to an array costs an operation for each element.
        assert simplified.stats().flops <= 1.05 * lst.stats().flops
        assert_agree(as_tuple(simplified(*at)), expected)
        names = {}
        exec(wg.source(lst, "python", name="written"), names)  # noqa: S102  # what is tested
        assert_agree(as_tuple(names["written"](*at)), expected)


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_a_list_agrees_with_define_by_run(program):
    lst, at = hessian_products(program)
    with np.errstate(all="ignore"):
        found = as_tuple(lst(*at))
        values, dots, is_real = by_define_by_run(lst, program, at)
    primal = len(is_real)
    ys = [y for y, real in zip(found[:primal], is_real, strict=True) if real]
    x_bars = found[primal : primal + len(values) - len(ys)]
    assert_agree([*ys, *x_bars], values)
    assert_agree(found[primal + len(x_bars) :], dots)


@pytest.mark.slow
@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler called cc")
def test_c_agrees(tmp_path):
    lists, points, refused = [], [], []
    for program in STRAIGHT:
        lst, at = hessian_products(program)
        simplified = wg.simplify(lst)
        try:
            c_source(simplified)
        except NoRuleError as error:
            refused.append(error.what)
            continue
        lists.append(simplified)
        points.append(at)
    assert len(lists) >= 160
    assert all("cannot be written in C" in what for what in refused)
    for function, at in zip(compiled(lists, tmp_path), points, strict=True):
        with np.errstate(all="ignore"):
            expected = as_tuple(function.list(*at))
        code, found = function(*at)
        assert code == 0
        assert_agree(found, expected)


#: Programs whose formulas are short enough to be written out twice differentiated.
SHORT = [program for program in STRAIGHT if sum(np.size(x) for x in flatten(program.args)[0]) <= 6]


def by_formulas(lst, at):
    """The outputs of a list by way of SymPy and back: its formulas, read as a list of one element each."""
    again = wg.from_sympy(elements(wg.to_sympy(lst)), elements(symbols_of(lst)))
    return again(*(x for value in at for x in np.ravel(value)))


def elements(results):
    """One after the other, of numbers and of arrays of them."""
    leaves = []
    for one in as_tuple(results):
        leaves += one.reshape(len(one)).tolist() if hasattr(one, "reshape") else [one]
    return leaves


def test_formulas_agree():
    checked, refused = 0, []
    for program in SHORT:
        lst, at = hessian_products(program)
        lst = wg.simplify(lst)
        if len(lst.statements) >= 60:
            continue
        try:
            found = by_formulas(lst, at)
        except NoRuleError as error:
            refused.append(error.what)
            continue
        with np.errstate(all="ignore"):
            expected = np.concatenate([np.ravel(y) for y in as_tuple(lst(*at))])
        assert_agree([np.ravel(found)], [expected])
        checked += 1
    assert checked >= 25, refused
