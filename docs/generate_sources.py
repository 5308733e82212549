"""Write docs/sources/: the gradients of five programs of the test suite, as `wengert.source` writes them.

With ``--check`` nothing is written: the exit status is 1 if a file is not what `source` gives.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "sources"
NAMES = ("square_root_by_newton", "rosenbrock", "quadratic_form", "cosine_similarity", "polygon_area")

sys.path.insert(0, str(ROOT / "tests"))

import wengert as wg  # noqa: E402  # the corpus is found once the path is set
from programs import PROGRAMS  # noqa: E402  # the same


def texts() -> Iterator[tuple[Path, str]]:
    """Each file with its text: the program as a comment, and its gradient."""
    for name in NAMES:
        program = next(program for program in PROGRAMS if program.name == name)
        numbers = tuple(range(len(program.args)))
        gradient = wg.grad(program.function, numbers if len(numbers) > 1 else 0)
        primal = inspect.getsource(program.function).rstrip().splitlines()
        header = ["The gradient of this program, written by `python docs/generate_sources.py`:", "", *primal]
        comment = "\n".join(f"# {line}".rstrip() for line in header)
        text = wg.source(gradient, "python", *program.args)
        gap = "\n\n" if text.startswith("import") else "\n\n\n"
        yield FOLDER / f"grad_{name}.py", f"{comment}{gap}{text}"


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    FOLDER.mkdir(exist_ok=True)
    stale = [path for path, text in texts() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is not what wengert.source gives: run python docs/generate_sources.py", file=sys.stderr)
        return int(bool(stale))
    for path, text in texts():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
