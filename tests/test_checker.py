"""The checker must be seen to fail: on every kind of wrong rule, with a message that says what and where."""

import dataclasses

import numpy as np
import pytest

import wengert as wg
from wengert.checker import check
from wengert.declaration import structural
from wengert.errors import ArgumentError, CheckError, DtypeError
from wengert.facts import Kind, flat, tangent, transpose
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.value import Value

X = np.array([0.5, -1.5, 2.0])


@pytest.fixture(autouse=True)
def registry():
    """Take out of the registry what a test has declared."""
    primitives, handlers = set(table.primitives), set(functions)
    yield
    for name in set(table.primitives) - primitives:
        del table.primitives[name]
        delattr(table, name)
    for function in set(functions) - handlers:
        del functions[function]


def declared(name, compute, facts, kind=Kind.ELEMENTWISE):
    return table.add_primitive(Primitive(name, compute, kind, facts))


def cosine(x):
    return np.cos(x)


def modulus(z):
    return np.abs(z)


def failure(f, *args, **options):
    with pytest.raises(CheckError) as caught:
        check(f, *args, **options)
    return caught.value


# --- wrong rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [3.0, 0.0, 2 * (1 + 1e-6), 2 * (1 - 1e-6)])
def test_a_wrong_factor_is_found(factor):
    wrong = wg.elementwise(lambda x: x * x, [lambda y, x: factor * x], name="wrong_factor")
    assert "wrong_factor: forward mode disagrees with complex step" in str(failure(wrong, X))


def test_a_wrong_sign_is_found():
    wrong = wg.elementwise(cosine, [lambda y, x: np.sin(x)], name="wrong_sign")
    assert "forward mode disagrees" in str(failure(wrong, X))


def test_a_wrong_sign_in_one_element_is_found():
    wrong = wg.elementwise(cosine, [lambda y, x: -np.sin(np.abs(x))], name="wrong_element")
    message = str(failure(wrong, X))
    assert "at result[1]: " in message


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_derivative_that_is_not_finite_is_found(lost, everywhere):
    def partial(y, x):
        return np.where((x < 0) | everywhere, lost, 2 * x)

    wrong = wg.elementwise(lambda x: x * x, [partial], name="wrong_nan")
    message = str(failure(wrong, X))
    assert "the tangent of wrong_nan by forward mode is" in message
    assert f"at result[{0 if everywhere else 1}], where a finite number is expected" in message


def test_a_cotangent_that_is_not_finite_is_found():
    rules = [tangent(lambda t, y, x: 2 * x * t, lambda ct, y, x: 2 * x * ct * np.nan)]
    wrong = declared("wrong_nan_adjoint", lambda x: x * x, rules)
    message = str(failure(wrong, X))
    assert "the cotangent of wrong_nan_adjoint by reverse mode is nan at argument 0[0]" in message


def test_two_wrong_nans_do_not_agree():
    rules = [tangent(lambda t, y, x: t * np.nan, lambda ct, y, x: ct * np.nan)]
    assert "is nan" in str(failure(declared("wrong_nans", lambda x: x * x, rules), X))


def test_a_wrong_shape_of_an_adjoint_is_found():
    wrong = structural("wrong_shape", lambda x: x[::-1], [transpose(lambda ct, x: ct[:2])])
    error = failure(wrong, X)
    message = str(error)
    assert error.where.file == __file__
    assert "reverse mode of wrong_shape raised ShapeError" in message
    assert "a derivative rule fails, for instance by a wrong shape" in message


def test_a_wrong_shape_of_a_tangent_is_found():
    rules = [tangent(lambda t, y, x: np.stack([t, t]), lambda ct, y, x: ct)]
    wrong = declared("wrong_tangent_shape", lambda x: x + 0, rules, Kind.STRUCTURAL)
    failure(wrong, X)


def test_a_wrong_shape_that_broadcasts_is_found():
    wrong = structural("wrong_broadcast", lambda x: x[::-1], [transpose(lambda ct, x: ct[:1])])
    assert "reverse mode of wrong_broadcast raised ShapeError" in str(failure(wrong, X))


def test_a_missing_sum_over_a_broadcast_operand_is_found():
    def rule(ct, x, shape):
        return ct[0]

    wrong = structural("wrong_unbroadcast", np.broadcast_to, [transpose(rule)])
    message = str(failure(lambda x: wrong(x, shape=(2, 3)), X))
    assert "reverse mode disagrees with central differences at argument 0[" in message


def test_a_wrong_tangent_with_a_right_adjoint_is_found():
    rules = [tangent(lambda t, y, x: 3 * x * t, lambda ct, y, x: 2 * x * ct)]
    message = str(failure(declared("wrong_tangent", lambda x: x * x, rules), X))
    assert "wrong_tangent: forward mode disagrees with complex step" in message


def test_a_wrong_adjoint_with_a_right_tangent_is_found():
    rules = [tangent(lambda t, y, x: 2 * x * t, lambda ct, y, x: 3 * x * ct)]
    message = str(failure(declared("wrong_adjoint", lambda x: x * x, rules), X))
    assert "wrong_adjoint: reverse mode disagrees with central differences at argument 0[" in message


@pytest.mark.parametrize("dropped", [0, 1])
def test_an_operand_dropped_by_both_modes_is_found(dropped):
    facts = [lambda y, a, b: b, lambda y, a, b: a]
    facts[dropped] = flat
    wrong = wg.elementwise(lambda a, b: a * b, facts, name="wrong_operand")
    assert "forward mode disagrees" in str(failure(wrong, X, X + 1))


@pytest.mark.parametrize("dropped", [0, 1])
def test_an_operand_dropped_by_one_mode_is_found(dropped):
    facts = [
        tangent(lambda t, y, a, b: t * b, lambda ct, y, a, b: ct * b),
        tangent(lambda t, y, a, b: t * a, lambda ct, y, a, b: ct * a),
    ]
    facts[dropped] = tangent(facts[dropped].rule, lambda ct, y, a, b: np.zeros_like(ct))
    message = str(failure(declared("wrong_adjoint_operand", lambda a, b: a * b, facts), X, X + 1))
    assert f"reverse mode disagrees with central differences at argument {dropped}[" in message


def test_a_rule_that_is_wrong_in_the_second_order_only_is_found():
    def partial(y, x):
        return 2 * table.detach(x)

    wrong = wg.elementwise(lambda x: x * x, [partial], name="wrong_second")
    check(wrong, X)
    message = str(failure(wrong, X, order=2))
    assert "forward over forward mode disagrees with differences of first derivatives" in message


@pytest.mark.parametrize(
    ("wrong_tangent", "wrong_adjoint", "route"),
    [
        (True, False, "forward over forward"),
        (False, True, "reverse over reverse"),
    ],
)
def test_a_second_order_that_is_wrong_in_one_mode_is_found(wrong_tangent, wrong_adjoint, route):
    def rule(t, y, x):
        return 2 * t * (table.detach(x) if wrong_tangent else x)

    def adjoint(ct, y, x):
        return 2 * ct * (table.detach(x) if wrong_adjoint else x)

    wrong = declared("wrong_second_mode", lambda x: x * x, [tangent(rule, adjoint)])
    check(wrong, X)
    assert f"{route} mode disagrees" in str(failure(wrong, X, order=2))


def test_a_missing_conjugate_is_found():
    rules = [tangent(lambda t, y, z: 2 * z * t, lambda ct, y, z: 2 * z * ct)]
    wrong = declared("wrong_conjugate", lambda z: z * z, rules)
    check(wrong, X)
    message = str(failure(wrong, X + 1j))
    assert "reverse mode disagrees with central differences" in message


def test_a_wrong_rule_in_float32_is_found():
    wrong = wg.elementwise(lambda x: x * x, [lambda y, x: 2.01 * x], name="wrong_single")
    failure(wrong, X.astype(np.float32))


# --- functions that cannot be checked ------------------------------------------------------------


def test_a_value_that_is_not_finite_is_found():
    with np.errstate(divide="ignore"):
        assert "the value of log is -inf at result[1]" in str(failure(np.log, np.array([1.0, 0.0])))


def test_an_infinite_derivative_is_found():
    with np.errstate(invalid="ignore"):
        message = str(failure(np.sqrt, np.array([1.0, 0.0])))
    assert "result[1]" in message


def test_a_jump_cannot_be_judged():
    message = str(failure(lambda x: np.floor(x) + x, 1.0))
    assert "cannot be judged: Richardson extrapolation gives" in message
    assert "Pass a shorter step=" in message


def test_a_random_function_is_found():
    rng = np.random.default_rng(0)
    failure(lambda x: x * rng.random(), 1.0)


def test_a_function_whose_value_depends_on_the_mode_is_found():
    def impure(x):
        return x + 1 if isinstance(x, Value) else x

    assert "impure: forward mode disagrees with the plain call at result" in str(failure(impure, 1.0))


def test_a_function_whose_dtype_depends_on_the_mode_is_found():
    def impure(x):
        return x.astype(np.float32) if isinstance(x, Value) else x

    message = str(failure(impure, X))
    assert "has shape (3,) and dtype float32 at result, but shape (3,) and dtype float64" in message


def test_a_function_whose_structure_depends_on_the_mode_is_found():
    def impure(x):
        return [x] if isinstance(x, Value) else x

    assert "has another structure" in str(failure(impure, X))


def test_an_integer_argument_is_refused():
    with pytest.raises(DtypeError, match=r"check of power got an argument of dtype int64: 3.*Write 2\.0 for 2"):
        check(np.power, 2.0, 3)


@pytest.mark.parametrize("options", [{"order": 3}, {"order": 0}, {"directions": 0}])
def test_orders_and_directions_are_checked(options):
    with pytest.raises(ArgumentError, match="check got order="):
        check(np.sin, 1.0, **options)


# --- the message ---------------------------------------------------------------------------------


def test_the_message_says_what_where_why_and_what_to_do():
    wrong = wg.elementwise(lambda x: x * x, [lambda y, x: 3 * x], name="wrong_message")
    error = failure(wrong, 1.0)
    assert "against" in error.what
    assert "difference" in error.what
    assert "tolerance" in error.what
    assert "A derivative rule is wrong" in error.why
    assert "wengert.tape(f, *args)" in error.remedy
    assert error.where is not None
    assert error.where.file == __file__
    assert isinstance(error, AssertionError)


def test_the_message_names_the_element_of_a_container():
    rules = [tangent(lambda t, y, x: 2 * x * t, lambda ct, y, x: 2 * ct * np.where(x > 2, 0.5, x))]
    wrong = declared("wrong_place", lambda x: x * x, rules)
    params = {"w": np.array([[1.0, 1.0], [3.0, 1.0]]), "b": 1.0}
    message = str(failure(lambda p: wrong(p["w"]) * p["b"], params))
    assert "reverse mode disagrees with central differences at argument 0_w[1, 0]: " in message


def test_the_numbers_of_the_message_are_those_of_the_derivatives():
    rules = [tangent(lambda t, y, x: 2 * x * t, lambda ct, y, x: 7 * ct)]
    wrong = declared("wrong_numbers", lambda x: x * x, rules)
    what = failure(lambda x: np.sum(wrong(x)), np.array([5.0])).what
    got, expected = what.split("argument 0[0]: ")[1].split(" (")[0].split(" against ")
    assert float(got) / float(expected) == pytest.approx(0.7)


# --- right functions pass ------------------------------------------------------------------------


def quadratic_form(x, A):
    return np.sum(x * (A @ x))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (np.sin, (1.0,)),
        (np.sin, (X.astype(np.float32),)),
        (quadratic_form, (X, np.arange(9.0).reshape(3, 3))),
        (lambda p: {"a": p["w"] ** 2, "b": np.sum(np.abs(p["w"]))}, ({"w": X},)),
        (lambda pair: pair[0] * pair[1], ((2.0, X),)),
        (lambda z: np.exp(z) * np.conj(z), (np.array([1 + 2j, 0.3 - 1j]),)),
        (modulus, (0.6 - 0.8j,)),
        (lambda x: x * np.abs(x), (X,)),
        (lambda x: (x, 3, np.int64(4)), (X,)),
        (lambda x: x, (np.zeros((0, 2)),)),
        (lambda x: np.zeros((0,)), (X,)),
        (lambda x: 1.0, (X,)),
        (lambda x: np.sum(x - np.mean(x)), (X,)),
        (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, (X,)),
        (lambda x: 1e6 * (x - x[::-1]) + 1e9, (X,)),
    ],
)
def test_right_derivatives_pass(f, args, order):
    report = check(f, *args, order=order)
    assert report.order == order
    assert all(c.error <= report.rtol for c in report.comparisons)


def test_an_argument_that_the_function_overwrites_is_copied():
    def overwriting(x):
        x *= 2
        return x * x

    x = X.copy()
    check(overwriting, x, order=2)
    np.testing.assert_array_equal(x, X)


def test_the_complex_step_is_taken_where_the_function_is_analytic():
    assert {c.reference for c in check(np.exp, X).comparisons} == {"complex step", "forward mode"}


def test_the_complex_step_is_not_believed_where_it_is_wrong():
    # For x|x| it gives |x| without an error of its own; the derivative is 2|x|.
    references = {c.reference for c in check(lambda x: x * np.abs(x), X).comparisons}
    assert references == {"Richardson extrapolation", "forward mode"}


def test_the_directions_are_the_same_at_each_call():
    assert check(np.tanh, X) == check(np.tanh, X)
    assert check(np.tanh, X, seed=1) == check(np.tanh, X, seed=1)


def test_the_report_prints_one_row_for_each_pair_of_routes():
    report = check(np.sin, X, order=2, directions=2)
    lines = str(report).splitlines()
    assert lines[0] == "sin: derivatives agree to order 2 (rtol 1.5e-08)"
    assert lines[1].split() == ["route", "compared", "with", "worst", "error", "times"]
    assert len(lines) == 2 + len(report.comparisons) == 9
    assert all(c.count == 2 for c in report.comparisons)


def test_check_is_a_public_name():
    assert wg.check is check


def test_the_report_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        check(np.sin, 1.0).rtol = 1.0
