"""The figure that a plot returns: one that a notebook shows by itself, whatever its backend. Imports Matplotlib."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["PlotFigure"]

_SHARP = 2  # pixels of the image for one of the page, as screens with a high resolution have them


class PlotFigure(Figure):
    """A Matplotlib figure of its own: pyplot does not know of it, and no window opens."""

    def __init__(self, **options: Any) -> None:
        super().__init__(layout="constrained", facecolor="white", **options)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """What a notebook shows that has not chosen a backend of Matplotlib's."""
        file = BytesIO()
        self.savefig(file, format="png", dpi=_SHARP * self.dpi)
        width, height = (round(float(inches * self.dpi)) for inches in self.get_size_inches())
        return file.getvalue(), {"width": width, "height": height}
