"""Tangent and adjoint lists compute what the transforms of functions do, on the registry and on the corpus."""

import numpy as np
import pytest

import wengert as wg
from laws.examples import DIFFERENTIABLE
from programs import PROGRAMS
from wengert.containers import flatten
from wengert.errors import TraceError

#: Rows whose rules look at the values: a list that is valid for all inputs cannot hold their derivatives.
UNDECIDED = {"schur"}
REAL = [example for example in DIFFERENTIABLE if example.is_real and example.prim.name not in UNDECIDED]
LOOKING = [example for example in DIFFERENTIABLE if example.is_real and example.prim.name in UNDECIDED]
STRAIGHT = [program for program in PROGRAMS if not program.branches]


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def random_like(values, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(np.shape(x)).astype(np.asarray(x).dtype)[()] for x in values]


def is_floating(x):
    return np.asarray(x).dtype.kind in "fc"


def assert_all_close(found, expected, rtol=1e-11):
    found, expected = list(found), list(expected)
    assert len(found) == len(expected)
    for one, other in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert np.array_equal(np.isfinite(one), np.isfinite(other))
        rtol_of = rtol if other.dtype.itemsize > 4 else 2e-5
        scale = np.max(np.abs(other), initial=0, where=np.isfinite(other))
        np.testing.assert_allclose(one, other, rtol=rtol_of, atol=rtol_of * scale)


def arguments(lst, args):
    leaves = flatten(args)[0]
    return [np.array(x, v.dtype)[()] for x, v in zip(leaves, lst.inputs, strict=True)]


def outputs_of(lst):
    """The list as a function of its floating inputs that returns its floating outputs."""

    def f(*xs):
        return tuple(y for y in as_tuple(lst(*xs)) if y.dtype.kind in "fc")

    return f


def check_first_order(lst, xs):
    moving = [k for k, x in enumerate(xs) if is_floating(x)]
    ys = [y for y in as_tuple(lst(*xs)) if is_floating(y)]
    count = len(lst.outputs)
    x_dots, y_bars = random_like([xs[k] for k in moving], 1), random_like(ys, 2)

    def of_moving(*values):
        full = list(xs)
        for k, x in zip(moving, values, strict=True):
            full[k] = x
        return outputs_of(lst)(*full)

    primals = tuple(xs[k] for k in moving)
    tangent, adjoint = wg.tangent(lst), wg.adjoint(lst)
    tangent.verify()
    adjoint.verify()
    assert_all_close(as_tuple(tangent(*xs, *x_dots))[count:], wg.jvp(of_moving, primals, tuple(x_dots))[1])
    _, pullback = wg.vjp(of_moving, *primals)
    assert_all_close(as_tuple(adjoint(*xs, *y_bars))[count:], pullback(tuple(y_bars)))
    return adjoint, tangent, [*xs, *y_bars], [*xs, *x_dots]


# --- the registry --------------------------------------------------------------------------------


@pytest.mark.parametrize("example", REAL, ids=str)
def test_the_lists_of_every_row_are_its_derivatives(example):
    lst = wg.tape(example.of_values, *example.arguments).list
    check_first_order(lst, list(example.arguments))


@pytest.mark.parametrize("example", LOOKING, ids=str)
def test_a_rule_that_looks_at_values_is_refused(example):
    lst = wg.tape(example.of_values, *example.arguments).list
    with pytest.raises(TraceError, match="Python asked for the value of"):
        wg.adjoint(lst)


@pytest.mark.parametrize("example", [e for e in REAL if e.prim.accuracy == ""], ids=str)
def test_the_adjoint_of_an_adjoint_is_its_second_derivative(example):
    lst = wg.tape(example.of_values, *example.arguments).list
    adjoint = wg.adjoint(lst)
    (y,) = as_tuple(lst(*example.arguments))
    xs = [*example.arguments, *random_like([y], 3)]
    try:
        forward_over_reverse = wg.tangent(adjoint)
    except NotImplementedError as error:
        assert "derivative" in str(error)  # noqa: PT017  # orders of differences end somewhere
        return
    forward_over_reverse.verify()
    x_dots, bars = random_like(xs, 4), random_like(as_tuple(adjoint(*xs)), 5)
    count = len(adjoint.outputs)
    dots = as_tuple(forward_over_reverse(*xs, *x_dots))[count:]
    reverse_over_reverse = wg.adjoint(adjoint)
    reverse_over_reverse.verify()
    x_bars = as_tuple(reverse_over_reverse(*xs, *bars))[count:]
    # Duality of the two second derivatives.
    left = sum(np.sum(b * d) for b, d in zip(bars, dots, strict=True))
    right = sum(np.sum(b * d) for b, d in zip(x_bars, x_dots, strict=True))
    scale = sum(np.sum(np.abs(b * d)) for b, d in zip(bars, dots, strict=True))
    assert np.isfinite(left)
    assert abs(left - right) <= 1e-8 * scale + 1e-12


# --- the corpus ----------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_the_lists_of_a_program_are_its_derivatives(program):
    lst = wg.tape(program.function, *program.args).list
    check_first_order(lst, arguments(lst, program.args))


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_the_list_of_a_gradient_is_the_adjoint_list(program):
    leaves, rebuild = flatten(program.args)
    leaves = [np.array(x)[()] for x in leaves]

    def pulled_back(*xs):
        y, pullback = wg.vjp(program.function, *rebuild(xs))
        found, rebuild_y = flatten(y)
        return pullback(rebuild_y([np.ones(t.shape, t.dtype)[()] for t in found]))

    lst = wg.trace(pulled_back)(*leaves)
    lst.verify()
    assert_all_close(as_tuple(lst(*leaves)), flatten(pulled_back(*leaves))[0])
    assert all(stmt.where is not None for stmt in lst.statements)


@pytest.mark.slow
@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_second_derivatives_of_the_lists_are_dual(program):
    lst = wg.trace(program.function)(*program.args)
    adjoint, tangent, with_bars, with_dots = check_first_order(lst, arguments(lst, program.args))
    for derived, xs in ((adjoint, with_bars), (tangent, with_dots)):
        check_first_order(derived, xs)
