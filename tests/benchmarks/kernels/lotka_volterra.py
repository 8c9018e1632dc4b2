"""An ordinary differential equation, step by step on Python floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.benchmarks import builders
from tests.benchmarks.kernel import Build, Kernel

__all__ = ["KERNELS"]

WRT = (0, 1, 2, 3, 4, 5)


def lotka_volterra(x, y, a, b, c, d, h, n):
    """Runge-Kutta steps of order 4."""
    for _ in range(n):
        k1x = a * x - b * x * y
        k1y = c * x * y - d * y
        x2 = x + 0.5 * h * k1x
        y2 = y + 0.5 * h * k1y
        k2x = a * x2 - b * x2 * y2
        k2y = c * x2 * y2 - d * y2
        x3 = x + 0.5 * h * k2x
        y3 = y + 0.5 * h * k2y
        k3x = a * x3 - b * x3 * y3
        k3y = c * x3 * y3 - d * y3
        x4 = x + h * k3x
        y4 = y + h * k3y
        k4x = a * x4 - b * x4 * y4
        k4y = c * x4 * y4 - d * y4
        x = x + h / 6 * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + h / 6 * (k1y + 2 * k2y + 2 * k3y + k4y)
    return x * x + y * y


def lotka_volterra_by_hand(x, y, a, b, c, d, h, n):
    """One tuple of stages per step; the partials of stages are not written down one by one:
    what b x y and c x y give back is gathered in `t`."""
    half, sixth = 0.5 * h, h / 6
    tape = []
    for _ in range(n):
        k1x = a * x - b * x * y
        k1y = c * x * y - d * y
        x2 = x + half * k1x
        y2 = y + half * k1y
        k2x = a * x2 - b * x2 * y2
        k2y = c * x2 * y2 - d * y2
        x3 = x + half * k2x
        y3 = y + half * k2y
        k3x = a * x3 - b * x3 * y3
        k3y = c * x3 * y3 - d * y3
        x4 = x + h * k3x
        y4 = y + h * k3y
        k4x = a * x4 - b * x4 * y4
        k4y = c * x4 * y4 - d * y4
        tape.append((x, y, x2, y2, x3, y3, x4, y4))
        x = x + sixth * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + sixth * (k1y + 2 * k2y + 2 * k3y + k4y)
    gx, gy = 2 * x, 2 * y
    ga = gb = gc = gd = 0.0
    for x, y, x2, y2, x3, y3, x4, y4 in reversed(tape):
        p4, q4 = sixth * gx, sixth * gy
        t = q4 * c - p4 * b
        gx4 = p4 * a + t * y4
        gy4 = t * x4 - q4 * d
        p3, q3 = 2 * p4 + h * gx4, 2 * q4 + h * gy4
        t = q3 * c - p3 * b
        gx3 = p3 * a + t * y3
        gy3 = t * x3 - q3 * d
        p2, q2 = 2 * p4 + half * gx3, 2 * q4 + half * gy3
        t = q2 * c - p2 * b
        gx2 = p2 * a + t * y2
        gy2 = t * x2 - q2 * d
        p1, q1 = p4 + half * gx2, q4 + half * gy2
        t = q1 * c - p1 * b
        gx += gx4 + gx3 + gx2 + p1 * a + t * y
        gy += gy4 + gy3 + gy2 + t * x - q1 * d
        p1 *= x
        p2 *= x2
        p3 *= x3
        p4 *= x4
        q1 *= y
        q2 *= y2
        q3 *= y3
        q4 *= y4
        ga += p1 + p2 + p3 + p4
        gb -= p1 * y + p2 * y2 + p3 * y3 + p4 * y4
        gc += q1 * x + q2 * x2 + q3 * x3 + q4 * x4
        gd -= q1 + q2 + q3 + q4
    return gx, gy, ga, gb, gc, gd


def _orbit(steps: int) -> Callable[[], tuple[Any, ...]]:
    return lambda: (1.0, 0.5, 1.1, 0.4, 0.1, 0.4, 1e-3, steps)


def _stepped(x, y, a, b, c, d, h):
    def rates(x, y):
        return a * x - b * x * y, c * x * y - d * y

    k1x, k1y = rates(x, y)
    k2x, k2y = rates(x + 0.5 * h * k1x, y + 0.5 * h * k1y)
    k3x, k3y = rates(x + 0.5 * h * k2x, y + 0.5 * h * k2y)
    k4x, k4y = rates(x + h * k3x, y + h * k3y)
    x = x + h / 6 * (k1x + 2 * k2x + 2 * k3x + k4x)
    y = y + h / 6 * (k1y + 2 * k2y + 2 * k3y + k4y)
    return x, y


def _scanned(checkpoint: bool) -> Callable[[Any], Callable[..., Any]]:
    def of(np: Any) -> Callable[..., Any]:
        import jax

        def function(x, y, a, b, c, d, h, n):
            def step(state, _):
                return _stepped(*state, a, b, c, d, h), None

            body = jax.checkpoint(step) if checkpoint else step
            (x, y), _ = jax.lax.scan(body, (x, y), length=n)
            return x * x + y * y

        return function

    return of


def _unrolled(steps: int) -> Build:
    """All steps in one expression of scalars. `mapaccum` of one step is built in a tenth of the
    time, and runs two to five times as long."""

    def build() -> Callable[[], Any]:
        import casadi

        *point, h, _ = _orbit(steps)()
        symbols = casadi.SX.sym("x", 6)
        x, y, *rates = casadi.vertsplit(symbols)
        for _ in range(steps):
            x, y = _stepped(x, y, *rates, h)
        derivative = casadi.gradient(x * x + y * y, symbols)
        gradient = casadi.Function("gradient", [symbols], [derivative])
        return builders.casadi_buffers(gradient, [point])

    return build


def _compiled(steps: int) -> dict[str, Build]:
    return {
        "jax jit": builders.jax_jit(_scanned(False), _orbit(steps), WRT),
        "jax jit, checkpoint": builders.jax_jit(_scanned(True), _orbit(steps), WRT),
        "casadi": _unrolled(steps),
    }


TOO_LONG = "each step takes milliseconds; see the shorter orbit"

KERNELS = (
    Kernel(
        "Lotka-Volterra, 100 steps", lotka_volterra, _orbit(100), lotka_volterra_by_hand, WRT,
        {**builders.eager(lambda np: lotka_volterra, _orbit(100), WRT), **_compiled(100)},
        calls=20,
    ),
    Kernel(
        "Lotka-Volterra, 10,000 steps", lotka_volterra, _orbit(10_000), lotka_volterra_by_hand,
        WRT, _compiled(10_000),
        left_out=dict.fromkeys(("autograd", "jax", "torch", "mygrad"), TOO_LONG),
    ),
)  # fmt: skip
