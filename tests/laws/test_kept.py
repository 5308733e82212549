"""What a record keeps: the rules work with it alone, and it is not more than they need.

Which values a rule reads is found from its code. Here each rule is evaluated with everything that is not kept
replaced by an object that knows a shape and a dtype and raises on any other use.
"""

import functools
import itertools

import numpy as np
import pytest

import wengert as wg
from laws.examples import DIFFERENTIABLE, PRIMITIVES
from wengert.facts import Kind, Parts, tangent, transpose
from wengert.primitive import Primitive


class NotKept:
    """Stands for a value that the record has let go."""

    def __init__(self, x):
        self.shape, self.dtype, self.ndim, self.size = (
            np.shape(x),
            np.asarray(x).dtype,
            np.ndim(x),
            np.size(x),
        )

    def __getattribute__(self, name):
        if name in ("shape", "dtype", "ndim", "size"):
            return object.__getattribute__(self, name)
        raise AssertionError(f"a value that is not kept was asked for {name}")

    def refuse(self, *_, **__):
        raise AssertionError("a value that is not kept was used")

    __array__ = __array_ufunc__ = __getitem__ = __len__ = __iter__ = __bool__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = refuse
    __pow__ = __rpow__ = __neg__ = __abs__ = __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = refuse
    __ge__ = __eq__ = __ne__ = __float__ = __int__ = refuse
    __hash__ = None


def active_sets(example):
    """Every non-empty choice of operands that carry a derivative."""
    able = [i for i in example.free if example.prim.is_active(i)]
    for count in range(1, len(able) + 1):
        for chosen in itertools.combinations(able, count):
            yield tuple(i in chosen for i in range(len(example.operands)))


def result_and_cotangent(example):
    """What the adjoint rules of the example are given; one cotangent alone for a primitive with several results."""
    one = example.plain(*example.arguments)
    ct = np.ones_like(one) * 0.7
    if example.prim.outputs == 1:
        return one, ct
    ys = example.prim.compute(*example.operands, **example.params)
    return ys, Parts.only(ct, example.output, len(ys))


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
@pytest.mark.parametrize("careful", [False, True])
def test_every_rule_works_with_what_is_kept(example, careful):
    prim, xs = example.prim, example.operands
    y, ct = result_and_cotangent(example)
    for active in active_sets(example):
        adjoint = prim.adjoint[active]
        keeps_y, *keeps_x = adjoint.keeps
        rule = adjoint.careful if careful else adjoint.plain
        kept = [x if keep else NotKept(x) for x, keep in zip(xs, keeps_x, strict=True)]
        found = rule(ct, (y if keeps_y else None, *kept), example.params)
        expected = rule(ct, (y, *xs), example.params)
        assert len(found) == sum(active)
        for term, wanted in zip(found, expected, strict=True):
            np.testing.assert_array_equal(term, wanted)


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
def test_a_sweep_works_with_what_is_kept(example):
    """The same with the nodes of a real graph, whose saved values are what `backward` has."""
    arguments = [wg.tensor(x, requires_grad=True) for x in example.arguments]
    y = example.of_values(*arguments)
    y.backward(np.ones(y.shape))
    _, pullback = wg.vjp(example.of_values, *example.arguments)
    for x, expected in zip(arguments, pullback(np.ones(y.shape)), strict=True):
        if x.grad is not None:
            np.testing.assert_array_equal(x.grad.numpy(), expected)
        else:
            assert not np.any(expected)


# y, x₁, x₂, …
MINIMAL = {
    "add": (False, False, False),
    "subtract": (False, False, False),
    "negative": (False, False),
    "multiply": (False, True, True),
    "exp": (True, False),
    "expm1": (False, True),
    "tanh": (False, True),
    "tan": (False, True),
    "sqrt": (True, False),
    "reciprocal": (True, False),
    "sin": (False, True),
    "log": (False, True),
    "divide": (True, False, True),
    "real": (False, False),
    "conjugate": (False, False),
    "sum": (False, False),
    "max": (True, True),
    "matmul": (False, True, True),
    "cumsum": (False, False),
    "getitem": (False, False),
    "reshape": (False, False),
    "transpose": (False, False),
    "broadcast_to": (False, False),
    "concatenate": (False, False, False),
    "flip": (False, False),
    "where": (False, True, False, False),
}


@pytest.mark.parametrize(("name", "expected"), MINIMAL.items(), ids=str)
def test_no_more_is_kept_than_a_rule_reads(name, expected):
    prim = PRIMITIVES[name]
    active = tuple(prim.is_active(i) for i in range(len(expected) - 1))
    assert prim.adjoint[active].keeps == expected


@pytest.mark.parametrize(
    ("name", "active", "expected"),
    [
        ("multiply", (True, False), (False, False, True)),
        ("multiply", (False, True), (False, True, False)),
        ("matmul", (True, False), (False, False, True)),
        ("matmul", (False, True), (False, True, False)),
        ("divide", (True, False), (False, False, True)),
        ("power", (True, False), (False, True, True)),
    ],
)
def test_what_is_kept_depends_on_which_operand_carries_a_derivative(name, active, expected):
    assert PRIMITIVES[name].adjoint[active].keeps == expected


# Rules written in other ways than as one expression.


def reads_in_an_inner_function(y, x):
    def inner():
        return x

    return 2 * inner()


def reads_in_a_comprehension(y, x):
    return sum(x for _ in range(2))


def reads_after_an_assignment(y, x):
    factor = 2.0
    return x * factor


def reads_right_after_an_assignment(y, x):
    return (factor := 2.0, x.astype(float) * factor)[1]


def reads_two_at_once(y, x):
    doubled = y + y
    return x * doubled / y


def reads_in_a_branch(y, x):
    if y is None:
        return 0.0
    return 2 * x


def assigns_to_its_parameter(y, x):
    x = 2 * x
    return x + 0


def reads_by_star(y, *xs):
    return 2 * xs[0]


class Callable:
    def __call__(self, _, x):
        return 2 * x


def with_factor(factor, y, x):
    return factor * x


@pytest.mark.parametrize(
    "rule",
    [
        reads_in_an_inner_function,
        reads_in_a_comprehension,
        reads_after_an_assignment,
        reads_right_after_an_assignment,
        reads_two_at_once,
        reads_in_a_branch,
        assigns_to_its_parameter,
        reads_by_star,
        Callable(),
        functools.partial(with_factor, 2.0),
    ],
)
def test_what_a_rule_reads_is_found_however_it_is_written(rule):
    square = Primitive("a_square", lambda x: x * x, Kind.ELEMENTWISE, [rule])
    assert square.adjoint[(True,)].keeps[1]
    x = wg.tensor([3.0, -1.0], requires_grad=True)
    square(x).backward(np.ones(2))
    np.testing.assert_allclose(x.grad.numpy(), [6.0, -2.0])


def test_the_values_of_other_operands_are_kept_for_a_linear_rule():
    prim = Primitive(
        "a_product",
        lambda a, b: a * b,
        Kind.GUFUNC,
        [transpose(lambda ct, a, b: ct * b), transpose(lambda ct, a, b: ct * a)],
    )
    assert prim.adjoint[(True, True)].keeps == (False, True, True)
    assert prim.adjoint[(True, False)].keeps == (False, False, True)


def test_the_adjoint_and_not_the_tangent_says_what_is_kept():
    rules = tangent(lambda t, y, x: t * x, lambda ct, y, x: ct * y)
    assert Primitive("a_tangent", np.exp, Kind.ELEMENTWISE, [rules]).adjoint[(True,)].keeps == (True, False)
