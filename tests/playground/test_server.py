"""The server answers its own page, and nobody else."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from playground.serving import serving
from wengert.errors import ArgumentError
from wengert.playground.server import MOST_BYTES, PORT, Server, bound_server
from wengert.playground.worker import refusal


def echo(request):
    return {"asked": request}


@pytest.fixture(scope="module")
def server():
    with serving(bound_server(echo, 0)) as server:
        yield server


@pytest.fixture
def ask(server):
    """Send a request; give status, headers and body."""

    def send(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        own = {"Host": f"127.0.0.1:{server.port}"}
        if method == "POST":
            own |= {"Origin": f"http://127.0.0.1:{server.port}", "Content-Type": "application/json"}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True)
        for name, value in own.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None and "Content_Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body is not None:
            connection.send(body)
        reply = connection.getresponse()
        found = reply.status, reply.headers, reply.read()
        connection.close()
        return found

    return send


def said(body):
    return json.loads(body)["refused"]["message"]


@pytest.mark.parametrize(
    ("path", "kind", "part"),
    [
        ("/", "text/html; charset=utf-8", b"<title>wengert playground</title>"),
        ("/?x=1", "text/html; charset=utf-8", b"<textarea"),
        ("/page.css", "text/css; charset=utf-8", b":root"),
        ("/player.css", "text/css; charset=utf-8", b".wengert-graph"),
        ("/player.css", "text/css; charset=utf-8", b".wengert-player"),
        ("/page.js", "text/javascript; charset=utf-8", b'"use strict"'),
        ("/player.js", "text/javascript; charset=utf-8", b"wengertPlayer"),
        ("/icon.svg", "image/svg+xml; charset=utf-8", b"<svg"),
    ],
)
def test_the_page_and_its_parts(ask, path, kind, part):
    status, headers, body = ask("GET", path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert part in body
    status, headers, empty = ask("HEAD", path)
    assert (status, int(headers["Content-Length"]), empty) == (200, len(body), b"")


def test_every_reply_forbids_what_the_page_does_not_need(ask):
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("POST", "/answer")):
        _, headers, _ = ask(method, path, b"{}" if method == "POST" else None)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Python" not in headers["Server"]


def test_the_page_has_no_script_or_style_inside_and_nothing_from_elsewhere(ask):
    page = ask("GET", "/")[2].decode()
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r"<style|style=|\son\w+=", page) == []
    assert all(address.startswith("/") for address in re.findall(r'(?:src|href)="([^"]*)"', page))
    for path in ("/page.js", "/page.css"):
        assert "innerHTML" not in ask("GET", path)[2].decode()
        assert re.findall(r"https?://(?!www\.w3\.org/)", ask("GET", path)[2].decode()) == []


def test_a_request_is_answered(ask):
    status, headers, body = ask("POST", "/answer", b'{"part": "x"}')
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert json.loads(body) == {"asked": {"part": "x"}}
    assert ask("POST", "/answer", b"{}", Content_Type="application/json; charset=utf-8")[0] == 200


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "127.0.0.1:1", "evil.test:8321", "", None, "[::1]"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_another_host_is_refused(ask, server, host, method):
    body = b"{}" if method == "POST" else None
    status, _, reply = ask(method, "/answer" if body else "/", body, Host=host)
    assert status == 421
    if method != "HEAD":
        assert said(reply) == f"This server is called {server.url} only."


def test_localhost_is_its_name_too(ask, server):
    name = f"localhost:{server.port}"
    assert ask("GET", "/", Host=name)[0] == 200
    assert ask("POST", "/answer", b"{}", Host=name, Origin=f"http://{name}")[0] == 200


@pytest.mark.parametrize("origin", ["http://example.com", "null", "", None, "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_origin_is_refused(ask, origin):
    status, _, reply = ask("POST", "/answer", b"{}", Origin=origin)
    assert (status, said(reply)) == (403, "Only the page itself may ask.")


def test_the_same_origin_over_another_scheme_is_refused(ask, server):
    assert ask("POST", "/answer", b"{}", Origin=f"https://127.0.0.1:{server.port}")[0] == 403
    assert ask("POST", "/answer", b"{}", Origin=f"127.0.0.1:{server.port}")[0] == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_another_type_is_refused(ask, kind):
    status, _, reply = ask("POST", "/answer", b"{}", Content_Type=kind)
    assert (status, said(reply)) == (415, "A request is of the type application/json.")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"[1]", b'"text"', b"1"])
def test_what_is_no_object_of_json_is_refused(ask, body):
    status, _, reply = ask("POST", "/answer", body)
    assert status == 400
    assert "The request is no JSON" in said(reply)


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 5_000_000])
def test_a_long_body_is_refused_with_an_answer(ask, size):
    status, _, reply = ask("POST", "/answer", b"x" * size)
    assert status == 413
    assert said(reply).startswith(f"The request is too long: {MOST_BYTES:,} bytes are taken.")


@pytest.mark.parametrize(
    ("length", "expected"), [("-1", 400), ("x", 400), ("", 400), ("1e3", 400), ("²", 400), ("9" * 30, 413), (None, 411)]
)
def test_a_length_that_is_none_is_refused(ask, length, expected):
    status, _, reply = ask("POST", "/answer", None, Content_Length=length and length.encode("latin-1"))
    assert status == expected
    assert said(reply)


def test_a_body_in_chunks_is_not_called_too_long(ask):
    status, _, reply = ask("POST", "/answer", None, Transfer_Encoding="chunked", Content_Length=None)
    assert (status, said(reply)) == (411, "A request tells its length. Send it with a Content-Length.")


def reply_to(server, sent):
    """Send bytes as they are; give the status line, the headers and the body."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        reply = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
    head, _, body = reply.partition("\r\n\r\n")
    return *head.split("\r\n", 1), body


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET / HT\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\na: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"PUT / HTTP/1.1\r\n\r\n", 501),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 421),
    ],
)
def test_what_cannot_be_read_is_refused_like_all_else(server, sent, expected):
    status, headers, body = reply_to(server, sent)
    assert status.split()[1] == str(expected)
    assert "Content-Security-Policy: default-src 'none'" in headers
    assert "Content-Type: application/json" in headers
    assert said(body)


def test_two_hosts_are_refused(server):
    own = f"Host: 127.0.0.1:{server.port}\r\n"
    for hosts in (own + "Host: evil.test\r\n", "Host: evil.test\r\n" + own, own + own):
        status, _, _ = reply_to(server, f"GET / HTTP/1.1\r\n{hosts}\r\n".encode())
        assert status.split()[1] == "421"


def test_who_sends_a_byte_now_and_then_is_turned_away():
    server = bound_server(echo, 0)
    server.seconds = 1.0
    began = time.monotonic()

    def drip(connection):
        connection.sendall(b"GET / HTTP/1.1\r\n")
        while time.monotonic() < began + 10:
            connection.sendall(b"a")
            time.sleep(0.1)

    with serving(server):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        with connection, pytest.raises(ConnectionError):
            drip(connection)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(ask, method):
    assert ask(method, "/answer")[0] == 501


@pytest.mark.parametrize("path", ["/nothing", "/../cli.py", "/page.py", "/page.js/", "/%2e%2e/cli.py"])
def test_other_paths_are_refused(ask, path):
    assert ask("GET", path)[0] == 404
    assert ask("POST", path, b"{}")[0] == 404


def test_it_listens_on_the_loopback_address_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_taken_port_is_refused_or_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ArgumentError) as error:
            bound_server(echo, port)
        assert str(error.value).startswith(f"port {port} is taken or not allowed. Choose another one with --port")
    with pytest.raises(ArgumentError):
        bound_server(echo, 70_000)
    with bound_server(echo) as first, bound_server(echo) as second:
        assert PORT <= first.port < second.port


def test_a_refusal_goes_through_as_an_answer():
    with Server(lambda request: refusal("no"), 0) as server:
        assert server.ask({}) == refusal("no")


# A shell lets what it runs in the background ignore interrupts, and so all that is run by that.
HEED_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


@pytest.mark.skipif(os.name == "nt", reason="the signal of Ctrl+C cannot be sent to one process there")
def test_the_command_serves_until_it_is_interrupted():
    play = "import sys; from wengert.cli import main; sys.exit(main(['play', '--no-browser', '--port', '0']))"
    command = [sys.executable, "-c", f"{HEED_INTERRUPTS}; {play}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        first = process.stdout.readline()
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/ \(Ctrl\+C ends it\)\.", first)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        request = {"part": "summary", "function": "x*x", "point": "x=3"}
        headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
        connection.request("POST", "/answer", json.dumps(request), headers)
        assert json.loads(connection.getresponse().read())["gradient"] == [{"name": "∂y/∂x", "value": "6"}]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (out.strip(), err, process.returncode) == ("The playground has ended.", "", 0)
    finally:
        process.kill()
        process.wait()
