"""The registry: all primitives by name, and what handles each NumPy function when it is called on a value.

Written once, by the declarations in `rules` and those of users.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.errors import DeclarationError, NoRuleError, user_location

if TYPE_CHECKING:
    from wengert.ledger import Entry
    from wengert.primitive import Primitive

__all__ = ["FAMILIES", "Table", "functions", "handler_of", "load_families", "no_rule", "table"]

#: NumPy function → what handles it when called on a value; filled by the declarations in ``rules``.
functions: dict[Callable[..., Any], Callable[..., Any]] = {}

#: Package → the module of rules for its functions, which is loaded when one of them first meets a value.
FAMILIES = {
    "numpy.fft": "wengert.rules.fourier",
    "numpy.polynomial": "wengert.rules.polynomials",
    "scipy.linalg": "wengert.rules.matrix_functions",
    "scipy.special": "wengert.rules.special",
}


def handler_of(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """What handles `function` when it is called on a value; the family it belongs to is loaded if need be."""
    handler = functions.get(function)
    if handler is None:
        for package in FAMILIES:
            if package in sys.modules:
                _load(package)
        handler = functions.get(function)
    return handler


def _load(package: str) -> None:
    rules = FAMILIES[package]
    if rules not in sys.modules:
        table.family = package
        try:
            import_module(rules)
        finally:
            table.family = ""


def load_families() -> None:
    """Load every module of rules, for pages and tests that show the whole table."""
    for package in FAMILIES:
        _load(package)


class Table:
    """The registry: every primitive as an attribute under its name, in the order of declaration.

    While a family of rules is loaded, `family` names its package: a name that a user has taken by then stays his, and
    so does a function that he has declared.
    """

    def __init__(self) -> None:
        self.primitives: dict[str, Primitive] = {}
        self.family = ""

    def __getattr__(self, name: str) -> Primitive:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoRuleError(f"no primitive is called {name}.", remedy="wengert.registry.table.primitives lists all.")

    def add_primitive(self, prim: Primitive, *numpy_functions: Callable[..., Any]) -> Primitive:
        """Enter `prim`, and let calls of `numpy_functions` on values arrive at it."""
        if prim.name in self.primitives and self.family:
            prim.name = f"{self.family}.{prim.name}"
        if prim.name in self.primitives:
            raise DeclarationError(
                f"a primitive called {prim.name} is declared twice.", remedy="Give the second one another name."
            )
        self.primitives[prim.name] = prim
        setattr(self, prim.name, prim)
        for function in numpy_functions:
            if not (self.family and function in functions):
                functions[function] = prim
        return prim


table = Table()


def no_rule(function: Callable[..., Any], method: str = "__call__") -> NoRuleError:
    """The error for a function, or a method of a ufunc, that is not in the table: what the ledger says of it."""
    from wengert.ledger import entry_of

    entry = entry_of(function, method)
    name = _spelled(function, method, entry)
    reason, remedy = (entry.reason, entry.remedy) if entry is not None else ("", "")
    if entry is not None and entry.status == "not differentiable":
        what, why = f"{name} is not differentiable: {reason}.", ""
        remedy = remedy or "Give it np.asarray(x.detach())."
    else:
        what, why = f"{name} has no derivative rule.", f"{reason[:1].upper()}{reason[1:]}{'.' if reason else ''}"
        is_called_ufunc = isinstance(function, np.ufunc) and method == "__call__"
        declare = ", or declare it with wengert.elementwise" if is_called_ufunc else ""
        remedy = remedy or f"Write it with functions that have one{declare}."
    return NoRuleError(what, why=why, remedy=remedy, where=user_location())


def _spelled(function: Callable[..., Any], method: str, entry: Entry | None) -> str:
    """The function as users write it, such as ``np.linalg.svd`` and ``np.add.at``."""
    name = getattr(function, "__name__", str(function))
    from wengert.ledger import public_module

    module = public_module(getattr(function, "__module__", "") or "numpy")
    if isinstance(function, np.ufunc) and getattr(np, name, None) is not function:
        # SciPy's, say: a ufunc does not know its module.
        return f"the ufunc {name}" if entry is None else entry.full_name
    return f"{module.replace('numpy', 'np', 1)}.{name}{'' if method == '__call__' else f'.{method}'}"
