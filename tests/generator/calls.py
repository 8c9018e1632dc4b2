"""Every function and method of the table with arguments of every kind: a program for each call.

    np.outer(t, x)    with `t` a np.float32 and `x` a float        one of some thousand

What NumPy itself refuses may raise or be refused; all else passes the oracles or is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adcompiler.ops import SPELLINGS, lookup

from .program import Program

__all__ = ["call_program", "calls"]

# x, y: floats; a, m, u, e: arrays of two elements, three rows, one row, none; n: an int, k: ints;
# s: a NumPy scalar; f, t: float32; q: rows in Fortran's order.
_FORMS = """
x | x, axis=0 | x, axis=-1 | x, y | x, a | a | a, axis=0 | a, a | a, x | a, keepdims=True
(x, y) | [x, y] | q | q, axis=1 | q, m | m | m, axis=1 | m, axis=(0, 1) | m, 0 | m, 1
m, (3, 2) | m, m | m, a[:, None] | (a, a) | () | [] | (m, m), axis=1 | e | e, axis=0 | u
u, axis=0 | u, m | u, keepdims=True | n | n, x | k | k, a | a > x, a, m | k > 1, a, x | f | f, a
f, x | f, n | f, t | t | t, x | t, t | s | s, x | s, a | a, n | m, n | m, k | m.T | m[:, 0]
m[::-1] | m, None | a, [0, 1] | a, -0.1, x | x, x, a | a, 3, 2 | f, -1, 1
"""
_OWNERS = "a m m.T u e k s f t q m[::2] m[0] m[0,0] a[1:] n"
_METHOD_FORMS = "| 0 | axis=0 | -1 | axis=1, keepdims=True | a | 3, 2 | (3, 2) | 0, 1 | 0.31, 0.6"
_LEFT_OUT = {
    "empty", "empty_like",  # what they hold is anyone's guess
    "float16", "half", "single", "float32",  # differences say nothing in low precision
}  # fmt: skip
_PROGRAM = """
import numpy as np

def f(x, y, a, m, u, e, n, k, s, f, t, q):
    r = {call}
    return np.sum(0.5 * r) * (1.0 + x)

def arguments():
    return {{
        "x": 0.41, "y": 0.27, "a": np.array([0.3, 0.7]), "u": np.array([[0.33, 0.58]]),
        "m": np.array([[0.22, 0.53], [0.91, 0.44], [0.35, 0.61]]), "e": np.zeros((0, 2)),
        "q": np.array([[0.22, 0.53], [0.91, 0.44], [0.35, 0.61]], order="F"),
        "n": 3, "k": np.arange(2), "s": np.float64(0.37),
        "f": np.array([0.39, 0.77], dtype=np.float32), "t": np.float32(0.32),
    }}
"""


def calls() -> Iterator[str]:
    """All calls: functions in the order of their names, then methods."""
    forms = [form.strip() for line in _FORMS.strip().splitlines() for form in line.split("|")]
    for name in sorted(dir(np)):
        if name not in _LEFT_OUT and lookup(getattr(np, name)) is not None:
            yield from (f"np.{name}({form})" for form in forms)
    methods = {str(key[1]) for key in SPELLINGS if isinstance(key, tuple) and key[0] == "method"}
    for name in sorted({*methods, "copy"} - {"fill"}):
        for owner in _OWNERS.split():
            yield from (f"{owner}.{name}({form.strip()})" for form in _METHOD_FORMS.split("|"))
    for name in ("T", "shape", "size", "ndim", "real", "dtype"):
        yield from (f"{owner}.{name}" for owner in _OWNERS.split())


def call_program(call: str) -> Program:
    """A program whose value depends on the call."""
    return Program(call, frozenset(), _PROGRAM.format(call=call))
