"""Write docs/derivative-table.md from the registry of primitives and from the ledger.

With ``--check`` nothing is written: the exit status is 1 if the page is not what the registry generates.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import wengert
from wengert.errors import WengertError
from wengert.facts import Flat, Kind, Tangent, Transpose
from wengert.ledger import STATUSES, Entry, ledger
from wengert.primitive import Primitive
from wengert.registry import load_families, table
from wengert.show.formula import Formula, Part, contribution_formula, primal_formula
from wengert.wlist import ArrayType, Statement, Variable

PAGE = Path(__file__).with_name("derivative-table.md")
COMMAND = "python docs/generate_table.py"

INTRODUCTION = f"""\
<!-- Written by `{COMMAND}`: change the table in src/wengert/rules/ or src/wengert/ledger.toml, not this page. -->

# The derivative table

Every derivative that wengert takes is put together from the rows below. They are generated from the registry, so they
are what the program uses. [The ledger](#the-ledger) at the end says of every public name of NumPy, `scipy.special` and
what SciPy offers for arrays what becomes of it. How a row is written, and how it becomes a tangent and an adjoint, is
told in [how-it-works.md](how-it-works.md); how to add one, in
[guides/adding-a-primitive.md](guides/adding-a-primitive.md).

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

LINEAR_ALGEBRA = """\
Rows over matrices, and over all batches of them. Where a row has several results, y is the tuple of them and ȳ that of
their cotangents. What is longer than a formula is printed as it stands in the code, where `ct` is ȳ."""

FOURIER = """\
They transform the last axis; NumPy's functions bring another axis there first, and transform several one after the
other."""

STRUCTURAL = """\
They are linear: the tangent is the function itself, applied to the tangent, and the adjoint is its transpose. Axes,
shapes and indices are parameters. Each row is an example, for operands of the shape given."""

ALONG_AXES = """\
They combine the elements along an axis or at positions given by operands. Each row is an example."""

SPECIAL = """\
The functions of `scipy.special`. Where a derivative has no closed form, the column *accuracy* names the numerical
method and what it reaches, held against mpmath."""

HELPERS = """\
They stand for no function of NumPy or SciPy: other rows and their derivatives are written with them."""

LEDGER = """\
Every public name of NumPy, of `scipy.special`, and the functions of arrays of `scipy.linalg` and the log-densities of
`scipy.stats`. A test compares it with the installed libraries. A *rule* is a row above, under this or another name.
*Composed* names are compositions of rows, in wengert or in the library itself. *Flat* ones have the derivative zero.
Results of the *not differentiable* ones are no functions of numbers in the sense of calculus; some work on values
nevertheless, and answer as they do for arrays. *Refused* are those that raise an error although they could be
differentiated in principle. Functions of SciPy that know plain arrays only are offered under the same names by
`wengert.linalg`, `wengert.special` and `wengert.stats`."""

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
UNFIT = (WengertError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


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
    """The statement y ← prim(x1, x2, …) for operands of one shape with parameters that fit, else as it is tested."""
    return next(attempts(prim, shape, dtype), None) or as_tested(prim) or unshaped(prim)


def attempts(prim: Primitive, shape: tuple[int, ...], dtype: type) -> Iterator[Statement]:
    """Statements with operands of one shape, where the primitive accepts it."""
    count = 2 if prim.variadic else len(prim.facts)
    if prim.outputs > 1 or not all(core.count(",") == 1 for core in operand_cores(prim)):
        return
    for choice in parameter_choices(prim):
        for dtypes in [(dtype,) * count, tuple(dtype if prim.is_active(i) else int for i in range(count))]:
            xs = tuple(Variable(operand(k, count), ArrayType(shape, np.dtype(kind))) for k, kind in enumerate(dtypes))
            try:
                (result,) = prim.infer(xs, choice)
            except UNFIT:
                continue
            yield Statement((Variable("y", result),), prim, xs, choice)


def operand_cores(prim: Primitive) -> list[str]:
    """The core dimensions of the operands of a gufunc, such as ``m,n``."""
    return prim.signature.replace(" ", "").partition("->")[0].strip("()").split("),(") if prim.signature else []


def operand(k: int, count: int) -> str:
    """The name of operand k."""
    return "x" if count == 1 else f"x{k + 1}"


@functools.cache
def examples_of() -> Callable[[Primitive], Iterator[Any]]:
    """The examples at which the tests try a primitive."""
    sys.path.insert(0, str(Path(wengert.__file__).parents[2] / "tests"))
    from laws import examples

    return examples.examples_of


def unshaped(prim: Primitive) -> Statement:
    """The statement where nothing is known of its operands: its rules are shown as code."""
    scalar = ArrayType((), np.dtype(float))
    xs = tuple(Variable(operand(k, len(prim.facts)), scalar) for k in range(len(prim.facts)))
    return Statement((Variable("y", scalar),) * 2, prim, xs, {})


def as_tested(prim: Primitive) -> Statement | None:
    """The statement that the tests try first; ``None`` where they have no example."""
    example = next(iter(examples_of()(prim)), None)
    if example is None:
        return None
    xs = tuple(
        Variable(operand(k, len(example.operands)), ArrayType.of(x)) if hasattr(x, "dtype") else x
        for k, x in enumerate(example.operands)
    )
    types = prim.infer(xs, example.params)
    return Statement(tuple(Variable("y", result) for result in types), prim, xs, example.params)


def parameter_choices(prim: Primitive) -> Iterator[dict[str, Any]]:
    """Parameters to try, from none to all that the rules of the primitive name."""
    codes = [code for code in (getattr(rule, "__code__", None) for rule in (*rules_of(prim), prim.compute)) if code]
    names = sorted({name for code in codes for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]})
    names = ["axis", "keepdims"] if prim.kind is Kind.REDUCTION else [name for name in names if name in PARAMETERS]
    for values in itertools.product(*(PARAMETERS[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def rules_of(prim: Primitive) -> list[Any]:
    """What the facts say of reverse mode."""
    return [fact.adjoint if isinstance(fact, Tangent) else getattr(fact, "rule", fact) for fact in prim.facts]


# --- cells -----------------------------------------------------------------------------------------------------


def code(text: str) -> str:
    """Code in a cell of a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def plain(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return text.replace("|", "\\|")


def adjoints(stmt: Statement, *, partials: bool) -> Iterator[str]:
    """One line for each operand."""
    for i, x in enumerate(stmt.operands):
        fact = stmt.prim.fact(i)
        if not isinstance(x, Variable):
            continue
        if isinstance(fact, Flat):
            yield f"{x.name}: flat"
            continue
        formula = formula_of(stmt, i)
        partial = partial_of(formula) if formula is not None and partials else None
        if partial is not None:
            yield code(f"∂y/∂{x.name} = {partial}")
        elif formula is not None:
            yield code(f"{Named().adjoint(x)} += {formula}")
        elif isinstance(fact, (Transpose, Tangent)):
            yield code(f"{Named().adjoint(x)} += {code_of(rules_of(stmt.prim)[0 if stmt.prim.variadic else i])}")
        else:
            yield code(f"∂y/∂{x.name} = {code_of(fact)}")


def formula_of(stmt: Statement, i: int) -> Formula | None:
    """What operand i gets; ``None`` where that is too long to be read, or not traceable."""
    if len(stmt.targets) > 1:
        return None
    try:
        formula = contribution_formula(stmt, i, Named())
    except UNFIT:
        return None
    return None if "∂" in str(formula) else formula


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


def code_of(rule: Any) -> str:
    """A rule as the table in src/wengert/rules/ has it: the body of a lambda, the call of a function."""
    name = getattr(rule, "__name__", str(rule))
    if not hasattr(rule, "__code__"):
        return name
    if name != "<lambda>":
        return f"{name}({', '.join(rule.__code__.co_varnames[: rule.__code__.co_argcount])})"
    places = [place for place in rule.__code__.co_positions() if None not in place]
    start = min((line, column) for line, _, column, end in places if column != end)
    stop = max((line, column) for _, line, begin, column in places if column != begin)
    lines = Path(rule.__code__.co_filename).read_bytes().splitlines()[start[0] - 1 : stop[0]]
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
    """The statement's right-hand side; names alone where its notation needs parameters that are not known."""
    try:
        return code(primal_formula(stmt, Named()))
    except UNFIT:
        return code(f"{stmt.prim.name}({', '.join(str(x) for x in stmt.operands)})")


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


def shapes_of(stmt: Statement) -> str:
    """The shapes of the operands, once where they have one in common."""
    shapes = [str(x.shape) for x in stmt.operands if isinstance(x, Variable)]
    return code(", ".join(shapes[:1] if len(set(shapes)) == 1 else shapes))


# --- tables ----------------------------------------------------------------------------------------------------


def markdown(title: str, text: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A section with one table; the accuracy only where there is something to say."""
    kept = [k for k in range(len(header)) if header[k] != "accuracy" or any(row[k] for row in rows)]
    cells = [header, ["---"] * len(header), *rows]
    lines = ["| " + " | ".join(row[k] for k in kept) + " |" for row in cells]
    return "\n\n".join(part for part in (f"## {title}", text, "\n".join(lines)) if part)


def elementwise_table(title: str, text: str, prims: Sequence[Primitive]) -> str:
    """Partials, special points and tests of elementwise functions."""
    rows = [[function_cell(p), elementwise_cell(p), plain(p.at_kinks), plain(p.accuracy), tested(p)] for p in prims]
    return markdown(title, text, ["y", "partials", "at special points", "accuracy", "tested"], rows)


def function_cell(prim: Primitive) -> str:
    """The function in its notation; the products of the sweeps, which are written like a product, by their names."""
    return code(f"{prim.name}(x1, x2)") if prim.selects and prim.notation else written(applied(prim, ()))


def general_table(title: str, text: str, prims: Sequence[Primitive], shape: tuple[int, ...]) -> str:
    """Adjoints of functions of arrays."""
    rows = []
    for prim in prims:
        stmt = applied(prim, shape)
        lines = "<br>".join(adjoints(stmt, partials=False))
        rows.append([written(stmt), shapes_of(stmt), lines, plain(prim.at_kinks), plain(prim.accuracy), tested(prim)])
    return markdown(title, text, ["y", "shape of x", "adjoint", "at special points", "accuracy", "tested"], rows)


def flat_list(prims: Sequence[Primitive]) -> str:
    """The names of flat functions."""
    return "## Flat functions\n\n" + FLAT + "\n\n" + names([prim.name for prim in prims]) + "."


def names(found: Sequence[str]) -> str:
    """A list of names in code."""
    return ", ".join(map(code, found))


# --- which table a row belongs to ------------------------------------------------------------------------------


def module_of(prim: Primitive) -> str:
    """The module of `wengert.rules` that some rule of the row is written in; empty where it has none."""
    codes = [getattr(rule, "__code__", None) for rule in (*rules_of(prim), prim.compute)]
    files = [Path(code.co_filename) for code in codes if code is not None]
    return next((file.stem for file in files if file.parent.name == "rules"), "")


@functools.cache
def public_names(*libraries: str) -> frozenset[str]:
    """All names that the ledger has of these libraries."""
    return frozenset(name for library in libraries or ledger() for name in ledger().get(library, {}))


def is_special(prim: Primitive) -> bool:
    """Whether a row is one of the special functions."""
    return module_of(prim).startswith("special") or (
        prim.name in public_names("scipy.special") and prim.name not in public_names("numpy")
    )


def sections() -> Iterator[str]:
    """The tables of rows."""
    every = list(table.primitives.values())
    active = [prim for prim in every if not prim.is_flat]
    elementwise = [prim for prim in active if prim.kind is Kind.ELEMENTWISE and prim.name != "astype"]
    helpers = [prim for prim in elementwise if prim.name not in public_names()]
    sweeps = [prim for prim in helpers if prim.selects and prim.notation]
    known = [prim for prim in elementwise if prim not in helpers]
    special = [prim for prim in known if is_special(prim)]
    operators = [prim for prim in known if prim.notation and prim.precedence < 9 and prim not in special]
    others = [prim for prim in known if prim not in special and prim not in operators]
    fourier = [prim for prim in active if module_of(prim) == "fourier"]
    gufuncs = [prim for prim in active if prim.kind is Kind.GUFUNC and not is_special(prim)]
    arrays = [prim for prim in active if prim.kind is Kind.STRUCTURAL and prim not in fourier and not is_special(prim)]
    moving = [prim for prim in arrays if all(isinstance(fact, (Transpose, Flat)) for fact in prim.facts)]
    special_arrays = [prim for prim in active if is_special(prim) and prim not in elementwise]
    yield elementwise_table("Operators", "", operators)
    yield elementwise_table("Elementwise functions", "", others)
    yield general_table("Reductions", "", [p for p in active if p.kind is Kind.REDUCTION and not is_special(p)], (2, 3))
    yield general_table("Linear algebra", LINEAR_ALGEBRA, gufuncs, (3, 3))
    yield general_table("Fourier transforms", FOURIER, fourier, (2, 3))
    yield general_table("Functions that move elements", STRUCTURAL, [*moving, table.primitives["astype"]], (2, 3))
    yield general_table("Functions along axes", ALONG_AXES, [prim for prim in arrays if prim not in moving], (2, 3))
    if special:
        yield elementwise_table("Special functions", SPECIAL, special)
    if special_arrays:
        yield general_table("Special functions of arrays", "", special_arrays, (2, 3))
    yield elementwise_table("Products of the sweeps", SWEEPS, sweeps)
    yield elementwise_table("Helpers", HELPERS, [prim for prim in helpers if prim not in sweeps])
    yield flat_list([prim for prim in every if prim.is_flat])


# --- the ledger ------------------------------------------------------------------------------------------------


def by_library(status: str) -> Iterator[tuple[str, list[Entry]]]:
    """The entries of one status in each library that has some."""
    for library, entries in ledger().items():
        found = [entry for entry in entries.values() if entry.status == status]
        if found:
            yield library, found


def spelled(entry: Entry) -> str:
    """The name with the versions that have it."""
    bound = f" (since {entry.since})" if entry.since else f" (before {entry.until})" if entry.until else ""
    return f"{code(entry.name)}{bound}"


def counts() -> str:
    """How many names of each status the libraries have."""
    rows = [
        [code(library), *(str(sum(entry.status == status for entry in entries.values())) for status in STATUSES)]
        for library, entries in ledger().items()
    ]
    return markdown("The ledger", LEDGER, ["library", *STATUSES], rows)


def name_lists(title: str, status: str) -> str:
    """The names of one status, and a table of what is to be said of some of them."""
    lists = [f"**{library}**: {', '.join(map(spelled, entries))}." for library, entries in by_library(status)]
    remarked = [(library, [e for e in entries if e.reason]) for library, entries in by_library(status)]
    return "\n\n".join(part for part in (f"## {title}", *lists, *remarks("how", remarked)) if part)


def remarks(remedy: str, found: Sequence[tuple[str, list[Entry]]]) -> Iterator[str]:
    """Tables of reasons and remedies; those of the modules of `numpy.polynomial`, which are much alike, folded away."""
    header = ["function", "why", remedy]
    for is_folded in (False, True):
        rows = [row for library, entries in found if (library.count(".") > 1) == is_folded for row in grouped(entries)]
        if rows:
            text = markdown("", "", header, rows).removeprefix("## \n\n")
            summary = "<summary>The modules of <code>numpy.polynomial</code></summary>"
            yield f"<details>{summary}\n\n{text}\n\n</details>" if is_folded else text


def grouped(entries: Sequence[Entry]) -> Iterator[list[str]]:
    """A row for all entries of a library of which the same is said."""
    for reason, remedy in dict.fromkeys((entry.reason, entry.remedy) for entry in entries):
        alike = [entry for entry in entries if (entry.reason, entry.remedy) == (reason, remedy)]
        yield [names([entry.full_name for entry in alike]), remark(reason), plain(remedy)]


def remark(reason: str) -> str:
    """A reason as a sentence."""
    return plain(f"{reason[:1].upper()}{reason[1:]}.")


def not_differentiable() -> str:
    """The names by library and reason, folded away."""
    lines = ["## Not differentiable", "<details><summary>All names</summary>"]
    for library, entries in by_library("not differentiable"):
        reasons = dict.fromkeys(entry.reason for entry in entries)
        grouped = [f"- {reason}: {', '.join(spelled(e) for e in entries if e.reason == reason)}" for reason in reasons]
        lines += [f"**{library}**", "\n".join(grouped)]
    return "\n\n".join([*lines, "</details>"])


def refused() -> str:
    """What is refused, why, and what to write instead."""
    return "\n\n".join(["## Refused", *remarks("instead", list(by_library("refused")))])


def page() -> str:
    """The whole page."""
    load_families()
    of_ledger = [
        counts(),
        name_lists("Compositions", "composed"),
        name_lists("Flat names", "flat"),
        not_differentiable(),
        refused(),
    ]
    return "\n\n".join([INTRODUCTION, *sections(), *of_ledger]) + "\n"


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
