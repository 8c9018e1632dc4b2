"""The tables' examples as functions: `"np.hstack(({3}, {2}))"` is

    def f(a0, a1):
        r = np.hstack((a0, a1))
        t0 = np.sum(np.sin(r) * W[0])
        return t0 * t0

Weighted, so that entries differ; nonlinear, so that linear functions have second derivatives.
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from sampling import regular

from tests.generator.program import load

__all__ = ["Example", "example"]

_ARRAY = re.compile(r"\{([\d,]*)(!?)\}")


@dataclass(frozen=True)
class Example:
    """A function made of one call, and arguments for it."""

    call: str
    f: types.FunctionType
    arguments: tuple[Any, ...]


def example(call: str, dtype: Any = np.float64, domain: tuple[float, float] = (-2, 2)) -> Example:
    """The example as a function of its arrays, drawn from the domain."""
    rng = np.random.default_rng(len(call))
    wanted = [(tuple(map(int, filter(None, s.split(",")))), r) for s, r in _ARRAY.findall(call)]
    names = [f"a{k}" for k in range(len(wanted))]
    numbers = iter(names)
    text = _ARRAY.sub(lambda match: next(numbers), call)
    drawn = [regular(s, rng) if r else rng.uniform(*domain, s) for s, r in wanted]
    arguments = tuple(np.asarray(v).astype(dtype)[()] for v in drawn)
    head = "import math\nimport numpy as np\n"
    call_alone = load(f"{head}\ndef f({', '.join(names)}):\n    return {text}\n").f
    results = call_alone(*arguments)
    several = isinstance(results, (tuple, list))
    parts = [f"r[{k}]" for k in range(len(results))] if several else ["r"]
    values = results if several else (results,)
    weights = [rng.uniform(0.5, 1.5, np.shape(v)).astype(dtype)[()] for v in values]
    lines = [f"    r = {text}"]
    lines += [f"    t{k} = np.sum({p} * W[{k}])" for k, p in enumerate(parts)]
    lines += [f"    return {' + '.join(f't{k} * t{k}' for k in range(len(parts)))}"]
    body = "\n".join(lines)
    made = load(f"{head}\nW = ()\n\ndef f({', '.join(names)}):\n{body}\n")
    made.W = tuple(weights)
    return Example(text, made.f, arguments)
