"""Nested containers of arrays: tuples, lists, dictionaries, named tuples, and classes registered with optree.

A class takes part once it is registered in optree's namespace "wengert", for instance by
``@optree.dataclasses.dataclass(namespace="wengert")``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from wengert.value import Value, concrete

__all__ = [
    "Rebuild",
    "Structure",
    "flatten",
    "flatten_with_structure",
    "function_name",
    "leaf_names",
    "parameter_names",
    "same_structure",
    "without_recording",
]

#: Something that is equal for containers of the same nesting, keys and lengths, and can be hashed.
Structure = Hashable

Rebuild = Callable[[Sequence[Any]], Any]

_NAMESPACE = "wengert"


def _is_leaf(tree: Any) -> bool:
    return isinstance(tree, (Value, np.ndarray, np.generic, int, float, complex))


def _first(leaves: Sequence[Any]) -> Any:
    return leaves[0]


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """Take a container apart: its leaves, and a function that puts leaves of that number together again."""
    if _is_leaf(tree):
        return [tree], _first
    if type(tree) is tuple and all(map(_is_leaf, tree)):
        return list(tree), tuple
    import optree

    leaves, spec = optree.tree_flatten(tree, namespace=_NAMESPACE)
    return leaves, spec.unflatten


def without_recording(tree: Any) -> Any:
    """A container of plain arrays: tensors become what they hold."""
    leaves, rebuild = flatten(tree)
    return rebuild([concrete(leaf) for leaf in leaves])


def same_structure(tree: Any, other: Any) -> bool:
    """Whether two containers have the same nesting, keys and lengths."""
    if _is_leaf(tree) and _is_leaf(other):
        return True
    import optree

    structures = [optree.tree_structure(x, namespace=_NAMESPACE) for x in (tree, other)]
    return bool(structures[0] == structures[1])


def flatten_with_structure(tree: Any) -> tuple[list[Any], Rebuild, Structure]:
    """As `flatten`, with the nesting, keys and lengths of the container."""
    import optree

    leaves, spec = optree.tree_flatten(tree, namespace=_NAMESPACE)
    return leaves, spec.unflatten, spec


def leaf_names(name: str, tree: Any) -> list[str]:
    """A name for each leaf: ``params_w`` for ``params["w"]``."""
    if _is_leaf(tree):
        return [name]
    import optree

    accessors = optree.tree_accessors(tree, namespace=_NAMESPACE)
    return ["_".join([name, *(str(getattr(step, "field", step.entry)) for step in path)]) for path in accessors]


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first `count` positional parameters of `f`; x1, x2, … where it does not say."""
    import inspect

    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a builtin without signature
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"x{k + 1}" for k in range(len(names), count)]


def function_name(f: Callable[..., Any]) -> str:
    """What messages and lists call `f`."""
    name: str = getattr(f, "__name__", type(f).__name__)
    return name
