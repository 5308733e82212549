"""Write docs/pictures/: the graphs as SVG, and what a browser shows of player, playground and graphs, as PNG.

Run it as ``python docs/generate_pictures.py``. It needs Chromium, which the tests of the pages use too, and the
packages of the extra ``test``. Look at every picture that it has written.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import wengert as wg  # as the line below
from playground import serving  # what the tests have is found once the path is set

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parent / "pictures"
DESKTOP, PHONE = (1280, 800), (375, 812)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


# --- what is shown -------------------------------------------------------------------------------------------------


def f(x1: Any, x2: Any) -> Any:
    """The function of the literature."""
    a = np.log(x1)
    b = x1 * x2
    return a + b - np.sin(x2)


def perceptron(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """The loss of a perceptron of two layers, for one observation."""
    h = np.tanh(W1 @ np.array([0.5, -1.0, 2.0]) + b1)
    y = W2 @ h + b2
    return np.sum((y - np.array([1.0, 0.0])) ** 2)


def root(x: Any) -> Any:
    """The square root by Newton's method: a loop."""

    def better(i: Any, s: Any) -> Any:  # noqa: ARG001  # a loop gives it
        return (s + x / s) / 2

    return wg.fori_loop(0, 5, better, x)


def weights() -> tuple[Any, ...]:
    """The arguments of the perceptron."""
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=shape).round(1) for shape in ((4, 3), 4, (2, 4), 2))


GRAPHS = {
    "textbook": wg.graph(f, 2.0, 5.0, adjoints=True),
    "perceptron": wg.graph(perceptron, *weights()),
    "loop": wg.graph(root, 2.0),
}


# --- taking the pictures -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Camera:
    """Opens an address at a size, and writes what is seen."""

    browser: Browser

    @contextmanager
    def opened(self, address: str, size: tuple[int, int], dark: bool = False) -> Iterator[Page]:
        """The page, loaded."""
        viewport = {"width": size[0], "height": size[1]}
        page = self.browser.new_page(viewport=viewport, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
        page.goto(address)
        page.wait_for_load_state("networkidle")
        yield page
        page.close()

    def take(self, page: Page, name: str) -> None:
        """Write one picture, when what moves has come to rest."""
        page.wait_for_timeout(400)
        page.screenshot(path=FOLDER / f"{name}.png")
        print(f"docs/pictures/{name}.png")


def graphs(camera: Camera, folder: Path) -> None:
    """The three graphs: as SVG for the pages of the documentation, and in the browser."""
    for name, picture in GRAPHS.items():
        picture.save(FOLDER / f"{name}.svg")
        file = folder / f"{name}.html"
        picture.save(file)
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            with camera.opened(file.as_uri(), size) as page:
                camera.take(page, f"graph-{name}-{width}")


def player(camera: Camera, folder: Path) -> None:
    """The player of the textbook function, in the middle of the reverse pass and at its end."""
    file = folder / "player.html"
    wg.explain(f, 2.0, 5.0).save(file)
    with camera.opened(file.as_uri(), DESKTOP) as page:
        page.keyboard.press("End")
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
        camera.take(page, "player-desktop")
    with camera.opened(file.as_uri(), DESKTOP, dark=True) as page:
        page.keyboard.press("End")
        camera.take(page, "player-dark")
    with camera.opened(file.as_uri(), PHONE) as page:
        page.keyboard.press("End")
        camera.take(page, "player-phone")


def playground(camera: Camera) -> None:
    """The playground with the textbook function: its tables, its plots, its derivative."""
    with serving.playground() as server:
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            with camera.opened(server.url, size) as page:
                for tab in ("Tables", "Derivative", "Plots"):
                    page.get_by_role("tab", name=tab).click()
                    page.wait_for_function(BUSY_IS_OVER, timeout=60_000)
                    camera.take(page, f"playground-{tab.lower()}-{width}")


BUSY_IS_OVER = "() => document.querySelector('#summary dl') && !document.querySelector('[aria-busy=true]')"


def plots() -> None:
    """The three plots."""

    def damped(x: Any) -> Any:
        return np.sin(x) * np.exp(-x / 3)

    def valley(x: Any) -> Any:
        return (1 - x[0]) ** 2 + 5 * (x[1] - x[0] ** 2) ** 2

    path = [np.array([-1.2, 1.0])]
    for _ in range(80):
        path.append(path[-1] - 0.02 * wg.grad(valley)(path[-1]))
    figures = {
        "plot-derivatives": wg.plot.derivatives(damped, (-1, 8), order=2, at=2.0),
        "plot-error": wg.plot.error_against_step(damped, 2.0),
        "plot-descent": wg.plot.descent(valley, np.array(path)),
    }
    for name, figure in figures.items():
        figure.savefig(FOLDER / f"{name}.png")
        print(f"docs/pictures/{name}.png")


def main() -> int:
    """Write all pictures."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("No Chromium or Chrome was found.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    plots()
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        camera = Camera(browser)
        graphs(camera, Path(folder))
        player(camera, Path(folder))
        playground(camera)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
