"""Gates that come with adcompiler, made as a user would make them.

>>> sigmoid(0.0), sigmoid(-800.0), relu(-1.0)
(0.5, 0.0, 0.0)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .ops.gates import primitive

__all__ = ["relu", "sigmoid"]

_ARRAY: Any = (np.ndarray, np.generic)


@primitive
def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end.

    x: a number or an array of any shape; the result has its shape, and float32 stays float32.
    """
    if isinstance(x, _ARRAY):
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)
    if x >= 0:
        y = 1 / (1 + math.exp(-x))
    else:
        e = math.exp(x)
        y = e / (1 + e)
    return y


@sigmoid.backward
def _sigmoid_backward(g: Any, x: Any, y: Any) -> Any:
    return g * (1 - y) * y


@sigmoid.forward
def _sigmoid_forward(dot: Any, x: Any, y: Any) -> Any:
    return dot * (1 - y) * y


@primitive
def relu(x: Any) -> Any:
    """max(x, 0), with derivative 0 at 0.

    x: a number or an array of any shape; the result has its shape and dtype.
    """
    if isinstance(x, _ARRAY):
        return np.maximum(x, 0)
    return max(x, 0.0)


@relu.backward
def _relu_backward(g: Any, x: Any, y: Any) -> Any:
    if isinstance(x, _ARRAY):
        return np.where(x > 0, g, 0)
    return g if x > 0 else 0.0


@relu.forward
def _relu_forward(dot: Any, x: Any, y: Any) -> Any:
    if isinstance(x, _ARRAY):
        return np.where(x > 0, dot, 0)
    return dot if x > 0 else 0.0
