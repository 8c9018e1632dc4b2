"""What the gradient is where the calculus has no single answer: rows of docs/conventions.md.

    Row("maximum at a tie", "np.maximum(x, y)", (1.0, 1.0), "0.5; 0.5", ...)

`text` is the function of `x`, `y`, ... as users write it, and `ours` the gradient that the tests
hold the compiler to, one part for each argument. `torch` is the same in PyTorch's words; `others`
holds what a library says in words of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["GROUPS", "LIBRARIES", "NAMES", "Row", "shown"]

LIBRARIES = ("autograd", "jax", "torch")
NAMES = ("x", "y")
NONE = ""  # a library that hasn't got the function


@dataclass(frozen=True)
class Row:
    """One point of one function."""

    what: str
    text: str
    at: tuple[Any, ...]
    ours: str
    torch: str
    others: Mapping[str, str] = field(default_factory=dict)

    def text_for(self, library: str) -> str:
        """The function in the library's own words."""
        return self.torch if library == "torch" else self.others.get(library, self.text)

    def arguments(self) -> tuple[Any, ...]:
        """Fresh arguments: Python floats, or arrays of them."""
        return tuple(np.array(a) if isinstance(a, list) else a for a in self.at)


def shown(gradients: tuple[Any, ...]) -> str:
    """Gradients as the page shows them: `0.5; 0.5` for two numbers, `(0, 1)` for an array."""
    return "; ".join(_shown(np.asarray(g).tolist()) for g in gradients)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_shown, value))})"
    if isinstance(value, complex):
        return f"{_shown(value.real)}{'-' if value.imag < 0 else '+'}{_shown(abs(value.imag))}j"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return "nan" if math.isnan(value) else f"{value + 0.0:.4g}"


_INF = -math.inf
_TIED = [1.0, 2.0, 2.0]

GROUPS: Mapping[str, tuple[Row, ...]] = {
    "Kinks": (
        Row("`abs` at 0", "np.abs(x)", (0.0,), "0", "torch.abs(x)"),
        Row("`sign` at 0", "np.sign(x)", (0.0,), "0", "torch.sign(x)"),
        Row("`floor` at a jump", "np.floor(x)", (1.0,), "0", "torch.floor(x)"),
        Row("`%` at a jump", "np.mod(x, y)", (2.0, 1.0), "1; -2", "torch.remainder(x, y)"),
        Row("`maximum` at 0, as a rectifier", "np.maximum(x, 0.0)", (0.0,), "0.5",
            "torch.maximum(x, torch.zeros_like(x))"),
        Row("`relu` at 0", "relu(x)", (0.0,), "0", "torch.relu(x)",
            {"autograd": NONE, "jax": "jax.nn.relu(x)"}),
        Row("`clip` on its bounds", "np.sum(np.clip(x, 0.0, 1.0))", ([0.0, 1.0],), "(1, 1)",
            "torch.sum(torch.clip(x, 0.0, 1.0))"),
        Row("`sinc` at 0", "np.sinc(x)", (0.0,), "0", "torch.sinc(x)"),
    ),
    "Ties": (
        Row("`maximum` of equals", "np.maximum(x, y)", (1.0, 1.0), "0.5; 0.5",
            "torch.maximum(x, y)"),
        Row("`minimum` of equals", "np.minimum(x, y)", (1.0, 1.0), "0.5; 0.5",
            "torch.minimum(x, y)"),
        Row("`fmax` beside a NaN", "np.fmax(x, y)", (1.0, math.nan), "1; 0", "torch.fmax(x, y)"),
        Row("`max` with a tie", "np.max(x)", (_TIED,), "(0, 0.5, 0.5)", "torch.max(x)"),
        Row("`max` along an axis, with a tie", "np.sum(np.max(x, axis=0))", (_TIED,),
            "(0, 0.5, 0.5)", "torch.max(x, dim=0).values"),
        Row("`min` with a tie", "np.min(x)", ([1.0, 1.0, 2.0],), "(0.5, 0.5, 0)", "torch.min(x)"),
        Row("`sort` with a tie", "np.sum(np.sort(x) * np.array([1.0, 2.0, 4.0]))",
            ([2.0, 1.0, 2.0],), "(2, 1, 4)",
            "torch.sum(torch.sort(x).values * torch.tensor([1.0, 2.0, 4.0]))"),
        Row("`median` of an even number", "np.median(x)", ([1.0, 2.0, 4.0, 3.0],),
            "(0, 0.5, 0, 0.5)", "torch.median(x)"),
        Row("`median` with a tie", "np.median(x)", ([1.0, 2.0, 2.0],), "(0, 0.5, 0.5)",
            "torch.median(x)"),
        Row("largest absolute value, with a tie", "np.linalg.norm(x, np.inf)", ([3.0, -3.0],),
            "(0.5, -0.5)", "torch.linalg.norm(x, math.inf)"),
    ),
    "Zeros": (
        Row("`sqrt` at 0", "np.sqrt(x)", (np.float64(0.0),), "inf", "torch.sqrt(x)"),
        Row("`cbrt` at 0", "np.cbrt(x)", (np.float64(0.0),), "inf", NONE, {"autograd": NONE}),
        Row("`norm` of zeros", "np.linalg.norm(x)", ([0.0, 0.0],), "(0, 0)",
            "torch.linalg.norm(x)"),
        Row("1-norm with a zero", "np.linalg.norm(x, 1)", ([0.0, 2.0],), "(0, 1)",
            "torch.linalg.norm(x, 1)"),
        Row("`hypot` at (0, 0)", "np.hypot(x, y)", (0.0, 0.0), "0; 0", "torch.hypot(x, y)",
            {"autograd": NONE}),
        Row("`arctan2` at (0, 0)", "np.arctan2(x, y)", (np.float64(0.0), np.float64(0.0)),
            "nan; nan", "torch.arctan2(x, y)"),
        Row("`std` of equal numbers", "np.std(x)", ([1.0, 1.0],), "(0, 0)",
            "torch.std(x, correction=0)"),
        Row("`var` of equal numbers", "np.var(x)", ([1.0, 1.0],), "(0, 0)",
            "torch.var(x, correction=0)"),
        Row("`x ** 0` at 0", "x ** 0", (0.0,), "0", "x ** 0"),
        Row("`x ** y` at (0, 0)", "x ** y", (0.0, 0.0), "0; 0", "x ** y"),
        Row("`x ** y` at (0, 2)", "x ** y", (0.0, 2.0), "0; 0", "x ** y"),
        Row("`x ** y` at (0, 0.5)", "x ** y", (0.0, 0.5), "inf; 0", "x ** y"),
        Row("`prod` with one zero", "np.prod(x)", ([0.0, 2.0, 3.0],), "(6, 0, 0)",
            "torch.prod(x)"),
        Row("`prod` with two zeros", "np.prod(x)", ([0.0, 0.0, 3.0],), "(0, 0, 0)",
            "torch.prod(x)"),
        Row("`cumprod` with a zero", "np.sum(np.cumprod(x))", ([2.0, 0.0, 3.0],), "(1, 8, 0)",
            "torch.sum(torch.cumprod(x, 0))"),
        Row("`det` of a singular matrix", "np.linalg.det(x)", ([[1.0, 2.0], [2.0, 4.0]],),
            "((4, -2), (-2, 1))", "torch.linalg.det(x)"),
    ),
    "Singular points": (
        Row("`log` at 0", "np.log(x)", (np.float64(0.0),), "inf", "torch.log(x)"),
        Row("`log1p` at -1", "np.log1p(x)", (np.float64(-1.0),), "inf", "torch.log1p(x)"),
        Row("`x * log(x)` at 0", "x * np.log(x)", (np.float64(0.0),), "nan", "x * torch.log(x)"),
        Row("`arcsin` at 1", "np.arcsin(x)", (np.float64(1.0),), "inf", "torch.arcsin(x)"),
        Row("`arccos` at 1", "np.arccos(x)", (np.float64(1.0),), "-inf", "torch.arccos(x)"),
        Row("`arccosh` at 1", "np.arccosh(x)", (np.float64(1.0),), "inf", "torch.arccosh(x)"),
        Row("`arctanh` at 1", "np.arctanh(x)", (np.float64(1.0),), "inf", "torch.arctanh(x)"),
        Row("`x / y` at (0, 0)", "x / y", (np.float64(0.0), np.float64(0.0)), "inf; nan",
            "x / y"),
        Row("`x / y` at (1, 0)", "x / y", (np.float64(1.0), np.float64(0.0)), "inf; -inf",
            "x / y"),
        Row("`logaddexp` with one -inf", "np.logaddexp(x, y)", (_INF, 0.0), "0; 1",
            "torch.logaddexp(x, y)"),
        Row("`logaddexp` of two -inf", "np.logaddexp(x, y)", (_INF, _INF), "nan; nan",
            "torch.logaddexp(x, y)"),
    ),
    "What wasn't chosen": (
        Row("`where(x > 0, sqrt(x), 0)` at 0", "np.where(x > 0, np.sqrt(x), 0.0)",
            (np.float64(0.0),), "0", "torch.where(x > 0, torch.sqrt(x), 0.0)"),
        Row("`where(x > 0, log(x), 0)` at -1", "np.where(x > 0, np.log(x), 0.0)",
            (np.float64(-1.0),), "0", "torch.where(x > 0, torch.log(x), 0.0)"),
        Row("`where(x != 0, sin(x) / x, 1)` at 0", "np.where(x != 0, np.sin(x) / x, 1.0)",
            (np.float64(0.0),), "0", "torch.where(x != 0, torch.sin(x) / x, 1.0)"),
        Row("`where(x > 0, x * log(x), 0)` at 0", "np.where(x > 0, x * np.log(x), 0.0)",
            (np.float64(0.0),), "0", "torch.where(x > 0, x * torch.log(x), 0.0)"),
        Row("`maximum(sqrt(x), 1)` at 0", "np.maximum(np.sqrt(x), 1.0)", (np.float64(0.0),), "0",
            "torch.maximum(torch.sqrt(x), torch.ones_like(x))"),
        Row("`where(x > 30, x, log1p(exp(x)))` at 1000, an overflow",
            "np.where(x > 30.0, x, np.log1p(np.exp(x)))", (np.float64(1000.0),), "nan",
            "torch.where(x > 30.0, x, torch.log1p(torch.exp(x)))"),
        Row("`(x > 0) * sqrt(x)` at 0", "(x > 0) * np.sqrt(x)", (np.float64(0.0),), "0",
            "(x > 0) * torch.sqrt(x)"),
    ),
    "Matrices": (
        Row("`cholesky`: which triangle", "np.linalg.cholesky(x)[1, 0]",
            ([[4.0, 2.0], [2.0, 5.0]],), "((-0.125, 0), (0.5, 0))",
            "torch.linalg.cholesky(x)[1, 0]"),
        Row("`eigh`: which triangle", "np.linalg.eigh(x)[0][0]", ([[2.0, 1.0], [1.0, 3.0]],),
            "((0.7236, 0), (-0.8944, 0.2764))",
            "torch.linalg.eigh(x)[0][0]"),
        Row("`eigh` with equal eigenvalues: values", "np.sum(np.linalg.eigh(x)[0])",
            ([[1.0, 0.0], [0.0, 1.0]],), "((1, 0), (0, 1))", "torch.sum(torch.linalg.eigh(x)[0])"),
        Row("`eigh` with equal eigenvalues: vectors", "np.linalg.eigh(x)[1][0, 0]",
            ([[1.0, 0.0], [0.0, 1.0]],), "((nan, 0), (nan, nan))", "torch.linalg.eigh(x)[1][0, 0]"),
        Row("singular values of zeros", "np.sum(np.linalg.svd(x, compute_uv=False))",
            ([[0.0, 0.0], [0.0, 0.0]],), "((1, 0), (0, 1))", "torch.sum(torch.linalg.svdvals(x))"),
    ),
    "Complex numbers": (
        Row("`abs(z) ** 2`, by z", "np.abs(x) ** 2", (1 + 2j,), "2-4j", "torch.abs(x) ** 2"),
        Row("`z.real`, by z", "np.real(x)", (1 + 2j,), "1+0j", "torch.real(x)"),
        Row("`z.imag`, by z", "np.imag(x)", (1 + 2j,), "0-1j", "torch.imag(x)"),
        Row("`abs(z)` at 0", "np.abs(x)", (0j,), "0+0j", "torch.abs(x)"),
    ),
}  # fmt: skip
