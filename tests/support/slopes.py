"""Proofs at the level of users: `grad` called as they call it, against central differences."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import AdcompilerError, value_and_grad

__all__ = ["LEVELS", "check", "differences", "refused"]

LEVELS = (0, 1)


def differences(f, x, step=1e-6):
    """The gradient of `f`, a function of `x` alone, by central differences."""
    x = np.asarray(x, float)
    found = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        found[index] = (f(moved[0][()]) - f(moved[1][()])) / (2 * step)
    return found


def check(f, x, *args, wrt=0, **kwargs):
    """Value bit for bit, gradient against differences, arguments untouched, at both levels."""
    before = np.array(x)
    for level in LEVELS:
        value, found = value_and_grad(f, wrt, optimize=level)(x, *args, **kwargs)
        expected = f(x, *args, **kwargs)
        assert type(value) is type(expected)
        assert np.array_equal(value, expected)
        want = differences(lambda v: f(v, *args, **kwargs), x)
        np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-7)
        assert np.array_equal(x, before)
        assert not np.shares_memory(found, x)
    return found


def refused(function, *args, **kwargs):
    """The one diagnostic of a call that is refused."""
    with pytest.raises(AdcompilerError) as caught:
        function(*args, **kwargs)
    (found,) = caught.value.diagnostics
    assert found.reason.endswith(".")
    assert found.advice.endswith((".", "?"))
    return found
