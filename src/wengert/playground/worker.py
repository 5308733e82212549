"""A process that computes the answers: bounded in time and memory, killed and started again where it exceeds them."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

__all__ = ["Answer", "Worker", "refusal"]

Answer: TypeAlias = dict[str, Any]

_SECONDS = 10.0
_MEMORY = 1 << 30  # bytes that an answer may take beyond what the process has at its start
_START = 60.0  # seconds for the process to come up, on a busy machine
_PAGE = 4096
_LOADED_BEFORE = ("wengert.show", "wengert.symbolic", "wengert.plot", "sympy", "matplotlib.figure")


def refusal(message: str, field: str = "", span: tuple[int, int] | None = None) -> Answer:
    """An answer that says, in one line, why there is none, and which part of which field it is about."""
    return {"refused": {"message": " ".join(message.split()), "field": field, "span": span}}


class Worker:
    """A process of its own that answers one request after another.

    Parameters
    ----------
    function : callable
        From a request to an answer, both of what JSON can hold; importable by name.
    seconds : float
        For one answer.
    memory : int
        Bytes for one answer, where the system can bound them.
    """

    def __init__(
        self, function: Callable[[Mapping[str, Any]], Answer], seconds: float = _SECONDS, memory: int = _MEMORY
    ) -> None:
        self._function, self._seconds, self._memory = function, seconds, memory
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection[Any, Any] | None = None
        self._is_up = False
        self._is_closed = False

    def start(self) -> None:
        """Start the process, so that the first request need not wait for it."""
        with self._lock:
            self._ready()

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Compute an answer; a refusal where it takes too long or too much. Others wait meanwhile."""
        if not self._lock.acquire(timeout=2 * self._seconds):
            return refusal("The page is busy with other requests. Try again in a moment.")
        try:
            return self._asked(request)
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process, in the middle of an answer too, and start no other one."""
        self._is_closed = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError):  # it was ended just now
                process.kill()  # who waits for its answer waits no longer
        with self._lock:
            self._kill()

    def _asked(self, request: Mapping[str, Any]) -> Answer:
        connection = self._ready()
        if connection is None:
            return refusal("The process that computes did not start. Run `wengert play` again.")
        try:
            connection.send(request)
            if connection.poll(self._seconds):
                answer: Answer = connection.recv()
                return answer
        except (EOFError, OSError):
            self._replace()
            return refusal(f"The computation was ended: it took more than {self._memory >> 20} MiB or failed.")
        self._replace()
        return refusal(f"This took longer than {self._seconds:g} seconds and was ended. Make the function smaller.")

    def _ready(self) -> Connection[Any, Any] | None:
        """The connection to a process that has come up; ``None`` where none does."""
        if self._process is None or not self._process.is_alive():
            self._replace()
        connection = self._connection
        if self._is_up or connection is None:
            return connection
        try:
            if connection.poll(_START):
                connection.recv()
                self._is_up = True
                return connection
        except (EOFError, OSError):
            pass  # it ended before it came up
        self._kill()
        return None

    def _replace(self) -> None:
        """End the process and start another one at once, which comes up while the user reads what was wrong."""
        self._kill()
        if self._is_closed:
            return
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._function, self._memory), name="wengert-play", daemon=True
        )
        process.start()
        self._process = process
        theirs.close()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process, self._connection, self._is_up = None, None, False


# --- in the process --------------------------------------------------------------------------------------------


def _serve(connection: Connection[Any, Any], function: Callable[[Any], Answer], memory: int) -> None:
    """Answer until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes of a terminal; ours is then killed
    warnings.simplefilter("ignore")
    for name in _LOADED_BEFORE:
        with contextlib.suppress(ImportError):  # two of them are optional
            import_module(name)
    _bound_memory(memory)
    connection.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(_answered(function, connection.recv()))


def _answered(function: Callable[[Any], Answer], request: Any) -> Answer:
    try:
        return function(request)
    except MemoryError:
        return refusal("This needs too much memory. Make the arrays smaller.")
    except RecursionError:
        return refusal("This is nested too deeply. Make the function smaller.")
    except Exception as error:  # noqa: BLE001 - whatever fails, the page says so and the process goes on
        return refusal(f"This failed. {type(error).__name__}: {error}")


def _bound_memory(memory: int) -> None:
    """Let allocations fail that go beyond `memory`; where the system knows no such bound there is none."""
    try:
        import resource

        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * _PAGE
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        bound = taken + memory
        resource.setrlimit(resource.RLIMIT_AS, (bound if hard < 0 else min(bound, hard), hard))
    except (ImportError, OSError, ValueError):
        return
