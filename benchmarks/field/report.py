"""Results as a Markdown table, as JSON, and as a picture."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.field.timing import Quartiles

REFERENCE = "C"
EXPLANATION = """Bold is the multiple of hand-written C; then the median, with quartiles of interleaved turns. Each
system gave the values and derivatives of C before it was timed. C reuses its results and workspace at each call."""


@dataclass(frozen=True)
class Row:
    """One problem at one size: quartiles and first calls of the systems, and what was not measured and why."""

    problem: str
    title: str
    size: str
    times: Mapping[str, Quartiles]
    first: Mapping[str, float]
    failed: Mapping[str, str] = field(default_factory=dict)


def duration(seconds: float) -> str:
    """Three digits with a unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1.0 or unit == "µs":
            number = seconds * factor
            return f"{number:.{max(0, 2 - int(math.log10(max(number, 1.0))))}f} {unit}"
    raise AssertionError  # the last unit takes what is left


def ratio(value: float) -> str:
    """Two digits, or a whole number."""
    return f"{value:.2f}" if value < 10.0 else f"{value:,.0f}"


def cell(row: Row, system: str) -> str:
    """Median, quartiles, and the multiple of C's median."""
    if system in row.failed:
        return "failed"
    if system not in row.times:
        return "-"
    q = row.times[system]
    text = f"{duration(q.median)} ({duration(q.low)} to {duration(q.high)})"
    if system == REFERENCE or REFERENCE not in row.times:
        return text
    return f"**{ratio(q.median / row.times[REFERENCE].median)}** {text}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]) + "\n"


def geometric_means(rows: Sequence[Row], systems: Sequence[str]) -> list[str]:
    """Of the multiples of C over the rows that have both."""
    cells = []
    for system in systems:
        ratios = [
            row.times[system].median / row.times[REFERENCE].median
            for row in rows
            if system in row.times and REFERENCE in row.times
        ]
        cells.append(f"**{ratio(statistics.geometric_mean(ratios))}** of {len(ratios)}" if ratios else "-")
    return cells


def table(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """Times of value and derivatives, with the geometric means of the multiples of C in the last row."""
    header = ["problem", "size", *systems]
    body = [[row.title, row.size, *(cell(row, system) for system in systems)] for row in rows]
    body.append(["geometric mean", "", *geometric_means(rows, systems)])
    return markdown(header, body)


def first_calls(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """Times of the first call, in which compilers compile."""
    header = ["problem", "size", *systems]
    body = [
        [row.title, row.size, *(duration(row.first[s]) if s in row.first else "-" for s in systems)] for row in rows
    ]
    return markdown(header, body)


def document(rows: Sequence[Row], systems: Sequence[str], machine: Mapping[str, str], command: str) -> str:
    """The whole report."""
    facts = "; ".join(f"{name} {value}" for name, value in machine.items())
    derivatives = [system for system in systems if any(system in row.first for row in rows)]
    parts = [
        "# The field: value and derivatives, all systems in one run",
        f"Printed by `{command}`. {facts}.",
        "## Time of a call",
        EXPLANATION,
        table(rows, systems),
        "## First call",
        "From the function to the first result, imports apart; for C the compiler's time is in it.",
        first_calls(rows, derivatives),
    ]
    failures = [
        f"* {row.title}, {row.size}, {system}: {reason}" for row in rows for system, reason in row.failed.items()
    ]
    if failures:
        parts += ["## Failed", "\n".join(failures) + "\n"]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def as_json(rows: Sequence[Row], machine: Mapping[str, str], command: str) -> str:
    """The same numbers, in seconds."""
    data: dict[str, Any] = {"command": command, "machine": dict(machine), "rows": [asdict(row) for row in rows]}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def plot(rows: Sequence[Row], systems: Sequence[str], path: Path) -> str | None:
    """Draw the multiples of C, and say why not where Matplotlib or C is missing."""
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt
    except ImportError:
        return "no plot: the package matplotlib is not installed"
    drawn = [row for row in rows if REFERENCE in row.times]
    if not drawn:
        return "no plot: there is no C to compare with"
    figure, axes = plt.subplots(figsize=(9.0, 1.5 + 0.35 * len(drawn)), layout="constrained")
    for system, marker in zip((s for s in systems if s != REFERENCE), "sDo^vXP", strict=False):
        points = [
            (row.times[system].median / row.times[REFERENCE].median, i)
            for i, row in enumerate(drawn)
            if system in row.times
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker, label=system, alpha=0.8)
    axes.axvline(1.0, color="black", linewidth=1.0, label=REFERENCE)
    axes.set_yticks(range(len(drawn)), [f"{row.problem}: {row.size}" for row in drawn], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("time of value and derivatives, in multiples of hand-written C")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return None
