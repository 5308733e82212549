"""Folded graphs in the browser: boxes are entered and left by pointer and keyboard, and read without scripts."""

import numpy as np
import pytest

import wengert as wg

ATTACK = "<script>alert(1)</script>"


def loop(x):
    for _ in range(300):
        x = x - 0.1 * np.sin(x) + 0.2 * np.cos(x) * np.exp(-x)
    return x


@pytest.fixture(scope="module")
def page_of_loop():
    return wg.graph(loop, 1.0).to_html()


def trail(page):
    return page.locator(".trail li").all_inner_texts()


def titles(page):
    return [text.strip() for text in page.locator(".stage g.box.closed text.title").all_inner_texts()]


def test_boxes_are_entered_and_left_by_the_keyboard(open_page, page_of_loop):
    page = open_page(page_of_loop)
    assert page.locator(".trail").is_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    assert trail(page)[1].endswith("×300")
    first = page.locator(".stage g.box.closed").first
    first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('.trail li').length === 3")
    assert trail(page)[2] == "iterations 1–20"
    page.locator(".stage g.box.closed").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.trail li').length === 4")
    assert trail(page)[3] == "iteration 2"
    assert page.locator(".stage g.node.operation").count() == 9
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelectorAll('.trail li').length === 3")
    assert page.evaluate("document.activeElement.querySelector('text.title').textContent") == "iteration 2"


def test_the_trail_and_the_browsers_own_way_back_lead_out(open_page, page_of_loop):
    page = open_page(page_of_loop)
    page.locator(".stage g.box.closed").click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    page.locator(".stage g.box.closed").first.click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 3")
    page.go_back()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    page.get_by_role("button", name="loop(x)").click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 1")


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_itself_is_never_wider_than_the_window(open_page, page_of_loop, width, dark):
    page = open_page(page_of_loop, width=width, dark=dark)
    page.locator(".stage g.box.closed").first.click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_boxes_are_disclosures(browser, tmp_path, page_of_loop):
    file = tmp_path / "page.html"
    file.write_text(page_of_loop, encoding="utf-8")
    page = browser.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    outermost = page.locator(".levels > .level > details")
    assert outermost.locator("> .level > figure").is_hidden()
    outermost.locator("> summary").click()
    assert outermost.locator("> .level > figure").is_visible()
    page.close()


def test_without_scripts_it_is_said_that_inner_boxes_need_them(browser, tmp_path, page_of_loop):
    file = tmp_path / "page.html"
    file.write_text(page_of_loop, encoding="utf-8")
    page = browser.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    while page.locator("summary:visible").count() > page.locator("details[open]").count():
        page.locator("details:not([open]) > summary:visible").first.click()
    assert page.get_by_text("Boxes that are not listed here are opened by the script").first.is_visible()
    page.close()


def test_an_old_browser_keeps_the_disclosures(browser, tmp_path, page_of_loop):
    file = tmp_path / "page.html"
    file.write_text(page_of_loop, encoding="utf-8")
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(file.as_uri())
    assert page.locator(".levels").is_visible()
    assert page.locator(".stage").is_hidden()
    page.close()


def test_the_address_leads_to_an_inner_box(open_page, page_of_loop):
    page = open_page(page_of_loop)
    for depth in (2, 3, 4):
        page.locator(".stage g.box.closed").first.click()
        page.wait_for_function(f"document.querySelectorAll('.trail li').length === {depth}")
    address, shown = page.url, page.locator(".stage svg").inner_html()
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.trail li').length === 4")
    assert page.locator(".stage svg").inner_html() == shown


def test_a_long_picture_begins_at_its_beginning(open_page):
    def tall(x):
        y = x
        for _ in range(3):
            y = wg.fori_loop(0, 2, lambda i, c: np.sin(np.cos(np.sin(np.cos(np.sin(np.cos(c)))))) + i * c, y) * 2.0
        return y

    page = open_page(wg.graph(tall, 1.0).to_html(), height=300)
    box = page.locator(".stage g.box.closed").last
    box.scroll_into_view_if_needed()
    assert page.evaluate("window.scrollY") > 0
    box.click()
    page.wait_for_function("document.querySelectorAll('.trail li').length === 2")
    assert page.locator(".trail").bounding_box()["y"] > -1


def test_names_are_text(open_page):
    def f(p):
        return np.sin(p[ATTACK]) * 2.0

    f.__name__ = ATTACK
    page = open_page(wg.graph(f, {ATTACK: 1.0}).to_html())
    assert page.inner_text("h1").startswith(ATTACK)
    assert ATTACK in page.locator("g.input text.title").text_content()


def test_two_pictures_in_one_document_open_for_themselves(open_page):
    def short(x):
        for _ in range(30):
            x = x - 0.1 * np.sin(x)
        return x

    parts = [wg.graph(short, 1.0)._repr_html_() for _ in range(2)]
    page = open_page(f"<!DOCTYPE html><title>t</title>{parts[0]}{parts[1]}")
    pictures = page.locator(".wengert-picture")
    pictures.nth(1).locator(".stage g.box.closed").click()
    assert pictures.nth(0).locator(".trail li").count() == 1
    assert pictures.nth(1).locator(".trail li").count() == 2


# --- on a phone -------------------------------------------------------------------------------------------------


def perceptron(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    return np.sum((W2 @ h + b2 - 1.0) ** 2)


def wide_page():
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in ((3,), (4, 3), (4,), (2, 4), (2,))]
    return wg.graph(perceptron, *arrays, adjoints=True).to_html()


SMALLEST_TEXT = """() => {
  const svg = document.querySelector(".stage svg");
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Math.min(...[...svg.querySelectorAll("text")].map((t) => parseFloat(getComputedStyle(t).fontSize))) * scale;
}"""


FITS = """() => document.querySelector(".stage figure").scrollWidth <= document.querySelector(".frame").clientWidth"""


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_a_wide_picture_begins_at_an_input_and_says_that_it_scrolls(open_page, dark):
    page = open_page(wide_page(), width=375, height=800, dark=dark)
    assert page.get_by_text("scroll sideways").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    first = page.locator(".stage g.node.input").first.bounding_box()
    assert first["x"] >= 0
    assert first["x"] + first["width"] <= 375
    assert page.evaluate(SMALLEST_TEXT) >= 9.99
    assert {*page.locator(".frame").get_attribute("class").split()} == {"frame", "cut-left", "cut-right"}
    page.locator(".stage figure").evaluate("(figure) => figure.scrollTo(0, 0)")
    page.wait_for_function("document.querySelector('.frame').className === 'frame cut-right'")
    page.locator(".stage figure").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.stage figure').scrollLeft > 0")


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_text_is_never_too_small_to_read(open_page, width, count):
    names = [f"parameter{k}" for k in range(count)]
    page = open_page(wg.graph(lambda p: sum(np.sin(p[name]) for name in names), dict.fromkeys(names, 1.0)).to_html(),
                     width=width)  # fmt: skip
    assert page.evaluate(SMALLEST_TEXT) >= 9.99
    fits = page.evaluate(FITS)
    assert page.get_by_text("scroll sideways").is_hidden() == fits


def test_a_window_that_grows_shows_all_of_the_picture(open_page):
    page = open_page(wide_page(), width=375, height=800)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function("document.querySelector('.frame').className === 'frame fit'")
    assert page.get_by_text("scroll sideways").is_hidden()
