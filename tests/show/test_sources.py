"""`source`: which language, which name, which arguments."""

import numpy as np
import pytest

import wengert as wg


def f(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def of_array(x):
    return np.sum(x * x)


def test_a_function_of_numbers_needs_no_arguments():
    text = wg.source(f)
    assert text.startswith("import numpy as np\n")
    assert "def f(x1, x2):" in text
    assert "return np.log(x1) + x1 * x2 - np.sin(x2)\n" in text


@pytest.mark.parametrize(
    ("transform", "name"),
    [
        (wg.grad, "grad_f"),
        (wg.value_and_grad, "value_and_grad_f"),
        (wg.jacobian, "jacobian_f"),
        (wg.hessian, "hessian_f"),
    ],
)
def test_the_name_says_which_transform_made_it(transform, name):
    names = {}
    exec(wg.source(transform(f)), names)  # noqa: S102  # what is tested
    np.testing.assert_allclose(names[name](2.0, 5.0), transform(f)(2.0, 5.0), rtol=1e-14)


def test_a_name_can_be_given():
    assert "def slope(x1, x2):" in wg.source(wg.grad(f), name="slope")
    assert "int slope(double x1, double x2, double *restrict x1_bar)" in wg.source(wg.grad(f), "c", name="slope")


def test_a_list_a_tape_and_a_function_with_arguments():
    x = np.ones(3)
    for program, args in ((wg.trace(of_array)(x), ()), (wg.tape(of_array, x), ()), (of_array, (x,))):
        assert "np.sum(x * x)" in wg.source(program, "python", *args)


def test_what_is_not_simplified():
    lst = wg.trace(lambda x: (x * 1.0) + (x * 1.0))(2.0)
    assert "* 1.0" in wg.source(lst, simplified=False)
    assert "* 1.0" not in wg.source(lst)


def test_an_unknown_language():
    with pytest.raises(wg.ArgumentError, match="source was asked for language 'fortran'") as error:
        wg.source(f, "fortran")
    assert error.value.remedy == 'Use "python" or "c".'


def test_values_for_a_list():
    with pytest.raises(wg.ArgumentError, match="source got values for list of_array") as error:
        wg.source(wg.trace(of_array)(np.ones(3)), "python", np.ones(3))
    assert error.value.remedy == 'Call source(list) without them, or source(f, "python", 1.0, 2.0) with the function.'


def test_parameters_that_cannot_be_counted():
    def many(*xs):
        return xs[0]

    with pytest.raises(wg.ArgumentError, match="source cannot count the parameters of many") as error:
        wg.source(many)
    assert 'as in source(f, "python", 1.0, 2.0).' in error.value.remedy


def test_what_is_no_program():
    with pytest.raises(wg.ArgumentError, match="source needs a Wengert list or a function, and got int"):
        wg.source(3)


@pytest.mark.parametrize(("language", "spelt"), [("python", "# \\u202eabc \\x1b[31m"), ("c", "# /u202eabc /x1b[31m")])
def test_control_signs_of_the_users_program_are_spelt_out(tmp_path, language, spelt):
    file = tmp_path / "a\u202eb.py"
    file.write_text("def f(x):\n    y = x * 2.0  # \u202eabc \x1b[31m\n    return y * y\n", encoding="utf-8")
    names: dict = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)  # noqa: S102  # the lines above
    names["f"].__name__ = "f\u202e"
    text = wg.source(wg.trace(names["f"])(1.0), language)
    assert spelt in text
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
