"""The command line: ``wengert explain``, ``compare``, ``grad``, ``list``, ``source`` and ``latex``; ``wengert play``.

What it is given is a formula, which is parsed and never run as Python, or a function in a file of the user's,
which is imported. Wrong input ends with one line on stderr and exit status 2.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib.util
import inspect
import itertools
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from wengert.api import grad, tape, trace
from wengert.errors import Location, TraceError, WengertError
from wengert.expression import parse_given, parse_value
from wengert.show import compare, explain, source
from wengert.show.derivatives import differentiate
from wengert.show.notation import printable
from wengert.show.page import Shown
from wengert.show.summary import ORDERS
from wengert.simplification import simplify
from wengert.symbolic import latex
from wengert.transforms import adjoint, tangent
from wengert.wlist import WengertList

__all__ = ["main"]

_REFUSED = 2
_INTERRUPTED = 130
_FORMAT_OF_SUFFIX = {".md": "markdown", ".html": "html", ".htm": "html"}
_STDOUT = "-"  # as the name of a file

_DESCRIPTION = """\
Differentiate a formula, or a function in a file of yours, and see every step.
"""

_EXAMPLES = """\
examples:
  wengert explain "log(x1) + x1*x2 - sin(x2)" x1=2 x2=5
      every step of the derivative, in both modes, with formula and number
  wengert explain model.py:loss x=[1,2,3] --mode forward --wrt "x[1]"
      the same for the function loss in model.py, forward mode along x[1]
  wengert compare "sin(x) * exp(x)" x=1
      difference quotients, complex step and both modes beside each other
  wengert grad "x[0]**2 * x[1]" x=[1,2]
      the value and the gradient
  wengert explain "x*exp(-x)" x=2 --output page.html
      a page to open in a browser (page.md: Markdown)
  wengert explain "log(x1) + x1*x2 - sin(x2)" x1=2 x2=5 --html page.html
      a page that plays the passes step by step
  wengert list "sin(x) * exp(x)" x=1 --adjoint --simplified
      the Wengert list, here of the derivative program in reverse mode
  wengert source model.py:loss x=[1,2,3] --grad --language c
      a standalone program, here of the gradient (default: Python)
  wengert latex "sin(x) * exp(x)" x=1 --tangent
      the statements in LaTeX (--expanded: as one formula)

Formulas have numbers, variables, x[0], + - * / ** @, < and its like,
a if c else b, and NumPy's functions by name: sin, exp, log, sum, where, ...
Several lines of assignments, or "z = x*y; sin(z)", end with the result.
They are parsed, never run as Python. "wengert explain --help" has options.
"wengert play" opens a page where they are typed and shown in every way.
"""

_TARGET = 'a formula such as "x*exp(-x)", or a function in a file: model.py:loss'
_VALUES = "a value for each variable or argument: x=2, x=-3e-2, x=[1,2,3], A=[[1,2],[3,4]]"


class _RefusedError(Exception):
    """Wrong input; the message is the line to print."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The function asked for, and its arguments; `file` is where it stands, if in a file of the user's."""

    function: Callable[..., Any]
    title: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    file: Path | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        The exit status: 0, or 2 for wrong input.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except _RefusedError as refusal:
        print(f"wengert: {_one_line(str(refusal))}", file=sys.stderr)
        return _REFUSED
    except BrokenPipeError:  # whoever reads has read enough, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(arguments: list[str]) -> int:
    parser = _parser()
    if not arguments:
        parser.print_help()
        return 0
    try:
        options, unknown = parser.parse_known_args(list(_kept(arguments)))
    except SystemExit:  # --help and --version have printed what they print
        sys.stdout.flush()
        return 0
    if hasattr(options, "values"):  # argparse takes none that stand behind an option
        options.values += [argument for argument in unknown if not argument.startswith("-")]
        unknown = [argument for argument in unknown if argument.startswith("-")]
    if unknown:
        raise _refused_arguments(unknown, options.parser)
    if options.command is _play:
        _play(options)
        return 0
    _check_files(options)
    target = _target(options.target.strip(), options.values)
    with _users_errors(target.file), np.errstate(all="ignore"):
        shown = options.command(target, options)
    _deliver(shown if isinstance(shown, str) else _written(shown, options), options.output)
    return 0


# --- arguments -------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Argparse that keeps the layout of the help, and refuses in one line."""

    def __init__(self, **options: Any):
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=layout, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise _RefusedError(f"{message}. See: {self.prog} --help")


def _parser() -> _Parser:
    from wengert import __version__

    parser = _Parser(prog="wengert", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"wengert {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    shown = _command(commands, "explain", _explain, "show every step of the derivative")
    shown.add_argument(
        "--mode", choices=("forward", "reverse", "both"), default="both", help="the tables to show (default: both)"
    )
    shown.add_argument("--wrt", metavar="NAME", help="the input that moves in forward mode: x, or one number, x[1]")
    shown.add_argument("--seed", metavar="NAME", help="the result that reverse mode starts from: y2, or y[1]")
    shown.add_argument("--max-rows", metavar="N", type=_count, help="steps to show (default: 200)")
    _add_options_of_summaries(shown)
    shown.add_argument("--html", metavar="FILE", help="write the player, a page to step through the passes")
    compared = _command(commands, "compare", _compare, "set the methods of differentiation beside each other")
    gradient = _command(commands, "grad", _grad, "compute the value and the gradient")
    gradient.add_argument(
        "--mode", choices=("forward", "reverse"), default="reverse", help="the mode to use (default: reverse)"
    )
    gradient.add_argument(
        "--wrt", metavar="NAME", action="append", help="a variable to differentiate for; may be repeated (default: all)"
    )
    for command, digits in ((shown, 3), (compared, 6), (gradient, None)):
        _add_common_options(command, digits)
    _add_programs(commands)
    _add_play(commands)
    return parser


def _add_play(commands: Any) -> None:
    """The command that serves a page, and takes no function."""
    summary = "open a page in the browser where functions can be typed"
    served = commands.add_parser("play", help=summary, description=f"{summary.capitalize()}. Ctrl+C ends it.")
    served.set_defaults(command=_play, parser=served)
    served.add_argument(
        "--port", metavar="N", type=_port, help="of the page; 0 is any free one (default: 8321 or above)"
    )
    served.add_argument("--no-browser", action="store_true", help="only say the address of the page")


def _add_options_of_summaries(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--detail", choices=("auto", "rows", "summary"), default="auto",
        help="the steps, or a summary by source line (default: the summary for more than 200 steps)",
    )  # fmt: skip
    command.add_argument("--lines", metavar="N", type=_count, help="lines of the summary to show (default: 12)")
    command.add_argument("--by", choices=tuple(ORDERS), help="what the summary is ordered by (default: time)")
    command.add_argument(
        "--line", metavar="PLACE", help="the steps of one line or function alone: model.py:40, 40, or step"
    )


def _add_programs(commands: Any) -> None:
    """The commands that write programs, as text."""
    listed = _command(commands, "list", _list, "print the Wengert list of a function or of its derivatives")
    listed.add_argument("--stats", action="store_true", help="count statements and operations too")
    written = _command(commands, "source", _source, "write a function or its derivatives as a program")
    written.add_argument("--language", choices=("python", "c"), default="python", help="default: python")
    written.add_argument("--grad", action="store_true", help="the gradient of a function with one number as result")
    written.add_argument("--name", metavar="NAME", default="", help="of the function that is written")
    typeset = _command(commands, "latex", _latex, "write a function or its derivatives in LaTeX")
    typeset.add_argument("--expanded", action="store_true", help="one formula, with every statement put in")
    for command, is_simplified in ((listed, False), (written, True), (typeset, False)):
        _add_transforms(command, is_simplified)


def _add_transforms(command: argparse.ArgumentParser, is_simplified: bool) -> None:
    for name, what in (("tangent", "of the function and its derivative along a direction"),
                       ("adjoint", "of the function and its derivative against a cotangent")):  # fmt: skip
        command.add_argument(
            f"--{name}", dest="transforms", action="append_const", const=name, default=[],
            help=f"the program {what}; may be repeated, and combined in any order",
        )  # fmt: skip
    command.add_argument(
        "--wrt", metavar="NAME", action="append", help="an input to differentiate for; may be repeated (default: all)"
    )
    command.add_argument(
        "--simplified", action=argparse.BooleanOptionalAction, default=is_simplified, help="with fewer statements"
    )
    command.add_argument("--output", metavar="FILE", help="write to a file; default, and -: to standard output")


def _command(commands: Any, name: str, run: Callable[..., Shown | str], summary: str) -> argparse.ArgumentParser:
    examples = "examples:\n" + "\n".join(re.findall(rf"^  wengert {name} .*$", _EXAMPLES, re.MULTILINE))
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary.capitalize()}.", epilog=examples
    )
    command.set_defaults(command=run, parser=command)
    command.add_argument("target", metavar="FUNCTION", help=_TARGET)
    command.add_argument("values", metavar="NAME=VALUE", nargs="*", help=_VALUES)
    return command


def _add_common_options(command: argparse.ArgumentParser, digits: int | None) -> None:
    default = "all" if digits is None else digits
    command.add_argument(
        "--digits", metavar="N", type=_count, default=digits, help=f"decimals of the numbers (default: {default})"
    )
    command.add_argument(
        "--format", choices=("text", "markdown", "html"), help="default: text, or what the name of the output says"
    )
    command.add_argument("--output", metavar="FILE", help="write to a file; default, and -: to standard output")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 999999, such as 3")
    return int(text)


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) >= 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a port, from 0 to 65535")
    return int(text)


def _kept(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, with a space before formulas that begin with a minus: argparse takes them for options else."""
    for previous, argument in itertools.pairwise(["", *arguments]):
        may_be_option = argument in ("-h", _STDOUT) or re.fullmatch(r"--[a-z-]*(=.*)?", argument, re.DOTALL)
        is_formula = argument.startswith("-") and not may_be_option and not previous.startswith("--")
        yield f" {argument}" if is_formula else argument


def _refused_arguments(unknown: Sequence[str], parser: argparse.ArgumentParser) -> _RefusedError:
    """What is said of arguments that the command does not know: of a word that begins with -- if there is one."""
    first = next((argument for argument in unknown if argument.startswith("--")), "")
    if not first:
        return _RefusedError(f"unrecognized arguments: {' '.join(unknown)}. See: {parser.prog} --help")
    name = first.partition("=")[0]
    near = difflib.get_close_matches(name, parser._option_string_actions, 1)
    advice = f"Did you mean {near[0]}?" if near else f'A formula that begins with -- needs brackets: "({first})".'
    return _RefusedError(f"{name} is no option of {parser.prog}. {advice} See: {parser.prog} --help")


def _check_files(options: argparse.Namespace) -> None:
    """Refuse names under which nothing sensible can be written; ``-`` is standard output."""
    html = getattr(options, "html", None)
    if html is not None and options.output is not None:
        raise _RefusedError("--html and --output name two files. Give one of them.")
    for option, file, example in (("--html", html, "page.html"), ("--output", options.output, "result.txt")):
        if file is not None and not file.strip():
            raise _RefusedError(f"{option} has no name of a file. Give one, as in {option} {example}.")
    if html is not None and html != _STDOUT and _FORMAT_OF_SUFFIX.get(Path(html).suffix.lower()) != "html":
        name = Path(html).with_suffix(".html") if Path(html).name else Path(html) / "page.html"
        raise _RefusedError(f"--html writes a page for a browser, but {html} is not named as one. Write {name}.")


# --- the function and its values -------------------------------------------------------------------------------


def _target(text: str, assignments: Sequence[str]) -> _Target:
    given = _given(assignments)
    path, colon, name = text.rpartition(":")
    if colon and path.endswith(".py"):
        return _in_file(Path(path), name, given)
    if text.endswith(".py"):
        raise _RefusedError(f"{text} is a file. Name the function too, as in {text}:loss.")
    return _formula(text, given)


def _given(assignments: Sequence[str]) -> dict[str, Any]:
    """The values by name."""
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.strip().partition("=")
        if not equals or not name.isidentifier():
            raise _RefusedError(
                f"{assignment.strip()!r} is no value of a variable. Write x=2 or x=[1,2,3], and put quotes around it "
                "if it has spaces."
            )
        if name in given:
            raise _RefusedError(f"{name} is given twice.")
        if not text.strip():
            raise _RefusedError(f"{name}= stands without a value. Write {name}=2 or {name}=[1,2,3].")
        try:
            given[name] = parse_value(text)
        except WengertError as error:
            raise _RefusedError(f"the value of {name}: {error}") from error
    return given


def _formula(text: str, given: Mapping[str, Any]) -> _Target:
    try:
        expression = parse_given(text, given)
    except WengertError as error:
        raise _RefusedError(str(error)) from error
    _check_names(expression.names, expression.names, given, "the formula", "variables")
    values = tuple(given[name] for name in expression.names)
    title = f"f({', '.join(expression.names)}){printable(_on_one_line(expression.text))}"
    return _Target(expression.function, title, expression.names, values)


def _on_one_line(text: str) -> str:
    """A formula, or lines of assignments, to stand behind the name of the function."""
    lines = "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    return f"{':' if re.search(r'return|(?<![<>=!])=(?!=)', lines) else ' ='} {lines}"


def _check_names(known: Sequence[str], needed: Sequence[str], given: Mapping[str, Any], whose: str, noun: str) -> None:
    for name in needed:
        if name not in given:
            raise _RefusedError(f"{name} has no value. Give one, as in {name}=2.")
    for name in given:
        if name not in known:
            names = f"Its {noun} are {', '.join(known)}" if known else f"It has no {noun}"
            raise _RefusedError(f"{name} is not in {whose}. {names}.")


def _in_file(path: Path, name: str, given: Mapping[str, Any]) -> _Target:
    function = _found(_imported(path), name, path)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise _RefusedError(f"{path}:{name} does not tell the names of its arguments.") from error
    parameters = signature.parameters
    known = [p for p in parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    names = [p.name for p in known] + [name for name in given if takes_any and name not in parameters]
    _check_names(names, [p.name for p in known if p.default is p.empty], given, f"{path}:{name}", "arguments")
    names = [name for name in names if name in given]
    values = tuple(_typed(given[name], parameters.get(name)) for name in names)
    return _Target(_by_name(function, names), f"{name}({', '.join(names)})", tuple(names), values, path.resolve())


def _imported(path: Path) -> ModuleType:
    if not path.is_file():
        raise _RefusedError(f"there is no file {path}.")
    # Not under its own name, which may be that of a module in use; at the end of the path for the same reason.
    spec = importlib.util.spec_from_file_location(f"_wengert_target_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise _RefusedError(f"{path} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.append(str(path.resolve().parent))
    with _users_errors(path.resolve()):
        spec.loader.exec_module(module)
    return module


def _found(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    function: Callable[..., Any] | None = getattr(module, name, None)
    if callable(function):
        return function
    own = [
        key for key, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    what = "has no function" if function is None else f"has no function, but a {type(function).__name__}, called"
    raise _RefusedError(f"{path} {what} {name}. Its functions are {', '.join(own) or 'none'}.")


def _typed(value: Any, parameter: inspect.Parameter | None) -> Any:
    """The value as an int where the function says it takes one: it may count with it."""
    if parameter is None or parameter.annotation not in (int, "int"):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _RefusedError(f"{parameter.name} must be an integer.")


def _by_name(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The function as one of the named arguments, in this order."""
    parameters = inspect.signature(function).parameters
    by_position = [
        name for name in names if name in parameters and parameters[name].kind is inspect.Parameter.POSITIONAL_ONLY
    ]

    def call(*values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        first = [given.pop(name) for name in by_position]
        return function(*first, **given)

    call.__name__ = getattr(function, "__name__", "f")
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    )
    return call


# --- the commands ----------------------------------------------------------------------------------------------


def _explain(target: _Target, options: argparse.Namespace) -> Shown | str:
    is_part = any(option is not None for option in (options.line, options.lines, options.by))
    if options.html is not None and is_part:
        raise _RefusedError("--html is the player, which shows the steps. Write --line, --lines and --by by --output.")
    explanation = explain(
        target.function, *target.values,
        wrt=options.wrt, seed=options.seed, mode=options.mode, digits=options.digits, max_rows=options.max_rows,
        detail=options.detail,
    )  # fmt: skip
    explanation.title = target.title
    if options.line is not None:
        place = int(options.line) if options.line.isdecimal() else options.line
        return explanation.line(place, **_given_options(max_rows=options.max_rows))
    if options.lines is not None or options.by is not None:
        return explanation.summary(**_given_options(lines=options.lines, by=options.by))
    if options.html is None:
        return explanation
    options.output = options.html
    return explanation.to_player()


def _given_options(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _compare(target: _Target, options: argparse.Namespace) -> Shown:
    comparison = compare(target.function, *target.values, digits=options.digits)
    comparison.title = target.title
    return comparison


def _grad(target: _Target, options: argparse.Namespace) -> Shown:
    found = differentiate(
        target.function, target.names, target.values, wrt=options.wrt, mode=options.mode, digits=options.digits
    )
    found.title = target.title
    return found


def _list(target: _Target, options: argparse.Namespace) -> str:
    lst = _transformed(_recorded(target), options)
    return f"{lst}\n\n{lst.stats()}" if options.stats else str(lst)


def _source(target: _Target, options: argparse.Namespace) -> str:
    if options.grad:
        target = _gradient(target, options)
    lst = _transformed(_recorded(target), options)
    return source(lst, options.language, name=options.name, simplified=False).rstrip("\n")


def _latex(target: _Target, options: argparse.Namespace) -> str:
    return latex(_transformed(_recorded(target), options), expanded=options.expanded)


def _play(options: argparse.Namespace) -> None:
    from wengert.playground import play

    try:
        play(options.port, browser=not options.no_browser, say=_say)
    except WengertError as error:
        raise _RefusedError(f"{error.what} {error.remedy}") from error


def _say(text: str) -> None:
    print(text, flush=True)


def _recorded(target: _Target) -> WengertList:
    """The list of the function, for all values; for these alone where it decides on them."""
    values = [np.asarray(x, float)[()] if np.asarray(x).dtype.kind == "i" else x for x in target.values]
    try:
        lst = trace(target.function)(*values)
    except TraceError:
        print("wengert: the function decides on values; its list holds for these alone.", file=sys.stderr)
        lst = tape(target.function, *values).list
    name = "f" if target.file is None else lst.name
    return replace(lst, name=name)


def _transformed(lst: WengertList, options: argparse.Namespace) -> WengertList:
    """The list after the transforms that were asked for, in their order; `--wrt` is for the first one."""
    wrt = options.wrt
    for name in options.transforms:
        lst = (tangent if name == "tangent" else adjoint)(lst, wrt)
        wrt = None
    return simplify(lst) if options.simplified else lst


def _gradient(target: _Target, options: argparse.Namespace) -> _Target:
    """The gradient of the function, for the inputs that are asked for."""
    chosen = options.wrt or [name for name, x in zip(target.names, target.values, strict=True) if _has_derivative(x)]
    for name in chosen:
        if name not in target.names:
            raise _RefusedError(f"there is no variable {name} to differentiate for.")
    numbers = tuple(map(target.names.index, chosen))
    function = grad(target.function, numbers[0] if len(numbers) == 1 else numbers)
    function.__name__ = f"grad_{'f' if target.file is None else target.function.__name__}"
    options.wrt = None
    return replace(target, function=function, file=target.file or Path())


def _has_derivative(x: Any) -> bool:
    return np.asarray(x).dtype.kind in "if"


# --- output ----------------------------------------------------------------------------------------------------


def _written(shown: Shown, options: argparse.Namespace) -> str:
    suffix = Path(options.output or "").suffix.lower()
    form = options.format or _FORMAT_OF_SUFFIX.get(suffix, "text")
    if form == "markdown":
        return shown.to_markdown()
    if form == "html":
        return shown.to_html()
    return shown.to_text(colour=options.output in (None, _STDOUT) and _is_colourful())


def _is_colourful() -> bool:
    """Whether stdout is a terminal whose user has not declined colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _deliver(text: str, output: str | None) -> None:
    if output is None or output == _STDOUT:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode shows question marks
        print(text, flush=True)
        return
    try:
        Path(output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise _RefusedError(f"cannot write {output}: {error.strerror}.") from error


# --- errors ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _users_errors(file: Path | None) -> Iterator[None]:
    """Run the user's function: what it prints goes to stderr, what it raises becomes one line."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (_RefusedError, KeyboardInterrupt, BrokenPipeError):
        raise
    except SystemExit as error:
        raise _RefusedError(f"{file.name if file else 'the function'} ended the program{_at(error, file)}.") from error
    except WengertError as error:
        raise _RefusedError(error.sentences + _at(error, file)) from error
    except SyntaxError as error:
        where = Location(str(error.filename), error.lineno or 0)
        raise _RefusedError(f"{type(error).__name__}: {error.msg} ({where.short}: {where.text})") from error
    except Exception as error:  # whatever the user's program raises
        raise _RefusedError(f"{type(error).__name__}: {error}{_at(error, file)}") from error


def _at(error: BaseException, file: Path | None) -> str:
    """The innermost line of the user's file that the error passed through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if file and Path(frame.filename) == file]
    if not frames:
        return ""
    where = Location(frames[-1].filename, frames[-1].lineno or 0)
    return f" ({where.short}: {where.text})"


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
