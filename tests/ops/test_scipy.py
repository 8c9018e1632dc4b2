"""SciPy's functions: found without importing SciPy, stable where they should be, refused by name.

Values and derivatives on ordinary points are the table's own tests.
"""

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad

special = pytest.importorskip("scipy.special")


def test_importing_and_using_the_compiler_does_not_import_scipy(tmp_path):
    text = (
        "import sys, numpy as np\n"
        "from adcompiler import grad\n"
        "def f(x):\n    return np.sum(np.sin(x))\n"
        "assert grad(f)(np.ones(2)).shape == (2,)\n"
        "assert not any(name.startswith('scipy') for name in sys.modules)\n"
    )
    path = tmp_path / "uses.py"
    path.write_text(text)
    subprocess.run([sys.executable, path], check=True)


def erf(x):
    return special.erf(x)


def test_the_module_imports_what_it_names():
    module = grad(erf).module(0.5)
    assert "\nfrom scipy import special\n" not in module  # the gradient needs exp alone
    assert "it needs NumPy alone" in module
    module = grad(gammaln).module(0.5)
    assert "\nfrom scipy import special\n" in module
    assert "it needs NumPy and SciPy" in module
    assert "import numpy" not in module


def gammaln(special_):
    return gammaln_of(special_)


def gammaln_of(x):
    return special.gammaln(x)


def slope(function, *args, wrt=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return grad(function, wrt)(*args)


def logsumexp(x):
    return special.logsumexp(x)


def first_of_softmax(x):
    return special.softmax(x)[0]


def log_ndtr(x):
    return special.log_ndtr(x)


def test_large_numbers():
    x = np.array([1e4, 1e4 - 1, -1e300])
    e = math.exp(-1)
    np.testing.assert_allclose(slope(logsumexp, x), [1 / (1 + e), e / (1 + e), 0], rtol=1e-14)
    p = 1 / (1 + e)
    np.testing.assert_allclose(
        slope(first_of_softmax, x), [p * (1 - p), -p * (1 - p), 0], rtol=1e-14
    )
    assert np.array_equal(slope(logsumexp, np.array([0.0, -np.inf])), [1, 0])


def test_log_ndtr_far_left_and_right():
    """-x - 1 / x + ... for x far below 0."""
    assert slope(log_ndtr, -1e6) == pytest.approx(1e6 + 1e-6, rel=1e-15)
    assert slope(log_ndtr, -5.0) == pytest.approx(5.186503967125842, rel=1e-14)
    assert slope(log_ndtr, 60.0) == 0


def expit(x):
    return special.expit(x)


def test_expit_where_it_is_nearly_one():
    assert slope(expit, 40.0) == pytest.approx(math.exp(-40), rel=1e-14)


def xlogy(x, y):
    return special.xlogy(x, y)


def cross_entropy(q, p):
    return -np.sum(special.xlogy(p, q))


def entropy(p):
    return np.sum(special.entr(p))


def divergence(q, p):
    return np.sum(special.rel_entr(p, q))


def test_zeros_of_logarithms():
    assert slope(xlogy, 0.0, 0.0) == -math.inf
    assert slope(xlogy, 0.0, 0.0, wrt=1) == 0
    assert np.array_equal(slope(cross_entropy, np.array([0.0, 0.5]), np.array([0.0, 1.0])), [0, -2])
    assert np.array_equal(slope(divergence, np.array([0.0, 0.5]), np.array([0.0, 1.0])), [0, -2])
    assert slope(entropy, np.array([0.0, 1.0])).tolist() == [math.inf, -1]


def chosen(p):
    return np.sum(np.where(p > 0, special.entr(p), 0.0))


def test_an_untaken_pole_passes_nothing():
    assert slope(chosen, np.array([0.0, 1.0])).tolist() == [0, -1]


def bessel(v, x):
    return special.jv(v, x)


def test_the_order_has_no_derivative():
    with pytest.raises(UnsupportedError, match=r"scipy\.special\.jv has no derivative"):
        grad(bessel)(0.5, 1.0)
    assert grad(bessel, 1)(0.5, 1.0) == pytest.approx(special.jvp(0.5, 1.0), rel=1e-13)


def signed(x):
    return special.logsumexp(x, return_sign=True)[0]


def unknown(x):
    return special.dawsn(x) + special.struve(0.5, x)


def test_what_is_refused():
    with pytest.raises(UnsupportedError, match="two arrays"):
        grad(signed)(np.ones(3))
    with pytest.raises(UnsupportedError, match="no derivative in the table"):
        grad(unknown)(1.0)


stats = pytest.importorskip("scipy.stats")
normal = stats.norm


def likelihood(mu, sigma, x):
    return np.sum(normal.logpdf(x, mu, scale=sigma))


def test_methods_of_distributions_are_known_by_any_name():
    x = np.array([0.3, -0.8, 1.9])
    mu, sigma = grad(likelihood, ("mu", "sigma"))(0.2, 1.5, x)
    z = (x - 0.2) / 1.5
    assert mu == pytest.approx(np.sum(z) / 1.5, rel=1e-14)
    assert sigma == pytest.approx(np.sum(z * z - 1) / 1.5, rel=1e-14)
    module = grad(likelihood, ("mu", "sigma")).module(0.2, 1.5, x)
    assert "import" in module and "from scipy" not in module  # the gradient needs arithmetic alone


def waiting(x):
    return np.sum(stats.expon.pdf(x)) + np.sum(stats.gamma.logpdf(x, 2.5))


def test_a_density_that_is_zero_stays_zero():
    assert slope(waiting, np.array([-1.0, 1.0]))[0] == 0
