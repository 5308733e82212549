"""Every exception of the library, and the place in the user's program that they name.

The tree (each also derives from the builtin that a caller would catch; `DtypeError` from RuntimeError as well,
which PyTorch raises there)::

    WengertError
    ├── ArgumentError         ValueError            an argument that has no meaning here
    ├── ShapeError            ValueError            a seed, result or operand of the wrong shape
    ├── DtypeError            TypeError             an integer where a derivative is asked for
    ├── LostDerivativeError   TypeError             a value that would leave the record
    ├── EscapedValueError     RuntimeError          a value used after its transform ended
    ├── GraphError            RuntimeError          backward without, or twice through, a graph
    ├── MissingPackageError   ImportError           an optional package that is not installed
    ├── NoRuleError           NotImplementedError   a function without derivative rule
    │   └── NoAttributeError  AttributeError        an attribute of arrays that a value does not have
    ├── DegenerateError       LinAlgError           a derivative that depends on an arbitrary choice
    ├── TraceError            TypeError             a Python decision on a value that is not known
    ├── IllFormedListError    ValueError            a Wengert list that breaks its invariants
    ├── DeclarationError      ValueError            a primitive declared inconsistently
    ├── ExpressionError       ValueError            typed text that is not an allowed expression
    └── CheckError            AssertionError        a derivative that disagrees with its check
"""

from __future__ import annotations

import dis
import functools
import linecache
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from os.path import basename, dirname  # pathlib takes 3 ms of every start
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import CodeType

__all__ = [
    "ArgumentError",
    "CheckError",
    "DeclarationError",
    "DegenerateError",
    "DtypeError",
    "EscapedValueError",
    "ExpressionError",
    "GraphError",
    "IllFormedListError",
    "Location",
    "LostDerivativeError",
    "MissingPackageError",
    "NoAttributeError",
    "NoRuleError",
    "ShapeError",
    "TraceError",
    "WengertError",
    "location_of",
    "printable",
    "protocol_caller",
    "require_package",
    "scipy_function_called",
    "user_location",
]

# Frames of these packages and of the standard library are machinery: the user's line is the first one outside them.
_PACKAGES = ("wengert", "numpy", "scipy", "optree")
_WITHOUT_FILE = ("<__array_function__", "<frozen")
_INSTALLED = ("site-packages", "dist-packages")  # where these lie within the folder of the standard library

TYPED = "<expression"
"""Begins the file names of typed texts (`wengert.expression.files`)."""


@dataclass(frozen=True, slots=True)
class Location:
    """A line of the user's program: its file, number and function, and the name that the line gives the value.

    `instruction` tells calls in the same line from each other: it is the place in the function's byte code, -1 where
    that is not known.
    """

    file: str
    line: int
    function: str = ""
    assigned: str = ""
    instruction: int = field(default=-1, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The source text of the line, stripped and `printable`; empty where the source cannot be read."""
        return printable(linecache.getline(self.file, self.line).strip().replace("\t", " "))

    @property
    def short(self) -> str:
        """The last part of the file name and the line number, as in ``model.py:4``; all typed texts have one name."""
        name = f"{TYPED}>" if self.file.startswith(f"{TYPED} ") else basename(self.file)
        return printable(f"{name}:{self.line}")


def printable(text: str) -> str:
    """The text with what moves the cursor, turns the line round or is invisible spelt out: it may be anybody's."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def user_location() -> Location | None:
    """Find the innermost line on the call stack that is not the library's or NumPy's own."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not _is_machinery(file):
            code = frame.f_code
            place = frame.f_lasti
            return Location(file, frame.f_lineno, code.co_name, _stored_names(code).get(place, ""), place)
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return None


@functools.lru_cache(maxsize=1024)
def _stored_names(code: CodeType) -> dict[int, str]:
    """The name that the result of an instruction is stored under by the next one, for those where this is so."""
    names = {}
    for one, after in pairwise(dis.get_instructions(code)):
        if one.opname == "UNPACK_SEQUENCE":
            continue  # it makes several values, one after the other
        if after.opname.startswith("STORE_") and after.opname not in ("STORE_SUBSCR", "STORE_ATTR", "STORE_SLICE"):
            name = after.argval[0] if isinstance(after.argval, tuple) else after.argval
            names.update(dict.fromkeys(range(one.offset, after.offset, 2), str(name)))  # also from its cache entries
    return names


def location_of(error: BaseException) -> Location | None:
    """Find the innermost such line among those that an exception came through."""
    found, step = None, error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not _is_machinery(code.co_filename):
            found = Location(code.co_filename, step.tb_lineno, code.co_name)
        step = step.tb_next
    return found


def protocol_caller() -> str:
    """Module and name of the Python function in which NumPy's C code called a protocol method of a value."""
    frame = sys._getframe(2)
    return f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_qualname}"


def scipy_function_called() -> str:
    """Module and name of SciPy's function that the user's line called; empty where it called none."""
    frame, called = sys._getframe(1), ""
    while frame is not None and _is_machinery(frame.f_code.co_filename):
        module = frame.f_globals.get("__name__", "")
        if module.startswith("scipy."):
            called = f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return called


@functools.lru_cache(maxsize=1024)
def _is_machinery(file: str) -> bool:
    if file.startswith((*_WITHOUT_FILE, *_package_folders())):
        return True
    return file.startswith(_folder(os.__file__)) and not any(part in file.split(os.sep) for part in _INSTALLED)


def _package_folders() -> Iterator[str]:
    """The folders of the packages that are loaded: no others have frames."""
    for name in _PACKAGES:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            yield _folder(file)


def _folder(file: str) -> str:
    return dirname(file) + os.sep


class WengertError(Exception):
    """Base of all errors of the library.

    Parameters
    ----------
    what : str
        What happened, with names, shapes and dtypes.
    why : str
        The reason, in one clause.
    remedy : str
        What the user can do.
    where : Location, optional
        The user's line.
    """

    def __init__(self, what: str, *, why: str = "", remedy: str = "", where: Location | None = None):
        self.what, self.why, self.remedy, self.where = what, why, remedy, where
        super().__init__(self._message())

    @property
    def sentences(self) -> str:
        """What happened, why, and what to do, without the place."""
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)

    def _message(self) -> str:
        if self.where is None:
            return self.sentences
        source = f": {self.where.text}" if self.where.text else ""
        return f"{self.sentences}\n  at {printable(self.where.file)}:{self.where.line}{source}"


class ArgumentError(WengertError, ValueError):
    """An argument that has no meaning here: an unknown mode, an ``argnums`` out of range."""


class ShapeError(WengertError, ValueError):
    """A seed, a result or an operand of the wrong shape."""


class DtypeError(WengertError, TypeError, RuntimeError):
    """An integer or boolean value where a derivative is asked for."""


class LostDerivativeError(WengertError, TypeError):
    """A value that carries a derivative would leave the record and lose it."""


class EscapedValueError(WengertError, RuntimeError):
    """A value of a transform that has ended was used or returned."""


class GraphError(WengertError, RuntimeError):
    """``backward`` on a tensor without history, or twice through a freed graph."""


class MissingPackageError(WengertError, ImportError):
    """A package that wengert does not need for anything else is not installed."""


def require_package(module: str, what: str, *, why: str, remedy: str) -> Any:
    """Load a module of an optional package; where it is not installed say `what` needs it, why, and how to get it.

    Raises
    ------
    MissingPackageError
        If the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingPackageError(
            f"{what}, which is not installed.", why=f"It is an optional package, {why}.", remedy=remedy,
            where=user_location(),
        ) from None  # fmt: skip


class NoRuleError(WengertError, NotImplementedError):
    """A function that has no derivative rule."""


class NoAttributeError(NoRuleError, AttributeError):
    """An attribute of arrays that a value does not have, for a reason."""


class DegenerateError(WengertError, np.linalg.LinAlgError):
    """A derivative at repeated eigenvalues that depends on the arbitrary basis of their eigenspace."""


class TraceError(WengertError, TypeError):
    """Python asked for the value of something that is only known by shape and dtype."""


class IllFormedListError(WengertError, ValueError):
    """A Wengert list that breaks its invariants; the message names the statement."""


class DeclarationError(WengertError, ValueError):
    """A primitive whose declaration is incomplete or contradictory."""


class ExpressionError(WengertError, ValueError):
    """Typed text that is not an allowed expression.

    Attributes
    ----------
    span : (int, int), optional
        The part of the text that it is about: where it begins, and where what follows it begins.
    """

    span: tuple[int, int] | None = None


class CheckError(WengertError, AssertionError):
    """A derivative that disagrees with an independent computation."""
