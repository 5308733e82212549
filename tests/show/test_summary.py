"""The summary of long programs: shares against gradients with the line held constant, counts, memory, what is wrong."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

import wengert as wg
from wengert.cli import main
from wengert.errors import ArgumentError
from wengert.show import explain
from wengert.show.component import adjoint_seeds
from wengert.show.numbering import as_executed, by_depth
from wengert.show.page import Details, Heading, Row, Table
from wengert.show.summary import figures, measured
from wengert.show.summary.flow import _MOST_PARTS
from wengert.show.summary.wording import bytes_text, count_text, cut, share_text, time_text
from wengert.transforms import adjoint_sweep
from wengert.wlist import Tape, Variable

RNG = np.random.default_rng(6)


def summary_of(f, *args, by="source", **options):
    return explain(f, *args, detail="summary", **options).summary(by=by)


def figures_by_text(f, *args, **options):
    """The figures of each line, by its source text."""
    return {line.group.text: line for line in summary_of(f, *args, **options).lines}


# ------------------------------------------------------------------------------------------------------- shares


def held_constant(tape, seeds, statements):
    """The cotangents that are left where the results of some statements are constants."""
    blocked = set(statements)
    targets = tuple(y for stmt in tape.list.statements if stmt in blocked for y in stmt.targets)
    rest = tuple(stmt for stmt in tape.list.statements if stmt not in blocked)
    cut_list = replace(tape.list, inputs=(*tape.list.inputs, *targets), statements=rest)
    return adjoint_sweep(Tape(cut_list, tape.values), seeds)[0]


def expected_shares(explanation, group):
    """By input: ⟨x̄ - x̄ with the line held constant, x̄⟩ / ⟨x̄, x̄⟩."""
    tape, seeds = explanation.tape, adjoint_seeds(explanation.tape, explanation.target)
    whole, rest = adjoint_sweep(tape, seeds)[0], held_constant(tape, seeds, group.statements)
    return {
        x.name: float(np.vdot(whole[x], whole[x] - rest.get(x, 0.0)).real / np.vdot(whole[x], whole[x]).real)
        for x in tape.list.inputs
        if x in whole and np.any(whole[x])
    }


def branches(x, w):
    a = x * w
    b = np.sin(a)
    c = a * x
    d = np.exp(-b)
    return np.sum(b + c * d) + 0.1 * np.sum(w**2)


def recurrent(W, b, h):
    for k in range(12):
        z = W @ h + b
        h = np.tanh(z) + 0.5 * h
        if k % 3 == 2:
            h = h * h
    return np.sum(h**2)


def residual(W, x):
    for _ in range(6):
        y = np.sin(W @ x)
        z = y * y
        x = x + 0.3 * z
        x = x - 0.1 * np.cos(x)
    return np.sum(x)


def several_results(A, x):
    B = A @ A.T + 3.0 * np.eye(3)
    values, vectors = np.linalg.eigh(B)
    sign, size = np.linalg.slogdet(B)
    y = vectors[:, 0] * x
    return np.sum(y * values) + size * sign + np.sum(x)


def of_complex_numbers(z, w):
    a = z * np.conj(w)
    b = np.exp(1j * a.real)
    return np.sum(np.abs(b + a))


def selecting(x):
    root = np.where(x > 0, np.sqrt(x), 0.0)
    other = x * x
    return np.sum(root) + np.sum(other)


def one_line(x):
    return np.sum(x * np.sin(x))


PROGRAMS = [
    (branches, RNG.normal(size=4), RNG.normal(size=4)),
    (recurrent, RNG.normal(size=(3, 3)), RNG.normal(size=3), RNG.normal(size=3)),
    (residual, RNG.normal(size=(3, 3)), RNG.normal(size=3)),
    (several_results, RNG.normal(size=(3, 3)), RNG.normal(size=3)),
    (of_complex_numbers, RNG.normal(size=3) + 1j * RNG.normal(size=3), RNG.normal(size=3) + 0.5j),
    (selecting, np.array([0.0, 4.0, 2.0])),
    (one_line, np.array([1.0, 2.0])),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0].__name__)
def test_a_share_is_what_the_gradient_loses_where_the_line_is_held_constant(program):
    explanation = explain(*program, detail="summary")
    found = explanation.summary()
    for each in (*found.lines, *found.functions):
        expected = expected_shares(explanation, each.group)
        assert set(each.through) == set(expected)
        assert [each.through[name] for name in expected] == pytest.approx(list(expected.values()), abs=1e-12)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0].__name__)
def test_what_arrives_adds_up_to_the_gradient(program):
    found = summary_of(*program)
    for groups in (found.lines, found.functions):
        for x in found.inputs:
            assert sum(each.arrives[x.name] for each in groups) == pytest.approx(1.0, abs=1e-12)
        assert sum(each.arrives_all for each in groups) == pytest.approx(1.0, abs=1e-12)
    assert sum(x.share for x in found.inputs) == pytest.approx(1.0)


def test_shares_by_hand():
    def loss(w, x):
        error = np.sum((w * x - 1.0) ** 2)
        penalty = 0.5 * np.sum(w**2)
        return error + penalty

    w, x = np.ones(3), np.arange(3.0)
    found = figures_by_text(loss, w, x)
    of_error, of_penalty = 2 * (w * x - 1) * x, w
    whole = of_error + of_penalty
    error, penalty = found["error = np.sum((w * x - 1.0) ** 2)"], found["penalty = 0.5 * np.sum(w**2)"]
    assert error.through["w"] == error.arrives["w"] == pytest.approx(of_error @ whole / (whole @ whole))
    assert penalty.through["w"] == penalty.arrives["w"] == pytest.approx(of_penalty @ whole / (whole @ whole))
    assert error.through["x"] == pytest.approx(1.0)
    assert penalty.through["x"] == 0.0
    last = found["return error + penalty"]
    assert (last.through["w"], last.arrives["w"]) == (pytest.approx(1.0), 0.0)
    by_x = 2 * (w * x - 1) * w
    assert last.through_all == pytest.approx(1.0)
    assert penalty.through_all == pytest.approx(of_penalty @ whole / (whole @ whole + by_x @ by_x))


def test_shares_that_cancel_are_negative_and_above_one():
    def f(x):
        more = 3.0 * x
        less = -2.0 * x
        return more + less

    found = figures_by_text(f, 1.0)
    assert found["more = 3.0 * x"].through["x"] == pytest.approx(3.0)
    assert found["less = -2.0 * x"].through["x"] == pytest.approx(-2.0)


def test_shares_of_a_gradient_whose_squares_are_out_of_range():
    def f(x):
        a = x * 1e-200
        b = x * 3e-200
        return np.sum(a + b)

    found = figures_by_text(f, np.ones(2))
    assert found["a = x * 1e-200"].through["x"] == pytest.approx(0.25)
    assert figures_by_text(lambda x: np.sum(x * 1e200), np.ones(2))  # no warning


def test_a_part_of_the_result_can_be_chosen():
    def f(x):
        first = np.sin(x[0])
        second = x[0] * x[1]
        return np.stack([first, second])

    found = figures_by_text(f, np.array([1.0, 2.0]), seed="y[1]")
    assert found["first = np.sin(x[0])"].through["x"] == 0.0
    assert found["second = x[0] * x[1]"].through["x"] == pytest.approx(1.0)


def many_branches(count):
    """A program with `count` lines that add to the same sum, and a chain of statements before."""
    lines = "\n".join(f"    y = y + x * {k + 1}.0" for k in range(count))
    text = f"def f(x):\n    for _ in range(3):\n        x = x * 1.5\n    y = 0.0\n{lines}\n    return y\n"
    namespace: dict = {}
    exec(compile(text, "<branches>", "exec"), namespace)  # noqa: S102  # a program of the test
    return namespace["f"]


def test_branches_beyond_those_that_are_followed_are_not_known():
    few = summary_of(many_branches(_MOST_PARTS // 2), 2.0)
    assert all(np.isfinite(line.through["x"]) for line in few.lines)
    many = summary_of(many_branches(_MOST_PARTS + 10), 2.0)
    unknown = [line for line in many.lines if np.isnan(line.through["x"])]
    assert unknown
    assert len(unknown) < len(many.lines)
    assert "—: the gradient branches more often than is followed." in many.to_text(200)


# ------------------------------------------------------------------------------------------ counts, memory, time


def test_runs_and_statements_of_lines():
    def f(x):
        for k in range(20):
            x = np.sin(x) * x * x
            if k % 4 == 0:
                x = x / 2.0
        return np.var(x)

    found = figures_by_text(f, np.ones(3))
    loop, branch = found["x = np.sin(x) * x * x"], found["x = x / 2.0"]
    assert (loop.statements, loop.group.runs) == (60, 20)
    assert (branch.statements, branch.group.runs) == (5, 5)
    last = found["return np.var(x)"]
    assert last.statements > 2
    assert last.group.runs == 1
    text = summary_of(f, np.ones(3)).to_text(100)
    assert "20 × 3" in text
    assert "5 × 1" in text
    assert "20 × 3: runs of the line × statements of each." in text or "5 × 1: runs" in text


def test_memory_by_hand():
    def f(x, c):
        a = np.exp(x)
        b = np.log(a)
        r = np.reshape(b, (20, 50))
        d = r + c
        e = d * c
        return np.sum(e * e)

    found = figures_by_text(f, np.linspace(1.0, 2.0, 1000), np.ones(50))
    made = {text.split(" = ")[0]: (line.made, line.kept) for text, line in found.items()}
    assert made["a"] == (8000, 8000)  # exp keeps its result, and log its operand
    assert made["b"] == (8000, 0)  # nobody reads the values of b
    assert made["r"] == (0, 0)  # a view
    assert made["d"] == (8000, 8000)  # the cotangent of c is ē d
    assert made["e"] == (8000, 8000)  # twice e
    assert made["return np.sum(e * e)"] == (8008, 0)
    whole = summary_of(f, np.linspace(1.0, 2.0, 1000), np.ones(50))
    assert (whole.total.made, whole.total.kept) == (40008, 24000)
    assert "beside 400 B of the inputs" in whole.to_text(200)  # c; x is not read again


def test_operations_are_those_of_the_count():
    def f(A, x):
        y = A @ x
        return np.sum(np.sin(y))

    found = figures_by_text(f, np.ones((3, 4)), np.ones(4))
    assert found["y = A @ x"].flops == 3 * 7
    assert found["return np.sum(np.sin(y))"].flops == 3 + 2


def test_figures_of_lines_and_of_functions_add_up_to_the_total():
    found = summary_of(recurrent, *PROGRAMS[1][1:])
    for groups in (found.lines, found.functions):
        for name in ("statements", "made", "kept", "flops"):
            assert sum(getattr(each, name) for each in groups) == getattr(found.total, name)
    assert sum(line.primal for line in found.lines) == pytest.approx(found.total.primal)
    assert sum(line.reverse for line in found.lines) == pytest.approx(found.total.reverse)
    assert all(line.primal > 0 for line in found.lines)


def inner(x):
    return np.sin(x) * 2.0


def outer(x):
    y = inner(x)
    return y * inner(y)


def test_functions():
    found = {each.label: each for each in summary_of(outer, 0.5).functions}
    assert {name: each.statements for name, each in found.items()} == {"inner": 4, "outer": 1}
    assert found["inner"].through["x"] == found["outer"].through["x"] == pytest.approx(1.0)
    assert "By function" in summary_of(outer, 0.5).to_text(80)
    assert "By function" not in summary_of(one_line, 0.5).to_text(80)


def test_control_statements_are_counted_with_their_rounds():
    def f(x, w):
        def body(_, c):
            s = np.sin(c)
            return wg.cond(np.sum(s) > 0, lambda a: a * w, lambda a: a - w, s)

        y = wg.fori_loop(0, 7, body, x)
        z = wg.while_loop(lambda c: np.sum(c) < 50.0, lambda c: c * 2.0, y)
        return np.sum(z)

    x, w = np.array([0.5, 0.25]), 2.0
    lst = wg.trace(f)(x, w)
    found = figures_by_text(lst, x, w)
    rounds, total = 0, np.sum(lst.run([x, w])[0])
    y = x
    for _ in range(7):
        y = np.sin(y) * w
    while np.sum(y) < 50.0:
        y, rounds = y * 2.0, rounds + 1
    assert np.sum(y) == pytest.approx(float(total))
    sine = found["s = np.sin(c)"]
    assert (sine.statements, sine.group.inside) == (0, 7)
    branch = found["return wg.cond(np.sum(s) > 0, lambda a: a * w, lambda a: a - w, s)"]
    assert branch.group.inside == 4 * 7  # sum, comparison, cond, and the product of the branch that is taken
    loop = found["y = wg.fori_loop(0, 7, body, x)"]
    assert (loop.statements, loop.group.inside) == (1, 0)
    assert loop.through["x"] == pytest.approx(1.0)
    while_line = found["z = wg.while_loop(lambda c: np.sum(c) < 50.0, lambda c: c * 2.0, y)"]
    assert (while_line.statements, while_line.group.inside) == (1, 2 * (rounds + 1) + rounds)
    text = summary_of(lst, x, w).to_text(100)
    assert "7 statements inside" in text
    assert "inside: statements run in loops" in text
    assert np.isnan(sine.through["x"])


# --------------------------------------------------------------------------------------------- what goes wrong


def sentences(f, *args, **options):
    with np.errstate(all="ignore"):
        return summary_of(f, *args, **options).findings


def test_a_nan_of_the_value_is_named_where_it_begins():
    def f(x):
        for _ in range(3):
            x = x - 1.0
        y = np.log(x)
        return np.sum(y * 2.0)

    found = sentences(f, np.array([5.0, 2.0]))
    line = inspect.getsourcelines(f)[1] + 3
    assert found[0].startswith(f"The value is nan: it first appears at test_summary.py:{line} (v4 = log(v3)): y = np")


def test_an_infinite_gradient_is_named_where_it_begins_in_the_sweep():
    def f(x, w):
        y = x * 2.0
        root = np.sqrt(w)
        return np.sum(y * root)

    found = sentences(f, np.ones(2), np.array([0.0, 1.0]))
    line = inspect.getsourcelines(f)[1] + 2
    (sentence,) = found
    assert sentence.startswith("The gradient of w is not finite: it first appears in the sweep at ")
    assert f"test_summary.py:{line} (v2 = sqrt(w)): root = np.sqrt(w)." in sentence


def test_a_nan_that_is_not_selected_is_none():
    assert sentences(selecting, np.array([0.0, 4.0, 2.0])) == ()


def test_a_gradient_of_zero_is_named_where_it_becomes_zero():
    def f(x, w):
        h = np.maximum(w * x, 0.0)
        return np.sum(h) + np.sum(x)

    (sentence,) = sentences(f, np.ones(2), -np.ones(2))
    line = inspect.getsourcelines(f)[1] + 1
    assert sentence == (
        f"The gradient of w is exactly 0: cotangents become 0 at test_summary.py:{line} (v3 = maximum(v1, 0.0)): "
        "h = np.maximum(w * x, 0.0)."
    )


def test_an_input_that_no_path_leads_to():
    assert sentences(lambda x, w: x * np.floor(w), 2.0, 3.0) == ("No path leads to w: its gradient is 0.",)
    assert sentences(lambda a, b, c: a * 1.0, 1.0, 2.0, 3.0) == ("No path leads to b, c: their gradients are 0.",)


def test_vanishing_and_exploding_gradients():
    def vanish(w):
        h = 1.0
        for _ in range(60):
            h = 0.5 * np.tanh(w * h)
        return h

    def explode(x):
        for _ in range(60):
            x = 3.0 * x
        return x

    (sentence,) = sentences(vanish, 0.5)
    found = re.search(r"fall below 1e-10 of the seed first at test_summary.py:\d+ \(.*, run (\d+) of 60\)", sentence)
    assert sentence.startswith("The gradient of w vanishes: no number is above 8.3e-35, and cotangents ")
    cotangents = explain(vanish, 0.5, detail="summary").adjoints
    small = [name for name, ct in cotangents.items() if abs(ct) < 1e-10]
    assert int(found[1]) == max((int(name[1:]) - 1) // 3 + 1 for name in small if name != "w")
    (sentence,) = sentences(explode, 1.0)
    assert sentence.startswith("The gradient of x explodes: no number is above 4.2e+28, and cotangents exceed 1e")


def test_many_inputs_share_a_sentence():
    def f(*xs):
        return sum(1e-20 * x for x in xs[:6]) + sum(np.floor(x) * 0.0 * x for x in xs[6:])

    found = sentences(f, *np.arange(0.5, 12.5))
    assert [sentence.split(":")[0] for sentence in found] == [
        *(f"The gradient of x{k} is exactly 0" for k in range(7, 11)),
        "So are the gradients of x11, x12.",
        "The gradients of x1, x2, x3, x4 and 2 more vanish",
    ]


def test_a_right_gradient_has_no_findings():
    for program in PROGRAMS:
        assert sentences(*program) == ()


def test_a_result_that_depends_on_nothing():
    found = summary_of(lambda x: 3.0, 1.0)
    assert found.findings == ("No path leads to x: its gradient is 0.",)
    assert "0 statements" in found.to_text(80)


# ------------------------------------------------------------------------------------------------ when and how


def long_program(W, b, h):
    for k in range(3000):
        z = W @ h + b
        h = np.tanh(z)
        if k % 3 == 0:
            h = 0.9 * h
    return np.sum(h * h)


LONG = (0.5 * RNG.normal(size=(4, 4)), RNG.normal(size=4), np.zeros(4))


def test_ten_thousand_statements_are_summed_up_in_80_columns():
    explanation = explain(long_program, *LONG)
    text = explanation.to_text(80)
    assert explanation.is_summarised
    assert "10,002 statements on 4 lines of 1 file" in text
    assert "3,000 × 2" in text
    assert "1,000 × 1" in text
    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 70


def test_a_program_of_more_than_200_steps_is_summed_up_unless_rows_are_asked_for():
    def sines(count):
        def f(x):
            for _ in range(count):
                x = np.sin(x)
            return x

        return f

    assert not explain(sines(198), 1.0).is_summarised
    assert explain(sines(199), 1.0).is_summarised
    assert explain(sines(3), 1.0, detail="summary").is_summarised
    assert not explain(sines(300), 1.0, detail="rows").is_summarised
    assert not explain(sines(300), 1.0, max_rows=10).is_summarised
    assert not explain(sines(300), 1.0, mode="forward").is_summarised
    assert "⋮ 294 steps left out (max_rows=8)" in explain(sines(300), 1.0).rows(8).to_text(80)
    assert "left out (max_rows=200)" in explain(sines(300), 1.0).rows().to_text(80)


def test_the_rows_of_a_line_are_those_of_its_first_and_last_runs():
    explanation = explain(long_program, *LONG)
    label = next(line.label for line in explanation.summary().lines if line.group.text == "z = W @ h + b")
    excerpt = explanation.line(label, max_rows=4)
    page = excerpt.page()
    assert page.title == f"{label} in long_program: z = W @ h + b"
    assert "6,000 statements in 3,000 runs" in page.lead[0]
    shares, forward, reverse = page.tables
    assert [row.cells[0] for row in shares.rows] == [x.name for x in explanation.summary().inputs]
    formulas = [row.cells[1] for row in forward.rows if len(row.cells) > 1]
    assert len(formulas) == 4
    assert [" @ " in formula for formula in formulas] == [True, False, True, False]
    assert "⋮ 5,996 of 6,000 statements left out" in [row.cells[0] for row in forward.rows]
    assert forward.title == "Forward mode, along W[0, 0]"
    assert reverse.title == "Reverse mode, from y, read upwards"
    assert any(row.cells[3:4] == ("v̄₋₂",) for row in reverse.rows)
    assert max(map(cell_len, excerpt.to_text(80).splitlines())) <= 80


def test_a_line_can_be_named_by_its_number_and_a_function_by_its_name():
    explanation = explain(outer, 0.5)
    number = inspect.getsourcelines(outer)[1] + 2
    assert explanation.line(number).figures.label == f"test_summary.py:{number}"
    assert explanation.line("inner").figures.statements == 4
    for place in (10**6, "model.py:1", "nothing"):
        with pytest.raises(ArgumentError, match=r"where no statement stands\. The functions are inner, outer\."):
            explanation.line(place)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: explain(one_line, 1.0, detail="some"), 'explain got detail=\'some\'. Use "auto", "rows" or'),
        (lambda: explain(one_line, 1.0, detail="summary", mode="forward"), "A summary is one of reverse mode."),
        (lambda: explain(one_line, 1.0, mode="forward").summary(), "summary needs reverse mode."),
        (lambda: explain(one_line, 1.0, mode="forward").line(3), "line was asked for 3 in forward mode"),
        (lambda: explain(one_line, 1.0).summary(lines=0), "summary got lines=0 and by='time'. Give lines=1 or more"),
        (lambda: explain(one_line, 1.0).summary(by="size"), "by='size'.*one of 'time', 'memory', 'gradient'"),
    ],
)
def test_calls_that_have_no_meaning(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_orders():
    explanation = explain(recurrent, *PROGRAMS[1][1:])
    by = {order: explanation.summary(by=order) for order in ("time", "memory", "gradient", "statements", "source")}
    assert [line.group.where.line for line in by["source"].lines] == sorted(
        line.group.where.line for line in by["source"].lines
    )
    for order, key in (("memory", "kept"), ("statements", "statements"), ("gradient", "through_all")):
        figures_ = [getattr(line, key) for line in by[order].lines]
        assert figures_ == sorted(figures_, reverse=True)
    times = [line.seconds for line in by["time"].lines]
    assert times == sorted(times, reverse=True)
    assert "By line, those that keep most memory first" in by["memory"].to_text(80)


def test_what_is_not_shown_is_counted_with_the_others():
    found = explain(recurrent, *PROGRAMS[1][1:]).summary(lines=1, by="statements")
    table = found.page().tables[0]
    assert [row.cells[0].split("\n")[0].split("  ")[0] for row in table.rows][1:] == ["3 other lines", "all 4 lines"]
    kept = sum(line.kept for line in found.lines[1:])
    assert table.rows[1].cells[3].startswith(bytes_text(kept))


def test_many_inputs_are_cut_to_the_largest_gradients():
    def f(*xs):
        return sum(k * x for k, x in enumerate(xs))

    found = summary_of(f, *np.arange(9.0))
    shares = found.page().tables[1]
    assert [heading.text for heading in shares.headings] == ["line", "x9", "x8", "x7", "x6", "x5"]
    assert shares.notes == ("4 other inputs with smaller gradients: see .summary().lines[k].through.",)
    assert max(map(cell_len, found.to_text(80).splitlines())) <= 80


# ------------------------------------------------------------------------------------------------- HTML and alike


def hostile(x):
    y = x * 2.0  # <script>alert(1)</script>|`*_
    return np.sum(y * y)


hostile.__name__ = "<script>alert(2)</script>"


def test_source_text_and_names_are_text_everywhere():
    explanation = explain(hostile, {"<script>alert(3)</script>": np.ones(2), "b|": 1.0}["b|"], detail="summary")
    html = explanation.to_html()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in explanation.to_markdown()
    assert r"\|\`\*\_" in explanation.to_markdown()
    assert "<script>alert(1)</script>" in explanation.to_text(160)
    for page in (explanation.line("hostile").to_html(), explanation._repr_html_()):
        assert "<script" not in page


def test_hostile_names_of_inputs():
    def f(q):
        return q["<script>alert(3)</script>"] * q["b|"]

    found = summary_of(f, {"<script>alert(3)</script>": 2.0, "b|": 3.0})
    assert "<script" not in found.to_html()
    assert "<script" not in found.to_markdown()


def test_each_line_opens_its_rows_in_html():
    explanation = explain(long_program, *LONG)
    html = explanation.to_html()
    assert html.count("<details>") == html.count("</details>") == len(explanation.summary().lines)
    assert "the first and last of 6,000 statements" in html
    assert "v₁" in html
    assert "v̄" in html
    assert "⋮ 5,992 of 6,000 statements left out" in html
    assert len(html) < 100_000
    assert "<script" not in html
    assert "http" not in html
    assert explanation._repr_html_() in html.replace("\n</body>", "") or "<details>" in explanation._repr_html_()


def test_markdown_has_a_row_for_each_line():
    explanation = explain(long_program, *LONG)
    rows = [row for row in explanation.to_markdown().splitlines() if row.startswith("| test\\_summary.py:")]
    assert len(rows) == 2 * len(explanation.summary().lines)
    assert all("<br>" in row for row in rows)


def test_a_table_of_figures_in_each_form():
    inner_table = Table("rows", (Heading("a"),), (Row(("1 < 2",)),))
    headings = (Heading("line", kind="code"), Heading("time", kind="number"))
    row = Row(("model.py:4\n  y = f(x)", "3 ms\n50 %"), weights=(0.0, 0.5), details=Details("open", (inner_table,)))

    class Sheet(wg.show.page.Shown):
        def page(self):
            return wg.show.page.Page("title", (Table("t", headings, (row,)),), ("before",))

    text = Sheet().to_text(80)
    assert text.splitlines()[:3] == ["title", "", "before"]
    assert "│ model.py:4 │ 3 ms │" in text
    assert "│   y = f(x) │ 50 % │" in text
    narrow = Sheet().to_text(20)
    assert "│ model.py:4" in narrow
    html = Sheet().to_html()
    assert '<td class="first last number" style="--weight: 0.500">3 ms<span class="more">50 %</span></td>' in html
    assert "<summary>open</summary>" in html
    assert "1 &lt; 2" in html
    assert "| model.py:4<br>  y = f(x) | 3 ms<br>50 % |" in Sheet().to_markdown()
    assert "| --- | ---: |" in Sheet().to_markdown()


def test_source_that_is_too_long_is_cut_to_the_width():
    def f(x):
        return np.sum(np.sin(x) * np.cos(x) + np.exp(-x) * np.tanh(x) - np.sqrt(x) * np.log(x) + np.arctan(x))

    text = summary_of(f, np.ones(2)).to_text(80)
    (line,) = [line for line in text.splitlines() if "return np.sum(" in line]
    assert line.split("│")[1].rstrip().endswith("…")


# ---------------------------------------------------------------------------------------------------- the rest


def test_a_list_is_explained_under_the_lines_of_its_statements():
    lst = wg.trace(branches)(np.ones(2), np.ones(2))
    explanation = explain(lst, np.ones(2), np.ones(2), detail="summary")
    assert explanation.title == "branches(x, w)"
    assert explanation.summary(by="source").lines[0].group.text == "a = x * w"


def test_statements_return_to_the_order_of_execution():
    tape = wg.tape(residual, RNG.normal(size=(3, 3)), RNG.normal(size=3))
    numbered = by_depth(tape)
    executed = as_executed(numbered, tape)
    assert [stmt.prim for stmt in executed.list.statements] == [stmt.prim for stmt in tape.list.statements]
    assert set(executed.list.statements) == set(numbered.list.statements)
    executed.list.verify()
    for old, new in zip(tape.list.statements, executed.list.statements, strict=True):
        assert np.array_equal(tape.result(old), executed.result(new))


def test_files_of_the_same_name_are_told_apart(tmp_path):
    functions = []
    for folder in ("one", "two"):
        file = tmp_path / folder / "model.py"
        file.parent.mkdir()
        file.write_text("def f(x):\n    return x * 2.0\n", encoding="utf-8")
        namespace: dict = {}
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)  # noqa: S102
        functions.append(namespace["f"])
    one, two = functions
    explanation = explain(lambda x: one(two(x)), 1.0, detail="summary")
    found = explanation.summary(by="source")
    assert [line.label for line in found.lines] == ["one/model.py:2", "two/model.py:2"]
    assert [each.label for each in found.functions] == ["f (one/model.py)", "f (two/model.py)"]
    with pytest.raises(
        ArgumentError, match=r"where statements of several files stand. Give one of one/model.py:2, two"
    ):
        explanation.line(2)


def test_the_progress_bar_goes_to_stderr_and_only_where_it_is_wanted(capsys, monkeypatch):
    tape = by_depth(wg.tape(outer, 0.5))
    (y,) = tape.list.outputs
    assert isinstance(y, Variable)
    measured(tape, {y: np.float64(1.0)}, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "measuring the program" in err
    monkeypatch.setattr(figures, "_LONG", 1)
    measured(tape, {y: np.float64(1.0)})  # stderr is no terminal
    assert capsys.readouterr() == ("", "")


def test_the_command_line(tmp_path, capsys):
    file = tmp_path / "model.py"
    file.write_text(
        "import numpy as np\n\ndef f(x):\n    for _ in range(150):\n        x = np.sin(x) * 2.0\n    return x\n",
        encoding="utf-8",
    )

    def run(*options):
        assert main(["explain", f"{file}:f", "x=1", *options]) == 0
        return capsys.readouterr().out

    assert "300 statements on 1 line of 1 file" in run()
    assert "150 × 2" in run()
    assert "⋮ 102 steps left out (max_rows=200)" in run("--detail", "rows")
    assert "By line, those that keep most memory first" in run("--by", "memory")
    assert "By line, those that take most time first" in run("--lines", "3")
    assert "⋮ 298 of 300 statements left out" in run("--line", "model.py:5", "--max-rows", "2")
    assert "300 statements in 150 runs" in run("--line", "f")
    assert "<details>" in run("--format", "html")
    assert main(["explain", f"{file}:f", "x=1", "--line", "model.py:6"]) == 2
    assert "where no statement stands" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (time_text(0), "0"), (time_text(1.234), "1.2 s"), (time_text(0.0123), "12 ms"), (time_text(4.2e-6), "4.2 µs"),
        (bytes_text(0), "0"), (bytes_text(999), "999 B"), (bytes_text(1000), "1.0 kB"), (bytes_text(999_900), "1.0 MB"),
        (bytes_text(3_940_000), "3.9 MB"), (bytes_text(12 * 10**12), "12 TB"), (bytes_text(5 * 10**15), "5,000 TB"),
        (count_text(12), "12"), (count_text(9_999), "9,999"), (count_text(12_345), "12 thousand"),
        (count_text(17_000_000_000), "17 billion"),
        (share_text(np.nan), "—"), (share_text(0.0), "0 %"), (share_text(1e-16), "0 %"), (share_text(1e-4), "<0.1 %"),
        (share_text(0.0123), "1.2 %"), (share_text(0.5), "50 %"), (share_text(-0.25), "-25 %"),
        (share_text(1.0), "100 %"), (share_text(2500.0), "2e5 %"),
        (cut("parameters", 20), "parameters"), (cut("params_layer_weight", 8), "…_weight"),
    ],
)  # fmt: skip
def test_wording(found, expected):
    assert found == expected
