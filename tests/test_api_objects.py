"""Objects in the code of users: classes of many kinds, and what may change under the compiler."""

from __future__ import annotations

import collections
import enum
import functools
import types
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest
from slopes import check, refused

from adcompiler import grad

W = np.array([0.3, -1.2, 0.8])
X = np.array([1.5, 0.4, -0.7])


@pytest.fixture(autouse=True)
def _nothing_from_the_disk(monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")


def scaled(k):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return k * function(*args, **kwargs)

        return wrapper

    return decorate


class Layer:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return np.tanh(self.w * x)


class Mode(enum.Enum):
    SQUARE = 1
    LINEAR = 2


class Axis(enum.IntEnum):
    ROWS = 0
    COLUMNS = 1


class Functions:
    act = np.tanh
    square = staticmethod(lambda v: v * v)
    method = lambda self, v: v * self.c  # noqa: E731
    weights = np.arange(3.0)
    c = 2.0

    def __init__(self):
        self.own = lambda v: v**3
        self.partial = functools.partial(np.multiply, 2.0)
        self.layer = Layer(X)

    def loss(self, x):
        return np.sum(self.act(x) * self.square(x) * self.method(x) * self.weights)

    def attributes(self, x):
        return np.sum(self.own(x) * self.partial(x) + self.layer(x))

    def closures(self, x):
        def g(v):
            return v * self.c

        def h(v, s=self):
            return v * s.weights

        method = self.method
        return np.sum(g(x) * h(x) * method(x))

    @scaled(3.0)
    def decorated(self, x):
        return np.sum(x * x) * self.c

    base = functools.partialmethod(lambda self, k, x: np.sum(x * x) * k * self.c, 3.0)


class Containers:
    def __init__(self):
        self.table = {("a", 1): X, 2: W, "p q": 3.0}
        self.nested = [[X, {"k": (2.0, Layer(X))}]]
        self.n = 2
        self.flags = (True, None, "s")
        self.mode = Mode.SQUARE
        self.np = 2.0
        self.self = 3.0
        self.range = 4.0
        self.grad_w = 5.0

    def reads(self, w):
        product = np.sum(w * self.table[("a", 1)] * self.table[2]) * self.table["p q"]
        return product * self.nested[0][1]["k"][0] + np.sum(self.nested[0][1]["k"][1](w))

    def loops(self, w):
        total = 0.0
        for i in range(self.n):
            total = total + np.sum(w ** (i + 1)) * self.flags[0]
        return total if self.flags[2] == "s" and self.flags[1] is None else 0.0

    def shapes(self, w):
        return np.sum(np.reshape(w, (self.n - 1, 3)) ** self.n)

    def unpacks(self, w):
        ((a, d),) = self.nested
        k, layer = d["k"]
        return np.sum(layer(w) * a) * k

    def items(self, w):
        total = 0.0
        for _, v in self.parameters().items():
            total = total + np.sum(w * v)
        return total

    def parameters(self):
        return {"a": self.table[2], "b": X}

    def by_name(self, w):
        total = 0.0
        for name in ("n", "np"):
            total = total + getattr(self, name) * np.sum(w * w)
        return total

    def modes(self, w):
        return np.sum(w * w) if self.mode is Mode.SQUARE else np.sum(w) * self.mode.value

    def strange_names(self, w):
        return np.sum(w * w) * self.np * self.self * self.range * self.grad_w

    def hands_itself_on(self, w):
        return uses_model(self, w) + apply_twice(self.shapes, w)


def uses_model(model, w):
    return model.shapes(w) * model.n


def apply_twice(function, w):
    return function(w) + function(2.0 * w)


class First:
    def loss(self, w):
        return np.sum(w)


class Left(First):
    def loss(self, w):
        return super().loss(w) * 2


class Right(First):
    def loss(self, w):
        return super().loss(w) + np.sum(w * w)


class Diamond(Left, Right):
    def loss(self, w):
        return super().loss(w) * 3


class ClassMethods:
    k = 3.0

    @classmethod
    def made(cls, j):
        return cls.k * j

    @classmethod
    def loss(cls, w):
        return np.sum(w * w) * cls.made(2.0)


class MoreClassMethods(ClassMethods):
    k = 5.0

    @classmethod
    def loss(cls, w):
        return super().loss(w) + np.sum(w)


class Timer:
    """A decorator that is a class."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function
        self.factor = 2.0

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs) * self.factor


@Timer
def timed(x, p=2.0):
    return np.sum(x**2) * p


def uses_timed(x):
    return timed(x) + timed(x, p=3.0)


METHODS = {
    **{f"functions {n}": getattr(Functions(), n)
       for n in ("loss", "attributes", "closures", "decorated", "base")},
    **{f"containers {n}": getattr(Containers(), n)
       for n in ("reads", "loops", "shapes", "unpacks", "items", "by_name", "modes",
                 "strange_names", "hands_itself_on")},
    "diamond": Diamond().loss,
    "class methods": MoreClassMethods.loss,
    "a class as decorator": timed,
    "a call of one": uses_timed,
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    check(METHODS[name], W)


# Names that lead somewhere else than they seem.
def with_attribute(x):
    return x


with_attribute.k = 2.0
with_attribute.limits = {"upper": 3.0}
k = 100.0
OWNER = Timer(timed.function)
factor = 77.0


def reads_function_attribute(x):
    return x * with_attribute.k * with_attribute.limits["upper"]


def reads_owner(x):
    return x * x * OWNER.factor


def test_attributes_of_functions_are_no_globals():
    """Not the global k, though a function stands before the dot; and read at each call."""
    g = grad(reads_function_attribute)
    assert g(1.5) == 6.0
    with_attribute.k = 5.0
    try:
        assert g(1.5) == 15.0
    finally:
        with_attribute.k = 2.0
    assert grad(reads_owner)(1.5) == 6.0


# Operators, len() and subscripts of users' classes.
class Vector(NamedTuple):
    a: Any
    b: Any

    def __add__(self, other):
        return Vector(self.a + other.a, self.b + other.b)

    def __mul__(self, c):
        return Vector(self.a * c, self.b * c)


@dataclass
class Wrapped:
    a: Any

    def __rmul__(self, c):
        return Wrapped(self.a * c)

    def __neg__(self):
        return Wrapped(-self.a)

    def __matmul__(self, other):
        return np.sum(self.a * other.a)

    def __lt__(self, other):
        return np.sum(self.a) < np.sum(other.a)

    def __getitem__(self, i):
        return self.a[i]

    def __len__(self):
        return 3

    def __sub__(self, other):
        return NotImplemented

    def __rsub__(self, other):
        return Wrapped(other * 2.0 - self.a)


class Table:
    def __init__(self):
        self.data = {"w": X}

    def __getitem__(self, key):
        return self.data[key]


TABLE = Table()


def vectors(x):
    v = (Vector(x, 2 * x) + Vector(x, x)) * 3.0
    return np.sum(v.a * v.b)


def wrapped(x):
    w = Wrapped(x)
    product = (2.0 * w) @ (-w) * len(w)
    return product if w < Wrapped(x * x) else w[0] * w[-1] + TABLE["w"][0] * x[1]


def reflected(x):
    return np.sum((3.0 - Wrapped(x)).a * x)


@pytest.mark.parametrize("function", [vectors, wrapped, reflected], ids=lambda f: f.__name__)
def test_operators(function):
    check(function, W)
    check(function, -W)


def array_first(x):
    return (x + Wrapped(x)).a[0]


def twice_refused(x):
    return (Wrapped(x) - Wrapped(x)).a[0]


def equal(x):
    return x[0] if Wrapped(x) == Wrapped(x) else x[1]


@pytest.mark.parametrize("function", [array_first, equal], ids=lambda f: f.__name__)
def test_operators_that_are_refused(function):
    assert refused(grad(function), W).code == "unsupported-expression"


# Fields with factories, inheritance, properties.
@dataclass
class Made:
    x: Any
    z: Any = field(default_factory=lambda: np.ones(3))
    log: list = field(default_factory=list)
    gain: float = field(default=2.0, kw_only=True)

    @property
    def both(self):
        return self.x * self.z


class Extended(Made):
    extra = 4.0

    def total(self):
        return np.sum(self.both) * self.extra


def factories(x):
    made = Made(x, gain=3.0)
    return np.sum(made.both * made.x) * made.gain + Extended(x).total() ** 2 + len(made.log)


def test_factories_and_inheritance():
    check(factories, W)
    for level in (0, 1):
        found = grad(lambda p: p.total() + np.sum(p.x * p.x) * p.gain, optimize=level)(
            Extended(W, gain=3.0)
        )
        assert type(found) is Extended
        np.testing.assert_allclose(found.x, 4.0 + 6.0 * W)
        np.testing.assert_allclose(found.z, 4.0 * W)


# Enumerations.
def by_mode(x, mode=Mode.SQUARE):
    return np.sum(x * x) if mode is Mode.SQUARE else np.sum(x) * mode.value


def by_axis(x, axis=Axis.ROWS):
    return np.sum(np.sum(x.reshape(1, 3), axis=axis) ** 2) * (1 + axis)


def calls_with_modes(x):
    return by_mode(x, Mode.LINEAR) + by_mode(x, mode=Mode.SQUARE) + by_axis(x, Axis.COLUMNS)


def test_enumerations():
    check(by_mode, W)
    check(by_mode, W, mode=Mode.LINEAR)
    check(by_axis, W)
    check(by_axis, W, Axis.COLUMNS)
    check(calls_with_modes, W)


# What would have to be guessed.
@dataclass
class Computed:
    w: Any

    @functools.cached_property
    def norm(self):
        return np.sum(self.w * self.w)

    def __getattr__(self, name):
        if name == "dynamic":
            return np.sum(self.w)
        raise AttributeError(name)


@pytest.mark.parametrize("name", ["norm", "dynamic"])
def test_computed_attributes_of_dataclasses(name):
    """They may depend on what is differentiated."""
    found = refused(grad(lambda p: getattr(p, name)), Computed(W))
    assert found.code == "unsupported-attribute"
    assert f"`.{name}` of a Computed is computed" in found.reason


ORDERED = collections.OrderedDict(lr=2.0)
QUEUE = collections.deque([1.0])


def reads_ordered(x):
    return x * ORDERED["lr"]


def reads_queue(x):
    return x * QUEUE[0]


@pytest.mark.parametrize("function", [reads_ordered, reads_queue], ids=lambda f: f.__name__)
def test_containers_that_may_change_unseen(function):
    found = refused(grad(function), 2.0)
    assert found.code == "argument-kind"
    assert "may change without being seen" in found.reason


class Odd(NamedTuple):
    a: Any

    def __len__(self):
        return 7


def test_a_named_tuple_that_is_no_tuple():
    found = refused(grad(lambda p: p.a * len(p)), Odd(2.0))
    assert found.code == "argument-kind"
    assert "Odd" in found.reason


def reads_later(x):
    def g():
        y = z * 2
        z = 3.0
        return y

    z = 1.0
    return x * g()


def test_an_inner_function_owns_the_names_that_it_binds():
    found = refused(grad(reads_later), 2.0)
    assert (found.code, found.reason) == (
        "unbound", "`z` is read before anything is assigned to it.",
    )  # fmt: skip
    with pytest.raises(UnboundLocalError):
        reads_later(2.0)


def test_a_closure_over_an_object():
    space = types.SimpleNamespace(a=2.0)

    def f(x):
        return np.sum(x * x) * space.a

    check(f, W)
    g = grad(f)
    g(W)
    space.a = 7.0
    np.testing.assert_array_equal(g(W), 14.0 * W)
    space = types.SimpleNamespace(a=1)
    np.testing.assert_array_equal(g(W), 2.0 * W)


class Shown:
    def __init__(self):
        self.w = 2.0

    def __repr__(self):
        return "Shown()"

    def loss(self, x):
        print(self)
        return x * self.w


def test_an_object_may_be_shown_and_read(capsys):
    for level in (0, 1):
        assert grad(Shown().loss, optimize=level)(3.0) == 2.0
    assert capsys.readouterr().out == "Shown()\n" * 2
