"""The problems of the field: wengert against C and against differences, and the runner from timings to the table."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.field import __main__ as command
from benchmarks.field import c_code, problems, report, runner, systems, timing
from benchmarks.field.problem import label
from benchmarks.field.timing import Quartiles

import wengert as wg

SYSTEM = {system.name: system for system in systems.SYSTEMS}
CASES = [
    pytest.param(problem, size, id=f"{problem.name}-{label(size).replace(' ', '')}")
    for problem in problems.PROBLEMS
    for size in problem.sizes["tiny"]
]
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


@pytest.mark.parametrize(("problem", "size"), CASES)
def test_wengert_agrees_with_central_differences(problem, size):
    given = problem.inputs(size, 1)
    found, expected = results("wengert", problem, given), by_differences(problem, given)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


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
@pytest.mark.parametrize("name", ["PyTorch", "JAX", "autograd"])
@pytest.mark.parametrize(("problem", "size"), CASES)
def test_the_peers_agree_with_wengert(name, problem, size):
    if (reason := SYSTEM[name].missing()) is not None:
        pytest.skip(reason)
    given = problem.inputs(size, 0)
    found, expected = results(name, problem, given), results("wengert", problem, given)
    assert systems.disagreement(found, expected, problem.rtol) is None


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
        assert set(problem.sizes) == {"tiny", "small", "full"}
        assert problem.sizes_of("full")[: len(problem.sizes["small"])] == problem.sizes["small"]


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
def test_a_first_call_that_takes_too_long_is_given_up(monkeypatch):
    def endless(problem, given):
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(runner, "SLOW", 0.05)
    before = signal.getsignal(signal.SIGALRM)
    row = runner.measure(runner.BY_NAME["lse"], {"n": 5}, [systems.System("slow", endless, lambda: None)], seconds=1e-4)
    assert row.failed == {"slow": "TimeoutError: the first call took more than 50.0 ms"}
    assert row.times == {}
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


# --- timing ----------------------------------------------------------------------------------------------------------


def test_a_fast_step_is_repeated_and_a_slow_one_has_fewest_turns():
    assert timing.plan(1e-6, budget=1.0) == (20_000, 31)
    assert timing.plan(1e-3, budget=0.1) == (20, 5)
    assert timing.plan(10.0, budget=1.0) == (1, 3)


def test_turns_are_interleaved(monkeypatch):
    plans = iter([(2, 3), (1, 6)])
    monkeypatch.setattr(timing, "plan", lambda seconds, budget: next(plans))
    calls = []
    found = timing.interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, budget=1.0)
    assert "".join(calls) == "aabb" + "baab" * 3
    assert (found["a"].turns, found["b"].turns) == (3, 6)
    assert timing.interleaved({}, budget=1.0) == {}


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


def test_the_document_has_first_calls_failures_and_the_machine():
    text = report.document(ROWS, NAMES, {"processor": "abacus", "threads": "1"}, "python -m benchmarks.field")
    assert "Printed by `python -m benchmarks.field`. processor abacus; threads 1." in text
    assert "| first problem | n = 1 | 500 ms | 10.0 ms |" in text
    assert "| second problem | n = 2 | - | 2.00 s |" in text
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
    assert [system.name for system in runner.available(None)] == ["wengert"]
    text = capsys.readouterr().err
    assert "without C: no C compiler is installed" in text
    assert "without absent: the package a_package_that_does_not_exist is not installed" in text


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
