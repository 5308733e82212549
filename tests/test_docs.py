"""Everything that the documentation shows is run, and prints what the documentation says it prints.

Run are, in README.md, CONTRIBUTING.md and docs/:

* every ``python`` block with ``>>>`` prompts, as a doctest; the blocks of a file share one namespace;
* every command of a ``console`` block that starts with ``$ wengert`` or ``$ python examples/``, from the root
  of the repository. What follows it, up to the next ``$``, is what the terminal shows, errors included.

Three dots stand for anything, in both.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.exists()
]
RUNNABLE = ("wengert ", "python examples/")
TERMINAL = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"}
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^\$ (?P<command>(?:[^\n]*\\\n)*[^\n]*)\n?(?P<shown>(?:(?!\$ )[^\n]*\n)*)", re.MULTILINE)
REFUSED = 2  # the exit status of `wengert` on wrong input, which a document may show


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and the line of the document where the text starts."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A command and what the document says it prints."""

    command: str
    shown: str
    line: int


@dataclass(frozen=True, slots=True)
class Printed:
    """All that a terminal shows of a command; its exit status, 0 too where `wengert` refused its input."""

    text: str
    status: int = 0


def blocks(document: str, language: str) -> Iterator[Block]:
    for match in FENCE.finditer(document):
        if match["language"] == language:
            text = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
            yield Block(language, text, document.count("\n", 0, match.start("text")) + 1)


def sessions(document: str) -> list[doctest.Example]:
    """The prompts of all Python blocks, with their lines in the document."""
    parser = doctest.DocTestParser()
    examples = []
    for block in blocks(document, "python"):
        for example in parser.get_examples(block.text):
            example.lineno += block.line - 1
            examples.append(example)
    return examples


def python_failures(document: str, name: str) -> str:
    """Run the Python blocks of a document; what doctest reports, empty where all is as shown."""
    test = doctest.DocTest(sessions(document), {"__name__": "__main__"}, name, name, 0, document)
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    return "".join(report)


def listings(document: str) -> Iterator[Listing]:
    """The commands of the console blocks, those that are not run included."""
    for block in blocks(document, "console"):
        for match in PROMPT.finditer(block.text):
            command = re.sub(r"\\\n(?:> )?", "", match["command"])
            yield Listing(command, match["shown"], block.line + block.text.count("\n", 0, match.start()))


def run(command: str) -> Printed:
    """Run a command of a document with this interpreter."""
    program, *arguments = shlex.split(command)
    module = ["-m", "wengert"] if program == "wengert" else []
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | TERMINAL
    result = subprocess.run(
        [sys.executable, *module, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    refused = program == "wengert" and result.returncode == REFUSED
    return Printed(result.stdout, 0 if refused else result.returncode)


def console_failures(document: str, name: str, run: Callable[[str], Printed] = run) -> str:
    """Run the commands of a document; a report of those that print something else than is shown."""
    report = []
    for listing in listings(document):
        if listing.command.startswith(RUNNABLE):
            printed = run(listing.command)
            if printed.status != 0 or not agrees(listing.shown, printed.text):
                report.append(
                    f"{name}:{listing.line}: $ {listing.command}\nshown:\n{listing.shown}\n"
                    f"printed (exit status {printed.status}):\n{printed.text}"
                )
    return "\n".join(report)


def agrees(shown: str, printed: str) -> bool:
    compare = doctest.OutputChecker().check_output
    return compare(without_margin(shown), without_margin(printed), doctest.ELLIPSIS)


def without_margin(text: str) -> str:
    """The text without what nobody sees: spaces at line ends, empty lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_python_blocks_print_what_they_show(path):
    if failures := python_failures(path.read_text(encoding="utf-8"), relative(path)):
        pytest.fail(failures, pytrace=False)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_commands_print_what_they_show(path):
    if failures := console_failures(path.read_text(encoding="utf-8"), relative(path)):
        pytest.fail(failures, pytrace=False)


def test_the_readme_shows_a_command_that_is_run():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert any(listing.command.startswith(RUNNABLE) for listing in listings(readme))


# --- the checker itself -------------------------------------------------------------------------------------

PYTHON = """
Text.

```python
>>> x = 2
```

1. Indented, in the same namespace:

   ```python
   >>> x + 3
   5
   >>> print("one\\ntwo\\nthree")
   one
   ...
   three

   ```

```python
x + "no prompt, not run"
```
"""

CONSOLE = """
```console
$ make demo
never run
$ wengert explain "x * y" \\
> x=2
first

  third line
$ python examples/demo.py
any ... goes
```
"""

PRINTED = {
    'wengert explain "x * y" x=2': Printed("first   \n\n  third line\n"),
    "python examples/demo.py": Printed("any thing at\nall goes\n\n"),
}


def test_right_listings_pass():
    assert python_failures(PYTHON, "right.md") == ""
    assert console_failures(CONSOLE, "right.md", run=PRINTED.__getitem__) == ""


def test_a_wrong_python_listing_is_reported_with_its_line():
    report = python_failures(PYTHON.replace("   5\n", "   6\n"), "wrong.md")
    assert '"wrong.md", line 11' in report
    assert "Expected:\n    6\nGot:\n    5\n" in report


def test_an_unexpected_exception_is_reported():
    assert "NameError: name 'y' is not defined" in python_failures("```python\n>>> y\n```\n", "wrong.md")


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("  third line", "third line", 5),
        ("first", "frist", 5),
        ("any ...", "some ...", 10),
        ("any ... goes\n", "", 10),
    ],
)
def test_a_wrong_console_listing_is_reported_with_its_line(right, wrong, line):
    report = console_failures(CONSOLE.replace(right, wrong), "wrong.md", run=PRINTED.__getitem__)
    assert report.startswith(f"wrong.md:{line}: $ ")
    assert report.count("shown:") == 1


def test_a_command_that_crashes_is_reported_though_dots_allow_anything():
    report = console_failures("```console\n$ python examples/missing.py\n...\n```\n", "wrong.md")
    assert report.startswith("wrong.md:2: $ python examples/missing.py\n")
    assert "can't open file" in report


def test_input_that_wengert_refuses_can_be_shown():
    assert run("wengert no-such-command").status == 0


LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")


def missing_targets(document: Path) -> list[str]:
    """Files that a document links to or shows, and that are not there; what stands in a fenced block is no link."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    return [target for target in LINK.findall(text) if not (document.parent / target).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_are_there(document):
    assert missing_targets(document) == []


def test_a_missing_picture_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("![seen](there.png) [elsewhere](https://a.b/c) ![gone](gone.png) [part](there.png#x)\n")
    (tmp_path / "there.png").touch()
    assert missing_targets(page) == ["gone.png"]
