"""Define-by-run: values that compute at once and remember how (reverse mode).

A `Tensor` is an array and, where a derivative is wanted, a `Node`: the adjoint of the primitive that made it, the nodes
of its operands and the values that the rules will read. `nodes` has the graph and the sweep, `operators` the short
paths of the operators.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from wengert.derivation import raised
from wengert.errors import DtypeError, GraphError, LostDerivativeError, ShapeError, user_location
from wengert.facts import Kind
from wengert.graph_tape import tape_of_graph
from wengert.levels import is_suspended, new_level, suspended
from wengert.memory import Memory, laid_out, note_view
from wengert.nodes import COPIED_BELOW, FLOAT64, Leaf, Node, Retaining, Several, pull_back, topological_order, watch
from wengert.primitive import Primitive
from wengert.printing import array_text
from wengert.registry import functions, table
from wengert.value import NO_PARAMS, Value, bind, concrete, has_nan, is_view_of, settled
from wengert.wlist import ArrayType, Tape

__all__ = ["Tensor", "no_grad", "tensor"]

Params = Mapping[str, Any]

_CONTROL = Kind.CONTROL


class Tensor(Value):
    """An array that remembers its operands; made by `tensor` and by `grad`, `vjp` and their relatives.

    Operators, NumPy functions and array methods apply. The look is PyTorch's: `backward`, `grad`, `grad_fn`,
    `requires_grad`, `detach`, `item`, `numpy`.
    """

    __slots__ = ("__weakref__", "_array", "_node")

    def __init__(self, data: Any, node: Node | None = None, level: int = 0):
        self._array = data
        self._node = node
        self._level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self._array.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self._array.dtype
        return dtype

    def _concrete(self) -> Any:
        data = self._array
        return concrete(data)

    def _carries_derivative(self) -> bool:
        data = self._array
        return self._node is not None or (isinstance(data, Value) and data._carries_derivative())

    def _has_nan(self) -> bool:
        return has_nan(self._array)

    def _is_recorded(self) -> bool:
        return True

    # Applying a primitive in general. Operators on plain arrays take the short paths further below.

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Params) -> Any:
        if prim.kind is _CONTROL:
            return self._apply_control(prim, operands)
        if len(operands) == 1:
            return self._apply_alone(prim, params)
        return self._apply_to_several(prim, operands, params)

    def _apply_control(self, prim: Primitive, operands: Sequence[Any]) -> Any:
        """A statement with sub-lists, recorded by an operation that also gives what the reverse sweep needs."""
        level = self._level
        active = tuple(
            isinstance(x, Tensor) and x._level == level and x._node is not None and prim.is_active(i)
            for i, x in enumerate(operands)
        )
        if not any(active) or level < is_suspended():
            return self._apply_to_several(prim, operands, NO_PARAMS)
        ys = self._apply_to_several(prim.recorded(active), operands, NO_PARAMS)
        return ys if ys.__class__ is not tuple else ys[0] if prim.outputs == 1 else ys[: prim.outputs]

    def _apply_to_several(self, prim: Primitive, operands: Sequence[Any], params: Params) -> Any:
        level = self._level
        mine = [isinstance(x, Tensor) and x._level == level for x in operands]
        xs = [x._array if own else x for x, own in zip(operands, mine, strict=True)]
        nodes = [
            x._node if own and prim.is_active(i) else None
            for i, (x, own) in enumerate(zip(operands, mine, strict=True))
        ]
        y = bind(prim, xs, params)
        parents = tuple(node for node in nodes if node is not None)
        if not parents or level < is_suspended():
            return _constant(y, level)
        adjoint = prim.adjoint[tuple(node is not None for node in nodes)]
        keeps = adjoint.keeps
        saved = [y if keeps[0] else None]
        large = []
        for x, node, keep in zip(xs, nodes, keeps[1:], strict=True):
            kept = (x if y.__class__ is tuple else raised(x, y.dtype)) if keep else _outline(x, node)
            if kept is x and node is None and isinstance(x, Value):
                kept = x._alias()
            elif kept is x and node is None and x.__class__ is np.ndarray:
                if x.nbytes <= COPIED_BELOW or not x.flags.c_contiguous:
                    kept = x.copy()
                else:
                    large.append(x)
            saved.append(kept)
        if y.__class__ is tuple:
            return self._several(Several(adjoint, parents, tuple(saved), params, y), y)
        record = Node(adjoint, parents, tuple(saved), params, y.shape, y.dtype)
        if large:
            watch(record, large)
        return Tensor(y, record, level)

    def _apply_alone(self, prim: Primitive, params: Params) -> Any:
        x, node, level = self._array, self._node, self._level
        y = bind(prim, (x,), params) if isinstance(x, Value) else prim.compute(x, **params)
        if node is None or prim.is_flat or level < is_suspended():
            constant = _constant(y, level)
            if prim.views and constant.__class__ is Tensor and is_view_of(y, x):
                note_view(constant, self, prim, params)
            return constant
        adjoint = prim.adjoint[(True,)]
        keeps_y, keeps_x = adjoint.keeps
        saved = (y if keeps_y else None, x if keeps_x else node)
        if y.__class__ is tuple:
            if prim.continued is not None:
                y = prim.continued(y, x)
                saved = (y if keeps_y else None, saved[1])
            return self._several(Several(adjoint, (node,), saved, params, y), y)
        fits = y.dtype is FLOAT64 and node.dtype is FLOAT64 and prim.add_into is None
        result = Tensor(y, Node(adjoint, (node,), saved, params, y.shape, y.dtype, fits), level)
        if prim.views and y.__class__ is not np.float64 and is_view_of(y, x):
            note_view(result, self, prim, params)
        return result

    def _several(self, node: Several, ys: Sequence[Any]) -> tuple[Any, ...]:
        """The results of a primitive with several: tensors that share its node, constants where they are no numbers."""
        return tuple(
            Tensor(y, node.part(k), self._level) if y.dtype.kind in "fc" else _constant(y, self._level)
            for k, y in enumerate(ys)
        )

    def _below(self) -> Any:
        return self._array

    def _alias(self) -> Tensor:
        return Tensor(self._array, self._node, self._level)

    def _holding(self, array: Any) -> Tensor:
        if isinstance(array, Tensor) and array._level == self._level:
            return array
        return Tensor(array, None, self._level)

    def _take_over(self, new: Any) -> None:
        self._array = laid_out(new._array, self._array)
        if self._node is not None and self._level < is_suspended():  # other numbers, the same record
            if isinstance(self._node, Leaf):
                self._node.forget_value()
            return
        if isinstance(self._node, Retaining) and new._node is not None and not isinstance(new._node, Retaining):
            new._node.retain_grad()
        self._node = new._node

    def _is_users_leaf(self) -> bool:
        return self._level == 0 and isinstance(self._node, Leaf)

    def _check_writeable(self, name: str) -> None:
        if self._level < is_suspended() or self._level != 0:
            return
        if self._is_users_leaf():
            raise GraphError(
                "a leaf Variable that requires grad is being used in an in-place operation.",
                remedy="Write x = x + ..., or update parameters under no_grad().",
                where=user_location(),
            )
        memory = getattr(self, "_memory", None)
        if isinstance(memory, Memory) and memory.whole._is_users_leaf():
            raise GraphError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation.",
                why=f"{name} would change the leaf.",
                remedy="Work on a copy, or update parameters under no_grad().",
                where=user_location(),
            )

    # PyTorch's look.

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this tensor a leaf whose gradient `backward` accumulates, in place; return it.

        Raises
        ------
        GraphError
            (a RuntimeError) If the dtype is an integer one, or if the tensor is the result of an operation.
        """
        if not self.is_leaf:
            raise GraphError(
                "you can only change requires_grad flags of leaf variables.",
                remedy="Use x.detach() for a tensor outside the graph.",
                where=user_location(),
            )
        if not requires_grad:
            self._node = None
        elif self._node is None:
            self._node = _user_leaf(self)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by a recorded operation."""
        return self._node is None or isinstance(self._node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; ``None`` for a leaf."""
        return None if self.is_leaf else self._node

    @property
    def grad(self) -> Any:
        """The gradient that `backward` accumulated, a tensor of this shape; ``None`` before any."""
        return getattr(self._node, "grad", None)

    @grad.setter
    def grad(self, value: Any) -> None:
        if not isinstance(self._node, (Leaf, Retaining)):
            raise GraphError(
                "only a tensor that requires grad has a gradient.",
                remedy="Use requires_grad_().",
                where=user_location(),
            )
        self._node.grad = value

    @property
    def data(self) -> Any:
        """The same values outside the graph; changes of it in place, and assignments to it, change this tensor."""
        return _Data(self)

    @data.setter
    def data(self, value: Any) -> None:
        array = _plain_array(value, None)
        if self._node is not None and (
            array.shape != self.shape or not np.can_cast(array.dtype, self.dtype, "same_kind")
        ):
            raise ShapeError(
                f"an array of shape {array.shape} and dtype {array.dtype} was assigned to the data of a tensor that "
                f"requires grad, of shape {self.shape} and dtype {self.dtype}.",
                remedy="Make a new tensor for values of another type.",
                where=user_location(),
            )
        self._replace(array if self._node is None else array.astype(self.dtype))

    def _replace(self, data: Any) -> None:
        self._array = data
        self._memory = None
        if isinstance(self._node, Leaf):
            self._node.forget_value()

    def tape(self) -> Tape:
        """The graph as a Wengert list, sorted topologically, with the values it still knows.

        A value that no derivative rule needed was not kept; it is computed again where its operands are known and
        printed as ``·`` otherwise, as is a constant array that no rule reads.
        """
        return tape_of_graph(self._array, self._node)

    def retain_grad(self) -> None:
        """Ask `backward` to keep the gradient of this inner tensor in `grad`."""
        if self._node is None:
            raise GraphError(
                "can't retain_grad on Tensor that has requires_grad=False.",
                remedy="Use requires_grad_() first.",
                where=user_location(),
            )
        if not isinstance(self._node, (Leaf, Retaining)):
            self._node.retain_grad()

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the derivative of this tensor to `grad` of every leaf it depends on.

        Parameters
        ----------
        gradient : array of this tensor's shape, optional
            The cotangent to start from (the seed); 1 for a scalar.
        retain_graph : bool, optional
            Keep what is needed to go through the graph again; default `create_graph`.
        create_graph : bool
            Record the sweep itself, so that the gradients can be differentiated.

        Raises
        ------
        GraphError
            (a RuntimeError) Without history, through a freed graph, or on a non-scalar without `gradient`.
        ShapeError
            If `gradient` has another shape.

        Notes
        -----
        Cost: a small multiple (at most 5) of the operations recorded; iterates, so that depth is no limit.
        """
        if self._level != 0:
            raise GraphError(
                "backward was called on a value inside a transform such as grad.",
                remedy="Return the value from the function, or use wg.vjp inside it.",
                where=user_location(),
            )
        if self._node is None:
            raise GraphError(
                "element 0 of tensors does not require grad and does not have a grad_fn.",
                why="No operand of this result was made with requires_grad=True.",
                remedy="Make the inputs with wg.tensor(..., requires_grad=True).",
                where=user_location(),
            )
        seed = self._seed(gradient)
        order = topological_order([self._node])
        if create_graph:
            cotangents = pull_back(order, {self._node: seed if isinstance(seed, Tensor) else Tensor(seed)}, wrap=Tensor)
        else:
            cotangents = pull_back(order, {self._node: seed._array if isinstance(seed, Tensor) else seed})
        for node, ct in cotangents.items():
            _accumulate(node, ct if isinstance(ct, Tensor) else Tensor(ct))
        if not (create_graph if retain_graph is None else retain_graph):
            for node in order:
                node.free()

    def _seed(self, gradient: Any) -> Any:
        if gradient is None:
            if self.size != 1:
                raise GraphError(
                    f"grad can be implicitly created only for scalar outputs, and this tensor has shape {self.shape}.",
                    remedy=f"Reduce it, as in y.sum().backward(), or pass backward(gradient) with shape {self.shape}.",
                    where=user_location(),
                )
            one = self.dtype.type(1)
            return one if self.shape == () else np.full(self.shape, one)
        if not isinstance(gradient, Value):
            gradient = np.asarray(gradient)[()]
        if gradient.dtype.kind not in ("fciub" if self.dtype.kind == "c" else "fiub"):
            raise DtypeError(
                f"backward got a gradient of dtype {gradient.dtype} for a tensor of dtype {self.dtype}.",
                remedy="Give a real array.",
                where=user_location(),
            )
        if gradient.dtype != self.dtype:
            gradient = gradient.astype(self.dtype)
        if gradient.shape != self.shape:
            raise ShapeError(
                f"backward got a gradient of shape {gradient.shape} for a tensor of shape {self.shape}.",
                remedy="The seed must have the shape of the tensor it belongs to.",
                where=user_location(),
            )
        return gradient

    def item(self, *index: Any) -> Any:
        """The value as a Python number.

        Raises
        ------
        LostDerivativeError
            Inside a transform such as `grad`, where the derivative would be lost.
        """
        if self._level != 0:
            self._refuse("item()", "Keep computing with the value itself, or use x.detach() to drop the derivative.")
        return self._array.item(*index)

    def tolist(self) -> Any:
        """The value as nested lists of Python numbers; refused inside a transform as `item` is."""
        if self._level != 0:
            self._refuse("tolist()", "Keep computing with the value itself, or use x.detach() first.")
        return self._array.tolist()

    def numpy(self) -> Any:
        """The values as a NumPy array, without a copy; read-only where another tensor has the same values.

        A later change of the array changes the tensor; one of the tensor makes a new array and leaves this one alone.

        Raises
        ------
        GraphError
            (a RuntimeError) If the tensor requires grad.
        """
        if self._carries_derivative():
            raise GraphError(
                "can't call numpy() on Tensor that requires grad.",
                remedy="Use tensor.detach().numpy() instead.",
                where=user_location(),
            )
        return self._shared_array()

    def detach(self) -> Any:
        """The same values outside the graph."""
        if self._level != 0:
            return Value.detach(self)
        result = Tensor(self._array)
        if self.ndim and self._node is not None:
            note_view(result, self, table.detach, NO_PARAMS)
        return result

    def zero_(self) -> Tensor:
        """Set every element to 0, in place; for gradients, as in ``x.grad.zero_()``."""
        if self._node is not None and not (self.is_leaf and is_suspended() > self._level):
            raise GraphError(
                "zero_ would change a tensor that requires grad.",
                remedy="Use it under no_grad(), or on x.data.",
                where=user_location(),
            )
        self._write("zero_", np.zeros_like(self._array)[()])
        return self

    def numel(self) -> int:
        """Number of elements."""
        return self.size

    def dim(self) -> int:
        """Number of axes."""
        return self.ndim

    def sum(self, *axis: Any, **options: Any) -> Any:
        """As ``numpy.ndarray.sum``; also with PyTorch's ``dim`` and ``keepdim``."""
        if options:
            return np.sum(self, *axis, **_numpy_names(options))
        return functions[np.sum](self, *axis)

    def mean(self, *axis: Any, **options: Any) -> Any:
        """As ``numpy.ndarray.mean``; also with PyTorch's ``dim`` and ``keepdim``."""
        if options:
            return np.mean(self, *axis, **_numpy_names(options))
        return functions[np.mean](self, *axis)

    def prod(self, *axis: Any, **options: Any) -> Any:
        """As ``numpy.ndarray.prod``; also with PyTorch's ``dim`` and ``keepdim``."""
        if options:
            return np.prod(self, *axis, **_numpy_names(options))
        return functions[np.prod](self, *axis)

    def clone(self) -> Any:
        """A copy that remembers where it comes from."""
        return self.copy()

    def view(self, *shape: Any) -> Any:
        """The same elements in another shape, as ``reshape`` and as PyTorch has it; of a dtype as NumPy has it."""
        is_dtype = len(shape) == 1 and (shape[0] is None or isinstance(shape[0], (type, np.dtype)))
        return Value.view(self, *shape) if is_dtype or not shape else self.reshape(*shape)

    def unsqueeze(self, dim: int) -> Any:
        """A new axis of length 1 at `dim`."""
        return functions[np.expand_dims](self, dim)

    def pow(self, exponent: Any) -> Any:
        """As ``x ** exponent``."""
        return self**exponent

    def mm(self, other: Any) -> Any:
        """As ``x @ other``."""
        return self @ other

    def norm(self) -> Any:
        """The Euclidean norm of all elements."""
        return functions[np.linalg.norm](self)

    def t(self) -> Any:
        """The transpose of a matrix."""
        return self.T

    def __repr__(self) -> str:
        if self._level != 0:
            return f"<Tensor of level {self._level}: {self._text()}>"
        made_by = self.grad_fn
        suffix = f"grad_fn=<{made_by.name()}>" if made_by is not None else "requires_grad=True" if self._node else ""
        return array_text("tensor", settled(self._array), suffix)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = import_module("wengert.show.displays").tensor_html(self)  # what is shown stands above what is
        return html

    def __deepcopy__(self, memo: Any) -> Any:
        if self._level != 0:
            return self.copy()
        make, args = self.__reduce__()
        return make(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        # What copy.deepcopy and pickle take: a leaf stands for itself, a result would take its graph along.
        if not self.is_leaf or self._level != 0:
            raise GraphError(
                "only tensors made by the user can be copied deeply or pickled, and this one is a result.",
                remedy="Copy x.detach() instead.",
                where=user_location(),
            )
        return tensor, (self.numpy() if self._node is None else self.detach().numpy(), self.requires_grad)


def _numpy_names(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a reduction with PyTorch's names replaced by NumPy's."""
    names = {"dim": "axis", "keepdim": "keepdims"}
    return {names.get(name, name): value for name, value in options.items()}


class _Data(Tensor):
    """What `Tensor.data` gives: a tensor outside the graph whose changes in place reach its owner."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Tensor):
        super().__init__(owner._array)
        self._owner = owner

    def _shared_array(self) -> Any:
        return self._owner.detach()._shared_array()

    def _replace(self, data: Any) -> None:
        super()._replace(data)
        self._owner._replace(data)

    def _take_over(self, new: Any) -> None:
        self._array = new._array
        with no_grad():
            self._owner._write(".data", Tensor(new._array))


def _outline(x: Any, node: Node | None) -> Any:
    """What a record holds of an operand whose value no rule reads: its node, or type; a number as it is."""
    if node is not None:
        return node
    return x if isinstance(x, (int, float, complex)) else ArrayType.of(x)


def _constant(y: Any, level: int) -> Any:
    """A result without derivative: a tensor among the user's tensors, and where it is an array of numbers."""
    if y.__class__ is tuple:
        return tuple(_constant(one, level) for one in y)
    if level == 0 or (y.shape and y.dtype.kind in "fc"):
        return Tensor(y, None, level)
    return y


def _accumulate(node: Node, ct: Tensor) -> None:
    node.grad = ct if node.grad is None else node.grad + ct


# --- making tensors --------------------------------------------------------------------------------------------


def _plain_array(data: Any, dtype: Any) -> Any:
    if isinstance(data, Value):
        if data._carries_derivative():
            raise LostDerivativeError(
                "tensor() was called on a value that carries a derivative.",
                why="The new tensor would not remember how the value was computed.",
                remedy="Use the value as it is, or x.detach() to drop the derivative on purpose.",
                where=user_location(),
            )
        data = data._concrete()
    if isinstance(data, np.ma.MaskedArray):
        raise DtypeError(
            "tensor() got a masked array, whose mask would be lost.",
            remedy="Give data.filled(value), and mask with np.where.",
            where=user_location(),
        )
    array = np.array(data, dtype=dtype)
    if array.dtype.kind == "O" and any(isinstance(x, Value) for x in array.flat):
        raise LostDerivativeError(
            "tensor() was called on values that carry a derivative.",
            why="The new tensor would not remember how they were computed.",
            remedy="Join them with np.stack, or use x.detach() to drop the derivatives on purpose.",
            where=user_location(),
        )
    if array.dtype.kind not in "fciub":
        raise DtypeError(
            f"tensor() got data of dtype {array.dtype}.",
            remedy="Give numbers, nested lists of numbers of equal lengths, or a NumPy array.",
            where=user_location(),
        )
    return array[()]


def _user_leaf(made: Tensor) -> Leaf:
    """A node without history for a tensor that a user made."""
    data = made._array
    if data.dtype.kind not in "fc":
        raise DtypeError(
            "Only Tensors of floating point and complex dtype can require gradients;",
            why=f"this one has dtype {data.dtype}.",
            remedy="Write 2.0 for 2, or pass dtype=float.",
            where=user_location(),
        )
    leaf = Leaf(data)
    leaf.tensor = weakref.ref(made)
    return leaf


def tensor(data: Any, requires_grad: bool = False, dtype: Any = None) -> Tensor:
    """Make a tensor that remembers what is computed from it.

    Parameters
    ----------
    data : number, nested lists of numbers, or array of any shape
        Copied.
    requires_grad : bool
        Whether `backward` is to accumulate a gradient in `grad`.
    dtype : dtype, optional
        Default NumPy's: float64 for floats, int64 for integers.

    Returns
    -------
    Tensor

    Raises
    ------
    DtypeError
        (a TypeError and RuntimeError) If `requires_grad` is asked of integers or booleans.
    LostDerivativeError
        If `data` carries a derivative itself.

    Examples
    --------
    >>> import wengert as wg
    >>> x = wg.tensor(2., requires_grad=True)
    >>> y = x**2 + 3 * x
    >>> y.backward()
    >>> y, x.grad
    (tensor(10., grad_fn=<AddBackward0>), tensor(7.))
    """
    made = Tensor(_plain_array(data, dtype))
    if requires_grad:
        made._node = _user_leaf(made)
    return made


@contextmanager
def no_grad() -> Iterator[None]:
    """Do not record operations on the tensors that exist now; a transform called inside still works.

    Examples
    --------
    >>> import wengert as wg
    >>> w = wg.tensor(1., requires_grad=True)
    >>> with wg.no_grad():
    ...     w -= 0.5
    >>> w
    tensor(0.5000, requires_grad=True)
    """
    with suspended(new_level()):
        yield
