"""Statistics, selections and running values inside of loops and branches, on views, between stores:
each expression of `v` in each of these places, value bit for bit and gradient against differences.
"""

from __future__ import annotations

import numpy as np
import pytest
from driving import small
from slopes import LEVELS, differences

from adcompiler import value_and_grad
from tests.generator.program import load

EXPRESSIONS = """
np.nanstd(np.where(v > 1.2, np.nan, v), axis=0)
np.nanmedian(np.where(v > 1.2, np.nan, v), axis=0, keepdims=True)
np.nancumsum(np.where(v > 1.2, np.nan, v), axis=1)
np.median(v, axis=1)
np.percentile(v, [20.0, 70.0], axis=0, keepdims=True)
np.quantile(v, 0.6, axis=-1, method='midpoint')
np.ptp(v, axis=1, keepdims=True)
np.average(v, axis=0, weights=v**2 + 1)
np.corrcoef(v)
np.trapezoid(v, np.cumsum(v * v + 1, axis=1), axis=1)
np.interp(v, np.linspace(-2.0, 3.0, 7), np.sin(np.arange(7.0)))
np.cumprod(v, axis=-1)
np.diff(v, 2, axis=1, prepend=v[:, :1] * 2)
np.sort(v, axis=0)[::-1]
np.partition(v, 1, axis=1)[:, :2]
np.take_along_axis(v, np.argsort(v, axis=1)[:, ::-1], axis=1)
np.choose([0, 4, -2, 1], [v[0, :4], v[1, :4], v[2, :4]], mode='clip')
np.select([v > 1.0, v > 0.0], [v**2, np.sin(v)], default=v[:, :1])
np.pad(v, ((1, 0), (2, 1)), mode='reflect')
np.maximum.accumulate(v, axis=1)
np.var(v, axis=0, where=v > -1.0, ddof=1)
np.clip(v, v[0] - 1, v[1] + 1)
""".strip().splitlines()
PLACES = {
    "in a loop, stored into": """
        v = x * 1.0
        for k in range(2):
            r = {}
            t += total(r)
            v[k] = v[k + 1] * 0.7 + 0.3
    """,
    "in a branch, of a view backwards": """
        v = x[::-1].T[::-1].T
        if x[0, 0] > -100.0:
            v = v * 1.1
            r = {}
            t = total(r) * x[0, 1]
    """,
    "between stores": """
        v = np.array(x)
        v[1] = v[0] ** 2 + 0.13
        v[:, 2] *= 1.5
        r = {}
        v[0] = 2.0
        v[1:, ::2] += x[0, 0]
        t = total(r) + np.sum(v * v)
    """,
}
TEXT = """
import numpy as np

WEIGHTS = np.sin(np.arange(1.0, 100.0)) + 0.3


def total(r):
    return np.sum(np.ravel(r) * WEIGHTS[: np.size(r)])


def f(x):
    t = 0.0
    {}
    return t
"""
RNG = np.random.default_rng(3)
# No two are close, so that differences see no change of order.
X = (RNG.permutation(np.linspace(-1.3, 1.9, 24)) + RNG.uniform(-0.02, 0.02, 24)).reshape(4, 6)


def program(expression, place):
    lines = [line[4:] for line in PLACES[place].format(expression).strip("\n").splitlines()]
    return load(TEXT.format("\n".join(lines).strip())).f


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_in_its_place(expression, place):
    f = program(expression, place)
    for x in (X.copy(), np.asfortranarray(X)):
        holds(f, x, differences(f, x))


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_in_single_precision_with_weights_in_double(expression):
    f = program(expression, "between stores")
    x = X.astype(np.float32)
    holds(f, x, differences(f, x))


def holds(f, x, wanted):
    before = x.copy()
    for level in LEVELS:
        value, found = value_and_grad(f, optimize=level)(x)
        assert type(value) is type(f(x))
        assert np.array_equal(value, f(x))
        assert np.array_equal(x, before)
        assert found.dtype == x.dtype
        tolerance = 3e-4 if small(x) else 1e-6
        np.testing.assert_allclose(
            found, wanted, rtol=tolerance, atol=tolerance * np.max(np.abs(wanted))
        )


@pytest.mark.parametrize(("ufunc", "expected"), [(np.maximum, [1, 2, 0]), (np.minimum, [3, 0, 0])])
def test_a_running_extreme_in_another_dtype_is_one_of_the_elements_cast(ufunc, expected):
    """0.1 and 0.3 are no float32."""

    def f(x):
        return np.sum(ufunc.accumulate(x, dtype=np.float32))

    for level in LEVELS:
        found = value_and_grad(f, optimize=level)(np.array([0.1, 0.3, 0.2]))[1]
        assert found.tolist() == expected
