"""The problems of the field: wengert against C and against differences, and the runner from timings to the table."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.field import __main__ as command
from benchmarks.field import c_code, cached, casadi_code, memory, problems, report, runner, single, systems, timing
from benchmarks.field.problem import SIZES, NotSuitedError, label
from benchmarks.field.problems import nested
from benchmarks.field.timing import Quartiles
from scipy.optimize import brentq

import wengert as wg

SYSTEM = {system.name: system for system in systems.SYSTEMS}
CASES = [
    pytest.param(problem, size, id=f"{problem.name}-{label(size).replace(' ', '')}")
    for problem in problems.PROBLEMS
    for size in problem.sizes["tiny"]
]
SINGLE_LEVEL = [case for case in CASES if case.values[0].has_primal]
NESTED = [case for case in CASES if not case.values[0].has_primal]
needs_c = pytest.mark.skipif(c_code.compiler() is None, reason="no C compiler is installed")


def results(name, problem, given):
    """Value and derivatives as the system gives them, in arrays of their own."""
    return [x.copy() for x in systems.as_arrays(SYSTEM[name].prepare(problem, given)())]


# --- derivatives -----------------------------------------------------------------------------------------------------


def central(f, x, step):
    """Derivative of an array of any shape in each element of x: the axes of x come last."""
    columns = []
    for i in range(x.size):
        moved = np.zeros(x.size)
        moved[i] = step
        moved = moved.reshape(x.shape)
        columns.append((np.asarray(f(x + moved)) - np.asarray(f(x - moved))) / (2.0 * step))
    return np.stack(columns, axis=-1).reshape(*np.shape(columns[0]), *x.shape)


def by_differences(problem, given, step=1e-5):
    """Value, then what the problem asks for, from values alone."""
    rest = (*given.data, *given.static)
    value = problem.value(*given.parameters, *rest)
    found = [value]
    for i, x in enumerate(given.parameters):

        def of_one(moved, i=i):
            return problem.value(*given.parameters[:i], moved, *given.parameters[i + 1 :], *rest)

        if problem.name == "ba":  # an observation's errors depend on its own parameters alone
            n = len(x)
            full = central(of_one, x, step)
            found.append(np.stack([full[k, :, k] for k in range(n)]))
            full[np.arange(n), :, np.arange(n)] = 0.0
            assert not full.any()
        else:
            found.append(central(of_one, x, step))
        if problem.name == "kmeans":
            wide = central(lambda c, of_one=of_one: central(of_one, c, 1e-4), x, 1e-4).reshape(x.size, x.size)
            assert np.abs(wide - np.diag(np.diag(wide))).max() < 1e-4 * np.abs(wide).max()
            found.append(np.diag(wide).reshape(x.shape))
    return found


@pytest.mark.parametrize(("problem", "size"), SINGLE_LEVEL)
def test_wengert_agrees_with_central_differences(problem, size):
    given = problem.inputs(size, 1)
    found, expected = results("wengert", problem, given), by_differences(problem, given)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("mode", ["f", "r"])
def test_the_descent_finds_a_minimum(mode):
    centre = np.array([1.0, -2.0])
    found = nested.lowest(
        nested.MODES[mode](lambda x: np.sum((x - centre) ** 4 + (x - centre) ** 2)), np.zeros(2), 1e-4
    )
    np.testing.assert_allclose(found, centre, atol=1e-3)


def test_the_descent_goes_by_the_paper():
    """The loop of Pearlmutter and Siskind as it is written there, with a gradient of its own."""

    def f(x):
        return np.sum(np.cosh(x))

    def descent(x, tolerance):
        fx, gx, eta, i, rounds = f(x), np.sinh(x), tolerance, 0, 0
        while True:
            if np.linalg.norm(gx) <= tolerance:
                return x, rounds
            if i == 10:
                eta, i = 2.0 * eta, 0
                continue
            new = x - eta * gx
            if np.linalg.norm(x - new) <= tolerance:
                return x, rounds
            rounds += 1
            if f(new) < fx:
                x, fx, gx, i = new, f(new), np.sinh(new), i + 1
            else:
                eta, i = eta / 2.0, 0

    start = np.array([1.3, -2.1])
    calls = []
    expected, rounds = descent(start, 1e-3)
    for find in (nested.lowest, nested.lowest_in_python):
        calls.clear()
        found = find(lambda x: calls.append(x) or (f(x), np.sinh(x)), start, 1e-3)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert len(calls) == rounds + 1


@pytest.mark.parametrize(("problem", "size"), NESTED)
def test_nested_derivatives_lead_to_the_known_point(problem, size):
    found = results("wengert", problem, problem.inputs(size, 0))
    tolerance = 10.0 ** -size["digits"]
    if problem.name.startswith("saddle"):  # the descent ends where the gradient, 2 x, or the step is small
        assert max(np.abs(x).max() for x in found) < 10.0 * tolerance
        return
    h = 1.0 / size["steps"]

    def crossing(control):
        """Where the particle crosses the axis: charges push along (x - c) / |x - c|³."""
        x, speed = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        charges = np.array([[10.0, 10.0 - control], [10.0, 0.0]])
        while x[1] + h * speed[1] > 0.0:
            push = sum((x - c) / np.linalg.norm(x - c) ** 3 for c in charges)
            x, speed = x + h * speed, speed + h * push
        return x[0] - x[1] / speed[1] * speed[0]

    np.testing.assert_allclose(found[0], brentq(crossing, 0.0, 0.35), atol=10.0 * tolerance)


@pytest.mark.parametrize("which", ["saddle", "particle"])
def test_all_four_ways_give_the_same_point(which):
    each = [
        results("wengert", case.values[0], case.values[0].inputs(case.values[1], 3))
        for case in NESTED
        if case.values[0].name.startswith(which)
    ]
    assert len(each) == 4
    for other in each[1:]:
        for a, b in zip(each[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9)


@needs_c
@pytest.mark.parametrize(("problem", "size"), CASES)
def test_wengert_agrees_with_c(problem, size):
    for seed in (0, 1):
        given = problem.inputs(size, seed)
        expected = results("C", problem, given)
        assert all(np.any(x != 0.0) for x in expected)
        assert systems.disagreement(results("wengert", problem, given), expected, problem.rtol) is None


@needs_c
@pytest.mark.parametrize(("problem", "size"), CASES)
def test_c_gives_the_same_at_each_call(problem, size):
    step = SYSTEM["C"].prepare(problem, problem.inputs(size, 0))
    first = [x.copy() for x in step()]
    for a, b in zip(step(), first, strict=True):
        np.testing.assert_array_equal(a, b)


@needs_c
def test_the_blocks_of_c_join_in_the_integration():
    problem = runner.BY_NAME["ode"]
    fast = np.random.default_rng(0).uniform(55.0, 65.0, 600)  # so that no component is zero
    given = replace(problem.inputs({"n": 600, "steps": 200}, 0), parameters=(fast,))
    (value, gradient), expected = results("C", problem, given), results("wengert", problem, given)
    assert np.abs(gradient).min() > 1e-250
    np.testing.assert_allclose(value, expected[0], rtol=1e-10)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-10)


@pytest.mark.parametrize(("problem", "size"), CASES)
def test_the_compiled_derivative_agrees_with_define_by_run(problem, size):
    given = problem.inputs(size, 0)
    found, expected = results("wengert compiled", problem, given), results("wengert", problem, given)
    assert systems.disagreement(found, expected, problem.rtol) is None


@pytest.mark.parametrize(("problem", "size"), [case for case in CASES if case.values[0].compiled_value])
def test_the_structured_loop_is_the_same_function_in_one_statement(problem, size):
    given = problem.inputs(size, 0)
    f = systems.closed(problem.compiled_value, given)
    value, gradients = wg.value_and_grad(f, systems.selected(given))(*given.parameters, *given.data)
    expected = results("wengert", problem, given)
    assert systems.disagreement((value, *gradients), expected, problem.rtol) is None
    longer = {name: 2 * number if name in ("steps", "length") else number for name, number in size.items()}
    lists = []
    for each in (size, longer):
        other = problem.inputs(each, 0)
        lists.append(wg.trace(systems.closed(problem.compiled_value, other))(*other.parameters, *other.data))
    assert len(lists[0].statements) == len(lists[1].statements)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*")  # PyTorch's own, when torch.func is imported
@pytest.mark.parametrize("name", ["PyTorch", "torch.func", "JAX", "autograd", "CasADi"])
@pytest.mark.parametrize(("problem", "size"), CASES)
def test_the_peers_agree_with_wengert(name, problem, size):
    if (reason := SYSTEM[name].missing()) is not None:
        pytest.skip(reason)
    given = problem.inputs(size, 0)
    try:
        found = results(name, problem, given)
    except NotSuitedError as error:
        pytest.skip(str(error) or f"{problem.name} is not written for {name}")
    expected = results("wengert", problem, given)
    assert systems.disagreement(found, expected, problem.rtol) is None


@pytest.mark.peers
def test_an_expression_that_is_too_long_for_casadi_is_not_built():
    pytest.importorskip("casadi")
    problem = runner.BY_NAME["heat"]
    with pytest.raises(NotSuitedError, match="takes too long to build"):
        problem.others["CasADi"](problem.inputs({"n": 10_000, "steps": 1000}, 0))
    with pytest.raises(ValueError, match="argument 0 has 2 numbers instead of 3"):
        casadi_code.step_of(_casadi_function(), [np.zeros(2)], [(3,)])
    with pytest.raises(ValueError, match="result 0 has 3 numbers instead of 2"):
        casadi_code.step_of(_casadi_function(), [np.zeros(3)], [(2,)])


def _casadi_function():
    import casadi as ca

    x = ca.SX.sym("x", 3)
    return ca.Function("f", [x], [2.0 * x])


def test_what_is_written_for_some_problems_is_not_suited_for_others():
    problem = runner.BY_NAME["lse"]
    with pytest.raises(NotSuitedError):
        SYSTEM["torch.func"].prepare(problem, problem.inputs({"n": 3}, 0))
    for name, other in ((systems.VALUE, "saddle-ff"), (systems.COMPILED_VALUE, "kmeans")):
        problem = runner.BY_NAME[other]
        with pytest.raises(NotSuitedError):
            SYSTEM[name].prepare(problem, problem.inputs(problem.sizes["tiny"][0], 0))


def test_inputs_are_the_same_for_a_seed_and_others_for_another():
    for problem in problems.PROBLEMS:
        (size,) = problem.sizes["tiny"]
        one, same, other = (problem.inputs(size, seed) for seed in (3, 3, 4))
        assert all(np.array_equal(a, b) for a, b in zip(one.parameters, same.parameters, strict=True))
        assert not np.array_equal(one.parameters[0], other.parameters[0])
        assert one.parameters[0].dtype == np.float64


def test_every_problem_has_sizes_and_a_name_of_its_own():
    names = [problem.name for problem in problems.PROBLEMS]
    assert len(set(names)) == len(names)
    for problem in problems.PROBLEMS:
        assert tuple(problem.sizes) == SIZES
        assert problem.sizes_of(["full", "middle"]) == (*problem.sizes["middle"], *problem.sizes["full"])


@pytest.mark.parametrize(
    ("name", "number", "smallest", "largest"),
    [
        ("gmm", "d", 2, 64),
        ("gmm", "k", 5, 100),
        ("gmm", "n", 1000, 1000),
        ("lstm", "layers", 2, 6),
        ("lstm", "length", 1024, 8192),
        ("lse", "n", 10_000, 1_000_000),
        ("ode", "n", 100, 100_000),
        ("black-scholes", "n", 10_000, 1_000_000),
        ("heat", "steps", 1000, 1000),
        ("saddle-rr", "digits", 2, 5),
        ("particle-rr", "steps", 10, 10),
    ],
)
def test_sizes_span_the_range_of_the_problem(name, number, smallest, largest):
    sizes = runner.BY_NAME[name].sizes
    (small,), (middle,), (full,) = (sizes[which] for which in ("small", "middle", "full"))
    assert (small[number], full[number]) == (smallest, largest)
    assert smallest <= middle[number] <= largest


# --- agreement before timing -----------------------------------------------------------------------------------------

ONE = [np.array(2.0), np.array([1.0, 3.0])]


def test_equal_results_agree():
    assert systems.disagreement(ONE, ONE, 1e-8) is None
    assert systems.disagreement([ONE[0] * (1 + 1e-10), ONE[1]], ONE, 1e-8) is None


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (ONE[:1], "1 results instead of 2"),
        ([ONE[0], np.array([1.0])], "result 1 has shape (1,) instead of (2,)"),
        ([ONE[0], np.array([1.0, np.nan])], "result 1 is not finite"),
        ([ONE[0], np.array([1.0, 3.0 + 1e-6])], "result 1 differs by up to 1e-06"),
        ([ONE[0] + 1e-6, ONE[1]], "result 0 differs by up to 1e-06"),
    ],
)
def test_what_differs_is_named(found, message):
    text = systems.disagreement(found, ONE, 1e-8)
    assert text is not None
    assert text.startswith(message)


def wrong(problem, given):
    value, *gradients = SYSTEM["wengert"].prepare(problem, given)()
    return lambda: (value, *(2.0 * g for g in gradients))


def broken(problem, given):
    raise NotImplementedError("this system cannot do it\nand says so at length")


def test_a_system_that_disagrees_or_fails_is_named_and_not_timed():
    tried = [
        SYSTEM["wengert"],
        SYSTEM[systems.VALUE],
        systems.System("wrong", wrong, lambda: None),
        systems.System("broken", broken, lambda: None),
    ]
    problem = runner.BY_NAME["lse"]
    row = runner.measure(problem, {"n": 5}, tried, seconds=1e-4)
    assert set(row.times) == {"wengert", systems.VALUE}
    assert set(row.first) == {"wengert"}
    assert row.failed["wrong"].startswith("result 1 differs")
    assert row.failed["broken"] == "NotImplementedError: this system cannot do it"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer of a process")
def test_a_first_call_that_takes_too_long_is_given_up():
    def endless(problem, given):
        while True:
            time.sleep(0.01)

    before = signal.getsignal(signal.SIGALRM)
    row = runner.measure(
        runner.BY_NAME["lse"], {"n": 5}, [systems.System("slow", endless, lambda: None)], seconds=1e-4, limit=0.05
    )
    assert row.skipped == {"slow": "more than 50.0 ms"}
    assert row.times == row.failed == {}
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


@pytest.mark.skipif(memory.available() is None, reason="this system does not tell its memory")
def test_a_first_call_that_takes_most_of_the_memory_is_given_up(monkeypatch):
    def greedy(problem, given):
        kept = []
        while True:
            kept.append(np.ones(100_000))
            time.sleep(0.001)

    monkeypatch.setattr(runner, "memory_available", lambda: 20_000_000)
    row = runner.measure(
        runner.BY_NAME["lse"], {"n": 5}, [systems.System("greedy", greedy, lambda: None)], seconds=1e-4
    )
    assert row.skipped["greedy"].startswith("more than ")
    assert row.skipped["greedy"].endswith(" GiB")
    assert row.failed == {}


def test_the_memory_of_the_process_grows_with_an_array():
    if memory.available() is None:
        pytest.skip("this system does not tell its memory")
    # In a process of its own: one that has run other tests may have that much memory free already.
    program = (
        "import numpy as np; from benchmarks.field import memory\n"
        "before = memory.resident(); kept = np.ones(4_000_000)\n"
        "print(memory.resident() - before, kept.nbytes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    grown, size = map(int, done.stdout.split())
    assert grown > 0.9 * size
    assert memory.available() > 0


def test_a_slow_call_of_a_system_that_does_not_compile_is_not_repeated(monkeypatch):
    monkeypatch.setattr(runner, "ONCE", 0.0)
    calls = []

    def counted(problem, given):
        step = SYSTEM["wengert"].prepare(problem, given)

        def counted_step():
            calls.append(1)
            return step()

        return counted_step

    tried = [systems.System("eager", counted, lambda: None), systems.System("lazy", counted, lambda: None, True)]
    row = runner.measure(runner.BY_NAME["lse"], {"n": 5}, tried[:1], seconds=1e-4)
    assert len(calls) == row.times["eager"].turns == 1
    assert row.times["eager"].median == row.first["eager"]
    row = runner.measure(runner.BY_NAME["lse"], {"n": 5}, tried, seconds=1e-4)
    assert list(row.times) == ["eager", "lazy"]
    assert row.times["lazy"].turns > 1


def test_a_cache_folder_is_set_for_a_while(monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", "before")
    with runner.cache_in("here"):
        assert os.environ["WENGERT_CACHE"] == "here"
    assert os.environ["WENGERT_CACHE"] == "before"
    monkeypatch.delenv("WENGERT_CACHE")
    with runner.cache_in("here"):
        pass
    assert "WENGERT_CACHE" not in os.environ


@pytest.mark.skipif(SYSTEM[systems.COMPILED].missing() is not None, reason="llvmlite is not installed")
def test_a_second_process_finds_compiled_code_on_disk(tmp_path):
    problem, folder = runner.BY_NAME["lse"], str(tmp_path / "cache")
    row = runner.measure(problem, {"n": 5}, [SYSTEM[systems.COMPILED]], seconds=1e-4, cache=folder)
    assert set(row.first) == {systems.COMPILED}
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    assert files
    (seconds,) = runner.from_cache([("lse", {"n": 5}, folder)])
    assert seconds > 0.0
    assert set((tmp_path / "cache").iterdir()) == set(files)  # nothing was compiled anew


def test_a_second_process_that_fails_is_no_end(monkeypatch, capsys):
    assert runner.from_cache([("no such problem", {}, "0")]) == []
    assert "it failed: KeyError" in capsys.readouterr().err
    monkeypatch.setattr(cached, "SLOW", 0.05)
    monkeypatch.setattr(cached, "prepared", lambda *_: time.sleep(1.0))
    assert cached._one(runner.BY_NAME["lse"], {"n": 5}, "0") is None


# --- single operations -----------------------------------------------------------------------------------------------


def test_single_operations_are_compared_and_timed(monkeypatch):
    rows = single.measure([systems.COMPILED, "wengert"], seconds=1e-3)
    names = {"NumPy", systems.COMPILED} if SYSTEM[systems.COMPILED].missing() is None else {"NumPy"}
    assert len(rows) == 3
    assert all(set(row.times) == names for row in rows)
    monkeypatch.setitem(single.MAKERS, "PyTorch", lambda f, x: lambda: (0.0 * x,))
    assert all(row.failed["PyTorch"].startswith("result 0 differs") for row in single.measure(["PyTorch"], 1e-3))


def test_the_chain_has_ten_operations():
    counted = wg.trace(lambda x: single.chain(np, x))(np.ones(3))
    assert len(counted.statements) == 10


@pytest.mark.peers
@pytest.mark.parametrize("name", ["PyTorch", "JAX"])
def test_single_operations_of_the_peers_agree(name):
    if (reason := SYSTEM[name].missing()) is not None:
        pytest.skip(reason)
    assert all(name in row.times for row in single.measure([name], 1e-3))


# --- timing ----------------------------------------------------------------------------------------------------------


def test_a_fast_step_is_repeated_and_a_slow_one_has_fewest_turns():
    assert timing.plan(1e-6, budget=1.0) == (20_000, 31)
    assert timing.plan(1e-3, budget=0.1) == (20, 5)
    assert timing.plan(4.0, budget=1.0) == (1, 3)


def test_turns_are_interleaved(monkeypatch):
    plans = iter([(2, 3), (1, 6)])
    monkeypatch.setattr(timing, "plan", lambda seconds, budget: next(plans))
    calls = []
    found = timing.interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, budget=1.0)
    assert "".join(calls) == "aabb" + "baab" * 3
    assert (found["a"].turns, found["b"].turns) == (3, 6)
    assert timing.interleaved({}, budget=1.0) == {}


def test_a_very_slow_step_is_called_once(monkeypatch):
    monkeypatch.setattr(timing, "one_call", lambda step: step() or 7.0)
    calls = []
    found = timing.interleaved({"slow": lambda: calls.append(1)}, budget=1.0)
    assert found == {"slow": Quartiles(7.0, 7.0, 7.0, 1)}
    assert len(calls) == 1


def test_quartiles():
    assert Quartiles.of([4.0, 1.0, 3.0, 2.0, 5.0]) == Quartiles(2.0, 3.0, 4.0, 5)


# --- report ----------------------------------------------------------------------------------------------------------


def fake(seconds):
    return Quartiles(0.9 * seconds, seconds, 1.1 * seconds, 5)


ROWS = [
    report.Row("p", "first problem", "n = 1", {"C": fake(1e-3), "wengert": fake(2e-3)}, {"C": 0.5, "wengert": 0.01}),
    report.Row("q", "second problem", "n = 2", {"C": fake(1.0), "wengert": fake(8.0)}, {"wengert": 2.0}, {"JAX": "no"}),
]
NAMES = ["C", "wengert", "JAX"]


def test_the_table_has_medians_quartiles_and_multiples_of_c():
    lines = report.table(ROWS, NAMES).splitlines()
    assert lines == [
        "| problem | size | C | wengert | JAX |",
        "| --- | --- | --- | --- | --- |",
        "| first problem | n = 1 | 1.00 ms (900 µs to 1.10 ms) | **2.00** 2.00 ms (1.80 ms to 2.20 ms) | - |",
        "| second problem | n = 2 | 1.00 s (900 ms to 1.10 s) | **8.00** 8.00 s (7.20 s to 8.80 s) | failed |",
        "| geometric mean |  | **1.00** of 2 | **4.00** of 2 | - |",
    ]


COMPILED_ROWS = [
    report.Row(
        "p",
        "first problem",
        "n = 1",
        {systems.COMPILED: fake(3e-3), systems.COMPILED_VALUE: fake(1e-3)},
        {systems.COMPILED: 0.1, "JAX": 0.4},
        cached=0.02,
    ),
    report.Row(
        "q", "second problem", "n = 2", {systems.COMPILED: fake(1.0)}, {"JAX": 0.9}, skipped={"JAX": "more than 60.0 s"}
    ),
]
COMPILED_NAMES = [systems.COMPILED, systems.COMPILED_VALUE, "JAX"]


def test_the_table_has_the_gradient_over_its_value_and_the_reasons_of_what_is_skipped():
    assert report.table(COMPILED_ROWS, COMPILED_NAMES).splitlines() == [
        "| problem | size | wengert compiled | JAX | gradient over primal, both compiled |",
        "| --- | --- | --- | --- | --- |",
        "| first problem | n = 1 | 3.00 ms (2.70 ms to 3.30 ms) | - | **3.00** of 1.00 ms |",
        "| second problem | n = 2 | 1.00 s (900 ms to 1.10 s) | more than 60.0 s | - |",
        "| geometric mean |  | - | - | **3.00** of 1 |",
    ]


def test_the_first_calls_have_means_the_cache_and_the_ratio_to_jax():
    assert report.first_calls(COMPILED_ROWS, [systems.COMPILED, "JAX"]).splitlines() == [
        "| problem | size | wengert compiled | JAX | wengert compiled, from the disk cache | wengert compiled / JAX |",
        "| --- | --- | --- | --- | --- | --- |",
        "| first problem | n = 1 | 100 ms | 400 ms | 20.0 ms | 0.25 |",
        "| second problem | n = 2 | - | 900 ms | - | - |",
        "| geometric mean |  | 100 ms of 1 | 600 ms of 2 | 20.0 ms of 1 | **0.25** of 1 |",
    ]


def test_the_table_of_single_operations_has_multiples_of_numpy():
    rows = [report.Row("sine", "sine", "n = 3", {"NumPy": fake(2e-6), "JAX": fake(1e-6)}, {})]
    text = report.document(ROWS, NAMES, {}, "", rows)
    assert "## Single operations" in text
    assert "| sine | n = 3 | 2.00 µs (1.80 µs to 2.20 µs) | **0.50** 1.00 µs (0.90 µs to 1.10 µs) |" in text


def test_the_document_has_first_calls_failures_and_the_machine():
    text = report.document(ROWS, NAMES, {"processor": "abacus", "threads": "1"}, "python -m benchmarks.field")
    assert "Printed by `python -m benchmarks.field`. processor abacus; threads 1." in text
    assert "| first problem | n = 1 | 500 ms | 10.0 ms |" in text
    assert "| second problem | n = 2 | - | 2.00 s |" in text
    assert "| geometric mean |  | 500 ms of 1 | 141 ms of 2 |" in text
    assert "* second problem, n = 2, JAX: no" in text
    assert "## Failed" not in report.document(ROWS[:1], NAMES, {}, "")


def test_json_has_the_same_numbers():
    data = json.loads(report.as_json(ROWS, {"threads": "1"}, "x"))
    assert data["machine"] == {"threads": "1"}
    assert data["rows"][1]["times"]["wengert"]["median"] == 8.0
    assert data["rows"][1]["failed"] == {"JAX": "no"}


def test_the_plot(tmp_path):
    pytest.importorskip("matplotlib")
    assert report.plot(ROWS, NAMES, tmp_path / "x.png") is None
    assert (tmp_path / "x.png").stat().st_size > 1000
    assert "no C" in report.plot([], NAMES, tmp_path / "y.png")


def test_without_matplotlib_there_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "matplotlib is not installed" in report.plot(ROWS, NAMES, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1e-8, "0.01 µs"),
        (1.5e-6, "1.50 µs"),
        (999e-6, "999 µs"),
        (0.0123, "12.3 ms"),
        (75.0, "75.0 s"),
        (123.4, "123 s"),
    ],
)
def test_durations(seconds, text):
    assert report.duration(seconds) == text


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes_the_report(tmp_path, capsys):
    words = ["--problems", "lse", "rosenbrock-loop", "--systems", "C", systems.VALUE, "wengert", "--sizes", "tiny"]
    status = runner.main([*words, "--seconds", "0.001", "--out", str(tmp_path / "field")])
    printed = capsys.readouterr()
    assert status == 0
    assert "| log-sum-exp | n = 37 |" in printed.out
    assert "[2/2] rosenbrock-loop, n = 7:" in printed.err
    assert (tmp_path / "field.md").read_text(encoding="utf-8") == printed.out.removesuffix("\n")
    assert len(json.loads((tmp_path / "field.json").read_text(encoding="utf-8"))["rows"]) == 2


def test_the_command_fails_where_a_system_does(monkeypatch, capsys):
    monkeypatch.setattr(runner, "SYSTEMS", [SYSTEM["wengert"], systems.System("broken", broken, lambda: None)])
    monkeypatch.setattr(runner, "warm_up", lambda systems: None)
    assert runner.main(["--problems", "lse", "--sizes", "tiny", "--seconds", "0.001"]) == 1
    printed = capsys.readouterr()
    assert "broken failed: NotImplementedError: this system cannot do it" in printed.err
    assert "* log-sum-exp, n = 37, broken: NotImplementedError" in printed.out


def test_what_is_missing_is_left_out_with_its_reason(monkeypatch, capsys):
    monkeypatch.setattr(c_code, "compiler", lambda: None)
    missing = systems.System("absent", broken, systems._without("a_package_that_does_not_exist"))
    monkeypatch.setattr(runner, "SYSTEMS", [SYSTEM["C"], SYSTEM["wengert"], missing])
    found, absent = runner.available(None)
    assert [system.name for system in found] == ["wengert"]
    assert set(absent) == {"C", "absent"}
    text = capsys.readouterr().err
    assert "without C: no C compiler is installed" in text
    assert "without absent: the package a_package_that_does_not_exist is not installed" in text


def test_what_is_absent_stands_in_the_report(monkeypatch, capsys):
    missing = systems.System("absent", broken, lambda: "it is not here")
    monkeypatch.setattr(runner, "SYSTEMS", [SYSTEM["wengert"], missing])
    assert runner.main(["--problems", "lse", "--sizes", "tiny", "--seconds", "0.001"]) == 0
    assert "absent absent (it is not here)." in capsys.readouterr().out


def test_a_compiler_that_refuses_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(c_code, "compiler", lambda: sys.executable)
    with pytest.raises(c_code.MissingCompilerError, match=r"does not compile a_file_that_does_not_exist\.c"):
        c_code.library("a_file_that_does_not_exist")


@pytest.mark.parametrize(
    ("words", "count"),
    [([], 1), (["--threads", "2"], 2), (["--threads=3"], 3), (["--threads"], 1), (["--threads", "x"], 1)],
)
def test_the_number_of_threads_is_read_before_numpy(words, count):
    assert command.threads_asked(words) == count


def test_threads_are_fixed_in_a_process_of_its_own():
    program = (
        "import os, sys; from benchmarks.field.__main__ import fix_threads; assert 'numpy' not in sys.modules;"
        "fix_threads(1); print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'],"
        "len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1)"
    )
    root = str(c_code.PROBLEMS.parents[2])
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout.split() == ["1", "1", "1"]
