"""A tape as a graph: a node for each input, constant, statement and output, an edge for each operand.

Names are the user's, the list's own or the textbook's (`symbols`). A control statement becomes a box that holds the
graphs of its sub-lists. What is too large to be read is folded (`folding`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.control import Branches, Call, Loop, While
from wengert.primitive import Primitive
from wengert.show.formula import UNTRACED, partial_formula, primal_formula
from wengert.show.graphs.constants import NamedArrays
from wengert.show.graphs.folding import MOST, Fold, Item, folded, with_room
from wengert.show.graphs.model import Edge, Graph, Kind, Node
from wengert.show.graphs.sublists import (
    control_formula,
    incoming,
    operands_of,
    output_titles,
    same_as_outside,
    unread,
)
from wengert.show.graphs.symbols import TextbookSymbols, Titles
from wengert.show.graphs.values import is_known, longer_text, short_text, type_of_unknown
from wengert.show.notation import Symbols, marked, printable, value_text
from wengert.wlist import ArrayType, Statement, Tape, Variable, WengertList

__all__ = ["Keys", "Style", "graph_of", "graph_with"]

_MOST_CONSTANTS = 8  # of one statement that are drawn each for itself
_UNFIT = re.compile(r"[^a-zA-Z0-9_.-]")
_PLACES = 0xE000  # of the private characters that stand for the operands in a formula that is kept


@dataclass(frozen=True, slots=True)
class Style:
    """What is written into the nodes and beside the edges."""

    values: bool = True
    partials: bool = True
    fold: Fold = "auto"
    digits: int = 3


def graph_of(
    tape: Tape,
    outputs: Sequence[str],
    *,
    values: bool = True,
    adjoints: Mapping[str, Any] | None = None,
    partials: bool = True,
    fold: Fold = "auto",
    digits: int = 3,
) -> Graph:
    """Make the graph of a tape whose variables are named as `wengert.show.numbering.by_depth` names them.

    Parameters
    ----------
    tape : Tape
        Its values may be missing.
    outputs : sequence of str
        Names of the results.
    values : bool
        Write values into the nodes.
    adjoints : mapping of str to array, optional
        Cotangents by the names of the variables, and of results; one that is missing is zero.
    partials : bool
        Write local partials beside the edges.
    fold : {"auto", "line", "function", "none"}
        What is put together where the graph is too large to be read.
    digits : int
        Decimals of the numbers.

    Returns
    -------
    Graph
        The key of a node is the name of its variable, of several targets that of the first.
    """
    lst = tape.list
    symbols = TextbookSymbols(lst, [lst.statements[k] for k in _order_of_execution(lst.statements, tape.values)])
    return graph_with(symbols, tape, outputs, Style(values, partials, fold, digits), adjoints)


def graph_with(
    symbols: Titles, tape: Tape, outputs: Sequence[str], style: Style, adjoints: Mapping[str, Any] | None,
    arrays: NamedArrays | None = None,
) -> Graph:  # fmt: skip
    """Make the graph of a tape with other symbols, such as the user's names, also of arrays that are constants."""
    partials = _Partials(style.digits)
    return _Builder(tape, symbols, style, adjoints, Keys(), partials, arrays or NamedArrays()).graph(
        outputs, tape.list.name
    )


class Keys:
    """Keys of nodes, each given once."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}

    def named(self, name: str) -> str:
        """The name itself if it can be one, else something like it."""
        text = _UNFIT.sub("_", name) or "_"
        return self.numbered(text) if text in self._used else self._taken(text)

    def numbered(self, stem: str) -> str:
        """The stem with the next number that is free."""
        while True:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            key = f"{stem}{self._counts[stem]}"
            if key not in self._used:
                return self._taken(key)

    def _taken(self, key: str) -> str:
        self._used.add(key)
        return key


# --- the nodes of one list -------------------------------------------------------------------------------------


class _Builder:
    """Nodes and edges of a list and, within its boxes, of the sub-lists."""

    def __init__(  # noqa: PLR0913, PLR0917  # what is the same for all nodes of a list
        self, tape: Tape, symbols: Titles, style: Style, adjoints: Mapping[str, Any] | None, keys: Keys,
        partials: _Partials, arrays: NamedArrays, prefix: str = "",
    ):  # fmt: skip
        self._lst, self._values, self._symbols = tape.list, tape.values, symbols
        self._style, self._adjoints = style, adjoints
        self._keys, self._partials, self._prefix = keys, partials, prefix
        self._arrays = arrays
        self._titles = {symbols.primal(v) for v in tape.list.inputs}
        self._titles |= {symbols.primal(v) for stmt in tape.list.statements for v in stmt.targets}
        self._key_of: dict[Variable, str] = {}
        self._edges: list[Edge] = []

    def graph(
        self, outputs: Sequence[str], title: str, incoming: Sequence[str] = (), keys: Sequence[str] | None = None
    ) -> Graph:
        """The graph of the list.

        Parameters
        ----------
        outputs : sequence of str
            Titles of the outputs.
        title : str
        incoming : sequence of str, optional
            Of a sub-list: what each input is outside. Inputs that nothing reads are left out then.
        keys : sequence of str, optional
            Of the outputs; by default their titles.
        """
        texts = incoming or [""] * len(self._lst.inputs)
        left_out = unread(self._lst) if incoming else set()
        inputs = [self._input(x, text) for x, text in zip(self._lst.inputs, texts, strict=True) if x not in left_out]
        items = self._items(len(inputs) + len(outputs))
        names = [self._key(name) for name in keys or outputs]
        ends = [self._output(*each) for each in zip(names, outputs, self._lst.outputs, strict=True)]
        return folded(
            inputs, items, ends, self._edges, fold=self._style.fold, main=self._lst.name, title=printable(title),
            new_key=lambda: self._keys.numbered(f"{self._prefix}box"),
        )  # fmt: skip

    def _items(self, others: int) -> list[Item]:
        """The statements as they stand, or, to be folded, as they were executed."""
        statements = self._lst.statements
        items = [self._item(stmt) for stmt in statements]
        is_small = sum(len(item.nodes) for item in items) + others <= MOST
        if self._style.fold == "none" or (self._style.fold == "auto" and is_small):
            return items
        return [items[k] for k in _order_of_execution(statements, self._values)]

    def _key(self, name: str) -> str:
        return self._keys.named(self._prefix + name)

    def _input(self, x: Variable, incoming: str) -> Node:
        key = self._key_of[x] = self._key(x.name)
        return Node(
            key, "input", self._symbols.title([x]), incoming, _type(x.type), self._value(x), self._adjoint(x),
            self._longer([x]), count=0,
        )  # fmt: skip

    def _output(self, key: str, name: str, y: Any) -> Node:
        is_variable = isinstance(y, Variable)
        if is_variable:
            self._edges.append(Edge(self._key_of[y], key))
        symbol = self._symbols.primal(y) if is_variable else ""
        return Node(
            key, "output", name, "" if symbol == name else symbol, _type(ArrayType.of(y)),
            self._value(y), self._adjoint_text(marked(name, tangent=False), name), count=0,
        )  # fmt: skip

    def _item(self, stmt: Statement) -> Item:
        """A statement with the constants that it reads."""
        key = self._key(stmt.targets[0].name)
        self._key_of.update(dict.fromkeys(stmt.targets, key))
        constants = []
        for i, x in enumerate(stmt.operands):
            if isinstance(x, Variable):
                label = self._label(stmt, i)
                self._edges.append(Edge(self._key_of[x], key, i, label))
            else:
                name = self._arrays.name(stmt, x, self._titles)
                constants.append((i, _constant(self._keys.named(f"{key}.{i}"), x, self._style.digits, name)))
        nodes = self._drawn(key, constants)
        node = self._box(stmt, key) if stmt.prim.sublists else self._operation(stmt, key)
        return Item((*nodes, node), stmt.where, stmt.prim.name)

    def _drawn(self, key: str, constants: Sequence[tuple[int, Node]]) -> list[Node]:
        """The nodes of the constants; one box for many of them."""
        if len(constants) <= _MOST_CONSTANTS or self._style.fold == "none":
            self._edges += [Edge(node.key, key, i) for i, node in constants]
            return [node for _, node in constants]
        box = self._keys.named(f"{key}.constants")
        self._edges.append(Edge(box, key, constants[0][0], count=len(constants)))
        inside = folded(
            [node for _, node in constants], [], [], [], fold="auto", main="", title="constants",
            new_key=lambda: self._keys.numbered(f"{box}.box"),
        )  # fmt: skip
        return [Node(box, "box", f"{len(constants):,} constants", inside=inside, count=0)]

    def _operation(self, stmt: Statement, key: str) -> Node:
        return self._statement(stmt, key, "operation", primal_formula(*self._with_names(stmt)))

    def _label(self, stmt: Statement, i: int) -> str:
        if not self._style.partials:
            return ""
        return self._partials.label(stmt, i, self._symbols, self._values, self._with_names(stmt))

    def _with_names(self, stmt: Statement) -> tuple[Statement, Symbols]:
        """The statement with variables for constants that have a name or whose value is not known."""
        names = {i: self._arrays.name(stmt, x, self._titles) for i, x in enumerate(stmt.operands)}
        return _with_variables(stmt, self._symbols, {i: name for i, name in names.items() if name})

    def _statement(self, stmt: Statement, key: str, kind: Kind, formula: str) -> Node:
        return Node(
            key, kind, self._symbols.title(stmt.targets), formula,
            type=", ".join(filter(None, (_type(v.type) for v in stmt.targets))),
            value="; ".join(filter(None, map(self._value, stmt.targets))),
            adjoint="; ".join(filter(None, map(self._adjoint, stmt.targets))),
            note="\n".join(filter(None, [_note(stmt), self._longer(stmt.targets)])),
        )  # fmt: skip

    def _value(self, x: Any) -> str:
        if not self._style.values or (isinstance(x, Variable) and x not in self._values):
            return ""
        return short_text(self._values[x] if isinstance(x, Variable) else x, self._style.digits)

    def _adjoint(self, x: Variable) -> str:
        return self._adjoint_text(self._symbols.adjoint(x), x.name, 0) if x.dtype.kind in "fc" else ""

    def _adjoint_text(self, symbol: str, name: str, default: Any = None) -> str:
        found = None if self._adjoints is None else self._adjoints.get(name, default)
        return "" if found is None else f"{symbol} = {short_text(found, self._style.digits)}"

    def _longer(self, variables: Sequence[Variable]) -> str:
        """What the tooltip says of values and cotangents that are shortened in the node."""
        digits, found = self._style.digits, []
        for x in variables:
            if self._style.values and x in self._values:
                found.append(longer_text(self._symbols.primal(x), self._values[x], digits))
            if self._adjoints is not None and x.name in self._adjoints:
                found.append(longer_text(self._symbols.adjoint(x), self._adjoints[x.name], digits))
        return "\n".join(filter(None, found))

    # Sub-lists.

    def _box(self, stmt: Statement, key: str) -> Node:
        inside = self._inside(stmt, key)
        count = sum(node.count for node in inside.nodes)
        node = self._statement(stmt, key, "box", control_formula(stmt, self._symbols))
        return replace(node, inside=inside, is_open=True, count=count)

    def _inside(self, stmt: Statement, key: str) -> Graph:
        """The graph of the only sub-list, or a box for each of several."""
        graphs = {part: self._sublist(stmt, part, lst, key) for part, lst in stmt.prim.sublists.items()}
        if len(graphs) == 1:
            return next(iter(graphs.values()))
        taken = self._taken(stmt)
        boxes = tuple(
            Node(
                self._keys.named(f"{key}.{part.replace(' ', '')}"), "box", f"{part}, taken" if k == taken else part,
                inside=inside, is_open=True, count=sum(node.count for node in inside.nodes),
            )
            for k, (part, inside) in enumerate(graphs.items())
        )  # fmt: skip
        graph = Graph(boxes, (), stmt.prim.name)
        return graph if self._style.fold == "none" else with_room(graph)

    def _taken(self, stmt: Statement) -> int | None:
        """The number of the sub-list that was run, and once."""
        if isinstance(stmt.prim, Call):
            return 0
        if isinstance(stmt.prim, Branches):
            index = self._known(stmt.operands[0])
            return None if index is None else int(index)
        return None

    def _known(self, x: Any) -> Any:
        return self._values.get(x) if isinstance(x, Variable) else x

    def _sublist(self, stmt: Statement, part: str, lst: WengertList, key: str) -> Graph:
        xs = [self._known(x) for x in operands_of(stmt, lst)]
        is_taken = list(stmt.prim.sublists).index(part) == self._taken(stmt)
        tape = lst.tape(*xs) if is_taken and all(x is not None for x in xs) else Tape(lst, {})
        symbols = self._symbols.within(lst, same_as_outside(stmt, lst, self._symbols))
        builder = _Builder(
            tape,
            symbols,
            self._style,
            None,
            self._keys,
            self._partials,
            NamedArrays(),
            f"{key}.{part.replace(' ', '')}.",
        )
        titles = list(output_titles(stmt, part, lst, self._symbols, symbols))
        keys = [f"out{k}" for k in range(1, len(titles) + 1)]
        texts = list(incoming(stmt, lst, self._symbols, symbols))
        return builder.graph(titles, stmt.prim.name if len(stmt.prim.sublists) == 1 else part, texts, keys)


def _order_of_execution(statements: Sequence[Statement], values: Mapping[Variable, Any]) -> list[int]:
    """The numbers of the statements of a tape as they were executed: its values lie in the order they were computed in.

    Where a value is missing, or this is no topological order, the numbers as they stand.
    """
    numbers = {variable: k for k, variable in enumerate(values)}
    as_they_stand = list(range(len(statements)))
    if not all(stmt.targets[0] in numbers for stmt in statements):
        return as_they_stand
    order = sorted(as_they_stand, key=lambda k: numbers[statements[k].targets[0]])
    made = {target: place for place, k in enumerate(order) for target in statements[k].targets}
    is_topological = all(
        made.get(x, -1) < place
        for place, k in enumerate(order)
        for x in statements[k].operands
        if isinstance(x, Variable)
    )
    return order if is_topological else as_they_stand


class _WithConstants(Symbols):
    """Symbols, and texts for variables that stand for constants."""

    def __init__(self, symbols: Symbols, texts: Mapping[Variable, str]):
        self._symbols, self._texts = symbols, texts

    def primal(self, variable: Variable) -> str:
        """Such as v₃, X, or a dot."""
        return self._texts[variable] if variable in self._texts else self._symbols.primal(variable)


def _with_variables(stmt: Statement, symbols: Symbols, names: Mapping[int, str]) -> tuple[Statement, Symbols]:
    """The statement with a variable for each constant that has a name or is not known, and symbols that know it."""
    texts: dict[Variable, str] = {}
    operands = list(stmt.operands)
    for i, x in enumerate(stmt.operands):
        if not isinstance(x, Variable) and (i in names or not is_known(x)):
            text = names.get(i, "·")
            operands[i] = Variable(text, type_of_unknown(x))
            texts[operands[i]] = text
    return (replace(stmt, operands=tuple(operands)), _WithConstants(symbols, texts)) if texts else (stmt, symbols)


def _type(kind: ArrayType) -> str:
    return str(kind) if kind.shape else ""


def _note(stmt: Statement) -> str:
    where = stmt.where
    return ": ".join(filter(None, (printable(where.short), printable(where.text)))) if where else ""


def _constant(key: str, value: Any, digits: int, name: str) -> Node:
    """A constant, with its name if it has one; of one that was not kept, no more than its type may be known."""
    if not is_known(value):
        return Node(key, "constant", "constant", type=_type(type_of_unknown(value)), count=0)
    text = short_text(value, digits)
    kind = _type(ArrayType.of(value))
    note = longer_text(name or "constant", value, digits)
    shown = kind if name else ""
    return Node(key, "constant", name or kind or text, type=shown, value=text if kind else "", note=note, count=0)


# --- local partials --------------------------------------------------------------------------------------------


class _Places(Symbols):
    """Private characters for the variables of one statement, which the symbols of another one are put in for."""

    def __init__(self, variables: Sequence[Variable]):
        self._texts: dict[Variable, str] = {}
        for k, variable in enumerate(variables):
            self._texts.setdefault(variable, chr(_PLACES + k))

    def primal(self, variable: Variable) -> str:
        """One private character."""
        return self._texts[variable]


class _Partials:
    """The texts beside the edges. A formula is traced once for statements that differ in their variables only."""

    def __init__(self, digits: int):
        self._digits = digits
        self._formulas: dict[Any, str] = {}

    def label(
        self, stmt: Statement, i: int, symbols: Symbols, values: Mapping[Variable, Any],
        named: tuple[Statement, Symbols],
    ) -> str:  # fmt: skip
        """Such as ``cos(v₀) = 0.284``; of arrays the formula, or the size of the Jacobian; empty for integers.

        `named` is the statement with variables for constants that have a name, and symbols that know them.
        """
        x = stmt.operands[i]
        if x.dtype.kind not in "fc" or not any(target.dtype.kind in "fc" for target in stmt.targets):
            return ""
        if not stmt.prim.is_active(i):
            return "0"
        if len(stmt.targets) > 1:
            return f"∂({', '.join(map(symbols.primal, stmt.targets))})/∂{symbols.primal(x)}"
        (y,) = stmt.targets
        formula = self._formula(*named, i)
        if x.shape or y.shape:
            rank = "" if formula else f": {y.type.size}×{x.type.size}"
            return formula or f"∂{symbols.primal(y)}/∂{symbols.primal(x)}{rank}"
        number = self._number(stmt, i, values)
        formula = formula or f"∂{symbols.primal(y)}/∂{symbols.primal(x)}"
        return formula if not number or _is_number(formula) else f"{formula} = {number}"

    def _formula(self, stmt: Statement, symbols: Symbols, i: int) -> str:
        variables = [x for x in (*stmt.operands, *stmt.targets) if isinstance(x, Variable)]
        key = _pattern(stmt, i)
        if key is None:
            return str(partial_formula(stmt, i, symbols) or "")
        if key not in self._formulas:
            self._formulas[key] = str(partial_formula(stmt, i, _Places(variables)) or "")
        texts = {_PLACES + k: symbols.primal(variable) for k, variable in enumerate(variables)}
        return self._formulas[key].translate(texts)

    def _number(self, stmt: Statement, i: int, values: Mapping[Variable, Any]) -> str:
        if isinstance(stmt.prim, (Loop, While)):
            return ""  # it would be run once more for each operand
        if stmt.operands[i].dtype.kind == "c" != stmt.targets[0].dtype.kind:
            return ""  # such as that of abs: a direction
        names = [x for x in (*stmt.operands, *stmt.targets) if isinstance(x, Variable)]
        if not all(x in values for x in names) or not all(
            isinstance(x, Variable) or is_known(x) for x in stmt.operands
        ):
            return ""
        xs = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
        t = np.ones((), stmt.operands[i].dtype)[()]
        try:
            with np.errstate(all="ignore"):
                t = stmt.prim.push_forward(
                    [t if k == i else None for k in range(len(xs))], values[stmt.targets[0]], xs, stmt.params
                )
        except UNTRACED:
            return ""
        return "0" if t is None else value_text(t, self._digits)


def _pattern(stmt: Statement, i: int) -> Any:
    """What the formula depends on but for the names of variables; ``None`` where it cannot be told."""
    if not isinstance(stmt.prim, Primitive):
        return None
    first: dict[Variable, int] = {}
    operands = tuple(
        (x.dtype, first.setdefault(x, k)) if isinstance(x, Variable)
        else None if isinstance(x, np.ndarray) else (type(x), x)
        for k, x in enumerate(stmt.operands)
    )  # fmt: skip
    key = (stmt.prim, i, stmt.targets[0].dtype, operands, tuple(sorted(stmt.params.items())))
    try:
        hash(key)
    except TypeError:
        return None
    return None if None in operands else key


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
