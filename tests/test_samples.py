"""Every file in samples/ runs as its reader would run it, and prints the right numbers."""

from __future__ import annotations

import ast
import importlib.util
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "samples").glob("*.py"))
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?)"

TESTED = {
    "adversarial", "captions", "cubic_fit", "data_parallel", "digits", "feedforward", "gates",
    "gaussian_process", "graph", "heat", "hidden_unit", "laplace", "modular", "neuron", "patterns",
    "pictures", "predators", "recompute", "rosenbrock", "scales", "svm", "two_layer", "units",
}  # fmt: skip

needs_scipy = pytest.mark.skipif(not importlib.util.find_spec("scipy"), reason="needs SciPy")
needs_matplotlib = pytest.mark.skipif(
    not importlib.util.find_spec("matplotlib"), reason="needs matplotlib"
)
needs_sklearn = pytest.mark.skipif(
    not importlib.util.find_spec("sklearn"), reason="needs scikit-learn"
)


def run(name: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", f"samples/{name}.py", *args], cwd=ROOT, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def number(text: str, before: str) -> float:
    """The number that follows `before` at the start of a line or after a comma."""
    match = re.search(rf"(?:^|, ){re.escape(before)}{NUMBER}", text, re.MULTILINE)
    assert match, f"{before!r} isn't in\n{text}"
    return float(match[1])


def literal(text: str, before: str) -> object:
    match = re.search(rf"^{re.escape(before)}(.*)$", text, re.MULTILINE)
    assert match, f"{before!r} isn't in\n{text}"
    return ast.literal_eval(match[1])


def test_every_sample_is_tested():
    assert {path.stem for path in SAMPLES} == TESTED


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_what_one_sees(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_neuron():
    text = run("neuron")
    source, _, numbers = text.partition("\nL = ")
    assert "    grad_s3 = grad_L * (1 - L) * L\n" in source
    assert numbers.splitlines() == [
        "0.73", "dL/dw0 = -0.20", "dL/dx0 = 0.39", "dL/dw1 = -0.39", "dL/dx1 = -0.59",
        "dL/dw2 = 0.20",
    ]  # fmt: skip


def test_gates():
    text = run("gates")
    assert "s0 = x + y" in text
    assert literal(text, "f = ") == -12.0
    assert literal(text, "gradient = ") == (-4.0, -4.0, 3.0)


def test_graph():
    text = run("graph")
    forward, _, rest = text.partition("backward\n")
    backward, _, table = rest.partition("line  gate")
    assert forward.splitlines()[1:] == [
        "  s0 = w0 * x0 = -2.00", "  s1 = w1 * x1 = 6.00", "  s2 = s0 + s1 = 4.00",
        "  s3 = s2 + w2 = 1.00", "  L = sigmoid(s3) = 0.73",
    ]  # fmt: skip
    found = [float(number) for number in re.findall(rf"= {NUMBER}", backward)]
    assert found == [1.0, 0.2, 0.2, 0.2, 0.2]
    assert re.search(r"^ +w1 +-3\.0 +-0\.393224$", table, re.MULTILINE)


def test_two_layer():
    text = run("two_layer")
    assert "x1 = [0.7 0.3]" in text
    assert "x2 = [0.604 0.291]" in text
    assert number(text, "prediction = ") == 0.313
    assert number(text, "loss = ") == pytest.approx(0.5 * 0.1869**2, abs=2e-5)
    after = text.partition("after one step:")[2]
    assert literal(after, "W0 = ") == [[1.02, -3.0], [0.17, 1.0]]
    assert literal(after, "W1 = ") == [1.02, -0.989]


def test_hidden_unit():
    text = run("hidden_unit")
    w, x, v, y = 0.5, 2.0, -1.5, 1.0
    h = 1 / (1 + math.exp(-w * x))
    error = v * h - y
    slope = error * v * h * (1 - h)
    assert number(text, "l = ") == pytest.approx(error**2 / 2, abs=1e-6)
    assert number(text, "dl/dv = ") == pytest.approx(error * h, abs=1e-6)
    assert number(text, "dl/dw = ") == pytest.approx(slope * x, abs=1e-6)
    assert number(text, "dl/dx = ") == pytest.approx(slope * w, abs=1e-6)
    assert number(text, "dl/dh = ") == pytest.approx(error * v, abs=1e-6)


def test_feedforward():
    text = run("feedforward")
    layers, units = (
        re.search(rf"{name}: loss = {NUMBER}, \|gradient\| = {NUMBER}", text)
        for name in ("by_layers", "by_units")
    )
    assert layers.groups() == units.groups()
    loss, norm = map(float, layers.groups())
    assert (loss, norm) == pytest.approx(_feedforward_by_differences(), abs=2e-6)


def _feedforward_by_differences() -> tuple[float, float]:
    """Loss and length of the gradient of the same network, from its definition alone."""
    import numpy as np

    rng = np.random.default_rng(7)
    W, x, label = rng.normal(size=(3, 4, 4)), rng.normal(size=4), 2

    def loss(W):
        z = np.tanh(np.tanh(x @ W[0]) @ W[1]) @ W[2]
        return -np.log(np.exp(z[label]) / np.sum(np.exp(z)))

    gradient = np.zeros_like(W)
    for index in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[index] = 1e-6
        gradient[index] = (loss(W + step) - loss(W - step)) / 2e-6
    return float(loss(W)), float(np.linalg.norm(gradient))


def test_svm():
    text = run("svm")
    losses = [float(m) for m in re.findall(rf"step +\d+: loss = {NUMBER}", text)]
    assert losses[0] == 2.0  # two wrong classes at margin 1
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2
    assert number(text, "accuracy = ") > 95


@needs_scipy
def test_rosenbrock():
    text = run("rosenbrock")
    assert "Optimization terminated successfully" in text
    assert "minimum at [1. 1. 1. 1. 1. 1. 1. 1. 1. 1.]" in text


@needs_sklearn
def test_digits():
    text = run("digits")
    for name in ("sgd", "momentum"):
        found = re.findall(rf"{name}, epoch \d+: loss = {NUMBER}, held out = {NUMBER}%", text)
        assert len(found) >= 3
        assert float(found[-1][0]) < float(found[0][0])
        assert float(found[-1][1]) >= 96


def test_patterns():
    text = run("patterns")
    found = re.findall(r"^# at x = 3, y = -4: (.*)$", text, re.MULTILINE)
    assert list(map(ast.literal_eval, found)) == [(1.0, 1.0), (-4.0, 3.0), (-3.0, 3.0), (1.0, 0.0)]
    assert "    grad_x = grad_s0 * y\n    grad_y = grad_s0 * x\n" in text
    assert "    grad_x = grad_s1\n    grad_x += grad_s0 * y\n" in text


def test_modular():
    text = run("modular")
    assert "  forward   f = multiply(q, z) = -12\n" in text
    assert "  backward  df/dq = -4\n" in text
    assert literal(text, "gradients = ") == {"x": -4.0, "y": -4.0, "z": 3.0}
    assert "    grad_q = grad_f * z\n    grad_z = grad_f * q\n" in text


def test_cubic_fit():
    text = run("cubic_fit")
    losses = [float(m) for m in re.findall(rf"step +\d+: loss = {NUMBER}", text)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 12
    a, b = (
        [float(n) for n in re.findall(r"[-+]\d\.\d+", line)]
        for line in text.splitlines() if line.startswith(("found", "least"))
    )  # fmt: skip
    assert a == pytest.approx(b, abs=0.03)
    assert b[1] == pytest.approx(0.857, abs=1e-3)


def test_recompute():
    text = run("recompute")
    stored, again = (re.findall(r"[-+]\d+\.\d{9}", line) for line in text.splitlines()[:2])
    assert stored == again and len(stored) == 2
    assert number(text, "memory: ") < 5
    assert "# forward again" in text


def test_scales():
    text = run("scales")
    before, after = (float(m) for m in re.findall(rf", {NUMBER} times", text))
    assert before > 50 and 0.5 < after < 2
    slow, fast = (float(m) for m in re.findall(rf"loss = {NUMBER}", text))
    assert slow > 1 and fast < 1e-12


def test_laplace():
    text = run("laplace")
    steps = re.findall(r"gradient\| = (\S+)", text)
    assert float(steps[-1]) < 1e-10 and len(steps) < 9
    rows = [
        [float(n) for n in re.findall(r"-?\d+\.\d+", line)]
        for line in text.splitlines() if line.startswith(("Laplace", "exact"))
    ]  # fmt: skip
    assert rows[0] == pytest.approx(rows[1], rel=0.1)


@needs_scipy
def test_gaussian_process():
    text = run("gaussian_process")
    start, end = (
        float(m) for m in re.findall(rf"likelihood: {NUMBER}, after \d+ steps {NUMBER}", text)[0]
    )
    assert end < start - 40
    assert number(text, "noise = ") == pytest.approx(0.3, abs=0.05)


def test_data_parallel():
    """A worker that is killed in the middle loses nothing."""
    pytest.importorskip("distributed")
    text = run("data_parallel")
    assert "killed one of 2 workers" in text and text.count("16 of 16 batches") == 2
    assert text.count("bit for bit as in one process: True") == 2
    assert number(text, "  loss ") == pytest.approx(1.256375, abs=1e-6)


def test_predators():
    text = run("predators")
    for name, true in zip("abcd", (1.1, 0.1, 0.05, 0.6), strict=True):
        found, spread = re.findall(rf"^  {name} = {NUMBER} \+- {NUMBER}", text, re.MULTILINE)[0]
        assert abs(float(found) - true) < 4 * float(spread) < 0.1
    assert number(text, "|gradient| there: ") < 1e-4


def test_heat():
    text = run("heat", "-")
    assert "    grad_s11[:-2, 1:-1] += grad_s21\n" in text
    misfits = [float(m) for m in re.findall(rf"step +\d+: misfit = {NUMBER}", text)]
    assert misfits[-1] < 0.9 * misfits[0]
    distance, blurred = (
        float(m) for m in re.findall(rf"start: {NUMBER}; of what is seen: {NUMBER}", text)[0]
    )
    assert distance < 0.7 * blurred


@needs_matplotlib
def test_heat_draws_a_picture(tmp_path):
    path = tmp_path / "heat.png"
    assert f"saved {path}" in run("heat", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


@needs_sklearn
@needs_matplotlib
def test_adversarial(tmp_path):
    path = tmp_path / "adversarial.png"
    text = run("adversarial", str(path))
    shares = [float(m) for m in re.findall(rf"^ *[\d.]+ +{NUMBER}%$", text, re.MULTILINE)]
    assert shares[0] > 94 and shares == sorted(shares, reverse=True) and shares[3] < 60
    assert path.read_bytes().startswith(b"\x89PNG")


@needs_sklearn
@needs_matplotlib
def test_units(tmp_path):
    path = tmp_path / "units.png"
    text = run("units", str(path))
    found = re.findall(r"class (\d): score = .*, seen as (\d)", text)
    assert found == [(str(k), str(k)) for k in range(10)]
    assert path.read_bytes().startswith(b"\x89PNG")


@needs_sklearn
@needs_matplotlib
def test_captions(tmp_path):
    path = tmp_path / "captions.png"
    text = run("captions", str(path))
    assert number(text, "captions found for held-out digits: ") > 94
    found = re.findall(r'^"(an? \w+)": likeness = (\S+), nearest caption: "(an? \w+)"$', text, re.M)
    assert len(found) == 10 and all(a == b and float(n) > 0.9 for a, n, b in found)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["pictures"])
def test_what_others_use_runs_by_itself(name):
    assert run(name) == ""


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("digits", "sklearn", "scikit-learn"), ("rosenbrock", "scipy", "SciPy"),
        ("gaussian_process", "scipy", "SciPy"), ("heat", "matplotlib", "matplotlib"),
        ("data_parallel", "distributed", "Dask"),
    ],
)
def test_a_missing_package_is_named_with_its_cure(name, module, package, tmp_path):
    (tmp_path / f"{module}.py").write_text("raise ImportError('hidden by a test')\n")
    done = subprocess.run(
        [sys.executable, f"samples/{name}.py"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    extra = "dask" if package == "Dask" else "samples"
    assert done.stderr == f"{package} is missing: python -m pip install '.[{extra}]'\n"
