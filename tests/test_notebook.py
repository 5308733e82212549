"""The notebook: magics, displays and errors, in a shell of IPython's."""

from __future__ import annotations

import ast
import re
import sys
import types
from html import unescape
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import wengert as wg
from wengert import notebook
from wengert.show import Explanation

EVIL = "<script>alert(1)</script>"
VALUES = "Write 2, [1, 2, 3] or the name of a variable."
FUNCTIONS = "Name a function, as in %explain f 2 5; a formula goes into a cell, below %%explain x=2."
NO_COUNT = "no whole number from 0 to 999999, such as 3"
NO_RESULT = "the last statement of the cell has no value. End it with the result, as in y."
TEXTBOOK = "y = np.log(x1) + x1 * x2 - np.sin(x2)"


@pytest.fixture(scope="module")
def shell_of_module(tmp_path_factory):
    """A shell without history that leaves the interpreter as it was."""
    main, hook = sys.modules["__main__"], sys.excepthook
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython")))
    yield shell
    InteractiveShell.clear_instance()
    sys.modules["__main__"], sys.excepthook = main, hook


@pytest.fixture
def shell(shell_of_module):
    """The shell with the extension loaded and nothing but NumPy and wengert in its namespace."""
    names = dict(shell_of_module.user_ns)
    shell_of_module.user_ns.update(np=np, wg=wg)
    shell_of_module.run_line_magic("load_ext", "wengert")
    yield shell_of_module
    shell_of_module.run_line_magic("unload_ext", "wengert")
    shell_of_module.user_ns.clear()
    shell_of_module.user_ns.update(names)


def run(shell, cell):
    """Run a cell that must succeed; its result."""
    with capture_output():
        result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def refused(shell, capsys, cell):
    """Run a cell that must be refused; the one line that is shown."""
    capsys.readouterr()
    result = shell.run_cell(cell)
    assert type(result.error_in_exec).__name__ == "UsageError"
    out, err = capsys.readouterr()
    lines = (out + err).strip().splitlines()
    assert len(lines) == 1
    return lines[0].removeprefix("UsageError: ")


# --- the extension -------------------------------------------------------------------------------------------------


def test_loading_offers_the_magics_and_unloading_takes_them_away(shell):
    assert shell.find_line_magic("explain") is not None
    assert shell.find_cell_magic("explain") is not None
    run(shell, "%unload_ext wengert")
    assert shell.find_line_magic("explain") is None
    assert shell.find_cell_magic("explain") is None
    run(shell, "%load_ext wengert")
    assert shell.find_cell_magic("explain") is not None
    shell.extension_manager.unload_extension("wengert")
    shell.extension_manager.load_extension("wengert")
    assert shell.find_line_magic("explain") is not None


# --- a cell --------------------------------------------------------------------------------------------------------


def test_a_cell_is_explained_as_the_function_is(shell):
    found = run(shell, f"%%explain x1=2 x2=5\n{TEXTBOOK}")
    assert isinstance(found, Explanation)
    assert found.adjoints["x1"] == pytest.approx(5.5)
    assert found.adjoints["x2"] == pytest.approx(2 - np.cos(5))
    assert found.title == "f(x1, x2) = np.log(x1) + x1 * x2 - np.sin(x2)"
    expected = wg.explain(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    assert found.to_text().splitlines()[1:] == expected.to_text().splitlines()[1:]


@pytest.mark.parametrize(
    "end",
    ["y = a * x", "a * x", "return a * x", "z = y = a * x", "y: float = a * x", "a *= x", "q = {}; q['y'] = a * x"],
)
def test_the_last_line_is_the_result(shell, end):
    found = run(shell, f"%%explain x=3\na = x * x\n{end}")
    assert found.adjoints["x"] == pytest.approx(27)
    assert found.title == "f(x)"


def test_values_come_from_the_line_or_the_notebook(shell):
    run(shell, "x1, x2, scale = 2.0, 5.0, 10.0")
    found = run(shell, "%%explain x1 x2=7\nscale * x1 * x2")
    assert [v.name for v in found.tape.list.inputs] == ["x1", "x2"]
    assert found.adjoints["x1"] == pytest.approx(70)


def test_without_a_line_the_floating_point_variables_are_the_inputs(shell):
    run(shell, "w, n, x, unused = np.array([1.0, 2.0]), 3, wg.tensor([0.5, 0.25]), 1.0")
    run(shell, "def double(a):\n    return 2 * a")
    found = run(shell, "%%explain\na = double(w @ x)\na ** n")
    assert [v.name for v in found.tape.list.inputs] == ["w", "x"]
    np.testing.assert_allclose(found.adjoints["w"], 3 * 2**2 * 2 * np.array([0.5, 0.25]))


def test_numbers_and_lists_on_the_line_are_floats(shell):
    found = run(shell, "%%explain x=[1, 2, 3] A=[[1, 0, 0], [0, 2, 0]]\nnp.sum((A @ x) ** 2)")
    np.testing.assert_allclose(found.adjoints["x"], [2, 16, 0])


def test_values_on_the_line_may_be_expressions(shell):
    run(shell, "n = 4")
    found = run(shell, '%%explain x=np.arange(n)/2 y="n * 1.5"\nnp.sum(x) * y')
    np.testing.assert_allclose(found.adjoints["x"], 6 * np.ones(4))


def test_a_name_may_be_given_a_new_value(shell):
    assert run(shell, "%%explain x=3\nx *= x\nx = x * x").adjoints["x"] == pytest.approx(4 * 27)


def test_a_cell_may_branch_loop_import_and_define(shell):
    cell = """%%explain x=2
import math
from math import pi as p
def square(a):
    return a * a
total = 0.0
for k in range(3):
    total += square(x) * k if k else x
y = [part for part in (total, p) if part is not None][0] * math.e
"""
    assert run(shell, cell).adjoints["x"] == pytest.approx((1 + 2 * 2 * 3) * np.e)


@pytest.mark.parametrize(
    ("cell", "free"),
    [
        ("y = x + 1\nz = y * x", "x"),
        ("y = y + 1", "y"),
        ("y += 1", "y"),
        ("k = 1\nfor k in range(n): k + m", "range n m"),
        ("for i, j in pairs: t = i * j\nt", "pairs"),
        ("y = [i * w for i in v]\ni", "w v i"),
        ("def g(a, b=c):\n    d = a * e\n    return d\ng(h)", "c e h"),
        ("def g():\n    return later\nlater = x\ng()", "x"),
        ("import os.path, math as m\nfrom a import b as c\nos, m, c, a", "a"),
        ("with p as q: r = q\nr", "p"),
        ("try: u = v\nexcept E as e: u = e\nu", "v E"),
        ("match s:\n    case [t, *rest] if t > w: y = t\n    case other: y = other\ny", "s w"),
        ("(n := x) + n", "x"),
        ("x: annotation = b\nx", "b"),
        ("g = lambda a: a * b\ng(1)", "b"),
        ("while x > 0: x = x - 1\nx", "x"),
        ("a[i] = b", "b a i"),
    ],
)
def test_inputs_are_what_is_read_before_it_has_a_value(cell, free):
    assert notebook._free_names(ast.parse(cell).body, "cell") == free.split()


def test_the_names_of_a_cell_stay_in_it(shell):
    run(shell, "%%explain x=3\nsquare = x * x")
    assert "square" not in shell.user_ns
    assert "f" not in shell.user_ns
    assert "x" not in shell.user_ns


def test_options_are_those_of_the_command_line(shell):
    found = run(shell, "%%explain x=[1,2] --mode forward --wrt x[1] --digits 5 --max-rows 2\nnp.sum(x**2 / 3)")
    text = found.to_text()
    assert "tangent of x[1]" in text
    assert "Reverse" not in text
    assert "1.33333" in text
    assert "left out" in text
    assert "cotangent of y2" in run(shell, "%%explain --seed y2 x=3\n(x, x * x)").to_text()


def test_lines_are_those_of_the_cell(shell):
    found = run(shell, "%%explain x=2\na = np.sin(x)\n\nb = a * x")
    places = {stmt.prim.name: stmt.where for stmt in found.tape.list.statements}
    assert (places["sin"].line, places["multiply"].line) == (2, 4)
    assert (places["sin"].text, places["sin"].assigned) == ("a = np.sin(x)", "a")


def test_what_is_infinite_gives_no_warning(shell, capsys):
    found = run(shell, "%%explain x=0\n1 / x")
    assert np.isinf(found.adjoints["x"])
    assert capsys.readouterr().err == ""


# --- a function ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["f 2 5", "f 2 b", "f a=2 b=5", "f b=5 a=2", "f 2 b=5", "f 2.0 (b + 0)", "f a=2 b='b'", "maker(1) 2 b"]
)
def test_a_function_is_explained(shell, line):
    run(shell, "b = 5.0\ndef f(a, b, n=2):\n    return a**n * b\ndef maker(_):\n    return f")
    found = run(shell, f"%explain {line}")
    assert found.adjoints["a"] == pytest.approx(20)
    assert found.title.startswith("f(a, b")


def test_the_line_gives_the_explanation_to_a_name(shell):
    run(shell, "e = %explain np.sin 0.5 --mode reverse")
    assert shell.user_ns["e"].adjoints["x"] == pytest.approx(np.cos(0.5))


def test_help_is_printed(shell, capsys):
    shell.run_cell("%explain --help")
    out = capsys.readouterr().out
    assert "%%explain x1=2 x2=5" in out
    assert "--player" in out
    assert "--player" in shell.find_line_magic("explain").__doc__


# --- picture and player --------------------------------------------------------------------------------------------


def shown(shell, cell):
    """What a cell displays besides its result, by MIME type."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    result.raise_error()
    return [output.data for output in captured.outputs]


def test_the_player_is_shown_in_a_frame_of_its_own(shell):
    found = shown(shell, f"%%explain x1=2 x2=5 --player\n{TEXTBOOK}")
    (frame,) = (data["text/html"] for data in found if "<iframe" in data.get("text/html", ""))
    assert 'sandbox="allow-scripts"' in frame
    assert frame.count("<") == 2  # the frame itself; all of the page is within an attribute
    page = unescape(frame.partition('srcdoc="')[2].partition('"')[0])
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "</html>" in page


def test_the_picture_is_shown(shell):
    found = shown(shell, f"%%explain x1=2 x2=5 --graph\n{TEXTBOOK}")
    assert any("<svg" in data.get("image/svg+xml", "") + data.get("text/html", "") for data in found)


def test_a_figure_is_shown_as_a_picture(shell):
    assert "inline" not in mpl.get_backend()
    data, metadata = shell.display_formatter.format(wg.plot.derivatives(np.sin, (0, 1)))
    assert data["image/png"]
    assert metadata["image/png"]["width"] == 640


# --- displays ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "wg.tensor([1.0, 2.0])",
        "wg.trace(np.sin)(1.0)",
        "wg.tape(np.sin, 1.0)",
        "wg.trace(np.sin)(1.0).stats()",
        "wg.explain(np.sin, 1.0)",
        "wg.compare(np.sin, 1.0)",
    ],
)
def test_everything_has_a_rich_display(shell, code):
    data, _ = shell.display_formatter.format(run(shell, code))
    assert "<table" in data["text/html"]
    assert data["text/plain"]


def test_what_is_typed_appears_as_text(shell):
    cell = f'%%explain x=2\ny = x * len("{EVIL}")'
    found = run(shell, cell)
    html = shell.display_formatter.format(found)[0]["text/html"]
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%explain", "name a function and its arguments, as in %explain f 2 5. See: %explain?"),
        ("%explain g 2", "name 'g' is not defined. Run the cell that defines g first."),
        ("%explain np.pi 2", "np.pi is no function, but of type float."),
        ("%explain np.sin q", "name 'q' is not defined. Run the cell that defines q first."),
        ("%explain np.sin (2", f"(2 cannot be read: '(' was never closed. {VALUES}"),
        ("%explain np.sin 2x", f"2x cannot be read: invalid decimal literal. {VALUES}"),
        ("%explain sin( 2", f"sin( 2 cannot be read: '(' was never closed. {FUNCTIONS}"),
        ("%explain 2x x=2", f"2x cannot be read: invalid decimal literal. {FUNCTIONS}"),
        ("%explain np.sin x=", "a value is missing behind =. Write x=2 or x=[1, 2, 3], without spaces around the =."),
        ("%explain np.sin 1/0", "1/0: ZeroDivisionError: division by zero."),
        ("%explain np.nosuch 1", "np.nosuch: AttributeError: module 'numpy' has no attribute 'nosuch'."),
        ("%explain (lambda a, b: a * b) 2", "(lambda a, b: a * b): missing a required argument: 'b'. It takes (a, b)."),
        ("%explain (lambda a: a) 2 3", "(lambda a: a): too many positional arguments. It takes (a)."),
        ("%explain area r=2 height=3", "area: got an unexpected keyword argument 'height'. It takes (r)."),
        ("%explain area r=2 3", "3 stands after a named argument. Give it before, or name it too."),
        ("%explain named x=2", "named takes x by name only. Write a function of inputs alone."),
        ("%explain np.sin 2 --bad", "unrecognized arguments: --bad. See: %explain?"),
        ("%explain np.sin 2 --digits x", f"argument --digits: 'x' is {NO_COUNT}. See: %explain?"),
        ("%explain np.sin 2 --max-rows -1", f"argument --max-rows: '-1' is {NO_COUNT}. See: %explain?"),
        ("%%explain x=2\nx = = 3", "line 2: x = = 3: invalid syntax."),
        ("%%explain x=2\n# first\ny = x\nawait x", "line 4: await x: 'await' outside async function."),
        ("%%explain x=2\n\nfrom os import *\nx", "line 3: from os import *: import * only allowed at module level."),
        ("%%explain x=2\nglobal x\nx", "line 2: global x: name 'x' is parameter and global."),
        ("%%explain x=2\n# nothing", "the cell is empty. Its last line is the result, as in y = x**2."),
        ("%%explain x=2\nfor k in range(3): x", NO_RESULT),
        ("%%explain x=2\nx: float", NO_RESULT),
        ("%%explain x=2\nx * y", "y has no value. Give one, as in %%explain y=2, or in a cell before."),
        ("%%explain y\ny * 2", "y has no value. Give one, as in %%explain y=2, or in a cell before."),
        ("%%explain x=2 z=3\nx * 2", "z is not read in the cell, which reads x."),
        ("%%explain x=2\n3", "x is not read in the cell, which reads no names."),
        ("%%explain x=2 x=3\nx", "x is given twice."),
        ("%%explain 2\nx", "2 is no input. Write x=2, x=[1, 2, 3], or the name of a variable."),
        ("%%explain\nnp.sin(1)", "the cell reads no floating point variable. Name its inputs, as in %%explain x=2."),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_is_refused_in_one_line(shell, capsys, cell, message):
    run(shell, "def area(r):\n    return r * r\ndef named(*, x):\n    return x")
    assert refused(shell, capsys, cell) == message


def test_errors_of_the_library_are_one_line_with_the_line_of_the_cell(shell, capsys):
    line = refused(shell, capsys, "%%explain x=2\nimport math\ny = math.sin(x)")
    assert "Use NumPy's function (np.sin for math.sin)" in line
    assert line.endswith("(line 3: y = math.sin(x))")
    line = refused(shell, capsys, "%%explain x=2 --wrt q\nx * x")
    assert line.startswith("explain got wrt='q', which names no input. The inputs are x.")
    assert ".py" not in line


def test_errors_of_a_file_name_it(shell, capsys, tmp_path):
    (tmp_path / "model_of_user.py").write_text("import math\ndef loss(x):\n    return math.sin(x)\n")
    shell.user_ns["folder"] = str(tmp_path)
    run(shell, "import sys\nsys.path.append(folder)\nimport model_of_user")
    line = refused(shell, capsys, "%explain model_of_user.loss 2")
    assert line.endswith("(model_of_user.py:3: return math.sin(x))")
    sys.path.remove(str(tmp_path))
    del sys.modules["model_of_user"]


def test_errors_of_the_users_come_with_their_own_lines(shell):
    with capture_output() as captured:
        result = shell.run_cell("%%explain x=2\nz = {}\nx * z['missing']")
    assert isinstance(result.error_in_exec, KeyError)
    step, files = result.error_in_exec.__traceback__, []
    while step is not None:
        files.append((step.tb_frame.f_code.co_name, step.tb_lineno))
        step = step.tb_next
    assert files[-1] == ("f", 3)
    assert files[-2][0] == "_explain" or files[-2][0] == "magic"
    assert "x * z['missing']" in captured.stdout


def test_a_nested_call_keeps_the_users_frames(shell):
    with capture_output():
        result = shell.run_cell("def inner(x):\n    return x * [][3]\n%explain inner 2")
    assert isinstance(result.error_in_exec, IndexError)
    names = []
    step = result.error_in_exec.__traceback__
    while step is not None:
        names.append(step.tb_frame.f_code.co_name)
        step = step.tb_next
    assert "inner" in names


def test_a_namespace_without_numpy_is_fine(shell):
    shell.user_ns.pop("np")
    assert run(shell, "%%explain x=2\nx ** 3").adjoints["x"] == pytest.approx(12)


def test_the_namespace_may_hold_anything(shell):
    shell.user_ns["thing"] = types.SimpleNamespace(dtype=np.dtype(float))
    run(shell, "a = 2.0")
    assert run(shell, "%%explain\nthing\na * 3").adjoints["a"] == pytest.approx(3)


# --- the guide -----------------------------------------------------------------------------------------------------

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "notebooks.md"


def test_the_cells_of_the_guide_run(shell):
    cells = re.findall(r"^```ipython\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    explained = [run(shell, cell) for cell in cells if "%explain" in cell or run(shell, cell)]
    assert len(explained) == 5
    assert all(isinstance(found, Explanation) for found in explained)
    first, with_names, without, of_function, _ = explained
    assert first.adjoints["x1"] == pytest.approx(5.5)
    assert [v.name for v in with_names.tape.list.inputs] == ["w", "x"]
    assert [v.name for v in without.tape.list.inputs] == ["w", "scale"]
    assert of_function.source.name == "y[1]"
