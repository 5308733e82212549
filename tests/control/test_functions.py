"""What `cond`, `switch`, `while_loop`, `fori_loop`, `scan` and `call` take, refuse and record."""

import numpy as np
import pytest

import wengert as wg
from wengert.control import Branches, Call, Loop, While
from wengert.errors import ArgumentError, DtypeError, ShapeError


def statement(f, *args):
    """The only control statement of a traced function."""
    (stmt,) = [stmt for stmt in wg.trace(f)(*args).statements if stmt.prim.sublists]
    return stmt


# --- what is recorded ----------------------------------------------------------------------------


def test_the_kinds_of_statements():
    assert isinstance(statement(lambda x: wg.cond(x > 0, np.sin, np.cos, x), 1.0).prim, Branches)
    assert isinstance(statement(lambda x: wg.fori_loop(0, 3, lambda i, c: c * x, x), 1.0).prim, Loop)
    assert isinstance(statement(lambda x: wg.scan(lambda c, y: (c + y, y), 0.0, x)[0], np.ones(3)).prim, Loop)
    assert isinstance(statement(lambda x: wg.while_loop(lambda c: c < 9.0, lambda c: c * 2.0, x), 1.0).prim, While)
    assert isinstance(statement(lambda x: wg.call(np.sin, x), 1.0).prim, Call)


def test_a_loop_over_known_values_is_not_recorded():
    lst = wg.trace(lambda x: x * wg.fori_loop(0, 3, lambda i, c: c + 1.0, 0.0))(2.0)
    assert [stmt.prim.name for stmt in lst.statements] == ["multiply"]
    assert lst(2.0) == 6.0


def test_a_known_choice_is_made_at_once():
    lst = wg.trace(lambda x: wg.cond(True, np.sin, np.cos, x))(2.0)
    assert [stmt.prim.name for stmt in lst.statements] == ["sin"]


def test_what_a_body_takes_from_outside_is_a_constant_of_the_loop():
    stmt = statement(lambda a, b: wg.fori_loop(0, 3, lambda i, c: c * a + b * i, b), 1.0, 2.0)
    assert (stmt.prim.constants, stmt.prim.carries) == (2, 1)
    assert [v.name for v in stmt.prim.body.inputs] == ["i", "a", "b", "c"]
    assert [v.name for v in stmt.operands] == ["a", "b", "b"]  # constants, then the carry


def test_names_of_inner_statements_begin_with_other_letters():
    def f(x):
        return wg.fori_loop(0, 2, lambda i, c: wg.fori_loop(0, 2, lambda j, d: d * x, c), np.sin(x))

    outer = statement(f, 1.0)
    (inner,) = outer.prim.body.statements
    assert outer.targets[0].name.startswith("v")
    assert inner.targets[0].name.startswith("w")
    assert inner.prim.body.statements[0].targets[0].name.startswith("u")


def test_the_printed_form_of_a_scan():
    lst = wg.trace(lambda xs: wg.scan(lambda c, x: (c + x, c * x), 1.0, xs, reverse=True))(np.ones(3))
    lines = [line.split("    test_")[0].rstrip() for line in str(lst).splitlines()]
    assert lines == [
        "list <lambda>(xs: f64[3]) -> v1, v2",
        "  v1, v2 = scan(k = 2..0; 1.0; xs)    f64[], f64[3]",
        "    body <lambda>(k: i64[], c: f64[], x: f64[]) -> w1, w2",
        "      w1 = c + x                      f64[]",
        "      w2 = c * x                      f64[]",
    ]


def test_an_integer_that_goes_on_as_a_float_is_a_float():
    for known in (True, False):
        f = lambda x: wg.fori_loop(0, 3, lambda i, c: c + x, 0)
        value = f(0.5) if known else wg.trace(f)(0.5)(0.5)
        assert value == 1.5
        assert np.asarray(value).dtype == np.float64


def test_branches_of_two_dtypes_give_the_larger_one():
    lst = wg.trace(lambda x: wg.cond(x > 0, lambda: 1, lambda: x))(2.0)
    lst.verify()
    assert lst.outputs[0].dtype == np.float64
    assert (lst(2.0), lst(-2.0)) == (1.0, -2.0)


def test_a_loop_without_rounds_gives_what_it_was_given():
    assert wg.trace(lambda x: wg.fori_loop(2, 1, lambda i, c: c * x, x))(3.0)(3.0) == 3.0


def test_scan_without_rounds_knows_the_shape_of_its_results():
    for xs in (np.zeros((0, 2)), wg.tensor(np.zeros((0, 2)))):
        carry, ys = wg.scan(lambda c, x: (c + np.sum(x), np.stack([x, x])), 1.5, xs)
        assert carry == 1.5
        assert np.shape(ys) == (0, 2, 2)


def test_scan_without_xs():
    carry, ys = wg.scan(lambda c, _: (c * 2.0, c), 1.0, length=4)
    assert carry == 16.0
    np.testing.assert_array_equal(ys, [1.0, 2.0, 4.0, 8.0])
    lst = wg.trace(lambda x: wg.scan(lambda c, _: (c * 2.0, c), x, length=4))(1.0)
    np.testing.assert_array_equal(lst(1.0)[1], [1.0, 2.0, 4.0, 8.0])


def test_results_that_are_none_are_not_stacked():
    def f(x):
        return wg.scan(lambda c, y: (c + y, None), 0.0, x)

    assert f(np.ones(3)) == (3.0, None)
    assert wg.trace(lambda x: f(x)[0])(np.ones(3))(np.ones(3)) == 3.0


def test_a_loop_keeps_only_the_carries_that_the_reverse_sweep_reads():
    linear = statement(lambda x: wg.fori_loop(0, 5, lambda i, c: 2.0 * c + x, x), 1.0)
    assert linear.prim.recorded((True, True)).kept == ()
    bent = statement(lambda x: wg.fori_loop(0, 5, lambda i, c: (c[0] * c[0], c[1] + x), (x, x))[0], 1.0)
    assert bent.prim.recorded((True,) * len(bent.operands)).kept == (0,)


def test_a_call_of_a_function_with_containers():
    lst = wg.trace(lambda x: wg.call(lambda p: {"y": p["a"] * p["b"]}, {"a": x, "b": 2.0})["y"])(3.0)
    assert lst(3.0) == 6.0


# --- what is refused -----------------------------------------------------------------------------


def message_of(error, f, *args):
    """The message of what f raises when it is run, and that it raises the same when it is traced."""
    with pytest.raises(error) as known:
        f(*args)
    with pytest.raises(error) as traced:
        wg.trace(f)(*args)
    assert known.value.what == traced.value.what
    assert str(known.value.where.file).endswith("test_functions.py")
    return str(known.value)


def test_a_carry_that_changes_its_shape():
    text = message_of(ShapeError, lambda x: wg.fori_loop(0, 3, lambda i, c: np.append(c, x), np.ones(2) * x), 1.0)
    assert "fori_loop: carry was given with shape (2,), but <lambda> returned shape (3,)." in text
    assert "one shape in all rounds" in text
    text = message_of(
        ShapeError, lambda x: wg.while_loop(lambda c: c["a"] < 9.0, lambda c: {"a": np.ones(2) * x}, {"a": x}), 1.0
    )
    assert "while_loop: carry_a was given with shape (), but <lambda> returned shape (2,)." in text


def test_a_carry_that_changes_its_structure():
    text = message_of(ArgumentError, lambda x: wg.fori_loop(0, 3, lambda i, c: (c, x), x), 1.0)
    assert "fori_loop returned another structure than it was given." in text
    assert "Return the same containers" in text


def test_branches_of_different_shapes():
    with pytest.raises(ShapeError) as error:
        wg.trace(lambda x: wg.cond(x > 0, lambda: np.ones(2) * x, lambda: x))(1.0)
    assert "cond: <lambda> returns f64[], but <lambda> returns f64[2]." in str(error.value)
    assert "Return arrays of the same shapes" in str(error.value)


def test_a_decision_that_is_not_a_scalar():
    text = message_of(ShapeError, lambda x: wg.cond(x > 0, np.sin, np.cos, x), np.ones(2))
    assert "cond needs a truth value, but got bool[2]." in text
    assert "np.where" in text
    text = message_of(ShapeError, lambda x: wg.while_loop(lambda c: c < 9.0, lambda c: c * 2, x), np.ones(2))
    assert "while_loop: <lambda> needs a truth value, but got bool[2]." in text


def test_an_index_that_is_not_an_integer():
    text = message_of(ShapeError, lambda x: wg.switch(x, [np.sin, np.cos], x), 1.0)
    assert "switch needs an integer, but got f64[]." in text
    text = message_of(ShapeError, lambda x: wg.fori_loop(0, x, lambda i, c: c, x), 3.0)
    assert "fori_loop needs an integer, but got f64[]." in text


@pytest.mark.parametrize("index", [-1, 2])
def test_a_branch_that_does_not_exist(index):
    with pytest.raises(IndexError, match=f"switch was given index {index}, but has 2 branches"):
        wg.switch(index, [np.sin, np.cos], 1.0)
    lst = wg.trace(lambda k, x: wg.switch(k, [np.sin, np.cos], x))(0, 1.0)
    with pytest.raises(IndexError, match=f"switch was given index {index}, but has 2 branches"):
        lst(index, 1.0)


def test_a_round_of_a_scan_that_gives_no_pair():
    text = message_of(ArgumentError, lambda xs: wg.scan(lambda c, x: c + x, 0.0, xs), np.ones(3))
    assert "scan: <lambda> returned no pair." in text
    assert "Return (carry, y); y may be None." in text


def test_xs_of_different_lengths():
    text = message_of(ArgumentError, lambda a: wg.scan(lambda c, x: (c, c), 0.0, (a, np.ones(2))), np.ones(3))
    assert "scan was given xs of shapes (3,), (2,) and length=None." in text
    with pytest.raises(ArgumentError, match="shapes none and length=None"):
        wg.scan(lambda c, x: (c, c), 0.0)
    with pytest.raises(ArgumentError, match=r"shapes \(3,\) and length=4"):
        wg.scan(lambda c, x: (c, c), 0.0, np.ones(3), length=4)


def test_what_is_no_number():
    with pytest.raises(DtypeError, match="a control statement was given str: 'a'"):
        wg.fori_loop(0, 3, lambda i, c: c, "a")


def test_a_list_for_other_types():
    stmt = statement(lambda x: wg.cond(x > 0, np.sin, np.cos, x), 1.0)
    with pytest.raises(ShapeError, match=r"cond: list cos takes f64\[\], but was given f64\[2\]"):
        stmt.prim.infer([True, np.ones(2)], {})


def test_no_grad_ends_a_derivative_in_a_list():
    def f(x):
        with wg.no_grad():
            y = wg.fori_loop(0, 3, lambda i, c: c * x, x)
        return y * x

    lst = wg.adjoint(wg.trace(f)(2.0))
    assert lst(2.0, 1.0) == (32.0, 16.0)


def written(x):
    def step(i, y):
        y[i] = y[i - 1] * 2.0
        return y

    return wg.fori_loop(1, 3, step, x) + x


def test_a_body_that_writes_into_its_carry_changes_nothing_outside():
    x = np.ones(3)
    np.testing.assert_array_equal(written(x), [2.0, 3.0, 5.0])
    np.testing.assert_array_equal(x, np.ones(3))
    np.testing.assert_array_equal(wg.trace(written)(x)(x), [2.0, 3.0, 5.0])
    np.testing.assert_array_equal(wg.jacobian(written)(x), [[2.0, 0.0, 0.0], [2.0, 1.0, 0.0], [4.0, 0.0, 1.0]])


def test_a_scan_without_a_carry():
    def doubled(xs):
        return wg.scan(lambda _, x: (None, x * x), None, xs)[1]

    xs = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(doubled(xs), [1.0, 4.0, 9.0])
    lst = wg.trace(doubled)(xs)
    lst.verify()
    np.testing.assert_array_equal(lst(xs), [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(wg.adjoint(lst)(xs, np.ones(3))[1], [2.0, 4.0, 6.0])
    np.testing.assert_array_equal(wg.tangent(lst)(xs, np.ones(3))[1], [2.0, 4.0, 6.0])


def test_a_write_into_an_array_from_outside_is_refused_while_a_body_is_recorded():
    def doubled(x):
        z = x * 1.0

        def step(i, total):
            z[1] *= 2.0
            return total + z[1]

        return wg.fori_loop(0, 3, step, x[0]) + z[1]

    assert doubled(np.array([1.0, 2.0])) == 1.0 + 4.0 + 8.0 + 16.0 + 16.0
    with pytest.raises(wg.TraceError) as error:
        wg.trace(doubled)(np.array([1.0, 2.0]))
    assert "of an array from outside, f64[2]" in str(error.value)
    assert "in the carry, and return it" in error.value.remedy
    assert error.value.where.text == "z[1] *= 2.0"


@pytest.mark.parametrize("transform", [wg.trace, wg.vmap])
def test_a_write_into_a_view_of_an_array_from_outside_is_refused(transform):
    def f(x):
        pair = np.stack([x, x * x])

        def inner():
            part = pair[0:1]
            part += 1.0
            return np.sum(pair)

        return wg.cond(x > 0, inner, lambda: x)

    with pytest.raises(wg.TraceError, match=r"\+= of an array from outside, f64\[2\]"):
        transform(f)(np.ones(2) if transform is wg.vmap else 1.0)


# --- what a function uses without being given it ------------------------------------------------------------------


def root_or_zero(x):
    return wg.cond(x > 0, lambda: np.sqrt(x), lambda: 0.0 * x)


def nested_branches(x):
    return wg.cond(x > 0, lambda: wg.cond(x > 1, lambda: np.log(x - 1), lambda: np.sqrt(x)), lambda: 3.0 * x)


def closures_in_rounds(x):
    y = x * x
    return wg.fori_loop(0, 3, lambda k, s: s * np.sin(y) + y, x)


def closures_in_a_scan(x):
    y = np.array([1.0, 2.0]) * x
    return wg.scan(lambda c, row: (c * np.sum(y[:1]) + row, np.cos(y * c)), x, y)[0]


def closures_in_a_while_loop(x):
    y = x + 1
    return wg.while_loop(lambda s: s < 10 * y, lambda s: s * s + y * y + 0.5, x)


def gradient_in_a_branch(x):
    y = x * 2
    return wg.cond(x > 0, lambda: wg.grad(lambda t: np.sin(t) * y * x)(y), lambda: x)


def views_in_a_branch(x):
    y = np.stack([x, x * x])
    return wg.cond(x > 0, lambda: np.sum(y[1:] * y[0]), lambda: x)


CLOSURES = [
    root_or_zero, nested_branches, closures_in_rounds, closures_in_a_scan, closures_in_a_while_loop,
    gradient_in_a_branch, views_in_a_branch,
]  # fmt: skip
POINTS = np.array([0.0, 0.7, -1.3, 2.3])


def value_of(transform):
    """The derivative of f by a transform, at one point; the lists are made at another one."""
    return {
        "trace of grad": lambda f, x: wg.trace(wg.grad(f))(1.1)(x),
        "simplified": lambda f, x: wg.simplify(wg.trace(wg.grad(f))(1.1))(x),
        "adjoint": lambda f, x: wg.adjoint(wg.trace(f)(1.1))(x, 1.0)[1],
        "tangent": lambda f, x: wg.tangent(wg.trace(f)(1.1))(x, 1.0)[1],
        "trace of jvp": lambda f, x: wg.trace(lambda x: wg.jvp(f, (x,), (1.0,))[1])(1.1)(x),
        "vmap of grad": lambda f, x: wg.vmap(wg.grad(f))(np.array([x, 1.0]))[0],
        "grad of vmap": lambda f, x: wg.grad(lambda x: np.sum(wg.vmap(f)(x)))(np.array([x, 1.0]))[0],
        "trace of vmap of grad": lambda f, x: wg.trace(wg.vmap(wg.grad(f)))(np.ones(2))(np.array([x, 1.0]))[0],
    }[transform]


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # a batch computes both branches
@pytest.mark.parametrize("f", CLOSURES)
@pytest.mark.parametrize(
    "transform",
    [
        "trace of grad", "simplified", "adjoint", "tangent", "trace of jvp", "vmap of grad", "grad of vmap",
        "trace of vmap of grad",
    ],
)  # fmt: skip
def test_what_a_branch_or_round_takes_from_outside_is_computed_there(f, transform):
    for x in POINTS:
        np.testing.assert_allclose(value_of(transform)(f, x), wg.grad(f)(x), rtol=1e-12, err_msg=f"at {x}")
        second = value_of(transform)(wg.grad(f), x)
        np.testing.assert_allclose(second, wg.grad(wg.grad(f))(x), rtol=1e-12, err_msg=f"second, at {x}")


def test_statements_of_a_branch_stand_in_its_list():
    (stmt,) = (stmt for stmt in wg.trace(nested_branches)(1.0).statements if stmt.prim.sublists)
    inner = [s.prim.name for s in stmt.prim.sublists["true"].statements]
    assert inner == ["greater", "cond"]
    (cond,) = (s for s in stmt.prim.sublists["true"].statements if s.prim.sublists)
    assert [s.prim.name for s in cond.prim.sublists["true"].statements] == ["subtract", "log"]


def test_an_index_out_of_range_where_it_is_not_read():
    table = np.array([1.0, 2.0])

    def in_a_branch(x, i):
        return wg.cond(i < 2, lambda: x * wg.gather(table, i), lambda: -x)

    def in_no_round(x, i):
        return wg.fori_loop(0, 0, lambda k, s: s + wg.gather(table, i), x)

    assert wg.trace(wg.grad(in_a_branch))(1.0, 0)(1.0, 7) == -1.0
    assert wg.trace(wg.grad(in_no_round))(1.0, 0)(1.0, 7) == 1.0


def test_constants_of_an_outer_derivative_decide_in_a_branch():
    def f(a):
        return wg.trace(lambda x: wg.cond(x > 0, lambda: (a if a > 0 else -a) * x, lambda: a * x))(1.0)(2.0)

    assert wg.jvp(f, (-3.0,), (1.0,)) == (6.0, -2.0)


# --- arguments are the function's own, and are checked ----------------------------------------------------------


def test_writes_into_arguments_do_not_reach_the_caller():
    def marked(b):
        b[0] = 9.0
        return b

    def programs(a):
        return [
            wg.cond(a[1] > 0, marked, marked, a),
            wg.switch((a[1] > 0).astype(int), [marked, marked], a),
            wg.call(marked, a),
            wg.scan(lambda c, row: (c, marked(row)), 0.0, np.stack([a, a]))[1],
            a,
        ]

    a = np.ones(2)
    for run in (programs, wg.trace(programs)(a), lambda a: wg.vmap(programs)(a[None])):
        *changed, kept = run(a)
        for y in changed:
            np.testing.assert_array_equal(np.ravel(y)[:2], [9.0, 1.0])
        np.testing.assert_array_equal(np.ravel(kept), [1.0, 1.0])
    np.testing.assert_array_equal(a, [1.0, 1.0])


def test_results_of_nothing():
    lst = wg.trace(lambda x: (wg.cond(x > 0, lambda: None, lambda: None), x))(1.0)
    assert [stmt.prim.name for stmt in lst.statements] == ["greater"]
    assert lst(2.0) == 2.0


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (wg.ArgumentError, "switch was given no branches", lambda x: wg.switch(x, [])),
        (wg.ArgumentError, "length=3.0", lambda x: wg.scan(lambda c, _: (c, c), x, length=3.0)),
        (wg.ArgumentError, "length=-1", lambda x: wg.scan(lambda c, _: (c, c), x, length=-1)),
        (wg.ArgumentError, "cond needs functions, but was given float", lambda x: wg.cond(True, 1.0, np.sin, x)),
        (wg.ArgumentError, "while_loop needs functions", lambda x: wg.while_loop(True, np.sin, x)),
        (wg.ArgumentError, "call needs functions", lambda _: wg.call(1.0)),
    ],
)  # fmt: skip
def test_arguments_of_no_meaning(error, message, call):
    assert message in message_of(error, call, 1)


def test_shapes_and_dtypes_hold_in_every_round():
    def longer(i, c):
        return c if i < 1 else np.ones(3)

    with pytest.raises(ShapeError, match="carry was given with shape"):
        wg.fori_loop(0, 3, longer, np.ones(2))
    with pytest.raises(ShapeError, match=r"gave f64\[2\] in the first round to be stacked, and f64\[3\] in another"):
        wg.scan(lambda i, _: (i + 1, longer(i, np.ones(2))), 0, length=3)

    def single(i, c):
        return c.astype(np.float32) * np.float32(2)

    assert wg.fori_loop(0, 2, single, np.float64(1.0)).dtype == np.float64
    assert wg.trace(lambda x: wg.fori_loop(0, 2, single, x))(1.0)(1.0).dtype == np.float64


def test_an_error_of_a_list_that_is_run_says_where():
    lst = wg.trace(lambda x, i: wg.fori_loop(0, 2, lambda k, s: s + wg.gather(x, i), 0.0))(np.ones(3), 1)
    with pytest.raises(IndexError, match="index 8") as error:
        lst(np.ones(3), 8)
    inner, outer = error.value.__notes__
    assert "in list <lambda>: w" in inner
    assert "fori_loop(" in outer
    assert all(__file__ in note for note in (inner, outer))
