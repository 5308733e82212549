"""The Wengert list: how it is printed, evaluated and verified; the tape."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

import wengert as wg
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Tape, Variable, WengertList, format_operand, format_value

F64 = ArrayType((), np.dtype(float))


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def line_of(function, offset=1):
    return inspect.getsourcelines(function)[1] + offset


# --- types and values as text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((3, 4)), "f64[3,4]"),
        (np.float32(1), "f32[]"),
        (np.zeros(2, np.int8), "i8[2]"),
        (np.zeros(0, np.uint16), "u16[0]"),
        (1j, "c128[]"),
        (np.complex64(1), "c64[]"),
        (np.zeros((1, 2), bool), "bool[1,2]"),
        (2.0, "f64[]"),
        (3, "i64[]"),
        (True, "bool[]"),
        ([1.0, 2.0], "f64[2]"),
        (Variable("x", ArrayType((5,), np.dtype(float))), "f64[5]"),
    ],
)
def test_the_type_of_a_value(value, text):
    assert str(ArrayType.of(value)) == text


def test_types_are_equal_by_shape_and_dtype():
    assert ArrayType.of(np.zeros(2)) == ArrayType.of([1.0, 2.0]) != ArrayType.of(np.zeros(2, int))
    assert (ArrayType.of(np.zeros((2, 3))).ndim, ArrayType.of(np.zeros((2, 3))).size) == (2, 6)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2."),
        (np.float64(0.693147), "0.6931"),
        (1234567.0, "1234567."),
        (1e-10, "1.e-10"),
        (3, "3"),
        (True, "True"),
        (np.array([1, 2]), "[1, 2]"),
        (np.array([0.5, 2.25]), "[0.5 , 2.25]"),
        (np.arange(9.0), "f64[9]{…}"),
        (np.zeros((3, 3), int), "i64[3,3]{…}"),
        (1 + 2j, "1.+2.j"),
    ],
)
def test_a_value_is_written_in_four_digits(value, text):
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("operand", "text"),
    [
        (Variable("x1", F64), "x1"),
        (2, "2"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (1j, "1j"),
        (np.array([1.0, 2.0]), "[1., 2.]"),
        (None, "·"),
        (F64, "·"),
        (True, "True"),
    ],
)
def test_an_operand_is_written_by_its_name_or_in_full(operand, text):
    assert format_operand(operand) == text


def test_variables_are_equal_only_to_themselves():
    x, other = Variable("x", F64), Variable("x", F64)
    assert x != other
    assert len({x, other}) == 2
    assert repr(x) == "x"
    assert (x.shape, x.dtype) == ((), np.float64)


# --- printing --------------------------------------------------------------------------------------------------


def test_a_list_is_printed_with_types_and_source_lines():
    line = line_of(textbook)
    assert str(wg.trace(textbook)(2.0, 5.0)) == (
        "list textbook(x1: f64[], x2: f64[]) -> v5\n"
        f"  v1 = log(x1)    f64[]    test_wlist.py:{line}\n"
        f"  v2 = x1 * x2    f64[]    test_wlist.py:{line}\n"
        f"  v3 = v1 + v2    f64[]    test_wlist.py:{line}\n"
        f"  v4 = sin(x2)    f64[]    test_wlist.py:{line}\n"
        f"  v5 = v3 - v4    f64[]    test_wlist.py:{line}"
    )


def several_lines(params, x):
    h = np.tanh(params["w"] @ x + params["b"])
    total = np.sum(h, axis=0, keepdims=True)
    return h[1:, None], total / 2, 3.5


def test_containers_parameters_and_several_results_are_printed():
    params = {"w": np.ones((2, 3)), "b": np.ones(2)}
    line = line_of(several_lines)
    assert str(wg.trace(several_lines)(params, np.ones(3, np.float32))) == (
        "list several_lines(params_b: f64[2], params_w: f64[2,3], x: f32[3]) -> v5, v6, 3.5\n"
        f"  v1 = params_w @ x                        f64[2]      test_wlist.py:{line}\n"
        f"  v2 = v1 + params_b                       f64[2]      test_wlist.py:{line}\n"
        f"  v3 = tanh(v2)                            f64[2]      test_wlist.py:{line}\n"
        f"  v4 = sum(v3, axis=[0], keepdims=True)    f64[1]      test_wlist.py:{line + 1}\n"
        f"  v5 = v3[1:, None]                        f64[1,1]    test_wlist.py:{line + 2}\n"
        f"  v6 = v4 / 2                              f64[1]      test_wlist.py:{line + 2}"
    )


def test_constants_are_printed_in_their_place():
    lst = wg.trace(lambda x: 2 * x ** np.array([1.0, 2.0]) - 0.1)(np.ones(2))
    assert [stmt.formula() for stmt in lst.statements] == ["x ** [1., 2.]", "2 * v1", "v2 - 0.1"]
    assert str(lst.statements[0]) == "v1 = x ** [1., 2.]"
    assert lst.statements[1].formula(lambda x: "?") == "? * ?"


def test_an_empty_list_and_a_constant_result():
    lst = wg.trace(lambda x: 1.5)(np.float64(2))
    assert str(lst) == "list <lambda>(x: f64[]) -> 1.5"
    assert lst(7.0) == 1.5
    identity = wg.trace(lambda x: x)(2.0)
    assert str(identity) == "list <lambda>(x: f64[]) -> x"
    assert identity(7.0) == 7.0


def test_the_repr_is_short():
    assert repr(wg.trace(textbook)(2.0, 5.0)) == "<WengertList textbook: 2 inputs, 5 statements>"
    assert repr(wg.tape(textbook, 2.0, 5.0)) == "<Tape textbook: 2 inputs, 5 statements>"


def test_an_input_that_is_called_like_a_variable_keeps_its_name():
    lst = wg.trace(lambda v1, v2: np.sin(v2) * v1)(1.0, 2.0)
    lst.verify()
    names = [v.name for v in (*lst.inputs, *(t for stmt in lst.statements for t in stmt.targets))]
    assert names[:2] == ["v1", "v2"]
    assert len(set(names)) == 4


# --- evaluating ------------------------------------------------------------------------------------------------


def test_a_list_is_a_function_of_other_values():
    lst = wg.trace(textbook)(2.0, 5.0)
    assert lst(2.0, 5.0) == textbook(2.0, 5.0)
    assert lst(1.5, 0.5) == textbook(1.5, 0.5)


def test_several_results_are_a_tuple():
    lst = wg.trace(several_lines)({"w": np.ones((2, 3)), "b": np.ones(2)}, np.ones(3))
    b, w, x = np.array([0.5, 1.0]), np.arange(6.0).reshape(2, 3), np.array([0.1, 0.2, 0.3])
    found = lst(b, w, x)
    assert isinstance(found, tuple)
    for y, expected in zip(found, several_lines({"w": w, "b": b}, x), strict=True):
        np.testing.assert_array_equal(y, expected)


def test_a_list_is_computed_on_values_of_any_kind():
    lst = wg.trace(textbook)(2.0, 5.0)
    assert wg.grad(lst)(2.0, 5.0) == 5.5
    assert wg.jvp(lst, (2.0, 5.0), (1.0, 0.0))[1] == 5.5
    again = wg.trace(lst)(2.0, 5.0)
    assert [stmt.formula() for stmt in again.statements] == [
        "log(x1)", "x1 * x2", "v1 + v2", "sin(x2)", "v3 - v4",
    ]  # fmt: skip
    x = wg.tensor(2.0, requires_grad=True)
    lst(x, 5.0).backward()
    assert x.grad.item() == 5.5


def test_the_wrong_number_of_inputs_is_refused():
    lst = wg.trace(textbook)(2.0, 5.0)
    with pytest.raises(wg.ArgumentError, match=r"list textbook has 2 inputs, but 1 values were given\.") as caught:
        lst(2.0)
    assert caught.value.remedy == "Call it as textbook(x1, x2)."
    assert caught.value.where.file == __file__
    with pytest.raises(wg.ArgumentError, match="2 inputs, but 3 values"):
        lst.tape(1.0, 2.0, 3.0)


def test_the_wrong_shape_is_refused():
    lst = wg.trace(textbook)(2.0, 5.0)
    with pytest.raises(
        wg.ArgumentError, match=r"input x2 of list textbook has shape \(\), but a value of shape \(3,\) was given"
    ) as caught:
        lst(2.0, np.ones(3))
    assert caught.value.why == "A list is recorded for fixed shapes."
    assert "Trace the function again" in caught.value.remedy
    assert caught.value.where.file == __file__


# --- verifying -------------------------------------------------------------------------------------------------


def good():
    """x, y; v1 = x * y; v2 = v1 + x -> v2."""
    x, y, v1, v2 = (Variable(name, F64) for name in ("x", "y", "v1", "v2"))
    statements = (Statement((v1,), table.multiply, (x, y)), Statement((v2,), table.add, (v1, x)))
    return WengertList("f", (x, y), statements, (v2,))


def changed(lst, k, **changes):
    """The list with other fields in statement `k`."""
    statements = list(lst.statements)
    statements[k] = dataclasses.replace(statements[k], **changes)
    return dataclasses.replace(lst, statements=tuple(statements))


def of_type(shape, dtype=float):
    return Variable("v2", ArrayType(shape, np.dtype(dtype)))


def ill_formed():
    lst = good()
    x, y = lst.inputs
    first, second = lst.statements
    stranger = Variable("x", F64)
    wide, narrow = Variable("w", ArrayType((3,), np.dtype(float))), Variable("n", ArrayType((2,), np.dtype(float)))
    return {
        "an input twice": (dataclasses.replace(lst, inputs=(x, y, x)), "an input is listed twice"),
        "used before it is assigned": (
            dataclasses.replace(lst, statements=(second, first)),
            r"statement 1 \(v2 = v1 \+ x\): operand v1 is not defined before it is used",
        ),
        "never defined": (
            changed(lst, 1, operands=(first.targets[0], stranger)),
            r"statement 2 \(v2 = v1 \+ x\): operand x is not defined",
        ),
        "its own operand": (
            changed(lst, 0, operands=(first.targets[0], y)),
            r"statement 1 \(v1 = v1 \* y\): operand v1 is not defined",
        ),
        "assigned twice": (
            changed(lst, 1, targets=first.targets),
            r"statement 2 \(v1 = v1 \+ x\): target v1 is assigned twice",
        ),
        "an input assigned": (
            changed(lst, 1, targets=(y,)),
            r"statement 2 \(y = v1 \+ x\): target y is assigned twice",
        ),
        "another shape": (
            changed(lst, 1, targets=(of_type((3,)),)),
            r"statement 2 \(v2 = v1 \+ x\): declared f64\[3\], but add gives f64\[\]",
        ),
        "another dtype": (
            changed(lst, 1, targets=(of_type((), np.float32),)),
            r"statement 2 \(v2 = v1 \+ x\): declared f32\[\], but add gives f64\[\]",
        ),
        "two targets": (
            changed(lst, 1, targets=(*second.targets, Variable("v3", F64))),
            r"statement 2 \(v2, v3 = v1 \+ x\): declared f64\[\], f64\[\], but add gives f64\[\]",
        ),
        "shapes that do not fit": (
            WengertList("f", (wide, narrow), (Statement((of_type((3,)),), table.add, (wide, narrow)),), (wide,)),
            r"statement 1 \(v2 = w \+ n\): add cannot be applied to f64\[3\], f64\[2\]",
        ),
        "a product that does not fit": (
            WengertList("f", (wide, narrow), (Statement((of_type(()),), table.matmul, (wide, narrow)),), (wide,)),
            r"statement 1 \(v2 = w @ n\): matmul cannot be applied to f64\[3\], f64\[2\]",
        ),
        "too few operands": (
            changed(lst, 1, operands=(x,), prim=table.arctan2),
            r"statement 2 \(v2 = arctan2\(x\)\): arctan2 cannot be applied to f64\[\]",
        ),
        "an index out of range": (
            changed(lst, 1, operands=(x,), prim=table.getitem, params={"index": 3}),
            r"statement 2 \(v2 = x\[3\]\): getitem cannot be applied to f64\[\]",
        ),
        "a parameter that is missing": (
            changed(lst, 1, operands=(x,), prim=table.reshape, params={}),
            r"statement 2 \(v2 = reshape\(x\)\): reshape cannot be applied to f64\[\]",
        ),
        "an output never assigned": (
            dataclasses.replace(lst, outputs=(*lst.outputs, Variable("z", F64))),
            "output z is never assigned",
        ),
        "one name for two variables": (
            dataclasses.replace(lst, inputs=(x, y, stranger)),
            "two variables are called x",
        ),
    }


ILL_FORMED = ill_formed()


@pytest.mark.parametrize(("lst", "message"), ILL_FORMED.values(), ids=ILL_FORMED)
def test_an_ill_formed_list_is_named_by_its_statement(lst, message):
    with pytest.raises(wg.IllFormedListError, match=message) as caught:
        lst.verify()
    assert str(caught.value).startswith("list f is ill-formed:\n  ")
    assert "assigned once, before it is used" in caught.value.remedy


def test_every_fault_has_a_line():
    lst = good()
    worse = dataclasses.replace(
        changed(lst, 0, operands=(Variable("a", F64), Variable("b", F64))), outputs=(Variable("z", F64),)
    )
    with pytest.raises(wg.IllFormedListError) as caught:
        worse.verify()
    assert len(caught.value.what.splitlines()) == 1 + 3


def test_well_formed_lists_are_passed():
    good().verify()
    wg.trace(textbook)(2.0, 5.0).verify()
    wg.trace(several_lines)({"w": np.ones((2, 3)), "b": np.ones(2)}, np.ones(3)).verify()
    WengertList("constant", (), (), (3.0, np.ones(2))).verify()


# --- tapes -----------------------------------------------------------------------------------------------------


def test_a_tape_is_printed_with_its_values():
    line = line_of(textbook)
    assert str(wg.tape(textbook, 2.0, 5.0)) == (
        "tape textbook(x1: f64[], x2: f64[]) -> v5\n"
        "  x1 = 2.                   f64[]\n"
        "  x2 = 5.                   f64[]\n"
        f"  v1 = log(x1) = 0.6931     f64[]    test_wlist.py:{line}\n"
        f"  v2 = x1 * x2 = 10.        f64[]    test_wlist.py:{line}\n"
        f"  v3 = v1 + v2 = 10.6931    f64[]    test_wlist.py:{line}\n"
        f"  v4 = sin(x2) = -0.9589    f64[]    test_wlist.py:{line}\n"
        f"  v5 = v3 - v4 = 11.6521    f64[]    test_wlist.py:{line}"
    )


def test_control_signs_of_names_and_files_are_spelt_out(tmp_path):
    file = tmp_path / "a\u202eb\x1b.py"
    file.write_text("def f(x):\n    y = x * 2.0\n    return y + x\n", encoding="utf-8")
    names: dict = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)  # noqa: S102  # the lines above
    names["f"].__name__ = "f\u202e"
    lst, tape = wg.trace(names["f"])(1.0), wg.tape(names["f"], 1.0)
    for text in (str(lst), str(tape), repr(lst), repr(tape), str(wg.adjoint(lst))):
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
    assert str(lst).splitlines()[1].endswith("    a\\u202eb\\x1b.py:2")
    assert [line.index("f64[]") for line in str(lst).splitlines()[1:]] == [18, 18]


def test_a_matrix_stands_in_one_line():
    tape = wg.tape(lambda A: A * 2.0, np.ones((2, 2)))
    assert len(str(tape).splitlines()) == 3
    assert "A = [[1., 1.], [1., 1.]]" in str(tape)


def test_a_tape_knows_the_values_of_its_run():
    tape = wg.trace(textbook)(2.0, 5.0).tape(1.5, 0.5)
    assert isinstance(tape, Tape)
    assert tape.outputs == (textbook(1.5, 0.5),)
    assert [tape.value(v) for v in tape.list.inputs] == [1.5, 0.5]
    assert tape.value(tape.list.statements[1].targets[0]) == 0.75
    assert tape.value(7.0) == 7.0


def test_a_value_that_was_not_kept_is_a_dot():
    lst = good()
    assert str(Tape(lst, {lst.inputs[0]: 2.0})) == (
        "tape f(x: f64[], y: f64[]) -> v2\n"
        "  x = 2.             f64[]\n"
        "  y = ·              f64[]\n"
        "  v1 = x * y = ·     f64[]\n"
        "  v2 = v1 + x = ·    f64[]"
    )


def test_a_tape_follows_the_branch_that_was_taken():
    def f(x):
        return np.sin(x) if x > 0 else np.cos(x)

    assert [s.prim.name for s in wg.tape(f, 1.0).list.statements] == ["greater", "sin"]
    assert [s.prim.name for s in wg.tape(f, -1.0).list.statements] == ["greater", "cos"]
