"""The playground: a page in the browser where a person types a function and a point, and sees every step.

``wengert play`` serves it on this machine's own address. What is typed is parsed (`wengert.expression`), never run as
Python; answers are computed in a process that is bounded in time and memory.

Reading order: `answers` (a request to an answer, in plain data), `formulas` and `pictures` (parts of it), `worker` (the
process), `server`, and the page itself: ``page.html``, ``page.css``, ``page.js``.
"""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable

from wengert.playground.answers import answer
from wengert.playground.server import bound_server
from wengert.playground.worker import Worker

__all__ = ["play"]


def play(port: int | None = None, *, browser: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve the playground until Ctrl+C.

    Parameters
    ----------
    port : int, optional
        By default the first free one of a few; 0 is any free one.
    browser : bool
        Whether to open the page in the user's browser.
    say : callable
        Told where the page is, and that the server has ended.

    Raises
    ------
    ArgumentError
        If the port is taken.
    """
    worker = Worker(answer)
    server = bound_server(worker.ask, port)
    try:
        say(f"The playground is at {server.url} (Ctrl+C ends it).")
        threading.Thread(target=worker.start, daemon=True).start()
        if browser:
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        server.serve_forever()
    except KeyboardInterrupt:
        say("\nThe playground has ended.")
    finally:
        server.server_close()
        worker.close()
