"""Probabilities of SciPy's distributions of whole numbers.

    y = stats.poisson.logpmf(k, mu)        grad_mu = grad_y * (k / mu - 1)

The number itself, and how many trials there are, have no derivative: the function is 0 between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.types import shape_of
from .emit import call
from .late import Late
from .op import Op, Spelling, arguments
from .scipy_stats import float_type, method_binder, stats

__all__ = ["ENTRIES"]


def _entry(
    name: str, method: str, parameters: tuple[str, ...], slope: Callable[..., Any],
    sample: tuple[Any, ...],
) -> Op:  # fmt: skip
    """`slope` is the derivative of the logarithmic probability by the last of the parameters."""

    def rule(g: Any, k: Any, *rest: Any) -> Any:
        *given, loc, y = rest
        moved = k if loc.constant == 0 else k - loc
        return (g * y if method == "pmf" else g) * slope(moved, *given)

    def emit(emission: Any) -> Any:
        *given, loc = emission.operands
        unmoved = getattr(loc, "value", None) == 0
        return call(f"stats.{name}.{method}", given if unmoved else (*given, loc))

    return Op(
        f"{name}_{method}",
        float_type,
        lambda attributes, operands: getattr(getattr(stats, name), method)(*operands),
        emit,
        rules=(*[None] * len(parameters), rule, None),
        spellings={
            Late("scipy.stats", f"{name}.{method}"): Spelling(
                method_binder(("k", *parameters), loc=0)
            )
        },
        fresh=True,
        agreeing=lambda types, attributes: list(map(shape_of, types)),
        needs="scipy",
        samples=(arguments(*sample, 0), arguments(sample[0] + 1, *sample[1:], 1)),
    )


_COUNTS = np.array([[0], [2], [3]])

ENTRIES: tuple[Op, ...] = tuple(
    entry
    for method in ("pmf", "logpmf")
    for entry in (
        _entry("poisson", method, ("mu",), lambda k, mu: k / mu - 1,
               (_COUNTS, np.array([0.5, 2.2]))),
        _entry("binom", method, ("n", "p"), lambda k, n, p: k / p - (n - k) / (1 - p),
               (_COUNTS, 4, np.array([0.3, 0.6]))),
        _entry("bernoulli", method, ("p",), lambda k, p: k / p - (1 - k) / (1 - p),
               (_COUNTS[:1], np.array([0.3, 0.6]))),
    )
)  # fmt: skip
