"""The ledger: what becomes of every public name of NumPy, and of what SciPy offers for arrays, on a value.

``ledger.toml`` has a table for each library and in it a line for each name, which begins with its status:

====================  =======================================================================================
rule                  a row of the derivative table
composed              a composition of rows, here or in the library itself, or an operation on shapes alone
flat                  its derivative is zero wherever it has one; works on values, the result carries none
not differentiable    its result is no function of numbers in the sense of calculus: a dtype, a file, a text
refused               could be differentiated in principle, but is not
====================  =======================================================================================

``since X`` or ``until X`` after the status names the first release of the library that has the name or that has it no
more, ``optional`` a name that not every platform has. After a colon come the reason, in one sentence, and the remedy.
"""

from __future__ import annotations

import functools
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from wengert.errors import user_location

__all__ = ["STATUSES", "Entry", "entry_of", "ledger", "parsed", "public_module", "remedy_for_call"]

STATUSES = ("rule", "composed", "flat", "not differentiable", "refused")

_LINE = re.compile(rf"({'|'.join(STATUSES)})(?:, (since|until) ([\d.]+)|, (optional))?(?:: (.*))?", re.DOTALL)
# Modules whose functions are public under another one.
_ELSEWHERE = {
    "numpy.lib": "numpy",
    "numpy.lib._stride_tricks_impl": "numpy.lib.stride_tricks",
    "numpy.lib.scimath": "numpy.emath",
    "numpy.matrixlib.defmatrix": "numpy",
}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of one name.

    Attributes
    ----------
    library, name : str
        Such as ``numpy.linalg`` and ``det``.
    status : str
        One of `STATUSES`.
    reason, remedy : str
        Why it is refused or not differentiable, and what to do instead; empty where there is nothing to say.
    since, until : str
        Releases of the library that have the name: from this one on, and before that one.
    optional : bool
        Whether there are platforms without it.
    """

    library: str
    name: str
    status: str
    reason: str = ""
    remedy: str = ""
    since: str = ""
    until: str = ""
    optional: bool = False

    @property
    def full_name(self) -> str:
        """Such as ``numpy.linalg.det``."""
        return f"{self.library}.{self.name}"


def parsed(library: str, name: str, line: str) -> Entry:
    """One line of the data file; ``ValueError`` if it does not begin with a status."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"{library}.{name} = {line!r} in the ledger does not begin with one of {', '.join(STATUSES)}.")
    status, bound, version, optional, text = found.groups()
    reason, _, remedy = _SENTENCE.sub("\n", text or "", 1).partition("\n")
    bounds = {bound: version} if bound else {}
    return Entry(library, name, status, reason.rstrip("."), remedy, optional=bool(optional), **bounds)


@functools.cache
def ledger() -> Mapping[str, Mapping[str, Entry]]:
    """Library → name → entry, read once."""
    tables = tomllib.loads(files("wengert").joinpath("ledger.toml").read_text(encoding="utf-8"))
    return {
        library: {name: parsed(library, name, line) for name, line in lines.items()}
        for library, lines in tables.items()
    }


def entry_of(function: Callable[..., Any], method: str = "__call__") -> Entry | None:
    """What the ledger says of a function, of its module, or of a method of ufuncs; ``None`` where it says nothing."""
    if method != "__call__":
        return ledger()["numpy.ufunc"].get(method)
    name = getattr(function, "__name__", "")
    libraries = _libraries(function)
    for library in libraries:
        entry = ledger().get(library, {}).get(name)
        if entry is not None and getattr(sys.modules.get(library), name, None) is function:
            return entry
    package, _, module = libraries[0].rpartition(".")
    return ledger().get(package, {}).get(module)


def _libraries(function: Callable[..., Any]) -> list[str]:
    """Where a function may be public; a ufunc does not know its module."""
    module = getattr(function, "__module__", None)
    return [public_module(module)] if module else list(ledger())


def public_module(module: str) -> str:
    """Where the functions of a module are public: ``numpy.lib._index_tricks_impl`` belongs to ``numpy``."""
    public = module.partition("._")[0]
    return _ELSEWHERE.get(module) or _ELSEWHERE.get(public, public)


def remedy_for_call() -> str:
    """The remedy for the function of NumPy or SciPy that the user's line called; empty where the ledger has none."""
    where, frame, remedy = user_location(), sys._getframe(1), ""
    while frame is not None and (where is None or frame.f_code.co_filename != where.file):
        entry = ledger().get(public_module(frame.f_globals.get("__name__", "")), {}).get(frame.f_code.co_name)
        if entry is not None and entry.remedy:
            remedy = entry.remedy
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return remedy
