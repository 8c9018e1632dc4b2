"""What NumPy's and SciPy's own text refuses is told at the user's call."""

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad

stats = pytest.importorskip("scipy.stats")


def probability(x):
    return stats.multivariate_normal.cdf(x, np.zeros(2), np.eye(2))


def frozen(x):
    return stats.norm(0.0, 2.0).logpdf(x[0])


def inside(x):
    return np.sum(x * x)


inside.__module__ = "scipy.toy"


def of_a_library(x):
    return inside(x) * 2.0


@pytest.mark.parametrize(
    ("f", "words"),
    [(probability, "`stats.multivariate_normal.cdf` isn't in the tables"),
     (frozen, "fixes the parameters of a distribution")],
)  # fmt: skip
def test_one_refusal_at_the_call(f, words):
    with pytest.raises(UnsupportedError, match=words) as caught:
        grad(f)(np.ones(2))
    (found,) = caught.value.diagnostics
    assert found.span.filename == __file__ and not found.trail


def test_a_library_s_text_within_the_subset_is_inlined():
    x = np.array([0.5, 1.5, 1.0])
    np.testing.assert_allclose(grad(of_a_library)(x), 4 * x)
