"""The command line: what it prints, and one clear line for everything it refuses."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

import wengert
from wengert import cli

TEXTBOOK = "log(x1) + x1*x2 - sin(x2)"
POINT = ("x1=2", "x2=5")

MODEL = """\
import math
import sys
import numpy as np
from dataclasses import dataclass

from helper import twice

@dataclass
class Settings:
    steps: int = 2

def loss(x, w=3.0):
    return np.sum(x * x) * w

def counted(x, n: int, /, *, scale: "int" = 1):
    total = 0.0
    for _ in range(n):
        total = total + np.sin(x) * scale
    return twice(total)

def anything(**values):
    return values["a"] * values["b"]

def noisy(x):
    print("from the function")
    return x * x

def lost(x):
    return math.sin(x)

def failing(x):
    raise ValueError("two\\nlines")

def deep(x):
    return failing(x)

def quitting(x):
    sys.exit(3)

def plain_array(x):
    return x * 2.0

def pair(x):
    return x, x * x

def decomposed(x):
    return np.linalg.eigvalsh(x)[0]

table = {"a": 1}
class Secretive:
    __signature__ = "secret"

    def __call__(self, x):
        return x

secretive = Secretive()
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    (tmp_path / "broken.py").write_text("x = 1\ndef f(x:\n    return x\n")
    (tmp_path / "crashing.py").write_text("import numpy\n\nvalue = 1 / 0\n")
    (tmp_path / "absent.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(0)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if name == "helper" or name.startswith("_wengert_target"):
            del sys.modules[name]


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command; give status, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments):
        status = cli.main(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def refusal(run):
    """Run the command, which must refuse; give the one line it says."""

    def call(*arguments):
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert err.startswith("wengert: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err[len("wengert: ") : -1]

    return call


# ---------------------------------------------------------------------------------------------------- what it does


def test_explain_prints_the_textbook_tables(run):
    status, out, err = run("explain", TEXTBOOK, *POINT)
    assert (status, err) == (0, "")
    expected = wengert.explain(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    assert out == f"f(x1, x2) = {TEXTBOOK}\n" + expected.to_text(80).split("\n", 1)[1] + "\n"
    assert "│ v₁  = log(v₋₁) = 0.693  │ v̄₋₁ = v̄₋₁ + v̄₁ / v₋₁ = 5.5    │" in out


def test_explain_options(run):
    _, out, _ = run("explain", TEXTBOOK, *POINT, "--mode", "forward", "--wrt", "x2", "--digits", "5")
    assert "Reverse" not in out
    assert "the tangent of x2 is 1" in out
    assert "= 1.71634 " in out
    _, out, _ = run("explain", "x*y", "x=[1,2]", "y=[3,4]", "--mode", "reverse", "--seed", "z[1]")
    assert "the cotangent of z[1] is 1" in out
    _, out, _ = run("explain", "exp(exp(exp(exp(x))))", "x=0", "--max-rows", "2")
    assert "⋮ 4 steps left out (max_rows=2)" in out


def test_compare(run):
    status, out, err = run("compare", TEXTBOOK, *POINT, "--digits", "3")
    assert (status, err) == (0, "")
    assert out.startswith(f"f(x1, x2) = {TEXTBOOK} = 11.652\n")
    assert "│ sum over all paths │ [5.5, 1.716] │" in out


def test_grad(run):
    assert run("grad", TEXTBOOK, *POINT) == (
        0,
        f"f(x1, x2) = {TEXTBOOK} = 11.652071455223084\n∂f/∂x1 = 5.5\n∂f/∂x2 = 1.7163378145367738\n",
        "",
    )


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_grad_options(run, mode):
    _, out, _ = run("grad", "x*y*long", "x=2", "y=3", "long=5", "--wrt", "long", "--wrt", "x", "--mode", mode)
    assert out.splitlines()[1:] == ["∂f/∂long = 6.0", "∂f/∂x    = 15.0"]
    _, out, _ = run("grad", "sum(x*x)/3", "x=[1,2]", "--digits", "3", "--mode", mode)
    assert out == "f(x) = sum(x*x)/3 = 1.667\n∂f/∂x = [0.667, 1.333]\n"


def test_long_gradients_go_on_over_several_lines(run):
    values = ",".join(f"{k}.5" for k in range(30))
    _, out, _ = run("grad", "sum(x*x)", f"x=[{values}]")
    lines = out.splitlines()[1:]
    assert len(lines) > 1
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith(" " * len("∂f/∂x = ["))


@pytest.mark.parametrize(
    ("text", "values", "value"),
    [
        ("-x", ("x=3",), "-3.0"),
        ("-log(1/(1+exp(-x))+1)/(x**2+1)", ("x=0",), "-0.4054651081081644"),
        ("-x + y", ("x=-1e-1", "y=2"), "2.1"),
        ("x if x > 0 else -x", ("x=-2",), "2.0"),
        ("e*x", ("e=2", "x=3"), "6.0"),
        ("e*x", ("x=1",), "2.718281828459045"),
        ("sum(A @ x)", ("A=[[1,2],[3,4]]", "x=[1, 1]"), "10.0"),
        (" x ", ("x=1",), "1.0"),
    ],
)
def test_formulas(run, text, values, value):
    status, out, err = run("grad", text, *values)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].endswith(f" = {value}")


def test_undefined_values_are_shown_without_warnings(run):
    status, out, err = run("grad", "log(x)", "x=-1")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "f(x) = log(x) = nan"
    assert run("explain", "1/x", "x=0")[::2] == (0, "")


def test_a_function_in_a_file(run, model):
    assert run("grad", "model.py:loss", "x=[1,2]") == (0, "loss(x) = 15.0\n∂f/∂x = [6.0, 12.0]\n", "")
    assert run("grad", "model.py:loss", "w=1", "x=[1,2]")[1] == "loss(x, w) = 5.0\n∂f/∂x = [2.0, 4.0]\n∂f/∂w = 5.0\n"
    assert "loss(x)" in run("explain", str(model / "model.py:loss"), "x=[1,2]")[1]
    assert run("compare", "model.py:loss", "x=[1,2]")[0] == 0


def test_arguments_by_name_integers_and_a_neighbouring_module(run, model):
    _, out, _ = run("grad", "model.py:counted", "scale=2", "n=3", "x=0")
    assert out == "counted(x, n, scale) = 0.0\n∂f/∂x = 12.0\n"
    assert run("grad", "model.py:anything", "b=2", "a=3")[1] == "anything(b, a) = 6.0\n∂f/∂b = 3.0\n∂f/∂a = 2.0\n"


def test_what_the_function_prints_goes_to_stderr(run, model):
    status, out, err = run("grad", "model.py:noisy", "x=3")
    assert (status, out) == (0, "noisy(x) = 9.0\n∂f/∂x = 6.0\n")
    assert err == "from the function\n"


def test_formats_and_files(run, tmp_path):
    text, markdown, html = (run("explain", "x*x", "x=3", "--format", form)[1] for form in ("text", "markdown", "html"))
    assert "╭" in text
    assert "| --- |" in markdown
    assert html.startswith("<!DOCTYPE html>")
    for name, content in (("page.md", markdown), ("page.HTML", html), ("page.htm", html), ("page.txt", text)):
        assert run("explain", "x*x", "x=3", "--output", str(tmp_path / name)) == (0, "", "")
        assert (tmp_path / name).read_text(encoding="utf-8") == content
    run("explain", "x*x", "x=3", "--output", str(tmp_path / "page.md"), "--format", "text")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == text
    assert "| ∂f/∂x | 6.0 |" in run("grad", "x*x", "x=3", "--format", "markdown")[1]


def test_the_list_of_a_formula(run):
    shown = """\
list f(x: f64[], y: f64[]) -> v2
  v1 = sin(x)    f64[]    <expression>:1
  v2 = v1 * y    f64[]    <expression>:1
"""
    assert run("list", "sin(x) * y", "x=1", "y=2") == (0, shown, "")


def test_lists_of_derivatives(run):
    _, out, _ = run("list", "sin(x) * y", "x=1", "y=2", "--adjoint", "--wrt", "y")
    assert out.splitlines()[0] == "list f_adjoint(x: f64[], y: f64[], v2_bar: f64[]) -> v2, y_bar"
    assert "cos" not in out
    _, out, _ = run("list", "sin(x) * y", "x=1", "y=2", "--adjoint", "--tangent")
    assert out.startswith("list f_adjoint_tangent(")
    plain, simplified = (
        run("list", "x**2 * 1", "x=3", "--adjoint", *more)[1].count("\n") for more in ((), ("--simplified",))
    )
    assert simplified < plain
    assert "operations in primal ones" in run("list", "x**2", "x=3", "--adjoint", "--stats")[1]


def test_the_list_of_a_function_that_decides_on_values(run):
    status, out, err = run("list", "x if x > 0 else -x", "x=-2")
    assert status == 0
    assert "-x" in out
    assert err == "wengert: the function decides on values; its list holds for these alone.\n"


def test_sources(run, model):
    _, out, _ = run("source", "model.py:loss", "x=[1,2,3]", "--grad")
    names: dict = {}
    exec(out, names)  # noqa: S102  # the project's own output
    np.testing.assert_array_equal(names["grad_loss"](np.array([1.0, 2.0, 3.0])), [6.0, 12.0, 18.0])
    assert "return np.sum(x * x) * w" in out
    _, out, _ = run("source", "sin(x)", "x=1", "--adjoint", "--language", "c", "--name", "slope")
    assert "int slope(double x, double v1_bar" in out
    status, out, _ = run("source", "sin(x)", "x=1", "--output", "f.py")
    assert (status, out) == (0, "")
    assert "np.sin(x)" in (model / "f.py").read_text()


def test_latex(run):
    assert run("latex", "sin(x) * exp(x)", "x=1", "--expanded")[1] == "\\sin x \\cdot e^{x}\n"
    _, out, _ = run("latex", "sin(x) * exp(x)", "x=1", "--tangent")
    assert out.startswith("\\begin{aligned}\n")
    assert "\\dot{v}_{1} &= \\dot{x} v_{4}" in out


def test_version_and_help(run):
    assert run("--version") == (0, f"wengert {wengert.__version__}\n", "")
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    assert run() == (0, out, "")
    assert 'wengert explain "log(x1) + x1*x2 - sin(x2)" x1=2 x2=5' in out
    for command in ("explain", "compare", "grad", "list", "source", "latex"):
        status, out, _ = run(command, "--help")
        assert status == 0
        assert f"  wengert {command} " in out
        assert "--output FILE" in out


def test_help_fits_80_columns_and_its_examples_run(run, model):
    commands = ("explain", "compare", "grad", "list", "source", "latex")
    helps = [run("--help")[1], *(run(command, "--help")[1] for command in commands)]
    for text in helps:
        assert max(map(len, text.splitlines())) <= 80
    examples = re.findall(r"^  (wengert .*)$", helps[0], re.MULTILINE)
    assert len(examples) == 9
    for example in examples:
        status, _, err = run(*shlex.split(example)[1:])
        assert (status, err) == (0, "")


def test_lines_of_assignments_are_a_function(run):
    for text in ("z = x1*x2; z - sin(x2)", "z = x1*x2  # a product\nreturn z - sin(x2)", "z = x1*x2\nz -= sin(x2)"):
        status, out, err = run("grad", text, "x1=2", "x2=5", "--digits", "3")
        assert (status, err) == (0, "")
        assert out.splitlines()[1:] == ["∂f/∂x1 = 5", "∂f/∂x2 = 1.716"]
    assert out.splitlines()[0] == "f(x1, x2): z = x1*x2; z -= sin(x2) = 10.959"
    assert run("list", "z = x*x\nsin(z)", "x=1")[1].splitlines()[1:] == [
        "  v1 = x * x      f64[]    <expression>:1",
        "  v2 = sin(v1)    f64[]    <expression>:2",
    ]


def test_one_line_of_a_program_is_shown(run, refusal):
    text, point = "z = x1*x2\nz - sin(x2)", ("x1=2", "x2=5")
    status, out, err = run("explain", text, *point, "--line", "1")
    assert (status, err) == (0, "")
    assert "v₁ = v₋₁ · v₀ = 10" in out
    assert "sin" not in out
    assert refusal("explain", text, *point, "--html", "page.html", "--line", "1").startswith("--html is the player")
    assert refusal("explain", text, *point, "--html", "page.html", "--by", "memory").startswith("--html is the player")
    assert "no statement stands" in refusal("explain", text, *point, "--line", "9")


def test_play_takes_a_port_and_no_function(refusal):
    assert "unrecognized arguments: x. See: wengert play --help" in refusal("play", "x")
    for port in ("x", "-1", "65536", "²"):
        assert f"argument --port: '{port}' is no number of a port, from 0 to 65535" in refusal("play", "--port", port)


# ------------------------------------------------------------------------------------------------ what it refuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain",), "the following arguments are required: FUNCTION, NAME=VALUE. See: wengert explain --help"),
        (("frobnicate",), "invalid choice: 'frobnicate'"),
        (("--frobnicate",), "See: wengert --help"),
        (("grad", "x", "x=1", "--frobnicate"), "--frobnicate is no option of wengert grad."),
        (("grad", "--x", "x=2"), 'A formula that begins with -- needs brackets: "(--x)". See: wengert grad --help'),
        (("grad", "x", "x=1", "--mode", "both"), "argument --mode: invalid choice: 'both'"),
        (("explain", "x", "x=1", "--mod", "forward"), "--mod is no option of wengert explain. Did you mean --mode?"),
        (("explain", "x", "x=1", "--digits", "many"), "argument --digits: 'many' is no whole number from 0 to"),
        (("explain", "x", "x=1", "--digits", "-1"), "argument --digits: '-1' is no whole number from 0 to"),
        (("explain", "x", "x=1", "--max-rows", "0"), "explain got digits=3 and max_rows=0."),
        (("explain", "x", "x=1", "--wrt"), "argument --wrt: expected one argument"),
        (("explain", "x", "x=1", "--wrt", "y"), "explain got wrt='y', which names no input. The inputs are x."),
        (("explain", "x", "x=1", "--seed", "y[3]"), "explain got seed='y[3]', but result y has shape ()."),
        (("grad", "x", "x=1", "--wrt", "y"), "there is no variable y to differentiate for. The variables are x."),
        (("grad", "x", "x"), "'x' is no value of a variable. Write x=2 or x=[1,2,3]"),
        (("grad", "x", "x=[1,", "2]"), "the value of x: column 1: '[1,' cannot be read."),
        (("grad", "x", "x="), "x= stands without a value. Write x=2 or x=[1,2,3]."),
        (("grad", "x", "x=1", "y", "--mode", "forward"), "'y' is no value of a variable. Write x=2"),
        (("grad", "sin x", "x=1"), "column 1: 'sin x' cannot be read. Functions take their arguments in brackets."),
        (("grad", "lambda*x", "x=1"), "column 1: 'lambda' is a word of Python. It cannot name a variable."),
        (("grad", "x", "x=two"), "the value of x: column 1: 'two' is not a number."),
        (("grad", "x", "x=__import__('os')"), "the value of x: column 1: \"__import__('os')\" is not a number."),
        (("grad", "x", "x=[[1],[2,3]]"), "the value of x: The value is not an array. Its rows differ in length."),
        (("grad", "x", "x=1", "x=2"), "x is given twice."),
        (("grad", "x", "2x=1"), "'2x=1' is no value of a variable."),
        (("grad", "x*y", "x=1"), "y has no value. Give one, as in y=2."),
        (("grad", "x", "x=1", "y=2"), "y is not in the formula. Its variables are x."),
        (("grad", "2+3", "y=2"), "y is not in the formula. It has no variables."),
        (("grad", "2+3"), "there is nothing to differentiate for."),
        (("explain", "2+3"), "explain found no input to differentiate."),
        (("compare", "2+3"), "compare found no argument of expression to differentiate for."),
        (("grad", ""), "The expression is empty."),
        (("grad", "log(x", "x=1"), "column 4: '(x' cannot be read."),
        (("grad", "foo(x)", "x=1"), "column 1: 'foo' is not a known function."),
        (("grad", "eval(x)", "x=1"), "column 1: 'eval' is not a known function."),
        (("grad", "x.real", "x=1"), "is an attribute"),
        (("grad", "__import__", "x=1"), "__import__"),
        (("grad", "os", "x=1"), "os has no value."),
        (("grad", "(lambda: 1)()", "x=1"), "a lambda"),
        (("grad", "x*y", "x=[1,2]", "y=[1,2,3]"), "column 1: 'x*y' could not be computed."),
        (("grad", "x", "x=[1,2]"), "grad needs a scalar result, but expression returned shape (2,)."),
        (("grad", "x", "x=[1,2]", "--mode", "forward"), "a gradient needs a scalar result, but expression returned"),
        (("compare", "x", "x=[1,2]"), "compare needs a scalar result, but expression returned shape (2,)."),
        (("grad", "x", "x=1", "--output", "no/such/folder/x.md"), "cannot write no/such/folder/x.md: No such file"),
        (("grad", "x", "x=1", "--output", "."), "cannot write .: Is a directory."),
        (("grad", "x", "x=1", "--output", ""), "--output has no name of a file. Give one, as in --output result.txt."),
        (("explain", "x", "x=1", "--html", ""), "--html has no name of a file. Give one, as in --html page.html."),
        (("explain", "x", "x=1", "--html", "a.txt"), "but a.txt is not named as one. Write a.html."),
        (("explain", "x", "x=1", "--html", "model.py"), "but model.py is not named as one. Write model.html."),
        (("explain", "x", "x=1", "--html", "."), "but . is not named as one. Write page.html."),
        (("explain", "x", "x=1", "--html", "a.html", "--output", "b.html"), "--html and --output name two files."),
        (("grad", "model.py:nothing", "x=1"), "model.py has no function nothing. Its functions are loss, counted,"),
        (("grad", "model.py:table", "x=1"), "model.py has no function, but a dict, called table."),
        (("grad", "model.py", "x=1"), "model.py is a file. Name the function too, as in model.py:loss."),
        (("grad", "absent_file.py:f", "x=1"), "there is no file absent_file.py."),
        (("grad", "model.py:loss"), "x has no value. Give one, as in x=2."),
        (("grad", "model.py:loss", "x=1", "z=3"), "z is not in model.py:loss. Its arguments are x, w."),
        (("grad", "model.py:counted", "x=1", "n=1.5"), "n must be an integer."),
        (("grad", "model.py:counted", "x=1", "n=[1,2]"), "n must be an integer."),
        (("grad", "model.py:secretive", "x=1"), "model.py:secretive does not tell the names of its arguments."),
        (("grad", "model.py:lost", "x=1"), "float(), a function of the math module or an assignment into a NumPy"),
        (("grad", "model.py:lost", "x=1"), "(model.py:29: return math.sin(x))"),
        (("grad", "model.py:failing", "x=1"), 'ValueError: two lines (model.py:32: raise ValueError("two\\nlines"))'),
        (("grad", "model.py:deep", "x=1"), "(model.py:32: raise ValueError"),
        (("explain", "model.py:failing", "x=1"), "ValueError: two lines (model.py:32:"),
        (("compare", "model.py:failing", "x=1"), "ValueError: two lines (model.py:32:"),
        (("grad", "model.py:quitting", "x=1"), "model.py ended the program (model.py:38: sys.exit(3))"),
        (("grad", "model.py:plain_array", "x=[1,2]"), "grad needs a scalar result, but plain_array returned"),
        (("compare", "model.py:pair", "x=1"), "compare needs a scalar result, but pair returned 2 arrays."),
        (("grad", "broken.py:f", "x=1"), "SyntaxError: "),
        (("grad", "broken.py:f", "x=1"), "(broken.py:2: def f(x:)"),
        (("grad", "crashing.py:f", "x=1"), "ZeroDivisionError: division by zero (crashing.py:3: value = 1 / 0)"),
        (("grad", "absent.py:f", "x=1"), "No module named 'no_such_module_anywhere' (absent.py:1:"),
        (("list", "x", "x=1", "--adjoint", "--wrt", "y"), "adjoint of list f was asked for input 'y'."),
        (("source", "x", "x=1", "--language", "fortran"), "argument --language: invalid choice: 'fortran'"),
        (("source", "x", "x=1", "--grad", "--wrt", "y"), "there is no variable y to differentiate for."),
        (("source", "x", "x=[1,2]", "--grad"), "grad needs a scalar result, but expression returned shape (2,)."),
        (("source", "model.py:decomposed", "x=[[1,0],[0,2]]", "--language", "c"), "eigh cannot be written in C"),
        (("list", "model.py:lost", "x=1"), "float(), a function of the math module or an assignment into a NumPy"),
        (("grad", "leaving.py:f", "x=1"), "leaving.py ended the program (leaving.py:1: raise SystemExit(0))"),
    ],
)  # fmt: skip
def test_wrong_input_gets_one_clear_line(refusal, model, arguments, message):
    assert message in refusal(*arguments)


def test_a_dash_is_standard_output(run, model):
    assert run("grad", "x*x", "x=3", "--output", "-") == run("grad", "x*x", "x=3")
    assert run("list", "x*x", "x=3", "--output", "-") == run("list", "x*x", "x=3")
    status, out, err = run("explain", "x*x", "x=3", "--html", "-")
    assert (status, err) == (0, "")
    assert out.startswith("<!DOCTYPE html>")
    assert "<script" in out
    assert not (model / "-").exists()


def test_a_name_that_is_refused_is_not_written_to(refusal, model):
    before = (model / "model.py").read_text()
    refusal("explain", "x", "x=1", "--html", "model.py")
    assert (model / "model.py").read_text() == before


def test_values_may_stand_behind_options(run):
    behind = run("grad", "x*y", "--mode", "forward", "x=2", "--digits", "2", "y=3")
    assert behind == run("grad", "x*y", "x=2", "y=3", "--mode", "forward", "--digits", "2")
    assert behind[0] == 0


def test_a_formula_may_begin_with_two_signs(run):
    for formula in ("--x*3", "--2*x", "--sin(x)", "(--x)", "-(-x)"):
        status, out, err = run("grad", formula, "x=0")
        assert (status, err) == (0, "")
        assert out.startswith(f"f(x) = {formula} = ")


@pytest.mark.parametrize("formula", ["x*1e308*10", "exp(1000*x)", "1/(x - 1)", "x**x**9e99", "log(-x)"])
def test_compare_shows_what_is_not_finite(run, formula):
    status, out, err = run("compare", formula, "x=1")
    assert (status, err) == (0, "")
    assert "reverse mode" in out


def test_control_signs_of_a_formula_are_spelt_out(run, model):
    formula = "x*x # \u202eabc"
    for command in ("explain", "compare", "grad"):
        for form in ("text", "markdown", "html"):
            out = run(command, formula, "x=2", "--format", form)[1]
            assert "u202eabc" in out
            assert "\u202e" not in out
    for command in ("list", "source", "latex"):
        assert "\u202e" not in run(command, formula, "x=2")[1]
    run("explain", formula, "x=2", "--html", "page.html")
    assert "\u202e" not in (model / "page.html").read_text(encoding="utf-8")


def test_what_is_refused_cannot_move_the_cursor(refusal):
    line = refusal("grad", "x", "x=1", "\x1b[2J=1")
    assert "\x1b" not in line
    assert "\\x1b[2J" in line


def test_ctrl_c_is_no_traceback(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_target", interrupted)
    assert run("grad", "x", "x=1") == (130, "", "")


# ---------------------------------------------------------------------------------------------------- the terminal


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_only_on_a_terminal_that_wants_it(monkeypatch, environment, coloured):
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for command in ("explain", "compare", "grad"):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert cli.main([command, "x*x", "x=3"]) == 0
        assert ("\x1b[" in terminal.getvalue()) is coloured


def test_a_file_has_no_colours(monkeypatch, tmp_path):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    cli.main(["explain", "x*x", "x=3", "--output", str(tmp_path / "page.txt")])
    assert "\x1b" not in (tmp_path / "page.txt").read_text(encoding="utf-8")


def process(*arguments, **options):
    command = [sys.executable, "-m", "wengert", *arguments]
    environment = dict(os.environ) | {"COLUMNS": "80"} | options.pop("environment", {})
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", **options
    )


def test_as_a_module():
    with process("grad", "x*x", "x=3", environment={"PYTHONUTF8": "1"}) as running:
        out, err = running.communicate()
    assert (running.returncode, out, err) == (0, "f(x) = x*x = 9.0\n∂f/∂x = 6.0\n", "")


def test_the_exit_status_of_a_refusal():
    with process("grad", "x*x") as running:
        out, err = running.communicate()
    assert (running.returncode, out, err) == (2, "", "wengert: x has no value. Give one, as in x=2.\n")


def test_a_reader_that_leaves_early_is_no_error():
    with process("compare", "sin(x)", "x=3", environment={"PYTHONUTF8": "1"}) as running:
        running.stdout.close()
        err = running.stderr.read()
        running.wait()
    assert (running.returncode, err) == (0, "")


def test_a_terminal_without_unicode_shows_question_marks():
    with process("grad", "x*x", "x=3", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}) as running:
        out, err = running.communicate()
    assert (running.returncode, out, err) == (0, "f(x) = x*x = 9.0\n?f/?x = 6.0\n", "")
