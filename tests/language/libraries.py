"""Linear algebra, statistics and what SciPy adds."""

import contextlib

import numpy as np

from tests.language.rows import group, row

with contextlib.suppress(ImportError):
    import scipy.integrate
    import scipy.interpolate
    import scipy.linalg
    import scipy.optimize
    import scipy.sparse
    import scipy.special
    import scipy.stats

group("Libraries")


def spd(a):
    return np.outer(a, a) + np.diag(np.array([1.0, 2.5, 4.5]))


@row("`np.linalg.cholesky`, `qr`")
def factored(a):
    q, r = np.linalg.qr(spd(a))
    return np.sum(np.linalg.cholesky(spd(a)) ** 3) + np.sum(q * r)


@row("`np.linalg.eigh`, `eigvalsh`, `svd`, `svdvals`")
def spectra(a, m):
    w, v = np.linalg.eigh(spd(a))
    return w[0] * v[0, 0] ** 2 + np.sum(np.linalg.svd(m)[1] ** 3) + np.linalg.eigvalsh(spd(a))[1]


@row("`np.linalg.eig`, `eigvals`")
def general_eigenvalues(m):
    return np.sum(np.linalg.eigvals(m[:, :2]).real)


@row("`np.linalg.pinv`, `lstsq`")
def least_squares(m):
    return np.sum(np.linalg.lstsq(m.T, np.ones(3), rcond=None)[0]) + np.sum(np.linalg.pinv(m))


@row("`np.linalg.slogdet`, `cond`, `matrix_power`, `multi_dot`")
def more_linear_algebra(a):
    q = spd(a)
    total = np.linalg.slogdet(q)[1] + np.linalg.cond(q) + np.sum(np.linalg.matrix_power(q, -2))
    return total + np.sum(np.linalg.multi_dot([q, q, a]))


@row("`np.fft`")
def transformed(a):
    return np.sum(np.abs(np.fft.rfft(a, n=4)) ** 3)


@row("`np.median`, `percentile`, `quantile`, `ptp`")
def order_statistics(a):
    return np.median(a) * np.percentile(a, 30.0) + np.quantile(a, 0.8) ** 2 + np.ptp(a)


@row("reductions without NaN: `np.nansum`, `nanmean`, `nanstd`")
def without_nan(a):
    holes = np.where(a > 0.5, np.nan, a)
    return np.nansum(holes**2) + np.nanmean(holes) * np.nanstd(holes)


@row("`np.average`, `cov`, `corrcoef`")
def weighted_statistics(a, m):
    return np.average(a, weights=a**2) + np.sum(np.cov(m) ** 2) + np.corrcoef(m)[0, 1]


@row("`np.trapezoid`, `gradient`, `interp`")
def on_a_grid(a):
    slopes = np.gradient(a, 0.5)
    return np.trapezoid(slopes**2, dx=0.5) + np.interp(a[0], [0.0, 0.5, 1.0], a)


@row("`np.convolve`, `correlate`, `pad`")
def filtered(a):
    return np.sum(np.convolve(a, a, "same") ** 2) + np.sum(np.correlate(np.pad(a, 1), a) ** 2)


@row("`np.polyval`, `polyder`, `polyint`")
def polynomial(a, x):
    return np.polyval(a, x) * np.polyval(np.polyder(a), x) + np.polyval(np.polyint(a), x)


@row("`np.roots`, `np.polyfit`")
def fitted(a):
    return np.polyfit(np.arange(3.0), a, 1)[0]


@row("`scipy.special`: `erf`, `gammaln`, `expit`, `xlogy`, `jv`, ...")
def special_functions(x, a):
    total = scipy.special.erf(x) + scipy.special.gammaln(x + 2) + scipy.special.jv(2, x)
    return total + np.sum(scipy.special.expit(a) * scipy.special.xlogy(a**2, 1 + a**2))


@row("`scipy.special.logsumexp`, `softmax`, `log_softmax`")
def over_axes(m):
    total = scipy.special.logsumexp(m) * scipy.special.softmax(m, axis=1)[0, 0]
    return total + np.sum(scipy.special.log_softmax(m, axis=0) ** 2)


@row("a parameter of a special function by which it has no closed derivative")
def order_of_a_bessel_function(x):
    return scipy.special.jv(x, 1.5)


@row("`scipy.stats`: `norm.logpdf`, `gamma.logpdf`, `multivariate_normal.logpdf`, ...")
def densities(x, a):
    total = scipy.stats.norm.logpdf(a, loc=x, scale=0.5).sum() + scipy.stats.gamma.logpdf(x, 2.0)
    return total + scipy.stats.multivariate_normal.logpdf(a, np.zeros(3), spd(a))


@row("frozen distributions: `scipy.stats.norm(0, 1)`")
def frozen(x):
    return scipy.stats.norm(0.0, 2.0).logpdf(x)


@row("`scipy.linalg`: `solve`, `solve_triangular`, `cho_factor`, `cho_solve`, `expm`")
def scipy_matrices(a):
    lower = scipy.linalg.cholesky(spd(a), lower=True)
    solved = scipy.linalg.solve_triangular(lower, a, lower=True)
    total = np.sum(solved**2) + np.sum(scipy.linalg.expm(np.outer(a, a)))
    return total + a @ scipy.linalg.cho_solve(scipy.linalg.cho_factor(spd(a)), a)


@row("what `scipy.linalg` has like `np.linalg`: `svd`, `norm`, ...")
def scipy_like_numpy(m):
    return scipy.linalg.norm(m)


@row("`scipy.integrate.quad`, `solve_ivp`")
def integrated(x):
    return scipy.integrate.quad(lambda t: t * x, 0.0, 1.0)[0]


@row("`scipy.optimize.minimize`, `root`, ...")
def minimised(x):
    return scipy.optimize.brentq(lambda t: t**3 - x, 0.0, 2.0)


@row("`scipy.interpolate`")
def interpolated(a, x):
    return scipy.interpolate.CubicSpline(np.arange(3.0), a)(x)


@row("`scipy.sparse`")
def sparse(m, a):
    return np.sum(scipy.sparse.csr_matrix(m) @ a)
