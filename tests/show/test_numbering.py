"""The order of the rows: by depth, then by execution; always topological."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from wengert.show.numbering import by_depth, free_letter
from wengert.wlist import Variable


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_the_order_is_topological_and_keeps_the_values(steps):
    def program(x, y):
        made = [x, y]
        for i, j in steps:
            made.append(made[i % len(made)] * 0.5 + np.sin(made[j % len(made)]))
        return made[-1]

    before = wg.tape(program, 1.0, 2.0)
    after = by_depth(before)
    after.list.verify()
    assert after.outputs == before.outputs
    assert [stmt.targets[0].name for stmt in after.list.statements] == [
        f"v{k + 1}" for k in range(len(before.list.statements))
    ]
    depths = dict.fromkeys(after.list.inputs, 0)
    order = []
    for stmt in after.list.statements:
        depths[stmt.targets[0]] = 1 + max(depths[x] for x in stmt.operands if isinstance(x, Variable))
        order.append(depths[stmt.targets[0]])
    assert order == sorted(order)


def test_statements_of_equal_depth_keep_the_order_of_execution():
    tape = by_depth(wg.tape(lambda x: (np.cos(x), np.sin(x), np.exp(x), np.tanh(np.sin(x))), 1.0))
    assert [stmt.prim.name for stmt in tape.list.statements] == ["cos", "sin", "exp", "sin", "tanh"]


def test_the_source_lines_stay_with_their_statements():
    def f(x):
        y = np.exp(x)
        return y + np.sin(x)

    lines = {stmt.prim.name: stmt.where.text for stmt in by_depth(wg.tape(f, 1.0)).list.statements}
    assert lines == {"exp": "y = np.exp(x)", "sin": "return y + np.sin(x)", "add": "return y + np.sin(x)"}


def test_letters():
    assert free_letter("vw", ["x", "value"]) == "v"
    assert free_letter("vw", ["x", "v"]) == "w"
    assert free_letter("vw", ["v12"]) == "w"
    assert free_letter("vw", ["v", "w1"]) == "w"
