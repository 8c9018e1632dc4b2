"""Functions with asserts, in a module whose asserts pytest leaves as they are."""

from __future__ import annotations

import math

import numpy as np


def checks(x):
    assert x > 0, f"{x} is not positive"
    y = math.sqrt(x)
    assert y != 2.0
    assert isinstance(x, float), "never shown"
    return y


def arrays(x):
    print(x, x.shape, x.dtype, x[0], [x[1], 2], {"k": (x[2],)}, None, ..., True)
    assert np.all(np.isfinite(x)), f"bad: {x}"
    assert x.ndim == 1 and x.shape[0] > 2
    print(f"{np.sum(x):.4f}", np.float32(3), x.sum())
    return np.sum(x * x)


def message_computed(x):
    assert x > 0, "the sum is " + str(np.sum(np.array([x, math.sqrt(1.0 - x)])))
    return x * x


def never(x):
    assert False, "not written yet"
    return x
