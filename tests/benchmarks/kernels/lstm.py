"""A network of LSTM layers with diagonal weights that predicts a sequence: GradBench's LSTM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_mygrad, in_torch, mapped
from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

LAYERS, WIDTH, STEPS = 2, 14, 100
WRT = (0, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def layer(w, b, hidden, cell, x):
    forget = sigmoid(x * w[0] + b[0])
    entry = sigmoid(hidden * w[1] + b[1])
    exit = sigmoid(x * w[2] + b[2])
    change = np.tanh(hidden * w[3] + b[3])
    cell = cell * forget + entry * change
    return exit * np.tanh(cell), cell


def predicted(layers, extra, state, x):
    x = x * extra[0]
    new = []
    for (w, b), (hidden, cell) in zip(layers, state):
        x, cell = layer(w, b, hidden, cell, x)
        new.append((x, cell))
    return x * extra[1] + extra[2], new


def loss(layers, extra, state, sequence):
    total = 0.0
    for t in range(len(sequence) - 1):
        y, state = predicted(layers, extra, state, sequence[t])
        total = total + np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2)))
    return -total / ((len(sequence) - 1) * sequence.shape[1])


def by_hand(layers, extra, state, sequence):
    """Gates of a layer in one array, all steps of it kept; a sigmoid is a tanh of half as much."""
    n, width = len(sequence) - 1, sequence.shape[1]
    half = np.array([[0.5], [0.5], [0.5], [1.0]])
    rest = 1 - half
    (w0, b0), (w1, b1) = layers
    (h0, c0), (h1, c1) = state
    v0, a0, v1, a1 = w0 * half, b0 * half, w1 * half, b1 * half
    given = sequence[:-1] * extra[0]
    in0, in1, gates0, gates1 = np.empty((4, n, 4, width))
    cells0, cells1, tanhs0, tanhs1, outs = np.empty((5, n, width))
    in0[:, 0::2] = given[:, None, :]
    for t in range(n):
        i0, g0, i1, g1 = in0[t], gates0[t], in1[t], gates1[t]
        i0[1::2] = h0
        np.multiply(i0, v0, out=g0)
        g0 += a0
        np.tanh(g0, out=g0)
        g0 *= half
        g0 += rest
        cells0[t] = c0
        c0 = c0 * g0[0]
        c0 += g0[1] * g0[3]
        h0 = np.tanh(c0, out=tanhs0[t]) * g0[2]
        i1[0::2] = h0
        i1[1::2] = h1
        np.multiply(i1, v1, out=g1)
        g1 += a1
        np.tanh(g1, out=g1)
        g1 *= half
        g1 += rest
        cells1[t] = c1
        c1 = c1 * g1[0]
        c1 += g1[1] * g1[3]
        h1 = np.multiply(np.tanh(c1, out=tanhs1[t]), g1[2], out=outs[t])
    # What doesn't depend on the step before, for all steps at once.
    e = np.exp(outs * extra[1] + extra[2])
    gold = sequence[1:] * (-1 / (n * width))
    grad_y = gold - e * (np.sum(gold, axis=1) / (np.sum(e, axis=1) + 2))[:, None]
    grad_outs = grad_y * extra[1]
    slopes = []
    for gates, cells, tanhs in ((gates0, cells0, tanhs0), (gates1, cells1, tanhs1)):
        s = gates * (1 - gates)
        change = gates[:, 3]
        s[:, 3] = (1 - change * change) * gates[:, 1]
        s[:, 0] *= cells
        s[:, 1] *= change
        s[:, 2] *= tanhs
        slopes.append((s, gates[:, 2] * (1 - tanhs * tanhs)))
    (s0, u0), (s1, u1) = slopes
    grad_h0 = grad_c0 = grad_h1 = grad_c1 = np.zeros(width)
    for t in range(n - 1, -1, -1):
        g = s1[t]
        grad_h = grad_h1 + grad_outs[t]
        grad_c1 = grad_c1 + grad_h * u1[t]
        g[2] *= grad_h
        g[0] *= grad_c1
        g[1::2] *= grad_c1
        grad_c1 = grad_c1 * gates1[t, 0]
        p = g * w1
        grad_h1 = p[1] + p[3]
        grad_h = grad_h0 + p[0]
        grad_h += p[2]
        g = s0[t]
        grad_c0 = grad_c0 + grad_h * u0[t]
        g[2] *= grad_h
        g[0] *= grad_c0
        g[1::2] *= grad_c0
        grad_c0 = grad_c0 * gates0[t, 0]
        grad_h0 = g[1] * w0[1]
        grad_h0 += g[3] * w0[3]
    first = np.sum(s0[:, 0::2] * w0[0::2], axis=1)
    grad_extra = np.array(
        [np.sum(first * sequence[:-1], 0), np.sum(grad_y * outs, 0), np.sum(grad_y, 0)]
    )
    return [
        (np.einsum("tgi,tgi->gi", s0, in0), np.sum(s0, axis=0)),
        (np.einsum("tgi,tgi->gi", s1, in1), np.sum(s1, axis=0)),
    ], grad_extra


def in_torchs_names(layers, extra, state, sequence):
    total = 0.0
    for x, gold in zip(sequence[:-1], sequence[1:]):
        x = x * extra[0]
        new = []
        for (w, b), (hidden, cell) in zip(layers, state):
            gates = torch.stack((x, hidden, x, hidden)) * w + b
            forget, entry, exit = torch.sigmoid(gates[:3])
            cell = cell * forget + entry * torch.tanh(gates[3])
            x = exit * torch.tanh(cell)
            new.append((x, cell))
        state = new
        y = x * extra[1] + extra[2]
        total = total + torch.sum(gold * (y - torch.log(torch.sum(torch.exp(y)) + 2)))
    return -total / ((len(sequence) - 1) * sequence.shape[1])


def _scan(checkpoint: bool) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import jax
        import jax.numpy

        from tests.benchmarks.formulas import under

        step = under(predicted, np=jax.numpy)

        def scanned(layers: Any, extra: Any, state: Any, sequence: Any) -> Any:
            def body(state: Any, pair: Any) -> Any:
                x, gold = pair
                y, state = step(layers, extra, state, x)
                norm = jax.numpy.log(jax.numpy.sum(jax.numpy.exp(y)) + 2)
                return state, jax.numpy.sum(gold * (y - norm))

            if checkpoint:
                body = jax.checkpoint(body)
            _, terms = jax.lax.scan(body, state, (sequence[:-1], sequence[1:]))
            return -jax.numpy.sum(terms) / ((len(sequence) - 1) * sequence.shape[1])

        gradient = jax.jit(jax.grad(scanned, WRT))
        point = mapped(jax.numpy.asarray, _arguments())
        return lambda: jax.block_until_ready(gradient(*point))

    return build


def _arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    layers = [tuple(rng.normal(size=(2, 4, WIDTH)) / 2) for _ in range(LAYERS)]
    extra = rng.normal(size=(3, WIDTH))
    state = [tuple(rng.normal(size=(2, WIDTH)) / 2) for _ in range(LAYERS)]
    return layers, extra, state, 1.0 * (rng.random((STEPS + 1, WIDTH)) < 0.5)


KERNELS = (
    Kernel(
        "LSTM", loss, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(loss, _arguments, WRT),
            "jax": in_jax(loss, _arguments, WRT),
            "jax jit": _scan(False),
            "jax jit, checkpoint": _scan(True),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
            "mygrad": in_mygrad(loss, _arguments, WRT),
        },
        calls=2,
        optimize=2,
    ),
)  # fmt: skip
