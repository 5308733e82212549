"""The graph of define-by-run, and the sweep over it: the whole of reverse mode.

A `Node` is one recorded operation. Nodes refer to the nodes of their operands only, so what no result needs any more
is freed at once. `pull_back` walks the graph against the order of creation and accumulates cotangents
(Linnainmaa 1976, Speelpenning 1980).
"""

from __future__ import annotations

import itertools
import math
import weakref
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from wengert.derivation import fit
from wengert.errors import GraphError, LostDerivativeError, ShapeError, user_location
from wengert.facts import Kind, Parts, transpose
from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.primitive import Adjoint, Primitive
from wengert.value import NO_PARAMS, Value, has_nan, settled
from wengert.wlist import ArrayType

__all__ = [
    "COPIED_BELOW",
    "Leaf",
    "Node",
    "Retaining",
    "Several",
    "own_copy",
    "owned",
    "pull_back",
    "topological_order",
    "watch",
]

Params = Mapping[str, Any]
Wrap = Callable[[Any, "Node"], Any]

FLOAT64 = np.dtype(np.float64)
_next_number = itertools.count().__next__
_number_of = attrgetter("number")


class Node:
    """One recorded operation.

    Attributes
    ----------
    adjoint : Adjoint
        Of the primitive, for the operands that carry a derivative.
    parents : tuple of Node
        The nodes of these operands.
    saved : tuple or None
        (y, x₁, …): a value where the rule reads it, else the operand's node (which knows its shape) or what is known
        of a constant. ``None`` as a whole once `backward` has freed the graph.
    params : mapping
    shape, dtype
        Of the result.
    fits : bool
        Every term comes out with the shape and dtype of its parent, float64, and nothing else is special about the
        node: the sweep takes its short path.
    number : int
        Grows in the order of creation, which is a topological order.
    """

    __slots__ = (
        "__weakref__",
        "adjoint",
        "dtype",
        "fits",
        "grad",
        "number",
        "params",
        "parents",
        "saved",
        "shape",
        "watched",
    )

    watched: tuple[tuple[Any, int], ...]  # large constants and their fingerprints, where there are any
    grad: Any  # a tensor or None; set on leaves and where retain_grad asked for it

    def __init__(
        self, adjoint: Adjoint, parents: tuple[Node, ...], saved: tuple[Any, ...] | None, params: Params,
        shape: tuple[int, ...], dtype: np.dtype[Any], fits: bool = False,
    ):  # fmt: skip
        self.adjoint = adjoint
        self.parents = parents
        self.saved = saved
        self.params = params
        self.shape = shape
        self.dtype = dtype
        self.fits = fits
        self.number = _next_number()

    @property
    def prim(self) -> Primitive:
        """The primitive that was applied."""
        return self.adjoint.prim

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def name(self) -> str:
        """PyTorch's name of the operation, such as ``MulBackward0``."""
        if self.prim is _part:
            return self.parents[0].name()
        alias = self.prim.alias
        return f"{alias if isinstance(alias, str) else alias[min(self.ndim, len(alias) - 1)]}Backward0"

    def free(self) -> None:
        """Forget the saved values."""
        self.saved = None
        self.watched = ()
        self.fits = False

    def retain_grad(self) -> None:
        """Let sweeps keep the cotangent of this node."""
        self.grad = None
        self.fits = False
        self.__class__ = Retaining

    def wrapped(self, wrap: Wrap) -> tuple[Any, ...] | None:
        """What `saved` holds, with the values that belong to nodes wrapped as such again."""
        if self.saved is None:
            return None
        y, *xs = self.saved
        for i, parent in zip(self.adjoint.active, self.parents, strict=True):
            if not isinstance(xs[i], Node):
                xs[i] = wrap(xs[i], parent)
        return None if y is None else self.wrapped_result(y, wrap), *xs

    def wrapped_result(self, y: Any, wrap: Wrap) -> Any:
        """The result as a value that belongs to this node."""
        return wrap(y, self)

    @property
    def next_functions(self) -> tuple[tuple[Node, int], ...]:
        """The nodes of the operands, as PyTorch lists them."""
        return tuple((parent, 0) for parent in self.parents)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Leaf(Node):
    """The node of a tensor that a derivative is asked for; it holds the gradient."""

    __slots__ = ("tensor",)

    tensor: weakref.ref[Any]  # set for tensors that a user made

    def __init__(self, y: Any):
        # A leaf stands for no operation: no adjoint, no parents.
        super().__init__(None, (), (), NO_PARAMS, y.shape, y.dtype)  # type: ignore[arg-type]
        self.grad = None

    def forget_value(self) -> None:
        """The tensor has changed since the graph was built: its array is no longer that of the leaf."""
        if hasattr(self, "tensor"):
            del self.tensor

    def value(self) -> Any:
        """The array of the tensor, if a user made one and still has it."""
        made = self.tensor() if hasattr(self, "tensor") else None
        return None if made is None else made._array

    def name(self) -> str:
        """PyTorch's name for the end of a graph."""
        return "AccumulateGrad"


class Retaining(Node):
    """A node whose cotangent `backward` keeps, as asked for by `Tensor.retain_grad`."""

    __slots__ = ()


class Watching(Node):
    """A node that holds large arrays of the caller, which must not have changed when the sweep comes by."""

    __slots__ = ()


class Several(Node):
    """A node with several results, each of which has a node of its own that passes its cotangent on to this one."""

    __slots__ = ("types",)

    def __init__(
        self, adjoint: Adjoint, parents: tuple[Node, ...], saved: tuple[Any, ...], params: Params, ys: Sequence[Any]
    ):
        super().__init__(adjoint, parents, saved, params, Parts.shape, _common_dtype(ys))
        self.types = tuple(map(ArrayType.of, ys))

    def part(self, k: int) -> Node:
        """The node of result `k`."""
        kind = self.types[k]
        params = {"k": k, "count": len(self.types)}
        return Node(_part.adjoint[(True,)], (self,), (None, self), params, kind.shape, kind.dtype)

    def wrapped_result(self, y: Any, wrap: Wrap) -> Any:
        """The results as values that belong to nodes of results of this one."""
        return tuple(
            wrap(result, self.part(k)) if kind.dtype.kind in "fc" else result
            for k, (result, kind) in enumerate(zip(y, self.types, strict=True))
        )


def _common_dtype(ys: Sequence[Any]) -> np.dtype[Any]:
    """Complex if one of the results is, so that the sweep takes the rules that know complex numbers."""
    return np.dtype(np.complex128) if any(y.dtype.kind == "c" for y in ys) else FLOAT64


def _only(ct: Any, _: Any, *, k: int, count: int) -> Parts:
    return Parts.only(ct, k, count)


def _select(ys: Sequence[Any], *, k: int, **_: int) -> Any:
    return ys[k]


#: What leads from a node with several results to the node of one of them; it is no row of the table.
_part = Primitive("part", _select, Kind.STRUCTURAL, [transpose(_only)])


# --- arrays that are not ours -----------------------------------------------------------------------------------
# A rule reads its saved values when the sweep comes by; until then the caller may have changed an array of his.

COPIED_BELOW = 1 << 20  # bytes; a larger constant is kept as it is, and the sweep checks that it has not changed


def own_copy(x: Any) -> Any:
    """The same content in an object that nobody else can change."""
    if isinstance(x, Value):
        return x._alias()
    return x.copy("K") if x.__class__ is np.ndarray else x


def watch(node: Node, constants: Iterable[Any]) -> None:
    """Let the sweep refuse `node` if one of these arrays has changed by then."""
    node.watched = tuple((x, _fingerprint(x)) for x in constants)
    node.fits = False
    node.__class__ = Watching


def _fingerprint(x: np.ndarray[Any, Any]) -> int:
    return zlib.crc32(x.data.cast("B"))


def _check_watched(node: Node) -> None:
    for x, fingerprint in getattr(node, "watched", ()):
        if _fingerprint(x) != fingerprint:
            raise LostDerivativeError(
                f"an array of shape {x.shape} that {node.prim.name} was given was changed before the derivative was "
                "taken.",
                why="The derivative would be that of another function.",
                remedy="Pass a copy of the array, or change it after backward.",
                where=user_location(),
            )


# --- the reverse sweep -----------------------------------------------------------------------------------------


def topological_order(roots: Iterable[Node]) -> list[Node]:
    """The nodes of operations that the roots depend on, newest first: each before the nodes of its operands."""
    found = {node for node in roots if node.parents}
    pending = list(found)
    while pending:
        for parent in pending.pop().parents:
            if parent.parents and parent not in found:
                found.add(parent)
                pending.append(parent)
    return sorted(found, key=_number_of, reverse=True)


def pull_back(order: Sequence[Node], seeds: Mapping[Node, Any], *, wrap: Wrap | None = None) -> dict[Node, Any]:
    """Propagate cotangents backwards through the graph.

    Parameters
    ----------
    order : sequence of Node
        From `topological_order`.
    seeds : mapping
        Node → cotangent of its shape and dtype.
    wrap : callable, optional
        ``(value, node) -> value that remembers node``: what the rules see instead of arrays, so that the sweep itself
        is recorded.

    Returns
    -------
    dict
        Node → cotangent, for the leaves that the seeds depend on and the nodes that retain theirs.
    """
    with np.errstate(all="ignore"):
        result = _sweep(order, seeds, False, wrap)
        if any(map(has_nan, result.values())) or (any(map(_is_recorded, result.values())) and _selects(order)):
            result = _masked_sweep(order, seeds, wrap)
    _check_shapes(result)
    return dict(zip(result, owned(result.values(), seeds.values()), strict=True))


def _is_recorded(ct: Any) -> bool:
    """Whether another sweep will come by, through the arithmetic of this one: it may find a nan where this did not."""
    return isinstance(ct, Value) and ct._is_recorded()


def _selects(order: Sequence[Node]) -> bool:
    return any(node.adjoint.prim.selects or node.adjoint.prim.add_into is not None for node in order)


def _masked_sweep(order: Sequence[Node], seeds: Mapping[Node, Any], wrap: Wrap | None) -> dict[Node, Any]:
    """The sweep in which what was not selected stays exactly 0: where it differs, the plain one left a nan."""
    level = new_level()
    found = _sweep(order, {node: masked(seed, level) for node, seed in seeds.items()}, True, wrap)
    return {node: unmasked(ct, level) for node, ct in found.items()}


def _sweep(  # noqa: C901  # the hot loop of reverse mode, written out
    order: Sequence[Node], seeds: Mapping[Node, Any], careful: bool, wrap: Wrap | None
) -> dict[Node, Any]:
    cotangents = dict(seeds)
    kept: dict[Node, Any] = {}
    own: set[Node] = set()  # nodes whose cotangent is an array made here, that may be added to in place
    find = cotangents.get
    is_plain = not careful and wrap is None
    for node in order:
        ct = cotangents.pop(node)
        if is_plain and node.fits:
            parents, terms = node.parents, node.adjoint.plain(ct, node.saved, node.params)
            if len(parents) == 1:
                (parent,), (term,) = parents, terms
                before = find(parent)
                cotangents[parent] = term if before is None else before + term
                continue
            for parent, term in zip(parents, terms):  # noqa: B905  # a hot loop
                before = find(parent)
                cotangents[parent] = term if before is None else before + term
            continue
        if node.__class__ is not Node:
            _check_watched(node)
            if node.__class__ is Retaining:
                kept[node] = ct
        saved = node.saved if wrap is None else node.wrapped(wrap)
        if saved is None:
            raise _freed()
        if wrap is None and _added_in_place(node, ct, cotangents, own):
            continue
        is_complex = node.dtype is not FLOAT64 and node.dtype.kind == "c"
        rule = node.adjoint.careful if careful or is_complex else node.adjoint.plain
        for parent, term in zip(node.parents, rule(ct, saved, node.params), strict=True):
            if term.__class__ is not Parts and (term.shape != parent.shape or term.dtype is not parent.dtype):
                term = fit(term, parent.shape, parent.dtype)  # noqa: PLW2901  # the term, fitted
            before = find(parent)
            cotangents[parent] = term if before is None else before + term
    cotangents.update(kept)
    return cotangents


def _added_in_place(node: Node, ct: Any, cotangents: dict[Node, Any], own: set[Node]) -> bool:
    """Add the term of an indexing to the cotangent of the whole array, which a loop over elements does n times."""
    add_into = node.prim.add_into
    if add_into is None:
        return False
    (parent,) = node.parents
    before = cotangents.get(parent)
    if parent.shape == () or ct.dtype is not parent.dtype or isinstance(ct, Value) or isinstance(before, Value):
        return False
    if parent not in own:
        cotangents[parent] = np.zeros(parent.shape, parent.dtype) if before is None else before.copy()
        own.add(parent)
    add_into(cotangents[parent], ct, **node.params)
    return True


def owned(values: Iterable[Any], seeds: Iterable[Any]) -> list[Any]:
    """The same derivatives, each the caller's own: not a view, not a seed, not shared by two results."""
    seen = {id(seed) for seed in seeds}
    own = []
    for value in values:
        value = settled(value)  # noqa: PLW2901  # the value, made the caller's own
        is_array = value.__class__ is np.ndarray
        if id(value) in seen or (is_array and value.base is not None):
            # NumPy's scalars cannot be changed.
            value = value.copy() if is_array else +value if isinstance(value, Value) else value  # noqa: PLW2901
        seen.add(id(value))
        own.append(value)
    return own


def _check_shapes(cotangents: Mapping[Node, Any]) -> None:
    for node, ct in cotangents.items():
        if ct.shape != node.shape:
            raise ShapeError(
                f"a derivative rule gave a cotangent of shape {ct.shape} for a value of shape {node.shape}.",
                why="A partial must have the shape of the operands it belongs to.",
                remedy="Test your own primitives with wengert.check.",
            )


def _freed() -> GraphError:
    return GraphError(
        "trying to backward through the graph a second time: its saved values have been freed.",
        why="The first backward freed them to save memory.",
        remedy="Pass retain_graph=True to the first backward, or compute the result again.",
        where=user_location(),
    )
