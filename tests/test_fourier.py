"""Fourier transforms as users write them, where lengths and branches are known only at run time."""

import numpy as np
import pytest
from driving import check_emitted, quiet

from adcompiler import AdcompilerError, grad

RNG = np.random.default_rng(5)


def convolved(x, k):
    spectrum = np.fft.rfft(x) * np.fft.rfft(k)
    return np.sum(np.sin(np.fft.irfft(spectrum, len(x))) ** 2)


def padded(x):
    n = 2 * x.shape[0] - 1
    spectrum = np.fft.fft(x, n)
    return np.sum(np.abs(np.fft.fftshift(spectrum))[1:] ** 3)


def filtered(x, cutoff):
    frequencies = np.fft.rfftfreq(x.size, 0.25)
    spectrum = np.fft.rfft(x) / (1 + 1j * frequencies / cutoff)
    return np.mean(np.fft.irfft(spectrum, n=x.size) * x)


def step_by_step(x, d):
    total = 0.0
    for k in range(3):
        x = np.fft.ifft(np.fft.fft(x) * np.exp(-d * np.fft.fftfreq(x.size, d) ** 2)).real
        if x[0] > 0:
            x = x * 1.5
        total = total + x[k] ** 2
    return total


def poisson(f):
    k = np.fft.fftfreq(f.shape[0])[:, None] ** 2 + np.fft.rfftfreq(f.shape[1])[None, :] ** 2
    u = np.fft.irfft2(np.fft.rfft2(f) / (k + 1.0), s=f.shape)
    return np.sum(u * f)


def cut_to_a_length(x, n):
    return np.sum(np.abs(np.fft.rfftn(x, s=(n, n + 1), axes=(0, 1))) ** 2)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_lengths(count):
    x, k = RNG.uniform(-1, 1, (2, count))
    quiet(check_emitted, convolved, x, k)
    quiet(check_emitted, padded, x)
    quiet(check_emitted, filtered, x, 0.7)


@pytest.mark.parametrize("count", [3, 6])
def test_in_loops_and_branches(count):
    quiet(check_emitted, step_by_step, RNG.uniform(-1, 1, count), 0.3)


@pytest.mark.parametrize("shape", [(4, 5), (3, 4), (1, 3), (2, 1)])
def test_in_two_dimensions(shape):
    quiet(check_emitted, poisson, RNG.uniform(-1, 1, shape))


@pytest.mark.parametrize("n", [1, 3, 6])
def test_sizes_from_an_argument(n):
    quiet(check_emitted, cut_to_a_length, RNG.uniform(-1, 1, (4, 3)), n)


def test_single_precision():
    x = RNG.uniform(-1, 1, (2, 5)).astype(np.float32)
    quiet(check_emitted, convolved, *x)
    assert grad(convolved)(*x).dtype == np.float32


def test_the_backward_part_is_a_transform():
    def f(x):
        return np.sum(np.abs(np.fft.fft(x)) ** 2)

    x = np.arange(4.0)
    assert "grad_x = np.fft.fft(" in grad(f).source(x)
    np.testing.assert_allclose(grad(f)(x), 8 * x, atol=1e-13)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.abs(np.fft.fft(x, norm="unitary"))[0],
        lambda x: np.abs(np.fft.rfft(x * 1j))[0],
        lambda x: np.abs(np.fft.fft(x, axis=1))[0],
        lambda x: np.abs(np.fft.fft(x[0])),
        lambda x: np.abs(np.fft.fftn(x, axes=(0, 0)))[0],
        lambda x: np.abs(np.fft.fft(x, 2.0))[0],
        lambda x: np.abs(np.fft.fftn(x, s=(2, 2), axes=(0,)))[0],
    ],
)
def test_refused(f):
    with pytest.raises(AdcompilerError) as caught:
        grad(f)(np.arange(4.0))
    assert caught.value.diagnostics[0].code == "operation"
