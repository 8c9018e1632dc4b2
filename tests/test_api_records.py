"""Structured parameters: dataclasses, named tuples, objects, nested and empty structures."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import subprocess
import sys
import types
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from adcompiler import AdcompilerError, grad, value_and_grad

W = np.array([0.3, -1.2, 0.8])
X = np.array([1.5, 0.4, -0.7])
LEVELS = (0, 1)


@pytest.fixture(autouse=True)
def _nothing_from_the_disk(monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")


@dataclass
class Dense:
    w: np.ndarray
    b: float = 1.0
    act: str = "tanh"
    width: int = 3

    def apply(self, x):
        y = self.w * x + self.b
        return np.tanh(y) if self.act == "tanh" else y

    @property
    def norm(self):
        return np.sum(self.w * self.w) + self.b


@dataclass(frozen=True)
class Net:
    inner: Dense
    gain: float
    names: tuple = ("a", "b")
    more: Any = None
    KIND: ClassVar[str] = "net"

    def loss(self, x):
        return np.sum(self.inner.apply(x)) * self.gain + self.inner.norm


@dataclass(frozen=True, slots=True)
class Slotted:
    w: np.ndarray
    k: np.float32


class Pair(NamedTuple):
    w: Any
    b: Any = 2.0

    def total(self, x):
        return np.sum(self.w * x) * self.b

    @property
    def double(self):
        return self.b * 2


def net_loss(net, x):
    return net.loss(x)


def pair_loss(p, x):
    return p.total(x) + p.double * p.w[0]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def slope(f, x, step=1e-6):
    x = np.asarray(x, float)
    found = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        a, b = x.copy(), x.copy()
        a[index] += step
        b[index] -= step
        found[index] = (f(a[()]) - f(b[()])) / (2 * step)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradient_of_a_dataclass_is_one(level):
    net = Net(Dense(W, 0.5), 3.0, more={"k": (None,)})
    value, found = value_and_grad(net_loss, optimize=level)(net, X)
    assert value == net.loss(X)
    assert type(found) is Net
    assert type(found.inner) is Dense
    assert (found.inner.act, found.inner.width, found.names) == ("tanh", 3, ("a", "b"))
    close(found.inner.w, slope(lambda w: Net(Dense(w, 0.5), 3.0).loss(X), W))
    close(found.inner.b, slope(lambda b: Net(Dense(W, b), 3.0).loss(X), 0.5))
    close(found.gain, slope(lambda g: Net(Dense(W, 0.5), g).loss(X), 3.0))
    assert not np.shares_memory(found.inner.w, net.inner.w)
    assert (net.gain, net.inner.b) == (3.0, 0.5)


@pytest.mark.parametrize("level", LEVELS)
def test_slots_and_numpy_scalars(level):
    def f(p):
        return np.sum(p.w * p.w) * p.k

    p = Slotted(W.astype(np.float32), np.float32(2.0))
    found = grad(f, optimize=level)(p)
    assert type(found) is Slotted
    assert found.w.dtype == np.float32
    assert np.asarray(found.k).dtype == np.float32
    np.testing.assert_array_equal(found.w, 4 * p.w)


def test_another_string_is_another_text():
    def f(p, x):
        return np.sum(p.apply(x))

    g = grad(f)
    for act in ("tanh", "linear", "tanh"):
        p = Dense(W, 0.5, act)
        close(g(p, X).w, slope(lambda w, act=act: f(Dense(w, 0.5, act), X), W))
    assert len(g._entries) == 2


def test_fields_of_another_kind():
    def f(p, x):
        return np.sum(p.apply(x)) * p.b

    g = grad(f, wrt="x")
    for b in (1.0, 2, np.float32(2), np.ones(3), np.ones((2, 1))):
        p = Dense(W, b)
        if isinstance(b, np.ndarray):
            def f(p, x):
                return np.sum(p.apply(x))
            g = grad(f, wrt="x")
        close(g(p, X), slope(lambda x, p=p, f=f: f(p, x), X))


def test_methods_of_dataclasses():
    close(grad(Net(Dense(W), 2.0).loss)(X),
          slope(Net(Dense(W), 2.0).loss, X))  # fmt: skip
    net = Net(Dense(W), 2.0)
    g = grad(net.loss)
    g(X)
    net.inner.b = 7.0
    close(g(X), slope(net.loss, X))
    net.inner.act = "linear"
    close(g(X), slope(net.loss, X))


def test_the_emitted_module_runs_without_the_class():
    """With anything that is a dataclass with those fields; and with NumPy alone."""
    text = grad(net_loss).module(Net(Dense(W), 2.0), X)
    assert "import dataclasses\n" in text
    assert "adcompiler" not in text.split('"""', 2)[2]
    assert "inner=dataclasses.replace(net.inner, w=grad_w, b=grad_b)" in text
    program = (
        f"import sys\nsys.modules['adcompiler'] = None\n{text}\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass D:\n    w: object\n    b: float\n    act: str = 'tanh'\n"
        "@dataclass\nclass N:\n    inner: D\n    gain: float\n"
        "x = np.array([1.5, 0.4, -0.7])\n"
        "print(net_loss_grad(N(D(x, 1.0), 2.0), x).gain)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == grad(net_loss)(Net(Dense(X), 2.0), X).gain


@pytest.mark.parametrize("level", LEVELS)
def test_named_tuples(level):
    p = Pair(W, 3.0)
    found = grad(pair_loss, optimize=level)(p, X)
    assert type(found) is Pair
    close(found.w, slope(lambda w: pair_loss(Pair(w, 3.0), X), W))
    close(found.b, slope(lambda b: pair_loss(Pair(W, b), X), 3.0))
    close(grad(p.total)(X), W * 3.0)


@dataclass
class Holder:
    pair: Pair
    table: dict
    layers: list


@pytest.mark.parametrize("level", LEVELS)
def test_structures_within_structures(level):
    def f(h, x):
        total = np.sum(h.pair.w * x) * h.pair.b * h.table["k"]
        for layer in h.layers:
            total = total + np.sum(layer.apply(x))
        return total

    h = Holder(Pair(W, 2.0), {"k": 3.0, "none": None}, [Dense(W), Dense(2 * W, 0.1, "linear")])
    found = grad(f, optimize=level)(h, X)
    assert type(found) is Holder
    assert type(found.pair) is Pair
    assert found.table["none"] is None
    assert [type(one) for one in found.layers] == [Dense, Dense]
    close(found.table["k"], np.sum(W * X) * 2.0)
    close(found.layers[1].w, X)
    close(found.pair.b, np.sum(W * X) * 3.0)
    wrapped = grad(lambda p, x: f(p["h"][0], x), optimize=level)({"h": (h, None), "e": ()}, X)
    assert wrapped["e"] == () and wrapped["h"][1] is None
    close(wrapped["h"][0].layers[1].w, X)


# Made inside.
@dataclass
class State:
    x: Any
    v: Any
    log: list = field(default_factory=list)
    name: str = "state"
    scale: Any = 2.0

    def step(self, dt):
        return dataclasses.replace(self, x=self.x + dt * self.v, v=self.v - dt * self.x)

    def __add__(self, other):
        return State(self.x + other.x, self.v + other.v)

    def __mul__(self, k):
        return State(self.x * k, self.v * k)

    __rmul__ = __mul__


def made(x):
    s = State(x=x, v=0.5 * x)
    return np.sum(s.x * s.v) * s.scale


def stepped(x):
    s = State(x, 0.5 * x)
    for _ in (1, 2, 3):
        s = s.step(0.1)
    return np.sum(s.x * s.v)


def carried(x):
    x_v = Phase(x, 0.5 * x)
    for k in range(4):
        x_v = Phase(x_v.x + 0.1 * x_v.v, x_v.v - 0.1 * x_v.x * k)
    return np.sum(x_v.x * x_v.v)


@dataclass
class Phase:
    x: Any
    v: Any


def settings_carried(x):
    s = State(x, 0.5 * x)
    for _ in range(3):
        t = s
        s = s.step(0.1 * s.scale)
    return np.sum(s.x * s.v * t.x) * (2.0 if s.name == "state" else 3.0)


def chosen(x):
    s = Phase(x, 2.0 * x)
    s = Phase(s.v, s.x * s.x) if False else s
    if np.sum(x) > 0:
        s = Phase(s.v, s.x * s.x)
    else:
        s = Phase(s.x * s.v, s.v)
    return np.sum(s.x * s.v)


def operators(x):
    s = State(x, 2.0 * x) + State(x * x, x)
    s = s * 3.0 + 2.0 * s
    return np.sum(s.x * s.v)


def helper(state, *, k):
    return dataclasses.replace(state, v=state.v * k)


def passed(x):
    return np.sum(helper(Phase(x, x), k=x[0]).v)


def tuples(x):
    p = Pair(x)
    q = p._replace(w=p.w * p.b)
    a, b = q
    return np.sum(a * b) + q.total(x) + Pair(w=x, b=x[1]).double + len(q)


def spaces(x):
    s = types.SimpleNamespace(a=x, b=2.0)
    return np.sum(s.a * s.a) * s.b


def kinds(x):
    s = Phase(x, x)
    k = 2.0 if isinstance(s, Phase) and type(s) is Phase and not isinstance(s, Pair) else 3.0
    return np.sum(s.x) * k


MADE = [made, stepped, carried, settings_carried, chosen, operators, passed, tuples, spaces, kinds]


@pytest.mark.parametrize("function", MADE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("level", LEVELS)
def test_records_made_inside(function, level):
    for x in (W, -W, X):
        value, found = value_and_grad(function, optimize=level)(x)
        assert value == function(x)
        close(found, slope(function, x))


# Objects as arguments.
class Plain:
    def __init__(self, w, k, mode):
        self.w, self.k, self.mode = w, k, mode


def reads(x, o):
    return np.sum(x * o.w) * o.k + (1.0 if o.mode == "a" else x[0])


def space(w, k, mode):
    return types.SimpleNamespace(w=w, k=k, mode=mode)


@pytest.mark.parametrize("make", [Plain, space])
def test_objects_are_read_at_each_call(make):
    g = grad(reads)
    o = make(X, 2.0, "a")
    close(g(W, o), slope(lambda x: reads(x, o), W))
    o.k = 5.0
    close(g(W, o), slope(lambda x: reads(x, o), W))
    o.mode = "b"
    close(g(W, o), slope(lambda x: reads(x, o), W))
    other = make(np.ones((2, 3)), 3, "b")
    close(g(W, other), slope(lambda x: reads(x, other), W))
    assert g.source(W, make(X, 2.0, "a")).splitlines()[:2] == [
        "def reads_grad(x, o, *, grad_out=1.0):", "    w, k = o.w, o.k",
    ]  # fmt: skip


# What is refused.
@dataclass
class Normalised:
    w: np.ndarray

    def __post_init__(self):
        self.w = self.w / np.sum(self.w)


@dataclass
class Indexed:
    w: np.ndarray
    index: np.ndarray


def first(p):
    return np.sum(p.w * p.w)


def makes_normalised(x):
    return np.sum(Normalised(x).w)


def missing_field(x):
    return Phase(x)


def strange_field(x):
    return dataclasses.replace(Phase(x, x), z=x)


def stores(x):
    s = Phase(x, x)
    s.x = 2.0 * x
    return np.sum(s.x)


def equal(x):
    return np.sum(x) if Phase(x, x) == Phase(x, x) else x[0]


def other_setting(x):
    s = State(x, x)
    for k in range(3):
        s = dataclasses.replace(s, x=s.x * k, name=s.name + "'")
    return np.sum(s.x)


def no_such(x):
    return Phase(x, x).speed


REFUSED = {
    "post_init": (first, Normalised(W), "record-wrt"),
    "an array of ints": (first, Indexed(W, np.arange(3)), "integer-wrt"),
    "a partial": (lambda p: p(W), functools.partial(np.sum), "record-wrt"),
    "made with post_init": (makes_normalised, W, "constructor"),
    "a missing field": (missing_field, W, "arguments"),
    "a strange field": (strange_field, W, "arguments"),
    "a store": (stores, W, "unsupported-target"),
    "equality": (equal, W, "unsupported-expression"),
    "a setting that changes in a loop": (other_setting, W, "type-mismatch"),
    "an unknown attribute": (no_such, W, "unknown-name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    function, argument, code = REFUSED[case]
    with pytest.raises(AdcompilerError) as caught:
        grad(function)(argument)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.span is not None
    assert found.reason.endswith(".") and found.advice.endswith(".")


def test_post_init_is_no_obstacle_beside_the_gradient():
    def f(x, p):
        return np.sum(p.w * x)

    p = Normalised(X)
    close(grad(f)(W, p), p.w)


def test_a_structure_that_contains_itself():
    table = {}
    table["self"] = table
    with pytest.raises(AdcompilerError) as caught:
        grad(first)(table)
    assert caught.value.diagnostics[0].code == "endless-structure"


def test_empty_structures():
    def f(p, x):
        return x * x

    assert grad(f)((), 2.0) == ()
    assert grad(f)({"a": (), "b": [None]}, 2.0) == {"a": (), "b": [None]}


def test_pickles():
    g = grad(net_loss)
    net = Net(Dense(W), 2.0)
    again = pickle.loads(pickle.dumps(g))
    close(again(net, X).gain, g(net, X).gain)


def test_a_local_gradient_with_a_dataclass_runs_what_was_compiled():
    def f(p, x):
        return np.sum(p.w * x) * p.b

    g = grad(f)
    p = Dense(W)
    expected = g(p, X)
    frozen = pickle.loads(pickle.dumps(g))
    found = frozen(p, X)
    assert type(found) is Dense
    np.testing.assert_array_equal(found.w, expected.w)


# Stores and recursion meet records and objects.
def stores_into_a_field(x):
    y = x.copy()
    s = Phase(y, x * 2)
    y[0] = x[1] * x[2]
    for i in range(1, 3):
        s.x[i] = s.x[i - 1] * s.v[i]
    return np.sum(s.x * s.v) + y[2]


def recursive(s, n):
    if n == 0:
        return np.sum(s.x * s.v)
    return recursive(Phase(s.x + 0.1 * s.v, s.v - 0.1 * s.x), n - 1)


def recurs(x, n=3):
    return recursive(Phase(x, 2.0 * x), n)


class Node:
    def __init__(self, v, children=()):
        self.v, self.children = v, children
        self.buffer = np.zeros(3)

    def total(self, x):
        found = np.sum(x * self.v)
        for child in self.children:
            found = found + child.total(x * x)
        return found

    def through_buffer(self, x):
        self.buffer[:] = x * x
        return np.sum(self.buffer * self.v)


@pytest.mark.parametrize("level", LEVELS)
def test_stores_and_recursion(level):
    tree = Node(2.0, [Node(3.0), Node(1.0, [Node(X)])])
    for function in (stores_into_a_field, recurs, tree.total, Node(2.0).through_buffer):
        value, found = value_and_grad(function, optimize=level)(W)
        assert value == function(W)
        close(found, slope(function, W))


def test_a_gradient_leaves_objects_as_they_are():
    node = Node(2.0)
    grad(node.through_buffer)(W)
    np.testing.assert_array_equal(node.buffer, np.zeros(3))
    p = Dense(W.copy())

    def stores(p, x):
        p.w[0] = x[0]
        return np.sum(p.w * p.w)

    found = grad(stores)(p, X)
    np.testing.assert_array_equal(p.w, W)
    close(found.w, [0.0, *(2 * W[1:])])
