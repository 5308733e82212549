"""`compare`: all methods agree, errors are measured, and what does not apply says why."""

from __future__ import annotations

import numpy as np
import pytest

from wengert.errors import ArgumentError, DtypeError, LostDerivativeError, ShapeError
from wengert.show import compare


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def by_name(comparison):
    return {method.name: method for method in comparison.methods}


def test_the_textbook_function():
    comparison = compare(textbook, 2.0, 5.0)
    methods = by_name(comparison)
    assert list(methods) == [
        "forward difference", "central difference", "Richardson", "complex step", "symbolic (SymPy)",
        "sum over all paths", "forward mode", "reverse mode",
    ]  # fmt: skip
    exact = [5.5, 2 - np.cos(5)]
    for name, accuracy in zip(methods, (1e-6, 1e-9, 1e-12, 1e-15, 1e-15, 1e-15, 1e-15, 1e-15), strict=True):
        assert np.all(np.isfinite(methods[name].gradient))
        np.testing.assert_allclose(methods[name].gradient, exact, rtol=accuracy)
    assert comparison.value == textbook(2.0, 5.0)
    assert comparison.reference == "complex step"
    assert methods["complex step"].error is None


def test_costs():
    methods = by_name(compare(textbook, 2.0, 5.0))
    calls = {name: method.calls for name, method in methods.items()}
    assert calls["forward difference"] == 3
    assert calls["central difference"] == 4
    assert calls["complex step"] == 2
    assert calls["symbolic (SymPy)"] == 1
    assert calls["sum over all paths"] == 1
    assert calls["forward mode"] == 2
    assert calls["reverse mode"] == 1
    remarks = {name: method.remark for name, method in methods.items()}
    assert remarks["symbolic (SymPy)"] == "4 operations"
    assert remarks["sum over all paths"] == "4 paths"
    assert remarks["forward mode"] == "2 sweeps"
    assert remarks["reverse mode"] == "1 sweep"
    assert remarks["central difference"].startswith("h = 1e-05")


def test_calls_are_counted_not_computed():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return np.sum(np.exp(x))

    comparison = compare(f, np.array([0.5, 1.0, 1.5]))
    # One call makes the tape, which SymPy and the sum over paths both count; 16 steps of 4 and 6 calls for the
    # second table.
    assert calls == sum(method.calls for method in comparison.methods) - 1 + 16 * (4 + 6)


def test_the_second_table_shows_truncation_and_rounding():
    comparison = compare(textbook, 2.0, 5.0)
    assert comparison.steps.shape == (16,)
    for name in ("forward difference", "central difference"):
        errors = comparison.errors[name]
        best = int(np.argmin(errors))
        assert 2 < best < 13
        assert errors[0] > 1e3 * errors[best] < errors[-1]
    rows = [row.cells for row in comparison.page().tables[1].rows]
    assert rows[0] == ("1e-01", "4.7e-02  truncation", "4.7e-04  truncation")
    assert rows[6][1].endswith("best")
    assert rows[4][2].endswith("best")
    assert all(cell.endswith("rounding") for row in rows[8:] for cell in row[1:])


def test_rounding_is_not_called_truncation():
    rows = compare(lambda x: 3.0 * x, 2.0).page().tables[1].rows
    assert not any("truncation" in cell for row in rows for cell in row.cells)


def test_a_step_out_of_the_domain():
    rows = compare(lambda x: np.log(x - 1.95), 2.0).page().tables[1].rows
    assert rows[0].cells[2] == "not finite"
    assert rows[1].cells[2].endswith("truncation")


def test_a_function_that_raises_out_of_its_domain():
    def guarded(x):
        if x < 1.95:
            raise ValueError("x must not be smaller than 1.95")
        return x * x

    comparison = compare(guarded, 2.0)
    methods = by_name(comparison)
    assert methods["reverse mode"].gradient == [4]
    assert methods["Richardson"].gradient is None
    assert methods["Richardson"].note == "ValueError: x must not be smaller than 1.95"
    assert list(comparison.errors) == ["forward difference"]
    assert comparison.reference == "reverse mode"


def test_a_function_that_is_not_analytic():
    comparison = compare(lambda x: abs(x) * 3, -2.0)
    step = by_name(comparison)["complex step"]
    assert step.gradient is None
    assert step.remark == "does not apply"
    assert "returned float64" in step.note
    assert comparison.reference == "reverse mode"
    notes = comparison.page().tables[0].notes
    assert notes[0].startswith("Errors are measured against reverse mode")
    assert notes[1].startswith("Complex step: The complex step needs f to be analytic")


def test_a_complex_step_that_is_silently_wrong_is_not_the_reference():
    wrong = compare(lambda x: np.real(x * 1.0) ** 2 + x, 2.0)
    step = by_name(wrong)["complex step"]
    assert step.gradient[0] == pytest.approx(1)  # the true derivative is 5
    assert step.error == pytest.approx(4)
    assert wrong.reference == "reverse mode"
    assert step.note == "it does not agree with the extrapolation."
    assert by_name(wrong)["reverse mode"].error is None


def test_too_many_paths_are_counted_but_not_walked():
    def power(x):
        for _ in range(20):
            x = x * x
        return x

    comparison = compare(power, 1.0)
    method = by_name(comparison)["sum over all paths"]
    assert method.gradient is None
    assert method.remark == "1,048,576 paths"
    assert "Sum over all paths: at most 100,000 paths" in " ".join(comparison.page().tables[0].notes)


@pytest.mark.parametrize(("squares", "remark"), [(100, "about 10^30 paths"), (1100, "over 10^300 paths")])
def test_very_many_paths(squares, remark):
    def power(x):
        for _ in range(squares):
            x = x * x
        return x

    assert by_name(compare(power, 1.0))["sum over all paths"].remark == remark


def test_few_paths_that_are_too_long_together():
    def long(x):
        for _ in range(100):
            x = np.sin(x)
        for _ in range(15):
            x = x * x
        return x

    method = by_name(compare(long, 1.0))["sum over all paths"]
    assert method.gradient is None
    assert method.remark == "32,768 paths"
    assert method.note == "at most 100,000 paths, of 1,000,000 steps together, are walked."


def test_the_symbolic_row_is_sympys_own_derivative():
    comparison = compare(lambda x: np.floor(x) * x, 2.5)
    method = by_name(comparison)["symbolic (SymPy)"]
    assert method.gradient is None
    assert method.remark == "no counterpart"
    notes = comparison.page().tables[0].notes
    assert "Symbolic (SymPy): SymPy does not differentiate floor." in notes


def test_a_formula_that_would_be_too_long_is_not_written():
    def power(x):
        for _ in range(20):
            x = x * x
        return x

    method = by_name(compare(power, 1.0))["symbolic (SymPy)"]
    assert method.gradient is None
    assert method.remark == "about 10^6 operations"
    assert method.note == "at most 2,000 operations are written out, for 1 number."


def test_a_matrix_argument():
    X = np.arange(6.0).reshape(2, 3) / 5
    comparison = compare(lambda X: np.sum(np.sin(X) @ np.cos(X).T), X)
    methods = by_name(comparison)
    for name in ("complex step", "symbolic (SymPy)", "sum over all paths", "forward mode", "reverse mode"):
        np.testing.assert_allclose(methods[name].gradient, methods["complex step"].gradient, atol=1e-14)
    assert methods["forward mode"].remark == "6 sweeps"


def test_containers():
    comparison = compare(lambda p, x: p["w"] @ x + p["b"], {"w": np.array([1.0, 2.0]), "b": 0.5}, np.array([3.0, 4.0]))
    np.testing.assert_allclose(by_name(comparison)["reverse mode"].gradient, [1, 3, 4, 1, 2])
    assert comparison.title == "f(p_b, p_w, x)"


def test_integers_are_converted():
    comparison = compare(lambda x: x**3, 2)
    assert by_name(comparison)["reverse mode"].gradient == [12]


def test_many_numbers_have_no_second_table():
    comparison = compare(lambda x: np.sum(x * x), np.ones(101))
    assert comparison.errors == {}
    assert len(comparison.page().tables) == 1


def test_an_infinite_gradient_has_no_second_table():
    comparison = compare(np.sqrt, 0.0)
    assert comparison.errors == {}
    assert by_name(comparison)["reverse mode"].gradient == [np.inf]
    assert by_name(comparison)["forward mode"].error == 0
    assert comparison.reference == "reverse mode"


def test_numbers_near_the_end_of_float64():
    beyond = compare(lambda x: x * 1e308 * 10.0, 1.0)
    assert beyond.value == np.inf
    assert all(by_name(beyond)[name].gradient == [np.inf] for name in ("symbolic (SymPy)", "reverse mode"))
    assert "│ reverse mode       │ inf " in beyond.to_text(80)
    within = compare(lambda x: x + 1.7e308, 1.0)
    assert by_name(within)["symbolic (SymPy)"].gradient == [1.0]
    assert "│ reverse mode       │ 1 " in within.to_text(80)  # without a warning


def test_a_constant_function():
    methods = by_name(compare(lambda x: 3.0, 2.0))
    assert methods["sum over all paths"].remark == "0 paths"
    assert all(method.gradient in (None, [0.0]) for method in methods.values())


def test_digits_and_title():
    text = compare(textbook, 2.0, 5.0, digits=3).to_text(80)
    assert text.startswith("textbook(x1, x2) = 11.652\n")
    assert "│ reverse mode       │ [5.5, 1.716] │" in text


def test_a_single_number_is_written_as_one():
    assert "│ reverse mode       │ 12 " in compare(lambda x: x**3, 2.0).to_text(80)


# ------------------------------------------------------------------------------------------------ wrong input


@pytest.mark.parametrize(
    ("f", "args", "error", "message"),
    [
        (lambda x: x, (np.ones(3),), ShapeError, "compare needs a scalar result, but f returned shape (3,)."),
        (lambda x: (x, x), (1.0,), ShapeError, "compare needs a scalar result, but f returned 2 arrays."),
        (lambda x: x + 1j, (1.0,), DtypeError, "compare needs a real result, but f returned dtype complex128."),
        (lambda x: x, (1j,), DtypeError, "compare needs real numbers, but an argument of f has dtype complex128."),
        (lambda: 1.0, (), ArgumentError, "compare found no argument of f to differentiate for."),
    ],
)
def test_wrong_input(f, args, error, message):
    with pytest.raises(error) as caught:
        compare(f, *args)
    assert message in str(caught.value)


def test_a_function_that_leaves_the_record():
    with pytest.raises(LostDerivativeError, match="float"):
        compare(lambda x: float(x) * 2, 1.0)
