"""SymPy, which is an optional package: loaded when a formula is asked for, and missed by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from wengert.errors import require_package

__all__ = ["has_sympy", "require_sympy"]


def require_sympy(caller: str) -> Any:
    """Load SymPy for the public function `caller`.

    Raises
    ------
    MissingPackageError
        If SymPy is not installed.
    """
    return require_package(
        "sympy", f"wengert.{caller} needs SymPy", why="for nothing but formulas needs it", remedy="pip install sympy"
    )


def has_sympy() -> bool:
    """Whether SymPy can be loaded."""
    try:
        import_module("sympy")
    except ImportError:
        return False
    return True
