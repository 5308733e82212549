"""The names under which typed texts stand in lists and errors, as files do: one for each text, and its lines."""

from __future__ import annotations

import linecache
import threading
from itertools import count

from wengert.errors import TYPED

__all__ = ["file_of", "is_typed"]

_MOST_KEPT = 256  # texts; the lines of an older one are known no more, and no other text gets its name

# Of the process, as the table of lines in `linecache` is, whose keys these are.
_lock = threading.Lock()
_names: dict[str, str] = {}  # by text; the one that was read last is at the end
_numbers = count(1)


def file_of(text: str) -> str:
    """The file name of a text: ``<expression>`` for the first one, then ``<expression 2>`` and so on."""
    with _lock:
        name = _names.pop(text, "") or _name(next(_numbers))
        _names[text] = name
        if len(_names) > _MOST_KEPT:
            linecache.cache.pop(_names.pop(next(iter(_names))), None)
        linecache.cache[name] = (len(text), None, [f"{line}\n" for line in text.split("\n")], name)
        return name


def is_typed(file: str) -> bool:
    """Whether this is the name of a typed text."""
    return file == _name(1) or file.startswith(f"{TYPED} ")


def _name(number: int) -> str:
    return f"{TYPED}>" if number == 1 else f"{TYPED} {number}>"
