"""Random shapes, random indices and random programs: both modes agree with differences and with each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import wengert as wg
from laws.examples import LEFT_OUT, PRIMITIVES, SHAPES, Example, operands_of
from wengert.checker import check
from wengert.facts import Kind
from wengert.registry import table

SIDE = {"max_dims": 3, "min_side": 0, "max_side": 3}
ELEMENTWISE = [
    prim
    for prim in PRIMITIVES.values()
    if prim.kind is Kind.ELEMENTWISE and len(prim.facts) > 1 and not prim.is_flat
    if hasattr(np, prim.name) and prim.name not in {*LEFT_OUT, *SHAPES, "where", "ldexp", "heaviside"}
]


def check_example(prim, shapes, params=None):
    example = Example(prim, *operands_of(prim, shapes), params or {})
    check(example.of_values, *example.arguments, directions=1, step=example.first_step)


# --- shapes --------------------------------------------------------------------------------------


@given(st.data())
def test_elementwise_functions_broadcast(data):
    prim = data.draw(st.sampled_from(ELEMENTWISE))
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=len(prim.facts), **SIDE)).input_shapes
    check_example(prim, shapes)


@given(st.data())
def test_where_broadcasts(data):
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, **SIDE)).input_shapes
    condition = data.draw(hnp.arrays(bool, shapes[0]))
    a, b = (np.random.default_rng(k).standard_normal(shape) for k, shape in enumerate(shapes[1:]))
    check(lambda a, b: np.where(condition, a, b), a, b, directions=1)


@given(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=1, max_side=3))
def test_matrix_products_broadcast(shapes):
    check_example(table.matmul, shapes.input_shapes)


@given(
    st.sampled_from([np.sum, np.mean, np.prod, np.max, np.min, np.var]),
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=3),
    st.booleans(),
    st.data(),
)
def test_reductions(function, shape, keepdims, data):
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape)))
    x = np.random.default_rng(0).uniform(0.5, 2, shape)
    check(lambda x: function(x, axis=axis, keepdims=keepdims), x, directions=1, step=1e-3)


@given(hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), st.data())
def test_basic_indices(shape, data):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    x = np.random.default_rng(0).standard_normal(shape)
    check(lambda x: x[index] * 2, x, directions=1)


@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3), st.data())
def test_indices_by_arrays(shape, data):
    index = data.draw(hnp.integer_array_indices(shape))
    x = np.random.default_rng(0).standard_normal(shape)
    check(lambda x: x[index] ** 2, x, directions=1)


@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3), st.data())
def test_indices_by_masks(shape, data):
    mask = data.draw(hnp.arrays(bool, shape))
    x = np.random.default_rng(0).standard_normal(shape)
    check(lambda x: x[mask] ** 2, x, directions=1)


@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=3), st.data())
def test_moves_of_axes(shape, data):
    order = data.draw(st.permutations(range(len(shape))))
    axis = data.draw(st.sampled_from(range(-len(shape), len(shape))))
    x = np.random.default_rng(0).standard_normal(shape)

    def moved(x):
        y = np.flip(np.transpose(x, order), axis)
        return np.moveaxis(np.expand_dims(y, axis), axis, 0) * np.arange(1.0, 1 + shape[order[axis]]).reshape(
            tuple(-1 if k == axis % len(shape) else 1 for k in range(len(shape)))
        )

    check(moved, x, directions=1)


@given(hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3), **SIDE))
def test_broadcast_to(shapes):
    x = np.random.default_rng(0).standard_normal(shapes.input_shapes[0])
    check(lambda x: np.broadcast_to(x, shapes.result_shape) ** 2, x, directions=1)


@given(hnp.array_shapes(max_dims=3, max_side=3), hnp.array_shapes(max_dims=3, max_side=3))
@pytest.mark.parametrize("kind", ["Tensor", "Dual", "Tracer"])
def test_what_numpy_does_not_broadcast_is_refused(kind, shape, target):
    x = np.ones(shape)
    try:
        expected = np.broadcast_to(x, target).shape
    except ValueError:
        expected = None
    found = []

    def f(x):
        try:
            found.append(np.broadcast_to(x, target).shape)
        except ValueError:
            found.append(None)
        return np.sum(x)

    if kind == "Tensor":
        wg.grad(f)(x)
    elif kind == "Dual":
        wg.jvp(f, (x,), (x,))
    else:
        wg.trace(f)(x)
    assert found == [expected]


# --- programs ------------------------------------------------------------------------------------
# A program is a list of steps; each takes earlier values and appends one. All functions stay bounded enough for
# differences to be meaningful, and none has a jump.


def in_place(x):
    y = +x
    y *= 0.5
    y += np.cos(x)
    return y


UNARY = {
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "arctan": np.arctan,
    "sinc": np.sinc,
    "abs": np.abs,
    "bell": lambda x: np.exp(-x * x),
    "root": lambda x: np.sqrt(1 + x**2),
    "log": lambda x: np.log1p(x * x),
    "power": lambda x: (1.5 + np.sin(x)) ** 1.7,
    "negative": lambda x: -x,
    "flat": lambda x: x,
    "clip": lambda x: np.clip(x, -0.8, 0.9),
    "transpose": lambda x: x.T,
    "ravel": np.ravel,
    "reverse": lambda x: x[..., ::-1] if x.ndim else x,
    "first": lambda x: x[0] if x.ndim else 2 * x,
    "total": lambda x: np.mean(x, axis=0) if x.ndim else x,
    "largest": lambda x: np.max(x, axis=-1) if x.ndim else x,
    "cumsum": lambda x: np.cumsum(x, axis=0) / len(x) if x.ndim else x,
    "centred": lambda x: x - np.mean(x),
    "column": lambda x: x[..., None],
    "picked": lambda x: np.ravel(x)[[0, 0, -1]],
    "in place": in_place,
}

BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - 0.5 * y,
    "multiply": lambda x, y: np.tanh(x) * y,
    "divide": lambda x, y: x / (1 + y * y),
    "maximum": lambda x, y: np.maximum(x, 0.3 + y),
    "arctan2": lambda x, y: np.arctan2(x, 2 + y * y),
    "hypot": lambda x, y: np.hypot(1 + x * x, y),
    "logaddexp": np.logaddexp,
    "power": lambda x, y: (1 + x * x) ** np.sin(y),
    "outer": lambda x, y: np.outer(np.tanh(x), y)[:3, :3],
    "dot": lambda x, y: np.vdot(x, y) / x.size if x.shape == y.shape else x * 0.1,
    "join": lambda x, y: np.concatenate([np.ravel(x), np.ravel(y)])[:4],
}


def broadcastable(x, y):
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return True


def run(steps, *inputs):
    """Run a program: a step is the name of a function and the number(s) of the values it takes."""
    values = list(inputs)
    for name, *operands in steps:
        xs = [values[k % len(values)] for k in operands]
        if len(xs) == 1:
            values.append(UNARY[name](xs[0]))
        elif name in ("outer", "dot", "join") or broadcastable(*xs):
            values.append(BINARY[name](*xs))
    return values[-1], np.sum(values[-2])


numbers = st.integers(0, 30)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), numbers),
        st.tuples(st.sampled_from(sorted(BINARY)), numbers, numbers),
    ),
    min_size=2,
    max_size=9,
)
shapes = st.sampled_from([((), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((3,), (3,)), ((), ())])


def inputs_of(shapes, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape)[()] for shape in shapes]


def check_program(program, shapes, seed, order):
    def f(x, y):
        return run(program, x, y)

    check(f, *inputs_of(shapes, seed), order=order, directions=1, step=1e-3)


@settings(max_examples=80)
@given(steps, shapes, st.integers(0, 2**20))
def test_the_first_derivative_of_random_programs(program, shapes, seed):
    check_program(program, shapes, seed, order=1)


@settings(max_examples=25)
@given(steps, shapes, st.integers(0, 2**20))
def test_the_second_derivative_of_random_programs(program, shapes, seed):
    check_program(program, shapes, seed, order=2)


@pytest.mark.slow
@settings(max_examples=2000)
@given(steps, shapes, st.integers(0, 2**20))
def test_many_random_programs(program, shapes, seed):
    check_program(program, shapes, seed, order=2)


@settings(max_examples=80)
@given(steps, shapes, st.integers(0, 2**20))
def test_the_list_of_a_random_program_computes_what_the_program_computes(program, shapes, seed):
    def f(x, y):
        return run(program, x, y)

    inputs = inputs_of(shapes, seed)
    lst = wg.trace(f)(*inputs)
    lst.verify()
    for found, expected in zip(lst.tape(*inputs).outputs, f(*inputs), strict=True):
        np.testing.assert_array_equal(found, expected)
    x_dots = inputs_of(shapes, seed + 1)
    found, expected = (wg.jvp(g, tuple(inputs), tuple(x_dots))[1] for g in (lst, f))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def first_and_second(lst, inputs, y_bars, x_dots):
    """Results, cotangents, and the derivatives of both along a direction, by programs and by define-by-run."""
    second = wg.tangent(wg.adjoint(lst))
    second.verify()
    zeros = [np.zeros(np.shape(ct)) for ct in y_bars]
    found = second(*inputs, *y_bars, *x_dots, *zeros)

    def pulled_back(*xs):
        ys, pullback = wg.vjp(lst, *xs)
        return (*ys, *pullback(tuple(y_bars)))

    return second, found, sum(wg.jvp(pulled_back, tuple(inputs), tuple(x_dots)), ())


def check_lists(program, shapes, seed):
    def f(x, y):
        return run(program, x, y)

    inputs = inputs_of(shapes, seed)
    lst = wg.trace(f)(*inputs)
    y_bars = [np.float64(0.7) * np.ones(np.shape(y)) for y in f(*inputs)]
    second, found, expected = first_and_second(lst, inputs, y_bars, inputs_of(shapes, seed + 1))
    names = {}
    exec(wg.source(second, "python", name="written"), names)  # noqa: S102  # what is tested
    at = [*inputs, *y_bars, *inputs_of(shapes, seed + 1), *(np.zeros(np.shape(ct)) for ct in y_bars)]
    for outputs in (found, wg.simplify(second)(*at), names["written"](*at)):
        for one, other in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(other), initial=0)))


@settings(max_examples=60)
@given(steps, shapes, st.integers(0, 2**20))
def test_derivative_programs_of_random_programs_agree_with_define_by_run(program, shapes, seed):
    check_lists(program, shapes, seed)


@pytest.mark.slow
@settings(max_examples=1500)
@given(steps, shapes, st.integers(0, 2**20))
def test_many_derivative_programs(program, shapes, seed):
    check_lists(program, shapes, seed)
