"""`graph` and `make_dot`: the computational graph of a function or of a tensor, as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from wengert.api import tape as record_tape
from wengert.api import trace
from wengert.containers import flatten, parameter_names, without_recording
from wengert.errors import ArgumentError, user_location
from wengert.nodes import Leaf, Node, topological_order
from wengert.show.component import chosen
from wengert.show.formula import UNTRACED
from wengert.show.graphs.building import Style, graph_with
from wengert.show.graphs.constants import NamedArrays
from wengert.show.graphs.dot import dot
from wengert.show.graphs.drawing import svg
from wengert.show.graphs.folding import Fold
from wengert.show.graphs.layout import Direction
from wengert.show.graphs.model import Graph
from wengert.show.graphs.symbols import OwnNames, TextbookSymbols, Titles, UserNames
from wengert.show.notation import function_name, listed, printable
from wengert.show.numbering import as_executed, by_depth, free_letters, result_names
from wengert.tensors import Tensor
from wengert.transforms import adjoint_sweep
from wengert.value import concrete
from wengert.wlist import ArrayType, Tape, Variable, WengertList

__all__ = ["Picture", "graph", "make_dot"]

_FOLDS = ("auto", "line", "function", "none")
_DIRECTIONS = ("down", "right")
_MOST_IN_NOTEBOOK = 60  # boxes that can be opened there; a page is no larger than a few hundred kilobytes then
_MOST_NAMED = 4


class Picture:
    """The picture of a computational graph; made by `graph` and `make_dot`. In a notebook it shows itself.

    Attributes
    ----------
    graph : Graph
        Nodes and edges as texts (`wengert.show.graphs.model`).
    direction : {"down", "right"}
    """

    def __init__(self, graph: Graph, direction: Direction = "down"):
        self.graph, self.direction = graph, direction

    def to_svg(self) -> str:
        """Draw the outermost level as one ``<svg>`` element, with its style inside; needs nothing from elsewhere."""
        return svg(self.graph, direction=self.direction)

    def to_dot(self) -> str:
        """Write the outermost level in Graphviz's language DOT."""
        return dot(self.graph, direction=self.direction)

    def to_html(self) -> str:
        """Write all levels as one HTML page: a closed box is opened by a click, Enter or Space."""
        from wengert.show.graphs.html import page

        return page(self.graph, direction=self.direction)

    def to_png(self, dark: bool = False) -> bytes:
        """Draw the outermost level as PNG.

        Raises
        ------
        MissingPackageError
            If resvg-py is not installed.
        """
        from wengert.show.graphs.png import png_bytes

        return png_bytes(self.graph, direction=self.direction, dark=dark)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file, in the form that its name ends with: .svg, .html, .dot, .gv or .png.

        Raises
        ------
        ArgumentError
            For another ending.
        MissingPackageError
            For a PNG, if resvg-py is not installed.
        """
        file = Path(path)
        writers: dict[str, Callable[[], str]] = {
            ".svg": self.to_svg, ".html": self.to_html, ".htm": self.to_html, ".dot": self.to_dot, ".gv": self.to_dot,
        }  # fmt: skip
        ending = file.suffix.lower()
        if ending == ".png":
            file.write_bytes(self.to_png())
        elif ending in writers:
            file.write_text(writers[ending](), encoding="utf-8")
        else:
            raise ArgumentError(
                f"a picture cannot be saved as {file.name!r}.",
                why="The ending of the name says in which form it is written.",
                remedy="Use .svg, .html, .dot, .gv or .png.",
                where=user_location(),
            )

    def _repr_svg_(self) -> str:
        """What a notebook shows that takes no scripts."""
        return self.to_svg()

    def _repr_html_(self) -> str:
        """What a notebook shows: the levels, if they are not too many for one."""
        from wengert.show.graphs.html import fragment

        if sum(1 for _ in _closed_boxes(self.graph)) <= _MOST_IN_NOTEBOOK:
            return fragment(self.graph, direction=self.direction)
        hint = 'In the page that save("name.html") writes, the boxes can be opened.'
        return fragment(_without_levels(self.graph), direction=self.direction, hint=hint)

    def __str__(self) -> str:
        kinds = [node.kind for node in self.graph.nodes]
        counts = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds))
        statements = sum(node.count for node in self.graph.nodes)
        return (
            f"Picture of {self.graph.title}: {len(kinds):,} nodes ({counts}), {len(self.graph.edges):,} edges, "
            f"{statements:,} statements"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def _closed_boxes(graph: Graph) -> Iterator[Graph]:
    pending = [graph]
    while pending:
        for node in pending.pop().nodes:
            if node.inside is not None:
                pending.append(node.inside)
                if not node.is_open:
                    yield node.inside


def _without_levels(graph: Graph) -> Graph:
    nodes = tuple(
        replace(node, inside=_without_levels(node.inside) if node.is_open and node.inside is not None else None)
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


# --- functions, lists and tapes --------------------------------------------------------------------------------


def graph(  # noqa: PLR0913  # what may be shown, or not
    f: Callable[..., Any] | WengertList | Tape, *args: Any, values: bool = True, adjoints: bool = False,
    partials: bool = True, symbols: bool = False, seed: int | str | None = None, fold: Fold = "auto", digits: int = 3,
    direction: Direction = "down",
) -> Picture:  # fmt: skip
    r"""Draw the computational graph of a function (Kantorovich graph).

    Parameters
    ----------
    f : callable, WengertList or Tape
        A function of arrays or containers of arrays; it is recorded at `args`. Its variables are called as you call
        them, and v₁, v₂, … where they have no name. A list or tape is drawn with its own names.
    \*args
        The arguments. Of a list they may be left out; then there are no values.
    values : bool
        Write the values into the nodes.
    adjoints : bool
        Write the cotangents x̄ = ∂y/∂x into the nodes.
    partials : bool
        Write the local partials beside the edges: formula and number, of arrays the formula of one element or the
        size of the Jacobian.
    symbols : bool
        Call the variables by the symbols of the tables of `explain`, v₋₁, v₀ the inputs and v₁, v₂, … what is
        computed, and not by your names.
    seed : int or str, optional
        The result y whose cotangent is 1, by number or name, a component as in ``"y[1]"``; by default the first number
        of the results.
    fold : {"auto", "line", "function", "none"}
        What is put into boxes: as much as makes a picture of about 40 nodes, each line of several statements, each
        function, or nothing.
    digits : int
        Decimals of the numbers.
    direction : {"down", "right"}
        Where the flow goes.

    Returns
    -------
    Picture
        With `to_svg`, `to_html`, `to_dot`, `to_png` and `save`.

    Raises
    ------
    ArgumentError
        For an unknown option, a `seed` that names no result, or adjoints of a list without values.
    DtypeError
        If the result of `seed` is an integer.

    Notes
    -----
    One or two evaluations of f, and one sweep for the adjoints. Control statements such as ``fori_loop`` are boxes that
    hold what they repeat, unless f decides on values in Python (``if x > 0``): then the rounds that were executed are
    drawn.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> picture = wg.graph(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2., 5.)
    >>> print(picture)
    Picture of f(x1, x2): 8 nodes (2 input, 5 operation, 1 output), 9 edges, 5 statements
    >>> picture.save("picture.svg")  # doctest: +SKIP
    """
    _check_options("graph", fold, digits, direction)
    if isinstance(f, (WengertList, Tape)):
        tape = _tape_of(f, args)
        executed = tape.list.statements
    elif callable(f):
        recorded = _recorded(f, [without_recording(arg) for arg in args])
        tape = by_depth(recorded)
        executed = as_executed(tape, recorded).list.statements
    else:
        raise ArgumentError(
            f"graph needs a function, a Wengert list or a tape, and got {type(f).__name__}.",
            remedy="Call graph(f, *args); for a tensor there is make_dot(tensor).",
            where=user_location(),
        )
    called: Titles
    if symbols:
        called = TextbookSymbols(tape.list, executed)
    else:
        called = OwnNames(tape.list) if isinstance(f, (WengertList, Tape)) else UserNames(tape.list, executed)
    names = _output_names(tape, called)
    found = _adjoints("graph", tape, names, seed) if adjoints else None
    arrays = NamedArrays(None if isinstance(f, (WengertList, Tape)) else f)
    drawn = graph_with(called, tape, names, Style(values, partials, fold, digits), found, arrays)
    if isinstance(f, (WengertList, Tape)):
        return Picture(replace(drawn, title=_title(function_name(tape.list), _input_names(tape))), direction)
    return Picture(replace(drawn, title=_title(function_name(f), parameter_names(f, len(args)))), direction)


def _check_options(caller: str, fold: str, digits: int, direction: str) -> None:
    for name, value, allowed in (("fold", fold, _FOLDS), ("direction", direction, _DIRECTIONS)):
        if value not in allowed:
            raise ArgumentError(
                f"{caller} got {name}={value!r}.",
                remedy=f"Use {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}.",
                where=user_location(),
            )
    if not isinstance(digits, (int, np.integer)) or digits < 0:
        raise ArgumentError(
            f"{caller} got digits={digits!r:.40}.", remedy="Give digits=0 or a larger integer.", where=user_location()
        )


def _recorded(f: Callable[..., Any], args: Sequence[Any]) -> Tape:
    """The run of a function, with its control statements as such where they do not hang on a decision in Python."""
    try:
        lst = trace(f)(*args)
    except UNTRACED:  # a decision on a value; or an error of f itself, which comes again
        return record_tape(f, *args)
    if not any(stmt.prim.sublists for stmt in lst.statements):
        return record_tape(f, *args)
    leaves, _ = flatten(tuple(args))
    return lst.tape(*leaves)


def _tape_of(program: WengertList | Tape, args: Sequence[Any]) -> Tape:
    if isinstance(program, Tape):
        if args:
            raise ArgumentError(
                f"graph got values for tape {program.list.name}.",
                why="A tape has its values already.",
                remedy="Call graph(tape), or graph(tape.list, *values).",
                where=user_location(),
            )
        return program
    return program.tape(*map(concrete, args)) if args else Tape(program, {})


def _output_names(tape: Tape, symbols: Titles) -> list[str]:
    """As the tables of `explain` have them: y, or y1, y2, …; with another letter where a value is called alike."""
    lst = tape.list
    count = len(lst.outputs)
    letters = free_letters("yzwurst", [printable(v.name) for v in lst.inputs])
    called = {v: symbols.primal(v) for stmt in lst.statements for v in stmt.targets}
    found = (result_names(count, letter) for letter in letters)
    for names in found:
        own = dict(zip(names, lst.outputs, strict=True))
        if all(own.get(text, v) is v for v, text in called.items()):
            return names
    return names


def _input_names(tape: Tape) -> list[str]:
    return [v.name for v in tape.list.inputs]


def _title(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({listed(map(printable, arguments), _MOST_NAMED)})"


def _adjoints(caller: str, tape: Tape, names: Sequence[str], seed: int | str | None) -> dict[str, Any]:
    """The cotangents by names of variables and of results, where that of one number of the results is 1."""
    if not all(v in tape.values for v in tape.list.inputs):
        raise ArgumentError(
            f"{caller} was asked for the adjoints of list {tape.list.name} without values.",
            remedy=f"Give values for its inputs: {caller}(list, *values, adjoints=True).",
            where=user_location(),
        )
    target = chosen(names, [ArrayType.of(y) for y in tape.outputs], seed, "seed", "result", caller=caller)
    y = tape.list.outputs[target.place]
    cotangents = adjoint_sweep(tape, {y: target.seed()} if isinstance(y, Variable) else {})[0]
    found = {v.name: ct for v, ct in cotangents.items()}
    return found | {name: np.zeros(ArrayType.of(value).shape)[()] for name, value in
                    zip(names, tape.outputs, strict=True)} | {names[target.place]: target.seed()}  # fmt: skip


# --- the graph of a tensor -------------------------------------------------------------------------------------


def make_dot(  # noqa: PLR0913  # as `graph`
    tensor: Any, params: Mapping[str, Any] | None = None, *, values: bool = True, adjoints: bool = False,
    partials: bool = True, symbols: bool = False, fold: Fold = "auto", digits: int = 3, direction: Direction = "down",
) -> Picture:  # fmt: skip
    """Draw the graph that a tensor remembers, under the name that torchviz gave this.

    Parameters
    ----------
    tensor : Tensor
        The result whose history is drawn.
    params : dict of str to Tensor, optional
        Names for leaves, such as ``dict(w=w, b=b)``; the others are called x1, x2, ….
    values : bool
        Write the values that the graph still knows into the nodes: those that some derivative rule reads, and what
        can be computed of them.
    adjoints : bool
        Write cotangents into the nodes, by a sweep from `tensor`, whose own is 1 (of an array, all ones). Where
        `backward` has freed the graph, the gradients that it left in the leaves.
    partials, symbols, fold, digits, direction
        As for `graph`.

    Returns
    -------
    Picture

    Raises
    ------
    ArgumentError
        If `tensor` is none, `params` does not hold tensors, or an option is unknown.

    Examples
    --------
    >>> import wengert as wg
    >>> w, x = wg.tensor(2., requires_grad=True), wg.tensor(3., requires_grad=True)
    >>> print(wg.make_dot(w * x + 1, params={"w": w}))
    Picture of graph(w, x2): 6 nodes (2 input, 2 operation, 1 constant, 1 output), 5 edges, 2 statements
    """
    _check_options("make_dot", fold, digits, direction)
    if not isinstance(tensor, Tensor):
        raise ArgumentError(
            f"make_dot needs a tensor, and got {type(tensor).__name__}.",
            remedy="Call make_dot(y) with a result of tensors; for a function there is graph(f, *args).",
            where=user_location(),
        )
    nodes = topological_order([] if tensor._node is None else [tensor._node])
    leaves = _leaves_of(tensor, nodes)
    tape = _with_names(tensor.tape(), leaves, params or {})
    statements = tape.list.statements
    called: Titles = TextbookSymbols(tape.list, statements) if symbols else UserNames(tape.list, statements)
    names = _output_names(tape, called)
    found = None
    if adjoints:
        is_freed = any(node.saved is None for node in nodes)
        found = _kept_gradients(tape, leaves) if is_freed else _swept(tape, names, tensor)
    drawn = graph_with(called, tape, names, Style(values, partials, fold, digits), found)
    return Picture(replace(drawn, title=_title("graph", _input_names(tape))), direction)


def _leaves_of(tensor: Tensor, nodes: Sequence[Node]) -> list[Leaf]:
    """The leaves in the order of the inputs of the tape."""
    found = {parent for node in nodes for parent in node.parents if isinstance(parent, Leaf)}
    if isinstance(tensor._node, Leaf):
        found.add(tensor._node)
    return sorted(found, key=lambda leaf: leaf.number)


def _with_names(tape: Tape, leaves: Sequence[Leaf], params: Mapping[str, Any]) -> Tape:
    """The tape with the user's names for its inputs, and only with values that are plain arrays."""
    given: dict[Node, str] = {}
    for name, each in params.items():
        if not isinstance(each, Tensor):
            raise ArgumentError(
                f"make_dot got {type(each).__name__} as parameter {name!r}.",
                remedy="Give tensors by their names, as in make_dot(y, params={'w': w}).",
                where=user_location(),
            )
        if each._node is not None:
            given.setdefault(each._node, str(name))
    taken = set(given.values())
    renamed: dict[Variable, Variable] = {}
    for variable, leaf in zip(tape.list.inputs, leaves, strict=True):
        name = given.get(leaf, variable.name)
        while leaf not in given and name in taken:
            name += "_"
        renamed[variable] = Variable(printable(name), variable.type)
    lst = replace(
        tape.list,
        inputs=tuple(renamed[v] for v in tape.list.inputs),
        statements=tuple(replace(s, operands=_renamed(s.operands, renamed)) for s in tape.list.statements),
        outputs=_renamed(tape.list.outputs, renamed),
    )
    values = {renamed.get(v, v): concrete(value) for v, value in tape.values.items()}
    return Tape(lst, values)


def _renamed(xs: Sequence[Any], renamed: Mapping[Variable, Variable]) -> tuple[Any, ...]:
    return tuple(renamed.get(x, x) if isinstance(x, Variable) else x for x in xs)


def _swept(tape: Tape, names: Sequence[str], tensor: Tensor) -> dict[str, Any]:
    """Cotangents by a sweep from the tensor."""
    (y,) = tape.list.outputs
    seed = np.ones(tensor.shape, tensor.dtype)[()]
    cotangents = adjoint_sweep(tape, {y: seed})[0] if isinstance(y, Variable) else {}
    return {v.name: ct for v, ct in cotangents.items()} | {names[0]: seed}


def _kept_gradients(tape: Tape, leaves: Sequence[Leaf]) -> dict[str, Any]:
    """What `backward` has left in the leaves."""
    return {
        variable.name: concrete(leaf.grad)
        for variable, leaf in zip(tape.list.inputs, leaves, strict=True)
        if leaf.grad is not None
    }
