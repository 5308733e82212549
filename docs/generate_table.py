"""Write docs/derivative-table.md from the registry of primitives.

With ``--check`` nothing is written: the exit status is 1 if the page is not what the registry generates.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import wengert  # noqa: F401  # fills the registry
from wengert.errors import WengertError
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.show.formula import Formula, Part, contribution_formula, primal_formula
from wengert.wlist import ArrayType, Statement, Variable

PAGE = Path(__file__).with_name("derivative-table.md")
COMMAND = "python docs/generate_table.py"

INTRODUCTION = f"""\
<!-- Written by `{COMMAND}`: change the table in src/wengert/rules/, not this page. -->

# The derivative table

Every derivative that wengert takes is put together from the rows below. They are generated from the registry, so they
are what the program uses. How a row is written, and how it becomes a tangent and an adjoint, is told in
[how-it-works.md](how-it-works.md); how to add one, in [guides/adding-a-primitive.md](guides/adding-a-primitive.md).

**Reading a row.** The result is y; the operands are x, or x1, x2, x3. ȳ is the cotangent of y, and `x̄ += …` says what
the row adds to the cotangent of x. For elementwise functions that is ȳ · ∂y/∂x, so only the *partial* ∂y/∂x is printed;
forward mode multiplies the same partial with the tangent of x. Where a row may use the result y, it does: `exp` keeps y
and nothing else. Constants are printed with four digits; a partial that is too long is printed as it stands in
[the code](../src/wengert/rules/). *flat* means piecewise constant: no derivative, nothing is
computed and nothing is kept. For complex operands the conjugate of the partial is taken in reverse mode.

**At special points** says what is returned where a function has no derivative, or where the plain formula would give
`nan`. This is tested.

**Tested** names the numerical derivative that the row is held against, in both modes and to the second order: the
complex step where the function is analytic, Richardson's extrapolation otherwise. Operands are drawn from [−2, 2] where
no other interval is given."""

FLAT = """\
The derivative of these is zero everywhere, at the jumps too. Their results carry no derivative. `detach` is what
`x.detach()` does, `astype_integer` a cast to integers."""

SWEEPS = """\
They have no NumPy function. They multiply a cotangent or a tangent with a partial where a plain product would be `nan`:
[decision 2](decisions/0002-masked-sweeps.md) tells when."""

STRUCTURAL = """\
They are linear: the tangent is the function itself, applied to the tangent, and the adjoint is its transpose. Axes,
shapes and indices are parameters. Each row is an example, for operands of the shape given."""

COMPOSED = """\
These need no row. Called on a value that carries a derivative, each is a composition of the rows above, another name of
one of them, or a question about shapes and values. The operators and methods of arrays, `np.add.reduce` and its like,
and `np.add.accumulate` arrive at their rows too. Since NumPy 2.2 `matvec` and `vecmat` belong to them."""

# Their names exist since NumPy 2.2: COMPOSED speaks of them, so that the page does not depend on NumPy's version.
RECENT = frozenset({"matvec", "vecmat"})

# What a row is shown with, by the name of the parameter; the first choice that the primitive accepts is taken.
PARAMETERS: dict[str, Sequence[Any]] = {
    "axes": [(1, 0)],
    "axis": [0, (0,)],
    "dtype": [np.dtype(np.float32)],
    "index": [0],
    "keepdims": [False],
    "shape": [(3, 2), (4, 2, 3)],
}
DEFAULT_DOMAIN = (-2.0, 2.0)


class Named:
    """Symbols of one statement: the names of its variables, and ȳ for the cotangent of its target."""

    def primal(self, variable: Variable) -> str:
        """Such as x1."""
        return variable.name

    def adjoint(self, variable: Variable) -> str:
        """Such as ȳ."""
        return f"{variable.name[0]}\u0304{variable.name[1:]}".replace("y\u0304", "ȳ")

    def tangent(self, variable: Variable) -> str:
        """Such as ẋ1."""
        return f"{variable.name[0]}\u0307{variable.name[1:]}"


def applied(prim: Primitive, shape: tuple[int, ...], dtype: type = float) -> Statement:
    """The statement y ← prim(x1, x2, …) for operands of one shape, with parameters that fit."""
    count = 2 if prim.variadic else len(prim.facts)
    for choice in parameter_choices(prim):
        for dtypes in [(dtype,) * count, tuple(dtype if prim.is_active(i) else int for i in range(count))]:
            xs = tuple(
                Variable("x" if count == 1 else f"x{k}", ArrayType(shape, np.dtype(kind)))
                for k, kind in enumerate(dtypes, 1)
            )
            try:
                (result,) = prim.infer(xs, choice)
            except (TypeError, ValueError):
                continue
            return Statement((Variable("y", result),), prim, xs, choice)
    raise ValueError(f"{prim.name}: {sorted(PARAMETERS)} do not suffice to show this row.")


def parameter_choices(prim: Primitive) -> Iterator[dict[str, Any]]:
    """Parameters to try, from none to all that the rules of the primitive name."""
    rules = [getattr(fact, "rule", fact) for fact in prim.facts]
    codes = [code for code in (getattr(rule, "__code__", None) for rule in (*rules, prim.compute)) if code]
    names = sorted({name for code in codes for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]})
    names = ["axis", "keepdims"] if prim.kind is Kind.REDUCTION else [name for name in names if name in PARAMETERS]
    for values in itertools.product(*(PARAMETERS[name] for name in names)):
        yield dict(zip(names, values, strict=True))


# --- cells -----------------------------------------------------------------------------------------------------


def code(text: str) -> str:
    """Code in a cell of a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def adjoints(stmt: Statement, *, partials: bool) -> Iterator[str]:
    """One line for each operand."""
    for i, x in enumerate(stmt.operands):
        if not stmt.prim.is_active(i):
            yield f"{x.name}: flat"
            continue
        formula = contribution_formula(stmt, i, Named())
        partial = partial_of(formula) if partials else None
        if "∂" in str(formula):  # too long to be read, or not traceable
            yield in_code(stmt.prim.fact(i), x.name)
        elif partial is not None:
            yield code(f"∂y/∂{x.name} = {partial}")
        else:
            yield code(f"{Named().adjoint(x)} += {formula}")


def partial_of(formula: Formula) -> Formula | None:
    """The factor of ȳ; ``None`` where ȳ is not a factor by itself."""
    texts = [part.text for part in formula.above]
    if texts.count("ȳ") != 1 or "ȳ" in "".join(texts).replace("ȳ", "", 1):
        return None
    above = tuple(bracketed(part) for part in formula.above if part.text != "ȳ")
    return Formula(above, formula.below, formula.negative)


def bracketed(part: Part) -> Part:
    """A factor such as ``x1 // x2`` in brackets: a sign may come to stand before it."""
    return Part(f"({part.text})") if part.precedence == 2 else part


def in_code(partial: Any, x: str) -> str:
    """A partial as the table in src/wengert/rules/ has it."""
    return code(f"∂y/∂{x} = {code_of(partial)}")


def code_of(partial: Any) -> str:
    """The body of a lambda."""
    places = [place for place in partial.__code__.co_positions() if None not in place]
    start = min((line, column) for line, _, column, end in places if column != end)
    stop = max((line, column) for _, line, begin, column in places if column != begin)
    lines = Path(partial.__code__.co_filename).read_bytes().splitlines()[start[0] - 1 : stop[0]]
    lines[-1] = lines[-1][: stop[1]]
    lines[0] = lines[0][start[1] :]
    return b" ".join(line.strip() for line in lines).decode()


def elementwise_cell(prim: Primitive) -> str:
    """The partials; those of complex operands too where they are of another kind."""
    lines = list(adjoints(applied(prim, ()), partials=True))
    if prim.real_valued:
        of_complex = list(adjoints(applied(prim, (), complex), partials=True))
        lines += [f"{line} for complex x" for line in of_complex if line not in lines]
    return "<br>".join(lines)


def written(stmt: Statement) -> str:
    """The statement's right-hand side."""
    return code(primal_formula(stmt, Named()))


def tested(prim: Primitive) -> str:
    """The numerical derivative, and the intervals of the operands that are not the usual ones."""
    names = ["x"] if len(prim.facts) == 1 else [f"x{k}" for k in range(1, len(prim.facts) + 1)]
    intervals = [
        f"{name} in [{low:g}, {high:g}]"
        for i, (name, (low, high)) in enumerate(zip(names, prim.domain, strict=False))
        if prim.is_active(i) and (low, high) != DEFAULT_DOMAIN
    ]
    method = "complex step" if prim.analytic else "Richardson"
    return "; ".join([method, *intervals]).replace("-", "−")


def shape_of(stmt: Statement) -> str:
    """The shape of the operands."""
    return code(str(stmt.operands[0].shape))


# --- tables ----------------------------------------------------------------------------------------------------


def markdown(title: str, text: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A section with one table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]]
    return "\n\n".join(part for part in (f"## {title}", text, "\n".join(lines)) if part)


def elementwise_table(title: str, text: str, prims: Sequence[Primitive]) -> str:
    """Partials, special points and tests of elementwise functions."""
    rows = [[function_cell(p), elementwise_cell(p), p.at_kinks, tested(p)] for p in prims]
    return markdown(title, text, ["y", "partials", "at special points", "tested"], rows)


def function_cell(prim: Primitive) -> str:
    """The function in its notation; the products of the sweeps, which are written like a product, by their names."""
    return code(f"{prim.name}(x1, x2)") if prim.selects and prim.notation else written(applied(prim, ()))


def general_table(title: str, text: str, prims: Sequence[Primitive], shape: tuple[int, ...]) -> str:
    """Adjoints of functions of arrays."""
    rows = []
    for prim in prims:
        stmt = applied(prim, shape)
        lines = "<br>".join(adjoints(stmt, partials=False))
        rows.append([written(stmt), shape_of(stmt), lines, prim.at_kinks, tested(prim)])
    return markdown(title, text, ["y", "shape of x", "adjoint", "at special points", "tested"], rows)


def flat_list(prims: Sequence[Primitive]) -> str:
    """The names of flat functions."""
    return "## Flat functions\n\n" + FLAT + "\n\n" + ", ".join(code(prim.name) for prim in prims) + "."


def composed_list() -> str:
    """The NumPy functions that have a handler and are no row."""
    found = set()
    for prefix, module in (("", np), ("linalg.", np.linalg)):
        for name, function in vars(module).items():
            is_own_name = callable(function) and getattr(function, "__name__", "") == name
            if is_own_name and is_handled(function) and prefix + name not in table.primitives:
                found.add(prefix + name)
    names = sorted(found - RECENT)
    return "## Compositions and questions\n\n" + COMPOSED + "\n\n" + ", ".join(map(code, names)) + "."


def is_handled(function: Any) -> bool:
    """Whether calls of a NumPy function on values arrive somewhere."""
    try:
        return function in functions and not isinstance(functions[function], Primitive)
    except TypeError:  # not hashable
        return False


def page() -> str:
    """The whole page."""
    every = list(table.primitives.values())
    active = [prim for prim in every if not prim.is_flat]
    elementwise = [prim for prim in active if prim.kind is Kind.ELEMENTWISE]
    own = [prim for prim in elementwise if prim.name != "astype" and not hasattr(np, prim.name)]
    operators = [prim for prim in elementwise if prim.notation and prim.precedence < 9 and prim not in own]
    others = [prim for prim in elementwise if prim not in own and prim not in operators and prim.name != "astype"]
    structural = [prim for prim in active if prim.kind is Kind.STRUCTURAL]
    sections = [
        INTRODUCTION,
        elementwise_table("Operators", "", operators),
        elementwise_table("Elementwise functions", "", others),
        general_table("Reductions", "", [p for p in active if p.kind is Kind.REDUCTION], (2, 3)),
        general_table("Products of matrices", "", [p for p in active if p.kind is Kind.GUFUNC], (3, 3)),
        general_table("Functions that move elements", STRUCTURAL, [*structural, table.primitives["astype"]], (2, 3)),
        elementwise_table("Products of the sweeps", SWEEPS, own),
        flat_list([prim for prim in every if prim.is_flat]),
        composed_list(),
    ]
    return "\n\n".join(sections) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write(f"usage: {COMMAND} [--check]\n")
        return 2
    try:
        text = page()
    except WengertError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PAGE.name} is not what the registry generates; refresh it: {COMMAND}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
