"""Expressions compute what Python computes, and nothing else gets through the parser."""

from __future__ import annotations

import contextlib
import inspect
import linecache
import math
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wengert as wg
from wengert.errors import ArgumentError, ExpressionError, Location, WengertError
from wengert.expression import parse, parse_given, parse_point, parse_program, parse_value
from wengert.expression.vocabulary import FUNCTIONS

E0, E1 = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
A = np.arange(6.0).reshape(2, 3)


def computed(text, *values):
    return parse(text).function(*values)


# ----------------------------------------------------------------------------------------- what is accepted


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("log(x1) + x1*x2 - sin(x2)", (2, 5), math.log(2) + 10 - math.sin(5)),
        ("sin((x+2)+(1+exp(x**2)))", (2.0,), math.sin(5 + math.exp(4))),
        ("-log(1/(1+exp(-x))+1)/(x**2+1)", (0.5,), -math.log(1 / (1 + math.exp(-0.5)) + 1) / 1.25),
        ("-x**2", (3.0,), -9),
        ("2**-x", (2.0,), 0.25),
        ("x**-2", (-2.0,), 0.25),
        ("x**3", (-2.0,), -8),
        ("x**0.5", (9.0,), 3),
        ("7 // 2 + 7 % 4 - +1", (), 5),
        ("a - b - c", (1.0, 2.0, 3.0), -4),
        ("a ** b ** c", (2.0, 3.0, 2.0), 512),
        ("(a - (b - c))", (1.0, 2.0, 3.0), 2),
        ("1_000 + 0x10 + 1e-3 + .5", (), 1016.501),
        ("2*pi + e", (), 2 * math.pi + math.e),
        ("ln(e) + exp(-inf)", (), 1),
        ("arctan(x) + atan(x) + abs(-x)", (1.0,), math.pi / 2 + 1),
        ("atan2(y, x)", (1.0, 1.0), math.pi / 4),
        ("max(x, 2) + min(x, 2)", (5.0,), 7),
        ("max(a, b, c) - min(a, b, c)", (3.0, 1.0, 2.0), 2),
        ("max(x) + min(x)", (E0,), 1),
        ("maximum(x, y)", (E0, E1), [1, 4, 3]),
        ("sum(x) + prod(x) + mean(x)", (E0,), 2 - 6 + 2 / 3),
        ("cumsum(x)", (E0,), [1, -1, 2]),
        ("dot(x, y) - x @ y", (E0, E1), 0),
        ("A @ x", (A, E0), A @ E0),
        ("matmul(A, x)", (A, E0), A @ E0),
        ("where(x > 0, x, 0)", (E0,), [1, 0, 3]),
        ("clip(x, 0, 2)", (E0,), [1, 0, 2]),
        ("sinc(x)", (0.0,), 1),
        ("x[0] * x[-1]", (E0,), 3),
        ("A[0, 1] + A[1, -1]", (A,), 6),
        ("sum(A[:, 0]) + sum(x[1:]) + sum(x[::2])", (A, E0), 3 + 1 + 4),
        ("x if x > 0 else -x", (-2.0,), 2),
        ("1 if x < 0 else 2 if x < 1 else 3", (0.5,), 2),
        ("(1 if a < 0 else 2) + (a if a == 1 else 5 if a != 2 else 7)", (2.0,), 9),
        ("1/x if x != 0 else 0", (0.0,), 0),
        ("0 < x < 1 <= y", (0.5, 1.0), True),
        ("0 < x < 1 <= y", (0.5, 0.9), False),
        ("where(-1 < x <= 1, x, 0)", (E0,), [1, 0, 0]),
        ("where(logical_and(x > 0, y > 0), 1, 0)", (E0, E1), [1, 0, 0]),
        ("(1 < 2) + (2 < 3)", (), 2),
        ("(x > 0) + (x < 2) - -(x > 0)", (1.0,), 3),
        ("(x > 0) + (x < 2) - -(x > 0)", (E0,), [3, 1, 2]),
        (" \t x \n + y\r\n", (1.0, 2.0), 3),
    ],
)
def test_value(text, values, expected):
    np.testing.assert_allclose(computed(text, *values), expected, rtol=1e-14, atol=1e-14)


def test_a_chain_of_comparisons_evaluates_its_middle_once():
    calls = []

    class Counted:
        def __add__(self, other):
            calls.append(other)
            return 1 + other

    assert computed("0 < x + 1 < 3", Counted())
    assert len(calls) == 1


def test_only_the_chosen_branch_is_computed():
    with np.errstate(all="raise"):
        assert computed("1/x if x > 0 else 7", 0.0) == 7


def test_every_elementwise_function_of_numpy_is_known_by_its_name():
    for name in [
        "sin",
        "log1p",
        "hypot",
        "arctan2",
        "logaddexp",
        "cbrt",
        "expm1",
        "sign",
        "floor",
        "heaviside",
    ]:
        assert FUNCTIONS[name].call is getattr(np, name)
    for name in [
        "frompyfunc",
        "bitwise_and",
        "invert",
        "modf",
        "save",
        "load",
        "fromfile",
        "eval",
        "vectorize",
    ]:
        assert name not in FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_can_be_called(name):
    function = FUNCTIONS[name]
    variables = ["x", "y", "z"][: function.least]
    with np.errstate(all="ignore"):
        parse(f"{name}({', '.join(variables)})").function(*[np.array([0.25, 0.5])] * len(variables))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 + pi", ()),
        ("y + x", ("y", "x")),
        ("x10 + x2 + x1", ("x1", "x2", "x10")),
        ("x2*y + x1", ("x1", "x2", "y")),
        ("b1*(1 - exp(-b2*x))", ("b1", "b2", "x")),
        ("beta + x_2 + x_1 + beta", ("beta", "x_1", "x_2")),
        ("x01 + x1", ("x01", "x1")),
        ("a if c else b", ("a", "c", "b")),
        ("x" + "9" * 5000 + " + x2", ("x2", "x" + "9" * 5000)),
    ],
)
def test_variables_are_found_in_natural_order(text, names):
    expression = parse(text)
    assert expression.names == names
    assert tuple(inspect.signature(expression.function).parameters) == names


def test_given_names_set_the_order_and_hide_constants():
    expression = parse("e * x", ["x", "e", "unused"])
    assert expression.names == ("x", "e", "unused")
    assert expression.function(2.0, 3.0, None) == 6


def test_an_expression_shows_its_text_and_names():
    assert repr(parse(" x + 1")) == "Expression(text=' x + 1', names=('x',))"
    assert parse("x+1").function.__doc__ == "Compute x+1."


# ------------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize("text", ["9**9**9", "9**9**9**9**9", "10.0**400", "1e300*1e300", "2**1e9", "exp(1e9)"])
def test_powers_overflow_to_inf_at_once(text):
    with np.errstate(over="ignore"):  # an endless power would never return
        assert computed(text) == np.inf


@pytest.mark.parametrize("text", ["((1<2)+(1<2))**999999999999", "(-(1<2)-(1<2))**999999999998"])
def test_truth_values_do_not_become_endless_integers(text):
    with np.errstate(over="ignore"):
        assert computed(text) == np.inf


def test_an_exponent_beyond_the_exact_integers_is_a_float():
    with np.errstate(over="ignore"):
        assert computed("x**99999999999999999999999", 2.0) == np.inf


@pytest.mark.parametrize(("text", "expected"), [("1/0", np.inf), ("0/0", np.nan), ("1//0", np.inf), ("1/x", np.inf)])
def test_division_by_zero_follows_numpy(text, expected):
    with np.errstate(all="ignore"):
        np.testing.assert_equal(parse(text).function(*[0.0] * ("x" in text)), expected)


def test_a_root_of_a_negative_number_is_nan_and_not_complex():
    with np.errstate(invalid="ignore"):
        assert np.isnan(computed("(-8)**(1/3)"))


class Recorder:
    """A value that, as a traced one does, notes what reaches it."""

    def __init__(self, log):
        self.log = log

    def __pow__(self, other):
        self.log.append(("pow", other))
        return self

    def __add__(self, other):
        self.log.append(("add", other))
        return self

    def __rmul__(self, other):
        self.log.append(("rmul", other))
        return self

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        self.log.append((ufunc.__name__, *inputs[1:]))
        return self


def test_operators_and_functions_are_called_on_the_values_themselves():
    log = []
    result = computed("hypot(2*x**2, 3)", Recorder(log))
    assert isinstance(result, Recorder)
    assert log == [("pow", 2), ("rmul", 2.0), ("hypot", 3.0)]
    assert type(log[0][1]) is int
    assert type(log[1][1]) is float


def test_the_line_of_an_operation_is_the_text_itself():
    frames = []

    class Looking:
        def __add__(self, other):
            frames.append(sys._getframe(1).f_back)
            return other

    computed("x +  1", Looking())
    where = Location(frames[0].f_code.co_filename, frames[0].f_lineno, frames[0].f_code.co_name)
    assert (where.line, where.function, where.short) == (1, "expression", "<expression>:1")
    assert re.fullmatch(r"<expression( \d+)?>", where.file)
    linecache.checkcache()
    assert where.text == "x +  1"


def places_of(text, *values):
    return [stmt.where for stmt in wg.tape(parse_program(text).function, *values).list.statements]


def test_a_text_keeps_its_lines_when_others_are_read_later():
    (one,) = places_of("x * 2.5", 1.0)
    first, second = places_of("u = x * 3.5\nu - 4.5", 1.0)
    assert one.text == "x * 2.5"
    assert (first.text, second.text) == ("u = x * 3.5", "u - 4.5")
    assert len({one.file, first.file}) == 2
    assert first.file == second.file
    assert places_of("x * 2.5", 2.0)[0].file == one.file  # which is no text of its own


def test_few_texts_are_kept_and_none_gets_the_name_of_another():
    (old,) = places_of("x * 1234.5", 1.0)
    files = {places_of(f"x * {k}.25", 1.0)[0].file for k in range(1000)}
    assert len(files) == 1000
    assert old.file not in files
    assert old.text == ""
    assert sum(name in linecache.cache for name in files) < 300
    assert places_of("x * 1234.5", 1.0)[0].text == "x * 1234.5"


def test_texts_are_read_in_threads():
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(lambda k: places_of(f"x * {k % 20}.125", 1.0)[0], range(200)))
    assert len({where.file for where in places}) == 20
    assert [where.text for where in places] == [f"x * {k % 20}.125" for k in range(200)]


# ------------------------------------------------------------------------------------------ what is refused


def refusal(text, names=None):
    with pytest.raises(ExpressionError) as error:
        parse(text, names)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("__import__('os').system('x')", ["column 1: \"__import__('os').system\" is an attribute"]),
        (
            "__import__(os)",
            ["column 1: '__import__' is not a known function", "elementwise functions of NumPy"],
        ),
        ("().__class__", ["column 1: '().__class__' is an attribute"]),
        ("x.real + 1", ["column 1: 'x.real' is an attribute", "bare names"]),
        ("1 + np.sin(x)", ["column 5: 'np.sin' is an attribute", "as in sin(x)"]),
        ("(lambda: x)()", ["column 2: 'lambda: x' is a lambda"]),
        ("lambda x: x", ["column 1: 'lambda x: x' is a lambda"]),
        ("sum(x for x in y)", ["is a comprehension", "Write sum(x)"]),
        ("[x for x in y]", ["is a comprehension"]),
        ("{x for x in y}", ["is a comprehension"]),
        ("{x: x for x in y}", ["is a comprehension"]),
        ("[1, 2]", ["is a list", "values of variables"]),
        ("(1, 2)", ["column 1: '(1, 2)' is a tuple"]),
        ("{1}", ["is a set"]),
        ("{1: 2}", ["is a dict"]),
        ("(x := 3)", ["is an assignment"]),
        ("max(*x)", ["column 5: '*x' is unpacked"]),
        ("x = 3", ["column 3: '= 3' cannot be read"]),
        ("x; y", ["column 2: '; y' cannot be read"]),
        ("import os", ["column 1: 'import os' cannot be read", "Invalid syntax."]),
        ("x +", ["cannot be read", "Check the operators, commas and brackets."]),
        ("(x", ["column 1", "'(' was never closed."]),
        ("x)", ["column 2", "Unmatched ')'."]),
        ("2x + 1", ["column 1: '2x + 1' cannot be read", "Write products with *, as in 2*x."]),
        ("√x", ["column 1: '√' (square root)", "Write sqrt(x)."]),
        ("x ≤ 2", ["column 3: '≤'", "Write <=."]),
        ("2*λ", ["column 3: 'λ' (greek small letter lamda)", "Write lam."]),
        ("θ + 1", ["column 1: 'θ'", "Write theta."]),
        ("|x|", ["column 1: '|x|' cannot be read", "Write abs(x)."]),
        ("2*|x + 1|*y", ["column 3: '|x + 1|' cannot be read", "Write abs(x + 1)."]),
        ("sin x", ["column 1: 'sin x' cannot be read", "Write sin(x)."]),
        ("(2*sin x)", ["column 4: 'sin x' cannot be read", "Write sin(x)."]),
        ("sin cos x", ["column 1: 'sin cos' cannot be read", "Write sin(...)."]),
        ("x y", ["column 1: 'x y' cannot be read", "no operator", "Write products with *, as in x*y."]),
        ("(x + 1)y", ["column 7: ')y' cannot be read", "Write products with *"]),
        ("x if y else 2 z", ["column 13: '2 z' cannot be read"]),
        ("lambda*x", ["column 1: 'lambda' is a word of Python", "as in lam."]),
        ("lambda x", ["column 1: 'lambda' is a word of Python"]),
        ("x + 2*in", ["column 7: 'in' is a word of Python", "as in in_."]),
        ("(x, class)", ["column 5: 'class' is a word of Python", "as in class_."]),
        ("x and", ["cannot be read", "Invalid syntax."]),
        ("x^2", ["column 1: 'x^2' uses '^'", "For a power write **."]),
        ("x & y", ["uses '&'", "logical_and"]),
        ("x | y", ["uses '|'", "logical_or"]),
        ("~x", ["uses '~'", "logical_not"]),
        ("x << 2", ["uses '<<'", "2**n"]),
        ("x >> 2", ["uses '>>'", "2**n"]),
        ("not x", ["uses 'not'", "logical_not"]),
        ("x and y", ["uses 'and'", "logical_and"]),
        ("x or y", ["uses 'or'", "logical_or"]),
        ("x is y", ["uses 'is'", "Write ==."]),
        ("x is not y", ["uses 'is not'", "Write !=."]),
        ("x in y", ["uses 'in'"]),
        ("x not in y", ["uses 'not in'"]),
        ("await x", ["is of the kind Await", "Leave it out."]),
        ("True + 1", ["column 1: 'True' is not a number"]),
        ("None", ["'None' is not a number"]),
        ("...", ["'...' is not a number"]),
        ("1 + 2j", ["column 5: '2j' is not a number", "real"]),
        ("1e999", ["column 1: '1e999' is too large", "1.8e308"]),
        ("0x" + "f" * 5000, ["is too large"]),
        ("1" * 5000, ["cannot be read", "Exceeds the limit"]),
        ("__import__('os')", ["column 1: '__import__' is not a known function"]),
        ("f'{x.__class__}'", ["column 1", "is a string"]),
        ("f'{", ["cannot be read"]),
        ('x + "a"', ["column 5: '\"a\"' is not a number", "nothing else is written out"]),
        ("'a' 'b'", ["column 1", "is not a number"]),
        ("b'a'", ["column 1", "is not a number"]),
        ("'\\d'", ["column 2: '\\\\' continues a line"]),
        ("sin('x'", ["column 4", "was never closed"]),
        ("x # y", ["column 3: '#' starts a comment"]),
        ("x \\\n + 1", ["column 3", "continues a line"]),
        ("x\0", ["column 2", "a control character", "no printable ASCII character"]),
        ("x\x0c+ 1", ["column 2", "a control character"]),
        ("\ud800", ["column 1", "no printable ASCII"]),
        ("\ufeffx", ["column 1", "zero width no-break space"]),
        ("ｓｉｎ(x)", ["column 1: 'ｓ' (fullwidth latin small letter s)", "look alike"]),
        ("sin(х)", ["column 5: 'х' (cyrillic small letter ha)", "a-z, A-Z, 0-9 and _"]),
        ("2×x", ["column 2: '×' (multiplication sign)", "Write *."]),
        ("x − 1", ["column 3: '−' (minus sign)", "Write -."]),
        ("x²", ["column 2: '²' (superscript two)", "Write **2."]),
        ("2*π", ["column 3: 'π' (greek small letter pi)", "Write pi."]),
        ("x\u00a0", ["column 2", "no-break space"]),
        ("sinn(x)", ["column 1: 'sinn' is not a known function", "Did you mean", "sin"]),
        ("1 + sqroot(x)", ["column 5", "Did you mean sqrt"]),
        ("x1(x2 + 1)", ["column 1: 'x1' is not a known function", "For a product write x1*(...)."]),
        ("2(x + 1)", ["column 1: '2' cannot be called", "Write products with *"]),
        ("(x + 1)(x)", ["'x + 1' cannot be called"]),
        ("sin + 1", ["column 1: 'sin' is a function", "as in sin(...)"]),
        ("sin()", ["column 1: 'sin()' has 0 arguments", "takes 1."]),
        ("log(x, 2)", ["'log(x, 2)' has 2 arguments", "takes 1."]),
        ("dot(x)", ["has 1 argument.", "takes 2."]),
        ("max()", ["has 0 arguments", "takes 1 or more."]),
        ("sum(x, axis=0)", ["column 8: 'axis=0' is passed by name", "operands only"]),
        ("sum(**x)", ["column 5: '**x' is passed by name"]),
        ("x__class__", ["'x__class__' cannot name a variable", "two underscores"]),
        ("__debug__", ["cannot name a variable"]),
        ("x[0][1]", ["column 1: 'x[0]' cannot be indexed", "A[0, 1]"]),
        ("(x + y)[0]", ["'x + y' cannot be indexed"]),
        ("x[y]", ["column 3: 'y' is not an integer", "x[0], x[-1] or x[1:3]"]),
        ("x[1.5]", ["'1.5' is not an integer"]),
        ("x[True]", ["'True' is not an integer"]),
        ("x[1:y]", ["column 5: 'y' is not an integer"]),
        ("x[--1]", ["'--1' is not an integer"]),
        ("", ["The expression is empty.", "Give one, as in x**2."]),
        ("  \n ", ["The expression is empty."]),
        (3.0, ["The expression is of type float.", "Pass a string."]),
        (b"x", ["of type bytes"]),
    ],
)
def test_refused(text, parts):
    message = refusal(text)
    assert [part for part in parts if part not in message] == []


def test_columns_count_what_was_typed():
    assert "column 9: 'np.sin'" in refusal("   1 +\n np.sin(x)")


def test_an_unknown_variable_is_named_with_the_known_ones():
    assert "'y' is not a known name. The variables are x1, x2. Give a value for y." in refusal("x1 + y", ["x1", "x2"])
    assert "The variables are none." in refusal("y", [])


@pytest.mark.parametrize("name", ["2x", "a b", "", "lambda", "x__y", "х", "x.y"])
def test_names_that_cannot_be_variables_are_refused(name):
    message = refusal("x", ["x", name])
    assert f"{name!r} cannot name a variable. Names are made of" in message
    assert "Choose another name" in message


def test_a_name_given_twice_is_refused():
    assert "A variable is given twice: x, y, x. Each variable has one value." in refusal("x", ["x", "y", "x"])


# ------------------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10**6,
        "(" * 10**5,
        "(" * 10**5 + "x" + ")" * 10**5,
        "+".join(["x"] * 10**5),
        "9" * 10**6,
        "\0" * 10**6,
    ],
)
def test_long_text_is_refused_by_its_length(text):
    assert f"has {len(text)} characters. The limit is 10000." in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "x" + ")" * 4000,
        "[" * 4000 + "x" + "]" * 4000,
        "-" * 9000 + "x",
        "**".join(["x"] * 3000),
        "+".join(["x"] * 4900),
        "x" + "[0]" * 3000,
        "x" + ".a" * 4900,
        "x" + "()" * 4900,
        "sin(" * 2400 + "x" + ")" * 2400,
        "not " * 2400 + "x",
        "lambda:" * 1400 + "x",
        "x if x else " * 800 + "y" * 50 + ".z",
        "max(" + ",".join(["x"] * 4990) + ")**y.z",
        "f(" * 4000,
        "(" * 9999,
    ],
)
def test_deep_and_large_text_is_refused_without_a_crash(text):
    refusal(text)


def test_the_limits_name_themselves():
    assert "The expression is nested too deeply. Python's parser has a limit." in refusal("-" * 9000 + "x")
    assert "has too many parts. The limit is 5000" in refusal("max(" + ",".join(["x"] * 4990) + ")+0+0+0+0+0")


def test_what_python_can_parse_runs_however_deep():
    depth = 900
    assert computed("+".join(["x"] * depth), 1.0) == depth
    assert computed("-" * 1000 + "x", 1.0) == 1
    assert not computed("<".join(["x"] * 4900), 1.0)
    nested = "x"
    for _ in range(90):
        nested = f"sin({nested})"
    assert 0 < computed(nested, 1.0) < 0.2
    assert computed("x if x < 0 else " * 400 + "7", 1.0) == 7


def test_the_stack_of_the_caller_does_not_matter():
    def at_depth(depth):
        return at_depth(depth - 1) if depth else parse("x" + "+x" * 20).function(1.0)

    assert at_depth(sys.getrecursionlimit() // 2) == 21


# -------------------------------------------------------------------------------------- errors of evaluation


@pytest.mark.parametrize(
    ("text", "values", "parts"),
    [
        ("1 + A @ x", (A, np.ones(2)), ["column 5: 'A @ x' could not be computed", "mismatch"]),
        ("x + y", (np.ones(2), np.ones(3)), ["'x + y' could not be computed", "shapes (2,) (3,)"]),
        ("x[3]", (np.ones(3),), ["'x[3]' could not be computed", "out of bounds"]),
        ("x[99999999999999999999]", (np.ones(3),), ["could not be computed"]),
        ("x[::0]", (np.ones(3),), ["could not be computed", "zero"]),
        ("x[0]", (1.0,), ["could not be computed", "not subscriptable"]),
        ("x if x > 0 else 1", (np.ones(3),), ["column 6: 'x > 0' could not be computed", "ambiguous"]),
        ("max(x)", (np.ones(0),), ["'max(x)' could not be computed"]),
        ("x + 1", (10**400,), ["could not be computed", "too large"]),
        ("x + 1", ("a",), ["could not be computed"]),
    ],
)
def test_an_operation_that_fails_is_named(text, values, parts):
    with pytest.raises(ExpressionError) as error:
        computed(text, *values)
    message = str(error.value)
    assert [part for part in parts if part not in message] == []
    assert "Check the shapes and values of the variables." in message
    assert "\n" not in message


def test_errors_of_the_library_pass_unchanged():
    class Refusing(Recorder):
        def __add__(self, other):
            raise ArgumentError("no")

    with pytest.raises(ArgumentError, match=r"^no$"):
        computed("x + 1", Refusing([]))


def test_a_wrong_number_of_values_is_counted():
    with pytest.raises(ArgumentError) as error:
        computed("x1 * x2", 1.0)
    message = str(error.value)
    assert "The expression takes 2 values, but was given 1. Its variables are x1, x2." in message
    assert "Give one value for each" in message
    assert "test_expression.py" in message


# -------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2.0),
        ("-3e-2", -0.03),
        (" +.5 ", 0.5),
        ("[1, 2.5, -3e-2]", [1, 2.5, -0.03]),
        ("[[1,2],\n [3,4]]", [[1, 2], [3, 4]]),
        ("[[[1]], [[2]]]", [[[1]], [[2]]]),
        ("[]", []),
        ("[" * 32 + "1" + "]" * 32, np.ones((1,) * 32)),
        ("[" + "0.123456789," * 5000 + "]", [0.123456789] * 5000),
    ],
)
def test_values(text, expected):
    value = parse_value(text)
    np.testing.assert_array_equal(value, expected)
    if isinstance(expected, float):
        assert type(value) is float
    else:
        assert value.dtype == np.float64
        assert value.shape == np.shape(expected)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x", ["column 1: 'x' is not a number", "A value is a number or a list of numbers.", "[1, 2.5]"]),
        ("1, 2", ["'1, 2' is not a number"]),
        ("(1, 2)", ["is not a number"]),
        ("1 + 1", ["'1 + 1' is not a number"]),
        ("--1", ["'--1' is not a number"]),
        ("-[1]", ["'-[1]' is not a number"]),
        ("[1, y]", ["column 5: 'y' is not a number"]),
        ("[1, True]", ["column 5: 'True' is not a number"]),
        ("[1, 2j]", ["'2j' is not a number"]),
        ("f(1)", ["'f(1)' is not a number"]),
        ("inf", ["'inf' is not a number"]),
        ("1e999", ["is too large"]),
        ("'1'", ["is not a number", "nothing else is written out"]),
        ("[1, 2", ["column 1: '[1, 2' cannot be read", "never closed"]),
        ("[[1, 2], [3]]", ["The value is not an array. Its rows differ in length.", "[[1, 2], [3, 4]]"]),
        ("[1, [2]]", ["Its rows differ in length."]),
        ("[" * 33 + "]" * 33, ["is nested too deeply", "32 axes at most"]),
        ("[" * 150 + "1" + "]" * 150, ["is nested too deeply", "Leave out brackets."]),
        ("[" * 5000, ["cannot be read"]),
        ("", ["The value is empty.", "Give one, as in 2 or [1, 2.5]."]),
        ("[1 2]", ["column 2: '1 2' cannot be read", "no comma", "Write lists with commas, as in [1, 2]."]),
        ("|2", ["column 1: '|2' cannot be read", "Invalid syntax."]),
        ("1" * 10**6, ["The value has 1000000 characters. The limit is 100000."]),
        (2, ["The value is of type int."]),
    ],
)
def test_refused_values(text, parts):
    with pytest.raises(ExpressionError) as error:
        parse_value(text)
    message = str(error.value)
    assert [part for part in parts if part not in message] == []
    assert "\n" not in message


# --------------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a = x1*x2\nb = log(x1)\nreturn a + b - sin(x2)", (2, 5), 10 + math.log(2) - math.sin(5)),
        ("a = x1*x2; a + x1", (2, 5), 12),
        ("a = x\na = a*a\na = a*a\na", (3,), 81),
        ("s = 0\ns += x\ns *= 3\ns -= 1\ns /= 2\ns **= 2\nreturn s", (3,), 16),
        ("x = 2*x\nx", (3,), 6),
        ("x += 1", (3,), 4),
        ("y = x + 1", (3,), 4),
        ("return x", (3,), 3),
        ("x  # the value\n# nothing else", (3,), 3),
        ("# é ∂ \\ ' \" are only comments\n\na = x  # a\n\n   # b\nreturn a\n\n", (3,), 3),
        ("    a = x\n\n    b = a + 1\n  \n    return b\n", (3,), 4),
        ("\ta = x\r\n\treturn a + 1\r\n", (3,), 4),
        ("a = (x\n     + y)\nreturn max(a,\n  0)", (1, 2), 3),
        ("x\n+ y", (1, 2), 3),
        ("x\n  + y", (1, 2), 3),
        ("a = x if x > 0 else -x\na * 2", (-2.0,), 4),
        ("a = 1 < x < 3\na + 1", (2.0,), 2),
        ("e = 3*x\ne", (2,), 6),
        ("a = e\ne = 2\na - e", (), math.e - 2),
        ("h = tanh(A @ x)\nreturn sum(h)", (A, E0), np.sum(np.tanh(A @ E0))),
        ("\n".join(["a = x", *["a = a + 1"] * 600, "a"]), (1,), 601),
    ],
)
def test_value_of_lines(text, values, expected):
    np.testing.assert_allclose(parse_program(text).function(*values), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = y\nb = x\nreturn a*b*z", ("y", "x", "z")),
        ("a = x2 + a0\na0 = x1\na + a0", ("x1", "x2", "a0")),
        ("x = x + 1\nx", ("x",)),
        ("a = 1; a", ()),
        ("pi = x; pi * y", ("x", "y")),
    ],
)
def test_variables_of_lines_are_those_that_are_read_before_they_are_assigned(text, names):
    assert parse_program(text).names == names


def test_given_names_are_the_variables_of_lines():
    program = parse_program("a = e * x\nreturn a", ["x", "e"])
    assert program.names == ("x", "e")
    assert program.function(2.0, 3.0) == 6
    with pytest.raises(ExpressionError, match="line 2, column 8: 'y' is not a known name"):
        parse_program("a = x\nreturn y", ["x"])


def test_lines_are_called_as_often_as_wanted_with_their_variables_unchanged():
    program = parse_program("x = x * 2\ny = x + 1\nreturn y")
    assert [program.function(v) for v in (1.0, 2.0, 1.0)] == [3, 5, 3]
    x = np.ones(2)
    parse_program("x += 1\nx").function(x)
    np.testing.assert_array_equal(x, np.ones(2))


def test_each_line_is_a_line_of_the_file_and_names_what_it_assigns():
    import wengert as wg

    text = "  a = x1 * x2  # product\n\n  b = -a if x1 < 0 else sin(a)\n  return a + b"
    program = parse_program(text)
    assert program.text == text
    found = [
        (s.where.line, s.where.assigned, s.where.text) for s in wg.tape(program.function, 2.0, 5.0).list.statements
    ]
    assert found == [
        (1, "a", "a = x1 * x2"),
        (3, "", "b = -a if x1 < 0 else sin(a)"),
        (3, "b", "b = -a if x1 < 0 else sin(a)"),
        (4, "", "return a + b"),
    ]
    assert "a = x1 * x2" in wg.source(wg.trace(parse_program("a = x1 * x2\nreturn sin(a) * a").function)(1.0, 2.0))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("while True: pass", ["column 1: 'while True: pass' is a loop", "Write its rounds one by one."]),
        ("a = x\nwhile a < 9:\n    a = a * 2\na", ["line 2, column 1: 'while a < 9:     a = a * 2' is a loop"]),
        ("for i in x: a = i", ["is a loop", "cumsum(x)"]),
        ("if x > 0: y = 1\ny", ["line 1, column 1", "is a block", "Write a if c else b."]),
        ("def f(x):\n    return x", ["is a definition", "the lines of its body only"]),
        ("async def f(x):\n    return x", ["of the kind AsyncFunctionDef"]),
        ("class A: pass", ["is a definition"]),
        ("import os\nos", ["line 1, column 1: 'import os' is an import", "as in sin(x)"]),
        ("from os import system; system('x')", ["is an import"]),
        ("with x: y = 1", ["of the kind With"]),
        ("try:\n    a = 1\nexcept: a = 2", ["of the kind Try"]),
        ("raise x", ["of the kind Raise"]),
        ("del x", ["of the kind Delete"]),
        ("global x\nx", ["of the kind Global"]),
        ("assert x\nx", ["of the kind Assert"]),
        ("pass", ["of the kind Pass"]),
        ("a: float = x\na", ["is an annotated assignment"]),
        ("a = b = x", ["has several targets"]),
        ("a, b = x\na", ["line 1, column 1: 'a, b' cannot be assigned to", "one assignment for each name"]),
        ("x[0] = 1\nx", ["'x[0]' cannot be assigned to"]),
        ("x[0] += 1\nx", ["'x[0]' cannot be assigned to"]),
        ("a.b = 1\na", ["'a.b' cannot be assigned to"]),
        ("sin = x\nsin", ["'sin' is a function. It keeps its meaning."]),
        ("__a = x\n__a", ["'__a' cannot name a value"]),
        ("a = x\nb = a.real\nb", ["line 2, column 5: 'a.real' is an attribute"]),
        ("  a = x\n  b = ().__class__\n  b", ["line 2, column 7: '().__class__' is an attribute"]),
        ("a = lambda: x\na", ["line 1, column 5: 'lambda: x' is a lambda"]),
        ("a = [1, 2]\na", ["line 1, column 5: '[1, 2]' is a list"]),
        ("a = x ^ 2\na", ["uses '^'"]),
        ("a ^= 2\na", ["line 1, column 1: 'a ^= 2' uses '^'"]),
        ("a = print(x)\na", ["'print' is not a known function"]),
        ("a = x\nprint(a)\na", ["line 2, column 1: 'print(a)' is not the last line. Its value is used nowhere."]),
        ("sin(x)\ncos(x)", ["line 1, column 1: 'sin(x)' is not the last line", "a = sin(x)"]),
        ("return x\ny", ["'return x' is not the last line", "never reached"]),
        ("a = x\nreturn", ["line 2, column 1: 'return' returns nothing"]),
        ("a = x\nreturn a, x", ["line 2, column 8: 'a, x' is a tuple"]),
        ("a = x +\nb", ["line 1, column 7: '+' cannot be read"]),
        ("a = x\n    b = a\nb", ["line 2", "cannot be read", "indent"]),
        ("a = 2x\na", ["line 1, column 5", "Write products with *"]),
        ("a = x\nb = a²", ["line 2, column 6: '²' (superscript two)"]),
        ("a = x \\\n + 1", ["line 1, column 7: '\\\\' continues a line"]),
        ("", ["The expression is empty."]),
        ("# only a comment", ["The expression is empty."]),
        ("\n" * 20, ["The expression is empty."]),
        (3, ["of type int"]),
    ],
)
def test_refused_lines(text, parts):
    with pytest.raises(ExpressionError) as error:
        parse_program(text)
    message = str(error.value)
    assert [part for part in parts if part not in message] == []
    assert "\n" not in message
    assert len(message) < 400


def test_long_lines_are_refused():
    for text in ("x" * 10**6, "a = x\n" * 10**6, "(" * 10**6):
        with pytest.raises(ExpressionError, match=r"has \d+ characters. The limit is 10000\."):
            parse_program(text)
    with pytest.raises(ExpressionError, match=r"has too many parts\. The limit is 5000"):
        parse_program("a=x\n" + "a=-a*-a\n" * 1240)
    for text in ("a = " + "(" * 4000, "a = " + "-" * 9000 + "x", "\n".join(["a = x"] * 1500 + ["a.b"])):
        with pytest.raises(ExpressionError):
            parse_program(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x + np.sin(x)", "np.sin"),
        ("  a = x  # α\n  b = a.real\n  b", "a.real"),
        ("a = x\n\n  \nb = (a +\n  x.y)\nb", "x.y"),
        ("a = x\nwhile a:\n    a = 1\na", "while a:\n    a = 1"),
        ("a = x +\nb", "+"),
        ("a = x\nb = sin a\nb", "sin a"),
        ("a = x\nb = lambda*a", "lambda"),
        ("a = 2*|x|\na", "|x|"),
    ],
)
def test_an_error_knows_the_part_of_the_text_that_it_is_about(text, part):
    with pytest.raises(ExpressionError) as error:
        parse_program(text)
    start, end = error.value.span
    assert text[start:end] == part


def test_an_operation_of_a_line_that_fails_is_named():
    with pytest.raises(ExpressionError, match="line 2, column 8: 'A @ a' could not be computed"):
        parse_program("a = x + x\nreturn A @ a").function(np.ones(2), A)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x1=2, x2=-5e-1", {"x1": 2.0, "x2": -0.5}),
        ("x = 1; y = [1, 2];", {"x": 1.0, "y": [1, 2]}),
        ("x=1 y=2\nA = [[1, 2],\n [3, 4]],\n", {"x": 1.0, "y": 2.0, "A": [[1, 2], [3, 4]]}),
        ("", {}),
        (" \n ", {}),
    ],
)
def test_points(text, expected):
    found = parse_point(text)
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize(
    ("text", "parts", "span"),
    [
        ("2", ["column 1: '2' has no name", "Write x=2"], "2"),
        ("x=1, 2", ["column 3: '1, 2' is not a number"], "1, 2"),
        ("x=", ["The value of x is empty.", "Give one, as in 2 or [1, 2.5]."], None),
        ("y=1, x=[1 2]", ["column 9: '1 2' cannot be read"], "1 2"),
        ("x=1, x=2", ["'x=2' is given twice"], "x=2"),
        ("x=1, y=1+1", ["column 8: '1+1' is not a number"], "1+1"),
        ("x=1) + g(", ["column 4: ') + g(' cannot be read"], None),
        ("x=__import__('os')", ["column 3", "is not a number"], "__import__('os')"),
        ("**x", ["has no name"], "**x"),
        ("x==1", ["has no name"], "x==1"),
        ("a__b=1", ["'a__b' cannot name a variable"], None),
        ("lambda=1", ["'lambda' cannot name a variable"], None),
        ("x=[[1, 2], [3]]", ["The value of x is not an array. Its rows differ in length."], None),
        ("x=" + "1" * 10**6, ["The point has 1000002 characters. The limit is 100000."], None),
        (None, ["The point is of type NoneType"], None),
    ],
)
def test_refused_points(text, parts, span):
    with pytest.raises(ExpressionError) as error:
        parse_point(text)
    message = str(error.value)
    assert [part for part in parts if part not in message] == []
    assert "\n" not in message
    if span is not None:
        assert text[slice(*error.value.span)] == span


# ------------------------------------------------------------------------------------------- random text

PIECES = [
    *["x", "y", "x1", "1", "2.5", "1e3", "pi", "(", ")", "[", "]", "+", "-", "*", "/", "**", "//", "%", "@"],
    *["<", "==", " if ", " else ", "sin", "max", "sum", "where", ",", ":", ".", "=", ":=", " not ", " and "],
    *[
        "lambda ",
        "__",
        "{",
        "}",
        "'",
        '"',
        "\\",
        "\n",
        "\0",
        "^",
        "~",
        " in ",
        " is ",
        " for ",
        "await ",
        "f'",
    ],
]


PIECES += ["return ", "a = ", "a += ", ";", "# ", "while ", "for ", "if ", "def ", "import ", "    ", "\r\n", "x="]


@settings(max_examples=500)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
@example("1if x else 2")
@example("0x1for x in y")
@example("1 if 0x1else 2")
@example("x if y")
@example("f'{")
@example("'\\d'")
def test_random_text_raises_nothing_but_expression_errors(text):
    for read in (parse, parse_value, parse_program, parse_point):
        message = ""
        try:
            read(text)
        except ExpressionError as error:
            message = str(error)
        assert "\n" not in message


def expressions():
    leaves = st.one_of(
        st.sampled_from(["x", "y", "pi", "2", "0.5", "3"]),
        st.floats(0, 1e3).map(repr),
    )

    def larger(part):
        return st.one_of(
            st.tuples(part, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), part).map(
                lambda parts: f"({' '.join(parts)})"
            ),
            st.tuples(part, st.sampled_from(["<", ">=", "==", "!="]), part).map(
                lambda parts: f"(1.0 * ({' '.join(parts)}))"
            ),
            part.map(lambda part: f"(-{part})"),
            st.tuples(st.sampled_from(["sin", "exp", "sqrt", "abs"]), part).map(lambda parts: "{}({})".format(*parts)),
            st.tuples(part, part, part).map(lambda parts: "({} if {} > 0 else {})".format(*parts)),
            st.tuples(part, part, part).map(lambda parts: "(1.0 * ({} < {} < {}))".format(*parts)),
        )

    return st.recursive(leaves, larger, max_leaves=12)


# What Python itself makes of an expression, with numbers that follow NumPy's arithmetic.
PYTHON = {name: getattr(np, name) for name in ("sin", "exp", "sqrt", "abs")} | {"pi": np.pi}


@settings(max_examples=300)
@given(expressions(), st.floats(-10, 10), st.floats(-10, 10))
def test_allowed_expressions_compute_what_python_computes(text, x, y):
    values = {"x": np.float64(x), "y": np.float64(y)}
    with np.errstate(all="ignore"):
        try:
            expected = eval(text, {"__builtins__": {}}, PYTHON | values)  # noqa: S307 - the oracle, on text made here
        except (ArithmeticError, TypeError):
            return  # of two numbers Python makes an error, a complex or an endless one
        result = parse(text, ["x", "y"]).function(x, y)
    if not isinstance(expected, complex):
        np.testing.assert_allclose(float(result), float(expected), rtol=1e-12)


@given(expressions(), st.floats(), st.floats())
def test_evaluation_raises_nothing_but_the_errors_of_the_library(text, x, y):
    with np.errstate(all="ignore"), contextlib.suppress(WengertError):
        parse(text, ["x", "y"]).function(x, y)


def test_a_value_that_is_given_hides_a_constant():
    assert parse_given("e*x + pi", {"x": 1.0, "e": 2.0}).names == ("x", "e")
    assert parse_given("e*x + pi", {"x": 1.0}).names == ("x",)
    assert parse_given("exp(x)", {"x": 1.0, "e": 2.0, "z": 3.0}).names == ("x",)
    assert parse_given("a = pi\na*x", ["pi"]).function(3.0, 2.0) == 6.0
