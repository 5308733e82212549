"""Errors say what happened, why, what to do, and where: the user's file, line and source text."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import re
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import wengert as wg
from wengert import errors
from wengert.errors import Location, WengertError, user_location

BUILTINS = {
    "ArgumentError": (ValueError,),
    "ShapeError": (ValueError,),
    "DtypeError": (TypeError, RuntimeError),
    "LostDerivativeError": (TypeError,),
    "EscapedValueError": (RuntimeError,),
    "GraphError": (RuntimeError,),
    "MissingPackageError": (ImportError,),
    "NoRuleError": (NotImplementedError,),
    "NoAttributeError": (AttributeError, NotImplementedError),
    "DegenerateError": (np.linalg.LinAlgError, ValueError),
    "TraceError": (TypeError,),
    "IllFormedListError": (ValueError,),
    "DeclarationError": (ValueError,),
    "ExpressionError": (ValueError,),
    "CheckError": (AssertionError,),
}
ALL = {
    name: error for name, error in vars(errors).items() if inspect.isclass(error) and issubclass(error, WengertError)
}


def test_every_error_is_in_the_tree_that_the_docstring_draws():
    drawn = dict(re.findall(r"[├└]── (\w+) +(\w+)", errors.__doc__))
    assert set(drawn) == set(BUILTINS) == set(ALL) - {"WengertError"}
    assert all(drawn[name] in {b.__name__ for b in builtins} for name, builtins in BUILTINS.items())


@pytest.mark.parametrize(("name", "builtins"), BUILTINS.items(), ids=BUILTINS)
def test_an_error_can_be_caught_as_the_builtin_and_as_one_of_the_library(name, builtins):
    error = ALL[name]
    assert issubclass(error, (WengertError, *builtins))
    assert all(issubclass(error, builtin) for builtin in builtins)
    assert getattr(wg, name) is error


def test_the_message_has_four_parts_in_order():
    here = Location(__file__, inspect.currentframe().f_lineno, "f")
    error = WengertError("It happened.", why="There is a reason.", remedy="Do this.", where=here)
    assert str(error) == (
        "It happened. There is a reason. Do this.\n"
        f'  at {__file__}:{here.line}: here = Location(__file__, inspect.currentframe().f_lineno, "f")'
    )
    assert (error.what, error.why, error.remedy, error.where) == (
        "It happened.", "There is a reason.", "Do this.", here,
    )  # fmt: skip


def test_missing_parts_leave_no_gaps():
    assert str(WengertError("It happened.")) == "It happened."
    assert str(WengertError("It happened.", remedy="Do this.")) == "It happened. Do this."


def test_source_that_cannot_be_read_is_left_out():
    where = Location("<nowhere>", 3)
    assert where.text == ""
    assert str(WengertError("It happened.", where=where)) == "It happened.\n  at <nowhere>:3"


def test_a_location_spells_control_signs_out(tmp_path):
    file = tmp_path / "a\u202eb.py"
    file.write_text("x = 1\t# \x1b[31m\n", encoding="utf-8")
    where = Location(str(file), 1)
    assert (where.short, where.text) == ("a\\u202eb.py:1", "x = 1 # \\x1b[31m")
    assert "\u202e" not in str(WengertError("It happened.", where=where))


def test_a_location_is_short_in_lists():
    assert Location("/home/me/project/model.py", 4).short == "model.py:4"


# --- the user's line -------------------------------------------------------------------------------------------


def line_here():
    return inspect.currentframe().f_back.f_lineno


def test_the_users_line_is_the_caller_of_the_library():
    where, line = user_location(), line_here()
    assert (where.file, where.line, where.function) == (
        __file__, line, "test_the_users_line_is_the_caller_of_the_library",
    )  # fmt: skip
    assert where.text == "where, line = user_location(), line_here()"


def located(call):
    """The location in the error of `call`, which converts a value to float in some way."""
    with pytest.raises(wg.LostDerivativeError) as caught:
        call()
    return caught.value.where


def minimised(f):
    from scipy.optimize import minimize

    return minimize(lambda x: 0.0, [1.0], jac=wg.grad(lambda x: f(x[0])))


THROUGH = {
    "grad": lambda f: wg.grad(f)(2.0),
    "jvp": lambda f: wg.jvp(f, (2.0,), (1.0,)),
    "nested transforms": lambda f: wg.grad(wg.grad(f))(2.0),
    "a container": lambda f: wg.grad(lambda p: f(p["x"]))({"x": 2.0}),
    "numpy's callbacks": lambda f: wg.grad(lambda x: np.apply_along_axis(lambda _: f(x), 0, np.ones(2)))(2.0),
    "scipy's callbacks": minimised,
}


@pytest.mark.parametrize("through", THROUGH.values(), ids=THROUGH)
def test_the_line_is_found_through_every_machinery(through):
    def lossy(x):
        return float(x)

    where = located(lambda: through(lossy))
    assert where.file == __file__
    assert where.function == "lossy"
    assert where.text.startswith("return float(x)")


SOURCE = """
def lossy(x):
    return float(x)
"""
_module_numbers = itertools.count()


def function_in(file: Path):
    """The function of SOURCE as if a user had written it in `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(SOURCE), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"a_user_module_{next(_module_numbers)}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lossy


@pytest.mark.parametrize("folder", ["project", "numpy", "scipy/course", "optree", "wengert", "frozen"])
def test_a_users_folder_may_have_the_name_of_a_package(tmp_path, folder):
    file = tmp_path / folder / "model.py"
    lossy = function_in(file)
    where = located(lambda: wg.grad(lossy)(2.0))
    assert (where.file, where.line, where.text) == (str(file), 3, "return float(x)")


def test_a_users_file_may_start_like_the_package():
    lossy = {}
    file = str(Path(errors.__file__).parent) + "_models.py"
    exec(compile(SOURCE, file, "exec"), lossy)  # noqa: S102  # a file name that cannot be had otherwise
    where = located(lambda: wg.grad(lossy["lossy"])(2.0))
    assert (where.file, where.line) == (file, 3)


def test_code_typed_without_a_file_has_a_line_too():
    lossy = {}
    exec(compile(SOURCE, "<stdin>", "exec"), lossy)  # noqa: S102
    with pytest.raises(wg.LostDerivativeError) as caught:
        wg.grad(lossy["lossy"])(2.0)
    assert str(caught.value).endswith("at <stdin>:3")


def test_the_standard_library_is_not_the_users_program():
    import operator
    from functools import reduce

    where = located(lambda: reduce(lambda a, b: operator.add(a, float(b)), [wg.tensor(1.0, requires_grad=True)] * 2))
    assert where.file == __file__
    assert Path(where.file).parent != Path(inspect.getsourcefile(inspect)).parent
    where = located(lambda: __import__("statistics").fmean([wg.tensor(1.0, requires_grad=True)] * 2))
    assert where.file == __file__


def test_the_location_is_found_on_deep_stacks():
    def deep(n, x):
        return deep(n - 1, x) if n else float(x)

    assert located(lambda: wg.grad(lambda x: deep(min(200, sys.getrecursionlimit() // 3), x))(1.0)).function == "deep"
