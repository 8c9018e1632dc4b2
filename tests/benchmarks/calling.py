"""What the way from a user's call to the emitted function costs, and what importing costs."""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adcompiler import grad, hvp, jvp, sigmoid, value_and_grad
from adcompiler.gradient import Gradient
from tests.benchmarks.measure import Figure, samples

__all__ = ["calling", "importing"]

NUMBERS, ARRAYS = 1e-6, 5e-6  # at most, beside the emitted function
IMPORT, FRESH = 0.12, 5
SCALE = 2.0
Call = Callable[[], Any]


def neuron(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


def scaled(x, power=2.0, *, shift=1.0):
    return SCALE * x * power + shift * x


def six(p):
    return np.sum(p["a"] * p["b"] + p["c"] * p["d"] + p["e"] * p["f"])


def mlp(params, x, y):
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    return np.mean((h @ w + b - y) ** 2)


@dataclasses.dataclass
class Model:
    rate: float

    def loss(self, x):
        return self.rate * x * x

    @grad
    def slope(self, x):
        return self.rate * x * x


def calling(rounds: int) -> Iterator[Figure]:
    """A call's time less its text's, beside what it may be."""
    point, by = (2.0, -1.0, -3.0, -2.0, -3.0), (0, 1, 2, 3, 4)
    arrays = {name: np.ones(4) for name in "abcdef"}
    layers = [(np.ones((4, 4)), np.ones(4)) for _ in range(3)]
    x, model, partial = np.ones((5, 4)), Model(2.0), functools.partial(scaled, power=3.0)
    cases: list[tuple[str, Gradient, tuple[Any, ...], dict[str, Any], float]] = [
        ("five numbers", grad(neuron, by), point, {}, NUMBERS),
        ("five numbers, with the value", value_and_grad(neuron, by), point, {}, NUMBERS),
        ("two of five by keyword", grad(neuron, by), point[:3], {"x1": 1.0, "w2": 2.0}, NUMBERS),
        ("a number from outside, defaults", grad(scaled), (2.0,), {}, NUMBERS),
        ("a dict of six arrays", grad(six), (arrays,), {}, ARRAYS),
        ("a list of three (w, b)", grad(mlp), (layers, x, x), {}, ARRAYS),
        ("a method", grad(model.loss), (2.0,), {}, ARRAYS),
        ("a decorated method", model.slope, (2.0,), {}, ARRAYS),
        ("a partial", grad(partial), (2.0,), {}, ARRAYS),
    ]
    for name, gradient, args, kwargs, limit in cases:
        call = functools.partial(gradient, *args, **kwargs)
        if name == "a decorated method":
            call = functools.partial(lambda: model.slope(2.0))
        yield _figure(name, call, _text(gradient, args, kwargs), limit, rounds)
    along = [(np.ones((4, 4)), np.ones(4)) for _ in range(3)]
    pushed, product = jvp(mlp, wrt=(0,)), hvp(mlp)
    more = {"jvp": pushed.of((0,)), "hvp": product.of(0)}
    calls: dict[str, Call] = {
        "jvp": lambda: pushed((layers, x, x), (along,)),
        "hvp": lambda: product(layers, x, x, along),
    }
    for name, call in calls.items():
        text = _text(more[name], (layers, x, x), {}, (along,))
        yield _figure(f"{name}, a list of three (w, b)", call, text, 2 * ARRAYS, rounds)


def _text(
    gradient: Gradient, args: tuple[Any, ...], kwargs: dict[str, Any], given: tuple[Any, ...] = ()
) -> Call:
    """The emitted function, with all that it takes."""
    entry, positional, keywords, _ = gradient.prepared(args, kwargs)
    return functools.partial(
        entry.call, *positional, **keywords, **dict(zip(entry.taken, given, strict=True))
    )


def _figure(name: str, call: Call, text: Call, limit: float, rounds: int) -> Figure:
    """The least of many: what disturbs only ever adds."""

    def often(one: Call) -> Call:
        def run() -> None:
            for _ in range(1000):
                one()

        run()
        return run

    times = samples({"call": often(call), "text": often(text)}, 4 * rounds)
    beyond = (min(times["call"]) - min(times["text"])) / 1000
    return Figure(f"call less its text / at most: {name}", beyond, limit, 1)


PROGRAM = """
import time, numpy
start = time.process_time()
{}
print(time.process_time() - start)
"""


def importing(rounds: int) -> Iterator[Figure]:
    """What `import adcompiler`, and the command, cost beyond NumPy, in new processes."""
    show = "from adcompiler.cli import main"
    with tempfile.TemporaryDirectory() as folder:
        kept = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        for name, statement in (("import adcompiler", "import adcompiler"), ("the command", show)):
            command = [sys.executable, "-c", PROGRAM.format(statement)]
            times = [
                float(subprocess.run(command, env=kept, capture_output=True, check=True).stdout)
                for _ in range(1 + max(FRESH, rounds // 2))
            ]
            yield Figure(f"{name} beyond NumPy / at most", min(times[1:]), IMPORT, 1)
