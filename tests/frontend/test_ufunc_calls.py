"""The keywords of ufuncs: honoured, or refused with a reason."""

import warnings

import numpy as np
import pytest
from driving import check_emitted

from adcompiler import UnsupportedError, grad

A = np.array([1.0, 2.0, -3.0])
B = np.array([1.0, 0.0, 2.0])


def safe_quotient(a, b):
    return np.sum(np.divide(a, b, out=np.zeros_like(a), where=np.abs(b) > 0.5) ** 2)


def logarithm_where_it_exists(a, b):
    c = a * b
    np.log(a, out=c, where=a > 0)
    return np.sum(c * c)


def positional_target(a, b):
    c = np.zeros(3)
    np.exp(a, c)
    return np.sum(c * b)


def a_scalar_mask(a, b):
    return np.sum(np.sqrt(a * a + 1, where=True) * b)


def in_double_precision(a, b):
    return np.sum(np.multiply(a, b, dtype=np.float64) ** 2)


def in_single_precision(a, b):
    return np.sum(np.multiply(a, b, dtype="f4") ** 2)


def with_a_number(a, b):
    return np.sum(np.add(a, 2.0, dtype=np.float64, casting="same_kind") ** 2 * b)


@pytest.mark.parametrize(
    "f", [safe_quotient, logarithm_where_it_exists, positional_target, a_scalar_mask,
          in_double_precision, with_a_number], ids=lambda f: f.__name__
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_keywords(f, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_emitted(f, A.astype(dtype), B.astype(dtype))


def test_a_dtype_narrows():
    found = grad(in_single_precision, (0, 1))(A, B)
    np.testing.assert_allclose(found[0], 2 * A * B * B, rtol=1e-6)
    assert found[0].dtype == np.float64


def without_out(a, b):
    return np.sum(np.log(a, where=a > 0))


def unsafe(a, b):
    return np.sum(np.add(a, b, casting="unsafe"))


def into_ints(a, b):
    c = np.zeros(3, int)
    np.exp(a, out=c)
    return np.sum(c * b)


def sum_into_ints(a, b):
    c = np.zeros((), int) + np.zeros(2, int)
    np.sum(np.stack((a, b)), axis=1, out=c)
    return np.sum(c * a[0])


def to_ints(a, b):
    return np.sum(np.add(a, b, dtype=int))


def comparison(a, b):
    return np.sum(np.less(a, b, dtype=np.float64) * a)


def signature(a, b):
    return np.sum(np.add(a, b, signature="dd->d"))


@pytest.mark.parametrize(
    ("f", "reason"),
    [(without_out, "without a value"), (unsafe, "only as 'same_kind'"), (into_ints, "casts no"),
     (sum_into_ints, "casts no"), (to_ints, "casts no"), (comparison, "operands and result"),
     (signature, "`signature=`")],
)  # fmt: skip
def test_refused(f, reason):
    with pytest.raises(UnsupportedError) as caught:
        grad(f, (0, 1))(A, B)
    assert reason in caught.value.diagnostics[0].reason
