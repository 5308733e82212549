"""The notebook: ``%load_ext wengert`` offers ``%explain`` and ``%%explain``.

What is typed here runs as the user's own code in her namespace, as every cell does. A cell becomes a function whose
lines are the cell's, so that lists and tracebacks point into it.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import inspect
import re
import symtable
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, TracebackType
from typing import Any, NoReturn, TypeAlias

import IPython
import numpy as np
from IPython.core.error import UsageError
from IPython.display import display

from wengert.errors import ExpressionError, Location, WengertError, location_of, printable
from wengert.expression import parse_value
from wengert.show import Explanation, explain
from wengert.show.notation import shortened
from wengert.value import Value

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_MAGIC = "explain"
_FUNCTION = "f"  # what the function of a cell is called
_HEIGHT = 760  # of the player, in pixels

_display: Callable[..., Any] = display  # IPython does not say its type
_LIBRARY, _IPYTHON = str(Path(__file__).parent), str(Path(IPython.__file__).parent)
_LONGEST_TITLE = 100
_LONGEST_SIGNATURE = 60

_DESCRIPTION = """\
Show every step of a derivative: of the program in a cell, or of a function.

    %%explain x1=2 x2=5
    y = np.log(x1) + x1 * x2 - np.sin(x2)

The last line is the result. Inputs stand on the first line, as x=2, x=[1, 2, 3] or as the name of a variable; without
any they are the floating point variables that the cell reads. All other names mean what they mean in the notebook.

    %explain f 2 [1, 2, 3]

takes a function of the notebook and its arguments.
"""


@dataclass(frozen=True, slots=True)
class _Target:
    """The function asked for, its arguments, and what is written above; a function says that itself."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    title: str = ""


def load_ipython_extension(ipython: Any) -> None:
    """Offer ``%explain`` and ``%%explain``; called by ``%load_ext wengert``.

    Parameters
    ----------
    ipython : InteractiveShell
    """

    def magic(line: str, cell: str | None = None) -> Explanation | None:
        return _explain(ipython, line, cell)

    magic.__doc__ = _parser().format_help()
    ipython.register_magic_function(magic, "line_cell", _MAGIC)


def unload_ipython_extension(ipython: Any) -> None:
    """Take ``%explain`` and ``%%explain`` away; called by ``%unload_ext wengert``."""
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop(_MAGIC, None)


def _explain(shell: Any, line: str, cell: str | None) -> Explanation | None:
    """What the magics do: the explanation, which the notebook then shows; before it picture and player if asked for."""
    options = _options(line)
    if options is None:
        return None
    target = _of_line(shell, options.what) if cell is None else _of_cell(shell, options.what, line, cell)
    try:
        with np.errstate(all="ignore"):
            return _shown(target, options)
    except WengertError as error:
        raise UsageError(_one_line(error)) from None
    except Exception as error:  # of the user's program: what lies between it and the cell is nothing to her
        if isinstance(error, TypeError) and location_of(error) is None:  # as of a ufunc with an argument missing
            raise UsageError(f"{type(error).__name__}: {error}.") from None
        error.__traceback__ = _users_part(error.__traceback__)
        raise


def _shown(target: _Target, options: argparse.Namespace) -> Explanation:
    """The explanation; picture and player are shown at once."""
    explanation = explain(
        target.function, *target.args, wrt=options.wrt, seed=options.seed, mode=options.mode, digits=options.digits,
        max_rows=options.max_rows,
    )  # fmt: skip
    explanation.title = target.title or explanation.title
    if options.graph:
        _display(import_module("wengert").graph(target.function, *target.args))
    if options.player:
        _display(_Framed(explanation.to_player(), f"Player of {explanation.title}"))
    return explanation


def _users_part(step: TracebackType | None) -> TracebackType | None:
    """The traceback from the first line on that is not the library's; all of it where there is none."""
    found = step
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_LIBRARY):
        found = found.tb_next
    return found or step


def _one_line(error: WengertError) -> str:
    return " ".join(f"{error.sentences}{_place(error.where)}".split())


def _place(where: Location | None) -> str:
    """The user's line: of a cell, which is no file, by its number alone; none where the magic itself is at fault."""
    if where is None or not where.text or where.file.startswith(_IPYTHON):
        return ""
    return f" ({where.short if Path(where.file).exists() else f'line {where.line}'}: {where.text})"


class _Framed:
    """A whole page within the notebook: its styles and scripts do not reach out of the frame."""

    def __init__(self, page: str, title: str):
        self._page, self._title = page, title

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self._page)}" title="{escape(self._title)}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 1px solid rgb(128 128 128 / 0.5); border-radius: 4px" '
            f'loading="lazy"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<{self._title}>"


# --- the line ------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Argparse that refuses in one line of the notebook's."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See: %{_MAGIC}?")


def _parser() -> _Parser:
    parser = _Parser(
        prog=f"%{_MAGIC}", description=_DESCRIPTION, add_help=False, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("what", nargs="*", help="inputs of the cell; or a function and its arguments")
    parser.add_argument("--mode", choices=("forward", "reverse", "both"), default="both", help="the tables to show")
    parser.add_argument("--wrt", metavar="NAME", help="the input that moves in forward mode: x, or one number, x[1]")
    parser.add_argument("--seed", metavar="NAME", help="the result that reverse mode starts from: y2, or y[1]")
    parser.add_argument("--digits", metavar="N", type=_count, default=3, help="decimals of the numbers (default: 3)")
    parser.add_argument("--max-rows", metavar="N", type=_count, help="steps to show (default: 200)")
    parser.add_argument("--graph", action="store_true", help="show a picture of the graph as well")
    parser.add_argument("--player", action="store_true", help="show the player as well")
    parser.add_argument("-h", "--help", action="store_true", help="show this text")
    return parser


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 999999, such as 3")
    return int(text)


def _options(line: str) -> argparse.Namespace | None:
    """The options of a line; none where it asked for help, which is printed."""
    parser = _parser()
    options = parser.parse_intermixed_args(list(_words(line)))
    if options.help:
        parser.print_help()
        return None
    return options


def _words(line: str) -> Iterator[str]:
    """The words of a line: separated by spaces that stand in no brackets and no quotation marks."""
    word, closing, quote = "", [], ""
    for sign in line:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            closing.append({"(": ")", "[": "]", "{": "}"}[sign])
        elif closing and sign == closing[-1]:
            closing.pop()
        elif sign.isspace() and not closing:
            if word:
                yield _unquoted(word)
            word = ""
            continue
        word += sign
    if word:
        yield _unquoted(word)


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


# --- a function and its arguments ----------------------------------------------------------------------------------


def _of_line(shell: Any, words: Sequence[str]) -> _Target:
    if not words:
        raise UsageError(f"name a function and its arguments, as in %{_MAGIC} f 2 5. See: %{_MAGIC}?")
    hint = f"Name a function, as in %{_MAGIC} f 2 5; a formula goes into a cell, below %%{_MAGIC} x=2."
    function = _evaluated(shell, words[0], hint)
    if not callable(function):
        raise UsageError(f"{words[0]} is no function, but of type {type(function).__name__}.")
    given: dict[str, Any] = {}
    args = []
    for word in words[1:]:
        name, text = _assignment(word)
        if name:
            given[name] = _value(shell, text)
        elif given:
            raise UsageError(f"{word} stands after a named argument. Give it before, or name it too.")
        else:
            args.append(_value(shell, text))
    return _Target(function, tuple(_in_order(function, words[0], args, given)))


def _assignment(word: str) -> tuple[str, str]:
    """Name and text of ``x=2``; no name where the word is an expression."""
    match = re.match(r"([^\W\d]\w*)\s*=(?!=)", word)
    return (match[1], _unquoted(word[match.end() :].strip())) if match else ("", word)


def _value(shell: Any, text: str) -> Any:
    """A number or an array of numbers as floats, as on the command line; else what it means in the notebook."""
    try:
        return parse_value(text)
    except ExpressionError:
        return _evaluated(shell, text, "Write 2, [1, 2, 3] or the name of a variable.")


def _evaluated(shell: Any, text: str, hint: str) -> Any:
    """What an expression means in the notebook; the hint is for one that Python cannot read."""
    if not text:
        raise UsageError("a value is missing behind =. Write x=2 or x=[1, 2, 3], without spaces around the =.")
    try:
        return shell.ev(text)
    except NameError as error:
        raise UsageError(f"{error}. Run the cell that defines {error.name} first.") from None
    except SyntaxError as error:
        raise UsageError(f"{text} cannot be read: {error.msg}. {hint}") from None
    except Exception as error:  # whatever the user's expression raises
        raise UsageError(f"{text}: {type(error).__name__}: {error}.") from error


def _in_order(function: Callable[..., Any], name: str, args: Sequence[Any], given: Mapping[str, Any]) -> Iterable[Any]:
    """All arguments by position."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:  # as of some functions that are written in C
        if not given:
            return args
        raise UsageError(f"{name}: {error}.") from None
    try:
        bound = signature.bind(*args, **given)
    except TypeError as error:
        raise UsageError(f"{name}: {error}. It takes {shortened(str(signature), _LONGEST_SIGNATURE)}.") from None
    if bound.kwargs:
        raise UsageError(f"{name} takes {', '.join(bound.kwargs)} by name only. Write a function of inputs alone.")
    return bound.args


# --- a cell --------------------------------------------------------------------------------------------------------


def _of_cell(shell: Any, words: Sequence[str], line: str, cell: str) -> _Target:
    # Lists and tracebacks number the lines as the notebook does: the first one is that of the magic.
    number = len(shell.history_manager.input_hist_parsed) - 1
    file = shell.compile.cache(f"%%{_MAGIC} {line}\n{cell}", number)
    with _refused_syntax(cell):
        body = ast.parse(f"\n{cell}", file).body
        if not body:
            raise UsageError("the cell is empty. Its last line is the result, as in y = x**2.")
        statements = _with_result(body)
        _function_code(statements, (), file, shell.compile.flags)  # some errors are those of functions, as await
        values = _inputs(shell.user_ns, [_input(shell, word) for word in words], _free_names(statements, file))
        code = _function_code(statements, list(values), file, shell.compile.flags)
    function = FunctionType(code, shell.user_ns, _FUNCTION)
    return _Target(function, tuple(values.values()), _title(cell, body, values))


@contextmanager
def _refused_syntax(cell: str) -> Iterator[None]:
    """What Python cannot compile is refused in one line, with the line of the cell."""
    try:
        yield
    except SyntaxError as error:
        lines = dict(enumerate(cell.splitlines(), start=2))
        text = error.text or lines.get(error.lineno or 0, "")
        raise UsageError(f"line {error.lineno}: {text.strip()}: {error.msg}.") from None


def _title(cell: str, body: Sequence[ast.stmt], names: Iterable[str]) -> str:
    """The formula, of a cell that is one."""
    value = getattr(body[0], "value", None)
    if len(body) > 1 or not isinstance(value, ast.expr) or isinstance(body[0], ast.AugAssign):
        return ""
    text = printable(" ".join((ast.get_source_segment(f"\n{cell}", value) or "").split()))
    return f"{_FUNCTION}({', '.join(names)}) = {text}" if len(text) <= _LONGEST_TITLE else ""


def _with_result(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a cell as those of a function, which returns the value of the last one."""
    *others, last = body
    if isinstance(last, ast.Return):
        return list(body)
    if isinstance(last, ast.Expr):
        return [*others, ast.copy_location(ast.Return(last.value), last)]
    if isinstance(last, ast.Assign):
        target = last.targets[-1]
    elif isinstance(last, ast.AugAssign) or (isinstance(last, ast.AnnAssign) and last.value is not None):
        target = last.target
    else:
        raise UsageError("the last statement of the cell has no value. End it with the result, as in y.")
    result = ast.parse(ast.unparse(target), mode="eval").body
    for node in ast.walk(result):
        ast.copy_location(node, last)
    return [*body, ast.copy_location(ast.Return(result), last)]


def _function_code(body: Sequence[ast.stmt], names: Sequence[str], file: str, flags: int) -> CodeType:
    """The code of the function of the cell, whose module is never run."""
    module: CodeType = compile(_wrapped(body, names), file, "exec", flags=flags, dont_inherit=True)
    return next(part for part in module.co_consts if isinstance(part, CodeType) and part.co_name == _FUNCTION)


def _wrapped(body: Sequence[ast.stmt], names: Sequence[str]) -> ast.Module:
    module = ast.parse(f"def {_FUNCTION}({', '.join(names)}): pass")
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            function.body = list(body)
    return module


def _free_names(body: Sequence[ast.stmt], file: str) -> list[str]:
    """The names that the cell reads before it gives them a value, in the order of their first appearance."""
    (table,) = symtable.symtable(ast.unparse(_wrapped(body, ())), file, "exec").get_children()
    outside = {symbol.get_name() for symbol in _symbols(table) if symbol.is_global()}
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    order = _Order(outside, own)
    for stmt in body:
        order.visit(stmt)
    return list(order.free)


def _symbols(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    """The symbols of a function and of all that is defined in it."""
    yield from table.get_symbols()
    for child in table.get_children():
        yield from _symbols(child)


_Scope: TypeAlias = (
    "ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ListComp | ast.SetComp | ast.DictComp "
    "| ast.GeneratorExp"
)


class _Order(ast.NodeVisitor):
    """Walks over statements as they run, and collects the names that are read before they have a value.

    Attributes
    ----------
    free : dict of str to None
        These names, in their order.
    """

    def __init__(self, outside: Container[str], own: Container[str]):
        self._outside, self._own = outside, own
        self._written: set[str] = set()
        self.free: dict[str, None] = {}

    def _read(self, name: str) -> None:
        if name in self._outside or (name in self._own and name not in self._written):
            self.free[name] = None

    def _all(self, *parts: ast.AST | Sequence[ast.AST] | None) -> None:
        for part in parts:
            for node in part if isinstance(part, Sequence) else [part] if part else []:
                self.visit(node)

    # The hooks of `NodeVisitor`, which are called by the name of the node.

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        else:
            self._written.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._all(node.value, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._all(node.value, node.target)  # annotations of a function's variables are not evaluated

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self._all(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._all(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self._all(node.iter, node.target, node.body, node.orelse)

    def visit_alias(self, node: ast.alias) -> None:
        self._written.add(node.asname or node.name.partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._written |= {node.name} if node.name else set()
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.generic_visit(node)
        self._written |= {node.name} if node.name else set()

    def _visit_scope(self, node: _Scope) -> None:
        """What has variables of its own: the names of the notebook that it reads, and those of the cell it has now."""
        inner = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        own = {each.id for each in inner if isinstance(each.ctx, ast.Store)}
        own |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        is_run_later = isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for each in inner:
            if each.id not in own and (each.id in self._outside or not is_run_later):
                self._read(each.id)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._written.add(node.name)

    visit_Lambda = visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_scope  # noqa: N815
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_scope  # noqa: N815


# --- inputs of a cell ----------------------------------------------------------------------------------------------

_NOT_GIVEN: Any = object()


def _input(shell: Any, word: str) -> tuple[str, Any]:
    """Name and value of ``x=2``; no value of ``x``, which is then that of the notebook."""
    name, text = _assignment(word)
    if name:
        return name, _value(shell, text)
    if not word.isidentifier():
        raise UsageError(f"{word} is no input. Write x=2, x=[1, 2, 3], or the name of a variable.")
    return word, _NOT_GIVEN


def _inputs(namespace: Mapping[str, Any], given: Sequence[tuple[str, Any]], free: Sequence[str]) -> dict[str, Any]:
    """The inputs of the cell by name: those on the line, else the floating point variables that it reads."""
    names = [name for name, _ in given] or [name for name in free if _is_floating(namespace.get(name))]
    for k, name in enumerate(names):
        if name not in free:
            raise UsageError(f"{name} is not read in the cell, which reads {', '.join(free) or 'no names'}.")
        if name in names[:k]:
            raise UsageError(f"{name} is given twice.")
    values = {name: namespace.get(name, _NOT_GIVEN) for name in names}
    values |= {name: value for name, value in given if value is not _NOT_GIVEN}
    for name in free:
        is_known = name in namespace or hasattr(builtins, name)
        if values.get(name, None if is_known else _NOT_GIVEN) is _NOT_GIVEN:
            raise UsageError(f"{name} has no value. Give one, as in %%{_MAGIC} {name}=2, or in a cell before.")
    if not values:
        raise UsageError(f"the cell reads no floating point variable. Name its inputs, as in %%{_MAGIC} x=2.")
    return values


def _is_floating(value: Any) -> bool:
    """Whether the value is an input without being named: one that has a derivative."""
    if isinstance(value, float | complex):
        return True
    return isinstance(value, np.ndarray | np.generic | Value) and value.dtype.kind in "fc"
