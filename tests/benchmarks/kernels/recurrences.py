"""Short steps on Python floats: the logistic map, and Newton's method in a `while`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tests.benchmarks import builders
from tests.benchmarks.kernel import Build, Kernel

__all__ = ["KERNELS"]

WRT = (0, 1)


def logistic_map(x, r, n):
    """The sum along an orbit."""
    total = 0.0
    for _ in range(n):
        x = r * x * (1.0 - x)
        total = total + x
    return total


def logistic_map_by_hand(x, r, n):
    tape = []
    for _ in range(n):
        tape.append(x)
        x = r * x * (1.0 - x)
    gx = gr = 0.0
    for x in reversed(tape):
        g = gx + 1.0
        u = 1.0 - x
        gr += g * x * u
        gx = g * r * (u - x)
    return gx, gr


def _orbit(steps: int) -> Callable[[], tuple[Any, ...]]:
    return lambda: (0.3, 3.2, steps)


def _logistic_map_scanned(checkpoint: bool) -> Callable[[Any], Callable[..., Any]]:
    def of(np: Any) -> Callable[..., Any]:
        import jax

        def function(x, r, n):
            def step(state, _):
                x, total = state
                x = r * x * (1.0 - x)
                return (x, total + x), None

            body = jax.checkpoint(step) if checkpoint else step
            (_, total), _ = jax.lax.scan(body, (x, 0.0), length=n)
            return total

        return function

    return of


def _logistic_map_unrolled(steps: int) -> Build:
    def build() -> Callable[[], Any]:
        import casadi

        *point, _ = _orbit(steps)()
        symbols = casadi.SX.sym("x", 2)
        total = logistic_map(*casadi.vertsplit(symbols), steps)
        gradient = casadi.Function("gradient", [symbols], [casadi.gradient(total, symbols)])
        return builders.casadi_buffers(gradient, [point])

    return build


def _logistic_map_compiled(steps: int) -> dict[str, Build]:
    return {
        "jax jit": builders.jax_jit(_logistic_map_scanned(False), _orbit(steps), WRT),
        "jax jit, checkpoint": builders.jax_jit(_logistic_map_scanned(True), _orbit(steps), WRT),
        "casadi": _logistic_map_unrolled(steps),
    }


def kepler(anomaly, eccentricity):
    """Newton's method on Kepler's equation, from its mean anomaly."""
    angle = anomaly
    step = 1.0
    while abs(step) > 1e-12:
        slope = 1.0 - eccentricity * math.cos(angle)
        step = (angle - eccentricity * math.sin(angle) - anomaly) / slope
        angle = angle - step
    return angle


def kepler_by_hand(anomaly, eccentricity):
    angle = anomaly
    step = 1.0
    tape = []
    while abs(step) > 1e-12:
        cos, sin = math.cos(angle), math.sin(angle)
        slope = 1.0 - eccentricity * cos
        step = (angle - eccentricity * sin - anomaly) / slope
        tape.append((cos, sin, slope, step))
        angle = angle - step
    g_angle = 1.0
    g_anomaly = g_eccentricity = 0.0
    for cos, sin, slope, step in reversed(tape):
        g = -g_angle / slope  # of the numerator
        h = g * step  # less that of the slope
        g_anomaly -= g
        g_eccentricity += h * cos - g * sin
        g_angle += g * slope - h * eccentricity * sin
    return g_anomaly + g_angle, g_eccentricity


def _point() -> tuple[Any, ...]:
    return 2.0, 0.6


def _kepler(np: Any) -> Callable[..., Any]:
    def function(anomaly, eccentricity):
        angle, step = anomaly, 1.0
        while step * step > 1e-24:  # MyGrad's numbers have no `abs`
            slope = 1.0 - eccentricity * np.cos(angle)
            step = (angle - eccentricity * np.sin(angle) - anomaly) / slope
            angle = angle - step
        return angle

    return function


ENOUGH = 8  # steps, where a peer has to know their number; it takes 5


def _kepler_masked(np: Any) -> Callable[..., Any]:
    """A `lax.while_loop` has no reverse mode; a scan of a fixed length that stops moving has."""
    import jax

    def function(anomaly, eccentricity):
        def body(state, _):
            angle, step = state
            slope = 1.0 - eccentricity * np.cos(angle)
            new = (angle - eccentricity * np.sin(angle) - anomaly) / slope
            new = np.where(abs(step) > 1e-12, new, 0.0)
            return (angle - new, new), None

        (angle, _), _ = jax.lax.scan(body, (anomaly, 1.0), length=ENOUGH)
        return angle

    return function


def _kepler_unrolled() -> Callable[[], Any]:
    import casadi

    x = casadi.SX.sym("x", 2)
    anomaly, eccentricity = casadi.vertsplit(x)
    angle = anomaly
    for _ in range(ENOUGH):
        slope = 1.0 - eccentricity * casadi.cos(angle)
        angle -= (angle - eccentricity * casadi.sin(angle) - anomaly) / slope
    gradient = casadi.Function("gradient", [x], [casadi.gradient(angle, x)])
    return builders.casadi_buffers(gradient, [_point()])


TOO_LONG = "each step takes milliseconds; see the shorter orbit"

KERNELS = (
    Kernel(
        "logistic map, 300 steps", logistic_map, _orbit(300), logistic_map_by_hand, WRT,
        {
            **builders.eager(lambda np: logistic_map, _orbit(300), WRT),
            **_logistic_map_compiled(300),
        },
        calls=100,
    ),
    Kernel(
        "logistic map, 10,000 steps", logistic_map, _orbit(10_000), logistic_map_by_hand, WRT,
        _logistic_map_compiled(10_000), calls=4,
        left_out=dict.fromkeys(("autograd", "jax", "torch", "mygrad"), TOO_LONG),
    ),
    Kernel(
        "Newton's method", kepler, _point, kepler_by_hand, WRT,
        {
            **builders.eager(_kepler, _point, WRT),
            "jax jit": builders.jax_jit(_kepler_masked, _point, WRT),
            "casadi": _kepler_unrolled,
        },
        calls=2000,
    ),
)  # fmt: skip
