"""The density of SciPy's multivariate normal distribution.

    y = stats.multivariate_normal.logpdf(x, mean, cov)

    grad_x = -grad_y * linalg.solve(cov, x - mean, assume_a='pos', lower=True)

SciPy reads the lower triangle of the covariance, which gets the gradient due to both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.types import Array, Type, rank
from .emit import call
from .inference import as_array
from .late import Late
from .op import Attributes, Bound, Op, OperationError, Regular, Spelling, arguments
from .scipy_linalg import matrix, read_triangle
from .scipy_stats import stats

__all__ = ["ENTRIES"]


def _bind(x: Any, mean: Any = None, cov: Any = None) -> Bound:
    if getattr(mean, "value", mean) is None or getattr(cov, "value", cov) is None:
        raise OperationError(
            "scipy.stats.multivariate_normal without `mean` or `cov`",
            "pass a vector and a matrix, np.zeros(d) and np.eye(d) for instance",
        )
    return arguments(x, mean, cov)


def _type(types: Sequence[Type], attributes: Attributes) -> Type:
    x, mean, cov = map(as_array, types)
    if rank(mean) != 1 or rank(cov) != 2 or rank(x) not in (1, 2):
        raise OperationError(
            f"scipy.stats.multivariate_normal of {x} with mean {mean} and covariance {cov}",
            "give points as a vector or as rows, the mean as a vector, a matrix as covariance",
        )
    matrix(cov, "solve")
    if 1 in (*x.shape, *mean.shape):
        raise OperationError(
            "scipy.stats.multivariate_normal of one dimension, or of one row of points",
            "use scipy.stats.norm, or pass the point as a vector",
        )
    return Array("f8", x.shape[:-1])


def _solved(cov: Any, b: Any) -> Any:
    return cov.emit("linalg_solve", b, assume_a="pos", lower=True, check_finite=True,
                    transposed=False)  # fmt: skip


def _of_points(g: Any, x: Any, mean: Any, cov: Any) -> Any:
    """The gradient for the mean, row by row."""
    if x.ndim == 1:
        return g * _solved(cov, x - mean)
    return g[:, None] * _solved(cov, (x - mean).T).T


def _of_covariance(g: Any, x: Any, mean: Any, cov: Any) -> Any:
    n = cov.shape[0]
    identity = g.tracer.call(np.eye, n if isinstance(n, int) else cov.emit("size", axis=0))
    inverse = _solved(cov, identity)
    solved = _solved(cov, x - mean if x.ndim == 1 else (x - mean).T)
    if x.ndim == 1:
        t = g * (np.outer(solved, solved) - inverse)
    else:
        t = (g * solved) @ solved.T - np.sum(g) * inverse
    return read_triangle(0.5 * t, True)


def _rule(method: str, part: Callable[..., Any], sign: int = 1) -> Callable[..., Any]:
    def rule(g: Any, x: Any, mean: Any, cov: Any, y: Any) -> Any:
        found = part(g * y if method == "pdf" else g, x, mean, cov)
        return found if sign > 0 else -found

    return rule


_SAMPLES = (
    arguments((3,), (3,), Regular((3, 3))), arguments((4, 2), (2,), Regular((2, 2))),
)  # fmt: skip


def _entry(method: str) -> Op:
    def evaluate(attributes: Attributes, operands: Sequence[Any]) -> Any:
        return getattr(stats.multivariate_normal, method)(*operands)

    return Op(
        f"multivariate_normal_{method}",
        _type,
        evaluate,
        lambda emission: call(f"stats.multivariate_normal.{method}", emission.operands),
        rules=(_rule(method, _of_points, -1), _rule(method, _of_points),
               _rule(method, _of_covariance)),
        spellings={Late("scipy.stats", f"multivariate_normal.{method}"): Spelling(_bind)},
        fresh=True,
        needs="scipy",
        samples=_SAMPLES,
        examples=(f"scipy.stats.multivariate_normal.{method}({{2}}, {{2}}, {{2,2!}})",),
    )  # fmt: skip


ENTRIES: tuple[Op, ...] = tuple(map(_entry, ("pdf", "logpdf")))
