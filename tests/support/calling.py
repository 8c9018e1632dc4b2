"""The tables' examples as functions: `"np.hstack(({3}, {2}))"` is

    def f(a0, a1):
        r = np.hstack((a0, a1))
        t0 = np.sum(np.sin(r) * W[0])
        return t0 * t0

`{3j}` is an array of complex numbers; of a complex result the real part is taken, weighted.
Weighted, so that entries differ; nonlinear, so that linear functions have second derivatives.
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from sampling import drawn, regular

from tests.generator.program import load

__all__ = ["Example", "alone", "example"]

_SCIPY = re.compile(r"scipy\.\w+")
_ARRAY = re.compile(r"\{([\d,]*)([!j]?)\}")


@dataclass(frozen=True)
class Example:
    """A function made of one call, and arguments for it."""

    call: str
    f: types.FunctionType
    arguments: tuple[Any, ...]


def _head(call: str) -> str:
    """What a module with this call begins with."""
    packages = "".join(f"import {m}\n" for m in sorted(set(_SCIPY.findall(call))))
    return f"import cmath\nimport math\nimport numpy as np\n{packages}"


def alone(call: str, dtype: Any = np.float64, domain: tuple[float, float] = (-2, 2)) -> Example:
    """The call by itself, as a function of its arrays, drawn from the domain."""
    rng = np.random.default_rng(len(call))
    wanted = [(tuple(map(int, filter(None, s.split(",")))), r) for s, r in _ARRAY.findall(call)]
    names = [f"a{k}" for k in range(len(wanted))]
    numbers = iter(names)
    text = _ARRAY.sub(lambda match: next(numbers), call)
    complex_ = np.result_type(dtype, np.complex64)
    arguments = tuple(
        regular(s, rng).astype(dtype)
        if mark == "!"
        else drawn(rng, domain, s, complex_ if mark else dtype)[()]
        for s, mark in wanted
    )
    made = load(f"{_head(call)}\ndef f({', '.join(names)}):\n    return {text}\n")
    return Example(text, made.f, arguments)


def example(call: str, dtype: Any = np.float64, domain: tuple[float, float] = (-2, 2)) -> Example:
    """The example as a function of its arrays with one number as its result."""
    single = alone(call, dtype, domain)
    text, arguments = single.call, single.arguments
    rng = np.random.default_rng(len(call) + 1)
    results = single.f(*arguments)
    several = isinstance(results, (tuple, list))
    parts = [f"r[{k}]" for k in range(len(results))] if several else ["r"]
    values = results if several else (results,)
    turned = [np.asarray(v).dtype.kind == "c" for v in values]
    complex_ = np.result_type(dtype, np.complex64)
    weights = [
        drawn(rng, (0.5, 1.5), np.shape(v), complex_ if own else dtype)[()]
        for v, own in zip(values, turned, strict=True)
    ]
    lines = [f"    r = {text}"]
    lines += [
        f"    t{k} = np.sum({p} * W[{k}]){'.real' if own else ''}"
        for k, (p, own) in enumerate(zip(parts, turned, strict=True))
    ]
    lines += [f"    return {' + '.join(f't{k} * t{k}' for k in range(len(parts)))}"]
    body, names = "\n".join(lines), [f"a{k}" for k in range(len(arguments))]
    made = load(f"{_head(call)}\nW = ()\n\ndef f({', '.join(names)}):\n{body}\n")
    made.W = tuple(weights)
    return Example(text, made.f, arguments)
