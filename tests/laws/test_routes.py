"""All routes to a derivative agree on a corpus of user programs (`tests/programs.py`)."""

import numpy as np
import pytest

import wengert as wg
from programs import PROGRAMS
from wengert.checker import check
from wengert.containers import flatten
from wengert.errors import TraceError
from wengert.value import stacked

STRAIGHT = [program for program in PROGRAMS if not program.branches]
BRANCHING = [program for program in PROGRAMS if program.branches]


def copies(program):
    """The arguments in arrays of their own: a program may write into them."""
    leaves, rebuild = flatten(program.args)
    return rebuild([np.array(x)[()] for x in leaves])


def arrays(tree):
    return [np.asarray(leaf) for leaf in flatten(tree)[0]]


def seeds_of(y, seed):
    leaves, rebuild = flatten(y)
    rng = np.random.default_rng(seed)
    return rebuild([rng.standard_normal(np.shape(leaf)).astype(np.asarray(leaf).dtype)[()] for leaf in leaves])


def assert_all_equal(found, expected, rtol=1e-12):
    for one, other in zip(arrays(found), arrays(expected), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        scale = np.max(np.abs(other), initial=0)
        rtol_of = rtol if other.dtype.itemsize > 4 else 1e-5
        np.testing.assert_allclose(one, other, rtol=rtol_of, atol=rtol_of * scale)


def test_the_corpus():
    names = [program.name for program in PROGRAMS]
    assert len(names) == len(set(names)) >= 150


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_both_modes_agree_with_numerical_differentiation_to_the_second_order(program):
    step = 1e-3 if program.branches else 0.01
    check(program.function, *copies(program), order=2, directions=2, step=step)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_define_by_run_gives_what_vjp_gives(program):
    leaves, rebuild = flatten(copies(program))
    tensors = [wg.tensor(x, requires_grad=True) for x in leaves]
    found, _ = flatten(program.function(*rebuild([+x for x in tensors])))
    y, pullback = wg.vjp(program.function, *copies(program))
    seed = seeds_of(y, 1)
    for result, s in zip(found, flatten(seed)[0], strict=True):
        # np.array([a, b]) of tensors is an array of them, as every function of NumPy sees it.
        tensor = stacked(result) if getattr(result, "dtype", np.dtype(float)).kind == "O" else result
        if isinstance(tensor, wg.Tensor):
            tensor.backward(s, retain_graph=True)
    expected = flatten(pullback(seed))[0]
    for tensor, x_bar in zip(tensors, expected, strict=True):
        gradient = np.zeros(x_bar.shape, x_bar.dtype) if tensor.grad is None else tensor.grad.numpy()
        assert_all_equal(gradient, x_bar)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_the_tape_of_a_run_holds_its_values(program):
    tape = wg.tape(program.function, *copies(program))
    tape.list.verify()
    assert_all_equal(list(tape.outputs), flatten(program.function(*copies(program)))[0])
    for statement in tape.list.statements:
        for target in statement.targets:
            value = np.asarray(tape.values[target])
            assert (value.shape, value.dtype) == (target.shape, target.dtype)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_the_list_of_a_run_computes_and_differentiates_like_the_program(program):
    lst = wg.tape(program.function, *copies(program)).list
    leaves = flatten(copies(program))[0]
    expected = flatten(program.function(*copies(program)))[0]
    assert_all_equal(list(lst.tape(*leaves).outputs), expected)

    x_dots = seeds_of(leaves, 2)
    rebuild = flatten(program.args)[1]
    y_dots = flatten(wg.jvp(program.function, copies(program), rebuild(x_dots))[1])[0]
    found = wg.jvp(lst, tuple(leaves), tuple(x_dots))[1]
    assert_all_equal(flatten(found)[0], y_dots)

    y, pullback = wg.vjp(program.function, *copies(program))
    seed = seeds_of(y, 3)
    y_of_list, pullback_of_list = wg.vjp(lst, *leaves)
    seed_of_list = flatten(y_of_list)[1](flatten(seed)[0])
    assert_all_equal(list(pullback_of_list(seed_of_list)), flatten(pullback(seed))[0])


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_the_list_of_a_trace_is_valid_for_other_values(program):
    lst = wg.trace(program.function)(*copies(program))
    lst.verify()
    leaves, rebuild = flatten(copies(program))
    for factor in (1, 0.9):
        moved = [(np.asarray(x) * np.asarray(factor, np.asarray(x).dtype))[()] for x in leaves]
        expected = flatten(program.function(*rebuild([np.array(x)[()] for x in moved])))[0]
        assert_all_equal(list(lst.tape(*moved).outputs), expected)


# Where the values are known, an order statistic asks whether a nan is among them and does not select against it; a view
# that was written to takes its part from the whole anew, in NumPy's order of memory; a computed index is a number.
DIFFERENT_WITH_VALUES = {
    "sorted_by_value",
    "piecewise_linear", "median_and_spread", "quantile_range", "lu_without_pivoting", "gram_schmidt",
    "reversed_in_place", "rows_and_columns", "strided_updates", "real_and_imaginary_parts", "n_body",
}  # fmt: skip


@pytest.mark.parametrize("program", [p for p in STRAIGHT if p.name not in DIFFERENT_WITH_VALUES], ids=str)
def test_a_trace_and_a_tape_write_the_same_statements(program):
    traced = wg.trace(program.function)(*copies(program))
    taped = wg.tape(program.function, *copies(program)).list
    names = [[statement.prim.name for statement in lst.statements] for lst in (traced, taped)]
    assert names[0] == names[1]


@pytest.mark.parametrize("program", BRANCHING, ids=str)
def test_a_trace_refuses_a_program_that_branches_on_values(program):
    with pytest.raises(TraceError):
        wg.trace(program.function)(*copies(program))


@pytest.mark.parametrize("program", [p for p in PROGRAMS if "complex" not in p.name], ids=str)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_has_the_structure_of_the_result_and_the_arguments(program, mode):
    blocks = wg.jacobian(program.function, argnums=tuple(range(len(program.args))), mode=mode)(*copies(program))
    y_leaves, _ = flatten(program.function(*copies(program)))
    x_leaves, x_rebuild = flatten(program.args)
    x_dots = seeds_of(x_leaves, 4)
    y_dots = flatten(wg.jvp(program.function, copies(program), x_rebuild(x_dots))[1])[0]
    rows = flatten(blocks)[0]
    assert len(rows) == len(y_leaves) * len(x_leaves)
    for k, (y, y_dot) in enumerate(zip(y_leaves, y_dots, strict=True)):
        row = rows[k * len(x_leaves) : (k + 1) * len(x_leaves)]
        total = np.zeros(np.shape(y))
        for block, x, x_dot in zip(row, x_leaves, x_dots, strict=True):
            assert block.shape == np.shape(y) + np.shape(x)
            total = total + np.tensordot(block, x_dot, np.ndim(x))
        np.testing.assert_allclose(total, y_dot, rtol=1e-5 if y_dot.dtype == np.float32 else 1e-10, atol=1e-10)
