"""A hostile program in every page that is written of it: its texts are read as texts, and nothing of it runs."""

from __future__ import annotations

import importlib.util
from urllib.parse import quote

import numpy as np
import pytest

import wengert as wg
from playground.serving import playground
from wengert import cli

ATTACK = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
FILE = "<img src=x onerror=alert(1)> & 'a'.py"  # a file's name cannot hold a slash
SOURCE = f'''\
import numpy as np

def program(p, q=0.5):
    """{ATTACK} </script>{IMAGE} ]]> --> {{{{data}}}}"""
    y = np.sin(p["{ATTACK}"]) * 2.0  # {ATTACK} </script></style>{IMAGE} <!-- ]]>
    for _ in range(60):  # {IMAGE}
        y = y + 0.1 * np.cos(y) * q
    return {{"{ATTACK}": y, "{IMAGE}": y * q}}
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    file = tmp_path_factory.mktemp("hostile") / FILE
    file.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("hostile", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.program.__name__ = module.program.__qualname__ = ATTACK
    module.program.__doc__ = ATTACK
    return module.program


def arguments():
    return {ATTACK: 1.0}, 0.5


def named_tensor():
    x = wg.tensor(2.0, requires_grad=True)
    return wg.make_dot(np.sin(x) * 3.0, params={ATTACK: x})


PAGES = {
    "player": lambda f: wg.explain(f, *arguments()).to_player(),
    "tables": lambda f: wg.explain(f, *arguments(), detail="rows").to_html(),
    "summary": lambda f: wg.explain(f, *arguments(), detail="summary").to_html(),
    "line": lambda f: wg.explain(f, *arguments(), detail="summary").line(5).to_html(),
    "graph": lambda f: wg.graph(f, *arguments(), adjoints=False).to_html(),
    "graph by lines": lambda f: wg.graph(f, *arguments(), fold="line").to_html(),
    "graph of all": lambda f: wg.graph(f, *arguments(), fold="none").to_svg(),
    "comparison": lambda f: wg.compare(lambda p, q: f(p, q)[ATTACK], *arguments()).to_html(),
    "tensor": lambda f: named_tensor().to_html(),
    "list": lambda f: wg.trace(f)(*arguments())._repr_html_(),
    "tape": lambda f: wg.tape(f, *arguments())._repr_html_(),
}


@pytest.fixture
def dialogs():
    """What the pages of a test have said by `alert`, which the attack calls."""
    return []


@pytest.fixture
def opened(open_page, dialogs):
    """Open a document, a part of one, or an address. Nothing in it may call `alert`, also while it loads."""

    def open_watched(shown):
        is_part = shown.startswith("<") and not shown.startswith("<!")
        page = open_page(f"<!DOCTYPE html><title>page</title><body>{shown}" if is_part else shown)
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.reload()
        return page

    yield open_watched
    assert dialogs == []


def is_harmless(page):
    """Whether the document holds no element that the attack would make."""
    return page.evaluate(
        """() => !document.querySelector("img, [onerror], [onload]") && !Array.from(document.scripts).some((each) =>
            each.type !== "application/json" && each.textContent.includes("alert("))"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_what_a_program_names_is_text_on_every_page(opened, program, name):
    page = opened(PAGES[name](program))
    assert is_harmless(page)
    assert ATTACK in page.evaluate("document.body.textContent")


def test_the_attack_would_be_seen(opened, dialogs):
    assert not is_harmless(opened(f"<p>{ATTACK}"))
    assert dialogs == ["1"]
    dialogs.clear()


def test_the_whole_player_of_a_hostile_program_can_be_played(opened, program):
    page = opened(PAGES["player"](program))
    assert ATTACK in page.inner_text("h1")
    for key in ("ArrowRight", "End", "m", "End", "ArrowLeft", "Home"):
        page.keyboard.press(key)
        assert is_harmless(page)
    assert ATTACK in page.inner_text(".player-source")
    assert IMAGE in page.inner_text(".player-source")


def test_the_boxes_of_a_hostile_program_can_be_opened(opened, program):
    page = opened(PAGES["graph"](program))
    page.locator(".stage g.box.closed").first.click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    assert is_harmless(page)
    assert IMAGE in page.inner_text(".trail")


@pytest.mark.parametrize("option", ["--html", "--output"])
def test_the_command_writes_pages_of_text(opened, tmp_path, capsys, option):
    source, written = tmp_path / FILE, tmp_path / "page.html"
    source.write_text(SOURCE.replace("(p, q=0.5)", "(x, q)").replace(f'p["{ATTACK}"]', "x"), encoding="utf-8")
    assert cli.main(["explain", f"{source}:program", "x=1", "q=0.5", option, str(written)]) == 0
    assert capsys.readouterr().err == ""
    page = opened(written.read_text(encoding="utf-8"))
    assert is_harmless(page)
    assert IMAGE in page.evaluate("document.body.textContent")


def test_nothing_of_an_address_runs_in_the_playground(opened):
    with playground() as server:
        for part in (ATTACK, IMAGE, "javascript:alert(1)", "'\"><svg onload=alert(1)>"):
            where = "&".join(f"{name}={quote(part)}" for name in ("f", "at", "tab", "along", "from", "to", part))
            page = opened(f"{server.url}?{quote(part)}#{where}")
            page.locator(".refusal:not([hidden])").first.wait_for()
            assert page.locator("#function").input_value() == part
            assert page.locator("main script, section script, main img, section img, svg[onload]").count() == 0
