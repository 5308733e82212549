"""Attacks on the command and the server: what is typed is refused in one line, and nobody keeps others waiting."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
import time
import unicodedata

import pytest

from playground.serving import serving
from wengert import cli
from wengert.playground.server import bound_server

ATTACK = "<script>alert(1)</script>"
DEEP = 10_000

# Functions that no command may run. Of each, what the line of the refusal has to say.
FUNCTIONS = {
    "markup": (ATTACK, f"'{ATTACK}' cannot be read"),
    "import": ("__import__('os').system('x')", "is an attribute"),
    "class of a tuple": ("().__class__", "is an attribute"),
    "class of a value": ("x.__class__", "is an attribute"),
    "lambda": ("(lambda: 0)()", "is a lambda"),
    "a million characters": ("x" * 10**6, "has 1000000 characters. The limit is 10000"),
    "a million characters of sums": ("+".join(["x"] * 500_000), "has 999999 characters"),
    "loop without end": ("while True: pass", "is a loop"),
    "loop without end, in lines": ("x = 1\nwhile True:\n    x = x + 1\nx", "is a loop"),
    "loop": ("for i in range(10): y = i", "is a loop"),
    "deep brackets": ("(" * DEEP + "x" + ")" * DEEP, "has 20001 characters"),
    "brackets as deep as is read": ("(" * 4000 + "x" + ")" * 4000, "Too many nested parentheses"),
    "signs as many as are read": ("x" + "-" * 9000 + "x", "is nested too deeply"),
    "zero character": ("x\x00", "'\\x00' (a control character)"),
    "escape sequence": ("x\x1b]0;title\x07", "'\\x1b' (a control character)"),
    "right to left": ("x\u202e", "'\\u202e' (right-to-left override)"),
    "look-alike": ("\u0445", "no printable ASCII character"),
    "execution": ("exec('x')", "'exec' is not a known function"),
    "assignment inside": ("(y := x)", "y := x"),
    "string": ("'a' * 10**9", "is not a number"),
    "definition": ("def f(x): return x", "is a definition"),
    "import statement": ("import os", "is an import"),
}
VALUES = {
    "markup": (f"x={ATTACK}", f"'{ATTACK}' cannot be read"),
    "markup as a name": (f"{ATTACK}=1", ATTACK),
    "call": ("x=__import__('os')", "is not a number"),
    "a million numbers": ("x=[" + "1," * 10**6 + "1]", "has 2000003 characters"),
    "deep brackets": ("x=" + "[" * DEEP + "]" * DEEP, "Too many nested parentheses"),
    "endless power": ("x=9**9**9**9", "is not a number"),
    "zero character": ("x=1\x00", "\\x00"),
    "too large": ("x=1e999", "is too large"),
}
COMMANDS = ("explain", "grad", "compare", "list", "source", "latex")


@pytest.fixture
def refusal(capsys):
    """Run the command, which has to refuse; give the one line that it says."""

    def call(*arguments):
        began = time.monotonic()
        status = cli.main(arguments)
        assert time.monotonic() - began < 20
        out, err = capsys.readouterr()
        assert (status, out) == (2, "")
        line = err.removeprefix("wengert: ").removesuffix("\n")
        assert err == f"wengert: {line}\n"
        assert len(line) < 500
        hidden = [sign for sign in line if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")]
        assert hidden == []
        assert line.count(". ") >= 1, "it says what is wrong, and what to do"
        return line

    return call


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("attack", FUNCTIONS)
def test_every_command_refuses_such_a_function_in_one_line(refusal, command, attack):
    function, message = FUNCTIONS[attack]
    assert message in refusal(command, function, "x=1")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("attack", VALUES)
def test_every_command_refuses_such_a_value_in_one_line(refusal, command, attack):
    value, message = VALUES[attack]
    assert message in refusal(command, "sum(x)", value)


def test_a_refused_function_leaves_no_page(refusal, tmp_path):
    for option in ("--html", "--output"):
        refusal("explain", ATTACK, "x=1", option, str(tmp_path / "page.html"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", ["9**9**9**9 * x", "x**1e308", "x**x**x**x**x", "x/0"])
def test_powers_without_end_are_explained_at_once(capsys, function):
    began = time.monotonic()
    assert cli.main(["explain", function, "x=9"]) == 0
    assert time.monotonic() - began < 20
    assert re.search(r"One sweep for all inputs: ∂y/∂x = (inf|nan)", capsys.readouterr().out)


# --- the server ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    with serving(bound_server(lambda request: {"asked": request}, 0)) as server:
        yield server


def asked(server, number):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{server.port}"}
    connection.request("POST", "/answer", json.dumps({"number": number}), headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["asked"]["number"]


@pytest.mark.parametrize("sent", [b"", b"POST /answer HTTP/1.1\r\nHost: x\r\n", b"GET / HT", b"\x16\x03\x01\x02"])
def test_connections_that_stand_still_keep_nobody_waiting(server, sent):
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            connection.sendall(sent)
        began = time.monotonic()
        assert asked(server, 7) == 7
        assert time.monotonic() - began < 10


def test_connections_that_close_halfway_leave_the_server_as_it_was(server, capfd):
    header = f"POST /answer HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 1000\r\n\r\n".encode()
    for sent in (b"", header[:20], header, header + b"{"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(sent)
    assert asked(server, 8) == 8
    assert capfd.readouterr().err == ""


def test_a_client_that_sends_headers_without_end_is_turned_away(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.0 431 ")
    assert asked(server, 9) == 9


def test_fifty_requests_at_once_are_all_answered(server):
    answers = []
    threads = [threading.Thread(target=lambda k=k: answers.append(asked(server, k))) for k in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(50))


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", f"/{ATTACK}", "/\x00"]
)
def test_a_path_leads_to_the_page_or_nowhere(server, path):
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request.encode())
        reply = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert reply.startswith(b"HTTP/1.0 404 ")
    assert b"root:" not in reply
    assert ATTACK.encode() not in reply
