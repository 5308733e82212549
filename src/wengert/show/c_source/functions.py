"""What all blocks of one C function share: names, constant tables, the workspace, and the checks of indices."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np

from wengert.show.c_source.identifiers import Names
from wengert.show.c_source.literals import DType, c_type, literal, short_type
from wengert.show.c_source.page import Page
from wengert.show.c_source.places import Storage
from wengert.wlist import Statement

__all__ = ["Function"]

_WIDTH = 110


class Function:
    """A C function that is being written."""

    def __init__(self, name: str):
        self.names = Names()
        self.name = self.names.fresh(name, is_global=True)
        self.page = Page(self.names)
        self.checks: list[Statement] = []
        self._tables: dict[tuple[Any, ...], tuple[Storage, Any]] = {}
        self._work: list[Storage] = []
        self._work_names: dict[str, str] = {}
        self._clock = 0

    def tick(self) -> int:
        """The time of planning, which goes on."""
        self._clock += 1
        return self._clock

    # --- constants ----------------------------------------------------------------------------------------------

    def table(self, array: Any, name: str) -> Storage:
        """The constant array with these elements; one of places is of whole numbers."""
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.tobytes())
        if key not in self._tables:
            storage = Storage(self.names.fresh(name), array.dtype, array.size)
            self._tables[key] = storage, array
        return self._tables[key][0]

    def table_lines(self) -> list[str]:
        """The definitions of all constant arrays."""
        return [line for storage, array in self._tables.values() for line in _definition(storage, array)]

    # --- the workspace ------------------------------------------------------------------------------------------

    def workspace(self, name: str, dtype: DType, size: int) -> Storage:
        """A new part of the workspace for elements of a dtype."""
        if dtype.name not in self._work_names:
            wanted = "work" if dtype == np.float64 else f"work_{short_type(dtype)}"
            self._work_names[dtype.name] = self.names.fresh(wanted)
        storage = Storage(self.names.fresh(name), dtype, size, is_work=True)
        self._work.append(storage)
        return storage

    def allocate(self) -> dict[str, tuple[DType, int]]:
        """Give every part its place: the first gap of those that others need at the same time.

        Returns
        -------
        dict
            Name of each workspace → the dtype of its elements, and how many it has.
        """
        lengths: dict[str, tuple[DType, int]] = {}
        living: dict[str, list[Storage]] = {}
        for storage in sorted(self._work, key=attrgetter("start")):
            name = self._work_names[storage.dtype.name]
            others = [s for s in living.get(name, []) if s.end >= storage.start]
            storage.offset = _first_gap(others, storage.size)
            living[name] = sorted([*others, storage], key=attrgetter("offset"))
            needed = max(storage.offset + storage.size, lengths.get(name, (storage.dtype, 0))[1])
            lengths[name] = storage.dtype, needed
        return lengths

    def declaration(self, storage: Storage) -> str:
        """The pointer to a part of the workspace."""
        name = self._work_names[storage.dtype.name]
        place = f"{name} + {storage.offset}" if storage.offset else name
        return f"{c_type(storage.dtype)} *{storage.name} = {place};"

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, stmt: Statement) -> int:
        """The number that the function returns where an index of the statement is out of range."""
        if stmt not in self.checks:
            self.checks.append(stmt)
        return self.checks.index(stmt) + 1


def _first_gap(others: list[Storage], size: int) -> int:
    """The first place where `size` elements fit beside others, which are sorted by theirs."""
    place = 0
    for other in others:
        if other.offset - place >= size:
            break
        place = max(place, other.offset + other.size)
    return place


def _definition(storage: Storage, array: Any) -> list[str]:
    is_of_places = storage.name.endswith("_places") or "_places_" in storage.name
    kind = "size_t" if is_of_places else c_type(storage.dtype)
    numbers = [literal(x, storage.dtype) for x in array.ravel()]
    lines, row = [f"static const {kind} {storage.name}[{storage.size}] = {{"], ""
    for number in numbers:
        if len(row) + len(number) > _WIDTH:
            lines.append(f"    {row.rstrip()}")
            row = ""
        row += f"{number}, "
    return [*lines, f"    {row.rstrip(' ,')}", "};"] if len(lines) > 1 else [f"{lines[0]}{row.rstrip(' ,')}}};"]
