"""What stands above the written function: imports, constants, and the functions of the derivative table that it calls.

A row that NumPy has no function for is computed by one that is written in NumPy. Its text is taken from the module of
the table where it stands, with the functions and constants that it uses, so that the two cannot differ.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import re
import string
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.show.python_source.layout import WIDTH, filled, fitted
from wengert.show.python_source.literals import array_text
from wengert.show.python_source.naming import identifier

__all__ = ["Preamble", "Untold"]

_ALLOWED = ("numpy", "scipy")


class Untold(Exception):  # noqa: N818  # no error of a user: it is caught where the row is refused
    """A function whose text needs more than NumPy and SciPy."""


@dataclass(slots=True)
class _Definition:
    """A function, or a constant, of a module of the table."""

    name: str
    text: str = ""


class Preamble:
    """The parts above the function, in the order of their first use.

    Attributes
    ----------
    reserved : set of str
        Names that no variable may have.
    """

    def __init__(self) -> None:
        self.imports: set[str] = {"import numpy as np"}
        self.reserved: set[str] = {"np"}
        self.constants: dict[str, str] = {}
        self.functions: list[str] = []
        self._definitions: dict[tuple[str, str], _Definition] = {}
        self._order: list[_Definition] = []
        self._calls: dict[tuple[str, str], str] = {}

    # --- imports, constants ------------------------------------------------------------------------------------

    def use(self, module: str) -> str:
        """Import a module; the name that it has in the text."""
        if module == "numpy":
            return "np"
        if module.startswith("numpy."):
            return f"np.{module.removeprefix('numpy.')}"
        self.imports.add(f"import {module}")
        self.reserved.add(module.partition(".")[0])
        return module

    def constant(self, array: Any) -> str:
        """The name of a constant array above the function."""
        text, turned = array_text(array), array_text(array.T)
        for name, known in self.constants.items():
            if known in (text, turned):
                return name if known == text else f"{name}.T"
        name = self.unused("_C1")
        self.constants[name] = text
        return name

    def unused(self, name: str) -> str:
        """`name`, or one like it, now reserved."""
        stem, number = name.rstrip("0123456789"), 1
        wanted = name
        while wanted in self.reserved:
            number += 1
            wanted = f"{stem}{number}" if stem != name else f"{name}_{number}"
        self.reserved.add(wanted)
        return wanted

    # --- functions ---------------------------------------------------------------------------------------------

    def call(self, wanted: str, write: Callable[[str], str]) -> str:
        """The name of a function of the program; functions of the same text are one."""
        key = wanted, write(wanted)
        if key not in self._calls:
            name = self.unused(wanted)
            self._calls[key] = name
            self.functions.append(key[1] if name == wanted else write(name))
        return self._calls[key]

    def helper(self, function: Callable[..., Any], wanted: str = "") -> str:
        """The name of a function of the derivative table, whose text is put above.

        Raises
        ------
        Untold
            If it needs more than NumPy and SciPy.
        """
        before = (dict(self._definitions), list(self._order), set(self.imports), set(self.reserved))
        try:
            return self._function(function, wanted)
        except Untold:
            self._definitions, self._order, self.imports, self.reserved = before
            raise

    def written(self, row: str, text: str, used: Mapping[str, Callable[..., Any]]) -> str:
        """The name of a function that is given by its text, in which ``$name`` stands for it."""
        key = "", row
        if key not in self._definitions:
            called = {word: self.helper(function) for word, function in used.items() if f"${word}(" in text}
            definition = self._definitions[key] = _Definition(self.unused(f"_{row}"))
            definition.text = string.Template(text).substitute(called, name=definition.name)
            self._order.append(definition)
        return self._definitions[key].name

    def _function(self, function: Callable[..., Any], wanted: str = "") -> str:
        if isinstance(function, functools._lru_cache_wrapper):
            function = function.__wrapped__
        if not isinstance(function, types.FunctionType) or function.__closure__ or hasattr(function, "__wrapped__"):
            raise Untold
        module = sys.modules.get(function.__module__)
        node = _statements(function.__module__).get(function.__name__)
        if module is None or not isinstance(node, ast.FunctionDef) or vars(module).get(node.name) is None:
            raise Untold
        return self._defined(function.__module__, node, wanted or f"_{node.name.lstrip('_')}")

    def _defined(self, module: str, node: ast.stmt, wanted: str) -> str:
        key = module, _bound_names(node)[0]
        if key not in self._definitions:
            definition = self._definitions[key] = _Definition(self.unused(identifier(wanted)))
            definition.text = self._text(module, node, definition.name)
            self._order.append(definition)
        return self._definitions[key].name

    def _text(self, module: str, node: ast.stmt, name: str) -> str:
        """The text of a definition, with the names that what it uses has here and without annotations."""
        edits = list(_annotations(node))
        own = _bound_names(node)[0]
        for found in _free_names(node):
            new = name if found.id == own else self._resolved(module, found.id)
            if new != found.id:
                edits.append((_start(found), _end(found), new))
        lines = _source(module).splitlines()
        if isinstance(node, ast.FunctionDef):
            line = lines[node.lineno - 1].encode()
            start = line.index(own.encode(), node.col_offset)
            edits.append(((node.lineno, start), (node.lineno, start + len(own.encode())), name))
        elif name != own:
            edits.append(((node.lineno, 0), (node.lineno, len(own.encode())), name))
        return _edited(lines, node, edits)

    def _resolved(self, module: str, name: str) -> str:
        """What a name of a module is called here; it is brought along."""
        value = vars(sys.modules[module]).get(name, _MISSING)
        if value is _MISSING:
            if hasattr(builtins, name):
                return name
            raise Untold
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if _is_of_the_table(value):
            return self._function(value)
        node = _statements(module).get(name)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return self._imported(node, name)
        if isinstance(node, ast.Assign) and len(_bound_names(node)) == 1 and not callable(value):
            return self._defined(module, node, name)
        if isinstance(value, (bool, int, float, complex)):
            return repr(value)
        raise Untold

    def _module(self, module: types.ModuleType) -> str:
        name = module.__name__
        if not name.startswith(_ALLOWED) and name.partition(".")[0] not in sys.stdlib_module_names:
            raise Untold
        return self.use(name)

    def _imported(self, node: ast.Import | ast.ImportFrom, name: str) -> str:
        module = getattr(node, "module", "") or ""
        if not module.startswith(_ALLOWED) and module.partition(".")[0] not in sys.stdlib_module_names:
            raise Untold
        if isinstance(node, ast.Import) or name in self.reserved:
            raise Untold
        self.imports.add(f"from {module} import {name}")
        return name

    # --- the text ----------------------------------------------------------------------------------------------

    def write(self, main: str) -> list[str]:
        """The blocks of lines above the function `main`, each to be followed by two empty lines."""
        whole = [*(d.text for d in self._order), *self.constants.values(), *self.functions, main]
        code = "\n".join(line.partition("#")[0] for text in whole for line in text.splitlines())
        imports = sorted(self.imports, key=_import_order)
        if not re.search(r"\bnp\.", code):
            imports.remove("import numpy as np")
        groups = [
            [line for line in imports if (line.split()[1].partition(".")[0] in sys.stdlib_module_names) is is_standard]
            for is_standard in (True, False)
        ]
        head = "\n\n".join("\n".join(group) for group in groups if group)
        values = [d.text for d in self._order if not d.text.startswith(("def ", "@"))]
        values += [filled(f"{name} = {text}") for name, text in self.constants.items()]
        blocks = [head + "".join(f"\n{'' if k else chr(10)}{text}" for k, text in enumerate(values))]
        blocks = [block for block in blocks if block]
        return [*blocks, *(d.text for d in self._order if d.text.startswith(("def ", "@"))), *self.functions]


_MISSING = object()


def _is_of_the_table(value: Any) -> bool:
    is_function = isinstance(value, (types.FunctionType, functools._lru_cache_wrapper))
    return is_function and value.__module__.startswith("wengert.")


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1]


# --- reading a module of the table --------------------------------------------------------------------------------


@functools.cache
def _source(module: str) -> str:
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):
        return ""


@functools.cache
def _statements(module: str) -> dict[str, ast.stmt]:
    """The statements of a module by the names that they bind."""
    if not module.startswith("wengert."):
        return {}
    tree = ast.parse(_source(module))
    return {name: node for node in tree.body for name in _bound_names(node)}


def _bound_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [x.id for target in node.targets for x in ast.walk(target) if isinstance(x, ast.Name)]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return []


def _free_names(node: ast.stmt) -> Iterator[ast.Name]:
    """The names that a definition reads and does not bind itself."""
    bound = {arg.arg for f in ast.walk(node) if isinstance(f, (ast.FunctionDef, ast.Lambda)) for arg in _arguments(f)}
    bound |= {f.name for f in ast.walk(node) if isinstance(f, ast.FunctionDef) and f is not node}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            bound.add(part.id)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            bound.update(_bound_names(part))
        elif isinstance(part, ast.ExceptHandler) and part.name:
            bound.add(part.name)
    if isinstance(node, ast.Assign):
        bound -= set(_bound_names(node))
    skipped = {id(x) for annotation in _annotation_nodes(node) for x in ast.walk(annotation)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and _is_free(part, bound) and id(part) not in skipped:
            yield part


def _is_free(name: ast.Name, bound: set[str]) -> bool:
    return isinstance(name.ctx, ast.Load) and name.id not in bound


def _arguments(function: ast.FunctionDef | ast.Lambda) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x is not None)]


def _annotation_nodes(node: ast.stmt) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        if isinstance(part, ast.arg) and part.annotation is not None:
            yield part.annotation
        elif isinstance(part, ast.FunctionDef) and part.returns is not None:
            yield part.returns
        elif isinstance(part, ast.AnnAssign):
            yield part.annotation


_Place = tuple[int, int]
_Edit = tuple[_Place, _Place, str]


def _start(node: Any) -> _Place:
    return node.lineno, node.col_offset


def _end(node: Any) -> _Place:
    return node.end_lineno, node.end_col_offset


def _annotations(node: ast.stmt) -> Iterator[_Edit]:
    """The edits that take annotations out."""
    for part in ast.walk(node):
        if isinstance(part, ast.arg) and part.annotation is not None:
            line, column = _start(part)
            yield (line, column + len(part.arg.encode())), _end(part.annotation), ""  # also the blanks around ``=``
        elif isinstance(part, ast.FunctionDef) and part.returns is not None:
            line, column = _start(part.returns)
            yield (line, column - len(" -> ")), _end(part.returns), ""
        elif isinstance(part, ast.AnnAssign):
            yield _end(part.target), _end(part.annotation), ""


def _edited(lines: list[str], node: ast.stmt, edits: list[_Edit]) -> str:
    """The lines of a statement after the edits; comments for the type checker are left out."""
    decorators = getattr(node, "decorator_list", [])
    first, last = min([node.lineno, *(d.lineno for d in decorators)]), node.end_lineno or node.lineno
    found = {number: lines[number - 1].encode() for number in range(first, last + 1)}
    for (line, start), (last_line, end), new in sorted(edits, reverse=True):
        if line != last_line:
            raise Untold
        text = found[line]
        rest = text[end:]
        is_default = (
            not new and rest.startswith(b" = ") and isinstance(node, ast.FunctionDef) and line < node.body[0].lineno
        )
        found[line] = text[:start] + new.encode() + (b"=" + rest[3:] if is_default else rest)
    texts = [_without_pragmas(text.decode()) for text in found.values()]
    return "\n".join(_joined_head(texts, node))


def _joined_head(texts: list[str], node: ast.stmt) -> list[str]:
    """The parameters on one line where they have room without their annotations."""
    if not isinstance(node, ast.FunctionDef):
        return texts
    first = len(node.decorator_list)
    last = next(k for k, text in enumerate(texts) if text.rstrip().endswith(":"))
    head = " ".join(text.strip() for text in texts[first : last + 1])
    head = head.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    texts = [*texts[:first], head, *texts[last + 1 :]] if len(head) <= WIDTH and last > first else texts
    return [line for text in texts for line in (fitted(text) if _is_statement(text) else [text])]


def _is_statement(line: str) -> bool:
    """Whether a line that has become too long is a statement of its own, which can be broken."""
    if len(line) <= WIDTH:
        return False
    try:
        ast.parse(line.strip())
    except SyntaxError:
        return False
    return True


def _without_pragmas(line: str) -> str:
    for mark in ("  # type: ignore", "  # noqa"):
        line = line.partition(mark)[0]
    return line


def is_ufunc_of(function: Any, module: Any, name: str) -> bool:
    """Whether `module` has this very function under this name."""
    return isinstance(function, np.ufunc) and getattr(module, name, None) is function
