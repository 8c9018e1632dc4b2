"""Stores into arrays: through names, views, helpers; in branches and loops; kept and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from driving import check_emitted

from adcompiler import grad
from adcompiler.diagnostics import AdcompilerError

V = np.array([0.7, -1.2, 0.4, 1.1, -0.3])
M = np.array([[0.5, -0.7, 1.3], [0.9, 0.2, -1.1], [-0.4, 0.8, 0.6]])


# One store.


def element(x: Any) -> Any:
    y = np.zeros(5)
    y[1] = x[0] * x[2]
    y[-1] = np.sin(x[1])
    return np.sum(y * x)


def overwritten(x: Any) -> Any:
    y = x * x
    y[1:3] = 2.0
    y[0] = x[1]
    y[0] = x[2] * y[3]
    return np.sum(y * y)


def overwritten_pole(x: Any) -> Any:
    y = np.sqrt(x * x)
    y[2] = x[3]
    return np.sum(y)


def into_argument(x: Any) -> Any:
    before = x[0]
    x[0] = 3.0 * x[1]
    x[1:] *= before
    return np.sum(x * x)


def added(x: Any) -> Any:
    y = np.ones(5)
    y[0] += x[1]
    y[1:] += x[:-1] * 2
    y[::2] -= x[0]
    y += x
    y -= 0.5 * x[::-1]
    return np.sum(y**3)


def scaled(x: Any) -> Any:
    y = x + 1.0
    y[0] *= x[1]
    y[1:3] /= 1.5 + x[0] ** 2
    y *= x
    y **= 2
    return np.sum(y)


def broadcast_store(x: Any, a: Any) -> Any:
    y = np.zeros((3, 5))
    y[:] = x
    y[1] = a
    y[:, 2] = x[:3]
    y[0, 1:3] += a
    return np.sum(y * y)


def steps_and_dots(x: Any) -> Any:
    y = np.zeros((2, 3, 5))
    y[..., 0] = x[0]
    y[1, ..., ::-2] = x[:3]
    y[:, 1:, 1] -= x[1]
    y[0][2][3] = x[4]
    return np.sum(y * y)


def overlapping(x: Any) -> Any:
    y = x * 1.0
    y[1:] = y[:-1] * x[1:]
    y[:-1] += y[1:]
    y[1:] = y[:-1]
    return np.sum(y * x)


def integers(x: Any) -> Any:
    n = np.zeros(3, dtype=int)
    n[0] = 2
    n[1] += 3
    m = np.zeros(2, dtype=int)
    m[:] = x[:2] * 7.3
    return np.sum(x[:3] * n) + m[0] * x[1]


def single_precision(x: Any) -> Any:
    y = np.zeros(5, dtype=np.float32)
    y[1:] = x[1:] * 2
    y[0] += x[0]
    y *= x
    return np.sum(y)


def from_list(x: Any) -> Any:
    y = np.zeros(3)
    y[:] = [x[0], 2.0, x[1] * x[2]]
    return np.sum(y * y)


def into_list(xs: Any) -> Any:
    xs[0] = xs[1] * xs[2]
    xs[-1] += xs[0]
    return xs[0] * xs[3]


def pairs(x: Any) -> Any:
    x[0], x[1] = x[1], x[0] * x[2]
    return x[0] * x[0] + x[1]


def rows_swapped(m: Any) -> Any:
    m[0], m[1] = m[1], m[0]
    return np.sum(m * m[0])


def chained(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = y[2] = z = x[0] * x[1]
    return np.sum(y * y) * z


def index_changed_after(x: Any, i: Any) -> Any:
    y = np.zeros(5)
    y[i] = x[i]
    z = y[i:]
    i = i + 1
    y[i] = x[0] * x[i]
    z[0] *= 2
    return np.sum(y * y) + np.sum(z)


# Masks and index arrays.


def masked(x: Any) -> Any:
    y = x * x
    y[y > 0.5] = 0.3
    y[x < 0] += 1.0
    y[(x > 0) & (y < 1)] *= x[0]
    return np.sum(y * x)


def masked_values(x: Any) -> Any:
    y = x * 2
    y[x > 0] = x[x > 0] ** 2
    mask = y > 1
    y[mask] = 0.0
    y[mask] = y[~mask][0]
    return np.sum(y * y)


def gathered(x: Any) -> Any:
    y = np.zeros(4)
    y[[0, 0, 1]] = x[[1, 2, 2]]
    y[[2, 2]] += x[0]
    y[np.array([3, -1])] *= 2.0
    y[[3, 3, 3]] = x[:3] * x[1:4]
    return np.sum(y * y)


def gathered_rows(m: Any, i: Any) -> Any:
    z = np.zeros((4, 3))
    z[i] = m
    z[i, 1] = m[:, 0]
    z[1:, [0, 0]] = m[:, 1:] * m[:, :2]
    return np.sum(z * z)


def scattered(x: Any, i: Any) -> Any:
    y = np.zeros(3)
    np.add.at(y, i, x)
    np.subtract.at(y, (i[:2],), x[0])
    return np.sum(y * y)


# Views and aliases.


def alias(x: Any) -> Any:
    y = x * 2
    z = y
    z[0] = x[1]
    z += x
    return np.sum(y * y)


def copied(x: Any) -> Any:
    y = x * 2
    z = y.copy()
    z[0] = x[1]
    w = np.array(y)
    y[1] = 0.0
    return np.sum(y * z) + np.sum(w)


def view(x: Any) -> Any:
    y = np.sin(x)
    z = y[1:]
    z[0] = 3.0
    w = y * x
    z *= 2
    y += x
    return np.sum(w) + np.sum(y * z[0])


def view_of_view(m: Any) -> Any:
    y = m * 1.0
    z = y[1:]
    w = z[:, ::-1]
    w[0, 0] = m[0, 0] * m[1, 1]
    w[1] += m[0]
    y[2, 2] *= 3.0
    return np.sum(y * y) + w[1, 0] * z[0, 1]


def transposed(m: Any) -> Any:
    y = m * 2
    t = y.T
    t[0, 1:] = m[2, :2]
    t += m
    d = np.swapaxes(y, 0, 1)
    d[2] *= 0.5
    return np.sum(y * m)


def squeezed(x: Any) -> Any:
    y = np.zeros((1, 5))
    z = y[0]
    z[1:] = x[1:]
    w = y.squeeze()
    w[0] = x[1] * x[2]
    u = z[:, None]
    u[2, 0] = x[0]
    return np.sum(y * y)


def reshaped(x: Any) -> Any:
    y = np.zeros(6)
    z = y.reshape(2, 3)
    z[1] = x[:3]
    y[0] = x[4]
    np.ravel(z)[1] = x[3]
    return np.sum(y * y) + np.sum(z[:, 0])


def iterated_rows(m: Any) -> Any:
    for row in m:
        row[0] = row[1] * row[2]
        row[1:] *= 2.0
    return np.sum(m * m)


def read_before(x: Any) -> Any:
    y = x * x
    a = y[1]
    b = y[2:] * 1.0
    y[:] = 0.0
    y[0] = a
    return np.sum(y) + np.sum(b) * a


def in_structures(p: Any) -> Any:
    u = p[0]
    state = {"u": u, "v": [p[1], u]}
    state["u"][0] = state["v"][0][1]
    state["v"][1][1] *= 2.0
    return np.sum(u * p[1])


# Helpers.


def relax(u: Any, c: Any) -> None:
    u[0] = c
    u[1:] -= c * u[0]


def filled_in(u: Any, c: Any) -> Any:
    u[2] = c
    return u


def through_helper(x: Any) -> Any:
    y = x * 2
    relax(y, x[1])
    relax(y[2:], x[0])
    z = filled_in(y, x[4])
    z[3] += 1.0
    return np.sum(y * y)


def changed_midway(x: Any) -> Any:
    y = x * 2

    def bump() -> Any:
        y[0] += x[1]
        return y[0]

    return y * bump() + y[0]


def changed_midway_sum(x: Any) -> Any:
    return np.sum(changed_midway(x))


def with_out(x: Any) -> Any:
    y = np.zeros(5)
    np.multiply(x, x, out=y)
    z = np.add(y, 1.0, out=y[:])
    np.exp(x[:2], out=y[1:3])
    np.copyto(y[4:], x[0])
    return np.sum(y * z)


def filled(x: Any) -> Any:
    y = np.empty(5)
    y.fill(x[1])
    y[1] = x[0]
    return np.sum(y * y * x)


# Branches.


def branch(x: Any, c: Any) -> Any:
    y = x * 2
    z = y[1:]
    if c > 0:
        y[2] = c * y[1]
        z[0] = x[0]
    else:
        y[1] = 0.0
    return np.sum(y * y) + z[1]


def branch_binds(x: Any, c: Any) -> Any:
    y = x * 2
    if c > 0:
        z = y
    else:
        z = x * x
        z[1] = c
    return np.sum(z * y)


def nested_branches(x: Any, c: Any) -> Any:
    y = np.zeros(5)
    if c > 0:
        y[0] = c
        if x[0] > 0:
            y[0:2] += x[:2]
        else:
            y = x * y[0]
    elif c < -1:
        y += x
    y[4] = x[2] * c
    return np.sum(y * y)


def chosen(x: Any, c: Any) -> Any:
    y = x * 2
    z = y if c > 0 else x
    return np.sum(z * y)


# Loops.


def recurrence(x: Any, n: Any) -> Any:
    y = np.zeros(n)
    y[0] = x[0]
    for i in range(1, n):
        y[i] = np.sin(y[i - 1]) * x[i] + y[i - 1]
    return np.sum(y)


def stencil(m: Any, n: Any) -> Any:
    for _t in range(n):
        m[1:-1, 1:-1] = 0.25 * (m[:-2, 1:-1] + m[2:, 1:-1] + m[1:-1, :-2] + m[1:-1, 2:])
    return np.sum(m * m)


def curved_stencil(x: Any, n: Any) -> Any:
    u = x.copy()
    for _ in range(n):
        u[1:-1] = u[1:-1] ** 2 + 0.1 * u[:-2] * u[2:]
    return np.sum(u)


def double_buffer(x: Any, n: Any) -> Any:
    a, b = x, x.copy()
    for _ in range(n):
        b[1:-1] = 0.5 * (a[:-2] + a[2:]) * a[1:-1]
        a, b = b, a
    return np.sum(a * b)


def three_buffers(x: Any, n: Any) -> Any:
    a, b, c = x * 1.0, x * 2.0, np.zeros(5)
    for _ in range(n):
        c[1:] = a[1:] * b[:-1]
        a, b, c = b, c, a
    return np.sum(a + 2 * b + 3 * c)


def seidel(m: Any, n: Any) -> Any:
    for _t in range(n):
        for i in range(1, m.shape[0] - 1):
            for j in range(1, m.shape[1]):
                m[i, j] = 0.3 * (m[i - 1, j] + m[i + 1, j] + m[i, j - 1] * m[i, j])
    return np.sum(m)


def lower_solve(m: Any, x: Any) -> Any:
    n = len(m)
    y = np.zeros(n)
    for i in range(n):
        s = x[i]
        for j in range(i):
            s -= m[i, j] * y[j]
        y[i] = s / (2.0 + m[i, i] ** 2)
    return np.sum(y * y)


def running_buffer(x: Any, n: Any) -> Any:
    ring = np.ones(3)
    total = 0.0
    for i in range(n):
        ring[i % 3] = ring[(i + 1) % 3] * x[i % 5]
        total += np.sum(ring)
    return total


def alias_of_loop(x: Any, n: Any) -> Any:
    y = x * 2
    z = y
    v = y[1:]
    for i in range(n):
        y += x
        v[0] *= x[i]
    return np.sum(z * v[0])


def rebound_in_loop(x: Any, n: Any) -> Any:
    y = x * 2
    for i in range(n):
        y[0] += x[i]
        y = y * x
        y[1] = y[0]
    return np.sum(y)


def counted_by_while(x: Any, n: Any) -> Any:
    y = np.zeros(5)
    k = 0
    while k < n and np.sum(y) < 100:
        y[k] = x[k] * (y[k - 1] + 1)
        y[k:] += 0.1
        k += 1
    return np.sum(y * y)


def row_by_row(m: Any) -> Any:
    out = np.zeros_like(m)
    for i, row in enumerate((m[0], m[1], m[2])):
        out[i] = row * row[0]
        out[i, i] = 1.0
    for i in range(3):
        row = out[i]
        row[1:] += row[:-1]
    return np.sum(out * m)


def branch_in_loop(x: Any, n: Any) -> Any:
    y = np.zeros(5)
    for i in range(n):
        if x[i] > 0:
            y[i] = x[i] * x[i]
        else:
            y[: i + 1] += x[i]
    return np.sum(y * y)


def temporary_in_loop(x: Any, n: Any) -> Any:
    total = 0.0
    for i in range(n):
        work = np.zeros(3)
        work[i % 3] = x[i]
        work[1] += x[0] * total
        total += np.sum(work * work)
    return total


def kept_from_last(x: Any, n: Any) -> Any:
    last = x * 1.0
    total = 0.0
    for i in range(n):
        now = last * 0.5
        now[i] = last[0] + x[i]
        total += np.sum(now * last)
        last = now
    return total + np.sum(last)


def saved_whole(x: Any, n: Any) -> Any:
    y = x * 1.0
    total = 0.0
    for i in range(n):
        total += np.sum(np.sin(y) * y)
        y[i] = total * 0.1
    return total


def heat(u: Any, k: Any, n: Any) -> Any:
    for _ in range(n):
        flux = np.zeros(6)
        flux[1:-1] = k * (u[1:] - u[:-1])
        u += flux[1:] - flux[:-1]
    return np.sum(u**2)


INDEX = np.array([0, 2, 0, 1, 2])
CASES = [
    (element, V), (overwritten, V), (overwritten_pole, np.array([1.0, 2.0, 0.0, 3.0, -1.0])),
    (into_argument, V), (added, V), (scaled, V), (broadcast_store, V, 0.8), (steps_and_dots, V),
    (overlapping, V), (integers, V), (single_precision, V.astype(np.float32)), (from_list, V),
    (into_list, [0.5, -0.7, 1.3, 0.2]), (pairs, V), (rows_swapped, M), (chained, V),
    (index_changed_after, V, 1), (masked, V), (masked_values, V), (gathered, V),
    (gathered_rows, M, np.array([1, 3, 1])), (scattered, V, INDEX), (alias, V), (copied, V),
    (view, V), (view_of_view, M), (transposed, M), (squeezed, V), (reshaped, V),
    (iterated_rows, M), (read_before, V), (through_helper, V),
    (changed_midway_sum, V), (with_out, V), (filled, V), (branch, V, 0.7), (branch, V, -0.7),
    (branch_binds, V, 0.7), (branch_binds, V, -0.7), (nested_branches, V, 0.5),
    (nested_branches, -V, 0.5), (nested_branches, V, -2.0), (nested_branches, V, -0.5),
    (chosen, V, 0.5), (chosen, V, -0.5), (recurrence, V, 5), (recurrence, V, 1), (stencil, M, 3),
    (stencil, M, 0), (curved_stencil, V, 3), (double_buffer, V, 3), (double_buffer, V, 4),
    (double_buffer, V, 0), (three_buffers, V, 4), (seidel, M, 2), (lower_solve, M, V),
    (running_buffer, V, 7), (alias_of_loop, V, 3), (alias_of_loop, V, 0), (rebound_in_loop, V, 3),
    (counted_by_while, V, 4), (row_by_row, M), (branch_in_loop, V, 5), (temporary_in_loop, V, 4),
    (kept_from_last, V, 3), (saved_whole, V, 4), (heat, V, 0.2, 3),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
def test_stores(case: Any) -> None:
    f, *args = case
    check_emitted(f, *args)


def test_arrays_in_structures_are_objects_too() -> None:
    p = (V.copy(), V[::-1].copy())
    (a, b), before = grad(in_structures)(p), [v.copy() for v in p]
    x, y = p
    expected_a, expected_b = y.copy(), x.copy()
    expected_a[0], expected_a[1] = 0.0, 2 * y[1]
    expected_b[0], expected_b[1] = y[1], 2 * x[1] + y[0]
    assert np.allclose(a, expected_a) and np.allclose(b, expected_b)
    assert all(np.array_equal(v, w) for v, w in zip(p, before, strict=True))


# What can't be told at compile time.


def maybe_a_copy(m: Any) -> Any:
    y = m.reshape(-1)
    m[0] = 1.0
    return np.sum(y)


def maybe_a_copy_stored(m: Any) -> Any:
    y = np.ravel(m)
    y[0] = 1.0
    return np.sum(m)


def chosen_and_stored(x: Any, c: Any) -> Any:
    y = x * 2
    z = y if c > 0 else x
    z[0] = 1.0
    return np.sum(y)


def bound_by_branch_and_stored(x: Any, c: Any) -> Any:
    y = x * 2
    if c > 0:
        z = y
    else:
        z = x
    y[0] = 1.0
    return np.sum(z)


def swapped_away(x: Any, n: Any) -> Any:
    a, b = x * 1.0, x * 2.0
    first = a
    for _ in range(n):
        b[0] = a[1]
        a, b = b, a
    return np.sum(first)


def one_of_two_in_loop(x: Any, n: Any) -> Any:
    a, b = x * 1.0, x * 2.0
    for _ in range(n):
        a[0] += 1.0
        a = b
    return np.sum(b)


@pytest.mark.parametrize(
    "case",
    [
        (maybe_a_copy, M), (maybe_a_copy_stored, M), (chosen_and_stored, V, 1.0),
        (bound_by_branch_and_stored, V, 1.0), (swapped_away, V, 3), (one_of_two_in_loop, V, 3),
    ],
    ids=lambda case: case[0].__name__,
)  # fmt: skip
def test_what_may_be_two_things_is_refused(case: Any) -> None:
    f, *args = case
    with pytest.raises(AdcompilerError) as error:
        grad(f)(*args)
    (found,) = error.value.diagnostics
    assert found.code in ("alias", "ambiguous") and found.span is not None
    assert "share memory" in found.reason


# Views that expansions make, of arrays that were stored into before.


def flipped(x: Any) -> Any:
    y = x * 1.0
    y[0] = x[1]
    z = np.flip(y)
    z[0] = x[2] * x[2]
    y[1] = x[3]
    return np.sum(y * x) + z[3] * z[0]


def at_least(x: Any) -> Any:
    y = x * 1.0
    y[0] = x[1]
    z = np.atleast_1d(y)
    z[1] = x[2] * x[2]
    row = np.atleast_2d(y)
    row[0, 2] = x[0]
    y[3] = 2.0
    return np.sum(y * x) + z[1] * row[0, 3]


def split_parts(x: Any) -> Any:
    y = x * 1.0
    y[0] = x[1]
    a, b = np.split(y, [2])
    a[0] = b[1] * x[0]
    y[3] = x[2] * x[2]
    b *= 2.0
    return np.sum(y * x) + a[0] * b[1]


def equal_parts(m: Any) -> Any:
    y = m * 1.0
    y[0, 0] = m[1, 1]
    a, b, c = np.hsplit(y, 3)
    a[1] = b[0] * m[0, 0]
    y[2] *= 3.0
    c += a
    return np.sum(y * m) + np.sum(a * b * c)


def turned(m: Any) -> Any:
    y = m * 1.0
    y[0, 0] = m[1, 1]
    z = np.rot90(y)
    z[0] = m[0]
    w = np.moveaxis(y, 0, -1)
    w[1] *= 2.0
    y[2] = y[1] * m[2]
    return np.sum(z * m) + np.sum(w * y)


def grown(m: Any) -> Any:
    y = m * 1.0
    y[0] = m[1]
    z = np.expand_dims(y, 0)
    z[0, 1] = m[0] ** 2
    w = np.swapaxes(y, 0, 1)
    w[0] = 2.0 * m[2]
    y[1, 1] = 0.5
    return np.sum(z * z) + np.sum(w * m)


def stretched(x: Any) -> Any:
    y = x * 1.0
    z = np.broadcast_to(y, (3, 5))
    a, b = np.broadcast_arrays(y, np.ones((2, 1)))
    y[1] = x[0] * x[2]
    return np.sum(z * x) + np.sum(a * a * b)


def stretched_store(x: Any) -> Any:
    y = x * 1.0
    z = np.broadcast_to(y, (3, 5))
    z[0] = 1.0
    return np.sum(z)


def store_through_stretched_view(x: Any) -> Any:
    z = np.broadcast_to(x * 2, (3, 5))[1]
    z += 1.0
    return np.sum(z)


@pytest.mark.parametrize("f", [stretched_store, store_through_stretched_view])
def test_stretched_arrays_are_not_written_to(f: Any) -> None:
    with pytest.raises(ValueError, match="read-only"):
        f(V)
    with pytest.raises(AdcompilerError) as caught:
        grad(f)(V)
    assert "stretched" in caught.value.diagnostics[0].reason


@pytest.mark.parametrize(
    ("f", "x"),
    [(stretched, V), (flipped, V), (at_least, V), (split_parts, V),
     (equal_parts, M), (turned, M), (grown, M)],
    ids=lambda v: getattr(v, "__name__", ""),
)  # fmt: skip
def test_stores_through_views_that_functions_make(f: Any, x: Any) -> None:
    check_emitted(f, x)
