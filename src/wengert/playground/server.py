"""The server of the page: on the loopback address only, one page, and one way to ask.

What it refuses, and why: a Host other than its own (a name that an attacker's page lets point to 127.0.0.1), requests
of pages from elsewhere (their Origin), bodies that are no JSON or too large, requests that do not come to an end. Its
pages may load nothing from elsewhere.
"""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

from wengert.errors import ArgumentError
from wengert.playground.worker import Answer, refusal
from wengert.show.document import asset

__all__ = ["ADDRESS", "MOST_BYTES", "PORT", "Server", "bound_server"]

ADDRESS = "127.0.0.1"
PORT = 8321
MOST_BYTES = 150_000  # of a request
_DRAINED = 1 << 26  # bytes that are read of a longer one, so that the browser gets to the answer
_TRIED = 20  # ports
_SECONDS = 30.0  # for a request to come in, and for its answer to be taken
_WAITING = 128  # connections that the system keeps until they are accepted

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _file(name: str) -> Callable[[], str]:
    return partial(asset, "wengert.playground", name)


def _player_style() -> str:
    """Of graphs as well."""
    from wengert.show.player.page import assets

    return assets().style


def _player_script() -> str:
    from wengert.show.player.page import assets

    return assets().script


# What can be got, by its path: how it is read, and its type.
_ASSETS: Mapping[str, tuple[Callable[[], str], str]] = {
    "/": (_file("page.html"), "text/html"),
    "/page.css": (_file("page.css"), "text/css"),
    "/page.js": (_file("page.js"), "text/javascript"),
    "/icon.svg": (_file("icon.svg"), "image/svg+xml"),
    "/player.css": (_player_style, "text/css"),
    "/player.js": (_player_script, "text/javascript"),
}


@dataclass(frozen=True, slots=True)
class _Reply:
    status: HTTPStatus
    body: bytes
    kind: str


def bound_server(ask: Callable[[Mapping[str, Any]], Answer], port: int | None = None) -> Server:
    """Bind a server, at the port given or at the first free one from the usual one on.

    Raises
    ------
    ArgumentError
        If the port is taken, or all that are tried are.
    """
    for candidate in range(PORT, PORT + _TRIED) if port is None else [port]:
        try:
            return Server(ask, candidate)
        except OverflowError:
            break
        except OSError:
            continue
    tried = f"ports {PORT} to {PORT + _TRIED - 1} are" if port is None else f"port {port} is"
    raise ArgumentError(
        f"{tried} taken or not allowed.", remedy="Choose another one with --port, or any with --port 0."
    )


class Server(ThreadingHTTPServer):
    """Serves the page; `ask` computes the answers.

    Attributes
    ----------
    url : str
    """

    daemon_threads = True
    request_queue_size = _WAITING
    seconds = _SECONDS
    allow_reuse_address = os.name != "nt"  # there it would let two servers share a port

    def __init__(self, ask: Callable[[Mapping[str, Any]], Answer], port: int) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.ask, self.port = ask, int(self.server_address[1])
        self.hosts = {f"{name}:{self.port}" for name in (ADDRESS, "localhost")}
        if self.port == 80:
            self.hosts |= {ADDRESS, "localhost"}
        self.url = f"http://{ADDRESS}:{self.port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone before its answer came."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Timed(io.RawIOBase):
    """What a connection sends until a time is up; then reading fails, also for one who sends a byte now and then."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._end = connection, time.monotonic() + seconds

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


# What is said of a request that the standard library cannot read, by the status of the reply.
_UNREAD: Mapping[int, str] = MappingProxyType(
    {
        400: "This is no request of HTTP.",
        414: "The address is too long. The page is at /.",
        431: "The headers are too many or too long.",
        501: "This server knows GET, HEAD and POST only.",
        505: "This server speaks HTTP/1.0 and HTTP/1.1 only.",
    }
)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "wengert", ""
    default_request_version = "HTTP/1.0"  # every reply has its headers
    rfile: io.BufferedIOBase

    def setup(self) -> None:
        """Read within a time that does not begin again with every byte."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Timed(self.connection, self.server.seconds))

    def do_GET(self) -> None:
        """The page, and its parts."""
        self._send(self._refused_host() or self._got())

    def do_HEAD(self) -> None:
        """As for GET, without the body."""
        self._send(self._refused_host() or self._got(), with_body=False)

    def do_POST(self) -> None:
        """An answer."""
        body = self._body()
        refused = self._refused_host() or self._refused_request()
        self._send(refused or (self._answer(body) if isinstance(body, bytes) else body))

    def _got(self) -> _Reply:
        path = self.path.partition("?")[0]
        if path in _ASSETS:
            read, kind = _ASSETS[path]
            return _Reply(HTTPStatus.OK, read().encode(), kind)
        return _refused(HTTPStatus.NOT_FOUND, "There is nothing here. The page is at /.")

    def _refused_host(self) -> _Reply | None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) == 1 and hosts[0].lower() in self.server.hosts:
            return None
        return _refused(HTTPStatus.MISDIRECTED_REQUEST, f"This server is called {self.server.url} only.")

    def _body(self) -> bytes | _Reply:
        """The body; a refusal where it is too long, or its length is not told."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or not lengths:
            return _refused(HTTPStatus.LENGTH_REQUIRED, "A request tells its length. Send it with a Content-Length.")
        length = lengths[0]
        if len(lengths) > 1 or not (length.isascii() and length.isdigit()):
            return _refused(HTTPStatus.BAD_REQUEST, "The Content-Length is no number. Send that of the body in bytes.")
        size = int(length) if len(length) < 19 else None  # what can never come is not waited for
        if size is not None and size <= MOST_BYTES:
            return self.rfile.read(size)
        left = min(size or 0, _DRAINED)
        while left > 0 and (part := self.rfile.read(min(left, 1 << 16))):
            left -= len(part)
        message = f"The request is too long: {MOST_BYTES:,} bytes are taken. Give a shorter function or point."
        return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)

    def _refused_request(self) -> _Reply | None:
        origin = ",".join(self.headers.get_all("Origin", [])).lower()
        if origin.removeprefix("http://") not in self.server.hosts or not origin.startswith("http://"):
            return _refused(HTTPStatus.FORBIDDEN, "Only the page itself may ask.")
        if self.path != "/answer":
            return _refused(HTTPStatus.NOT_FOUND, "There is nothing here. Requests go to /answer.")
        if self.headers.get_content_type() != "application/json":
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A request is of the type application/json.")
        return None

    def _answer(self, body: bytes) -> _Reply:
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return _refused(HTTPStatus.BAD_REQUEST, "The request is no JSON.")
        if not isinstance(request, dict):
            return _refused(HTTPStatus.BAD_REQUEST, "The request is no JSON object.")
        answer = self.server.ask(request)
        return _Reply(HTTPStatus.OK, json.dumps(answer, allow_nan=False).encode(), "application/json")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the standard library cannot read, as everything else is refused."""
        self.close_connection = True
        self._send(_refused(HTTPStatus(code), _UNREAD.get(code, message or explain or "The request cannot be read.")))

    def _send(self, reply: _Reply, *, with_body: bool = True) -> None:
        self.connection.settimeout(self.server.seconds)
        self.send_response(reply.status)
        self.send_header("Content-Type", f"{reply.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Content-Security-Policy", _POLICY)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the terminal shows the address, and the end."""


def _refused(status: HTTPStatus, message: str) -> _Reply:
    return _Reply(status, json.dumps(refusal(message)).encode(), "application/json")
