"""np.array, asarray, copy, astype, item, tolist: copies, views, casts, memory order."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from tests.support.proving import prove

X = np.array([0.7, -1.2, 0.4, 1.1])
M = np.array([[0.5, -0.3, 0.2], [1.1, 0.8, -0.7]])
# Sums add up in memory order: their last bits differ.
WIDE = np.random.default_rng(3).normal(size=(37, 41)) * 10.0 ** (np.arange(41) % 8)


def copies(x, m):
    y = np.array(x, copy=True)
    z = np.copy(m, order="F")
    y[0] = x[1]
    z[0] = 0.0
    w = m.copy("K")
    w[:, 1] *= x[0]
    return np.sum(y * x) + np.sum(z * m) + np.sum(w * w)


def views(x, m):
    x = x * 1.0
    y, z = np.asarray(x), np.array(x, copy=None)
    w = np.asarray(x, dtype=x.dtype, copy=False)
    y[0] = 2.0
    z[1] = x[0] * x[2]
    w[2] *= 3.0
    return np.sum(x * x) + np.sum(np.asarray(m, copy=True) ** 2)


def higher(x, m):
    row = np.array(x, ndmin=2)
    row[0, 1] = 1.0
    return np.sum(row * x) * np.array([x[0], 2.0], ndmin=3)[0, 0, 0] + np.sum(
        np.array(m, ndmin=1) * np.array([[x[0]], [x[1]]], order="F")
    )


def casts(x, m):
    y = x.astype(np.float64, casting="same_kind") * x
    z = x.astype("f8", copy=False)
    n = m.astype(np.uint8, order="F", subok=False)
    return np.sum(y) + np.sum(z * z) + np.sum(n * m) + np.float64(np.uint16(x[3]))


def kept(x):
    y = x * 2.0
    z = y.astype(x.dtype, copy=False)
    z[0] = 1.0
    w = y.astype(x.dtype)
    w[1] = 1.0
    return np.sum(y * z * w * x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [copies, views, higher, casts], ids=lambda f: f.__name__)
def test_arrays(f, dtype):
    prove(f, X.astype(dtype), M.astype(dtype))


def test_a_cast_to_the_same_dtype_need_not_copy():
    prove(kept, X)
    prove(kept, X.astype(np.float32))


def ordered(m, x):
    parts = (
        m.copy("F"), m.T.copy("A"), np.array(m, order="F"), np.array(m.T, order="C"),
        np.asarray(m.T, order="C"), np.asarray(m, order="F"), np.asfortranarray(m),
        m.astype(np.float64, order="F"), np.copy(m.T), m[:, ::2].copy("K"),
    )  # fmt: skip
    total = x
    for part in parts:
        total = total * 1.5 + np.sum(part) * x
    return total


def test_memory_order_is_kept_in_sums():
    """In the last bit."""
    for level in (0, 1):
        value, _ = grad(ordered, "m", optimize=level).value_and_grad(WIDE, 0.3)
        assert value == ordered(WIDE, 0.3)
    assert np.sum(WIDE) != np.sum(WIDE.copy("F"))
    prove(ordered, M, 0.3)


def numbers(x, m, k):
    return x.item(1) * x.item(-1) + m.item(4) * m.item(1, k) + m.item((0, -1)) ** 2 + x[k].item()


def sums(x):
    total = 0.0
    for v in x.tolist():
        total += v * v * total + v
    listed = x.tolist()
    listed.append(total)
    return total * listed[0] + sum(listed) + len(listed) * max(x.tolist())


def rows(m):
    total = 0.0
    for row in m:
        a = row.tolist()
        total += a[0] * a[-1] + m[0, 0].tolist()
    return total


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_and_lists(dtype):
    x, m = X.astype(dtype), M.astype(dtype)
    prove(numbers, x, m, 2)
    prove(rows, m)
    prove(sums, x)
    prove(sums, x[:1])


def alone(x):
    return np.reshape(x, (1, 1)).item() ** 2


def test_the_only_element():
    prove(alone, X[:1])
    prove(alone, 0.7)


def several(x):
    return x.item()


def nested(x):
    return np.reshape(x, (2, 2)).tolist()[0][0]


def not_copied(x):
    return np.sum(np.array([x[0], 1.0], copy=False))


def not_cast(x):
    return np.sum(np.array(x, dtype=np.float32, copy=False))


def unsafe(x):
    return np.sum(x.astype(np.float32, casting="safe"))


def strange(x):
    return np.sum(x.copy("Q"))


def strange_keyword(x):
    return np.sum(x.astype(np.float32, device="cpu"))


@pytest.mark.parametrize(("f", "reason"), [
    (several, "may have several elements"), (nested, "list of lists"),
    (not_copied, "copy=False of numbers"), (not_cast, "copy=False of what"),
    (unsafe, "f8 isn't cast to f4 where casting is 'safe'"), (strange, "`order=` is 'Q'"),
    (strange_keyword, "`device=` of .astype is not supported"),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(X)


def test_text():
    text = grad(lambda m: np.sum(m.copy("F") ** 2 + m.copy() * np.array(m))).source(M)
    assert "m.copy('F')" in text or 'm.copy("F")' in text
