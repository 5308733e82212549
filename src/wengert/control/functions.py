"""`cond`, `switch`, `while_loop`, `fori_loop`, `scan`, `call`: control flow that a list can hold.

On values that are known they run as Python would. Where something is abstract, as under `trace`, the functions given
are recorded as sub-lists and one statement holds them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.containers import flatten, function_name, leaf_names, parameter_names, same_structure
from wengert.control.branches import Branches, Call, no_such_branch
from wengert.control.loops import Loop
from wengert.control.operation import apply
from wengert.control.recording import (
    Recorded,
    aligned,
    array,
    arrays,
    check_same,
    letter_of,
    record,
    with_outputs_cast,
)
from wengert.control.whiles import While
from wengert.errors import ArgumentError, DtypeError, ShapeError, user_location
from wengert.levels import recording_sublist
from wengert.nodes import own_copy
from wengert.tracing import Recorder
from wengert.value import Value, concrete, is_abstract
from wengert.wlist import ArrayType

__all__ = ["call", "cond", "fori_loop", "scan", "switch", "while_loop"]

Function = Callable[..., Any]


def _own(tree: Any) -> Any:
    """The arrays that a function is given, as arrays of its own: if it writes into them nothing changes outside."""
    leaves, rebuild = arrays(tree)
    return rebuild([own_copy(x) for x in leaves])


def _check_callable(what: str, *functions: Any) -> None:
    for f in functions:
        if not callable(f):
            raise ArgumentError(
                f"{what} needs functions, but was given {type(f).__name__}: {f!r:.60}.",
                why="Only what is chosen or repeated is evaluated, when its turn comes.",
                remedy="Put a lambda in front, as in lambda: x.",
                where=user_location(),
            )


# --- branches --------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    """Evaluate one of two functions, as ``true_fun(*operands) if pred else false_fun(*operands)``.

    Parameters
    ----------
    pred : bool
        A scalar.
    true_fun, false_fun : callable
        They return containers of the same structure, shapes and dtypes (dtypes are promoted to the larger one).
    *operands
        Arrays or containers of arrays. What the functions use besides is seen too.

    Returns
    -------
    array or container
        What the chosen function returns.

    Raises
    ------
    ShapeError, ArgumentError
        If `pred` is not a scalar; under `trace`, if the results differ in shape or structure.

    Notes
    -----
    Known values: Python's own ``if``. Under `trace` both functions are recorded, and one of them is run with the list.
    The derivative is that of the branch taken; the values of the branch are computed once more in reverse mode.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def root(x):
    ...     return wg.cond(x > 0, np.sqrt, np.zeros_like, x)
    >>> float(wg.grad(root)(4.0)), float(wg.grad(root)(-1.0))
    (0.25, 0.0)
    >>> print(wg.trace(root)(4.0))
    list root(x: f64[]) -> v2
      v1 = x > 0          bool[]    <...
      v2 = cond(v1, x)    f64[]     <...
        false zeros_like(a: f64[]) -> 0.0
        true sqrt(x: f64[]) -> w1
          w1 = sqrt(x)    f64[]     <...
    """
    _check_callable("cond", true_fun, false_fun)
    chosen = _scalar("cond", pred, "fciub")
    if not is_abstract(chosen):
        return (true_fun if bool(concrete(chosen)) else false_fun)(*map(_own, operands))
    if chosen.dtype.kind != "b":
        chosen = np.not_equal(chosen, 0)
    return _recorded_branches("cond", chosen, (false_fun, true_fun), operands)


def switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    """Evaluate one of several functions, as ``branches[index](*operands)``.

    Parameters
    ----------
    index : int
        From 0 to ``len(branches) - 1``.
    branches : sequence of callable
        They return containers of the same structure, shapes and dtypes.
    *operands
        Arrays or containers of arrays.

    Returns
    -------
    array or container
        What the chosen function returns.

    Raises
    ------
    IndexError
        If `index` is out of range, at once or when the list is run.
    ShapeError, ArgumentError
        As by `cond`.

    Notes
    -----
    As `cond`, of which it is the form for more than two branches.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> float(wg.grad(lambda x: wg.switch(2, [np.sin, np.cos, np.exp], x))(0.0))
    1.0
    """
    _check_callable("switch", *branches)
    chosen = _scalar("switch", index, "iu")
    if not branches:
        raise ArgumentError(
            "switch was given no branches.", remedy="Give a sequence of functions.", where=user_location()
        )
    if not is_abstract(chosen):
        number = operator.index(concrete(chosen))
        if not 0 <= number < len(branches):
            raise no_such_branch("switch", number, len(branches))
        return branches[number](*map(_own, operands))
    return _recorded_branches("switch", chosen, branches, operands)


def _scalar(what: str, x: Any, kinds: str) -> Any:
    found = array(x)
    if found.shape != () or found.dtype.kind not in kinds:
        raise ShapeError(
            f"{what} needs {'a truth value' if 'b' in kinds else 'an integer'}, but got {ArrayType.of(found)}.",
            remedy="Choose by elements with np.where, or reduce with np.any or np.all.",
            where=user_location(),
        )
    return found


def _recorded_branches(name: str, index: Any, functions: Sequence[Function], operands: Sequence[Any]) -> Any:
    leaves = [array(x) for arg in operands for x in flatten(arg)[0]]
    letter = letter_of([index, *leaves])
    parts = [record(f, operands, letter) for f in functions]
    _check_branches(name, functions, parts)
    types = [_common(kinds) for kinds in zip(*(part.types for part in parts), strict=True)]
    if not types:
        return parts[0].rebuild([])
    lists, outside = aligned(parts)
    prim = Branches(name, [with_outputs_cast(lst, types) for lst in lists])
    return parts[0].rebuild(apply(prim, [index, *outside, *leaves]))


def _common(kinds: Sequence[ArrayType]) -> ArrayType:
    return ArrayType(kinds[0].shape, np.result_type(*(kind.dtype for kind in kinds)))


def _check_branches(name: str, functions: Sequence[Function], parts: Sequence[Recorded]) -> None:
    first = parts[0]
    for f, part in zip(functions[1:], parts[1:], strict=True):
        shapes = [[t.shape for t in p.types] for p in (first, part)]
        if same_structure(first.result, part.result) and shapes[0] == shapes[1]:
            continue
        found = [", ".join(map(str, p.types)) or "nothing" for p in (first, part)]
        raise ShapeError(
            f"{name}: {function_name(functions[0])} returns {found[0]}, but {function_name(f)} returns {found[1]}.",
            why="Which branch is taken is not known while the program is recorded.",
            remedy="Return arrays of the same shapes in the same containers.",
            where=user_location(),
        )


# --- loops -----------------------------------------------------------------------------------------------------


def fori_loop(lower: int, upper: int, body_fun: Function, init: Any) -> Any:
    """Repeat a function for a range of integers, as ``for i in range(lower, upper): carry = body_fun(i, carry)``.

    Parameters
    ----------
    lower, upper : int
        May be values that are known only when a list is run.
    body_fun : callable
        ``(i, carry) -> carry`` of the structure, shapes and dtypes of `init` (a carry that starts as an integer and
        goes on as a float is a float).
    init : array or container of arrays
        The carry that the first round gets.

    Returns
    -------
    array or container
        The carry that the last round returned; `init` if there is none.

    Raises
    ------
    ArgumentError, ShapeError, DtypeError
        If the carry changes its structure, a shape or to an incompatible dtype; the message names the array.

    Notes
    -----
    Known values: Python's own loop. Under `trace` the function is recorded once. In reverse mode the carries of all
    rounds are kept and each round is computed once more, but for dear values such as those of ``exp`` and ``@``:
    memory for ``upper - lower`` carries, and for values of at most 4 times as many bytes and 32 MiB.

    Examples
    --------
    >>> import wengert as wg
    >>> def logistic(x):
    ...     return wg.fori_loop(0, 3, lambda i, l: 4 * l * (1 - l), x)
    >>> float(wg.grad(logistic)(0.2))
    9.066...
    >>> print(wg.trace(logistic)(0.2))
    list logistic(x: f64[]) -> v1
      v1 = fori_loop(i = 0..2; x)    f64[]    <...
        body <lambda>(i: i64[], l: f64[]) -> w3
          w1 = 4 * l                 f64[]    <...
          w2 = 1 - l                 f64[]    <...
          w3 = w1 * w2               f64[]    <...
    """
    _check_callable("fori_loop", body_fun)
    first, last = _scalar("fori_loop", lower, "iu"), _scalar("fori_loop", upper, "iu")
    if is_abstract(first) or is_abstract(last):
        return _while_counting(first, last, body_fun, init)
    start, stop = operator.index(concrete(first)), operator.index(concrete(last))
    leaves, _ = arrays(init)
    if not any(map(is_abstract, leaves)):
        done, carry = _run_rounds(range(start, stop), body_fun, init)
        if done:
            return carry

    def body(i: Any, carry: Any) -> Any:
        return body_fun(i, carry), ()

    rounds = _Rounds("fori_loop", start, max(stop - start, 0), reverse=False)
    return _recorded_rounds(rounds, body_fun, body, parameter_names(body_fun, 2), init, ())[0]


def _run_rounds(rounds: range, body_fun: Function, init: Any) -> tuple[bool, Any]:
    """Python's loop over known values; given up after the first round if that has brought in an abstract one."""
    carry = _own(init)
    for number, i in enumerate(rounds):
        if number == 0 and len(rounds) > 1:
            new, is_known = _tried(body_fun, i, carry)
            if not is_known:
                return False, None
        else:
            new = body_fun(i, carry)
        carry = _next_carry("fori_loop", body_fun, carry, new)
    return True, carry


def _tried(f: Function, *args: Any) -> tuple[Any, bool]:
    """What a function returns for known values, and whether that is known: it may use abstract ones from outside.

    What it does to those is thrown away: where it uses them it is recorded.
    """
    trial = Recorder(lifts=True)
    with recording_sublist(trial):
        y = f(*args)
    return y, not any(map(is_abstract, arrays(y)[0]))


def _next_carry(what: str, f: Function, before: Any, new: Any) -> Any:
    """What the next round takes: of the structure and shapes of the carry before, and of no smaller dtype."""
    check_same(what, f, before, new)
    leaves, rebuild = arrays(new)
    types = [np.result_type(x.dtype, y.dtype) for x, y in zip(arrays(before)[0], leaves, strict=True)]
    if all(y.dtype == dtype for y, dtype in zip(leaves, types, strict=True)):
        return new
    return rebuild([y if y.dtype == dtype else y.astype(dtype) for y, dtype in zip(leaves, types, strict=True)])


def _while_counting(lower: Any, upper: Any, body_fun: Function, init: Any) -> Any:
    """The loop whose bounds are known only when it is run."""

    def goes_on(state: Any) -> Any:
        return state[0] < state[1]

    def body(state: Any) -> Any:
        i, last, carry = state
        return i + 1, last, body_fun(i, carry)

    start, stop = (np.int64(x) if not isinstance(x, Value) else x for x in (lower, upper))
    return while_loop(goes_on, body, (start, stop, init))[2]


def scan(f: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False) -> tuple[Any, Any]:
    """Repeat a function over the rows of arrays, carrying a state and stacking results.

    As ``for x in xs: carry, y = f(carry, x); ys.append(y)``, and then ``carry, np.stack(ys)``.

    Parameters
    ----------
    f : callable
        ``(carry, x) -> (carry, y)``.
    init : array or container of arrays
        The carry that the first round gets; its structure, shapes and dtypes stay.
    xs : array or container of arrays, optional
        All of the same length n along axis 0; each round gets x = xs[k].
    length : int, optional
        n, where there are no xs.
    reverse : bool
        From the last row to the first; y of row k still stands at place k.

    Returns
    -------
    carry : array or container
        That of the last round.
    ys : array or container
        The y, stacked along a new axis 0.

    Raises
    ------
    ArgumentError
        If neither xs nor length say how many rounds there are, or they disagree; if f returns no pair.
    ShapeError, DtypeError
        As by `fori_loop`.

    Notes
    -----
    Known values: Python's own loop. Under `trace` the function is recorded once; memory in reverse mode as by
    `fori_loop`.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    """
    _check_callable("scan", f)
    rows, rebuild = arrays(xs)
    count = _length(rows, length)
    leaves, _ = arrays(init)
    if not any(map(is_abstract, [*leaves, *rows])):
        found = _scan_rounds(f, init, rows, rebuild, range(count - 1, -1, -1) if reverse else range(count))
        if found is not None:
            return found

    def body(_: Any, carry: Any, *slices: Any) -> Any:
        return _pair(f, f(carry, rebuild(slices)))

    of_carry, of_x = parameter_names(f, 2)
    names = ["k" if "k" not in (of_carry, of_x) else "i", of_carry, *leaf_names(of_x, xs)]
    return _recorded_rounds(_Rounds("scan", 0, count, reverse), f, body, names, init, rows)


def _length(rows: Sequence[Any], length: int | None) -> int:
    lengths: set[Any] = {x.shape[0] if x.shape else None for x in rows} | ({length} if length is not None else set())
    is_number = all(isinstance(n, (int, np.integer)) and n >= 0 for n in lengths)
    if len(lengths) != 1 or not is_number:
        shapes = ", ".join(str(x.shape) for x in rows) or "none"
        raise ArgumentError(
            f"scan was given xs of shapes {shapes} and length={length}.",
            why="They say how many rounds there are: one integer, which is not negative.",
            remedy="Give arrays that agree in axis 0, or length= alone.",
            where=user_location(),
        )
    return operator.index(lengths.pop())


def _pair(f: Function, result: Any) -> tuple[Any, Any]:
    if not (isinstance(result, tuple) and len(result) == 2):
        raise ArgumentError(
            f"scan: {function_name(f)} returned no pair.",
            why="Each round gives the next carry and what is to be stacked.",
            remedy="Return (carry, y); y may be None.",
            where=user_location(),
        )
    return result


def _scan_rounds(
    f: Function, init: Any, rows: Sequence[Any], rebuild: Callable[..., Any], rounds: range
) -> tuple[Any, Any] | None:
    """Python's loop over known values; ``None`` if the first round has brought in an abstract one."""
    carry, stacks, put_together = _own(init), [], None
    for number, k in enumerate(rounds):
        slices = rebuild([own_copy(x[k]) for x in rows])
        if number == 0:
            result, is_known = _tried(f, carry, slices)
            if not is_known:
                return None
        else:
            result = f(carry, slices)
        new, y = _pair(f, result)
        found, put_together = arrays(y)
        if number == 0:
            first = y
        else:
            _check_rows(f, first, y)
        stacks.append(found)
        carry = _next_carry("scan", f, carry, new)
    if put_together is None:
        return None  # no rounds: what f would return is found by recording it
    ordered = stacks[::-1] if rounds.step < 0 else stacks
    return carry, put_together([np.stack(ys) for ys in zip(*ordered, strict=True)])


def _check_rows(f: Function, first: Any, y: Any) -> None:
    if same_structure(first, y) and [a.shape for a in arrays(first)[0]] == [a.shape for a in arrays(y)[0]]:
        return
    found = [", ".join(str(ArrayType.of(x)) for x in arrays(tree)[0]) or "nothing" for tree in (first, y)]
    raise ShapeError(
        f"scan: {function_name(f)} gave {found[0]} in the first round to be stacked, and {found[1]} in another.",
        why="What is stacked has one structure and shape in all rounds.",
        where=user_location(),
    )


@dataclass(frozen=True, slots=True)
class _Rounds:
    """Which statement, and which rounds."""

    name: str
    start: int
    length: int
    reverse: bool


def _recorded_rounds(
    rounds: _Rounds, f: Function, body: Function, names: Sequence[str], init: Any, rows: Sequence[Any]
) -> tuple[Any, Any]:
    """Record a loop over ``body(i, carry, *slices) -> (carry, ys)``, which calls the user's function `f`."""
    leaves, rebuild = arrays(init)
    slices = [_element(x) for x in rows]
    letter = letter_of([*leaves, *rows])

    def recorded(kinds: Sequence[ArrayType]) -> Recorded:
        types = [ArrayType((), np.dtype(np.int64)), *kinds, *map(ArrayType.of, slices)]
        return record(body, (np.int64(0), init, *slices), letter, types, names)

    part, types = _settled(rounds.name, f, recorded, init)
    count = len(part.outside)
    outside, (i, *inputs) = part.lst.inputs[:count], part.lst.inputs[count:]
    lst = replace(part.lst, name=function_name(f), inputs=(i, *outside, *inputs))
    prim = Loop(
        rounds.name, with_outputs_cast(lst, [*types, *part.types[len(types) :]]), start=rounds.start,
        length=rounds.length, reverse=rounds.reverse, constants=count, carries=len(types),
    )  # fmt: skip
    found = apply(prim, [*part.outside, *map(_cast, leaves, types), *rows])
    return rebuild(found[: len(types)]), flatten(part.result[1])[1](found[len(types) :])


def _element(x: Any) -> Any:
    """Something of the type of a row."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape[1:])


def _cast(x: Any, kind: ArrayType) -> Any:
    return x if x.dtype == kind.dtype else x.astype(kind.dtype)


def _settled(
    name: str, f: Function, recorded: Callable[[Sequence[ArrayType]], Recorded], init: Any
) -> tuple[Recorded, list[ArrayType]]:
    """Record a body until what it returns has the dtypes of what it takes: an integer may go on as a float."""
    types = [ArrayType.of(x) for x in arrays(init)[0]]
    for _ in range(3):
        part = recorded(types)
        check_same(name, f, init, part.result[0])
        wider = [
            ArrayType(old.shape, np.result_type(old.dtype, new.dtype))
            for old, new in zip(types, part.types, strict=False)
        ]
        if wider == types:
            return part, types
        types = wider
    raise DtypeError(
        f"{name}: the dtypes of {', '.join(leaf_names('carry', init))} change from round to round.",
        why="What a loop carries has one dtype in all rounds.",
        remedy="Give the initial value the final dtype.",
        where=user_location(),
    )


def while_loop(cond_fun: Function, body_fun: Function, init: Any) -> Any:
    """Repeat a function as long as a condition holds, as ``while cond_fun(carry): carry = body_fun(carry)``.

    Parameters
    ----------
    cond_fun : callable
        ``carry -> bool``, a scalar.
    body_fun : callable
        ``carry -> carry`` of the structure, shapes and dtypes of `init`.
    init : array or container of arrays

    Returns
    -------
    array or container
        The first carry for which the condition does not hold.

    Raises
    ------
    ArgumentError, ShapeError, DtypeError
        As by `fori_loop`; ShapeError also if the condition is not a scalar.

    Notes
    -----
    Known values: Python's own loop. Under `trace` both functions are recorded once. Reverse mode keeps the carries of
    all rounds in a buffer that grows, and computes each round once more.

    Examples
    --------
    >>> import wengert as wg
    >>> def newton(a):
    ...     return wg.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)
    >>> round(float(wg.grad(newton)(4.0)), 6)
    0.25
    """
    _check_callable("while_loop", cond_fun, body_fun)
    leaves, rebuild = arrays(init)
    if not any(map(is_abstract, leaves)):
        done, carry = _run_while(cond_fun, body_fun, init)
        if done:
            return carry
    return rebuild(_recorded_while(cond_fun, body_fun, init, leaves))


def _recorded_while(cond_fun: Function, body_fun: Function, init: Any, leaves: Sequence[Any]) -> tuple[Any, ...]:
    letter = letter_of(leaves)

    def body(carry: Any) -> Any:
        return body_fun(carry), ()

    def recorded(kinds: Sequence[ArrayType]) -> Recorded:
        return record(body, (init,), letter, kinds, parameter_names(body_fun, 1))

    def decided(carry: Any) -> Any:
        return _scalar(f"while_loop: {function_name(cond_fun)}", cond_fun(carry), "fciub")

    part, types = _settled("while_loop", body_fun, recorded, init)
    asked = record(decided, (init,), letter, types, parameter_names(cond_fun, 1))
    (cond_list, body_list), outside = aligned([asked, part])
    prim = While(
        with_outputs_cast(replace(cond_list, name=function_name(cond_fun)), [ArrayType((), np.dtype(bool))]),
        with_outputs_cast(replace(body_list, name=function_name(body_fun)), types),
        constants=len(outside),
    )
    return apply(prim, [*outside, *map(_cast, leaves, types)])


def _run_while(cond_fun: Function, body_fun: Function, init: Any) -> tuple[bool, Any]:
    """Python's loop over known values; given up where the first round has brought in an abstract one."""
    carry = _own(init)
    what = f"while_loop: {function_name(cond_fun)}"
    number = 0
    while True:
        answer, is_known = _tried(cond_fun, carry) if number == 0 else (cond_fun(carry), True)
        answer = _scalar(what, answer, "fciub")
        if is_known and not bool(concrete(answer)):
            return True, carry
        if is_known:
            new, is_known = _tried(body_fun, carry) if number == 0 else (body_fun(carry), True)
        if not is_known:
            return False, None
        carry = _next_carry("while_loop", body_fun, carry, new)
        number += 1


# --- functions -------------------------------------------------------------------------------------------------


def call(f: Function, *args: Any) -> Any:
    """Call a function, which stays a function of its own in a list: ``f(*args)``.

    Parameters
    ----------
    f : callable
    *args
        Arrays or containers of arrays.

    Returns
    -------
    array or container
        ``f(*args)``.

    Notes
    -----
    On known values the call, with arrays of its own: a write into them does not reach the caller's. Under `trace` the
    statements of `f` stand in a sub-list, and in a list that is written as source `f` is a function.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def energy(v):
    ...     return v @ v / 2
    >>> print(wg.trace(lambda v: wg.call(energy, v) + wg.call(energy, 2 * v))(np.ones(3)))
    list <lambda>(v: f64[3]) -> v4
      v1 = energy(v)     f64[]     <...
        function energy(v: f64[3]) -> w2
          w1 = v @ v     f64[]     <...
          w2 = w1 / 2    f64[]     <...
      v2 = 2 * v         f64[3]    <...
      v3 = energy(v2)    f64[]     <...
        function energy(v: f64[3]) -> w2
          w1 = v @ v     f64[]     <...
          w2 = w1 / 2    f64[]     <...
      v4 = v1 + v3       f64[]     <...
    """
    _check_callable("call", f)
    leaves = [array(x) for arg in args for x in flatten(arg)[0]]
    if not any(map(is_abstract, leaves)):
        return f(*map(_own, args))
    part = record(f, args, letter_of(leaves))
    return part.rebuild(apply(Call(part.lst), [*part.outside, *leaves]))
