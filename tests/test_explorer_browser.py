"""The explorer's page in a real browser: pointing, keys, the slider, copying, and no error; and the
page of a graph.

It needs Chromium with its driver (Debian: `apt-get install chromium chromium-driver`).
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from adcompiler import lower
from adcompiler.explorer.page import page
from adcompiler.pictures.build import picture_of_run
from adcompiler.pictures.page import page as graph_page
from tests.test_explorer import SETTLED, asked, settle
from tests.test_graph import neuron

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser():
    if not (BROWSER and DRIVER):
        pytest.skip("no Chromium with chromedriver is installed")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


class Shown:
    """A page that is open."""

    def __init__(self, browser, folder, text, width=1400):
        self.browser = browser
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        path = folder / "page.html"
        path.write_text(text, encoding="utf-8")
        browser.get(path.as_uri())

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def lines(self, panel, classes="line"):
        """The texts of a panel's lines that have these classes."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((n) => n.textContent.trim())",
            f"#{panel} .{'.'.join(classes.split())} code",
        )

    def hover(self, panel, start):
        """Move the mouse over the line that begins so."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser, 0).move_to_element(self.node(panel, start)).perform()

    def node(self, panel, start):
        script = """return [...document.querySelectorAll(`#${arguments[0]} .line`)].find((n) =>
            n.querySelector("code")?.textContent.trim().startsWith(arguments[1])).querySelector("code")"""
        return self.run(script, panel, start)

    def press(self, *keys):
        self.browser.switch_to.active_element.send_keys(*keys)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def cells(self, panel, start):
        """The numbers at the end of a line."""
        script = """const cells = arguments[0].parentElement.querySelectorAll(".cells span");
            return [...cells].map((cell) => cell.textContent)"""
        return self.run(script, self.node(panel, start))

    def problems(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]


def test_a_plain_function(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    shown = Shown(browser, tmp_path, page(asked(
        neuron, (2.0, -1.0, -3.0, -2.0, -3.0), ("w0", "x0", "w1", "x1", "w2"),
        "neuron(2, -1, -3, -2, -3)")))  # fmt: skip
    assert shown.text("h1") == "∂neuron" and "0.731059" in shown.text("#call")
    assert shown.cells("source", "L =") == ["0.7311", "1"]
    assert shown.cells("stage", "grad_w0 =") == ["−0.1966"]
    # From the source to the others.
    shown.hover("source", "L =")
    assert len(shown.lines("ssa", "lit")) == 5
    assert shown.lines("stage", "lit forward") == ["L = sigmoid(w0 * x0 + w1 * x1 + w2)"]
    assert len(shown.lines("stage", "lit backward")) == 5
    assert "0.196612" in shown.text("#numbers") and "w0 * x0" in shown.text("#numbers")
    assert shown.run("return document.querySelectorAll('#ribbons path').length") == 3
    # And back, down to the expression.
    shown.hover("stage", "grad_w1 =")
    assert shown.lines("source", "lit") == ["L = sigmoid(w0 * x0 + w1 * x1 + w2)"]
    assert shown.lines("ssa", "lit") == ["%s1 = mul %w1, %x1"]
    exact = "return CSS.highlights.has('exact') ? [...CSS.highlights.get('exact')].join() : ''"
    assert shown.run(exact) == "w1 * x1"
    # Keys: down, across, hold, let go.
    shown.run("document.querySelector('#ssa .code').focus()")
    shown.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert shown.lines("stage", "on") == ["L = sigmoid(w0 * x0 + w1 * x1 + w2)"]
    shown.press(Keys.ENTER)
    shown.hover("ssa", "%s3")
    assert shown.lines("ssa", "on") == [] and shown.lines("stage", "on")
    shown.press(Keys.ESCAPE)
    assert shown.lines("stage", "on") == [] == shown.lines("ssa", "lit")
    assert shown.problems() == []


def test_a_loop_and_a_branch_stage_by_stage(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    made = asked(settle, SETTLED, ("w", "rate"), "settle(...)")
    shown = Shown(browser, tmp_path, page(made))
    final = shown.lines("stage")
    shown.hover("source", "state = damped")
    assert shown.lines("stage", "lit forward") == [
        "s0 = state * w", "scaled = rate * s0", "state = np.tanh(scaled)"
    ]
    assert "… 2 more" in shown.text("#numbers")
    shown.hover("stage", "scaled =")
    assert shown.lines("source", "lit") == ["scaled = rate * x"]
    assert shown.lines("source", "faint") == ["state = damped(state * w, rate)"]
    # The slider, by key and by button.
    stages = made.levels[1].stages
    shown.run("document.getElementById('slider').focus()")
    shown.press(Keys.HOME, Keys.ARROW_RIGHT)
    assert shown.text("#stage h2") == "differentiated"
    marks = [mark for _, mark in stages[1].rows]
    assert len(shown.lines("stage", "plus")) == marks.count("+") > 20
    assert len(shown.lines("stage", "minus")) == marks.count("-")
    assert stages[1].about in shown.run(
        "return document.getElementById('slider').getAttribute('aria-valuetext')")
    shown.run("document.getElementById('on').click()")
    assert shown.text("#stage h2") == stages[2].name
    # Another level.
    shown.press(Keys.END)
    assert shown.lines("stage") == final
    shown.run("document.querySelector('#levels input').click()")
    assert "grad_s4 = grad_total" in shown.lines("stage")
    # Copying: the text without what is gone.
    shown.run("document.querySelector('#stage .copy').click()")
    copied = "return document.querySelector('#stage .copy').textContent"
    assert shown.browser.execute_async_script(
        f"setTimeout(() => arguments[0]((() => {{ {copied} }})()), 150)") == "Copied"
    grant = {"permissions": ["clipboardReadWrite"]}
    browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    read = "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))"
    pasted = shown.browser.execute_async_script(read)
    assert [one.strip() for one in pasted.rstrip("\n").split("\n")] == shown.lines("stage")
    assert shown.problems() == []


def test_a_long_function_on_a_narrow_screen(browser, tmp_path):
    source = "def long(x):\n    y0 = x * 1.5\n" + "".join(
        f"    y{k} = np.tanh(y{k - 1}) * {k}.5 + x\n" for k in range(1, 80)
    )
    path = tmp_path / "long.py"
    path.write_text(f"{source}    return y79\n")
    names = {"np": np}
    exec(compile(path.read_text(), str(path), "exec"), names)
    shown = Shown(browser, tmp_path, page(asked(names["long"], (0.3,))), 420)
    assert len(shown.lines("source")) == 82
    left = "return document.querySelector(arguments[0]).getBoundingClientRect().left"
    assert len({shown.run(left, f"#{name}") for name in ("source", "ssa", "stage")}) == 1
    # A tap; what is related is listed below, where the others are out of sight.
    node = shown.node("source", "y40 =")
    shown.run("arguments[0].scrollIntoView(); arguments[0].click()", node)
    listed = shown.text("#related")
    assert "grad_y40" in listed and "%y40: f8[] = add" in listed
    assert shown.run("return document.documentElement.scrollWidth") <= 420
    # Wide again, the others scroll to what is related.
    size = {"width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    shown.run("point(lists.source[60])")
    script = """const box = document.querySelector("#ssa .code").getBoundingClientRect();
        const at = document.querySelector("#ssa .lit").getBoundingClientRect();
        return box.top <= at.top && at.bottom <= box.bottom"""
    assert shown.run(script)
    assert shown.problems() == []


def test_the_page_of_a_graph(browser, tmp_path):
    pytest.importorskip("pygraphviz")
    graph = lower(settle)
    graph.forward(*SETTLED)
    graph.backward()
    picture = picture_of_run(graph, (), False, "settle(...)")
    shown = Shown(browser, tmp_path, graph_page(picture, graph._rows()))
    assert shown.run("return document.querySelectorAll('tr').length") == 1 + 4 + len(graph.gates)
    width = "return document.querySelector('#frame svg').getBoundingClientRect().width"
    full = shown.run(width)
    assert full > 1400
    shown.run("document.getElementById('fit').click()")
    assert shown.run(width) <= 1400
    where = "const box = arguments[0].getBoundingClientRect(); return [box.left, box.width]"
    last = shown.run("return [...document.querySelectorAll('.adc-result text')].at(-1)")
    shown.run("""const box = arguments[0].getBoundingClientRect();
        arguments[0].dispatchEvent(new MouseEvent("click",
            {bubbles: true, clientX: box.left, clientY: box.top}))""", last)
    assert shown.run(width) == full
    left, its = shown.run(where, last)
    assert 0 < left < 1400 - its  # the place that was clicked is in sight
    assert shown.problems() == []
