"""The playground in a browser: typed, run, read, stepped through, by keyboard alone."""

from __future__ import annotations

from urllib.parse import quote

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is missing")

from playwright.sync_api import expect

from playground.serving import playground

TEXTBOOK = "log(x1) + x1*x2 - sin(x2)"
ATTACK = "<script>alert(1)</script>"
PRESENT = "[role=tabpanel]:not([hidden])"
WAIT = 60_000  # for an answer, on a busy machine


@pytest.fixture(scope="module")
def address():
    with playground() as server:
        yield server.url


def settled(page):
    """Wait until everything asked for has come."""
    expect(page.locator("#summary dl, .refusal:not([hidden])").first).to_be_visible(timeout=WAIT)
    expect(page.locator(f"body[aria-busy], {PRESENT} [aria-busy=true]")).to_have_count(0, timeout=WAIT)


def typed(page, function, point):
    page.locator("#function").fill(function)
    page.locator("#point").fill(point)
    page.locator("#point").press("Control+Enter")
    settled(page)


def gradient(page):
    return page.locator("#summary dl").inner_text().replace("\n", " ")


def chosen(page, title):
    page.get_by_role("tab", name=title).click()
    settled(page)
    return page.locator(PRESENT)


def test_a_typed_function_is_run_and_its_gradient_read(open_page, address):
    page = open_page(address + "#f=x&at=x%3D1")
    settled(page)
    typed(page, TEXTBOOK, "x1=2, x2=5")
    expect(page.locator("#summary")).to_contain_text("1.716338", timeout=WAIT)
    assert "5.5" in gradient(page)
    settled(page)
    tables = page.locator(PRESENT)
    expect(tables).to_contain_text("One sweep for all inputs: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716.")
    expect(tables).to_contain_text("One sweep for one input: ∂y/∂x1 = 5.5.")


def test_the_reverse_pass_is_stepped_through_by_keyboard(open_page, address):
    page = open_page(address)
    settled(page)
    page.get_by_role("tab", name="Tables").press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Player")).to_be_focused()
    settled(page)
    player = page.locator(".wengert-player")
    play = player.get_by_role("button", name="Play", exact=True)
    while not play.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    for _ in range(60):
        if player.get_attribute("data-phase") == "end":
            break
        page.keyboard.press("ArrowRight")
    now = player.locator(".player-now")
    expect(now).to_contain_text("5.5")
    expect(now).to_contain_text("1.716")
    expect(player.locator("table")).to_contain_text("1.716")


def test_several_lines_are_shown_in_every_tab(open_page, address):
    page = open_page(address)
    settled(page)
    typed(page, "z = x * y\ns = sin(z)\nreturn s + z", "x=1, y=2")
    expect(page.locator("#summary")).to_contain_text("2.909297", timeout=WAIT)
    settled(page)
    graph = chosen(page, "Graph")
    expect(graph.locator("svg[role=img] [data-node=v1]")).to_be_visible()
    assert "\ns\nsin(z)\n" in graph.inner_text()
    derivative = chosen(page, "Derivative")
    assert derivative.locator("math").count() == 2
    assert derivative.locator("math").first.bounding_box()["height"] > 15
    assert "def grad_f(x, y):" in derivative.inner_text()
    assert r"\frac{\partial f}{\partial x}" in derivative.inner_text()
    plots = chosen(page, "Plots")
    assert plots.locator("svg.plot").count() == 2
    assert "tangent" in plots.inner_text()
    lists = chosen(page, "Lists")
    assert "list f_adjoint(" in lists.inner_text()


def test_the_tabs_follow_the_pattern_of_aria(open_page, address):
    page = open_page(address)
    settled(page)
    tabs = page.get_by_role("tab")
    assert tabs.count() == 6
    for k in range(tabs.count()):
        panel = page.locator(f"#{tabs.nth(k).get_attribute('aria-controls')}")
        assert panel.get_attribute("aria-labelledby") == tabs.nth(k).get_attribute("id")
        assert tabs.nth(k).get_attribute("tabindex") == ("0" if k == 0 else "-1")
    tabs.nth(0).press("End")
    expect(tabs.nth(5)).to_be_focused()
    assert tabs.nth(5).get_attribute("aria-selected") == "true"
    tabs.nth(5).press("ArrowRight")
    expect(tabs.nth(0)).to_be_focused()
    tabs.nth(0).press("ArrowLeft")
    expect(tabs.nth(5)).to_be_focused()
    settled(page)
    assert page.locator(PRESENT).count() == 1


@pytest.mark.parametrize(
    ("function", "point", "marked", "field"),
    [
        ("a = x\nb = np.sin(a)\nb", "x=1", "np.sin", "function"),
        ("__import__('os').system('x')", "", "__import__('os').system", "function"),
        ("().__class__", "", "().__class__", "function"),
        ("while True: pass", "", "while True: pass", "function"),
        (ATTACK, "x=1", ATTACK, "function"),
        ("x", f"x={ATTACK}", ATTACK, "point"),
        ("x", "x=1+1", "1+1", "point"),
    ],
)
def test_what_is_refused_is_said_beside_its_field_and_pointed_at(open_page, address, function, point, marked, field):
    page = open_page(f"{address}#f={quote(function)}&at={quote(point)}")
    settled(page)
    refusal = page.locator(f"#{field}-refusal")
    expect(refusal).to_be_visible()
    assert refusal.locator("mark").text_content() == marked
    assert page.locator(f"#{field}").get_attribute("aria-invalid") == "true"
    assert f"{field}-refusal" in page.locator(f"#{field}").get_attribute("aria-describedby")
    assert page.locator("#function").input_value() == function
    typed(page, "x*x", "x=3")
    expect(page.locator("#summary dl")).to_contain_text("6", timeout=WAIT)
    expect(refusal).to_be_hidden()


def test_texts_that_look_like_markup_stay_texts(open_page, address):
    function = f"a = x < 2  # {ATTACK}\nreturn where(a, x*x, x)  # <img src=x onerror=alert(1)>"
    page = open_page(f"{address}#f={quote(function)}&at={quote('x=1')}&along={quote(ATTACK)}")
    page.on("dialog", lambda dialog: pytest.fail("a script of the user's text ran"))
    settled(page)
    for title in ("Graph", "Player", "Derivative", "Plots", "Lists", "Tables"):
        chosen(page, title)
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("main script, section script:not([type='application/json'])").count() == 0


def test_a_text_of_a_million_characters_is_refused(open_page, address):
    page = open_page(address)
    settled(page)
    typed(page, "x" * 10**6, "x=1")
    expect(page.locator("#function-refusal")).to_contain_text("The function has 1,000,000 characters", timeout=WAIT)
    typed(page, "x", "x=[" + "1," * 10**6 + "1]")
    expect(page.locator("#point-refusal")).to_contain_text("The point has 2,000,005 characters", timeout=WAIT)


def test_the_address_holds_what_is_run(open_page, address):
    page = open_page(address)
    settled(page)
    typed(page, "x**2 * y", "x=3, y=[2]")
    chosen(page, "Derivative")
    other = open_page(page.url)
    settled(other)
    assert other.locator("#function").input_value() == "x**2 * y"
    assert other.locator("#point").input_value() == "x=3, y=[2]"
    expect(other.get_by_role("tab", name="Derivative")).to_have_attribute("aria-selected", "true")


def test_enter_in_the_point_runs_and_a_copied_link_holds_what_is_typed(open_page, address):
    page = open_page(address)
    settled(page)
    page.locator("#function").fill("x**3")
    page.locator("#point").fill("x=2")
    page.locator("#point").press("Enter")
    expect(page.locator("#summary dl")).to_contain_text("12", timeout=WAIT)
    assert page.locator("#point").input_value() == "x=2"
    page.locator("#point").fill("x=7")
    page.get_by_role("button", name="Copy link").click()
    assert page.url.endswith("#f=x**3&at=x%3D7&tab=tables&along=x")


def test_an_example_is_filled_in_and_run(open_page, address):
    page = open_page(address)
    settled(page)
    options = page.locator("#example option").all_inner_texts()
    for k, title in enumerate(options[1:]):
        page.locator("#example").select_option(str(k))
        expect(page.locator("#summary dl")).to_be_visible(timeout=WAIT)
        settled(page)
        assert page.locator(".refusal:visible").count() == 0, title
        assert page.locator("#example").input_value() == str(k)


def test_the_number_that_moves_can_be_chosen(open_page, address):
    page = open_page(address)
    settled(page)
    page.locator("#along").select_option("x2")
    expect(page.locator(PRESENT)).to_contain_text("One sweep for one input: ∂y/∂x2 = 1.716.", timeout=WAIT)
    plots = chosen(page, "Plots")
    assert "along x2" in plots.locator("svg.plot").first.get_attribute("aria-label")
    plots.get_by_role("textbox", name="from").fill("4")
    plots.get_by_role("textbox", name="to").fill("2")
    plots.get_by_role("button", name="Plot", exact=True).click()
    expect(plots.get_by_role("alert")).to_contain_text("the smaller one first", timeout=WAIT)


def test_the_number_of_an_array_that_is_differentiated_can_be_chosen(open_page, address):
    page = open_page(f"{address}#f={quote('x**2')}&at={quote('x=[1, 2, 3]')}&of={quote('y[1]')}&tab=derivative")
    settled(page)
    assert page.locator("#of").input_value() == "y[1]"
    assert gradient(page).endswith("∂y[1]/∂x [0, 4, 0]")
    expect(page.locator(PRESENT)).to_contain_text("Gradient of y[1] as a formula")
    page.locator("#of").select_option("y[2]")
    expect(page.locator("#summary dl")).to_contain_text("[0, 0, 6]", timeout=WAIT)
    settled(page)
    expect(page.locator(PRESENT)).to_contain_text("Gradient of y[2] in Python", timeout=WAIT)
    assert "of=y%5B2%5D" in page.url
    assert page.locator(".refusal:visible").count() == 0
    typed(page, "sum(x**2)", "x=[1, 2, 3]")
    expect(page.locator("#of")).not_to_be_visible()
    assert gradient(page).endswith("∂y/∂x [2, 4, 6]")
    assert "of=" not in page.url


@pytest.mark.parametrize(("width", "height", "dark"), [(1280, 800, False), (375, 812, True)])
def test_nothing_is_wider_than_the_page(open_page, address, width, height, dark):
    page = open_page(address, width=width, height=height, dark=dark)
    settled(page)
    for title in ("Tables", "Graph", "Player", "Derivative", "Plots", "Lists"):
        chosen(page, title)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, title


def test_an_answer_that_cannot_be_read_is_said(open_page):
    with playground(seconds=10) as server:
        page = open_page(server.url)
        settled(page)
        page.route("**/answer", lambda route: route.fulfill(status=200, content_type="application/json", body="<html>"))
        typed(page, "x*x*x", "x=3")
        expect(page.locator("#refusal")).to_contain_text("The server does not answer.", timeout=WAIT)


PHONE, SCREEN = (375, 812), (1280, 800)
ORDINARY = ("z = weight_decay * sum(hidden_units)\nreturn z + learning_rate",
            "weight_decay=0.1, hidden_units=[1, 2, 3], learning_rate=0.01")  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [PHONE, SCREEN])
@pytest.mark.parametrize(
    ("function", "point"), [ORDINARY, *((f"{'n' * k} * x", f"{'n' * k}=2, x=3") for k in (60, 9_000))]
)
def test_names_of_any_length_do_not_widen_the_page(open_page, address, width, height, function, point):
    page = open_page(f"{address}#f={quote(function)}&at={quote(point)}", width=width, height=height)
    settled(page)
    for title in ("Tables", "Player", "Plots", "Graph"):
        chosen(page, title)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, title


@pytest.mark.parametrize(("width", "height"), [PHONE, SCREEN])
def test_texts_of_the_tables_do_not_overlap(open_page, address, width, height):
    page = open_page(f"{address}#f={quote(ORDINARY[0])}&at={quote(ORDINARY[1])}", width=width, height=height)
    settled(page)
    overlapping = page.evaluate(
        """() => Array.from(document.querySelectorAll(".trace tbody tr")).flatMap((row) => {
            const texts = Array.from(row.cells).filter((cell) => cell.textContent).map((cell) => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return [cell.textContent, range.getBoundingClientRect()];
            });
            const meet = (a, b) =>
                a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
            return texts.flatMap(([one, a], k) =>
                texts.slice(k + 1).filter(([, b]) => meet(a, b)).map(([other]) => `${one} / ${other}`));
        })"""
    )
    assert overlapping == []
    assert page.locator(".trace tbody td").count() > 30


def test_the_play_button_is_in_sight_as_soon_as_the_player_is_shown(open_page, address):
    page = open_page(f"{address}#f={quote(TEXTBOOK)}&at={quote('x1=2, x2=5')}&tab=player")
    settled(page)
    expect(page.locator(".player-words")).to_have_text("Press play, or go step by step.")
    assert page.evaluate("scrollY") == 0
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height"), [PHONE, SCREEN])
def test_what_is_stepped_through_is_in_sight(open_page, address, width, height):
    page = open_page(f"{address}#f={quote(TEXTBOOK)}&at={quote('x1=2, x2=5')}&tab=player", width=width, height=height)
    settled(page)
    page.emulate_media(reduced_motion="reduce")
    for _ in range(14):
        page.get_by_role("button", name="Step forward").click()
        for part in (".player-equation", ".player-play", ".player-trace tr.current"):
            expect(page.locator(part).first).to_be_in_viewport(ratio=0.95)
    equation, controls = (page.locator(part).bounding_box() for part in (".player-equation", ".player-controls"))
    assert equation["y"] + equation["height"] < controls["y"]


def test_a_result_that_is_true_or_false_is_refused_with_a_way_out_that_the_page_has(open_page, address):
    page = open_page(f"{address}#f={quote('x > 0')}&at={quote('x=1')}")
    settled(page)
    expect(page.locator("#function-refusal")).to_contain_text("The result is true or false")
    assert "seed" not in page.locator("#function-refusal").inner_text()


def test_the_button_that_runs_is_called_so(open_page, address):
    page = open_page(address)
    button = page.get_by_role("button", name="Run", exact=True)
    assert button.get_attribute("aria-keyshortcuts") == "Control+Enter"


def test_the_players_table_of_arrays_fits_beside_the_picture(open_page, address):
    function, point = (
        "h = tanh(W @ x + b)\nreturn sum(v * h)",
        "W=[[1, -1], [0.5, 2]], x=[0.3, 0.7], b=[0, 0.1], v=[1, -2]",
    )
    page = open_page(f"{address}#f={quote(function)}&at={quote(point)}&tab=player")
    settled(page)
    panel = page.locator(".player-trace .player-scroll")
    for position in (1, 9, 12, 24):
        page.locator(".player-slider").fill(str(position))
        assert panel.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        assert "player-stacked" in page.locator(".player-trace table").get_attribute("class")
