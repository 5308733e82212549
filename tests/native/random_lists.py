"""Random lists: shapes, dtypes, indices, operations and control flow drawn together, and what must hold for each."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import wengert as wg
from native.agreement import adjoint_of, assert_native_agrees, seeds_for

__all__ = ["Random", "check_program", "programs"]

# --- programs --------------------------------------------------------------------------------------------------
# A program is drawn while it is computed, so that each step fits the shapes and dtypes of what there is. A step is a
# function and the numbers of the values that it takes. Values stay small, and functions have no jumps near them that
# a difference in rounding could cross. The bodies of loops and branches are programs of the same kind, drawn while
# their first round is computed.

DTYPES = ["float64", "float64", "float32", "int64", "int32", "bool"]
MOST = 60  # elements
# Where a number becomes an integer or is compared, rounding must not decide: sums of ratios of small integers are not
# at such numbers as this one and the limits below.
ASIDE = 0.0397887


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
    program.steps = draw_steps(draw, values, draw(st.integers(3, most)), depth=0)
    last = len(values) - 1
    program.outputs = (*draw(st.lists(st.integers(0, last), max_size=2)), last)
    return program


def draw_steps(draw, values, count, depth):
    """Steps on values that there are, to which the new ones are added; less where what is drawn does not fit."""
    found = []
    for _ in range(count):
        k = len(values) - 1 - draw(st.integers(0, min(3, len(values) - 1)))
        kind = draw(st.sampled_from(KINDS[: len(KINDS) if depth < DEEPEST else -len(CONTROL)]))
        step = CONTROL[kind](draw, values, k, depth) if kind in CONTROL else STEPS[kind](draw, values, k, values[k])
        if step is None:
            continue
        _, function, numbers = step
        with np.errstate(all="ignore"):
            y = function(*(values[k] for k in numbers))
        if np.size(y) > MOST or np.ndim(y) > 5:
            continue
        values.append(np.asarray(y)[()])
        found.append(step)
    return found


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
        if isinstance(y, np.ndarray) and not isinstance(new, (np.ndarray, np.generic, int)):
            # What does not depend on an input is an array of NumPy's, which holds plain numbers.
            return wg.index_add(y, index, new) if adds and y.dtype != bool else wg.index_update(y, index, new)
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


def cumulated(draw, values, k, x):
    if x.ndim == 0 or x.dtype == bool:
        return None
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return f"cumsum axis={axis}", lambda x: np.cumsum(bounded(x), axis=axis), (k,)


def ordered(draw, values, k, x):
    """What is not machine code, and comes between two pieces of it."""
    if x.ndim == 0 or x.dtype == bool:
        return None
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return f"sort axis={axis}", lambda x: np.sort(x, axis=axis), (k,)


def computed_index(draw, values, k, x):
    """An element or a row that another value says; always in range."""
    if x.ndim == 0 or 0 in x.shape:
        return None
    fitting = [i for i, y in enumerate(values) if y.size and y.ndim < 3 and y.dtype.kind in "if"]
    if not fitting:
        return None
    i, n, start = draw(st.sampled_from(fitting)), x.shape[0], draw(st.sampled_from([0, -x.shape[0]]))
    how = draw(st.sampled_from(["gather", "update", "add"]))

    def indexed(x, y):
        index = np.clip(3 * y, -9, 9).astype(np.int64) % n + start
        if how == "gather":
            return wg.gather(x, index)
        if how == "update" or x.dtype == bool:
            return wg.index_update(x, (index, ...), x[:1] if index.ndim else x[0])
        return wg.index_add(x, (index, ...), 2)

    return f"{how} at computed, from {start}", indexed, (k, i)


STEPS = {
    f.__name__: f
    for f in (
        unary, binary, reduction, reshape, transpose, getitem, gather, flip, broadcast_to, concatenate, stack, pad,
        update, matmul, einsum, cumulated, ordered, computed_index,
    )
}  # fmt: skip
STEPS |= {f"{name} again": STEPS[name] for name in ("unary", "binary", "reduction", "getitem", "update")}


# --- control flow ------------------------------------------------------------------------------------------------
# A body takes all values that there are at its place (as constants, where they are not carried) and its own.

DEEPEST = 2  # loops and branches in loops and branches
LONGEST = 4  # steps of a body


@dataclass
class Inner:
    """The body of a loop or branch: steps on all values of the place, then on its own."""

    steps: list[Any]

    def __call__(self, values, *own):
        values = [*values, *map(as_numpy, own)]
        for _, function, numbers in self.steps:
            values.append(as_numpy(function(*(values[k] for k in numbers))))
        return values[-1]


def as_numpy(x):
    """What NumPy counts, and the numbers of rounds, are Python's where they are known."""
    return np.asarray(x)[()] if isinstance(x, (int, float)) else x


def inner(draw, values, own, depth):
    """A body and its text, with further values of its own as in the first round."""
    known = [*values, *own]
    body = Inner(draw_steps(draw, known, draw(st.integers(1, LONGEST)), depth + 1))
    texts = (f"{text} of {', '.join(f'v{i}' for i in numbers)}" for text, _, numbers in body.steps)
    numbered = (f"v{len(values) + len(own) + k} = {text}" for k, text in enumerate(texts))
    return body, f"{{{f'v{len(values)}… are own; ' if own else ''}{'; '.join(numbered)}}}"


def like(y, x):
    """Any value as one of the shape and dtype of `x`, and no larger than 1."""
    y = bounded(1.0 * y)
    if not _fits(y.shape, x.shape):
        y = np.sum(y)
    y = np.broadcast_to(y, x.shape)
    return y > 0.1234567 if x.dtype == bool else (3 * y + ASIDE if x.dtype.kind == "i" else y).astype(x.dtype)


def blended(y, x):
    """The next value of a carry: bounded, of the same type."""
    new = like(y, x)
    return x ^ new if x.dtype == bool else (x % 5 + new if x.dtype.kind == "i" else x * x.dtype.type(0.5) + new)


def choice(draw, values, k, depth):
    one, text_of_one = inner(draw, values, (), depth)
    other, text_of_other = inner(draw, values, (), depth)
    i, limit = draw(st.sampled_from(range(len(values)))), draw(st.sampled_from([-0.6234567, 0.1234567, 0.7234567]))

    def chosen(*values):
        test = np.sum(bounded(1.0 * values[i])) > limit
        if draw_operands:
            return wg.cond(test, lambda x: like(one(values), x), lambda x: like(other(values), x) * x, values[k])
        return wg.cond(test, lambda: like(one(values), values[k]), lambda: like(other(values), values[k]))

    draw_operands = draw(st.booleans())
    return f"cond on v{i} > {limit}, as v{k}: {text_of_one} else {text_of_other}", chosen, tuple(range(len(values)))


def counted(draw, values, k, depth):
    start, rounds = draw(st.integers(-1, 2)), draw(st.sampled_from([0, 1, 2, 3, 5]))
    second = draw(st.sampled_from(range(len(values))))
    body, text = inner(draw, values, (np.int64(start), values[k], values[second]), depth)

    def repeated(*values):
        def step(i, carry):
            y = body(values, i, *carry)
            return blended(y, carry[0]), blended(carry[0], carry[1])

        pair = wg.fori_loop(start, start + rounds, step, (values[k], values[second]))
        return pair[0] if pair[0].ndim != pair[1].ndim or pair[0].shape != pair[1].shape else pair[0] + pair[1]

    numbers = tuple(range(len(values)))
    return f"fori_loop {start}:{start + rounds} on v{k}, v{second}: {text}", repeated, numbers


def scanned(draw, values, k, depth):
    fitting = [i for i, y in enumerate(values) if y.ndim]
    if not fitting:
        return None
    rows, reverse = draw(st.sampled_from(fitting)), draw(st.booleans())
    row = values[rows][0] if len(values[rows]) else np.zeros(values[rows].shape[1:], values[rows].dtype)[()]
    body, text = inner(draw, values, (values[k], row), depth)
    stacked = draw(st.booleans())

    def swept(*values):
        def step(carry, row):
            y = body(values, carry, row)
            return blended(y, carry), like(y, row) if stacked else carry

        carry, ys = wg.scan(step, values[k], values[rows], reverse=reverse)
        return ys if stacked else like(carry, carry) + np.sum(1 * ys)

    what = "the rows" if stacked else "the carry"
    return f"scan on v{k} over v{rows} reverse={reverse}, {what}: {text}", swept, tuple(range(len(values)))


def as_long_as(draw, values, k, depth):
    most, limit = draw(st.integers(0, 4)), draw(st.sampled_from([-0.6234567, 0.3234567, 2.1234567]))
    body, text = inner(draw, values, (np.int64(0), values[k]), depth)

    def repeated(*values):
        def goes_on(carry):
            return (carry[0] < most) & (np.sum(bounded(1.0 * carry[1])) < limit)

        def step(carry):
            return carry[0] + 1, blended(body(values, *carry), carry[1])

        return wg.while_loop(goes_on, step, (0, values[k]))[1]

    return f"while_loop on v{k}, {most} rounds, < {limit}: {text}", repeated, tuple(range(len(values)))


CONTROL = {f.__name__: f for f in (choice, counted, scanned, as_long_as)}
KINDS = [*sorted(STEPS), *CONTROL]


# --- what must hold ----------------------------------------------------------------------------------------------


def check_program(program):
    with np.errstate(all="ignore"):
        lst = wg.trace(program)(*program.inputs)
        at = [np.asarray(x)[()] for x in program.inputs]
        assert_native_agrees(lst, at)
        backwards = adjoint_of(lst)
    if backwards is not None:
        assert_native_agrees(backwards, seeds_for(backwards, at))
