"""What all plots share: Matplotlib when it is asked for, figures and axes, colours, and texts that are no formulas."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentError, require_package, user_location

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = [
    "COLOURS",
    "DASHES",
    "GREY",
    "INK",
    "figure_of",
    "given_axes",
    "legend",
    "new_figure",
    "plain",
    "quiet",
    "require_matplotlib",
    "title",
    "upright",
]

#: Told apart with any kind of colour vision (Okabe and Ito 2008), in the order of use.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#B8860B", "#56B4E9")

#: And without colour: the line styles that go with them.
DASHES = ("-", (0, (6, 1.5)), (0, (6, 1.5, 1.2, 1.5)), (0, (1.2, 1.2)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3)))

_LETTERS = 15  # of a legend, on an inch
_LETTERS_OF_TITLE = 12  # on an inch
_MOST_UPRIGHT = 14  # letters of a label that takes its room from the width of the axes
_LETTERS_OF_HANDLE = 7  # that the line before a label takes the room of

INK = "#222222"  # of what is said besides the curves
GREY = "#757575"  # of what only helps the eye


def require_matplotlib(caller: str) -> None:
    """Load Matplotlib for ``plot.<caller>``.

    Raises
    ------
    MissingPackageError
        If Matplotlib is not installed.
    """
    require_package(
        "matplotlib.figure", f"wengert.plot.{caller} needs Matplotlib",
        why="for nothing but plots needs it", remedy='pip install "wengert[plots]"',
    )  # fmt: skip


def new_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches, with a layout that lets nothing overlap."""
    from wengert.plot.figure import PlotFigure

    return PlotFigure(figsize=(width, height), dpi=100)


def given_axes(ax: Any, caller: str, count: int = 1) -> list[Axes]:
    """The axes that the user gave: one for all, or a sequence of `count`.

    Raises
    ------
    ArgumentError
        If they are no axes of Matplotlib, or as many as none of the two.
    """
    from matplotlib.axes import Axes

    axes = [ax] if isinstance(ax, Axes) else list(getattr(ax, "flat", ax if isinstance(ax, Sequence) else [ax]))
    if not all(isinstance(each, Axes) for each in axes) or len(axes) not in (1, count):
        wanted = "axes of Matplotlib" if count == 1 else f"axes of Matplotlib, or a sequence of {count}"
        raise ArgumentError(
            f"plot.{caller} got ax={ax!r:.60}.",
            remedy=f"Give {wanted}, or leave ax out to get a new figure.",
            where=user_location(),
        )
    return axes


def figure_of(ax: Axes) -> Figure:
    """The figure that the axes stand in, that of a sub-figure included."""
    return ax.figure.figure


def title(figure: Figure, text: str) -> None:
    """A title above everything in the figure, on as many lines as it needs."""
    lines = wrap(text, int(_LETTERS_OF_TITLE * figure.get_figwidth()), break_on_hyphens=False)
    plain(figure.suptitle("\n".join(lines), fontsize=11, color=INK))


def upright(label: Text) -> Text:
    """A label of the y axis that is read without turning the head, if it is short."""
    if len(label.get_text()) <= _MOST_UPRIGHT:
        label.set(rotation=0, horizontalalignment="right", verticalalignment="center")
    return label


def quiet(ax: Axes) -> None:
    """No frame around the axes, but its left and lower side; grey, as what is said is the curve."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
    ax.tick_params(which="both", color=GREY, labelsize=9)


def plain(text: Text) -> Text:
    """A text as it stands: a dollar sign in a user's name begins no formula."""
    text.set_parse_math(False)
    return text


def legend(ax: Axes, *others: Axes, is_own: bool) -> None:
    """A legend where it covers nothing: below everything in a figure of the plot's own, above the user's axes.

    Of several axes it names what is in any of them.
    """
    found = [each.get_legend_handles_labels() for each in (ax, *others)]
    handles = [handle for part, _ in found for handle in part]
    labels = [label for _, part in found for label in part]
    if not handles:
        return
    columns = _columns(labels, figure_of(ax).get_figwidth())
    look: dict[str, Any] = {"frameon": False, "fontsize": 9, "labelcolor": INK, "handlelength": 2.6}
    if is_own:
        made = figure_of(ax).legend(handles, labels, loc="outside lower center", ncols=columns, **look)
    else:
        look |= {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
        made = ax.legend(handles, labels, ncols=columns, **look)
    for text in made.get_texts():
        plain(text)


def _columns(labels: Sequence[str], width: float) -> int:
    """As many as fit side by side in a figure of this width in inches."""
    return max(1, min(len(labels), int(_LETTERS * width) // (max(map(len, labels)) + _LETTERS_OF_HANDLE)))
