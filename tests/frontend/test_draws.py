"""Random numbers: the draws of a gradient are those of its function, one for one."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad, value_and_grad
from tests.support.proving import prove

LEVELS = (0, 1)
X = np.array([0.7, -1.2, 0.4])
RNG = np.random.default_rng(8)


def same_draws(f, *args):
    """Called with a generator in the same state: the function's value, and its state afterwards,
    whether the value is asked for or not."""
    *values, rng = args
    expected_rng = copy.deepcopy(rng)
    expected = f(*values, expected_rng)
    names = tuple(range(len(values)))
    for level in LEVELS:
        for gradient in (value_and_grad(f, names, optimize=level), grad(f, names, optimize=level)):
            own = copy.deepcopy(rng)
            found = gradient(*values, own)
            assert own.bit_generator.state == expected_rng.bit_generator.state
        again = copy.deepcopy(rng)
        value, gradients = value_and_grad(f, names, optimize=level)(*values, again)
        assert np.array_equal(value, expected)
        assert all(np.array_equal(a, b) for a, b in zip(gradients, found, strict=True))
    return found


def seeded(x):
    rng = np.random.default_rng(0)
    unused = rng.normal(size=4)
    noise = rng.normal(0.0, 0.5, size=x.shape)
    keep = rng.random(len(x)) < 0.7
    rows = rng.integers(0, len(x), size=(2, 2))
    return np.sum(np.where(keep, np.sin(x + noise), x)) + np.sum(x[rows] ** 3)


def in_loops(x, n):
    rng = np.random.default_rng(1)
    total = 0.0
    for k in range(n):
        a = rng.normal()
        b = rng.uniform(-1.0, 1.0)
        total = total + b * np.sum(np.sin(x)) - a * x[k]
        if rng.random() < 0.5:
            total = total * rng.uniform(0.5, 1.5)
        else:
            continue
        total = total + rng.exponential()
    while rng.random() < 0.8:
        total = total * 1.1 + rng.standard_normal() * x[0]
    return total


def comprehended(x):
    rng = np.random.RandomState(3)
    return sum([rng.rand() * v for v in x]) - x[0] * rng.randn()


def legacy(x):
    np.random.seed(5)
    dropped = x * np.random.binomial(1, 0.5, 3)
    return np.sum(dropped**2) + x[np.random.randint(3)] * np.random.poisson(4.0)


@pytest.mark.parametrize(
    ("f", "args"), [(seeded, (X,)), (in_loops, (X, 3)), (comprehended, (X,)), (legacy, (X,))]
)
def test_seeded(f, args):
    prove(f, *args)


def _noisy(x, rng):
    return x * rng.normal(size=3)


def helped(x, rng):
    a = _noisy(x, rng)
    b = _noisy(x, rng)
    return np.sum(b * b) / (3.0 + np.sum(a))


def never_read(x, rng):
    rng.normal()
    for _ in range(3):
        y = rng.normal() * x
    return np.sum(x) + 0.0 * np.sum(y)


def chosen(x, rng):
    if rng.random() < 0.5:
        return x[0] * rng.random()
    y = rng.normal()
    z = rng.choice(3)
    p = rng.permutation(3)
    return y * np.sum(x[p] * np.arange(3)) + x[z]


def subtracted(x, rng):
    a = rng.random()
    b = rng.random()
    return np.sum(b * x - a * x * x)


def last(x, rng):
    found = 0.0
    for k in range(4):
        s = rng.normal()
        found = x[0] * s
        if rng.random() < 0.3:
            break
    return found


@pytest.mark.parametrize("f", [helped, never_read, chosen, subtracted, last])
@pytest.mark.parametrize("seed", range(4))
def test_given(f, seed):
    same_draws(f, X, np.random.default_rng(seed))


@dataclass
class Dropout:
    rate: float
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(4))

    def loss(self, x):
        keep = self.rng.random(x.shape) >= self.rate
        return np.sum(np.where(keep, x / (1 - self.rate), 0.0) ** 2)


class Model:
    def __init__(self):
        self.rng = np.random.default_rng(2)
        self.w = 2.0

    def loss(self, x):
        return np.sum(x * self.rng.normal(size=3)) * self.w


@pytest.mark.parametrize("model", [Dropout(0.4), Model()])
def test_a_model_s_own_generator(model):
    for level in LEVELS:
        twin = copy.deepcopy(model)
        value, _ = value_and_grad(model.loss, optimize=level)(X)
        assert value == twin.loss(X)
        assert model.rng.bit_generator.state == twin.rng.bit_generator.state


def from_outside(x):
    return np.sum(x * RNG.normal(size=3))


def test_a_global_generator_is_read_at_each_call(monkeypatch):
    gradient = grad(from_outside)
    expected = copy.deepcopy(RNG)
    assert np.array_equal(gradient(X), expected.normal(size=3))
    assert np.array_equal(gradient(X), expected.normal(size=3))
    monkeypatch.setitem(globals(), "RNG", np.random.default_rng(1))
    assert np.array_equal(gradient(X), np.random.default_rng(1).normal(size=3))


def test_other_generators_compile_nothing():
    gradient = grad(helped)
    for seed in range(3):
        gradient(X, np.random.default_rng(seed))
    texts = {gradient.source(X, np.random.default_rng(seed)) for seed in range(3)}
    assert len(texts) == 1


def placed(x):
    rng = np.random.default_rng(0)
    return np.sum(rng.normal(x, 0.5) ** 2) + np.sum(rng.gumbel(x[0], size=4)) * x[1]


def test_where_a_distribution_lies_has_a_gradient():
    prove(placed, X)


def spread(x):
    return np.random.default_rng(0).normal(0.0, x) ** 2


def stretched(x):
    return np.random.default_rng(0).uniform(0.0, high=x)


def rate(x):
    return np.random.default_rng(0).exponential(x)


@pytest.mark.parametrize("f", [spread, stretched, rate])
def test_its_other_parameters_are_refused_if_they_are_differentiated(f):
    with pytest.raises(UnsupportedError, match="a parameter of its distribution") as caught:
        grad(f)(2.0)
    assert "rng.standard_normal" in str(caught.value)


def test_and_are_allowed_if_they_aren_t():
    def f(x, sigma):
        return x * np.random.default_rng(0).normal(0.0, sigma)

    assert grad(f)(2.0, 3.0) == np.random.default_rng(0).normal(0.0, 3.0)


def shuffled(x, rng):
    rng.shuffle(x)
    return x[0]


def permuted(x, rng):
    return rng.permutation(x)[0]


def picked(x, rng):
    return rng.choice(x)


def misspelled(x, rng):
    return x[0] * rng.normal(1.0, 2.0, 3, 4)


def factorial(x, rng, n):
    return 1.0 if n == 0 else x[0] * rng.normal() * factorial(x, rng, n - 1)


def one_or_the_other(x, rng, n):
    chosen = np.random.default_rng(0)
    for k in range(n):
        x = x * chosen.normal()
        chosen = np.random.default_rng(k)
    return x[0]


@pytest.mark.parametrize(
    ("f", "args", "advice"),
    [(shuffled, (), "permutation"), (permuted, (), "index it"), (picked, (), "index it"),
     (one_or_the_other, (3,), "one generator"), (misspelled, (), "the supported form"),
     (factorial, (3,), "draw")],
)  # fmt: skip
def test_refusals(f, args, advice):
    with warnings.catch_warnings(), pytest.raises(UnsupportedError, match=advice):
        grad(f)(X, np.random.default_rng(0), *args)
