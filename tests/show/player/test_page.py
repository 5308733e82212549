"""The page of the player: one file, nothing from elsewhere, and no text that becomes markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import wengert as wg
from wengert import cli
from wengert.errors import ArgumentError
from wengert.expression import parse, parse_program
from wengert.show.player.page import assets, player_fragment

ATTACK = "<script>alert(1)</script>"


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


class Elements(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.started, self.texts, self.open = [], {}, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.started.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def data_of(page):
    found = re.findall(r'<script type="application/json" class="player-data">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def test_the_page_is_one_file_that_refers_to_nothing():
    page = wg.explain(textbook, 2.0, 5.0).to_player()
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    addresses = set(re.findall(r"\w+://[^\s\"'<>)]*", page))
    assert addresses == {"http://www.w3.org/2000/svg"}
    elements = Elements(page)
    for tag, attributes in elements.started:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert not {"src", "href", "xlink:href", "srcset", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(
        r"@import|url\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|document\.write|eval\(", page
    )


def test_identifiers_are_unique_and_labels_point_to_them():
    page = wg.explain(textbook, 2.0, 5.0).to_player()
    attributes = [each for _, each in Elements(page).started]
    ids = [each["id"] for each in attributes if "id" in each]
    assert len(ids) == len(set(ids)) > 0
    for each in attributes:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((each.get(name) or "").split()) <= set(ids)


def test_two_fragments_can_stand_in_one_page():
    explanation = wg.explain(textbook, 2.0, 5.0)
    both = player_fragment(explanation, prefix="one", level=2) + player_fragment(explanation, prefix="two", level=3)
    elements = Elements(both)
    ids = [each["id"] for _, each in elements.started if "id" in each]
    assert len(ids) == len(set(ids))
    assert {"one", "two"} <= set(ids)
    assert [tag for tag, _ in elements.started if re.fullmatch(r"h\d", tag)] == ["h2", "h3"]
    assert "<style" not in both
    assert ".wengert-graph" in assets().style
    assert "alert(" not in assets().script
    assert "function wengertPlayer(root, keyboard)" in assets().script


def test_controls_are_labelled_and_the_table_is_one():
    page = wg.explain(textbook, 2.0, 5.0).to_player()
    elements = Elements(page).started
    buttons = [each for tag, each in elements if tag == "button"]
    assert {each["data-does"] for each in buttons} == {"first", "back", "play", "forward", "last", "slower", "faster"}
    assert all(each["aria-label"] and each["type"] == "button" for each in buttons)
    assert [each["aria-label"] for tag, each in elements if tag == "input"] == ["Step"]
    assert [each["role"] for tag, each in elements if tag == "table"] == ["table"]
    assert any(each.get("aria-live") == "polite" for _, each in elements)
    assert "prefers-reduced-motion: reduce" in assets().style
    assert "prefers-color-scheme: dark" in assets().style


def test_the_data_hold_what_is_played_with_the_nodes_of_the_graph():
    page = wg.explain(textbook, 2.0, 5.0).to_player()
    data = data_of(page)
    nodes = {each["data-node"] for tag, each in Elements(page).started if tag == "g" and "data-node" in each}
    assert {"x1", "x2", "v1", "v2", "v3", "v4", "v5", "y"} <= nodes
    assert data["texts"] == {key: [key] for key in ("x1", "x2", "v1", "v2", "v3", "v4", "v5", "y")}
    assert [row["nodes"] for row in data["rows"]] == [[key] for key in data["texts"]]
    edges = {
        (each["data-from"], each["data-to"], int(each["data-operand"]))
        for tag, each in Elements(page).started
        if tag == "g" and "data-from" in each
    }
    steps = [step for mode in data["modes"] for one in mode["passes"] for step in one["steps"]]
    flows = {(flow["source"], flow["target"], flow["operand"]) for step in steps for flow in step["flows"]}
    assert flows == edges
    assert ["x2", "v3", 0, "cos(v₀) = 0.284"] in data["partials"]
    assert data["modes"][0]["goal"] == "∂y/∂x1 = ?, ∂y/∂x2 = ?"


def test_the_source_is_that_of_the_function():
    data = data_of(wg.explain(textbook, 2.0, 5.0).to_player())
    assert data["listing"]["title"] == "test_page.py"
    texts = [text for _, text in data["listing"]["lines"]]
    assert texts == ["def textbook(x1, x2):", "    return np.log(x1) + x1 * x2 - np.sin(x2)"]
    assert [row["line"] for row in data["rows"]] == [-1, -1, 1, 1, 1, 1, 1, 1]
    first = data["listing"]["lines"][0][0]
    assert textbook.__code__.co_firstlineno == first


def helper(x):
    y = np.sin(x)
    return y * y


def with_helper(x):
    z = helper(x)

    return z + 1.0


def test_functions_that_are_called_are_shown_too():
    data = data_of(wg.explain(with_helper, 2.0).to_player())
    texts = [text for _, text in data["listing"]["lines"]]
    assert texts == [
        "def helper(x):", "    y = np.sin(x)", "    return y * y", "⋮",
        "def with_helper(x):", "    z = helper(x)", "", "    return z + 1.0",
    ]  # fmt: skip
    lines = [texts[row["line"]] for row in data["rows"] if row["kind"] == "statement"]
    assert lines == ["    y = np.sin(x)", "    return y * y", "    return z + 1.0"]


def test_the_source_of_a_formula_is_its_statements():
    explanation = wg.explain(parse("log(x1) + x1*x2 - sin(x2)").function, 2.0, 5.0)
    data = data_of(explanation.to_player())
    texts = [text for _, text in data["listing"]["lines"]]
    assert texts[0] == "log(x1) + x1*x2 - sin(x2)"
    assert texts[1:] == ["v1 = log(x1)", "v2 = x1 * x2", "v3 = sin(x2)", "v4 = v1 + v2", "v5 = v4 - v3", "y = v5"]
    assert [row["line"] for row in data["rows"]] == [-1, -1, 1, 2, 3, 4, 5, 6]


def lines_of(explanation):
    return [text for _, text in data_of(explanation.to_player())["listing"]["lines"]]


def test_the_source_stays_that_of_the_function_when_another_text_is_typed_before_it_is_saved():
    first = wg.explain(parse_program("u = x * x\nreturn cos(u)").function, 3.0)
    second = wg.explain(parse_program("w = exp(x)\nreturn w / 2").function, 3.0)
    assert lines_of(first) == ["u = x * x", "return cos(u)"]
    assert lines_of(second) == ["w = exp(x)", "return w / 2"]


def test_the_source_of_two_typed_texts_and_a_function_is_all_of_them():
    f, g = (parse_program(text).function for text in ("u = x * 7.5\nsin(u)", "u = x * 8.5\ncos(u)"))
    lines = lines_of(wg.explain(lambda x: f(x) + g(x), 3.0))
    assert {"u = x * 7.5", "sin(u)", "u = x * 8.5", "cos(u)", "test_page.py"} <= set(lines)
    assert sum(line.startswith("<expression") for line in lines) == 2


def test_the_source_of_a_typed_program_is_its_text():
    explanation = wg.explain(parse_program("y = x * x\nreturn sin(y)  # the end").function, 3.0)
    data = data_of(explanation.to_player())
    assert [text for _, text in data["listing"]["lines"]] == ["y = x * x", "return sin(y)"]
    assert [row["line"] for row in data["rows"]] == [-1, 0, 1, 1]
    data = data_of(player_fragment(explanation, program=f"first\n{ATTACK}"))
    assert [text for _, text in data["listing"]["lines"]] == ["first", ATTACK]
    assert [row["line"] for row in data["rows"]] == [-1, 0, 1, 1]


def test_of_a_long_function_the_lines_that_are_used_are_shown(tmp_path):
    file = tmp_path / "long.py"
    file.write_text("def f(x):\n" + "    pass\n" * 200 + "    return x * x\n", encoding="utf-8")
    namespace = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)  # noqa: S102
    data = data_of(wg.explain(namespace["f"], 3.0).to_player())
    numbers = [number for number, _ in data["listing"]["lines"]]
    assert numbers == [1, 2, 3, 4, None, 199, 200, 201, 202]


def sneaky(x):
    y = np.sin(x)  # </script><script>alert(1)</script>
    return {"<script>alert(1)</script>": y * 2.0}


@pytest.mark.parametrize(
    "attack", [ATTACK, "</script>" + ATTACK, "{{data}} {title} <!-- \u2028 ]]>", '"><b onclick=x>']
)
def test_what_a_user_names_or_writes_stays_text(attack):
    explanation = wg.explain(lambda x: np.sum(x[attack] * 2.0), {attack: np.ones(2)})
    explanation.title = attack
    clean = Elements(wg.explain(lambda x: np.sum(x["a"] * 2.0), {"a": np.ones(2)}).to_player())
    page = explanation.to_player()
    elements = Elements(page)
    tags = [[tag for tag, _ in each.started if tag != "title"] for each in (elements, clean)]  # a tooltip more
    assert tags[0] == tags[1]
    assert tags[0].count("script") == 2
    assert data_of(page)["modes"][0]["passes"][0]["results"][0].endswith("= [2, 2]")
    assert attack in elements.texts["title"]


def test_source_text_cannot_end_the_script():
    page = wg.explain(sneaky, 2.0).to_player()
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert any("alert(1)" in text for _, text in data_of(page)["listing"]["lines"])


def test_names_outside_of_ascii_find_their_nodes():
    data = data_of(wg.explain(lambda p: p["θ"] * p["x y"], {"θ": 2.0, "x y": 3.0}).to_player())
    assert sorted(name for names in data["texts"].values() for name in names)[:2] != []
    assert all(row["nodes"] for row in data["rows"])
    steps = data["primal"]["steps"]
    assert [len(step["flows"]) for step in steps] == [0, 0, 2, 1]


def test_several_targets_stand_at_one_node():
    data = data_of(wg.explain(lambda a: np.sum(np.linalg.eigh(a)[0]), np.array([[2.0, 1.0], [1.0, 3.0]])).to_player())
    several = [names for names in data["texts"].values() if len(names) > 1]
    assert len(several) == 1


def test_what_is_not_shown_is_said_and_the_page_stays_small():
    def f(x):
        for _ in range(5000):
            x = np.sin(x) + x / 300
        return x

    page = wg.explain(f, np.linspace(0, 1, 20), max_rows=10_000).to_player()
    assert "The program is long: 14,702 steps in its middle are computed, not shown." in page
    assert "Forward mode needs 20 passes; 3 passes are shown." in page
    assert len(page) < 2_000_000


def perceptron(params, x):
    h = np.tanh(params["W1"] @ x + params["b1"])
    return np.sum((params["W2"] @ h + params["b2"]) ** 2)


def parameters():
    normal = np.random.default_rng(0).normal
    shapes = {"W1": (4, 3), "b1": 4, "W2": (2, 4), "b2": 2}
    return {name: normal(size=shape) for name, shape in shapes.items()}, normal(size=3)


def test_arrays_are_shortened_in_the_graph_in_cells_and_in_words_but_not_in_the_equation():
    page = wg.explain(perceptron, *parameters()).to_player()
    data = data_of(page)
    full = data["rows"][0]["primal"][2]
    assert full == "f64[4,3] 0.126, -0.132, …, -0.623, 0.041"
    assert data["briefs"][full] == "[[0.126 … 0.041]]"
    assert data["primal"]["steps"][0]["texts"] == {"params_W1": "[[0.126 … 0.041]]"}
    assert data["primal"]["steps"][0]["words"] == "The input params_W1 is [[0.126 … 0.041]]."
    values = [row["primal"][2] for row in data["rows"]]
    assert max(len(data["briefs"].get(value, value)) for value in values) <= 19
    results = data["modes"][0]["passes"][0]["results"]
    assert [text.split(" = ")[0] for text in results] == [f"∂y/∂params_{name}" for name in ("W1", "W2", "b1", "b2")] + [
        "∂y/∂x"
    ]
    width = float(re.search(r'viewBox="0 0 (\d+)', page)[1])
    assert width < 800


def test_symbol_and_formula_stand_in_one_line_of_a_node_if_they_are_short():
    page = wg.explain(lambda x: np.sin(x) * np.linalg.norm(x * 12345.678), 2.0).to_player()
    titles = re.findall(r'<text class="title"[^>]*>([^<]*)', page)
    assert "v₁ = sin(v₀)" in titles
    assert any(re.fullmatch("v[₀-₉]", title) for title in titles)


def test_one_mode_alone_has_a_page():
    assert [mode["name"] for mode in data_of(wg.explain(textbook, 2.0, 5.0, mode="forward").to_player())["modes"]] == [
        "forward"
    ]


# --- where it is written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.html", "<!DOCTYPE html>"),
        ("a.HTM", "<!DOCTYPE html>"),
        ("a.md", "**"),
        ("a.txt", "textbook(x1, x2)\n"),
    ],
)
def test_save_writes_what_the_suffix_says(tmp_path, name, start):
    wg.explain(textbook, 2.0, 5.0).save(tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.startswith(start)
    assert text.endswith("\n")
    assert ("wengertPlayer" in text) == name.lower().startswith("a.htm")


def test_save_takes_a_string(tmp_path):
    wg.explain(textbook, 2.0, 5.0).save(str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").exists()


@pytest.mark.parametrize("name", ["page", "page.pdf"])
def test_save_refuses_other_suffixes(tmp_path, name):
    with pytest.raises(ArgumentError, match=r"whose suffix says nothing.*End it in \.html .the player"):
        wg.explain(textbook, 2.0, 5.0).save(tmp_path / name)


def test_the_command_line_writes_the_page(tmp_path, capsys):
    file = tmp_path / "page.html"
    assert cli.main(["explain", "log(x1) + x1*x2 - sin(x2)", "x1=2", "x2=5", "--html", str(file)]) == 0
    assert capsys.readouterr().out == ""
    page = file.read_text(encoding="utf-8")
    assert "<title>f(x1, x2) = log(x1) + x1*x2 - sin(x2)</title>" in page
    assert data_of(page)["modes"][0]["passes"][0]["results"] == ["∂y/∂x1 = 5.5", "∂y/∂x2 = 1.716"]


def test_the_command_line_refuses_two_files(tmp_path, capsys):
    arguments = ["explain", "x", "x=2", "--html", str(tmp_path / "a.html"), "--output", str(tmp_path / "b.md")]
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == "wengert: --html and --output name two files. Give one of them.\n"


def test_the_command_line_says_where_it_cannot_write(tmp_path, capsys):
    assert cli.main(["explain", "x*x", "x=2", "--html", str(tmp_path / "no" / "a.html")]) == 2
    assert "cannot write" in capsys.readouterr().err
