"""`vmap` gives what a Python loop over the batch gives: for every row of the table, and for the corpus of programs.

The loop runs the function itself, array by array, so that no rule for batches has a part in it.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

import wengert as wg
from laws.examples import DIFFERENTIABLE, FLAT, PRIMITIVES, Example
from programs import PROGRAMS
from wengert.containers import flatten
from wengert.facts import Kind
from wengert.vectorisation import vmap

COUNT = 3
STRAIGHT = [program for program in PROGRAMS if not program.branches]

ALL = [example for example in (*DIFFERENTIABLE, *FLAT) if example.output == 0]


@dataclass(frozen=True)
class Batch:
    """An example of which some operands are batches."""

    example: Example
    own: tuple[bool, ...]

    @property
    def prim(self):
        return self.example.prim

    def __str__(self):
        return f"{self.example}-{''.join('b' if mine else '.' for mine in self.own)}"

    @property
    def operands(self):
        """The operands, those that are batches with COUNT arrays, which differ where the operand may be moved."""
        return tuple(
            np.stack([moved(self.example, i, k) for k in range(COUNT)]) if mine else x
            for i, (x, mine) in enumerate(zip(self.example.operands, self.own, strict=True))
        )

    @property
    def in_axes(self):
        return tuple(0 if mine else None for mine in self.own)

    def of_one(self, k, operands):
        return [x[k] if mine else x for x, mine in zip(operands, self.own, strict=True)]


def moved(example, i, k):
    """Operand i, another one for each k as far as the domain allows."""
    x = example.operands[i]
    return x * (1 + 1e-3 * k) if i in example.free else x


def batches_of(example):
    arrays = [not isinstance(x, (int, bool)) for x in example.operands]
    choices = [(True, False) if is_array else (False,) for is_array in arrays]
    for own in itertools.product(*choices):
        if any(own) and (len(own) <= 3 or all(own) or sum(own) == 1):
            yield Batch(example, own)


BATCHES = [batch for example in ALL for batch in batches_of(example)]


def results(y):
    return y if isinstance(y, tuple) else (y,)


def assert_same(found, expected, rtol=1e-12):
    for one, other in zip(found, expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        scale = np.max(np.abs(other), initial=0, where=np.isfinite(other)) if other.dtype.kind in "fc" else 0
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * scale)


def stacked(rows):
    return [np.stack(parts) for parts in zip(*rows, strict=True)]


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_every_row_computes_for_a_batch_what_it_does_for_each(batch):
    operands, params = batch.operands, batch.example.params

    def f(*xs):
        return batch.prim(*xs, **params)

    with np.errstate(all="ignore"):
        expected = stacked([results(batch.prim.compute(*batch.of_one(k, operands), **params)) for k in range(COUNT)])
        assert_same(results(vmap(f, batch.in_axes)(*operands)), expected)


#: Rows with a derivative that asks for the numbers of its operands, which a batch has not: an error says so.
REFUSED = {"schur"}


def is_derived(batch):
    """Elementwise functions of SciPy, which all go one way, are tried with all operands as batches alone."""
    free = [batch.own[i] for i in batch.example.free]
    fixed = [batch.own[i] for i in range(len(batch.own)) if i not in batch.example.free]
    is_short = batch.prim.kind is not Kind.ELEMENTWISE or hasattr(np, batch.prim.name)
    return not batch.prim.is_flat and not any(fixed) and any(free) and (is_short or all(free))


DERIVED = [batch for batch in BATCHES if is_derived(batch) and batch.prim.name not in REFUSED]


@pytest.mark.slow
@pytest.mark.parametrize("batch", DERIVED, ids=str)
def test_every_row_has_for_a_batch_the_derivatives_that_it_has_for_each(batch):
    example, free = batch.example, batch.example.free
    arguments = [batch.operands[i] for i in free]
    is_own = [batch.own[i] for i in free]
    in_axes = tuple(0 if mine else None for mine in is_own)

    def f(*xs):
        return example.of_values(*xs)

    def derivatives(*xs):
        y, pullback = wg.vjp(f, *xs)
        return y, *pullback(np.ones(y.shape, y.dtype)), wg.jvp(f, xs, xs)[1]

    with np.errstate(all="ignore"):
        rows = [
            derivatives(*(x[k] if mine else x for x, mine in zip(arguments, is_own, strict=True))) for k in range(COUNT)
        ]
        y, *x_bars, y_dot = stacked(rows)
        assert_same(vmap(derivatives, in_axes)(*arguments), [y, *x_bars, y_dot], 1e-9)
        # The other way round: the derivative of all at once.
        of_batch = vmap(f, in_axes)
        whole, pullback = wg.vjp(of_batch, *arguments)
        sums = [
            x_bar if mine else np.sum(x_bar, axis=0, dtype=x_bar.dtype)
            for x_bar, mine in zip(x_bars, is_own, strict=True)
        ]
        assert_same(pullback(np.ones(whole.shape, whole.dtype)), sums, 1e-9)
        assert_same([wg.jvp(of_batch, arguments, arguments)[1]], [y_dot], 1e-9)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_is_refused(name):
    batch = next(batch for batch in BATCHES if batch.prim.name == name)
    with pytest.raises(wg.TraceError, match="a batch of 3 values"):
        vmap(lambda x: wg.vjp(batch.example.of_values, x)[1](x))(*batch.operands)


# --- programs ------------------------------------------------------------------------------------


def batch_of_arguments(program):
    """The arguments three times, moved a little; numbers that count something stay as they are."""
    leaves, rebuild = flatten(program.args)
    return rebuild(
        [np.stack([np.asarray(x) * (1 + 0.01 * k) for k in range(COUNT)]).astype(np.asarray(x).dtype) for x in leaves]
    )


def argument(batch, k):
    leaves, rebuild = flatten(batch)
    return rebuild([np.array(x[k])[()] for x in leaves])


def direction(x):
    """A tangent or cotangent of x, none of whose elements vanish or cancel."""
    return (1 + 0.5 * np.cos(np.arange(x.size) + 0.3)).reshape(x.shape).astype(x.dtype)[()]


def derivatives_of(function, is_batch=False):
    """The results of a program and its derivatives by both modes, as flat lists; a batch has one direction for all."""

    def given(x):
        return np.broadcast_to(direction(x[0] if is_batch else x), x.shape)[()]

    def derivatives(*args):
        y, pullback = wg.vjp(function, *args)
        leaves, rebuild = flatten(y)
        x_bars = pullback(rebuild(list(map(given, leaves))))
        xs, rebuild_args = flatten(args)
        _, y_dot = wg.jvp(function, args, rebuild_args(list(map(given, xs))))
        return [*leaves, *flatten(x_bars)[0], *flatten(y_dot)[0]]

    return derivatives


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_programs_and_their_derivatives_are_those_of_a_loop(program):
    batch = batch_of_arguments(program)
    derivatives = derivatives_of(program.function)
    expected = stacked([derivatives(*argument(batch, k)) for k in range(COUNT)])
    assert_same(vmap(derivatives)(*batch), expected, 1e-9)


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_derivatives_of_a_program_for_a_batch_are_those_of_a_loop(program):
    batch = batch_of_arguments(program)
    expected = stacked([derivatives_of(program.function)(*argument(batch, k)) for k in range(COUNT)])
    assert_same(derivatives_of(vmap(program.function), is_batch=True)(*batch), expected, 1e-9)


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_the_list_of_a_program_for_a_batch_computes_what_a_loop_does(program):
    batch = batch_of_arguments(program)
    lst = wg.trace(vmap(program.function))(*batch)
    lst.verify()
    expected = stacked([flatten(program.function(*argument(batch, k)))[0] for k in range(COUNT)])
    found = lst(*flatten(batch)[0])
    assert_same(found if isinstance(found, tuple) else (found,), [np.asarray(y) for y in expected], 1e-9)


# --- the laws themselves -------------------------------------------------------------------------


def test_the_laws_can_fail():
    x = np.arange(6.0).reshape(3, 2)
    with pytest.raises(AssertionError):
        assert_same([vmap(np.sum)(x)], [np.sum(x, axis=0)])
    assert len({batch.prim.name for batch in BATCHES}) > 0.9 * len(PRIMITIVES)
