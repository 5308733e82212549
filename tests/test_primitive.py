"""Primitives: facts, what is derived from them, which values are kept, and types without computing."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.derivation import fit, zeros
from wengert.facts import Kind, Tangent, Transpose, flat, tangent, transpose
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.wlist import ArrayType, Variable

F32 = np.dtype(np.float32)


def identity(x):
    return x


def elementwise(facts, **columns):
    return Primitive("f", np.add if len(facts) == 2 else np.sin, Kind.ELEMENTWISE, facts, **columns)


# --- facts and declarations ------------------------------------------------------------------------------------


def test_facts_show_themselves():
    assert repr(flat) == "flat"
    assert (transpose, tangent) == (Transpose, Tangent)
    assert transpose(identity) == transpose(identity)


@pytest.mark.parametrize("fact", ["cos", None, np.cos.__class__, [1.0]], ids=str)
def test_what_is_no_fact_is_refused(fact):
    with pytest.raises(wg.DeclarationError, match=r"^f: .* is no derivative fact\. Give flat, a number, a function"):
        elementwise([fact])


@pytest.mark.parametrize("kind", [Kind.GUFUNC, Kind.STRUCTURAL, Kind.CONTROL])
@pytest.mark.parametrize("fact", [1, lambda y, x: x], ids=["number", "partial"])
def test_partials_belong_to_elementwise_functions_and_reductions(kind, fact):
    with pytest.raises(
        wg.DeclarationError, match=rf"f: a partial is a fact of .* and this is a {kind.value} one"
    ) as caught:
        Primitive("f", identity, kind, [fact])
    assert caught.value.remedy == "Give transpose(rule) or tangent(rule, adjoint)."


def test_what_is_not_analytic_says_what_happens_at_its_kinks():
    with pytest.raises(
        wg.DeclarationError, match=r"f is declared as not analytic without saying .* Add at_kinks='\.\.\.'"
    ):
        elementwise([1], analytic=False)
    elementwise([1], analytic=False, at_kinks="0 at 0")
    elementwise([flat], analytic=False)
    elementwise([1], analytic=False, real_valued=True)


def test_a_primitive_knows_its_facts():
    prim = elementwise([lambda y, a, b: b, flat])
    assert (prim.is_active(0), prim.is_active(1)) == (True, False)
    assert (prim.has_flat, prim.is_flat) == (True, False)
    assert table.floor.is_flat
    assert repr(prim) == "<Primitive f: elementwise>"
    assert table.concatenate.fact(5) is table.concatenate.fact(0)


@pytest.mark.parametrize("derived", ["adjoints", "careful_adjoints", "tangents"])
def test_a_flat_operand_has_no_rule(derived):
    with pytest.raises(wg.DeclarationError, match=r"floor is flat in operand 0: it has no (adjoint|tangent) there"):
        getattr(table.floor, derived)[0]


def test_rules_are_derived_once():
    assert table.sin.adjoints[0] is table.sin.adjoints[0]
    assert table.multiply.adjoint[True, False] is table.multiply.adjoint[True, False]


# --- how an application is written -----------------------------------------------------------------------------

WRITTEN = {
    "operator": (lambda x: x + 2.5, "x + 2.5"),
    "reflected": (lambda x: 2.5 ** x, "2.5 ** x"),
    "function": (np.sin, "sin(x)"),
    "two operands": (lambda x: np.arctan2(x, 1.5), "arctan2(x, 1.5)"),
    "absolute": (abs, "|x|"),
    "negative": (lambda x: -x, "-x"),
    "comparison": (lambda x: x <= 0, "x <= 0"),
    "reduction": (np.sum, "sum(x, axis=[0, 1], keepdims=False)"),
    "reshape": (lambda x: x.reshape(6), "reshape(x, shape=[6])"),
    "transpose": (lambda x: x.T, "transpose(x, axes=[1, 0])"),
    "index": (lambda x: x[1], "x[1]"),
    "negative index": (lambda x: x[-1], "x[-1]"),
    "slice": (lambda x: x[1:], "x[1:]"),
    "slices": (lambda x: x[:1, ::2], "x[:1, ::2]"),
    "slice and index": (lambda x: x[0:2, 1], "x[0:2, 1]"),
    "ellipsis": (lambda x: x[..., 0], "x[..., 0]"),
    "new axis": (lambda x: x[None, 1:], "x[None, 1:]"),
    "list index": (lambda x: x[[0, 1]], "x[[0, 1]]"),
    "two arrays": (lambda x: x[[0, 1], [2, 0]], "x[[0, 1], [2, 0]]"),
    "mask": (lambda x: x[np.array([True, False])], "x[[True, False]]"),
    "stack": (lambda x: np.concatenate([x, x]), "concatenate(x, x, axis=0)"),
}  # fmt: skip


@pytest.mark.parametrize(("function", "text"), WRITTEN.values(), ids=WRITTEN)
def test_an_application_is_written_as_in_python(function, text):
    (stmt,) = wg.trace(lambda x: function(x))(np.ones((2, 3))).statements  # noqa: PLW0108  # names the input x
    assert stmt.formula() == text


# --- the derived rules -----------------------------------------------------------------------------------------


def test_a_partial_gives_both_modes():
    prim = elementwise([lambda y, a, b: 3 * b, lambda y, a, b: -a])
    y, a, b = np.array([0.0]), np.array([2.0]), np.array([5.0])
    ct = np.array([10.0])
    assert prim.adjoints[0](ct, y, a, b) == prim.tangents[0](ct, y, a, b) == 150.0
    assert prim.adjoints[1](ct, y, a, b) == prim.tangents[1](ct, y, a, b) == -20.0
    np.testing.assert_array_equal(prim.push_forward([ct, ct], y, [a, b], {}), [130.0])


def test_a_number_is_a_constant_partial():
    prim = elementwise([2, -1])
    ct, x = np.array([10.0]), np.array([1.0])
    assert prim.adjoints[0](ct, x, x, x) == 20.0
    assert prim.adjoints[1](ct, x, x, x) == -10.0
    assert elementwise([1]).adjoints[0](ct, x, x) is ct


def test_a_transpose_gives_both_modes():
    prim = Primitive("half", lambda x: x / 2, Kind.STRUCTURAL, [transpose(lambda ct, x: ct / 2)])
    x = np.array([4.0, 6.0])
    np.testing.assert_array_equal(prim.adjoints[0](x, None, x), [2.0, 3.0])
    np.testing.assert_array_equal(prim.tangents[0](x, None, x), [2.0, 3.0])


def test_a_tangent_is_given_with_its_adjoint():
    fact = tangent(lambda t, y, x: 2 * x * t, lambda ct, y, x: 2 * x * ct)
    prim = Primitive("squared", np.square, Kind.GUFUNC, [fact], signature="()->()")
    x = np.array([3.0])
    assert prim.tangents[0](x, x * x, x) == prim.adjoints[0](x, x * x, x) == 18.0


def test_what_does_not_move_has_no_tangent():
    x = np.ones(2)
    assert table.add.push_forward([None, None], x, [x, x], {}) is None
    assert table.floor.push_forward([x], x, [x], {}) is None


def test_a_tangent_has_the_shape_and_dtype_of_the_result():
    y = np.zeros((2, 3), np.float32)
    y_dot = table.add.push_forward([np.ones(3), None], y, [np.ones(3), y], {})
    assert (y_dot.shape, y_dot.dtype) == ((2, 3), F32)


def test_jointly_linear_operands_without_tangent_count_as_zeros():
    x, y = np.ones(2), np.ones(3)
    y_dot = table.concatenate.push_forward([None, np.full(3, 7.0)], np.ones(5), [x, y], {"axis": 0})
    np.testing.assert_array_equal(y_dot, [0, 0, 7, 7, 7])


FITS = {
    "nothing to do": (np.ones((2, 3)), (2, 3), np.float64, np.ones((2, 3))),
    "leading axes": (np.ones((4, 2, 3)), (2, 3), np.float64, np.full((2, 3), 4.0)),
    "axes of length 1": (np.ones((2, 3)), (2, 1), np.float64, np.full((2, 1), 3.0)),
    "both": (np.ones((4, 2, 3)), (1, 3), np.float64, np.full((1, 3), 8.0)),
    "to a number": (np.ones((2, 3)), (), np.float64, np.float64(6.0)),
    "spread": (np.float64(2.0), (2, 3), np.float64, np.full((2, 3), 2.0)),
    "spread along an axis": (np.ones((1, 3)), (2, 3), np.float64, np.ones((2, 3))),
    "precision": (np.ones(2), (2,), np.float32, np.ones(2, np.float32)),
    "imaginary part": (np.array([1 + 2j]), (1,), np.float64, np.array([1.0])),
    "both parts": (np.array([1.0]), (1,), np.complex128, np.array([1 + 0j])),
    "nothing": (np.ones((0, 3)), (3,), np.float64, np.zeros(3)),
}


@pytest.mark.parametrize(("given", "shape", "dtype", "expected"), FITS.values(), ids=FITS)
def test_a_contribution_is_fitted_to_its_operand(given, shape, dtype, expected):
    found = fit(given, shape, np.dtype(dtype))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)


def test_zeros_have_shape_and_dtype_of_their_model():
    for model in (np.ones((2, 3), np.float32), np.float64(1), 2.0, wg.tensor([1.0])):
        assert zeros(model).shape == np.shape(model)
    assert zeros(np.ones(2, np.float32)).dtype == F32


# --- what a record keeps ---------------------------------------------------------------------------------------

# Primitive, active operands → what is kept of (y, x₁, x₂, …).
KEPT = [
    ("add", (True, True), "...."[:3]),
    ("negative", (True,), ".."),
    ("multiply", (True, True), ".xx"),
    ("multiply", (True, False), "..x"),
    ("multiply", (False, True), ".x."),
    ("divide", (True, False), "..x"),
    ("divide", (False, True), "y.x"),
    ("exp", (True,), "y."),
    ("tanh", (True,), ".x"),
    ("sin", (True,), ".x"),
    ("sqrt", (True,), "y."),
    ("power", (True, False), ".xx"),
    ("power", (False, True), "yx."),
    ("maximum", (True, True), ".xx"),
    ("where", (False, True, True), ".x.."),
    ("matmul", (True, True), ".xx"),
    ("matmul", (True, False), "..x"),
    ("sum", (True,), ".."),
    ("prod", (True,), ".x"),
    ("max", (True,), "yx"),
    ("cumsum", (True,), ".."),
    ("reshape", (True,), ".."),
    ("transpose", (True,), ".."),
    ("getitem", (True,), ".."),
    ("concatenate", (True, True, True), "...."),
    ("astype", (True,), ".."),
]


@pytest.mark.parametrize(("name", "active", "kept"), KEPT, ids=str)
def test_only_what_a_rule_reads_is_kept(name, active, kept):
    keeps = table.primitives[name].adjoint[active].keeps
    assert "".join("." if not keep else "y" if k == 0 else "x" for k, keep in enumerate(keeps)) == kept


def test_a_rule_whose_code_cannot_be_read_keeps_everything():
    prim = Primitive("f", np.sin, Kind.ELEMENTWISE, [np.multiply])
    assert prim.adjoint[(True,)].keeps == (True, True)


def test_a_rule_with_any_number_of_operands_keeps_what_it_may_read():
    prim = elementwise([lambda y, *xs: xs[1], lambda y, *xs: xs[0]])
    assert prim.adjoint[True, True].keeps == (False, True, True)


def test_an_operand_that_an_inner_function_reads_is_kept():
    def partial(y, x):
        return [x * k for k in (1, 2)][1]

    assert elementwise([partial]).adjoint[(True,)].keeps == (False, True)


# --- types -----------------------------------------------------------------------------------------------------


def types_of(name, *operands, **params):
    (result,) = table.primitives[name].infer(operands, params)
    return str(result)


def var(*shape, dtype=float):
    return Variable("x", ArrayType(shape, np.dtype(dtype)))


def test_types_of_elementwise_functions():
    assert types_of("add", var(2, 1), var(3)) == "f64[2,3]"
    assert types_of("add", var(2, dtype=np.float32), 2.5) == "f32[2]"
    assert types_of("add", var(2, dtype=np.float32), np.float64(2.5)) == "f64[2]"
    assert types_of("add", var(2, dtype=int), 2.5) == "f64[2]"
    assert types_of("multiply", var(2), 1j) == "c128[2]"
    assert types_of("divide", var(dtype=int), var(dtype=int)) == "f64[]"
    assert types_of("greater", var(2), 0.0) == "bool[2]"
    assert types_of("absolute", var(2, dtype=complex)) == "f64[2]"
    assert types_of("where", var(2, dtype=bool), var(), np.ones((3, 1))) == "f64[3,2]"
    assert types_of("astype", var(2), dtype=np.dtype(np.float32)) == "f32[2]"


def test_types_of_reductions():
    assert types_of("sum", var(2, 3), axis=(0,), keepdims=False) == "f64[3]"
    assert types_of("sum", var(2, 3), axis=(0, 1), keepdims=True) == "f64[1,1]"
    assert types_of("sum", var(2, dtype=bool), axis=(0,), keepdims=False) == "i64[]"
    assert types_of("max", var(2, 3, dtype=np.float32), axis=(1,), keepdims=False) == "f32[2]"
    assert types_of("all", var(2), axis=(0,), keepdims=False) == "bool[]"


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ((3,), (3,), "f64[]"),
        ((2, 3), (3,), "f64[2]"),
        ((3,), (3, 4), "f64[4]"),
        ((2, 3), (3, 4), "f64[2,4]"),
        ((5, 2, 3), (3, 4), "f64[5,2,4]"),
        ((5, 1, 2, 3), (6, 3, 4), "f64[5,6,2,4]"),
        ((3,), (5, 3, 4), "f64[5,4]"),
        ((5, 2, 3), (3,), "f64[5,2]"),
        ((0, 3), (3, 0), "f64[0,0]"),
    ],
)
def test_types_of_products(left, right, result):
    assert types_of("matmul", var(*left), var(*right)) == result
    assert types_of("matmul", var(*left, dtype=np.float32), var(*right)) == result


@pytest.mark.parametrize(("left", "right"), [((3,), (4,)), ((2, 3), (2, 3)), ((2, 3), (4, 5))])
def test_products_that_do_not_fit_are_named(left, right):
    with pytest.raises(
        wg.ShapeError, match=r"matmul: shapes .* do not fit \(n\?,k\),\(k,m\?\)->\(n\?,m\?\)\. Dimension k must"
    ):
        types_of("matmul", var(*left), var(*right))


def test_a_product_with_a_number_has_no_type():
    with pytest.raises((wg.ShapeError, ValueError)):
        types_of("matmul", var(), var(3))


def test_batches_that_do_not_broadcast_are_numpys_error():
    with pytest.raises(ValueError, match="broadcast"):
        types_of("matmul", var(2, 2, 3), var(5, 3, 4))
    with pytest.raises(ValueError, match="broadcast"):
        types_of("add", var(2), var(3))


def test_types_of_structural_functions():
    assert types_of("getitem", var(2, 3), index=(slice(1, None), 0)) == "f64[1]"
    assert types_of("concatenate", var(2), var(3, dtype=np.float32), axis=0) == "f64[5]"
    assert types_of("broadcast_to", var(3, dtype=np.float32), shape=(2, 3)) == "f32[2,3]"
    assert types_of("cumsum", var(3, dtype=bool), axis=0) == "i64[3]"


def test_nothing_is_computed_to_know_a_type():
    n = 10**8
    assert types_of("add", var(n, n), var(n)) == f"f64[{n},{n}]"
    assert types_of("matmul", var(n, n), var(n, n)) == f"f64[{n},{n}]"
    assert types_of("sum", var(n, n), axis=(0,), keepdims=False) == f"f64[{n}]"
    assert types_of("transpose", var(n, 3), axes=(1, 0)) == f"f64[3,{n}]"
    assert types_of("getitem", var(n, n), index=(0, slice(None))) == f"f64[{n}]"


def test_types_are_inferred_without_warnings():
    assert types_of("log", var(3)) == "f64[3]"
    assert types_of("divide", 1.0, var(0)) == "f64[0]"
    assert types_of("arctanh", var()) == "f64[]"
