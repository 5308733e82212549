"""The whole file: imports, constants, the functions that are called, and the function."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wengert.control import Branches, Call, Loop, While
from wengert.errors import printable
from wengert.show.python_source.branching import plan_branches, plan_call
from wengert.show.python_source.emission import Emission
from wengert.show.python_source.expressions import Expression, Local, leaf
from wengert.show.python_source.helpers import Preamble
from wengert.show.python_source.items import Item, Result
from wengert.show.python_source.layout import WIDTH, fitted
from wengert.show.python_source.looping import plan_loop, plan_while
from wengert.show.python_source.naming import Names, identifier, is_derived
from wengert.show.python_source.planning import Context, Planner
from wengert.show.python_source.vocabulary import refusal
from wengert.wlist import ANY, ArrayType, Statement, WengertList

__all__ = ["python_source"]


def python_source(lst: WengertList, name: str = "") -> str:
    """Write a list as a Python function that needs NumPy, and SciPy where that has what is called, and nothing else.

    Parameters
    ----------
    lst : WengertList
        A recorded program, or one that computes its derivatives.
    name : str
        Of the function; that of the list if empty.

    Returns
    -------
    str
        A file: imports, functions and constants that are needed, and the function. It takes arrays, or NumPy scalars,
        of the shapes and dtypes of the inputs and returns what the list does: one value, or a tuple.

    Raises
    ------
    NoRuleError
        For a primitive of the user, and for rows that are computed by numerical methods of this library: derivatives
        of some special functions in their parameters.

    Notes
    -----
    Variables are called as in the user's program, cotangents ``x_bar`` and tangents ``x_dot`` after them. Arguments are
    never changed; arrays that the function makes itself are changed in place where nothing reads them later. Constant
    arrays of more than 12 elements stand above the function, however long they are. Linear in the length of the list.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> text = python_source(wg.adjoint(wg.trace(lambda x: np.sin(x) * x)(1.0)), "slope")
    >>> namespace = {}
    >>> exec(text, namespace)
    >>> y, x_bar = namespace["slope"](np.float64(2.0), np.float64(1.0))
    >>> float(x_bar - (np.sin(2.0) + 2.0 * np.cos(2.0)))
    0.0
    """
    preamble = Preamble()
    context = Context(preamble, {}, _function, _plan_control)
    own = identifier(name or lst.name)
    preamble.reserved.add(own)
    text = _function(lst, own, context)
    blocks = preamble.write(text)
    return "\n\n\n".join([*blocks, text]) + "\n"


def _function(lst: WengertList, name: str, context: Context) -> str:
    names = Names(lst, context.known, names_results=True)
    context.known.update(names.all)
    inputs = [Local(v.type, names[v] or v.name) for v in lst.inputs]
    planner = Planner(lst, names, context, dict(zip(lst.inputs, map(leaf, inputs), strict=True)))
    items: list[Item] = planner.plan()
    outputs = planner.outputs(len("return "), is_inlined=not is_derived(lst))
    items.append(Result(outputs))
    emission = Emission(items, {*context.preamble.reserved, name})
    parameters = [emission.name_input(local) for local in inputs]
    body = emission.write()
    results = _names_of_results(outputs, emission)
    head = fitted(f"def {name}({', '.join(parameters)}):")
    return "\n".join([*head, *_docstring(lst, parameters, results), *_spaced(body)])


def _plan_control(planner: Planner, stmt: Statement) -> None:
    prim = stmt.prim
    if isinstance(prim, Loop):
        plan_loop(planner, stmt, prim)
    elif isinstance(prim, While):
        plan_while(planner, stmt, prim)
    elif isinstance(prim, Branches):
        plan_branches(planner, stmt, prim)
    elif isinstance(prim, Call):
        plan_call(planner, stmt, prim)
    else:
        raise refusal(stmt, "Python has no such control statement.")


def _names_of_results(outputs: Sequence[Expression], emission: Emission) -> list[str]:
    """What the docstring calls the results: as the user does, if that tells them apart."""
    wanted = [value.local.wanted if value.local is not None else "" for value in outputs]
    found = []
    for k, (value, name) in enumerate(zip(outputs, wanted, strict=True)):
        own = emission.name(value.local) if value.local is not None else "y" if len(outputs) == 1 else f"y{k + 1}"
        found.append(identifier(name) if name and wanted.count(name) == 1 else own)
    return found


def _spaced(body: Sequence[str]) -> list[str]:
    """An empty line where the lines of the program end and those of its derivative begin."""
    pattern = re.compile(r"    # (adjoint|tangent) of ")
    first = next((k for k, line in enumerate(body) if pattern.match(line)), 0)
    has_primal = any(not line.lstrip().startswith("#") for line in body[:first])
    is_reverse = first and "# adjoint of " in body[first] and has_primal
    return [*body[:first], "", *body[first:]] if is_reverse else list(body)


# --- the docstring -----------------------------------------------------------------------------------------------


def _docstring(lst: WengertList, parameters: Sequence[str], results: Sequence[str]) -> list[str]:
    lines = [f'    """{_summary(lst)}']
    if parameters:
        lines += ["", "    Parameters", "    ----------"]
        lines += [f"    {name} : {_type_text(v.type)}" for name, v in zip(parameters, lst.inputs, strict=True)]
    if results:
        lines += ["", "    Returns", "    -------"]
        lines += [f"    {name} : {_type_text(ArrayType.of(y))}" for name, y in zip(results, lst.outputs, strict=True)]
    return [*lines, '    """']


def _summary(lst: WengertList) -> str:
    text = _what(lst)
    return text if len(text) < WIDTH - 10 else f"{text[: WIDTH - 12]}…"


def _what(lst: WengertList) -> str:
    own = _spoken(lst.name)
    if lst.made_from is None:
        return f"Compute {own}."
    kind, of = lst.made_from
    source = of
    while source.made_from is not None and source.made_from[0] == "simplified":
        source = source.made_from[1]
    inner = _spoken(source.name)
    if kind == "adjoint":
        return f"Compute the results of {inner}, and the cotangents of its inputs for those of the results."
    if kind == "tangent":
        return f"Compute the results of {inner}, and their tangents for those of the inputs."
    return _what(of)


def _spoken(name: str) -> str:
    """The name of a list within a docstring."""
    return printable(name).replace("<lambda>", "a function").replace("\\", "").replace('"', "")


def _type_text(kind: ArrayType) -> str:
    if kind.shape == ():
        return str(kind.dtype)
    shape = ", ".join("n" if n == ANY else str(n) for n in kind.shape)
    return f"{kind.dtype} array of shape ({shape}{',' if kind.ndim == 1 else ''})"
