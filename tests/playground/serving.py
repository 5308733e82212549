"""A server of the playground that runs while a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from wengert.playground.answers import answer
from wengert.playground.server import Server, bound_server
from wengert.playground.worker import Worker


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Let a server answer in a thread of its own, and close it."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def playground(seconds: float = 60.0) -> Iterator[Server]:
    """The whole playground; `seconds` is how long an answer may take, on a busy machine."""
    with closing(Worker(answer, seconds=seconds)) as worker, serving(bound_server(worker.ask, 0)) as server:
        worker.start()
        yield server
