"""One list in C: where each of its values stands, and the code of its statements in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from wengert.show.c_source.functions import Function
from wengert.show.c_source.layouts import Index, Layout, loop_lengths
from wengert.show.c_source.literals import DType, c_type
from wengert.show.c_source.places import Elements, Literal, Place, Scalar, element, read
from wengert.show.c_source.planning import Plan, Unit, is_control
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["Block"]

Writer = Callable[["Block", Unit], None]


class Block:
    """A list that is being written.

    Parameters
    ----------
    function : Function
        What it is a part of.
    lst : WengertList
    inputs : sequence of Place
        Where its inputs stand.
    outputs : sequence of Place
        Where its outputs are put: declared variables or arrays.
    writers : mapping
        Name of a primitive → what writes a statement of it.
    write_loops : callable
        Writes a unit of elementwise statements and reductions.
    """

    def __init__(
        self, function: Function, lst: WengertList, inputs: Sequence[Place], outputs: Sequence[Place],
        writers: Mapping[str, Writer], write_loops: Writer,
    ):  # fmt: skip
        self.function, self.list, self._outputs = function, lst, outputs
        self.writers, self.write_loops = writers, write_loops
        self.page = function.page
        self._declared: set[str] = set()  # variables that an assignment has declared
        self.places: dict[Variable, Place] = dict(zip(lst.inputs, inputs, strict=True))
        layouts = {v: _own_layout(v, place) for v, place in self.places.items()}
        self.plan = Plan(lst, layouts, writers.keys(), function.table)
        self._direct = self._outputs_written_directly()
        for number, unit in enumerate(self.plan.units):
            self._place_targets(unit, number)
        self._note_ends(function.tick())

    # --- where values stand -------------------------------------------------------------------------------------

    def _outputs_written_directly(self) -> dict[Variable, Place]:
        """The outputs that a statement can write where they belong; the others are copied at the end."""
        found: dict[Variable, Place] = {}
        for x, place in zip(self.list.outputs, self._outputs, strict=True):
            if isinstance(x, Variable) and x not in self.plan.constants and x.type.size:
                is_own = self.plan.base[x] is x and x not in self.plan.inputs
                if (is_own or x in self.plan.captured) and x not in found and x.dtype == place.dtype:
                    found[self.plan.same_storage.get(x, x)] = found[x] = place
        return found

    def _place_targets(self, unit: Unit, number: int) -> None:
        unit.begin = self.function.tick()
        for stmt in unit.statements:
            for target in stmt.targets:
                self.places[target] = self._new_place(unit, number, target, is_set_later=is_control(stmt))
        if unit.shape is None and is_control(unit.statements[0]):
            unit.parts = self.writers["control"].plan(self, unit)  # type: ignore[attr-defined]
        unit.end = self.function.tick()

    def _new_place(self, unit: Unit, number: int, target: Variable, *, is_set_later: bool) -> Place:
        root = self.plan.same_storage.get(target)
        if root is not None:
            return self.places[root]
        if target in self._direct:
            return self._direct[target]
        is_local = (
            unit.shape is not None and {*self.plan.uses.get(target, [])} <= {number} and target not in unit.folded
        )
        if target.shape == () or is_local:
            return Scalar(self.function.names.fresh(target.name), target.dtype, is_set_later)
        storage = self.function.workspace(target.name, target.dtype, target.type.size)
        storage.start = unit.begin
        unit.storages.append(storage)
        return Elements(storage, Layout.contiguous(target.shape))

    def _note_ends(self, last: int) -> None:
        """Note until when each part of the workspace is needed."""
        for target, numbers in self.plan.uses.items():
            place = self.places[target]
            if isinstance(place, Elements) and place.storage.is_work:
                units = self.plan.units
                ends = [units[k].end if k < len(units) else last for k in numbers]
                place.storage.end = max(place.storage.end, *ends)
        for unit in self.plan.units:
            for storage in unit.storages:
                storage.end = max(storage.end, unit.end)

    def place(self, x: Any) -> Place:
        """Where an operand stands."""
        if isinstance(x, Variable) and not x.type.size:
            return Literal(0, x.dtype)
        if self.plan.is_constant(x):
            return self._constant(self.plan.constant(x))
        if x in self.plan.captured:
            return self.places[x]
        base = self.plan.base[x]
        return self._seen(self.places[base], base, self.plan.layouts[x])

    def captured_element(self, x: Variable) -> str:
        """The element of an array that a number is taken from."""
        base = self.plan.base[x]
        seen = self._seen(self.places[base], base, self.plan.layouts[x])
        return element(seen, ()) if not isinstance(seen, Literal) else ""

    def _seen(self, place: Place, base: Variable, layout: Layout) -> Place:
        if not isinstance(place, Elements):
            return place
        return Elements(place.storage, layout if base in self.plan.inputs else layout.placed(place.layout))

    def _constant(self, value: Any) -> Place:
        if not hasattr(value, "dtype"):
            return Literal(value, None)
        array = np.ascontiguousarray(value)
        if array.size == 0 or array.tobytes() == array.flat[0].tobytes() * array.size:
            return Literal(array.flat[0] if array.size else 0, array.dtype)
        return Elements(self.function.table(array, "c"), Layout.contiguous(np.shape(value)))

    def target(self, stmt: Statement) -> Place:
        """Where the first target of a statement stands."""
        return self.places[stmt.targets[0]]

    # --- code ---------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the statements, and copy what is not yet where it belongs."""
        for unit in self.plan.units:
            for storage in unit.storages:
                self.page.about(unit.statements[0])
                self.page.line(self.function.declaration(storage))
            if unit.shape is not None:
                self.write_loops(self, unit)
            else:
                stmt = unit.statements[0]
                self.page.about(stmt)
                self.writers["control" if is_control(stmt) else stmt.prim.name](self, unit)
        for x, place in zip(self.list.outputs, self._outputs, strict=True):
            if not (isinstance(x, Variable) and self._direct.get(x) is place):
                self.copy(place, x)

    def read(self, x: Any, indices: Sequence[Index], dtype: DType) -> str:
        """An element of an operand, converted to a dtype."""
        return read(self.place(x), indices, dtype)

    def assign(self, place: Place, indices: Sequence[Index], text: str, operator: str = "=") -> None:
        """Write an assignment; of a variable that C does not know yet, its declaration."""
        if isinstance(place, Literal):
            return
        name = element(place, indices)
        is_new = isinstance(place, Scalar) and not place.is_declared and name not in self._declared
        self._declared.add(name)
        self.page.line(f"{f'{c_type(place.dtype)} ' if is_new else ''}{name} {operator} {text};")

    def copy(self, place: Place, x: Any, operator: str = "=") -> None:
        """Write the elements of an operand, broadcast, to a place."""
        self.copy_place(place, self.place(x), operator)

    def copy_place(self, place: Place, source: Place, operator: str = "=") -> None:
        """Write the elements of one place, broadcast, to another."""
        dtype = place.dtype
        shape = place.layout.shape if isinstance(place, Elements) else ()
        if dtype is not None:
            steppings = [
                steps for p in (place, source) if isinstance(p, Elements) for steps in p.layout.stepping(shape)
            ]
            for indices in self.page.loops(loop_lengths(shape, steppings)):
                text = read(source, indices, dtype)
                self.assign(place, indices, text[1:-1] if text.startswith("(-") else text, operator)

    def fill(self, place: Place, text: str) -> None:
        """Set all elements of a place to one value."""
        shape = place.layout.shape if isinstance(place, Elements) else ()
        steppings = place.layout.stepping(shape) if isinstance(place, Elements) else []
        for indices in self.page.loops(loop_lengths(shape, steppings)):
            self.assign(place, indices, text)

    @contextmanager
    def accumulator(self, place: Place, indices: Sequence[Index], word: str, initial: str) -> Iterator[str]:
        """A variable to gather a result in, which is put in its place at the end."""
        if isinstance(place, Scalar) and not place.is_declared:
            self.page.line(f"{c_type(place.dtype)} {place.name} = {initial};")
            yield place.name
        elif place.dtype is not None:
            name = self.function.names.fresh(word)
            self.page.line(f"{c_type(place.dtype)} {name} = {initial};")
            yield name
            self.assign(place, indices, name)


def _own_layout(v: Variable, place: Place) -> Layout:
    return place.layout if isinstance(place, Elements) else Layout.contiguous(v.shape)
