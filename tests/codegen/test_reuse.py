"""Results written over arrays that nobody reads any more: the text, and that nobody can tell."""

from __future__ import annotations

import copy
import tracemalloc

import numpy as np
import pytest

from adcompiler import Passes, grad, primitive, value_and_grad, vjp
from adcompiler.ops import TABLE

REUSE = Passes(2, ("release",))
WITHOUT = Passes(2, ("release", "reuse"))


def layer(w, b, x):
    h = np.tanh(x @ w + b)
    return np.sum(h * h * h)


def test_text():
    w, b, x = np.ones((3, 3)), np.ones(3), np.ones((4, 3))

    def net(w, b, v, x):
        h = np.tanh(x @ w + b)
        return np.sum(h @ v)

    arguments = (w, b, np.ones((3, 2)), x)
    assert grad(net, "w", optimize=REUSE).source(*arguments) == (
        "def net_grad(w, b, v, x, *, grad_out=1.0):\n"
        "    # forward\n"
        "    h = x @ w\n"
        "    h += b\n"
        "    np.tanh(h, out=h)\n"
        "    # backward\n"
        "    grad_h = np.broadcast_to(grad_out, (x.shape[0], v.shape[1])) @ v.T\n"
        "    h *= h\n"
        "    np.subtract(1, h, out=h)\n"
        "    grad_h *= h\n"
        "    grad_w = x.T @ grad_h\n"
        "    return grad_w\n"
    )
    for passes in (1, WITHOUT):
        text = grad(net, "w", optimize=passes).source(*arguments)
        assert ", out=" not in text
        assert "*=" not in text


def test_names():
    """A gradient isn't called after a primal, nor one name of the user's by another. A sign that a
    sum can take stays nested."""

    def f(x, y):
        u = np.exp(x - y)
        v = np.sin(u * 2.0 * y / 3.0)
        return np.sum(np.cos(v) * x - np.exp(-v))

    assert grad(f, "x", optimize=REUSE).source(np.ones(4), np.ones(4)) == (
        "def f_grad(x, y, *, grad_out=1.0):\n"
        "    # forward\n"
        "    u = x - y\n"
        "    np.exp(u, out=u)\n"
        "    s1 = u * 2.0\n"
        "    s1 *= y\n"
        "    s1 /= 3.0\n"
        "    v = np.sin(s1)\n"
        "    s6 = -v\n"
        "    np.exp(s6, out=s6)\n"
        "    # backward\n"
        "    grad_v = np.multiply(grad_out, s6, out=s6)\n"
        "    s4 = np.cos(v)\n"
        "    grad_x = np.multiply(grad_out, s4, out=s4)\n"
        "    grad_s4 = grad_out * x\n"
        "    np.sin(v, out=v)\n"
        "    grad_s4 *= v\n"
        "    grad_v -= grad_s4\n"
        "    np.cos(s1, out=s1)\n"
        "    grad_v *= s1\n"
        "    grad_v /= 3.0\n"
        "    grad_v *= y\n"
        "    grad_u = np.multiply(grad_v, 2.0, out=grad_v)\n"
        "    grad_u *= u\n"
        "    grad_x += grad_u\n"
        "    return grad_x\n"
    )


def _views(x):
    a = np.exp(x)
    return np.sum(np.sin(a).reshape(-1) * a.ravel()) + np.sum(np.tanh(a.T) @ a[::-1])


def _transposed_sum(x):
    a = np.exp(x)
    return np.sum((a + a.T) * a)


def _broadcast(x):
    a = np.sin(x)
    return np.sum(np.broadcast_to(a[0], (3, 3)) * np.cos(a)) + np.sum(np.diagonal(a) * 2.0)


def _complex(x):
    z = np.exp(1j * x)
    return np.sum((z * z).real * z.imag) + np.sum(np.abs(z * 2.0 + 1.0))


def _stretched(x):
    a = np.exp(x)
    return np.sum(np.sin(a[:1] * a) * np.tanh(a[:, :1]))


def _one_row_or_more(x):
    a = np.exp(x)
    return np.sum(np.tanh(a[1:]) * np.sin(a[: a.shape[0] - 2]))


def _numbers(x):
    s = np.sum(x)
    return np.exp(np.tanh(s * 2.0) * s) + s * s


def _integers(x):
    k = np.arange(3)
    return np.sum(np.exp(x * k) * (k * 2) / (k + 1))


def _looped(x):
    total, a = 0.0, np.sin(x)
    for _ in range(3):
        b = np.tanh(a * 2.0)
        a = b * x + np.cos(b)
        total = total + np.sum(a * b)
    return total


def _branched(x):
    a = np.sin(x)
    b = np.exp(a * 2.0) if np.sum(x) > 0 else np.tanh(a)
    return np.sum(b * np.cos(b))


def _stored(x):
    a = np.exp(x * 2.0)
    a[0] = np.sin(a[1]) * 3.0
    b = a * a
    a[1:] *= 2.0
    return np.sum(np.tanh(b) * a)


def _conditional(x):
    a = np.sin(x)
    return np.sum(np.exp(a * 2.0) if x[0, 0] > 0 else np.exp(-a) * a)


def _while(x):
    a = np.exp(x)
    while np.sum(np.tanh(a * 0.5)) > 1.0:
        a = np.sin(a) * 0.5
    return np.sum(a * a)


FUNCTIONS = [
    _views, _transposed_sum, _broadcast, _complex, _stretched, _one_row_or_more, _numbers,
    _integers, _looped, _branched, _stored, _conditional, _while,
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_bits(f, dtype):
    x = np.linspace(0.3, 1.1, 9, dtype=dtype).reshape(3, 3)
    given = x.copy()
    plain = value_and_grad(f, optimize=WITHOUT)(x)
    compiled = value_and_grad(f, optimize=2)
    for _ in range(2):
        value, gradient = compiled(x)
        assert type(value) is type(plain[0])
        assert value == plain[0]
        assert gradient.dtype == x.dtype
        np.testing.assert_array_equal(gradient, plain[1])
    np.testing.assert_array_equal(x, given)


def test_sizes_that_may_be_one():
    """What is stretched is not written over, be it known only at run time."""

    def f(x, y):
        a, b = np.exp(x), np.sin(y)
        return np.sum(np.tanh(a[1:] * b[1:]) * b[1:])

    compiled = value_and_grad(f, (0, 1), optimize=2)
    for m, n in ((2, 5), (5, 2), (4, 4), (2, 2)):
        x, y = np.linspace(0.1, 1, m), np.linspace(0.2, 1, n)
        expected = value_and_grad(f, (0, 1), optimize=WITHOUT)(x, y)
        value, gradients = compiled(x, y)
        assert value == expected[0]
        for a, b in zip(gradients, expected[1], strict=True):
            np.testing.assert_array_equal(a, b)


def test_results_and_saved_values():
    """What the caller gets, and what the pullback will read, is left alone."""

    def f(x):
        a = np.exp(x)
        b = a * 2.0
        return b, np.tanh(b), a * np.sin(b)

    x = np.linspace(0.1, 1.0, 5)
    results, pullback = vjp(f, x, optimize=2)
    expected, plain = vjp(f, x, optimize=WITHOUT)
    kept = copy.deepcopy(results)
    seeds = tuple(np.full(5, s) for s in (1.0, 2.0, 3.0))
    for _ in range(2):
        np.testing.assert_array_equal(pullback(seeds), plain(seeds))
    for a, b, c in zip(results, kept, expected, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


SEEN: list[np.ndarray] = []


@primitive(opaque=True, result="x")
def keeping(x):
    SEEN.append(x)
    return x * 2.0


@keeping.backward(opaque=True)
def keeping_backward(g, x, y):
    SEEN.append(g)
    return g * 2.0


def test_what_others_may_keep():
    """An opaque gate's author may keep what it is called with, and return what it has kept."""

    def f(x):
        a = np.exp(x)
        b = keeping(a * 3.0)
        return np.sum(np.tanh(b * b) * a)

    x = np.linspace(0.1, 1.0, 5)
    found = []
    for passes in (WITHOUT, 2):
        SEEN.clear()
        grad(f, optimize=passes)(x)
        found.append(copy.deepcopy(SEEN))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_promises_of_narrow_types():
    """Where a Python float may stand for a float64, a product may be float32 after all."""

    def f(x, s, n):
        scale = s
        for _ in range(n):
            scale = np.sin(scale)
        return np.sum(np.exp(x * scale) * scale)

    x = np.linspace(0.1, 1, 4, dtype="f4")
    for n in (0, 2):
        gradient = grad(f, optimize=2)(x, 0.5, n)
        assert gradient.dtype == x.dtype
        np.testing.assert_array_equal(gradient, grad(f, optimize=WITHOUT)(x, 0.5, n))


def test_memory():
    """Fewer arrays at once."""

    def f(x):
        y = np.sin(x) * np.exp(-0.5 * x**2)
        z = np.tanh(y + np.sqrt(1 + x**2))
        return np.sum(z / (1 + y**2))

    x = np.linspace(-1, 1, 100_000)
    peaks = []
    for passes in (REUSE, WITHOUT):
        compiled = grad(f, optimize=passes)
        compiled(x)
        tracemalloc.start()
        compiled(x)
        peaks.append(tracemalloc.get_traced_memory()[1] / x.nbytes)
        tracemalloc.stop()
    assert peaks[0] < 9.5 < 12.5 < peaks[1]


WRITING = [
    (entry, via)
    for entry in TABLE.values()
    for via in ("np", "op")
    if via in {spelling.preset.get("via") for spelling in entry.spellings.values()}
    and entry.ufunc({"via": via})
    and (entry.name, via) not in (("maximum", "op"), ("minimum", "op"))  # of numbers alone
]


@pytest.mark.parametrize("entry, via", WRITING, ids=lambda case: getattr(case, "name", case))
def test_ufuncs_compute_what_the_entries_do(entry, via):
    """To the last bit, and over an operand as well as beside it."""
    rng = np.random.default_rng(0)
    ufunc = getattr(np, entry.ufunc({"via": via}).removeprefix("np."))
    operands = [rng.uniform(*interval, 50) for interval in entry.domain]
    ints = [rng.integers(1, 6, 50) for _ in operands]
    if not any(types[0] == "d" for types in ufunc.types):
        operands = ints
    elif not any(set(types.split("->")[0]) == {"d"} for types in ufunc.types):
        operands[1:] = ints[1:]
    expected = entry.evaluate({"via": via}, operands)
    assert isinstance(ufunc, np.ufunc)
    for k, operand in enumerate(operands):
        if operand.dtype == expected.dtype:
            given = [v.copy() for v in operands]
            ufunc(*given, out=given[k])
            np.testing.assert_array_equal(given[k], expected)


def test_contributions_are_added_in_place_where_their_sum_is_stored():
    def f(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    x = np.linspace(-1.0, 2.0, 600)
    text = grad(f, optimize=REUSE).source(x)
    assert "    grad_s6 -= t0\n    grad_x[:-1] = grad_s6\n" in text
    assert "-= t0" not in grad(f, optimize=WITHOUT).source(x)
    np.testing.assert_array_equal(grad(f, optimize=REUSE)(x), grad(f, optimize=WITHOUT)(x))
