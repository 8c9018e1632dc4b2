"""The whole proof for one call: by the interpreter (`driving.check`), and by the emitted text."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
from driving import LEVELS, check, same

from adcompiler import value_and_grad


def prove(f: Any, *args: Any, second: bool = True) -> list[Any]:
    """`check`, then the emitted text at both levels: the value bit for bit, the gradients."""
    expected = f(*copy.deepcopy(args))
    found = check(f, *args, second=second)
    names = list(inspect.signature(f).parameters)
    wrt = tuple(n for n, a in zip(names, args, strict=False) if is_float(a))
    for level in LEVELS:
        before = copy.deepcopy(args)
        value, gradients = value_and_grad(f, wrt=wrt, optimize=level)(*args)
        assert same(value, expected), (level, value, expected)
        for a, b in zip(before, args, strict=True):
            np.testing.assert_equal(b, a)
        flat = [leaf for g in gradients for leaf in leaves(g)]
        assert len(flat) == len(found)
        for g, e in zip(flat, found, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-6, atol=1e-12)
    return found


def leaves(value: Any) -> list[Any]:
    """The numbers, arrays and lists of numbers of a structure."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple) or (isinstance(value, list) and not is_number_list(value)):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def is_number_list(value: Any) -> bool:
    return bool(value) and all(type(v) in (float, int, bool) for v in value)


def is_float(value: Any) -> bool:
    return all(np.asarray(leaf).dtype.kind == "f" for leaf in leaves(value))
