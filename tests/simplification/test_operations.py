"""A value with its gradient costs at most three values, in operations, for the classical scalar problems."""

import pytest
from benchmarks.derivative_programs import counts_of, main, problems

import wengert as wg
from wengert.counting import flops
from wengert.simplification import simplify


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.name)
def test_value_and_gradient_cost_at_most_three_values(problem):
    counts = counts_of(problem)
    assert counts.exact <= 3 * counts.primal
    assert counts.exact <= 3 * flops(simplify(wg.trace(problem.f)(problem.x)))
    assert counts.inexact <= counts.exact <= counts.recorded


def test_the_report(capsys):
    main(["--lengths", "50", "--markdown"])
    text = capsys.readouterr().out
    assert "| Rosenbrock, n = 100 | 792 |" in text
    assert "| 50 | " in text
    main(["--lengths", "50"])
    assert "Rosenbrock" in capsys.readouterr().out
