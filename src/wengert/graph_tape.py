"""The graph of a tensor as a tape."""

from __future__ import annotations

import itertools
from typing import Any

from wengert.nodes import Leaf, Node, Several, topological_order
from wengert.value import settled
from wengert.wlist import ArrayType, Statement, Tape, Variable, WengertList

__all__ = ["tape_of_graph"]


def tape_of_graph(data: Any, root: Node | None) -> Tape:
    """The statements that `root` depends on, and the values that are still known; `data` is the value of `root`."""
    nodes = topological_order([] if root is None else [root])[::-1]
    leaves = _leaves(nodes, root)
    variables: dict[Node, Variable] = {
        leaf: Variable(f"x{k}", ArrayType(leaf.shape, leaf.dtype)) for k, leaf in enumerate(leaves, 1)
    }
    values: dict[Variable, Any] = {variables[leaf]: leaf.value() for leaf in leaves if leaf.value() is not None}
    statements = []
    results: dict[Node, tuple[Variable, ...]] = {}
    names = (f"v{k}" for k in itertools.count(1))
    for node in nodes:
        if node.parents[0] in results:  # it picks one of several results, which are variables already
            variables[node] = results[node.parents[0]][node.params["k"]]
            continue
        types = node.types if isinstance(node, Several) else (ArrayType(node.shape, node.dtype),)
        targets = tuple(Variable(next(names), kind) for kind in types)
        if isinstance(node, Several):
            results[node] = targets
        else:
            variables[node] = targets[0]
        saved: tuple[Any, ...] = (None,) * len(node.adjoint.keeps) if node.saved is None else node.saved
        y, operands = saved[0], list(saved[1:])
        for i, parent in zip(node.adjoint.active, node.parents, strict=True):
            if node.saved is not None and not isinstance(operands[i], Node):
                values[variables[parent]] = operands[i]
            operands[i] = variables[parent]
        if y is not None:
            values.update(zip(targets, y if isinstance(node, Several) else (y,), strict=True))
        statements.append(Statement(targets, node.prim, tuple(operands), node.params))
    output = data if root is None else variables[root]
    if root is not None:
        values[variables[root]] = data
    lst = WengertList("graph", tuple(variables[leaf] for leaf in leaves), tuple(statements), (output,))
    _compute_missing(lst, values)
    return Tape(lst, {variable: settled(value) for variable, value in values.items()})


def _leaves(nodes: list[Node], root: Node | None) -> list[Leaf]:
    found = {parent for node in nodes for parent in node.parents if isinstance(parent, Leaf)}
    if isinstance(root, Leaf):
        found.add(root)
    return sorted(found, key=_number)


def _number(node: Node) -> int:
    return node.number


def _compute_missing(lst: WengertList, values: dict[Variable, Any]) -> None:
    for stmt in lst.statements:
        known = all(
            x in values if isinstance(x, Variable) else x is not None and not isinstance(x, ArrayType)
            for x in stmt.operands
        )
        if stmt.targets[0] not in values and known:
            operands = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
            result = stmt.prim.evaluate(operands, stmt.params)
            values.update(zip(stmt.targets, result if len(stmt.targets) > 1 else (result,), strict=True))
