"""The whole file: what it says of itself, what it includes, and the function."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wengert.errors import NoRuleError, user_location
from wengert.show.c_source import moving, products, sequences, taking
from wengert.show.c_source.blocks import Block, Writer
from wengert.show.c_source.control import ControlWriter
from wengert.show.c_source.elements import write_loops
from wengert.show.c_source.functions import Function
from wengert.show.c_source.layouts import Layout
from wengert.show.c_source.literals import DType, c_type
from wengert.show.c_source.page import comment
from wengert.show.c_source.places import Elements, Place, Scalar, Storage
from wengert.show.c_source.prelude import definitions
from wengert.wlist import ArrayType, Variable, WengertList

__all__ = ["c_source"]

_WRITERS: dict[str, Writer] = {
    **moving.WRITERS, **products.WRITERS, **sequences.WRITERS, **taking.WRITERS, "control": ControlWriter(),
}  # fmt: skip

# What of the text needs which header; in C11 CMPLX is a macro of <complex.h>.
_HEADERS = {
    "<complex.h>": r"\bcomplex\b|\bCMPLXF?\b",
    "<math.h>": r"\b(?!sizeof|for|while|if|switch|return)[a-z]+[0-9a-z]*\(|\bNAN\b|\bINFINITY\b",
    "<stdbool.h>": r"\b(?:bool|true|false)\b",
    "<stddef.h>": r"\bsize_t\b",
    "<stdint.h>": r"\bU?INT\d+_|\bu?int\d+_t\b",
}


def c_source(lst: WengertList, name: str = "") -> str:
    """Write a list as a file of C11 that needs nothing but the C library.

    Parameters
    ----------
    lst : WengertList
        With real, complex, integer and boolean values; ``float16`` and ``longdouble`` have no counterpart.
    name : str
        Of the C function; that of the list if empty.

    Returns
    -------
    str
        One function ``int name(inputs…, outputs…, workspaces…)``. Inputs that are numbers are passed by value, arrays
        as contiguous row-major pointers; outputs go through pointers, and must not overlap with inputs. What the
        function needs for intermediate arrays the caller provides: the file defines how many elements each
        workspace has. It returns 0, or a positive number where an index that was computed is out of range.

    Raises
    ------
    NoRuleError
        If C has no counterpart of a statement: decompositions of matrices, sorting, Fourier transforms, most special
        functions, primitives of users.

    Notes
    -----
    Statements that follow each other on arrays of one shape share a loop; views are subscripts, without a copy. Sums
    run from the first element to the last, so they round differently from NumPy's. Integer overflow is undefined, as
    C has it. The length of the file is linear in that of the list, whatever the shapes.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> lst = wg.trace(lambda x, y: np.sum(x * np.exp(-y)))(np.ones(3), 1.)
    >>> text = c_source(lst, "decay")
    >>> print(text[text.index("int decay"):], end="")  # doctest: +ELLIPSIS
    int decay(const double *restrict x, double y, double *restrict v4)
    {
        /* ... */
        double v1 = -y;
        double v2 = exp(v1);
        double sum = 0.0;
        for (size_t i = 0; i < 3; i++) {
            double v3 = x[i] * v2;
            sum += v3;
        }
        *v4 = sum;
        return 0;
    }
    """
    function = Function(name or lst.name)
    inputs = [_parameter(function, v.name, v.type) for v in lst.inputs]
    outputs = [_result(function, lst, k) for k in range(len(lst.outputs))]
    block = Block(function, lst, inputs, outputs, _WRITERS, write_loops)
    workspaces = function.allocate()
    block.write()
    body = [f"    {line}" for line in function.table_lines()] + function.page.lines
    unused = [f"    (void){name};" for name in _unused([*inputs, *outputs], body)]
    head = _head(function, inputs, outputs, workspaces)
    helpers = [line for text in definitions(body) for line in (*text.split("\n"), "")]
    lengths = [f"#define {_length_name(function, work)} {n}" for work, (_, n) in workspaces.items()]
    code = [*helpers, *head, "{", *unused, *body, "    return 0;", "}"]
    about = _about(lst, function, inputs, outputs, workspaces)
    parts = [about, [f"#include {h}" for h in _headers(code)], lengths, code]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


# --- parameters -------------------------------------------------------------------------------------------------


def _parameter(function: Function, name: str, kind: ArrayType) -> Place:
    _check_dtype(name, kind.dtype)
    own = function.names.fresh(name)
    if kind.shape == ():
        return Scalar(own, kind.dtype, is_declared=True)
    return Elements(Storage(own, kind.dtype, kind.size), Layout.contiguous(kind.shape))


def _result(function: Function, lst: WengertList, k: int) -> Place:
    """The pointer for an output, called like the variable where a statement makes it."""
    x = lst.outputs[k]
    is_own = isinstance(x, Variable) and not any(x is other for other in (*lst.inputs, *lst.outputs[:k]))
    wanted = x.name if is_own else "y" if len(lst.outputs) == 1 else f"y{k + 1}"
    kind = ArrayType.of(x)
    place = _parameter(function, wanted, kind)
    return Scalar(f"*{place.name}", kind.dtype, is_declared=True) if isinstance(place, Scalar) else place


def _check_dtype(name: str, dtype: DType) -> None:
    if not c_type(dtype):
        raise NoRuleError(
            f"{name} has the dtype {dtype}, which C does not have.",
            remedy='Trace the function with arguments of dtype float64, or use source(..., "python").',
            where=user_location(),
        )


def _own_name(place: Place) -> str:
    return place.storage.name if isinstance(place, Elements) else getattr(place, "name", "").lstrip("*")


def _unused(places: Iterable[Place], body: Sequence[str]) -> list[str]:
    text = "\n".join(line for line in body if not line.lstrip().startswith("/*"))
    words = set(re.findall(r"\w+", text))
    return [name for name in map(_own_name, places) if name not in words]


def _declared(place: Place, *, is_input: bool) -> str:
    kind = c_type(place.dtype) if place.dtype is not None else ""
    if isinstance(place, Scalar):
        return f"{kind} {place.name}" if is_input else f"{kind} *restrict {_own_name(place)}"
    return f"{'const ' if is_input else ''}{kind} *restrict {_own_name(place)}"


def _head(
    function: Function, inputs: Sequence[Place], outputs: Sequence[Place], workspaces: dict[str, tuple[DType, int]]
) -> list[str]:
    parameters = [
        *(_declared(place, is_input=True) for place in inputs),
        *(_declared(place, is_input=False) for place in outputs),
        *(f"{c_type(dtype)} *restrict {name}" for name, (dtype, _) in workspaces.items()),
    ]
    lines, start = [], f"int {function.name}("
    row = start
    for k, parameter in enumerate(parameters or ["void"]):
        end = ", " if k + 1 < len(parameters) else ")"
        if len(row) + len(parameter) > 110:
            lines.append(row.rstrip())
            row = " " * len(start)
        row += parameter + end
    return [*lines, row]


def _length_name(function: Function, work: str) -> str:
    return f"{function.name}_{work}".upper()


# --- what the file says of itself -------------------------------------------------------------------------------


def _about(
    lst: WengertList, function: Function, inputs: Sequence[Place], outputs: Sequence[Place],
    workspaces: dict[str, tuple[DType, int]],
) -> list[str]:  # fmt: skip
    rows = [(_own_name(p), str(v.type), "input") for p, v in zip(inputs, lst.inputs, strict=True)]
    rows += [(_own_name(p), str(ArrayType.of(x)), "output") for p, x in zip(outputs, lst.outputs, strict=True)]
    rows += [
        (work, str(ArrayType((n,), dtype)), f"workspace of {_length_name(function, work)} elements")
        for work, (dtype, n) in workspaces.items()
    ]
    widths = [max((len(row[k]) for row in rows), default=0) for k in (0, 1)]
    table = [f" *   {a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows]
    checks = [f" *   {k}: {_safe(str(stmt))}" for k, stmt in enumerate(function.checks, 1)]
    found = "Returns 0; or, where an index is out of range, the number of" if checks else "Returns 0."
    return [
        f"/* {function.name}: the Wengert list {_safe(lst.name)}, written as C by wengert.",
        " *",
        *table,
        " *",
        " * Arrays are contiguous and row-major, and outputs overlap with nothing else.",
        f" * {found}",
        *checks,
        " */",
    ]


def _safe(text: str) -> str:
    found = comment(text if len(text) < 90 else f"{text[:90]}…")
    return found[0][3:-3] if found else ""


def _headers(code: Sequence[Any]) -> list[str]:
    text = "\n".join(line for line in code[:-1] if not line.lstrip().startswith(("/*", "int ")))
    signature = "\n".join(line for line in code if line.startswith(("int ", " ")))
    return [
        header
        for header, pattern in _HEADERS.items()
        if re.search(pattern, text) or (header != "<math.h>" and re.search(pattern, signature))
    ]
