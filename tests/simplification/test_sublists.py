"""Control statements: what is taken off them and moved out of them."""

import numpy as np
import pytest

import wengert as wg
from simplification.evaluation import assert_same_bits, run
from wengert.control import Loop, While
from wengert.simplification import simplify
from wengert.transforms import adjoint, tangent
from wengert.wlist import ANY

RNG = np.random.default_rng(0)


def checked(f, *args, exact=True):
    """The simplified list of `f`; it, its derivatives and theirs compute what those of the list do."""
    lst = wg.trace(f)(*args)
    simple = simplify(lst, exact)
    for transform in (lambda lst: lst, tangent, adjoint, lambda lst: tangent(adjoint(lst))):
        derived = transform(lst)
        inputs = [*args, *(RNG.uniform(0.5, 1.5, v.shape)[()] for v in derived.inputs[len(args) :])]
        expected = run(derived, inputs)
        found = simplify(derived, exact)
        found.verify()
        assert str(simplify(found, exact)) == str(found)
        if exact:
            assert_same_bits(run(found, inputs), expected)
        again = transform(simple)
        again.verify()
        for a, b in zip(run(again, inputs), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    return simple


def only(lst):
    [stmt] = [stmt for stmt in lst.statements if stmt.prim.sublists]
    return stmt


def parts(stmt):
    return {part: [s.formula() for s in lst.statements] for part, lst in stmt.prim.sublists.items()}


def outer(lst):
    return [stmt.prim.name for stmt in lst.statements if not stmt.prim.sublists]


# --- loops -------------------------------------------------------------------------------------------------------


def test_sublists_are_simplified():
    lst = checked(lambda x: wg.fori_loop(0, 4, lambda i, c: 1.0 * np.sin(c) - -c, x), 0.3)
    assert parts(only(lst)) == {"body": ["sin(c)", "w1 + c"]}


def test_what_is_the_same_in_each_round_is_moved_out():
    def f(x, a):
        return wg.fori_loop(0, 4, lambda i, c: c * (np.exp(a) + np.sin(x) * 2.0), x)

    lst = checked(f, 0.3, 0.4)
    assert len(only(lst).prim.body.statements) == 1
    assert sorted(outer(lst)) == ["add", "exp", "multiply", "sin"]


def test_carries_that_no_one_needs_go():
    def body(i, carry):
        u, w, z = carry
        return np.sin(u), w + u, z * 2.0 + w

    lst = checked(lambda x: wg.fori_loop(0, 4, body, (x, x, x))[0], 0.3)
    assert only(lst).prim.carries == 1


def test_carries_that_another_one_needs_stay():
    def body(i, carry):
        u, w, z = carry
        return np.sin(u) + w, w * 0.5, z * 2.0

    lst = checked(lambda x: wg.fori_loop(0, 4, body, (x, x, x))[0], 0.3)
    assert only(lst).prim.carries == 2


def test_a_carry_that_never_changes_is_a_constant():
    lst = checked(lambda x, a: wg.fori_loop(0, 4, lambda i, c: (np.sin(c[0]) * c[1], c[1]), (x, a)), 0.3, 0.4)
    loop = only(lst).prim
    assert (loop.constants, loop.carries) == (1, 1)
    assert lst.outputs[1] is lst.inputs[1]


def test_constants_are_taken_into_the_body():
    def f(x):
        return wg.scan(lambda c, s: (c * s + 1.0, c), x, np.arange(3.0))[0]

    lst = checked(f, 0.3)
    assert only(lst).prim.outputs == 1
    assert only(lst).prim.constants == 0


def test_stacks_and_xs_that_no_one_reads_go():
    def f(x, xs):
        carry, (ys, _) = wg.scan(lambda c, s: (c * s[0], (c + 1.0, np.exp(c) * s[1])), x, (xs, xs * 2.0))
        return carry + np.sum(ys)

    lst = checked(f, 0.3, np.arange(1.0, 4.0))
    stmt = only(lst)
    assert (stmt.prim.outputs, stmt.prim.layout.xs) == (2, 1)


def test_a_number_of_rounds_that_is_an_operand_stays():
    def f(x):
        return wg.while_loop(lambda c: c[0] < 10.0, lambda c: (c[0] * 1.5, c[1] * 2.0), (x, x))

    lst = simplify(adjoint(wg.trace(f)(0.3)))
    lst.verify()
    loops = [stmt.prim for stmt in lst.statements if isinstance(stmt.prim, Loop)]
    assert loops
    assert all(loop.length is None and loop.layout.constants == 1 and not loop.layout.xs for loop in loops)
    np.testing.assert_allclose(lst(0.3, 1.0, 0.0)[2], 1.5**9)
    np.testing.assert_allclose(lst(9.9, 1.0, 1.0)[2], 1.5 + 2.0)


def test_no_round_and_one_round_are_written_out():
    def f(x):
        none = wg.fori_loop(3, 3, lambda i, c: c * x, x)
        one, ys = wg.scan(lambda c, s: (c * s, c + s), x, np.array([2.5]))
        return none + one + wg.fori_loop(2, 3, lambda i, c: c * i, x) + np.sum(ys)

    lst = checked(f, 0.3)
    assert not any(stmt.prim.sublists for stmt in lst.statements)


def test_loops_within_loops():
    def body(i, c):
        return wg.fori_loop(0, 3, lambda j, d: d * np.cos(c) * 1.0 + i, c) * np.sin(np.float64(0.5))

    lst = checked(lambda x: wg.fori_loop(0, 4, body, x), 0.3)
    [inner] = [stmt.prim for stmt in only(lst).prim.body.statements if stmt.prim.sublists]
    assert len(inner.body.statements) == 2  # the cosine is one of a round of the outer loop


def test_a_loop_in_reverse():
    def f(x, xs):
        return wg.scan(lambda c, s: (np.sin(c) * s, c), x, xs, reverse=True)[1]

    assert only(checked(f, 0.3, np.arange(1.0, 4.0))).prim.reverse


def test_the_rounds_of_a_loop_for_which_nothing_can_be_done_are_left_alone():
    lst = wg.trace(lambda x: wg.fori_loop(0, 4, lambda i, c: np.sin(c), x))(0.3)
    assert simplify(lst).statements == lst.statements


# --- while loops -------------------------------------------------------------------------------------------------


def test_what_may_raise_is_not_moved_out_of_a_loop_that_may_not_run():
    def f(x, a):
        def body(carry):
            c, b = carry
            return c * 2.0 + np.linalg.inv(b)[0, 0] + np.sum(np.exp(b)), b

        return wg.while_loop(lambda carry: carry[0] < 10.0, body, (x, a))[0]

    lst = simplify(wg.trace(f)(0.3, np.eye(2)))
    body = [stmt.prim.name for stmt in only(lst).prim.body.statements]
    assert "inv" in body
    assert "exp" not in body
    assert lst(20.0, np.zeros((2, 2))) == 20.0  # the matrix has no inverse, and none is asked for


def test_what_the_condition_computes_anew_is_moved_out():
    def f(x, a):
        return wg.while_loop(lambda c: c < np.exp(a) + 5.0, lambda c: c * 2.0 + np.sin(a), x)

    lst = checked(f, 0.3, 0.4)
    assert parts(only(lst)) == {"while": ["c < v2"], "body": ["c * 2.0", "w1 + v3"]} or [
        len(lines) for lines in parts(only(lst)).values()
    ] == [1, 2]


def test_a_carry_that_only_the_condition_reads_stays():
    def f(x):
        return wg.while_loop(lambda c: c[1] < 5, lambda c: (np.sin(c[0]), c[1] + 1, c[2] * 2.0), (x, 0, x))[0]

    assert only(checked(f, 0.3)).prim.carries == 2


def test_stacks_that_no_one_reads_go():
    def f(x):
        return wg.while_loop(lambda c: c[0] < 5.0, lambda c: (c[0] * 2.0, c[1] + np.sin(c[0])), (x, x))

    lst = adjoint(wg.trace(f)(0.3))
    [stmt] = [stmt for stmt in simplify(lst).statements if isinstance(stmt.prim, While)]
    stacks = [v for v in stmt.targets if v.shape[:1] == (ANY,)]
    assert len(stacks) == 1


# --- branches and calls ------------------------------------------------------------------------------------------


def test_a_branch_that_is_known_is_written_out():
    x = wg.trace(lambda x, i: wg.switch(i, [np.sin, np.cos], x))(0.3, 1)
    [index] = [v for v in x.inputs if v.name == "i"]
    [stmt] = x.statements
    known = type(x)("f", (x.inputs[0],), (_with_operand(stmt, index, 1),), x.outputs)
    lst = simplify(known)
    assert [stmt.formula() for stmt in lst.statements] == ["cos(x)"]
    wrong = type(x)("f", (x.inputs[0],), (_with_operand(stmt, index, 7),), x.outputs)
    with pytest.raises(Exception, match="index 7"):
        simplify(wrong)(0.3)


def _with_operand(stmt, old, new):
    operands = tuple(new if x is old else x for x in stmt.operands)
    return type(stmt)(stmt.targets, stmt.prim, operands, stmt.params, stmt.where)


def test_operands_and_results_of_branches_that_no_one_needs_go():
    def f(x, y, z):
        return wg.cond(x > 0, lambda a, b, c: (a * b, c), lambda a, b, c: (a + 2.0, c * 3.0), x, y, z)[0]

    stmt = only(checked(f, 0.3, 0.4, 0.5))
    assert len(stmt.targets) == 1
    assert len(stmt.operands) == 3


def test_nothing_is_moved_out_of_a_branch():
    lst = checked(lambda x: wg.cond(x > 0, lambda a: np.log(a) * np.sqrt(a), lambda a: 1.0 * a, x), 0.3)
    assert outer(lst) == ["greater"]


def test_a_call_stays_a_call():
    def energy(v, unused):
        return v @ v / 2.0

    lst = checked(lambda v: wg.call(energy, v, 3.0 * v) + 0.0, np.arange(3.0))
    stmt = only(lst)
    assert stmt.prim.name == "energy"
    assert len(stmt.operands) == 1
    assert parts(stmt) == {"function": ["v @ v", "w1 * 0.5"]}


def test_inexact_rows_reach_sublists():
    def f(x):
        return wg.fori_loop(0, 3, lambda i, c: np.log(np.exp(c)) + x / 3.0 * c, x)

    stmt = only(checked(f, 0.3, exact=False))
    assert "log" not in [s.prim.name for s in stmt.prim.body.statements]
