"""Lists written as Python read like code of a person, and change only arrays of their own."""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import wengert as wg
from programs import PROGRAMS
from show.control_programs import CONTROL, energy, recurrent
from show.written_programs import (
    assert_all_forms_compute,
    assert_computes,
    assert_is_laid_out,
    assert_same,
    body_of,
    function_of,
    source_of,
)
from wengert.show.python_source import python_source
from wengert.simplification import simplify

GOLDEN = Path(__file__).with_name("golden")
STRAIGHT = [program for program in PROGRAMS if not program.branches]

# --- arrays are changed in place only where nobody sees it ---------------------------------------


def test_arrays_of_the_caller_are_not_changed():
    def f(x):
        x[0] = 5.0
        y = x * 2
        y += x
        return y

    texts = assert_all_forms_compute(f, np.array([1.0, 2.0]))
    assert body_of(texts[0]) == ["x = x.copy()", "x[0] = 5.0", "y = x * 2", "y += x", "return y"]


def test_an_array_that_is_read_later_is_copied():
    def f(x):
        y = x * 2
        return y, wg.index_update(y, 0, 1.0)

    text = assert_all_forms_compute(f, np.array([1.0, 2.0]))[0]
    assert body_of(text) == ["y = x * 2", "y_2 = y.copy()", "y_2[0] = 1.0", "return (y, y_2)"]


def test_a_view_that_is_read_later_keeps_its_array():
    def f(x):
        y = x * 2
        part = y[1:]
        return wg.index_update(y, 1, 7.0), part * 3

    text = assert_all_forms_compute(f, np.array([1.0, 2.0, 3.0]))[0]
    assert body_of(text)[:3] == ["y = x * 2", "part = y[1:]", "y = y.copy()"]


def test_a_result_that_is_a_constant_is_not_that_above_the_function():
    constant = np.linspace(0, 1, 20)
    function = function_of(source_of(lambda x: (x, constant), 1.0))
    function(1.0)[1][0] = 5.0
    assert function(1.0)[1][0] == 0.0


def test_a_read_only_view_is_not_written_into():
    def f(x):
        y = np.broadcast_to(x * 2, (3,))
        return wg.index_update(y, 0, 1.0)

    assert_all_forms_compute(f, 1.5)

    def g(x):
        return wg.index_update(np.diagonal(x * 2), 0, 1.0)

    assert_all_forms_compute(g, np.ones((3, 3)))


def test_sums_at_places_that_are_named_twice():
    texts = assert_all_forms_compute(lambda x: x[[0, 0, 1]] ** 2, np.array([1.0, 2.0]))
    assert "np.add.at(x_bar, " in texts[2]


def test_a_carry_that_is_kept_in_a_list_is_not_changed():
    def f(x):
        def body(t):
            return wg.index_update(t, 0, t[0] * t[1] + t[0] ** 2)

        return wg.while_loop(lambda t: t[0] < 50, body, x)

    texts = assert_all_forms_compute(f, np.array([1.0, 2.0]))
    assert "t[0] = " in texts[0]
    assert "_kept.append(" in texts[2]


def test_what_is_added_may_lie_in_the_array_itself():
    def f(x):
        y = x * 2
        return wg.index_add(y, np.array([0, 0, 1]), y[::-1])

    assert_all_forms_compute(f, np.array([1.0, 2.0, 5.0]))


def test_a_part_that_is_read_after_a_write_is_copied_before():
    def f(x):
        y = x * 2
        return np.dot(y[1:], wg.index_update(y, 1, 7.0)[1:])

    text = assert_all_forms_compute(f, np.array([1.0, 2.0, 3.0]))[0]
    assert body_of(text) == ["y = x * 2", "t1 = y[1:].copy()", "y[1] = 7.0", "return t1 @ y[1:]"]


def test_a_carry_that_becomes_an_argument_is_not_changed():
    def f(x):
        def body(i, carry):
            c, s = carry
            c = wg.index_update(c, 0, s)
            return x, s + np.sum(c * c)

        return wg.fori_loop(0, 3, body, (x * 2, 0.0))[1]

    assert_all_forms_compute(f, np.array([1.0, 2.0]))


# --- names ---------------------------------------------------------------------------------------


def test_names_are_those_of_the_user():
    def f(x):
        y = np.sin(x) * x
        y = y + 1
        return y  # noqa: RET504  # the assignment is under test

    assert body_of(source_of(f, 1.0)) == ["y = np.sin(x) * x", "y += 1", "return y"]
    text = python_source(wg.adjoint(wg.trace(f)(1.0)))
    assert "def f_adjoint(x, y_bar):" in text
    assert "x_bar = y_bar * t1 + y_bar * x * np.cos(x)" in text


def test_rounds_of_a_loop_have_one_name():
    def f(x):
        for _ in range(5):
            x = x * 2
        return x

    assert body_of(source_of(f, 1.0)) == ["x = x * 2", *["x *= 2"] * 4, "return x"]


SINE = np.sin


def test_names_that_python_has_are_not_hidden():
    def f(np_, list, lambda_, v1, t1):  # noqa: A002  # the names under test
        np = SINE(np_) * list
        range = np + lambda_ * v1  # noqa: A001
        sum = range * t1  # noqa: A001
        return sum + np

    text = assert_all_forms_compute(f, 1.0, 2.0, 3.0, 4.0, 5.0)[0]
    assert "def f(np_, list_, lambda_, v1, t1):" in text
    assert "    np_2 = np.sin(np_) * list_" in text
    assert "    range_ = np_2 + lambda_ * v1" in text


def test_inputs_of_parts_of_a_container():
    text = source_of(lambda params: params["w"] * params["b 2"], {"w": 1.0, "b 2": 2.0})
    assert "def f(params_b_2, params_w):" in text


def test_the_name_of_the_function():
    lst = wg.trace(lambda x: x * 2)(1.0)
    assert "def twice(x):" in python_source(lst, "twice")
    assert "def f(x):" in python_source(lst)
    assert "def class_(x):" in python_source(lst, "class")
    assert function_of(python_source(wg.trace(lambda twice: twice * 2)(1.0), "twice"))(2.0) == 4.0


def test_a_variable_does_not_take_the_name_of_a_helper():
    def f(x, y):
        _cosine = np.hypot(x, y)
        return _cosine * _cosine

    assert_all_forms_compute(f, 1.0, 2.0)


# --- expressions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["-(x**2)", "(-x) ** 2", "x ** (y * 2)", "(x**y) ** 2", "x**y**2", "x - (y - x)", "x / (y * x)", "x / y * x",
     "-(x + y)", "(x + y) * -y", "2 ** (-x)", "x * y % x", "x % (y + 1)", "x // (y * x)", "(x > y) & (x < 2)",
     "(x @ z) * y", "x - y - x", "x + (y + x)", "~(x > y)", "abs(x - y) ** 0.5", "z.T @ z", "(z + z).T"],
)  # fmt: skip
def test_brackets_are_those_that_are_needed(text):
    values = {"x": np.array([0.5, 1.5]), "y": np.array([2.5, 0.7]), "z": np.arange(4.0).reshape(2, 2)}
    f = eval(f"lambda x, y, z: {text}")  # noqa: S307  # one of the texts above
    lst = wg.trace(f)(*values.values())
    (line,) = body_of(assert_computes(lst, *values.values()))
    plain = ast.unparse(ast.parse(text.replace("abs(", "np.abs("), mode="eval"))
    assert line == f"return {plain}"


def test_long_expressions_are_cut_into_statements():
    def f(x):
        return np.sin(np.cos(np.exp(np.tanh(np.sin(np.cos(x * 2 + 1)))))) + np.sqrt(x**2 + np.log(1 + x * x))

    lines = body_of(assert_all_forms_compute(f, 0.5)[0])
    assert len(lines) > 1
    assert max(map(len, lines)) < 88


@pytest.mark.parametrize(
    ("constant", "written"),
    [(np.zeros(3), "np.zeros(3)"), (np.ones((2, 3)), "np.ones((2, 3))"), (np.arange(5), "np.arange(5)"),
     (np.full(4, 2.5), "np.full(4, 2.5)"), (np.eye(3), "np.eye(3)"),
     (np.array([1.0, np.nan]), "np.array([1.0, np.nan])"),
     (np.array([-np.inf, 0.5]), "np.array([-np.inf, 0.5])"), (np.array([1, 0, 7]), "np.array([1, 0, 7])"),
     (np.array([0.1, 2], np.float32), "np.array([0.1, 2.0], dtype=np.float32)"),
     (np.array([1 + 2j, -1j]), "np.array([1.0 + 2.0j, -0.0 - 1.0j])"), (np.array([0.0, -0.0]), "np.array([0.0, -0.0])"),
     (np.zeros((0, 2)), "np.zeros((0, 2))"), (np.float32(0.1), "np.float32(0.1)"), (np.float64(0.1), "0.1"),
     (np.arange(20.0), "np.arange(20.0)"), (np.int8(3), "np.int8(3)")],
)  # fmt: skip
def test_constants(constant, written):
    text = source_of(lambda x: (x, constant), 1.0)
    assert f"return x, {written}\n" in text
    found = np.asarray(function_of(text)(1.0)[1])
    assert found.dtype == np.asarray(constant).dtype
    np.testing.assert_array_equal(found, constant)
    np.testing.assert_array_equal(np.signbit(found.real), np.signbit(np.asarray(constant).real))


def test_long_constants_stand_above_the_function_once():
    features = np.random.default_rng(0).standard_normal((5, 4))
    text = assert_all_forms_compute(lambda w: np.tanh(features @ w) @ features, np.ones(4))[2]
    assert text.count("_C1 = np.array(") == 1
    assert "_C1.T" in text
    assert "_C2" not in text


def test_a_number_of_another_dtype_keeps_it():
    x = np.ones(2, np.float32)
    assert "np.float64(0.1)" not in source_of(lambda x: x * 0.1, x)
    text = source_of(lambda x: x * np.float64(0.1), x)
    assert function_of(text)(x).dtype == np.float64


# --- kinds of numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_other_precisions(dtype):
    x = np.array([0.5, 1.5], dtype)
    assert_all_forms_compute(lambda x: np.exp(x * 2) / np.sum(x * x) + np.tanh(x), x, rtol=2e-6)


def test_integers_and_booleans():
    def f(k, m, x):
        return np.where(m, x[k] * k, x[0]) + np.sum(k) // 2 * x

    assert_all_forms_compute(f, np.array([0, 2, 1]), np.array([True, False, True]), np.array([0.5, 1.5, 2.5]))


def test_arrays_without_axes_and_without_elements():
    def f(x):
        return np.concatenate([np.reshape(x, 1), np.reshape(x * 2, 1)]).sum() + np.float64(2)

    assert_all_forms_compute(f, 1.5)
    assert_all_forms_compute(lambda x: np.sum(x * 2) + x, np.zeros(0))
    assert_all_forms_compute(lambda x: wg.index_update(x * 2, (), 3.0) * x, np.array(1.5))


# --- what is refused -----------------------------------------------------------------------------


def test_a_primitive_of_the_user_is_refused():
    softsign = wg.elementwise(
        lambda x: x / (1 + abs(x)), [lambda y, x: 1 / (1 + abs(x)) ** 2], name="softsign_under_test"
    )
    lst = wg.trace(lambda x: softsign(x) * 2)(1.0)
    with pytest.raises(wg.NoRuleError, match="softsign_under_test cannot be written") as caught:
        python_source(lst)
    assert "It is a primitive of the program itself." in str(caught.value)
    assert "Run the list itself" in str(caught.value)
    assert Path(__file__).name in str(caught.value)


def test_derivatives_by_numerical_methods_are_refused():
    from scipy.special import jv

    lst = wg.adjoint(wg.trace(jv)(1.5, 2.0))
    with pytest.raises(wg.NoRuleError, match=r"jv_in_order cannot be written .* a numerical method of this library"):
        python_source(lst)


# --- checks of degenerate matrices ---------------------------------------------------------------


def test_equal_eigenvalues_raise_in_the_text_too():
    lst = wg.adjoint(wg.trace(lambda a: np.linalg.eigh(a)[1])(np.diag([1.0, 2.0, 4.0])))
    function = function_of(python_source(lst))
    seed = np.ones((3, 3))
    assert_same(function(np.diag([1.0, 2.0, 4.0]), seed), lst(np.diag([1.0, 2.0, 4.0]), seed))
    with pytest.raises(np.linalg.LinAlgError, match="are equal"):
        function(np.diag([1.0, 1.0, 4.0]), seed)


# --- how it looks --------------------------------------------------------------------------------


def test_comments_say_which_line_is_written():
    def f(x):
        y = np.sin(x)
        return y * y

    text = python_source(wg.adjoint(wg.trace(f)(1.0)))
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    first = f.__code__.co_firstlineno + 1
    assert comments == [
        f"# {Path(__file__).name}:{first}  y = np.sin(x)",
        f"# {Path(__file__).name}:{first + 1}  return y * y",
        f"# adjoint of line {first + 1}: return y * y",
        f"# adjoint of line {first}: y = np.sin(x)",
    ]


def test_the_docstring_says_what_goes_in_and_out():
    text = python_source(wg.adjoint(wg.trace(energy)(np.ones(3))))
    function = ast.parse(text).body[-1]
    assert ast.get_docstring(function) == textwrap.dedent("""\
        Compute the results of energy, and the cotangents of its inputs for those of the results.

        Parameters
        ----------
        v : float64 array of shape (3,)
        y_bar : float64

        Returns
        -------
        y : float64
        v_bar : float64 array of shape (3,)""")


def test_a_list_without_inputs_or_with_many():
    text = python_source(wg.trace(lambda *xs: sum(xs))(*range(1, 40)))
    assert_is_laid_out(text)
    assert function_of(text)(*range(1, 40)) == sum(range(1, 40))


def test_a_long_program_takes_time_in_proportion():
    def f(x):
        for _ in range(3000):
            x = np.sin(x) * x
        return x

    text = assert_computes(wg.adjoint(wg.trace(f)(0.9)), np.float64(0.9), np.float64(1.0))
    assert text.count("\n") < 16_000


RUFF = Path(sys.executable).with_name("ruff")


@pytest.mark.skipif(not RUFF.exists(), reason="ruff is a tool of developers")
def test_the_formatter_has_nothing_to_change(tmp_path):
    for program in STRAIGHT[::2]:
        lst = wg.adjoint(wg.trace(program.function)(*program.args))
        (tmp_path / f"{program.name}.py").write_text(python_source(lst), encoding="utf-8")
        (tmp_path / f"{program.name}_s.py").write_text(python_source(simplify(lst)), encoding="utf-8")
    for f, args in CONTROL.items():
        lst = simplify(wg.adjoint(wg.trace(f)(*args)))
        (tmp_path / f"control_{f.__name__}.py").write_text(python_source(lst), encoding="utf-8")
    command = [str(RUFF), "format", "--check", "--isolated", "--line-length", "120", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


# --- texts that were looked at -------------------------------------------------------------------

FROM_THE_CORPUS = ("square_root_by_newton", "rosenbrock", "quadratic_form", "running_total")


def golden_list(name):
    if name == "recurrent":
        return simplify(wg.adjoint(wg.trace(recurrent)(*CONTROL[recurrent])))
    program = next(program for program in STRAIGHT if program.name == name)
    return simplify(wg.adjoint(wg.trace(program.function)(*program.args)))


@pytest.mark.parametrize("name", [*FROM_THE_CORPUS, "recurrent"])
def test_texts_that_were_looked_at(name):
    lst = golden_list(name)
    found = re.sub(r"(# \w+\.py:|of line )\d+", r"\g<1>0", python_source(lst))  # the lines may move in their file
    assert found == (GOLDEN / f"{name}.py").read_text(encoding="utf-8")
