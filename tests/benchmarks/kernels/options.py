"""Black and Scholes's price of a million call options; the normal distribution is SciPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.formulas import in_autograd, in_jax, in_torch
from tests.benchmarks.kernel import Kernel

try:
    from scipy.special import ndtr
except ImportError:  # SciPy is optional
    ndtr = None

__all__ = ["KERNELS"]

WRT = (0, 2, 3, 4)


def black_scholes(spot, strike, time, rate, volatility):
    deviation = volatility * np.sqrt(time)
    drift = (rate + 0.5 * volatility**2) * time
    d1 = (np.log(spot / strike) + drift) / deviation
    d2 = d1 - deviation
    return np.sum(spot * ndtr(d1) - strike * np.exp(-rate * time) * ndtr(d2))


def by_hand(spot, strike, time, rate, volatility):
    root = np.sqrt(time)
    deviation = volatility * root
    slope = 0.5 * volatility
    slope *= volatility
    slope += rate
    d1 = spot / strike
    np.log(d1, out=d1)
    d1 += slope * time
    d1 /= deviation
    d2 = d1 - deviation
    discounted = -rate * time
    np.exp(discounted, out=discounted)
    discounted *= strike
    grad_spot = ndtr(d1)
    grad_time = ndtr(d2)
    grad_time *= discounted
    grad_rate = grad_time @ time
    grad_time *= rate
    d2 *= d2
    d2 *= -0.5
    np.exp(d2, out=d2)
    d2 *= discounted
    d2 *= -1 / math.sqrt(2 * math.pi)  # the gradient of d2
    g = d1 * d1
    g *= -0.5
    np.exp(g, out=g)
    g *= spot
    g *= 1 / math.sqrt(2 * math.pi)
    g += d2  # of d1
    g /= deviation  # of log(spot / strike) + drift
    grad_spot += g / spot
    d1 *= g
    d1 += d2  # of -deviation
    slope *= g
    grad_time += slope
    np.multiply(d1, volatility, out=d2)
    d2 /= root
    d2 *= 0.5
    grad_time -= d2
    g *= time
    grad_rate += np.sum(g)
    g *= volatility
    d1 *= root
    g -= d1
    return grad_spot, grad_time, grad_rate, g


def in_torchs_names(spot, strike, time, rate, volatility):
    deviation = volatility * torch.sqrt(time)
    drift = (rate + 0.5 * volatility**2) * time
    d1 = (torch.log(spot / strike) + drift) / deviation
    cdf = torch.special.ndtr
    return torch.sum(spot * cdf(d1) - strike * torch.exp(-rate * time) * cdf(d1 - deviation))


def _arguments() -> tuple[Any, ...]:
    rng, n = np.random.default_rng(0), 1_000_000
    spot, strike = rng.uniform(50, 150, (2, n))
    return spot, strike, rng.uniform(0.1, 2, n), 0.03, rng.uniform(0.1, 0.5, n)


KERNELS = () if ndtr is None else (
    Kernel(
        "Black-Scholes", black_scholes, _arguments, by_hand, WRT,
        {
            "autograd": in_autograd(
                black_scholes, _arguments, WRT, ndtr="autograd.scipy.stats.norm.cdf"
            ),
            "jax": in_jax(black_scholes, _arguments, WRT, ndtr="jax.scipy.special.ndtr"),
            "jax jit": in_jax(black_scholes, _arguments, WRT, True, ndtr="jax.scipy.special.ndtr"),
            "torch": in_torch(in_torchs_names, _arguments, WRT),
        },
        optimize=2,
        left_out={"mygrad": "has neither the normal distribution nor erf"},
    ),
)  # fmt: skip
