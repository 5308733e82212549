"""`compile`: a function as machine code, made once for each type of arguments."""

from __future__ import annotations

import functools
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.api import trace
from wengert.arguments import labels, numbers_of
from wengert.containers import Rebuild, Structure, flatten, flatten_with_structure, function_name, leaf_names
from wengert.control import Call
from wengert.control.operation import apply, result_of
from wengert.counting import Stats
from wengert.errors import ArgumentError, CheckError, user_location
from wengert.native import machine
from wengert.native.entry import Entry
from wengert.native.program import LeftToListError, Program, Segment, as_typed, built
from wengert.programs import with_names
from wengert.rules.structural import stand_in
from wengert.simplification import simplify
from wengert.simplification.rolling import rolled, rolling
from wengert.transforms import adjoint
from wengert.transforms.selection import is_floating
from wengert.value import Value
from wengert.wlist import ArrayType, WengertList

__all__ = ["Compiled", "NativeCall", "NativeStats", "Signature", "compile"]

Function = Callable[..., Any]

_MOST_FAST = 4  # entries that are tried without looking at the arguments


class NativeCall(Call):
    """A list that is called as machine code; so are its derivatives, which are lists again.

    It is compiled when it is first run on plain arrays.
    """

    def __init__(self, body: WengertList) -> None:
        super().__init__(body)
        self._program: Program | None = None

    @property
    def has_code(self) -> bool:
        """Whether there is machine code, or can be."""
        return self._program is not None or not machine.unavailable()

    @property
    def program(self) -> Program:
        """The compiled list."""
        if self._program is None:
            self._program = built(simplify(self.body))
        return self._program

    def run(self, *operands: Any) -> Any:
        """Compute the results: of plain arrays by the machine code, of other values by the list."""
        if any(isinstance(x, Value) for x in operands) or not self.has_code:
            return super().run(*operands)
        typed = [as_typed(x, v.type) for x, v in zip(operands, self.body.inputs, strict=True)]
        return result_of(self.program.run(typed))

    def with_sublists(self, sublists: Mapping[str, WengertList]) -> NativeCall:
        """A call of another list."""
        return NativeCall(sublists["function"])


@dataclass(slots=True)
class Signature:
    """What is held for one type of arguments.

    Attributes
    ----------
    types : tuple of ArrayType
        Of the arrays among the arguments.
    call : NativeCall
    rebuild : callable
        Puts the outputs together to what the function returns.
    """

    types: tuple[ArrayType, ...]
    call: NativeCall
    rebuild: Callable[[Sequence[Any]], Any]
    takes_arrays: bool  # as a native entry does, with no containers around them
    put_together: Rebuild | None  # what is to be done with what a native entry returns

    def __repr__(self) -> str:
        return f"({', '.join(map(str, self.types))})"


@dataclass(frozen=True, slots=True)
class NativeStats:
    """What was made of a list.

    Attributes
    ----------
    counts : Stats
        Statements and operations of the list, before and after simplification.
    segments : int
        Native functions that it consists of; 1 where all of it is machine code.
    interpreted : tuple of str
        The operations that NumPy computes in between.
    called_back : dict of str to int
        The operations for which native functions call NumPy, and how many statements of each there are.
    planned, least : int
        Bytes of memory that are kept for what is computed in between, and how many of them are in use together at most.
    code : int
        Bytes of machine code.
    """

    counts: Stats
    segments: int
    interpreted: tuple[str, ...]
    called_back: dict[str, int]
    planned: int
    least: int
    code: int

    def __str__(self) -> str:
        between = f", between them {', '.join(self.interpreted)} by NumPy" if self.interpreted else ""
        functions = f"{self.segments} native function{'s' if self.segments != 1 else ''}{between}{self._calls()}"
        memory = f"{self.planned:,} bytes of memory, of which {self.least:,} are in use together"
        return f"{self.counts}\n{functions}\n{memory}; {self.code:,} bytes of code"

    def _calls(self) -> str:
        total = sum(self.called_back.values())
        names = ", ".join(name if n == 1 else f"{name} ({n})" for name, n in self.called_back.items())
        return f"; NumPy is called for {total} statement{'s' if total != 1 else ''}: {names}" if total else ""


@dataclass(eq=False)
class Compiled:
    """A function that runs as machine code; made by `compile`.

    Attributes
    ----------
    signatures : list of Signature
        For which types of arguments code is held.
    """

    function: Function
    static_argnums: frozenset[int]
    check: bool
    _held: dict[Any, Signature] = field(default_factory=dict)
    _fast: list[tuple[Entry, Rebuild | None]] = field(default_factory=list)
    _structured: dict[Structure, list[tuple[Entry, Rebuild | None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        if not kwargs:
            try:
                for entry, put_together in self._fast:
                    found = entry(*args)
                    if found is not NotImplemented:
                        return found if put_together is None else put_together(found)
                if self._structured:
                    parts, _, structure = flatten_with_structure((args, {}))
                    for entry, put_together in self._structured.get(structure, ()):
                        found = entry(*parts)
                        if found is not NotImplemented:
                            return found if put_together is None else put_together(found)
            except LeftToListError:
                pass  # the list will say where
        signature, leaves = self._signature(args, kwargs)
        return signature.rebuild(apply(signature.call, leaves))

    @property
    def signatures(self) -> list[Signature]:
        """For which types of arguments code is held, in the order of their first calls."""
        return list(self._held.values())

    def list(self, *args: Any, **kwargs: Any) -> WengertList:
        """The simplified list for arguments of these types; without any, that of the last signature."""
        return simplify(self._asked(args, kwargs).call.body)

    def llvm(self, *args: Any, **kwargs: Any) -> str:
        """LLVM's code after optimisation, of all native functions."""
        program = self._program(self._asked(args, kwargs).call)
        return "\n".join(segment.library.optimised() for segment in program.segments)

    def stats(self, *args: Any, **kwargs: Any) -> NativeStats:
        """Statements, operations, and bytes of memory and code."""
        call = self._asked(args, kwargs).call
        program = self._program(call)
        segments = program.segments
        names = [step.prim.name for step in program.steps if not isinstance(step, Segment)]
        return NativeStats(
            call.body.stats(),
            len(segments),
            tuple(dict.fromkeys(names)),
            dict(sum((Counter(segment.calls.names) for segment in segments), Counter())),
            sum(segment.planned for segment in segments),
            sum(segment.least for segment in segments),
            sum(segment.library.size for segment in segments),
        )

    def _program(self, call: NativeCall) -> Program:
        if reason := machine.unavailable():
            raise ArgumentError(
                f"{function_name(self.function)} has no machine code: {reason}",
                remedy="It runs by its list: f.list().",
                where=user_location(),
            )
        return call.program

    def _asked(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Signature:
        if args or kwargs:
            return self._signature(args, kwargs)[0]
        if not self._held:
            raise ArgumentError(
                f"{function_name(self.function)} has not been compiled yet.",
                why="What it is compiled to depends on the shapes and dtypes of its arguments.",
                remedy="Call it first, or give arguments here too.",
                where=user_location(),
            )
        return self.signatures[-1]

    # Signatures.

    def _signature(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Signature, Sequence[Any]]:
        """What is held for arguments of these types, made where it is new; and the arrays among them."""
        moving, fixed = self._told_apart(args, kwargs)
        leaves, rebuild, structure = flatten_with_structure(moving)
        remedy = "Name it in static_argnums, or pass it by keyword: what is no array there is a constant."
        leaves = [numbers_of(x, "compile", self.function, remedy) for x in leaves]
        types = tuple(map(_native_type, leaves))
        key = structure, types, _hashable(fixed, self.function)
        if key not in self._held:
            self._hold(key, types, rebuild, fixed, moving, leaves)
        return self._held[key], leaves

    def _told_apart(
        self, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], ...]]:
        """Arguments that are followed, and constants with their places."""
        moving = tuple(x for k, x in enumerate(args) if k not in self.static_argnums)
        named = {name: x for name, x in kwargs.items() if _is_followed(x)}
        fixed = [(k, x) for k, x in enumerate(args) if k in self.static_argnums]
        return (moving, named), (tuple(fixed), tuple((n, x) for n, x in sorted(kwargs.items()) if n not in named))

    def _hold(
        self, key: tuple[Structure, Any, Any], types: tuple[ArrayType, ...], rebuild: Any, fixed: Any, moving: Any,
        leaves: Sequence[Any],
    ) -> None:  # fmt: skip
        rebuilds = []

        def flat(*leaves: Any) -> list[Any]:
            args, named = rebuild(leaves)
            args = list(args)
            for k, x in fixed[0]:
                args.insert(k, x)
            found, put_together = flatten(self.function(*args, **named, **dict(fixed[1])))
            rebuilds.append((put_together, len(found)))
            return found

        names = labels(self.function, moving[0]) + [name for k, x in moving[1].items() for name in leaf_names(k, x)]
        if self.static_argnums:
            names = [f"x{k + 1}" for k in range(len(types))]
        program = with_names(flat, names)
        program.__name__ = function_name(self.function)
        with np.errstate(all="ignore"), rolling():
            lst = trace(program)(*(stand_in(kind)[()] for kind in types))
        put_together, count = rebuilds[-1]
        is_simple = not moving[1] and not any(fixed) and all(_is_leaf(x) for x in moving[0])
        call = NativeCall(rolled(lst))
        signature = Signature(types, call, put_together, is_simple, _after_entry(put_together, count))
        if reason := machine.unavailable():
            _say_once(reason)
        else:
            if self.check:
                _checked(signature, lst, self.function, leaves)
            self._note_fast(key[0], signature, has_constants=bool(moving[1]) or any(fixed))
        self._held[key] = signature

    def _note_fast(self, structure: Structure, signature: Signature, *, has_constants: bool) -> None:
        """Let the native function be tried first, before anything is known of the arguments."""
        fast = signature.call.program.fast
        if fast is None or has_constants:
            return
        if signature.takes_arrays and len(self._fast) < _MOST_FAST:
            self._fast.append((fast, signature.put_together))
        elif not signature.takes_arrays:
            entries = self._structured.setdefault(structure, [])
            if len(entries) < _MOST_FAST:
                entries.append((fast, signature.put_together))


def _native_type(x: Any) -> ArrayType:
    """The type of an array in the byte order of the processor."""
    kind = ArrayType.of(x)
    return ArrayType(kind.shape, kind.dtype.newbyteorder("="))


def _is_leaf(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, int, float))


def _is_followed(x: Any) -> bool:
    """Whether a keyword argument has arrays or floats; everything else is a constant."""
    leaves, _ = flatten(x)
    return bool(leaves) and all(isinstance(leaf, (Value, np.ndarray, np.inexact, float, complex)) for leaf in leaves)


def _after_entry(rebuild: Rebuild, count: int) -> Rebuild | None:
    """What puts together what a native entry returns: one output bare, several as a tuple; ``None`` for nothing."""
    marks = tuple(np.float64(k) for k in range(count))
    found = rebuild(marks)
    if count == 1:
        return None if found is marks[0] else lambda output: rebuild((output,))
    is_tuple = type(found) is tuple and list(map(id, found)) == list(map(id, marks))
    return None if is_tuple else rebuild


def _hashable(fixed: Any, f: Function) -> Any:
    try:
        hash(fixed)
    except TypeError:
        raise ArgumentError(
            f"{function_name(f)} was compiled with a constant argument that cannot be hashed: {fixed!r:.80}.",
            why="The code is held by the values of its constants.",
            remedy="Give arrays as followed arguments, and tuples in the place of lists.",
            where=user_location(),
        ) from None
    return _told_apart_by_type(fixed)


def _told_apart_by_type(x: Any) -> Any:
    """Equal for constants that are the same: 1, 1.0 and True are not, nor are 0.0 and -0.0."""
    if isinstance(x, tuple):
        return type(x), tuple(map(_told_apart_by_type, x))
    if isinstance(x, frozenset):
        return type(x), frozenset(map(_told_apart_by_type, x))
    return type(x), repr(x) if isinstance(x, (int, float, complex)) else x


_said: set[str] = set()


def _say_once(reason: str) -> None:
    if reason not in _said:
        _said.add(reason)
        warnings.warn(f"wengert.compile runs the list instead of machine code: {reason}", RuntimeWarning, stacklevel=2)


def _checked(signature: Signature, lst: WengertList, f: Function, leaves: Sequence[Any]) -> None:
    """Compare results and gradient of the machine code with those of the list as it was traced."""
    body = signature.call.body
    at = [as_typed(x, kind) for x, kind in zip(leaves, signature.types, strict=True)]
    _compare(lst, signature.call, at, f, "result")
    if not any(map(is_floating, body.inputs)) or not any(map(is_floating, body.outputs)):
        return
    backwards = adjoint(lst)
    seeds = [np.ones(v.shape, v.dtype)[()] for v in backwards.inputs[len(at) :]]
    _compare(backwards, NativeCall(adjoint(body)), [*at, *seeds], f, "result or cotangent")


def _compare(lst: WengertList, call: NativeCall, at: Sequence[Any], f: Function, what: str) -> None:
    with np.errstate(all="ignore"):
        expected = lst.run(at)
    for k, (x, y) in enumerate(zip(call.program.run(at), expected, strict=True)):
        tolerance = 1e-4 if np.asarray(y).dtype.itemsize == 4 else 1e-9
        scale = np.max(np.abs(y[np.isfinite(y)] if np.ndim(y) else y), initial=0) if np.size(y) else 0
        if np.shape(x) != np.shape(y) or not np.allclose(x, y, tolerance, tolerance * scale, equal_nan=True):
            raise CheckError(
                f"compile of {function_name(f)}: {what} {k} is {np.asarray(x)!r:.200}, but the list gives "
                f"{np.asarray(y)!r:.200}.",
                why="The machine code is wrong.",
                remedy="Report it with the function; use the function without compile until then.",
                where=user_location(),
            )


def compile(  # noqa: A001  # the name that the field has for it
    f: Function, *, static_argnums: int | Sequence[int] = (), check: bool = False
) -> Compiled:
    """Make a function run as machine code.

    The function is traced once for each type of arguments (structure, shapes, dtypes, constants), simplified, and
    written as LLVM code: a chain of elementwise operations and the sums at its end are one loop, arrays in between
    share one block of memory.

    Parameters
    ----------
    f : callable
        A numeric function in NumPy that `trace` can follow, or a derivative, as in ``compile(grad(f))``.
    static_argnums : int or sequence of int
        Positional arguments that are constants of the code: strings, sizes, flags. Keyword arguments are constants
        unless they are arrays or floats.
    check : bool
        Compare the first result and gradient for each type of arguments with those of the interpreted list.

    Returns
    -------
    Compiled
        Called like `f`, with the same results to rounding; arrays in its results are new. It can be differentiated and
        mapped as `f` can: the derivatives are compiled too. ``signatures`` shows for which types code is held;
        ``list()``, ``llvm()`` and ``stats()`` what was made of them.

    Raises
    ------
    TraceError
        If Python decides on a value in `f`.
    CheckError
        If `check` finds a difference.

    Notes
    -----
    What is not followed, globals and closures, has the value of the first call. Control statements, decompositions,
    sorting and other operations without native code are evaluated by NumPy between native functions. Compiling takes
    some 50 to 150 ms, and little where a former process has compiled the same: object code is kept in the user's cache
    folder (``WENGERT_CACHE=0`` switches that off, a path moves it). Where llvmlite is missing, a warning says so once
    and the list is interpreted.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def energy(x):
    ...     return np.sum(np.sin(x) ** 2)
    >>> slope = wg.compile(wg.grad(energy))
    >>> slope(np.array([0.0, 0.5, 1.0]))
    array([0.        , 0.84147098, 0.90929743])
    >>> print(slope.signatures[0])
    (f64[3])
    >>> wg.grad(wg.compile(energy))(np.array([0.0, 0.5, 1.0]))
    array([0.        , 0.84147098, 0.90929743])
    """
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    if not callable(f) or any(k < 0 for k in numbers):
        raise ArgumentError(
            f"compile got {f!r:.60} with static_argnums={static_argnums!r}.",
            remedy="Give a function, and the numbers of positional arguments from 0 on.",
            where=user_location(),
        )
    return Compiled(f, frozenset(numbers), check)
