"""What a loop carries: only what an iteration leaves to another, or to what follows."""

from __future__ import annotations

import ast
import textwrap

import numpy as np
import pytest
from driving import case

from adcompiler import check_grads, grad
from adcompiler.frontend.assigned import Syntax
from adcompiler.frontend.loop_locals import loop_locals
from adcompiler.ir.core import hint, walk


def found(body):
    tree = ast.parse("def f(x, n):\n" + textwrap.indent(body, "    ")).body[0]
    return [sorted(names) for names in loop_locals(tree, Syntax()).values()]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("for i in range(n):\n    h = x * i\n    x = x + h\nreturn x", ["h", "i"]),
        ("for i in range(n):\n    x = x + h\n    h = x * i\nreturn x", ["i"]),
        ("for i in range(n):\n    h = x * i\n    x = x + h\nreturn x + h", ["i"]),
        ("for i in range(n):\n    h = x * i\nelse:\n    x = h\nreturn x", ["i"]),
        ("for i in range(n):\n    if x > 0:\n        h = x\n    x = x + h\nreturn x", ["i"]),
        ("for i in range(n):\n    if x > 0:\n        h = x\n    else:\n        h = 1\n"
         "    x = x + h\nreturn x", ["h", "i"]),
        ("for i in range(n):\n    if x > 0:\n        h = x\n    else:\n        continue\n"
         "    x = x + h\nreturn x", ["h", "i"]),
        ("for i in range(n):\n    for h in range(i):\n        x = x * h\n    x = x + h\nreturn x",
         ["i"]),
        ("for i in range(n):\n    h = 1\n    h += i\n    x = x + h\nreturn x", ["h", "i"]),
        ("for i in range(n):\n    h += i\n    x = x + 1\nreturn x", ["i"]),
        ("for i in range(n):\n    h = x\n    g = lambda: h\n    x = g()\nreturn x", ["g", "i"]),
        ("for i in range(n):\n    h = i\n    del h\n    h = 2\nreturn x", ["h", "i"]),
        ("while x > n:\n    h = x / 2\n    x = h\nreturn x", ["h"]),
        ("while (h := x) > n:\n    x = h / 2\nreturn x", []),
        ("for i in range(n):\n    x = x * i\nfor i in range(n):\n    x = x + i\nreturn x", ["i"]),
        ("for i in range(n):\n    x = x * i\nif x:\n    i = 2\nreturn x + i", []),
        ("for i in range(n):\n    for j in range(i):\n        h = x\n    if h > x:\n        break\n"
         "    h = 2\nreturn x", ["i", "j"]),
        ("for i in range(n):\n    global h\n    h = x\nreturn x", ["i"]),
        ("for i, (a, *b) in n:\n    x = x + a\nreturn x", ["a", "b", "i"]),
    ],
)  # fmt: skip
def test_names(body, names):
    assert found(body)[0] == names


def swept(x, n):
    """A loop in a loop: `h` and `k` pass, `last` is left to the next iteration."""
    last = x
    h = np.zeros(3)
    total = 0.0
    for i in range(n):
        for k in range(2):
            h = np.sin(last * (k + i))
            total = total + h
        if i % 2 == 0:
            continue
        last = total * 0.5
    return total


def read_behind(x, n):
    h = x
    for i in range(n):
        h = x * i
    return h * x + i


def halved(x, n):
    while x > 0.25:
        h = x * 0.5
        if h < 0.1:
            break
        x = h
    return x * n


def stored(x, n):
    """Both loops store into `b`, the first where `n` is negative."""
    a, b = np.zeros(3) * x, np.ones(3) * x
    for i in range(n):
        a[i % 3] = x * i
        if n < 0:
            b[0] = 2.0
    c = b[1:]
    for i in range(n):
        b[i % 3] += a[i % 3] * c[0]
    return np.sum(b * b) + np.sum(c)


def untouched(x, n):
    b = np.ones(3) * x
    for i in range(n):
        if False:
            b[0] = 2.0
        x = x * b[i % 3]
    return x


@pytest.mark.parametrize("f", [swept, read_behind, halved, stored, untouched])
def test_gradients(f):
    for level in (0, 1):
        assert grad(f, optimize=level).value_and_grad(0.7, 4)[0] == f(0.7, 4)
    check_grads(f, (0.7, 4))


def carries(f, *arguments):
    loops = [op for op in walk(case(f, *arguments).function.body) if op.opcode in ("for", "while")]
    return [[hint(v) for v in op.results[: op.attributes["carry"]]] for op in loops]


def test_carries():
    assert carries(swept, 0.7, 4) == [["total", "last"], ["total"]]
    assert carries(untouched, 0.7, 4) == [["x"]]
    assert carries(read_behind, 0.7, 4) == [["i", "h"]]
    assert list(map(len, carries(stored, 0.7, 4))) == [2, 1]
