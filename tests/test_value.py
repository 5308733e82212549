"""What all values have in common: ways out of the record, protocols, methods, levels."""
# ruff: noqa: PLW0108  # each call stands in a lambda of its own, whose line the error has to name

from __future__ import annotations

import cmath
import math
import operator

import numpy as np
import pytest

import wengert as wg
from wengert.levels import new_level
from wengert.registry import Table, functions, table
from wengert.value import Value, bind, has_nan

# How a value of each kind reaches a user's function.
KINDS = {
    "tensor": lambda f, x: f(wg.tensor(x, requires_grad=True)),
    "grad": lambda f, x: wg.vjp(f, x),
    "jvp": lambda f, x: wg.jvp(f, (x,), (np.ones_like(x),)),
    "tape": lambda f, x: wg.tape(f, x),
    "trace": lambda f, x: wg.trace(f)(x),
}
CONCRETE = {name: run for name, run in KINDS.items() if name != "trace"}
INSIDE = {name: run for name, run in KINDS.items() if name != "tensor"}


def of_value(kind, f, x):
    """What `f` gives for a value of `kind`."""
    found = []
    KINDS[kind](lambda value: [found.append(f(value)), value][1], x)
    return found[0]


def assert_says_where(error, source):
    """The error names this file and the line of the call, whose source it quotes, and gives reason and remedy."""
    assert error.where.file == __file__
    assert source in error.where.text
    assert f"at {__file__}:{error.where.line}: {error.where.text}" in str(error)
    assert error.why in str(error)
    assert error.remedy in str(error)
    assert error.why
    assert error.remedy


# --- ways out --------------------------------------------------------------------------------------------------


def assign(array, index, value):
    array[index] = value


def add_in_place(array, value):
    array += value


NUMBERS = {
    "float(t)": (lambda t: float(t), "float()"),
    "int(t)": (lambda t: int(t), "int()"),
    "complex(t)": (lambda t: complex(t), "complex()"),
    "math.sin(t)": (lambda t: math.sin(t), "math"),
    "math.floor(t)": (lambda t: math.floor(t), "math"),
    "math.hypot(t, 1)": (lambda t: math.hypot(t, 1), "math"),
    "np.vectorize(math.sin)(t)": (lambda t: np.vectorize(math.sin)(t), "math"),
    "math.sin(np.asarray(t))": (lambda t: math.sin(np.asarray(t)), "math"),
    "cmath.exp(t)": (lambda t: cmath.exp(t), "complex()"),
    '"%.3f" % t': (lambda t: "%.3f" % t, "float()"),  # noqa: UP031  # it is the old formatting that is tested
}
ARRAYS = {
    "np.asarray(t)": (lambda t: np.asarray(t * np.ones(2)), "np.asarray()"),
    "np.array(t)": (lambda t: np.array(t * np.ones(2)), "np.array()"),
    "np.array([t, u])": (lambda t: np.array([t * np.ones(2), np.ones(2)]), "np.array()"),
    "np.array([t], float)": (lambda t: np.array([t], float), "np.array()"),
    "np.float64(t)": (lambda t: np.float64(t), "np.array()"),
    "np.random": (lambda t: np.random.default_rng(0).normal(t), "np.asarray()"),
}
ASSIGNMENTS = {
    "a[:] = t": (lambda t: assign(np.zeros(3), slice(None), t), "assignment"),
    "a[0] = t": (lambda t: assign(np.zeros(3), 0, t), "assignment"),
    "a[0, 1] = t": (lambda t: assign(np.zeros((2, 2)), (0, 1), t), "assignment"),
    "a.fill(t)": (lambda t: np.zeros(3).fill(t), "assignment"),
    "a[[0]] = t": (lambda t: assign(np.zeros(3), [0], t), "assignment"),
    "np.array([t, 1]).astype": (lambda t: np.array([t, 1.0]).astype(float), "float()"),
    "a[mask] = t": (lambda t: assign(np.zeros(3), np.array([True, False, True]), t), "assignment"),
    "a += t": (lambda t: add_in_place(np.zeros(3), t), "np.add would write"),
    "np.add(out=a)": (lambda t: np.add(t, 1.0, out=np.zeros(())), "np.add would write"),
    "np.sin(out=a)": (lambda t: np.sin(t, out=np.zeros(())), "np.sin would write"),
    "np.matmul(out=a)": (lambda t: np.matmul(t * np.ones(2), np.ones(2), out=np.zeros(())), "np.matmul would write"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("leave", "what"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_not_taken_out(kind, leave, what):
    with pytest.raises(wg.LostDerivativeError) as caught:
        KINDS[kind](leave, 1.5)
    assert what in caught.value.what
    assert "carries a derivative" in caught.value.what
    assert_says_where(caught.value, "lambda t:")
    assert "np.sin for math.sin" in caught.value.remedy
    assert "detach()" in caught.value.remedy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("leave", "what"), ARRAYS.values(), ids=ARRAYS)
def test_an_array_is_not_taken_out(kind, leave, what):
    with pytest.raises(wg.LostDerivativeError) as caught:
        KINDS[kind](leave, 1.5)
    assert what in caught.value.what
    assert_says_where(caught.value, "lambda t:")
    assert "np.stack" in caught.value.remedy


@pytest.mark.parametrize("kind", INSIDE)
@pytest.mark.parametrize(("leave", "what"), ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_a_value_is_not_written_into_an_array_inside_a_transform(kind, leave, what):
    with pytest.raises(wg.LostDerivativeError) as caught:
        KINDS[kind](leave, 1.5)
    assert what in caught.value.what
    assert_says_where(caught.value, "")
    assert "np.zeros_like(x)" in caught.value.remedy or "a = a + x" in caught.value.remedy


@pytest.mark.parametrize(("leave", "what"), ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_a_tensor_is_not_written_into_an_array(leave, what):
    with pytest.raises((wg.LostDerivativeError, ValueError)) as caught:
        leave(wg.tensor(1.5, requires_grad=True))
    error = caught.value if isinstance(caught.value, wg.LostDerivativeError) else caught.value.__cause__
    assert isinstance(error, wg.LostDerivativeError)
    assert what in error.what
    assert_says_where(error, "")


def test_what_numpy_says_outside_a_transform_has_our_error_as_its_cause():
    t = wg.tensor(1.5, requires_grad=True)
    with pytest.raises(ValueError, match="setting an array element with a sequence") as caught:
        np.zeros(3)[0] = t
    assert isinstance(caught.value.__cause__, wg.LostDerivativeError)
    assert_says_where(caught.value.__cause__, "np.zeros(3)[0] = t")


@pytest.mark.parametrize("kind", INSIDE)
@pytest.mark.parametrize("leave", [lambda t: t.item(), lambda t: t.tolist()], ids=["item", "tolist"])
def test_inside_a_transform_item_and_tolist_are_refused(kind, leave):
    with pytest.raises(wg.LostDerivativeError, match=r"(item|tolist)\(\) was called on a") as caught:
        KINDS[kind](leave, 1.5)
    assert_says_where(caught.value, "t.item()")


@pytest.mark.parametrize("kind", ["tensor", "grad", "jvp", "tape"])
def test_a_value_that_was_detached_may_leave(kind):
    leave = lambda t: [float(t.detach()), math.sin(t.detach()), np.asarray(t.detach()).tolist(), t.detach().item()]
    assert of_value(kind, leave, 1.5) == [1.5, math.sin(1.5), 1.5, 1.5]


@pytest.mark.parametrize("kind", CONCRETE)
def test_what_has_no_derivative_may_leave(kind):
    def leave(t):
        count = np.floor(t).astype(int)
        return [int(count), list(range(count)), [10, 11, 12][count], float(count), np.asarray(count).dtype.kind]

    assert of_value(kind, leave, 1.5) == [1, [0], 11, 1.0, "i"]


def test_a_tensor_without_derivative_is_as_good_as_an_array():
    t = wg.tensor([1.5, 2.5])
    np.testing.assert_array_equal(np.asarray(t), [1.5, 2.5])
    assert np.asarray(t, np.float32).dtype == np.float32
    array = np.zeros(2)
    array[:] = t
    assert array.tolist() == t.tolist() == [1.5, 2.5]
    assert (float(t[0]), int(t[0]), complex(t[0]), math.floor(t[1]), t[0].item()) == (1.5, 1, 1.5, 2, 1.5)
    assert np.array([t[0], t[1]]).tolist() == [1.5, 2.5]


def test_a_copy_is_made_where_numpy_asks_for_one():
    t = wg.tensor([1.5, 2.5])
    copied = np.array(t)
    copied[:] = 0
    assert t.tolist() == [1.5, 2.5]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_no_index(kind):
    with pytest.raises(TypeError, match="only integer scalar arrays can be converted to a scalar index"):
        KINDS[kind](lambda t: [1, 2, 3][t], 1.5)
    with pytest.raises(TypeError, match="only integer scalar arrays can be converted to a scalar index"):
        KINDS[kind](lambda t: range(t), 1.5)


# --- decisions and text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CONCRETE)
def test_python_decides_on_values(kind):
    def decide(t):
        return [bool(t), bool(t > 2), t == 1.5, t if t < 2 else -t, max(t, t + 1) > 2, sorted([t * 2, t])[1] == 2 * t]

    assert [bool(x) for x in of_value(kind, decide, 1.5)] == [True, False, True, True, True, True]


@pytest.mark.parametrize("kind", CONCRETE)
def test_the_truth_of_an_array_is_ambiguous(kind):
    with pytest.raises(ValueError, match="ambiguous"):
        KINDS[kind](lambda t: bool(t), np.ones(2))


DECISIONS = {
    "if": lambda t: 1.0 if t > 0 else t,
    "bool": lambda t: bool(t),
    "and": lambda t: t and 1.0,
    "max": lambda t: max(t, 2.0),
    "sorted": lambda t: sorted([t, t + 1]),
    "int of an integer": lambda t: int(np.floor(t).astype(int)),
    "range": lambda t: range(np.floor(t).astype(int)),
    "asarray of an integer": lambda t: np.asarray(t > 0),
    "allclose": lambda t: np.allclose(t, 1.0),
    "format": lambda t: f"{t:.3f}",
}


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
def test_python_cannot_decide_on_a_value_that_is_only_traced(decide):
    with pytest.raises(
        wg.TraceError, match=r"Python asked for the value of \w+: (f64|bool|i64)\[\] while tracing"
    ) as caught:
        wg.trace(decide)(1.5)
    assert_says_where(caught.value, "lambda t:")
    assert "np.where instead of if" in caught.value.remedy


@pytest.mark.parametrize("kind", CONCRETE)
def test_values_show_themselves_in_text(kind):
    texts = of_value(kind, lambda t: [f"{t:.2f}", f"{t}", str(t), repr(t)], 1.5)
    assert texts[0] == "1.50"
    assert all("1.5" in text for text in texts)


def test_a_traced_value_shows_its_type():
    assert "f64[2]" in of_value("trace", repr, np.ones(2))


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_hashed_by_identity(kind):
    assert of_value(kind, lambda t: {t: "found"}[t], 1.5) == "found"


# --- protocols -------------------------------------------------------------------------------------------------

NO_RULE = {
    "np.emath.sqrt": lambda t: np.emath.sqrt(t),
    "np.emath.logn": lambda t: np.emath.logn(2, t),
    "np.emath.power": lambda t: np.emath.power(t, 2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "call"), NO_RULE.items(), ids=NO_RULE)
def test_a_function_without_rule_is_named(kind, name, call):
    with pytest.raises(wg.NoRuleError) as caught:
        KINDS[kind](call, np.eye(2))
    assert caught.value.what == f"{name} has no derivative rule."
    assert caught.value.where.file == __file__
    assert f"{name}(" in caught.value.where.text
    assert "complex depends on the values" in caught.value.why
    assert "astype(complex)" in caught.value.remedy


def test_a_ufunc_of_another_library_is_named():
    gamma = np.frompyfunc(math.gamma, 1, 1)
    for run in KINDS.values():
        with pytest.raises(wg.NoRuleError, match=r"the ufunc gamma \(vectorized\) has no derivative rule") as caught:
            run(lambda t: gamma(t), 1.5)
        assert caught.value.where.file == __file__
        assert "wengert.elementwise" in caught.value.remedy


def test_out_may_not_be_a_value_either():
    t = wg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(wg.WengertError, match="out=") as caught:
        np.add(np.ones(2), np.ones(2), out=t)
    assert caught.value.where.file == __file__


def test_an_attribute_that_no_array_has_is_an_error():
    for run in KINDS.values():
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            run(lambda t: t.nonsense, 1.5)


# --- in-place operators ----------------------------------------------------------------------------------------

IN_PLACE = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "**=": operator.ipow,
}


def result_of(kind, f, x):
    """The result of `f` as an array, computed on a value of `kind`."""
    if kind == "tensor":
        return f(wg.tensor(x, requires_grad=True)).detach().numpy()
    if kind == "trace":
        return wg.trace(f)(x)(x)
    return wg.tape(f, x).outputs[0] if kind == "tape" else KINDS[kind](f, x)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operate", IN_PLACE.values(), ids=IN_PLACE)
def test_every_name_of_an_array_sees_what_is_done_in_place(kind, operate):
    def f(x):
        y = x * 2
        z = y
        z = operate(z, 3.0)
        return y * z

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(result_of(kind, f, x), f(x), rtol=1e-15)
    np.testing.assert_allclose(wg.jacobian(f, mode="forward")(x), wg.jacobian(f, mode="reverse")(x), rtol=1e-15)


@pytest.mark.parametrize("kind", INSIDE)
def test_a_number_is_immutable_as_in_numpy(kind):
    def f(x):
        y = x * 2
        z = y
        z += 3.0
        return y * z

    assert result_of(kind, f, np.float64(1.5)) == 3.0 * 6.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_before_and_after_a_change_in_place(kind):
    def f(x):
        y = x * x
        before = np.sin(y)
        y *= 3.0
        return before + y

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(result_of(kind, f, x), np.sin(x * x) + 3 * x * x, rtol=1e-15)
    np.testing.assert_allclose(np.diag(wg.jacobian(f)(x)), 2 * x * np.cos(x * x) + 6 * x, rtol=1e-14)


@pytest.mark.parametrize("part", [np.real, lambda x: x.real], ids=["np.real", ".real"])
def test_the_real_part_of_a_real_array_is_the_array(part):
    def f(x):
        y = x * 2.0
        r = part(y)
        r += 1.0
        return np.sum(y * r)

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(wg.grad(f)(x), 4 * (2 * x + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_an_in_place_result_must_fit(kind):
    def f(x):
        y = x * 2
        y += np.ones((3, 2))
        return y

    with pytest.raises(ValueError, match=r"non-broadcastable output operand with shape \(2,\) doesn't match \(3, 2\)"):
        KINDS[kind](f, np.ones(2))


# --- in-place across levels: the older value has to follow the newer one, or the line is refused ----------------


def accumulated(start):
    """x², accumulated in place in what `start` makes."""

    def f(x):
        total = start()
        total += x * x
        return total * 1.0

    return f


STARTS = {
    "a tensor": lambda: wg.tensor(0.0),
    "a tensor that requires grad": lambda: wg.tensor(1.0, requires_grad=True) * 0.0,
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("kind", ["grad", "jvp"])
def test_an_older_number_takes_up_a_newer_one(start, kind):
    f = accumulated(start)
    derivative = wg.grad(f)(3.0) if kind == "grad" else wg.jvp(f, (3.0,), (1.0,))[1]
    assert float(np.asarray(getattr(derivative, "detach", lambda: derivative)())) == 6.0


@pytest.mark.parametrize("inner", ["reverse", "forward"])
@pytest.mark.parametrize("outer", ["reverse", "forward"])
def test_an_older_array_does_not_take_up_a_newer_one(inner, outer):

    def of_x(x):
        total = x * np.ones(2)

        def of_y(y):
            t = total + 0.0
            t += y
            return np.sum(t * y)

        y = np.array([1.0, 2.0])
        return np.sum(wg.jacobian(of_y, mode=inner)(y))

    with pytest.raises(wg.LostDerivativeError, match=r"of an array of an outer transform.*x = x \+"):
        wg.jacobian(of_x, mode=outer)(2.0)


def test_a_tensor_does_not_become_a_value_of_a_transform():
    total = wg.tensor([0.0, 0.0])

    def f(x):
        nonlocal total
        total += x
        return np.sum(total * total)

    with pytest.raises(wg.LostDerivativeError, match="of an array of an outer transform") as caught:
        wg.grad(f)(np.ones(2))
    assert_says_where(caught.value, "total += x")
    assert total.tolist() == [0.0, 0.0]


# --- attributes and methods ------------------------------------------------------------------------------------

ATTRIBUTES = {
    "shape": lambda x: x.shape,
    "dtype": lambda x: x.dtype,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
    "len": len,
}
METHODS = {
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "astype": lambda x: x.astype(np.float32),
    "reshape": lambda x: x.reshape(3, 2),
    "transpose": lambda x: x.transpose(1, 0),
    "sum": lambda x: x.sum(axis=0, keepdims=True),
    "mean": lambda x: x.mean(axis=1),
    "prod": lambda x: x.prod(axis=0),
    "max": lambda x: x.max(),
    "min": lambda x: x.min(axis=0),
    "var": lambda x: x.var(ddof=1),
    "std": lambda x: x.std(axis=0),
    "all": lambda x: x.all(axis=0),
    "any": lambda x: x.any(),
    "argmax": lambda x: x.argmax(axis=0),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(axis=1),
    "cumsum": lambda x: x.cumsum(axis=1),
    "clip": lambda x: x.clip(0.0, 1.0),
    "round": lambda x: x.round(1),
    "dot": lambda x: x.dot(np.ones(3)),
    "copy": lambda x: x.copy(),
    "ravel": lambda x: x.ravel("F"),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x[:1].squeeze(0),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "conj": lambda x: x.conj(),
    "conjugate": lambda x: x.conjugate(),
    "take": lambda x: x.take([0, 0, 3]),
    "trace": lambda x: x.trace(),
    "diagonal": lambda x: x.diagonal(),
}
MATRIX = np.array([[0.5, -1.26, 2.0], [1.5, 0.25, -0.75]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("read", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_are_numpys(kind, read):
    assert of_value(kind, read, MATRIX) == read(MATRIX)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_methods_are_numpys(kind, method):
    found, expected = result_of(kind, method, MATRIX), method(MATRIX)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_has_no_length_and_no_elements(kind):
    with pytest.raises(TypeError, match="len\\(\\) of unsized object"):
        KINDS[kind](len, 1.5)
    with pytest.raises(TypeError, match="iteration over a 0-d array"):
        KINDS[kind](list, 1.5)


# --- the registry and dispatch ---------------------------------------------------------------------------------


def test_an_unknown_primitive_is_named():
    with pytest.raises(
        wg.NoRuleError, match=r"no primitive is called nonsense\. wengert\.registry\.table\.primitives lists"
    ):
        table.nonsense  # noqa: B018  # the attribute is what fails


def test_a_name_is_declared_once():
    fresh = Table()
    fresh.add_primitive(table.add)
    assert fresh.add is table.add
    with pytest.raises(wg.DeclarationError, match=r"a primitive called add is declared twice\. Give the second one"):
        fresh.add_primitive(table.add)


def test_numpys_functions_arrive_at_their_primitives():
    assert functions[np.sin] is table.sin
    assert table.primitives["sin"] is table.sin


def test_plain_operands_are_computed_plainly():
    assert bind(table.add, (1.5, np.float64(2))) == 3.5
    assert type(bind(table.multiply, (2.0, 1j))) is np.complex128


def test_the_newest_level_handles_an_operation_and_older_values_are_constants_to_it():
    seen = []

    def inner(y, x):
        seen.append((x + y)._level)
        return x * y

    def outer(x):
        seen.append(x._level)
        return wg.grad(inner)(x * 2, x)

    wg.grad(outer)(3.0)
    assert seen[1] > seen[0] > 0


def test_levels_are_never_used_twice():
    first, second = new_level(), new_level()
    assert second > first


def test_what_has_nan():
    assert has_nan(np.array([1.0, np.nan]))
    assert has_nan(np.float64("nan"))
    assert has_nan(wg.tensor([[np.nan]]))
    assert not has_nan(np.array([1.0, -2.0]))
    assert not has_nan(wg.tensor(1.0))
    assert not has_nan(np.zeros(0))
    assert not of_value("trace", has_nan, 1.0)  # unknown


def test_a_bare_value_says_nothing_of_itself():
    bare = Value()
    for ask in (
        lambda: bare.shape, lambda: bare.dtype, lambda: bare._concrete(), lambda: bare._apply(table.add, (), {}),
        lambda: bare._take_over(bare), lambda: bare._has_nan(),
    ):  # fmt: skip
        with pytest.raises(NotImplementedError):
            ask()


# --- arrays of objects -----------------------------------------------------------------------------------------


def polynomial(x):
    return np.array([x[0] * x[1], np.sin(x[0]), x[1] ** 2])


def product_of_matrices(x):
    rotation = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]])
    return rotation @ np.array([x[1], 2.0]) * x


def functions_of_the_elements(x):
    values = np.array([v**2 for v in x])
    return np.exp(values) + np.arctan2(values, values[::-1] + 1.0) - np.linalg.norm(values) + np.full(2, x[0])


def vectorized(x):
    return np.vectorize(lambda v, w: v * w if v > 0 else v - w)(x, x[::-1]) * x


@pytest.mark.parametrize("f", [polynomial, product_of_matrices, functions_of_the_elements, vectorized])
def test_np_array_puts_values_together(f):
    x = np.array([0.4, 1.3])
    np.testing.assert_allclose(wg.vjp(f, x)[0], f(x), rtol=1e-15)
    assert wg.vjp(f, x)[0].dtype == np.float64
    wg.check(f, x, order=2)
    if f is not vectorized:
        np.testing.assert_allclose(wg.trace(f)(x)(x), f(x), rtol=1e-15)


def test_what_numpy_cannot_do_with_an_array_of_objects_is_an_error_that_says_so():
    def f(x):
        return np.sum(np.exp(np.array([x[0], 2.0])))

    with pytest.raises(wg.NoRuleError, match="an array of Python objects") as caught:
        wg.grad(f)(np.ones(2))
    assert_says_where(caught.value, "return np.sum(np.exp(np.array([x[0], 2.0])))")
    assert "np.stack([a, b])" in caught.value.remedy
    assert isinstance(caught.value.__cause__, TypeError)


def test_another_type_error_is_the_users_own():
    def f(x):
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        wg.grad(f)(1.0)


def test_an_array_like_a_value_takes_values():
    def f(x):
        a = np.zeros((2, 2), like=x)
        a[0, 0] = x[0]
        a[1] = np.array([x[1], 3.0], like=x)
        return np.sum(a * a) * np.asarray([x[0]], like=x)[0]

    np.testing.assert_allclose(wg.grad(f)(np.array([2.0, 3.0])), [3 * 4 + 18, 2 * 2 * 3.0])


def test_scipy_gets_no_array_of_objects():
    from scipy.linalg import expm

    with pytest.raises(wg.LostDerivativeError, match=r"np.asarray\(\)") as caught:
        wg.grad(lambda x: expm(x)[0, 0])(np.float64(1.0))
    assert "use wengert.linalg" in caught.value.remedy
