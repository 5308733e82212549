"""What has to be known of a list before it is written: what is needed, what is a view, and what goes into one loop.

Every variable has a *base*: itself, or the variable whose elements it shows as a view. The statements that are not
views are put into *units*. A unit is one nest of loops over a shape, for elementwise statements and reductions that
follow each other, or a single statement that writes its own loops.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from wengert.show.c_source.folds import is_fold
from wengert.show.c_source.layouts import Layout, Table, affine_parts
from wengert.show.c_source.literals import c_type
from wengert.show.c_source.places import Storage
from wengert.show.c_source.refusals import refusal
from wengert.show.c_source.vocabulary import is_elementwise, is_library_primitive
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["Plan", "Unit", "is_control"]

Shape = tuple[int, ...]

_VIEWS = {
    "reshape", "transpose", "broadcast_to", "flip", "getitem", "diagonal", "sliding_window_view", "take_diagonals",
}  # fmt: skip
_UPDATES = {"index_update", "update_at", "add_at"}
_IDENTITIES = {"copy", "detach", "positive"}
_IDENTITIES_OF_REALS = {"real", "conjugate"}


@dataclass(eq=False, slots=True)
class Unit:
    """Statements that are written together.

    Attributes
    ----------
    shape : tuple of int or None
        Of the loops; ``None`` for a statement that writes its own.
    statements : list of Statement
    begin, end : int
        On the clock of the function.
    storages : list of Storage
        Parts of the workspace that are first written here.
    parts : object
        What a control statement has planned of its sub-lists.
    targets, folded : set of Variable
        What the statements assign, and those of it that are reductions: complete only after the loops.
    """

    shape: Shape | None
    statements: list[Statement] = field(default_factory=list)
    begin: int = 0
    end: int = 0
    storages: list[Storage] = field(default_factory=list)
    parts: Any = None
    targets: set[Variable] = field(default_factory=set)
    folded: set[Variable] = field(default_factory=set)

    def add(self, stmt: Statement) -> Unit:
        """The unit, with one more statement."""
        self.statements.append(stmt)
        self.targets.update(stmt.targets)
        if is_fold(stmt):
            self.folded.update(stmt.targets)
        return self


def is_control(stmt: Statement) -> bool:
    """Whether the statement holds sub-lists."""
    return type(stmt.prim).__module__.startswith("wengert.control")


class Plan:
    """The plan of one list.

    Parameters
    ----------
    lst : WengertList
    inputs : mapping of Variable to Layout
        Where the elements of each input lie.
    written_alone : collection of str
        The primitives that write their own loops.
    table : callable
        ``(array, name) -> Storage``: enter a constant array of places in the function.

    Raises
    ------
    NoRuleError
        If a statement cannot be written in C.
    """

    def __init__(
        self, lst: WengertList, inputs: Mapping[Variable, Layout], written_alone: Collection[str],
        table: Callable[[Any, str], Storage],
    ):  # fmt: skip
        self._written_alone, self._table = written_alone, table
        self.constants: dict[Variable, Any] = {}
        self.base: dict[Variable, Variable] = {v: v for v in inputs}
        self.layouts: dict[Variable, Layout] = dict(inputs)
        self.inputs = set(inputs)
        self.captured: set[Variable] = set()  # numbers taken out of arrays
        self.units: list[Unit] = []
        statements = _needed(lst)
        self._moved_again = _moved_again(statements)
        self._group([stmt for stmt in statements if not self._is_settled(stmt)])
        self.uses = self._find_uses(lst)
        self.same_storage = self._in_place()

    # --- what needs no code -------------------------------------------------------------------------------------

    def is_constant(self, x: Any) -> bool:
        """Whether an operand is known when the file is written."""
        return not isinstance(x, Variable) or x in self.constants

    def constant(self, x: Any) -> Any:
        """The value of such an operand."""
        return self.constants[x] if isinstance(x, Variable) else x

    def _is_settled(self, stmt: Statement) -> bool:
        """Whether a statement needs no code: its result is a constant, or a view; else what it shows is noted."""
        (target, *others) = stmt.targets
        for v in stmt.targets:
            if not c_type(v.dtype):
                raise refusal(stmt, f"C has no numbers of dtype {v.dtype}.")
        if not others and not is_control(stmt) and all(map(self.is_constant, stmt.operands)):
            with np.errstate(all="ignore"):
                self.constants[target] = stmt.prim.evaluate([*map(self.constant, stmt.operands)], stmt.params)
            return True
        layout = self._view(stmt)
        if layout is None:
            for v in stmt.targets:
                self.base[v], self.layouts[v] = v, Layout.contiguous(v.shape)
            return False
        base = self._base_of_read(stmt.operands[0])
        self.base[target], self.layouts[target] = base, layout
        if target.shape == () and base.shape != () and base not in self.inputs:
            self.captured.add(target)  # the array may be written into later
            return False
        return True

    def _view(self, stmt: Statement) -> Layout | None:
        """The layout of the result where it only shows the elements of its operand."""
        name, x = stmt.prim.name, stmt.operands[0] if stmt.operands else None
        if not isinstance(x, Variable) or x not in self.layouts or not is_library_primitive(stmt.prim):
            return None  # constant, or without elements
        layout = self.layouts[x]
        if x in self.captured:
            layout = Layout.contiguous(())
        if name in _IDENTITIES or (name in _IDENTITIES_OF_REALS and x.dtype.kind == "f"):
            return layout
        if name not in _VIEWS:
            return None
        found = layout.moved(partial(stmt.prim.compute, **stmt.params))  # type: ignore[attr-defined]
        if found is None and name == "getitem" and stmt.targets[0] not in self._moved_again:
            return self.indexed(layout, stmt.params["index"], stmt.targets[0].name)
        return found

    def indexed(self, layout: Layout, index: Any, name: str) -> Layout:
        """The layout of the elements that `index` names."""
        found = layout.moved(itemgetter(index))
        if found is not None:
            return found
        places = layout.places()[index]
        steps, rest = affine_parts(places)
        if rest.size == 1:
            return Layout(places.shape, steps, int(rest.flat[0]), layout.bound)
        own = Layout.contiguous(rest.shape).strides
        table = Table(self._table(rest, f"{name}_places").name, own)
        return Layout(places.shape, steps, 0, layout.bound, table)

    # --- units --------------------------------------------------------------------------------------------------

    def _group(self, statements: Sequence[Statement]) -> None:
        pending: Unit | None = None
        for stmt in statements:
            shape = self._loop_shape(stmt)
            if pending is not None and shape is not None and self._joins(pending, stmt, shape):
                pending.add(stmt)
            elif pending is not None and shape == () and not self._depends(stmt, pending):
                self._put_before(stmt)
            else:
                self.units += [pending] if pending is not None else []
                pending = Unit(shape).add(stmt)
                if shape is None:
                    self.units.append(pending)
                    pending = None
        self.units += [pending] if pending is not None else []

    def _put_before(self, stmt: Statement) -> None:
        """Add a statement on numbers to those before the loops that are being collected."""
        if self.units and self.units[-1].shape == ():
            self.units[-1].add(stmt)
        else:
            self.units.append(Unit(()).add(stmt))

    def _loop_shape(self, stmt: Statement) -> Shape | None:
        if stmt.targets[0] in self.captured:
            return ()
        if is_fold(stmt):
            return tuple(stmt.operands[0].shape)
        if is_elementwise(stmt):
            return stmt.targets[0].shape
        if is_control(stmt) or (stmt.prim.name in self._written_alone and is_library_primitive(stmt.prim)):
            return None
        raise refusal(stmt)

    def read_bases(self, stmt: Statement) -> list[Variable]:
        """The bases of the variables that a statement reads."""
        found = [x for x in stmt.operands if isinstance(x, Variable) and x not in self.constants and x.type.size]
        return [self._base_of_read(x) for x in found]

    def _base_of_read(self, x: Variable) -> Variable:
        return x if x in self.captured else self.base[x]

    def _depends(self, stmt: Statement, unit: Unit) -> bool:
        return not unit.targets.isdisjoint(self.read_bases(stmt))

    def _joins(self, unit: Unit, stmt: Statement, shape: Shape) -> bool:
        """Whether a statement can go into the loops of a unit: it reads nothing that they have not yet computed."""
        if unit.shape != shape:
            return False
        if shape == ():
            return True
        if not self._depends(stmt, unit):
            return True
        for x in stmt.operands:
            if isinstance(x, Variable) and x in self.layouts and self._base_of_read(x) in unit.targets:
                is_whole = x.shape == shape and self.layouts[x] == Layout.contiguous(shape)
                if not is_whole or self.base[x] in unit.folded:
                    return False
        return True

    def _find_uses(self, lst: WengertList) -> dict[Variable, list[int]]:
        """For each base the numbers of the units that read it; the outputs of the list are read after the last one."""
        uses: dict[Variable, list[int]] = {}
        for number, unit in enumerate(self.units):
            for stmt in unit.statements:
                for base in self.read_bases(stmt):
                    uses.setdefault(base, []).append(number)
        for x in lst.outputs:
            if isinstance(x, Variable) and x not in self.constants and x.type.size:
                uses.setdefault(self._base_of_read(x), []).append(len(self.units))
        return uses

    def _in_place(self) -> dict[Variable, Variable]:
        """For an array with other elements the one that they can be written into: nothing reads it later."""
        found: dict[Variable, Variable] = {}
        for number, unit in enumerate(self.units):
            stmt = unit.statements[0]
            if stmt.prim.name in _UPDATES and self._may_overwrite(stmt, number):
                base = self.base[stmt.operands[0]]
                found[stmt.targets[0]] = found.get(base, base)
        return found

    def _may_overwrite(self, stmt: Statement, number: int) -> bool:
        x, *others = stmt.operands
        if self.is_constant(x) or self.base[x] in self.inputs or x.shape == () or x in self.captured:
            return False
        base = self.base[x]
        is_whole = self.layouts[x] == Layout.contiguous(base.shape) and x.dtype == stmt.targets[0].dtype
        arrays = [y for y in others if not self.is_constant(y) and y.type.size > 1]
        reads_itself = any(self.base[y] is base for y in arrays)
        return is_whole and not reads_itself and max(self.uses[base]) == number


def _needed(lst: WengertList) -> list[Statement]:
    """The statements that an output depends on; nothing depends on an array without elements."""
    wanted = {x for x in lst.outputs if isinstance(x, Variable) and x.type.size}
    found = []
    for stmt in reversed(lst.statements):
        if not wanted.isdisjoint(stmt.targets):
            found.append(stmt)
            wanted.update(x for x in stmt.operands if isinstance(x, Variable) and x.type.size)
    return found[::-1]


def _moved_again(statements: Sequence[Statement]) -> set[Any]:
    """Variables that are seen through a further view, or from within a sub-list, or indexed by computed numbers."""
    movers = (stmt for stmt in statements if stmt.prim.name in {*_VIEWS, "gather"} or is_control(stmt))
    return {x for stmt in movers for x in stmt.operands if isinstance(x, Variable)}
