"""Random lists: shapes, dtypes, indices and operations drawn together; machine code and interpreter agree."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import wengert as wg
from native.agreement import adjoint_of, assert_native_agrees, seeds_for
from wengert.native.machine import unavailable

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


@pytest.fixture(autouse=True, scope="module")
def nothing_is_kept_on_disk():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WENGERT_CACHE", "0")
        yield


# --- programs --------------------------------------------------------------------------------------------------
# A program is drawn while it is computed, so that each step fits the shapes and dtypes of what there is. A step is a
# function and the numbers of the values that it takes. Values stay small, and functions have no jumps near them that
# a difference in rounding could cross.

DTYPES = ["float64", "float64", "float32", "int64", "int32", "bool"]
MOST = 60  # elements


@dataclass
class Random:
    """A program and one run of it."""

    inputs: list[Any]
    steps: list[tuple[str, Any, tuple[int, ...]]] = field(default_factory=list)
    outputs: tuple[int, ...] = ()

    def __call__(self, *inputs):
        values = list(inputs)
        for _, function, numbers in self.steps:
            values.append(function(*(values[k] for k in numbers)))
        return tuple(values[k] for k in self.outputs)

    def __repr__(self) -> str:
        count = len(self.inputs)
        lines = [f"{x.dtype}{list(x.shape)} v{k}" for k, x in enumerate(map(np.asarray, self.inputs))]
        for k, (text, _, numbers) in enumerate(self.steps):
            lines.append(f"v{count + k} = {text} of {', '.join(f'v{i}' for i in numbers)}")
        return "\n".join([*lines, f"return {self.outputs}"])


def bounded(x):
    return x / (1 + x * x)


UNARY = {
    "negative": lambda x: -x if x.dtype != bool else ~x,
    "sin": np.sin,
    "bounded": bounded,
    "exp": lambda x: np.exp(-1.0 * x * x),
    "tanh": np.tanh,
    "sqrt": lambda x: np.sqrt(1 + x * x),
    "abs": np.abs,
    "three times": lambda x: 3 * x,
    "times 0.5": lambda x: x * 0.5,
    "1 minus": lambda x: 1 - x,
    "square": lambda x: bounded(x) ** 2,
    "float32 number": lambda x: x + np.float32(0.1),
    "float64 number": lambda x: x * np.float64(0.1),
    "as float32": lambda x: x.astype(np.float32),
    "as int": lambda x: (x > 0).astype(np.int64),
    "positive": lambda x: x > 0,
    "is zero": lambda x: x == 0,
}

BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - 0.5 * y,
    "multiply": lambda x, y: bounded(x) * y,
    "divide": lambda x, y: x / (1 + y * y),
    "maximum": lambda x, y: np.maximum(x, 1 * y),
    "minimum": lambda x, y: np.minimum(x, y + 0.25),
    "less": lambda x, y: x < y,
    "hypot": lambda x, y: np.hypot(1 * x, y + 2),
    "where positive": lambda x, y: np.where(x > 0, x, y),
    "where": lambda x, y: np.where(x, y, 0),
    "where else a number": lambda x, y: np.where(x > y, 1.5, y),
    "and": lambda x, y: (x > 0) & (y > 0),
}

REDUCTIONS = {
    "sum": np.sum, "mean": np.mean, "prod": lambda x, **k: np.prod(1 + 0.5 * bounded(x), **k), "max": np.max,
    "min": np.min, "any": np.any, "all": np.all, "count_nonzero": np.count_nonzero, "var": np.var,
}  # fmt: skip


def broadcast(*shapes):
    try:
        return np.prod(np.broadcast_shapes(*shapes)) <= MOST
    except ValueError:
        return False


@st.composite
def arrays(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4) | st.sampled_from([(2, 3), (3,), ()]))
    dtype = draw(st.sampled_from(DTYPES))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    x = rng.integers(0, 2, shape) if dtype == "bool" else rng.integers(-4, 5, shape)
    if dtype.startswith("float"):
        x = x + np.where(rng.random(shape) < 0.7, rng.standard_normal(shape), 0)
    return np.asarray(x).astype(dtype)[()]


@st.composite
def programs(draw, most=10):
    program = Random(draw(st.lists(arrays(), min_size=1, max_size=3)))
    values = list(program.inputs)
    for _ in range(draw(st.integers(3, most))):
        step = draw(steps(values))
        if step is None:
            continue
        text, function, numbers = step
        with np.errstate(all="ignore"):
            y = function(*(values[k] for k in numbers))
        if np.size(y) > MOST or np.ndim(y) > 5:
            continue
        values.append(np.asarray(y)[()])
        program.steps.append((text, function, numbers))
    last = len(values) - 1
    program.outputs = (*draw(st.lists(st.integers(0, last), max_size=2)), last)
    return program


@st.composite
def steps(draw, values):
    """A step on values that there are; ``None`` where what is drawn does not fit them."""
    k = len(values) - 1 - draw(st.integers(0, min(3, len(values) - 1)))
    x = values[k]
    kind = draw(st.sampled_from(sorted(STEPS)))
    return STEPS[kind](draw, values, k, x)


def unary(draw, values, k, x):
    name = draw(st.sampled_from(sorted(UNARY)))
    return name, UNARY[name], (k,)


def binary(draw, values, k, x):
    name = draw(st.sampled_from(sorted(BINARY)))
    fitting = [i for i, y in enumerate(values) if broadcast(np.shape(x), np.shape(y))]
    return (name, BINARY[name], (k, draw(st.sampled_from(fitting)))) if fitting else None


def reduction(draw, values, k, x):
    name = draw(st.sampled_from(sorted(REDUCTIONS)))
    if x.dtype == bool and name == "var":
        return None
    axis = draw(st.none() | hnp.valid_tuple_axes(x.ndim))
    reduced = x.size if axis is None else np.prod([x.shape[a] for a in axis])
    if reduced == 0 and name in ("max", "min", "mean", "var"):
        return None
    keepdims, function = draw(st.booleans()), REDUCTIONS[name]
    return f"{name} axis={axis} keepdims={keepdims}", lambda x: function(x, axis=axis, keepdims=keepdims), (k,)


def reshape(draw, values, k, x):
    order = draw(st.permutations(x.shape))
    shapes = [tuple(order), (x.size,), (*x.shape, 1), (1, *x.shape), tuple(n for n in x.shape if n != 1)]
    shapes += [(x.size // n, n) for n in (2, 3, 4) if x.size % n == 0]
    shape = draw(st.sampled_from(shapes))
    return f"reshape {shape}", lambda x: np.reshape(x, shape), (k,)


def transpose(draw, values, k, x):
    axes = tuple(draw(st.permutations(range(x.ndim))))
    return f"transpose {axes}", lambda x: np.transpose(x, axes), (k,)


def getitem(draw, values, k, x):
    index = draw(hnp.basic_indices(x.shape, allow_newaxis=True, allow_ellipsis=True, max_dims=4))
    return f"index {index}", lambda x: x[index], (k,)


def gather(draw, values, k, x):
    if x.ndim == 0 or 0 in x.shape:
        return None
    index = draw(hnp.integer_array_indices(x.shape, result_shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)))
    index = index[: draw(st.integers(1, len(index)))]
    if draw(st.booleans()):
        index = (slice(None, None, draw(st.sampled_from([1, -1]))), *index[1:])
    return f"index {index}", lambda x: x[index], (k,)


def flip(draw, values, k, x):
    if x.ndim == 0:
        return None
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1) | hnp.valid_tuple_axes(x.ndim, min_size=1))
    return f"flip {axis}", lambda x: np.flip(x, axis), (k,)


def broadcast_to(draw, values, k, x):
    shape = tuple(draw(st.sampled_from([2, 3])) if n == 1 and draw(st.booleans()) else n for n in x.shape)
    shape = (*draw(st.sampled_from([(), (1,), (2,)])), *shape)
    return f"broadcast_to {shape}", lambda x: np.broadcast_to(x, shape), (k,)


def concatenate(draw, values, k, x):
    if x.ndim == 0:
        return None
    axis = draw(st.integers(-x.ndim, x.ndim - 1))

    def rest(shape):
        return tuple(n for i, n in enumerate(shape) if i != axis % x.ndim)

    fitting = [i for i, y in enumerate(values) if np.ndim(y) == x.ndim and rest(y.shape) == rest(x.shape)]
    numbers = (k, *draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2)))
    return f"concatenate axis={axis}", lambda *xs: np.concatenate(xs, axis=axis), numbers


def stack(draw, values, k, x):
    fitting = [i for i, y in enumerate(values) if np.shape(y) == x.shape]
    numbers = (k, *draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2)))
    axis = draw(st.integers(-x.ndim - 1, x.ndim))
    return f"stack axis={axis}", lambda *xs: np.stack(xs, axis=axis), numbers


def pad(draw, values, k, x):
    if x.ndim == 0:
        return None
    width = tuple(draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in x.shape)
    mode = draw(st.sampled_from(["constant", "constant", "edge"]))
    if (mode == "edge" and x.size == 0) or (x.dtype == bool and not np.any(width)):
        return None
    return f"pad {width} {mode}", lambda x: np.pad(x, width, mode), (k,)


def update(draw, values, k, x):
    """A copy that is changed in place, perhaps more than once."""
    if x.ndim == 0:
        return None
    is_basic = draw(st.booleans()) or 0 in x.shape
    index = draw(
        hnp.basic_indices(x.shape, allow_ellipsis=True)
        if is_basic
        else hnp.integer_array_indices(x.shape, result_shape=st.just((2,)))
    )
    shape = x[index].shape
    fitting = [i for i, y in enumerate(values) if _fits(y.shape, shape) and np.can_cast(y.dtype, x.dtype, "same_kind")]
    adds = draw(st.booleans())

    def updated(x, *new):
        y = x | False if x.dtype == bool else x.copy()
        new = new[0] if new else 2
        if adds and y.dtype != bool:
            y[index] += new
        else:
            y[index] = new
        return y

    numbers = (k, draw(st.sampled_from(fitting))) if fitting and draw(st.booleans()) else (k,)
    return f"{'add at' if adds else 'set at'} {index}", updated, numbers


def _fits(shape, target):
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def matmul(draw, values, k, x):
    if x.ndim not in (1, 2):
        return None
    inner = x.shape[-1]
    fitting = [i for i, y in enumerate(values) if np.ndim(y) in (1, 2) and y.shape[0] == inner and y.dtype != bool]
    if not fitting or x.dtype == bool:
        return None
    i = draw(st.sampled_from(fitting))
    return "matmul", lambda x, y: bounded(x) @ bounded(y), (k, i)


def einsum(draw, values, k, x):
    if x.ndim != 2 or x.dtype == bool:
        return None
    subscripts = draw(st.sampled_from(["ij->ji", "ij->j", "ij->", "ij,ij->i", "ij,ij->ij", "ij,ik->jk", "ji,ki->jk"]))
    operands = subscripts.split("->")[0].count(",") + 1
    return f"einsum {subscripts}", lambda *xs: np.einsum(subscripts, *xs), (k,) * operands


STEPS = {
    f.__name__: f
    for f in (
        unary, binary, reduction, reshape, transpose, getitem, gather, flip, broadcast_to, concatenate, stack, pad,
        update, matmul, einsum,
    )
}  # fmt: skip
STEPS |= {f"{name} again": STEPS[name] for name in ("unary", "binary", "reduction", "getitem", "update")}


def check_program(program):
    with np.errstate(all="ignore"):
        lst = wg.trace(program)(*program.inputs)
        at = [np.asarray(x)[()] for x in program.inputs]
        assert_native_agrees(lst, at)
        backwards = adjoint_of(lst)
    if backwards is not None:
        assert_native_agrees(backwards, seeds_for(backwards, at))


@settings(max_examples=250)
@given(programs())
def test_values_and_gradients_agree(program):
    check_program(program)


@pytest.mark.slow
@settings(max_examples=5000)
@given(programs(most=16))
def test_values_and_gradients_of_many_lists_agree(program):
    check_program(program)
