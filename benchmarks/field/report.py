"""Results as a Markdown table, as JSON, and as a picture."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.field.systems import COMPILED, COMPILED_VALUE
from benchmarks.field.timing import Quartiles

REFERENCE, PEER, PLAIN = "C", "JAX", "NumPy"
EXPLANATION = """Bold is the multiple of hand-written C; then the median, with quartiles of interleaved turns (one turn
where a call takes more than five seconds). Each system gave the values and derivatives of C before it was timed. C
reuses its results and workspace at each call. PyTorch is eager, with `torch.func` beside it where that is another
program; JAX is compiled by `jit`, in float64; CasADi evaluates its expressions in its virtual machine, without C code
made of them, and is there where the problem suits it. Where there is no time, the reason may stand in its place."""
FIRST = """From the function to the first result, imports apart; for C the compiler's time is in it. The disk cache is
what another process has left."""
OVER_PRIMAL = "gradient over primal, both compiled"
FROM_CACHE = f"{COMPILED}, from the disk cache"


@dataclass(frozen=True)
class Row:
    """One problem at one size: quartiles and first calls of the systems, and what was not measured and why.

    What `failed` is a fault; what was `skipped` is not for this system, takes too long or needs too much memory, and
    the reason stands in the table. `cached` is the first call of compiled code that another process has left on disk.
    """

    problem: str
    title: str
    size: str
    times: Mapping[str, Quartiles]
    first: Mapping[str, float]
    failed: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    cached: float | None = None


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


def over(row: Row, system: str, reference: str) -> float | None:
    """Ratio of two medians, where both were measured."""
    if system in row.times and reference in row.times:
        return row.times[system].median / row.times[reference].median
    return None


def cell(row: Row, system: str, reference: str = REFERENCE) -> str:
    """Median, quartiles, and the multiple of the median of the reference."""
    if system in row.failed:
        return "failed"
    if system not in row.times:
        return row.skipped.get(system) or "-"
    q = row.times[system]
    text = f"{duration(q.median)} ({duration(q.low)} to {duration(q.high)})"
    multiple = over(row, system, reference)
    return text if multiple is None or system == reference else f"**{ratio(multiple)}** {text}"


def primal_cell(row: Row) -> str:
    """How many times as long as its value a gradient takes, and the time of the value."""
    multiple = over(row, COMPILED, COMPILED_VALUE)
    return "-" if multiple is None else f"**{ratio(multiple)}** of {duration(row.times[COMPILED_VALUE].median)}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]) + "\n"


def geometric_mean(ratios: Iterable[float | None]) -> str:
    """Of those that there are, with their number."""
    known = [value for value in ratios if value is not None]
    return f"**{ratio(statistics.geometric_mean(known))}** of {len(known)}" if known else "-"


def mean_duration(seconds: Iterable[float | None]) -> str:
    """Geometric mean of those that there are, with their number."""
    known = [value for value in seconds if value is not None]
    return f"{duration(statistics.geometric_mean(known))} of {len(known)}" if known else "-"


def table(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """Times of value and derivatives, with the geometric means of the multiples of C in the last row."""
    shown = [system for system in systems if system != COMPILED_VALUE]
    with_primal = COMPILED_VALUE in systems
    header = ["problem", "size", *shown, *[OVER_PRIMAL] * with_primal]
    body = [
        [row.title, row.size, *(cell(row, system) for system in shown), *[primal_cell(row)] * with_primal]
        for row in rows
    ]
    means = [geometric_mean(over(row, system, REFERENCE) for row in rows) for system in shown]
    primal = [geometric_mean(over(row, COMPILED, COMPILED_VALUE) for row in rows)] * with_primal
    return markdown(header, [*body, ["geometric mean", "", *means, *primal]])


def first_calls(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """Times of the first call, in which compilers compile, with their geometric means in the last row."""
    both = COMPILED in systems and PEER in systems
    with_cache = any(row.cached is not None for row in rows)

    def known(seconds: float | None) -> str:
        return "-" if seconds is None else duration(seconds)

    def over_peer(row: Row) -> float | None:
        return row.first[COMPILED] / row.first[PEER] if COMPILED in row.first and PEER in row.first else None

    header = ["problem", "size", *systems, *[FROM_CACHE] * with_cache, *[f"{COMPILED} / {PEER}"] * both]
    body = []
    for row in rows:
        multiple = over_peer(row)
        last = ["-" if multiple is None else ratio(multiple)] * both
        cells = [known(row.first.get(system)) for system in systems]
        body.append([row.title, row.size, *cells, *[known(row.cached)] * with_cache, *last])
    means = [mean_duration(row.first.get(system) for row in rows) for system in systems]
    cached = [mean_duration(row.cached for row in rows)] * with_cache
    last = [geometric_mean(map(over_peer, rows))] * both
    return markdown(header, [*body, ["geometric mean", "", *means, *cached, *last]])


def small_table(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """Times of single operations without derivatives, in multiples of NumPy's."""
    body = [[row.title, row.size, *(cell(row, system, PLAIN) for system in systems)] for row in rows]
    return markdown(["operation", "size", *systems], body)


def document(
    rows: Sequence[Row],
    systems: Sequence[str],
    machine: Mapping[str, str],
    command: str,
    small: Sequence[Row] = (),
) -> str:
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
        FIRST,
        first_calls(rows, derivatives),
    ]
    if small:
        names = list(dict.fromkeys(name for row in small for name in row.times))
        parts += [
            "## Single operations",
            "Without derivatives. Bold is the multiple of NumPy.",
            small_table(small, names),
        ]
    failures = [
        f"* {row.title}, {row.size}, {system}: {reason}" for row in rows for system, reason in row.failed.items()
    ]
    if failures:
        parts += ["## Failed", "\n".join(failures) + "\n"]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def as_json(rows: Sequence[Row], machine: Mapping[str, str], command: str, small: Sequence[Row] = ()) -> str:
    """The same numbers, in seconds."""
    data: dict[str, Any] = {"command": command, "machine": dict(machine), "rows": [asdict(row) for row in rows]}
    data["small"] = [asdict(row) for row in small]
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
    figure, axes = plt.subplots(figsize=(11.0, 1.8 + 0.3 * len(drawn)), layout="constrained")
    shown = [system for system in systems if system not in (REFERENCE, COMPILED_VALUE)]
    for system, marker in zip(shown, itertools.cycle("s^oDvXP*h"), strict=False):
        points = [
            (row.times[system].median / row.times[REFERENCE].median, i)
            for i, row in enumerate(drawn)
            if system in row.times
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker, label=system, alpha=0.7, markersize=6)
    axes.axvline(1.0, color="black", linewidth=1.0, label=REFERENCE)
    axes.set_yticks(range(len(drawn)), [f"{row.problem}: {row.size}" for row in drawn], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("time of value and derivatives, in multiples of hand-written C")
    axes.grid(axis="x", alpha=0.3)
    axes.grid(axis="y", alpha=0.15)
    axes.margins(y=0.6 / len(drawn))
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return None
