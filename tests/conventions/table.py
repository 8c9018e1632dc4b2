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
NAMES = ("x", "y", "z")
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

    @property
    def head(self) -> str:
        """What a module with the function begins with."""
        scipy = "import scipy.special\n" if "scipy" in self.text else ""
        return f"import math\nimport numpy as np\n{scipy}from adcompiler import relu\n"

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
_NAN = math.nan
_SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
_THREES = [[3.0, 0.0], [0.0, 3.0]]
_NOTHING = [[0.0, 0.0], [0.0, 0.0]]


def _number(*values: float) -> tuple[Any, ...]:
    """NumPy's numbers, which divide by zero."""
    return tuple(map(np.float64, values))


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
        Row("Python's `max(x, y)` of equals", "max(x, y)", (1.0, 1.0), "0.5; 0.5", "max(x, y)"),
        Row("Python's `max(x, y, z)` of equals", "max(x, y, z)", (1.0, 1.0, 1.0),
            "0.25; 0.25; 0.5", "max(x, y, z)"),
        Row("`max` of an array of three equals", "np.max(np.array([x, y, z]))", (1.0, 1.0, 1.0),
            "0.3333; 0.3333; 0.3333", "torch.max(torch.stack([x, y, z]))"),
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
    "Statistics": (
        Row("`percentile` between equals", "np.percentile(x, 75.0)", (_TIED,), "(0, 0.5, 0.5)",
            "torch.quantile(x, 0.75)"),
        Row("`percentile` at an element", "np.percentile(x, 50.0)", ([1.0, 3.0, 2.0],),
            "(0, 0, 1)", "torch.quantile(x, 0.5)"),
        Row("`ptp` with ties", "np.ptp(x)", ([1.0, 2.0, 2.0, 1.0],), "(-0.5, 0.5, 0.5, -0.5)",
            "torch.max(x) - torch.min(x)"),
        Row("`ptp` of equal numbers", "np.ptp(x)", ([1.0, 1.0],), "(0, 0)",
            "torch.max(x) - torch.min(x)"),
        Row("running maximum with a tie", "np.maximum.accumulate(x)[2]", (_TIED,), "(0, 0.5, 0.5)",
            "torch.cummax(x, 0).values[2]", {"autograd": NONE, "jax": "jax.lax.cummax(x)[2]"}),
        Row("`nanmax` beside a NaN", "np.nanmax(x)", ([_NAN, 1.0, 2.0],), "(0, 0, 1)", NONE),
        Row("`nanmean` beside a NaN", "np.nanmean(x)", ([_NAN, 1.0, 2.0],), "(0, 0.5, 0.5)",
            "torch.nanmean(x)"),
        Row("`nanstd` of equal numbers", "np.nanstd(x)", ([_NAN, 1.0, 1.0],), "(0, 0, 0)", NONE),
        Row("`nanmedian` beside a NaN", "np.nanmedian(x)", ([_NAN, 1.0, 2.0],), "(0, 0.5, 0.5)",
            "torch.nanmedian(x)"),
        Row("`average` whose weights sum to 0", "np.average(x, weights=y)",
            ([1.0, 2.0], [1.0, -1.0]), "raises", NONE),
        Row("`corrcoef` with a constant", "np.corrcoef(x, y)[0, 1]", ([1.0, 1.0], [1.0, 2.0]),
            "(nan, nan); (nan, nan)", "torch.corrcoef(torch.stack((x, y)))[0, 1]"),
        Row("`interp` at a knot",
            "np.interp(x, np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0]))", (1.0,), "2",
            NONE),
        Row("`interp` at the last knot",
            "np.interp(x, np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0]))", (2.0,), "2",
            NONE),
        Row("`unwrap` at a jump of half a period", "np.unwrap(x)[1]", ([0.0, math.pi],), "(0, 1)",
            NONE),
    ),
    "SciPy's special functions": (
        Row("`xlogy` at (0, 0)", "scipy.special.xlogy(x, y)", _number(0.0, 0.0), "-inf; 0",
            "torch.special.xlogy(x, y)"),
        Row("`xlogy` at (0, 2)", "scipy.special.xlogy(x, y)", _number(0.0, 2.0), "0.6931; 0",
            "torch.special.xlogy(x, y)"),
        Row("`xlog1py` at (0, -1)", "scipy.special.xlog1py(x, y)", _number(0.0, -1.0), "-inf; 0",
            "torch.special.xlog1py(x, y)"),
        Row("`entr` at 0", "scipy.special.entr(x)", _number(0.0), "inf", "torch.special.entr(x)"),
        Row("`rel_entr` at (0, 1)", "scipy.special.rel_entr(x, y)", _number(0.0, 1.0), "-inf; 0",
            NONE),
        Row("`rel_entr` at (0, 0)", "scipy.special.rel_entr(x, y)", _number(0.0, 0.0), "nan; 0",
            NONE),
        Row("`kl_div` at (0, 0)", "scipy.special.kl_div(x, y)", _number(0.0, 0.0), "nan; 1", NONE),
        Row("`gammaln` at 0", "scipy.special.gammaln(x)", _number(0.0), "-inf",
            "torch.special.gammaln(x)"),
        Row("`gammaln` at -1", "scipy.special.gammaln(x)", _number(-1.0), "nan",
            "torch.special.gammaln(x)"),
        Row("`gamma` at -1", "scipy.special.gamma(x)", _number(-1.0), "nan", NONE),
        Row("`digamma` at 0", "scipy.special.digamma(x)", _number(0.0), "inf",
            "torch.special.digamma(x)"),
        Row("`erfinv` at 1", "scipy.special.erfinv(x)", _number(1.0), "inf",
            "torch.special.erfinv(x)"),
        Row("`erfinv` at -1", "scipy.special.erfinv(x)", _number(-1.0), "inf",
            "torch.special.erfinv(x)"),
        Row("`ndtri` at 0", "scipy.special.ndtri(x)", _number(0.0), "inf",
            "torch.special.ndtri(x)"),
        Row("`logit` at 0", "scipy.special.logit(x)", _number(0.0), "inf",
            "torch.special.logit(x)"),
        Row("`expit` at 1000", "scipy.special.expit(x)", _number(1000.0), "0",
            "torch.special.expit(x)"),
        Row("`log_expit` at -1000", "scipy.special.log_expit(x)", _number(-1000.0), "1",
            "torch.nn.functional.logsigmoid(x)", {"jax": "jax.nn.log_sigmoid(x)"}),
        Row("`log_ndtr` at -100", "scipy.special.log_ndtr(x)", _number(-100.0), "100",
            "torch.special.log_ndtr(x)"),
        Row("`logsumexp` with one -inf", "scipy.special.logsumexp(x)", ([_INF, 0.0],), "(0, 1)",
            "torch.logsumexp(x, 0)"),
        Row("`logsumexp` of -inf alone", "scipy.special.logsumexp(x)", ([_INF, _INF],),
            "(nan, nan)", "torch.logsumexp(x, 0)"),
        Row("`logsumexp` with inf", "scipy.special.logsumexp(x)", ([-_INF, 0.0],), "(nan, nan)",
            "torch.logsumexp(x, 0)"),
        Row("`softmax` with one -inf", "scipy.special.softmax(x)[1]", ([_INF, 0.0, 0.0],),
            "(0, 0.25, -0.25)", "torch.softmax(x, 0)[1]", {"jax": "jax.nn.softmax(x)[1]"}),
        Row("`huber` at the corner", "scipy.special.huber(1.0, x)", _number(1.0), "1",
            "torch.nn.functional.huber_loss(x, torch.zeros_like(x))"),
        Row("`exprel` at 0", "scipy.special.exprel(x)", _number(0.0), "0.5", NONE),
        Row("`boxcox` by x, at (2, 0)", "scipy.special.boxcox(x, 0.0)", _number(2.0), "0.5", NONE),
        Row("`i0` at 0", "scipy.special.i0(x)", _number(0.0), "0", "torch.special.i0(x)"),
        Row("`betaln` at (0, 1)", "scipy.special.betaln(x, y)", _number(0.0, 1.0), "-inf; 0",
            NONE),
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
        Row("`norm` of a matrix of zeros", "np.linalg.norm(x)", (_NOTHING,), "((0, 0), (0, 0))",
            "torch.linalg.norm(x)"),
        Row("nuclear norm of zeros", "np.linalg.norm(x, 'nuc')", (_NOTHING,), "((0, 0), (0, 0))",
            "torch.linalg.norm(x, 'nuc')"),
        Row("spectral norm, equal singular values", "np.linalg.norm(x, 2)", (_THREES,),
            "((0.5, 0), (0, 0.5))", "torch.linalg.norm(x, 2)"),
        Row("`svd` with equal singular values: values", "np.sum(np.linalg.svd(x)[1])", (_THREES,),
            "((1, 0), (0, 1))", "torch.sum(torch.linalg.svd(x)[1])"),
        Row("`svd` with equal singular values: vectors", "np.linalg.svd(x)[0][0, 0]", (_THREES,),
            "((nan, nan), (nan, nan))", "torch.linalg.svd(x)[0][0, 0]"),
        Row("`cholesky` of an indefinite matrix", "np.linalg.cholesky(x)[0, 0]",
            ([[1.0, 2.0], [2.0, 1.0]],), "raises", "torch.linalg.cholesky(x)[0, 0]"),
        Row("`inv` of a singular matrix", "np.linalg.inv(x)[0, 0]", (_SINGULAR,), "raises",
            "torch.linalg.inv(x)[0, 0]"),
        Row("`slogdet` of a singular matrix", "np.linalg.slogdet(x)[1]", (_SINGULAR,), "raises",
            "torch.linalg.slogdet(x)[1]"),
        Row("`det` of zeros, 3 by 3", "np.linalg.det(x)",
            ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],),
            "((0, 0, 0), (0, 0, 0), (0, 0, 0))", "torch.linalg.det(x)"),
        Row("`pinv` of a singular matrix", "np.linalg.pinv(x)[0, 0]", ([[2.0, 0.0], [0.0, 0.0]],),
            "((-0.25, 0), (0, 0))", "torch.linalg.pinv(x)[0, 0]"),
        Row("`pinv` of zeros", "np.linalg.pinv(x)[0, 0]", (_NOTHING,), "((0, 0), (0, 0))",
            "torch.linalg.pinv(x)[0, 0]"),
        Row("`lstsq` of a singular matrix", "np.linalg.lstsq(x, y, rcond=None)[0][0]",
            ([[2.0, 0.0], [0.0, 0.0]], [1.0, 1.0]), "((-0.25, 0), (0.25, 0)); (0.5, 0)",
            "torch.linalg.lstsq(x, y[:, None])[0][0, 0]"),
        Row("`matrix_power(x, 0)`", "np.linalg.matrix_power(x, 0)[0, 0]", (_SINGULAR,),
            "((0, 0), (0, 0))", "torch.linalg.matrix_power(x, 0)[0, 0]"),
        Row("`cond` of the unit matrix", "np.linalg.cond(x)", ([[1.0, 0.0], [0.0, 1.0]],),
            "((1, 0), (0, -1))", "torch.linalg.cond(x)"),
        Row("`cond` of a singular matrix", "np.linalg.cond(x)", ([[1.0, 0.0], [0.0, 0.0]],),
            "((nan, nan), (nan, -inf))", "torch.linalg.cond(x)"),
        Row("`qr` of a singular matrix", "np.linalg.qr(x)[1][0, 0]", (_SINGULAR,),
            "((-0.4472, 0), (-0.8944, 0))", "torch.linalg.qr(x)[1][0, 0]"),
    ),
    "Complex numbers": (
        Row("`abs(z) ** 2`, by z", "np.abs(x) ** 2", (1 + 2j,), "2-4j", "torch.abs(x) ** 2"),
        Row("`z.real`, by z", "np.real(x)", (1 + 2j,), "1+0j", "torch.real(x)"),
        Row("`z.imag`, by z", "np.imag(x)", (1 + 2j,), "0-1j", "torch.imag(x)"),
        Row("`abs(z)` at 0", "np.abs(x)", (0j,), "0+0j", "torch.abs(x)"),
        Row("`angle(z)` at 0", "np.angle(x)", (0j,), "nan-infj", "torch.angle(x)"),
        Row("`angle(z)` at -1, on the cut", "np.angle(x)", (-1 + 0j,), "0+1j", "torch.angle(x)"),
        Row("`sqrt(z).real` at 0", "np.real(np.sqrt(x))", (0j,), "inf+nanj",
            "torch.real(torch.sqrt(x))"),
        Row("`sqrt(z).imag` at -4, on the cut", "np.imag(np.sqrt(x))", (-4 + 0j,), "-0.25+0j",
            "torch.imag(torch.sqrt(x))"),
        Row("`log(z).real` at 0", "np.real(np.log(x))", (0j,), "inf+nanj",
            "torch.real(torch.log(x))"),
        Row("`norm` of complex zeros", "np.linalg.norm(x)", ([0j, 0j],), "(0+0j, 0+0j)",
            "torch.linalg.norm(x)"),
        Row("`std` of equal complex numbers", "np.std(x)", ([1j, 1j],), "(0+0j, 0+0j)",
            "torch.std(x, correction=0)"),
    ),
}  # fmt: skip
