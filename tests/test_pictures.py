"""Pictures: what is drawn is what the graph has, every gate once, a wire for each operand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from adcompiler import SignatureError, lower, sigmoid
from adcompiler.ir.core import hint, walk
from adcompiler.pictures.build import picture_of_run
from adcompiler.pictures.numbers import short
from adcompiler.pictures.svg import SCHEMES
from tests.test_cli import output, run
from tests.test_graph import CASES, IDS

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden" / "pictures"
NEURON = "neuron(2.0, -1.0, -3.0, -2.0, -3.0)"


def neuron(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


def power(x, n):
    y = 1.0
    for i in range(n):
        y = y * x
    return y


def branch(x, y):
    if x > 0:
        z = x * y
    else:
        z = np.exp(x) + y
    return z * z


def deep(x):
    for _ in (1, 2, 3, 4, 5, 6):
        x = x * 2.0 + np.sin(x) * x - x / 3.0 + np.tanh(x) * np.exp(-x * x) + 1.0 / x - x
    return x


def graph_of(f, *args):
    graph = lower(f)
    graph.forward(*args)
    graph.backward()
    return graph


def drawn(picture, kind="gate"):
    return [node for node in picture.nodes if node.kind == kind]


@pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)
def test_unrolled_every_gate_is_drawn_once_with_its_numbers(f, args):
    graph = graph_of(f, *args)
    found = drawn(picture_of_run(graph, unroll=True))
    shown = Counter((n.name, n.value, n.gradient) for n in found if not n.faded)
    assert shown == Counter((g.name, short(g.value), short(g.gradient)) for g in graph.gates)


@pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)
def test_once_every_gate_of_the_program_is_drawn_once(f, args):
    graph = graph_of(f, *args)
    gates = [
        str(hint(v)) for op in walk(graph._program.function.body) if not op.blocks
        for v in op.results if hint(v) is not None and str(v.type) != "static"
        and op.opcode != "undefined"
    ]  # fmt: skip
    assert Counter(n.name for n in drawn(picture_of_run(graph))) == Counter(gates)


def test_wires_are_operands():
    graph = graph_of(neuron, 2.0, -1.0, -3.0, -2.0, -3.0)
    picture = picture_of_run(graph)
    called = {n.key: n.name or n.label for n in picture.nodes}
    for gate in graph.gates:
        wires = [w for w in picture.wires if called[w.end] == gate.name]
        assert [called[w.start] for w in sorted(wires, key=lambda w: w.slot)] == [
            str(part) for part in gate.inputs
        ]
    (end,) = drawn(picture, "result")
    assert [called[w.start] for w in picture.wires if w.end == end.key] == ["L"]


def test_a_loop_shows_one_iteration():
    graph = graph_of(power, 2.0, 3)
    for iteration, carried, made in [((), "4", "8"), ((0,), "1", "2"), ((1,), "2", "4"),
                                     ((9,), "4", "8"), ((-3,), "1", "2")]:  # fmt: skip
        picture = picture_of_run(graph, iteration)
        carry, *_ = drawn(picture, "carry")  # behind the loop there is another
        start, gate = drawn(picture)
        assert (carry.value, gate.value, start.value) == (carried, made, "1")
        assert next(w for w in picture.wires if w.back).end == carry.key
    assert "iteration 1 of 0…2" in graph.mermaid(iteration=(1,))


def test_what_a_loop_gives_is_the_last_iteration_s():
    picture = picture_of_run(graph_of(power, 2.0, 3), (0,))
    (end,) = [node for node in picture.nodes if node.kind == "result"]
    (last,) = [w.start for w in picture.wires if w.end == end.key]
    (node,) = [node for node in picture.nodes if node.key == last]
    assert (node.label, node.value, node.gradient) == ("y", "8", "1")


def test_a_loop_without_iterations_is_passed_by():
    picture = picture_of_run(graph_of(power, 2.0, 0))
    start, gate = drawn(picture)
    assert gate.faded and gate.value == "" and start.value == "1"
    (end,) = drawn(picture, "result")
    assert [w.start for w in picture.wires if w.end == end.key] == [start.key]


@pytest.mark.parametrize(("x", "taken"), [(1.0, [True, False]), (-1.0, [False, True])])
def test_the_side_that_was_taken_has_the_numbers(x, taken):
    picture = picture_of_run(graph_of(branch, x, 2.0))
    boxes = list(picture.whole.boxes())
    assert [box.title for box in boxes] == ["if x > 0", "else"]
    assert [not box.faded for box in boxes] == taken
    assert [all(n.value for n in box.nodes()) for box in boxes] == taken
    (choice,) = drawn(picture, "choice")
    assert choice.value == list(boxes[taken.index(True)].nodes())[-1].value


def test_all_of_a_side_that_was_not_taken_is_pale():
    def f(x):
        y = 1.0
        if x > 0:
            for _ in range(3):
                y = y * 2.5 if y < 9.0 else y * x
        return y * x

    outer, *inner = picture_of_run(graph_of(f, -1.0)).whole.boxes()
    assert len(inner) == 3
    assert all(part.faded for part in [outer, *inner, *outer.nodes()])
    outer, *inner = picture_of_run(graph_of(f, 1.0)).whole.boxes()
    assert [box.faded for box in [outer, *inner]] == [False, False, False, True]


def test_text_is_the_same_each_time_and_well_formed():
    for f, args in [*CASES[:5], (deep, (0.7,))]:
        graph = graph_of(f, *args)
        assert graph.dot() == graph_of(f, *args).dot()
        assert graph.mermaid() == graph_of(f, *args).mermaid()


def test_no_picture_before_a_run():
    with pytest.raises(SignatureError, match="no complete forward run to draw"):
        lower(power).dot()
    assert lower(power)._repr_svg_() is None


def test_too_large_a_picture_is_refused():
    with pytest.raises(SignatureError, match="more than 1000"):
        graph_of(power, 1.0, 1200).dot(unroll=True)


def test_short_numbers():
    assert [short(v) for v in (2.0, -0.0, 1 / 3, None, True, 7)] == [
        "2", "0", "0.3333", "", "True", "7"
    ]  # fmt: skip
    assert short(np.array([0.5, -1.0])) == "[0.5, -1]"
    assert short(np.full((3, 4), 2.0)) == "3×4 ‖6.93‖"
    assert short(np.arange(5)) == "5: [0 1 2 …]"
    assert short(np.arange(5) > 2) == "5: 2 true"


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrast(scheme):
    colours = {name: luminance(colour) for name, colour in SCHEMES[scheme].items()}
    pairs = [(text, on, 4.5) for text in ("ink", "quiet", "value", "gradient")
             for on in ("page", "box")]  # fmt: skip
    pairs += [("ink", "head", 4.5), ("wire", "page", 3.0), ("wire", "box", 3.0)]
    for name, on, least in pairs:
        low, high = sorted((colours[name], colours[on]))
        assert (high + 0.05) / (low + 0.05) >= least, (name, on)


# With Graphviz.


@pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)
def test_graphviz_has_nothing_to_say(f, args, capfd):
    pytest.importorskip("pygraphviz")
    graph = graph_of(f, *args)
    for unroll in (False, True):
        ElementTree.fromstring(graph.svg(unroll=unroll))
    assert capfd.readouterr().err == ""


def rectangles(svg):
    """The gates' shapes, as (left, top, right, bottom)."""
    found = []
    for rect in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect"):
        if rect.get("class").startswith(("adc-head", "adc-leaf")):
            x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


@pytest.mark.parametrize("count", [5, 80])
def test_nothing_overlaps_and_all_of_it_is_there(count):
    pytest.importorskip("pygraphviz")
    graph = graph_of(*(neuron, 2.0, -1.0, -3.0, -2.0, -3.0) if count == 5 else (deep, 0.7))
    assert len(graph.gates) >= count
    text = graph.svg()
    assert text == graph.svg() == graph._repr_svg_()
    shapes = rectangles(text)
    assert len(shapes) == len(graph.gates) + len(graph.parameters)
    for k, a in enumerate(shapes):
        for b in shapes[:k]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    texts = [e.text for e in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    for gate in graph.gates:
        assert gate.name in texts and short(gate.value).replace("-", "−") in texts


def test_the_page_has_the_picture_and_the_table(tmp_path):
    pytest.importorskip("pygraphviz")
    path = tmp_path / "page.html"
    output("graph", f"{ROOT}/samples/neuron.py:neuron", "--at", NEURON, "-o", str(path))
    text = path.read_text(encoding="utf-8")
    assert text.count("<svg ") == 1 and "sigmoid(s3)" in text and "http" not in re.sub(
        'xmlns="[^"]*"', "", text)  # fmt: skip


@pytest.mark.parametrize("suffix", ["dot", "mmd", "svg"])
def test_golden(suffix, tmp_path, update_golden, monkeypatch):
    """The SVG is the page's, by the page's own command."""
    if suffix == "svg":
        pytest.importorskip("pygraphviz")
    page = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"<!-- picture: neuron -->\n +adcompiler (.*) -o neuron.svg\n", page)
    path = tmp_path / f"neuron.{suffix}"
    monkeypatch.chdir(ROOT)
    output(*shlex.split(command), "-o", str(path))
    golden = (ROOT / "docs" / "images" if suffix == "svg" else GOLDEN) / path.name
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_types_alone(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(
        "import numpy as np\n\n\ndef loss(w, x, n=3):\n    for _ in range(n):\n"
        "        x = np.tanh(w @ x)\n    return np.sum(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    args = ["--arg", "w=f8[d, d]", "--arg", "x=f8[d]", "-o", "loss.dot"]
    output("graph", "model.py:loss", *args)
    text = Path("loss.dot").read_text()
    assert "f8[d, d]" in text and "for _ in range(n)" in text and "gradient" not in text
    assert run("graph", "model.py:loss", *args, "--unroll").exit_code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-o", "x.png"], "ends in `.png`"),
        (["-o", "x"], "has no ending"),
        ([], "Missing option"),
        (["-o", "x.dot", "--at", "neuron(1.0)"], "missing a required argument"),
        (["-o", "x.dot", "--at", NEURON, "--iteration", "last"], "no number"),
        (["-o", "missing/x.dot"], "can't write missing/x.dot"),
    ],
)
def test_wrong_usage(args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("graph", f"{ROOT}/samples/neuron.py:neuron", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    graph = graph_of(power, 2.0, 3)
    with pytest.raises(ModuleNotFoundError, match=re.escape("'.[graph]' in a clone")):
        graph.svg()
    assert graph._repr_svg_() is None
    target = f"{ROOT}/samples/neuron.py:neuron"
    result = run("graph", target, "-o", str(tmp_path / "x.svg"))
    assert result.exit_code == 2 and "'.[graph]' in a clone" in result.stderr
    output("graph", target, "-o", str(tmp_path / "x.mmd"))


def test_hash_seeds_change_nothing(tmp_path):
    pytest.importorskip("pygraphviz")
    code = "from tests.test_pictures import *; print(graph_of(branch, 1.0, 2.0).svg())"
    texts = {
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True,
                       env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(texts) == 1
