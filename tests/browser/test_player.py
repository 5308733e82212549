"""The player in a browser: played by keyboard, by mouse, on a phone, in the dark, and by ear."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wengert as wg
from wengert.show.player.page import assets, player_fragment

ATTACK = "<script>alert(1)</script>"
PRIMAL, ADJOINT = 8, 12  # steps of the passes of the textbook function
FIRST, RUNNING = 6, 8  # steps of the adjoint pass that contribute to the second input


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


@pytest.fixture(scope="module")
def textbook_page():
    return wg.explain(textbook, 2.0, 5.0).to_player()


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


def equation(page):
    return page.inner_text(".player-equation")


def node_text(page, key, kind):
    return page.text_content(f'.node[data-node="{key}"] > .{kind}')


def label(page, source, target):
    return page.text_content(f'.edge[data-from="{source}"][data-to="{target}"] > .label')


def seen(page):
    """All that can be seen at a position: texts and classes of graph, table and source."""
    return page.evaluate(
        """() => {
            const told = (e) => [Array.from(e.classList).sort().join(" "), e.textContent];
            const rows = Array.from(document.querySelectorAll(".player-trace tr"), (e) => e.innerText);
            const parts = Array.from(document.querySelectorAll(".node, .edge, .player-trace tr, li"), told);
            return [document.querySelector(".player-now").innerText, document.querySelector(".player-slider").value,
                ...rows, ...parts];
        }"""
    )


def test_the_whole_reverse_pass_by_keyboard_ends_at_the_derivatives(open_page, textbook_page):
    page = open_page(textbook_page)
    assert equation(page) == "∂y/∂x1 = ?, ∂y/∂x2 = ?"
    press(page, "ArrowRight", PRIMAL)
    assert equation(page) == "y = v₅ = 11.652"
    press(page, "ArrowRight", ADJOINT - 1)
    assert equation(page) == "x̄1 = v̄₋₁ = 5.5"
    press(page, "ArrowRight")
    assert equation(page) == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert page.inner_text(".player-words").startswith("One pass gave both, because")
    assert node_text(page, "x1", "adjoint") == "x̄1 = 5.5"
    assert node_text(page, "x2", "adjoint") == "x̄2 = 1.716"
    values = page.locator(".player-trace tr.found td.derived.value").all_inner_texts()
    assert values == ["= 5.5", "= 1.716"]
    press(page, "ArrowRight")
    assert page.input_value(".player-slider") == str(PRIMAL + ADJOINT)


def test_a_sum_runs_at_the_node_in_the_table_and_on_the_edges(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "ArrowRight", PRIMAL + FIRST)
    assert equation(page) == "v̄₀ = v̄₃ · cos(v₀) = -0.284"
    assert node_text(page, "x2", "adjoint") == "v̄₀ = -0.284 + …"
    assert label(page, "x2", "v3") == "v̄₀ += -0.284"
    assert label(page, "x2", "v2") == "v₋₁ = 2"
    press(page, "ArrowRight", RUNNING - FIRST)
    assert equation(page) == "v̄₀ = v̄₀ + v̄₂ · v₋₁ = 1.716"
    assert node_text(page, "x2", "adjoint") == "v̄₀ = 1.716"
    assert label(page, "x2", "v2") == "v̄₀ += 2"


def test_the_statement_in_hand_is_the_same_in_graph_table_and_source(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "ArrowRight", PRIMAL + FIRST)
    current = page.locator(".node.current")
    assert [current.nth(k).get_attribute("data-node") for k in range(current.count())] == ["v3"]
    row = page.locator(".player-trace tr.current")
    assert row.locator("td").all_inner_texts() == ["v₃", "= sin(v₀)", "= -0.959", "v̄₀", "= v̄₃ · cos(v₀)", "= -0.284"]
    assert row.get_attribute("aria-current") == "step"
    assert "np.sin(x2)" in page.inner_text(".player-lines li.current")
    edges = page.locator(".edge.contributing")
    assert [
        (edges.nth(k).get_attribute("data-from"), edges.nth(k).get_attribute("data-to")) for k in range(edges.count())
    ] == [("x2", "v3")]


def test_values_and_equations_appear_when_they_are_computed(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "ArrowRight", 4)
    assert [node_text(page, f"v{k}", "value") for k in (1, 2, 3)] == ["0.693", "10", ""]
    table = page.inner_text(".player-trace table")
    assert "= 10\n" in table.replace("\t", "\n")
    assert "-0.959" not in table
    assert "-0.284" not in table


def test_stepping_back_restores_what_was_there(open_page, textbook_page):
    page = open_page(textbook_page)
    found = [seen(page)]
    for _ in range(PRIMAL + ADJOINT):
        press(page, "ArrowRight")
        found.append(seen(page))
    assert len({str(each) for each in found}) == len(found)
    for before in reversed(found[:-1]):
        press(page, "ArrowLeft")
        assert seen(page) == before


def test_home_end_and_the_buttons(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "End")
    assert equation(page) == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    press(page, "Home")
    assert equation(page) == "∂y/∂x1 = ?, ∂y/∂x2 = ?"
    page.get_by_role("button", name="Step forward").click()
    assert equation(page) == "v₋₁ = x1 = 2"
    page.get_by_role("button", name="Last step").click()
    page.get_by_role("button", name="Step back").click()
    assert equation(page) == "x̄1 = v̄₋₁ = 5.5"
    page.get_by_role("button", name="First step").click()
    assert page.input_value(".player-slider") == "0"
    page.get_by_role("button", name="Adjoint pass from y").click()
    assert equation(page) == "v̄₅ = ȳ = 1"


def test_the_slider_goes_anywhere_also_by_its_own_keys(open_page, textbook_page):
    page = open_page(textbook_page)
    page.locator(".player-slider").fill("14")
    assert equation(page) == "v̄₀ = v̄₃ · cos(v₀) = -0.284"
    page.locator(".player-slider").focus()
    press(page, "ArrowRight")
    assert equation(page) == "v̄₋₁ = v̄₂ · v₀ = 5"
    press(page, "End")
    assert page.get_attribute(".player-slider", "aria-valuetext") == "20 of 20: Adjoint pass from y · step 12 of 12"


def test_playing_pauses_and_ends(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "+", 3)
    assert page.inner_text(".player-rate") == "8×"
    press(page, " ")
    assert page.get_by_role("button", name="Pause").count() == 1
    page.wait_for_function("document.querySelector('.player-slider').value > 2")
    press(page, " ")
    assert page.get_by_role("button", name="Play", exact=True).count() == 1
    at = page.input_value(".player-slider")
    page.wait_for_timeout(500)
    assert page.input_value(".player-slider") == at
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("document.querySelector('.player-slider').value === '20'")
    assert page.get_by_role("button", name="Play", exact=True).count() == 1
    press(page, "-", 6)
    assert page.inner_text(".player-rate") == "0.25×"


def test_the_modes_are_compared(open_page, textbook_page):
    page = open_page(textbook_page)
    reverse, forward = page.get_by_role("button", name="Reverse mode"), page.get_by_role("button", name="Forward mode")
    assert [each.inner_text().replace("\n", ": ") for each in (reverse, forward)] == [
        "Reverse mode: 1 pass, one per output",
        "Forward mode: 2 passes, one per input",
    ]
    press(page, "End")
    forward.click()
    assert [each.get_attribute("aria-pressed") for each in (reverse, forward)] == ["false", "true"]
    assert page.locator(".player-passes button").all_inner_texts() == [
        "Primal pass",
        "Tangent pass for x1",
        "Tangent pass for x2",
    ]
    assert equation(page) == "y = v₅ = 11.652"
    press(page, "ArrowRight", 9)
    assert equation(page) == "∂y/∂x1 = 5.5"
    press(page, "ArrowRight", 9)
    assert equation(page) == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert node_text(page, "y", "adjoint") == "ẏ = 1.716"
    press(page, "m")
    assert reverse.get_attribute("aria-pressed") == "true"


def test_each_step_is_said_in_words(open_page, textbook_page):
    page = open_page(textbook_page)
    live = page.locator(".player-live")
    assert live.get_attribute("aria-live") == "polite"
    assert live.text_content() == ""
    press(page, "ArrowRight", PRIMAL + FIRST)
    assert live.text_content() == (
        "Adjoint pass from y, step 6 of 12. v 0 bar equals v 3 bar times cos(v 0) equals minus 0.284. "
        "v 3 contributes minus 0.284 to v 0 bar, the first of 2 contributions."
    )
    table = page.get_by_role("table")
    assert table.get_by_role("columnheader").all_inner_texts() == ["Forward primal trace", "Reverse adjoint trace ↑"]
    assert page.get_by_role("slider", name="Step").count() == 1
    assert page.get_by_role("img", name=re.compile("textbook")).count() == 1


def test_focus_is_seen_and_space_on_a_button_is_the_buttons(open_page, textbook_page):
    page = open_page(textbook_page)
    page.get_by_role("button", name="Step forward").focus()
    press(page, "Tab")
    press(page, "Shift+Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(page, " ")
    assert equation(page) == "v₋₁ = x1 = 2"
    assert not page.evaluate("document.querySelector('.player-playing')")


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1280])
@pytest.mark.parametrize("f", [(textbook, (2.0, 5.0)), (lambda a, x: np.tanh(a @ x), (np.eye(3), np.arange(3.0)))])
def test_nothing_is_wider_than_the_screen(open_page, width, f):
    page = open_page(wg.explain(f[0], *f[1]).to_player(), width=width, height=812)
    for key in ("Home", "ArrowRight", "End"):
        press(page, key, 10)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """(width) => Array.from(document.querySelectorAll("button, .player-slider, .player-now *, .player-head *"))
                .filter((e) => e.offsetParent && !e.closest(".player-live, .player-passes"))
                .filter((e) => getComputedStyle(e).clipPath === "none")
                .filter((e) => e.getBoundingClientRect().right > width + 0.5 || e.getBoundingClientRect().left < -0.5)
                .map((e) => e.className)""",
            width,
        )
        assert outside == []


def test_a_phone_shows_step_graph_table_and_controls_together(open_page, textbook_page):
    page = open_page(textbook_page, width=375, height=812)
    press(page, "ArrowRight", PRIMAL + FIRST)
    page.wait_for_timeout(800)
    for part in (".player-equation", ".node.current", ".player-trace tr.current", ".player-play"):
        box = page.locator(part).bounding_box()
        assert min(box["x"], box["y"]) >= 0, part
        assert box["x"] + box["width"] <= 375, part
        assert box["y"] + box["height"] <= 812, part


def is_in_sight(page, part, panel):
    """Whether a part stands within the visible part of its panel, once scrolling has ended."""
    return page.evaluate(
        """async ([part, panel]) => {
            const scroller = document.querySelector(panel);
            const rest = () => new Promise((done) => setTimeout(done, 30));
            for (let before = -1; before !== scroller.scrollTop; await rest()) before = scroller.scrollTop;
            const [inner, outer] = [document.querySelector(part), scroller].map((e) => e.getBoundingClientRect());
            return inner.height > 0 && inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5;
        }""",
        [part, panel],
    )


def loop(x, k):
    for _ in range(20):
        x = x + 0.1 * (k * x - x * x)
    return x


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812)])
@pytest.mark.parametrize(("f", "args"), [(textbook, (2.0, 5.0)), (loop, (0.5, 1.2))])
@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft"])
def test_the_row_in_hand_is_in_sight_at_every_step(open_page, width, height, f, args, key):
    page = open_page(wg.explain(f, *args).to_player(), width=width, height=height)
    page.emulate_media(reduced_motion="reduce")  # it scrolls at once
    count = int(page.get_attribute(".player-slider", "max"))
    stride = 1 if f is textbook else 7
    page.locator(".player-slider").fill(str(1 if key == "ArrowRight" else count))
    for _ in range(0, count - stride, stride):
        press(page, key, stride)
        step = page.inner_text(".player-place")
        assert page.locator(".player-trace tr:is(.current, .found):visible").count() > 0, step
        assert is_in_sight(page, ".player-trace tr:is(.current, .found)", ".player-trace .player-scroll"), step


def test_the_row_in_hand_comes_into_sight_in_motion_too(open_page, textbook_page):
    page = open_page(textbook_page, width=375, height=812)
    press(page, "ArrowRight", 7)
    page.wait_for_timeout(600)
    assert is_in_sight(page, ".player-trace tr.current", ".player-trace .player-scroll")


def test_lines_of_adjoints_take_room_from_their_pass_on(open_page, textbook_page):
    page = open_page(textbook_page)
    press(page, "ArrowRight", PRIMAL)
    assert page.locator(".player-trace tbody tr:visible").count() == PRIMAL
    press(page, "ArrowRight")
    places = [page.locator(".player-trace tbody tr:visible").count()]
    press(page, "ArrowRight", ADJOINT - 1)
    places.append(page.locator(".player-trace tbody tr:visible").count())
    assert places == [PRIMAL + 3, PRIMAL + 3]
    press(page, "Home")
    assert page.locator(".player-trace tbody tr:visible").count() == PRIMAL


def perceptron(params, x):
    h = np.tanh(params["W1"] @ x + params["b1"])
    return np.sum((params["W2"] @ h + params["b2"]) ** 2)


@pytest.fixture(scope="module")
def perceptron_page():
    normal = np.random.default_rng(0).normal
    params = {name: normal(size=shape) for name, shape in {"W1": (4, 3), "b1": 4, "W2": (2, 4), "b2": 2}.items()}
    return wg.explain(perceptron, params, normal(size=3)).to_player()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812)])
def test_the_table_of_arrays_is_no_wider_than_its_panel(open_page, perceptron_page, width, height):
    page = open_page(perceptron_page, width=width, height=height)
    assert page.locator("td.primal.value").nth(0).get_attribute("title").startswith("f64[4,3] ")
    for position in (5, 20, 100):
        page.locator(".player-slider").fill(str(position))
        panel = page.locator(".player-trace .player-scroll")
        assert panel.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        assert page.locator("td.value:visible").evaluate_all(
            "(cells) => cells.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
        ) == 0  # fmt: skip


def test_all_derivatives_are_in_sight_at_the_end_on_a_phone(open_page, perceptron_page):
    page = open_page(perceptron_page, width=375, height=812)
    press(page, "End")
    found = page.locator(".player-equation")
    assert found.evaluate("(e) => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth")
    assert [text.split(" = ")[0] for text in found.locator("span").all_inner_texts()] == [
        "∂y/∂params_W1", "∂y/∂params_W2", "∂y/∂params_b1", "∂y/∂params_b2", "∂y/∂x"
    ]  # fmt: skip


def test_the_picture_fills_its_panel(open_page, textbook_page):
    page = open_page(textbook_page)
    picture, panel = (page.locator(f".player-graph {part}").bounding_box() for part in ("svg", ".player-scroll"))
    assert picture["height"] > 0.93 * panel["height"]
    small = open_page(wg.explain(np.sin, 2.0).to_player())
    scale = small.evaluate(
        """() => {
            const svg = document.querySelector(".player-graph svg");
            return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        }"""
    )
    assert 1.5 <= scale <= 1.6


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812)])
@pytest.mark.parametrize("length", [60, 9_000])
def test_a_long_name_does_not_widen_the_page(open_page, width, height, length):
    name = "n" * length
    page = open_page(wg.explain(lambda p: np.sin(p[name]) * p["x"], {name: 1.0, "x": 2.0}).to_player(),
                     width=width, height=height)  # fmt: skip
    for key in ("Home", "ArrowRight", "End"):
        press(page, key, 2)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def contrast(first, second):
    """Of two colours as browsers write them, by WCAG 2.2."""

    def luminance(colour):
        parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_all_texts_stand_out_from_their_ground(open_page, textbook_page, dark):
    page = open_page(textbook_page, dark=dark)
    grounds = set()
    for position in (0, 4, 14, 20):
        page.locator(".player-slider").fill(str(position))
        page.wait_for_timeout(350)
        found = page.evaluate(
            """() => Array.from(document.querySelectorAll(".wengert-player *"))
                .filter((e) => Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim()))
                .filter((e) => e.checkVisibility({ visibilityProperty: true }))
                .filter((e) => !e.closest("svg, script, style, .player-live"))
                .map((e) => {
                    let ground = e;
                    const colour = () => getComputedStyle(ground).backgroundColor;
                    while (colour() === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
                    return [e.className, getComputedStyle(e).color, colour()];
                })"""
        )
        assert len(found) > 30
        grounds |= {ground for _, _, ground in found}
        assert [(name, contrast(ink, ground)) for name, ink, ground in found if contrast(ink, ground) < 4.5] == []
    assert all((contrast(ground, "rgb(255, 255, 255)") > 4.5) == dark for ground in grounds - _inverted(page))


def _inverted(page):
    """The grounds of what is pressed or plays: ink and paper exchanged."""
    return {page.evaluate(f"getComputedStyle(document.querySelector({name!r})).backgroundColor")
            for name in (".player-play", "[aria-pressed=true]")}  # fmt: skip


def test_who_wants_no_motion_has_none(open_page, textbook_page):
    page = open_page(textbook_page)
    page.emulate_media(reduced_motion="reduce")
    press(page, "ArrowRight", PRIMAL + FIRST)
    assert page.evaluate("document.getAnimations().length") == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("document.getAnimations().length") > 0


def test_what_a_user_names_or_writes_is_text_in_the_browser_too(open_page):
    explanation = wg.explain(lambda x: np.sum(np.sin(x[ATTACK])), {ATTACK: np.ones(2)})
    explanation.title = ATTACK
    page = open_page(explanation.to_player())
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    press(page, "End")
    assert page.inner_text("h1") == ATTACK
    assert ATTACK in equation(page)
    assert page.evaluate("document.querySelectorAll('script').length") == 2


def test_two_players_in_one_page_have_keys_of_their_own(open_page):
    explanation = wg.explain(textbook, 2.0, 5.0)
    found = assets()
    page = open_page(
        f"<!DOCTYPE html><html lang='en'><title>two</title><style>{found.style}</style>"
        f"{player_fragment(explanation, prefix='one', level=2)}{player_fragment(explanation, prefix='two', level=2)}"
        f"<input id='field'><script>{found.script}</script><script>"
        "for (const root of document.querySelectorAll('.wengert-player')) wengertPlayer(root, root);</script>"
    )
    page.locator("#two .player-slider").focus()
    press(page, "End")
    assert page.inner_text("#two .player-equation") == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert page.inner_text("#one .player-equation") == "∂y/∂x1 = ?, ∂y/∂x2 = ?"
    page.locator("#field").fill("m")
    press(page, "m")
    assert page.get_attribute("#one", "data-mode") == "reverse"


def test_programs_of_all_kinds_play_to_their_ends(open_page):
    def looped(x):
        for _ in range(200):
            x = x + np.sin(x) / 10
        return x

    programs = [
        (lambda x, n: (np.floor(x) * x, x**n), (1.5, 3)),
        (lambda x: np.linalg.eigh(x)[0], (np.array([[2.0, 1.0], [1.0, 3.0]]),)),
        (looped, (0.5,)),
        (lambda x: wg.fori_loop(0, 3, lambda k, h: h * x, x), (0.5,)),
        (lambda x: 3.0, (1.0,)),
    ]
    for f, args in programs:
        page = open_page(wg.explain(f, *args).to_player())
        for _ in range(2):
            page.evaluate(
                """() => {
                    const slider = document.querySelector(".player-slider");
                    for (let at = 0; at <= Number(slider.max); at += 1) {
                        slider.value = at;
                        slider.dispatchEvent(new Event("input"));
                    }
                }"""
            )
            assert re.fullmatch(r"∂.* = .*", equation(page))
            press(page, "m")
