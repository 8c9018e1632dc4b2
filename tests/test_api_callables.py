"""What `grad` takes besides functions: methods, partials, objects, wrappers; any arguments."""

from __future__ import annotations

import copy
import functools
import gc
import linecache
import pickle
import threading
import types

import numpy as np
import pytest
from slopes import LEVELS, check, differences, refused

from adcompiler import AdcompilerError, SignatureError, UnsupportedError, grad, value_and_grad

W = np.array([0.3, -1.2, 0.8])
X = np.array([1.5, 0.4, -0.7])


@pytest.fixture(autouse=True)
def _nothing_from_the_disk(monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")


class Layer:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return np.tanh(self.w * x)


class Base:
    scale = 1.5

    def loss(self, w):
        return np.sum(w * w) * self.lr

    def inherited(self, w):
        return self.loss(w) + self.scale * np.sum(w)

    @staticmethod
    def square(x):
        return x * x

    @classmethod
    def scaled(cls, x):
        return x * cls.scale


class Model(Base):
    def __init__(self, lr=0.3, x=X):
        self.lr = lr
        self.x = x
        self.settings = {"lr": 0.7, "deep": [1.0, 2.0], "axis": 0}
        self.layers = [Layer(2.0 * X), Layer(X)]
        self.sub = types.SimpleNamespace(k=4.0, mode="tanh")
        self.act = np.sin
        self.__hidden = 2.5

    def loss(self, w):
        return np.sum(w * self.x) * self.lr + np.sum(self.act(w))

    def nested(self, w):
        return np.sum(self.layers[0].w * w) * self.layers[-1].w[0]

    def loops(self, w):
        h = w
        for layer in self.layers:
            h = layer(h)
        return np.sum(h)

    @property
    def area(self):
        return self.lr * 2

    def reads_property(self, w):
        return np.sum(w * w) * self.area

    def reads_dict(self, w):
        return np.sum(w * w) * self.settings["lr"] * self.settings["deep"][1]

    def static_in_dict(self, w):
        return np.sum(np.sum(w, axis=self.settings["axis"]) ** 2) * self.settings["lr"]

    def reads_class(self, w):
        return np.sum(w * w) * self.scale * type(self).scale * self.__class__.scale * Model.scale

    def calls_methods(self, w):
        return self.loss(w) * 2 + self.sub.k * Base.loss(self, w)

    def calls_super(self, w):
        return super().loss(w) + super().inherited(w)

    def calls_static(self, w):
        return np.sum(self.square(w)) + np.sum(Base.square(w))

    def calls_class(self, w):
        return np.sum(self.scaled(w) ** 2) + np.sum(Model.scaled(w))

    def branches(self, w):
        if self.sub.mode == "tanh" and isinstance(self, Base) and self is not None:
            return np.sum(np.tanh(w))
        return np.sum(w)

    def private(self, w):
        return np.sum(w * w) * self.__hidden

    def by_name(self, w):
        return np.sum(w * w) * getattr(self, "lr")  # noqa: B009

    def takes(self, w, *more, k=1.0, **rest):
        return np.sum(w * more[0]) * k * rest["j"]

    def inner(self, w):
        def scale(v):
            return v * self.lr

        return np.sum(scale(w) * (lambda v: self.act(v))(w))

    def __call__(self, w):
        return np.sum(w**3) * self.lr


METHODS = [
    "loss", "inherited", "nested", "loops", "reads_property", "reads_dict", "static_in_dict",
    "reads_class", "calls_methods", "calls_super", "calls_static", "calls_class", "branches",
    "private", "by_name", "inner",
]  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_bound_methods(name):
    check(getattr(Model(), name), W)


def test_methods_through_the_class():
    model = Model()
    for level in LEVELS:
        g = grad(Model.loss, wrt="w", optimize=level)
        np.testing.assert_array_equal(g(model, W), grad(model.loss)(W))


def test_class_methods_and_static_methods():
    class Own(Base):
        @classmethod
        def loss(cls, w):
            return np.sum(cls.scaled(w) ** 2)

        @staticmethod
        def plain(w):
            return np.sum(Base.square(w))

    check(Own.loss, W)
    check(Own().loss, W)
    check(Own.plain, W)
    check(Own().plain, W)


def test_a_callable_object():
    check(Model(), W)
    g = grad(Model())
    assert "self.lr" in g.source(W)


def test_arguments_of_methods_count_from_after_self():
    model = Model()
    found = grad(model.takes, wrt=(0, 1, "k", "j"))(W, X, k=2.0, j=3.0)
    value = np.sum(W * X)
    expected = (X * 6.0, W * 6.0, value * 3.0, value * 2.0)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)


# Live reading.
def test_attributes_are_read_at_each_call():
    model = Model()
    g = grad(model.loss)
    g(W)
    model.lr = 5.0
    np.testing.assert_array_equal(g(W), Model(lr=5.0).x * 5.0 + np.cos(W))
    model.x = 2.0 * X
    np.testing.assert_array_equal(g(W), 2.0 * X * 5.0 + np.cos(W))
    model.x[:] = 1.0
    np.testing.assert_array_equal(g(W), 5.0 + np.cos(W))
    assert len(g._entries[g._key(g._bind((W,), {}))]) == 1


@pytest.mark.parametrize("value", [2, np.float32(2), True, np.float64(2), np.array(2.0)], ids=repr)
def test_an_attribute_of_another_kind(value):
    model = Model()
    g = value_and_grad(model.loss)
    g(W)
    model.lr = value
    found, slope = g(W)
    expected = model.loss(W)
    assert type(found) is type(expected) and found == expected
    np.testing.assert_allclose(slope, differences(model.loss, W), rtol=1e-6, atol=1e-7)


def test_an_attribute_of_another_rank():
    one, two = Model(x=X), Model(x=np.ones((2, 3)))
    for model in (one, two, one):
        check(model.loss, W)
    g = grad(Model.loss, wrt="w")
    for model in (one, two, one):
        np.testing.assert_allclose(
            g(model, W), differences(model.loss, W), rtol=1e-6, atol=1e-7
        )  # fmt: skip


def test_a_setting_that_changes():
    model = Model()
    g = grad(model.branches)
    np.testing.assert_allclose(g(W), 1 - np.tanh(W) ** 2)
    model.sub.mode = "linear"
    np.testing.assert_array_equal(g(W), np.ones(3))
    model.sub = types.SimpleNamespace(mode="tanh", k=1.0)
    np.testing.assert_allclose(g(W), 1 - np.tanh(W) ** 2)
    h = grad(model.static_in_dict)
    np.testing.assert_allclose(h(W), 2 * np.sum(W) * 0.7)
    model.settings["axis"] = -1
    np.testing.assert_allclose(h(W), 2 * np.sum(W) * 0.7)


def test_a_part_replaced_by_another_object():
    model = Model()
    g = grad(model.loops)
    g(W)
    model.layers[1] = Layer(3.0 * X)
    np.testing.assert_allclose(g(W), differences(model.loops, W), rtol=1e-6, atol=1e-8)
    model.layers.append(Layer(X))
    np.testing.assert_allclose(g(W), differences(model.loops, W), rtol=1e-6, atol=1e-8)

    class Sine(Layer):
        def __call__(self, x):
            return np.sin(self.w * x)

    model.layers[0] = Sine(X)
    np.testing.assert_allclose(g(W), differences(model.loops, W), rtol=1e-6, atol=1e-8)


def test_one_object_under_two_names_that_part_ways():
    model = Model()
    shared = Layer(X)
    model.layers = [shared, shared]
    g = grad(model.loops)
    np.testing.assert_allclose(g(W), differences(model.loops, W), rtol=1e-6, atol=1e-8)
    model.layers[1] = Layer(-2.0 * X)
    np.testing.assert_allclose(g(W), differences(model.loops, W), rtol=1e-6, atol=1e-8)


def test_a_method_that_is_replaced():
    class Own(Model):
        pass

    model = Own()
    g = grad(model.calls_methods)
    before = g(W)
    np.testing.assert_allclose(before, differences(model.calls_methods, W), rtol=1e-6, atol=1e-8)
    Own.loss = Base.loss  # in the class
    np.testing.assert_allclose(g(W), differences(model.calls_methods, W), rtol=1e-6, atol=1e-8)
    model.loss = lambda w: np.sum(w) * 3.0  # on the object alone
    np.testing.assert_allclose(g(W), differences(model.calls_methods, W), rtol=1e-6, atol=1e-8)
    del model.loss, Own.loss
    np.testing.assert_array_equal(g(W), before)


def test_a_method_of_another_object():
    one, two = Model(lr=1.0), Model(lr=2.0)
    one.loss = two.loss
    g = grad(one.calls_methods)
    np.testing.assert_allclose(g(W), differences(one.calls_methods, W), rtol=1e-6, atol=1e-8)
    two.lr = 7.0
    np.testing.assert_allclose(g(W), differences(one.calls_methods, W), rtol=1e-6, atol=1e-8)


def test_super_after_the_base_changed():
    class Parent:
        def loss(self, w):
            return np.sum(w * w)

    class Child(Parent):
        def loss(self, w):
            return super().loss(w) * 2

    g = grad(Child().loss)
    np.testing.assert_array_equal(g(W), 4 * W)
    Parent.loss = lambda self, w: np.sum(w)
    np.testing.assert_array_equal(g(W), np.full(3, 2.0))


def test_a_class_attribute_is_hidden_by_the_object():
    model = Model()
    g = grad(model.reads_class)
    g(W)
    model.scale = 7.0
    np.testing.assert_allclose(g(W), differences(model.reads_class, W), rtol=1e-6, atol=1e-7)


def test_an_attribute_that_is_gone():
    model = Model()
    g = grad(model.loss)
    g(W)
    del model.lr
    with pytest.raises(AdcompilerError) as caught:
        g(W)
    (found,) = caught.value.diagnostics
    assert (found.code, found.reason) == ("unknown-name", "a Model has no attribute `lr`.")


class Slotted:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k

    def loss(self, w):
        return np.sum(w * w) * self.k


class Dynamic:
    def __getattr__(self, name):
        if name == "k":
            return 2.5
        raise AttributeError(name)

    def loss(self, w):
        return np.sum(w * w) * self.k


class Cached:
    @functools.cached_property
    def k(self):
        return 3.5

    def loss(self, w):
        return np.sum(w * w) * self.k


@pytest.mark.parametrize("make_model", [lambda: Slotted(2.0), Dynamic, Cached])
def test_other_ways_to_hold_attributes(make_model):
    check(make_model().loss, W)


# Partials.
def f(a, x, lr=1.0):
    return np.sum(x * x) * a * lr


def test_partials():
    check(functools.partial(f, 2.0), W)
    check(functools.partial(f, 2.0, lr=0.5), W)
    check(functools.partial(functools.partial(f, 2.0), lr=0.5), W)
    check(functools.partial(functools.partial(f, lr=3.0), 2.0, lr=0.5), W)
    check(functools.partial(Model.loss, Model()), W)
    check(functools.partial(Model().loss), W)
    check(functools.partial(Model()), W)
    assert grad(functools.partial(f, 2.0, lr=0.5), wrt="lr")(W) == np.sum(W * W) * 2.0
    assert grad(functools.partial(f, 2.0), wrt="a")(W) == np.sum(W * W)
    np.testing.assert_array_equal(grad(functools.partial(f, 2.0, lr=0.5))(W, lr=2.0), W * 8.0)


def test_what_a_partial_holds_is_read_at_each_call():
    table = {"w": X.copy()}

    def uses(table, x):
        return np.sum(table["w"] * x)

    g = grad(functools.partial(uses, table))
    np.testing.assert_array_equal(g(W), X)
    table["w"] = 3.0 * X
    np.testing.assert_array_equal(g(W), 3.0 * X)
    p = functools.partial(f, 2.0, lr=0.5)
    h = grad(p)
    np.testing.assert_array_equal(h(W), 2.0 * W)
    p.keywords["lr"] = 1.5
    np.testing.assert_array_equal(h(W), 6.0 * W)


# Callables as arguments, from outside, and made inside.
def apply(function, x):
    return np.sum(function(x))


def both(p, q, x):
    return p(x) * q(x)


def test_callables_as_arguments():
    model = Model()
    for function in (
        np.tanh, model.loss, model, functools.partial(f, 2.0), functools.partial(model.loss),
        lambda v: v * v, Layer(X),
    ):  # fmt: skip
        for level in LEVELS:
            found = grad(apply, wrt="x", optimize=level)(function, W)
            want = differences(lambda v, function=function: apply(function, v), W)
            np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-8)


def test_a_new_partial_or_method_of_one_kind_compiles_nothing():
    g = grad(apply, wrt="x")
    for k in range(5):
        np.testing.assert_array_equal(g(functools.partial(f, float(k)), W), 2.0 * W * k)
        np.testing.assert_allclose(g(Model(lr=float(k)).loss, W), X * k + np.cos(W))
    assert sum(map(len, g._entries.values())) == 2


def test_two_arguments_that_were_one_object():
    g = grad(both, wrt="x")
    one, two = Layer(2.0), Layer(5.0)
    for p, q in ((one, one), (one, two), (two, one)):
        want = differences(lambda v, p=p, q=q: both(p, q, v), 0.3)
        np.testing.assert_allclose(g(p, q, 0.3), want, rtol=1e-6)


GLOBAL_PARTIAL = functools.partial(f, 2.0, lr=0.25)
GLOBAL_MODEL = Model()
GLOBAL_METHOD = GLOBAL_MODEL.loss


def uses_globals(x):
    return GLOBAL_PARTIAL(x) + GLOBAL_METHOD(x) * GLOBAL_MODEL.layers[0](x)[0] + GLOBAL_MODEL(x)


def test_callables_from_outside():
    check(uses_globals, W)
    g = grad(uses_globals)
    g(W)
    GLOBAL_MODEL.lr = 2.0
    np.testing.assert_allclose(g(W), differences(uses_globals, W), rtol=1e-6, atol=1e-7)
    GLOBAL_MODEL.lr = 0.3


def solver(function, x, steps=3):
    for _ in range(steps):
        x = x - 0.1 * function(x)
    return x


def make(k):
    def inner(v):
        return v * k

    return inner


def twice(function):
    def wrap(v):
        return 2 * function(v)

    return wrap


def uses_lambda(x):
    return np.sum(solver(lambda v: v * v, x))


def uses_closure(x):
    return np.sum(make(x)(x))


def uses_inner_partial(x):
    return np.sum(functools.partial(f, 2.0, lr=x[0])(x))


def uses_decorator(x):
    @twice
    def g(v):
        return v * v

    return np.sum(g(x))


def uses_wraps(x):
    def thrice(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return 3 * function(*args, **kwargs)

        return wrapper

    @thrice
    def g(v, k=2.0):
        return v * k

    @twice
    @thrice
    def h(v):
        return v * v

    return np.sum(g(x, k=3.0) + g(x) + h(x))


def binds_late(x):
    k = 2.0
    g = lambda v: v * k  # noqa: E731
    k = 3.0
    return np.sum(g(x) ** 2)


def binds_early(x):
    functions = []
    for k in (1.0, 2.0, 3.0):
        functions = [*functions, lambda v, k=k: v * k, lambda v: v * k]
    total = functions[0](x) + 10 * functions[2](x) + 100 * functions[4](x)
    return np.sum(total * functions[1](x))


def default_from_before(x):
    k = x * 2

    def g(v, k=k, *, j=k + 1):
        return v * k * j

    k = x * 100
    return np.sum(g(x)) + np.sum(k)


def stars(x):
    def g(a, *args, k=1.0, **rest):
        return a * args[0] * k * rest["b"] + len(args) + len(rest)

    pair, table = (x, x), {"b": x, "c": 2.0}
    return np.sum(g(*pair, **table)) + np.sum(g(x, *pair[1:], k=2.0, b=3.0))


@pytest.mark.parametrize(
    "function",
    [uses_lambda, uses_closure, uses_inner_partial, uses_decorator, uses_wraps, binds_late,
     binds_early, default_from_before, stars],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_functions_made_inside(function):
    check(function, W)


# Wrappers.
def thrice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 3 * function(*args, **kwargs)

    return wrapper


@thrice
def wrapped(x, k=2.0):
    return np.sum(x * x) * k


def calls_wrapped(x):
    return wrapped(x, k=3.0) + wrapped(x)


def test_wrappers():
    check(wrapped, W)
    check(wrapped, W, k=4.0)
    check(calls_wrapped, W)
    assert grad(wrapped, wrt="k")(W, 2.0) == 3 * np.sum(W * W)
    assert grad(wrapped, wrt="k")(W, k=2.0) == 3 * np.sum(W * W)
    x, k = grad(wrapped, wrt=("x", "k"))(W, k=2.0)
    np.testing.assert_allclose(x, 12 * W)
    assert k == 3 * np.sum(W * W)
    error = refused(grad(wrapped, wrt="k"), W)
    assert (error.code, error.reason) == ("unknown-wrt", "this call has no argument for wrt='k'.")


@functools.lru_cache
def cached(k):
    return k * 2.0


def uses_cached(x):
    return np.sum(x * x) * cached(3.0)


def uses_unwrapped(x):
    return np.sum(x * x) * cached.__wrapped__(3.0)


def test_cached_functions():
    found = refused(grad(uses_cached), W)
    assert found.code == "wrapped-function"
    assert "earlier call" in found.reason
    assert found.span is not None
    check(uses_unwrapped, W)


# *args and **kwargs of the function itself.
def star(*args):
    return np.sum(args[0] * args[1])


def keywords(x, **rest):
    return np.sum(x * rest["w"]) * rest["s"]


def everything(a, /, b, *more, c=2.0, d, **rest):
    return a * b * more[0] * more[1] ** 2 * c * d * rest["e"]


def test_any_number_of_arguments():
    for level in LEVELS:
        np.testing.assert_array_equal(grad(star, optimize=level)(W, X), X)
        np.testing.assert_array_equal(grad(star, wrt=1, optimize=level)(W, X), W)
        found = grad(star, wrt="args", optimize=level)(W, X)
        assert type(found) is tuple
        np.testing.assert_array_equal(found, (X, W))
        np.testing.assert_array_equal(grad(keywords, optimize=level)(W, w=X, s=2.0), 2.0 * X)
        rest = grad(keywords, wrt="rest", optimize=level)(W, w=X, s=2.0)
        assert list(rest) == ["w", "s"]
        np.testing.assert_array_equal(rest["w"], 2.0 * W)
        found = grad(keywords, wrt="s", optimize=level)(W, w=X, s=2.0)
        assert found == pytest.approx(np.sum(W * X), rel=1e-15)
        args, names = (2.0, 3.0, 5.0, 7.0), {"c": 11.0, "d": 13.0, "e": 17.0}
        value = everything(*args, **names)
        wrt = (0, 1, 2, 3, "c", "d", "e")
        found = grad(everything, wrt=wrt, optimize=level)(*args, **names)
        want = [value / v * (2 if v == 7.0 else 1) for v in (*args, *names.values())]
        np.testing.assert_allclose(found, want, rtol=1e-14)


def test_other_numbers_of_arguments_compile_anew():
    def total(*args):
        return sum(args)

    g = grad(total, wrt="args")
    for count in (1, 3, 2, 3):
        assert g(*([2.0] * count)) == (1.0,) * count
    assert grad(total, wrt=2)(1.0, 2.0, 3.0) == 1.0
    assert refused(grad(total, wrt=2), 1.0).code == "unknown-wrt"


def test_emitted_text_keeps_the_signature():
    text = grad(everything).source(1.0, 2.0, 3.0, 4.0, d=5.0, e=6.0)
    assert text.splitlines()[0] == (
        "def everything_grad(a, /, b, *more, c=2.0, d, grad_out=1.0, **rest):"
    )
    assert grad(keywords).source(W, w=X, s=2.0).splitlines()[:2] == [
        "def keywords_grad(x, *, grad_out=1.0, **rest):",
        '    w, s = rest["w"], rest["s"]',
    ]


OUTSIDE = 3.0


def collides(x, **rest):
    return x * rest["OUTSIDE"] * rest["grad_out"] * OUTSIDE


def test_keywords_named_like_what_is_outside():
    assert grad(collides)(2.0, OUTSIDE=5.0, grad_out=7.0) == 105.0


def array_default(x, w=np.arange(3.0)):  # noqa: B008
    return np.sum(x * w * x)


def uses_array_default(x):
    return array_default(x)


def test_array_defaults_are_read_at_each_call():
    check(array_default, W)
    check(uses_array_default, W)
    g = grad(uses_array_default)
    g(W)
    array_default.__defaults__[0][:] = 5.0
    try:
        np.testing.assert_array_equal(g(W), 10.0 * W)
    finally:
        array_default.__defaults__[0][:] = np.arange(3.0)


# `@grad` in a class body.
class Decorated:
    def __init__(self, lr):
        self.lr = lr

    @grad
    def loss(self, w):
        return np.sum(w**2) * self.lr

    @grad(wrt="w", optimize=0)
    def other(self, w):
        return np.sum(w**2) * self.lr

    @grad
    @staticmethod
    def static(w):
        return np.sum(w * w)


def test_a_decorated_method():
    one, two = Decorated(2.0), Decorated(3.0)
    np.testing.assert_array_equal(one.loss(W), 4.0 * W)
    np.testing.assert_array_equal(two.loss(W), 6.0 * W)
    np.testing.assert_array_equal(two.other(W), 6.0 * W)
    np.testing.assert_array_equal(Decorated.other(two, W), 6.0 * W)
    np.testing.assert_array_equal(one.static(W), 2.0 * W)
    np.testing.assert_array_equal(Decorated.static(W), 2.0 * W)
    assert one.loss.forward(W) == np.sum(W**2) * 2.0
    assert "self.lr" in one.loss.source(W)
    value, _ = one.loss.value_and_grad(W)
    assert value == np.sum(W**2) * 2.0
    assert sum(map(len, one.loss._entries.values())) == 1
    assert one.loss._entries is two.loss._entries
    assert one.loss.value_and_grad._entries is two.loss.value_and_grad._entries


# Copies, pickles, threads.
def test_a_pickle_of_the_gradient_of_a_method():
    model = Model()
    model.layers, model.sub = [], None
    for one in (model.loss, model, functools.partial(model.loss), functools.partial(f, 2.0)):
        g = grad(one)
        again = pickle.loads(pickle.dumps(g))
        np.testing.assert_array_equal(again(W), g(W))
    one = Decorated(2.0)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(one.loss))(W), one.loss(W))


def test_a_deep_copy_has_an_object_of_its_own():
    model = Model()
    g = grad(model.loss)
    again = copy.deepcopy(g)
    before = g(W)
    model.lr = 9.0
    np.testing.assert_array_equal(again(W), before)
    assert copy.copy(g) is g


def test_methods_of_many_objects_in_many_threads():
    models = [Model(lr=float(k)) for k in range(8)]
    gradients = [grad(m.loss) for m in models]
    shared = grad(Model.loss, wrt="w")
    problems = []

    def work(k):
        for _ in range(20):
            for g in (gradients[k], lambda w: shared(models[k], w)):
                if not np.array_equal(g(W), X * float(k) + np.cos(W)):
                    problems.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert sum(map(len, shared._entries.values())) == 1


def test_arguments_that_were_seen_are_let_go():
    """Objects are known by their class: no entry holds a model's arrays beyond the first one's."""
    g = grad(Model.loss, wrt="w")
    g(Model(), W)
    model = Model()
    mark = model.settings["deep"] = [np.ones(3)]
    g(model, W)
    held = [o for o in gc.get_referrers(mark) if isinstance(o, dict)]
    assert len(held) == 1


# What is refused.
class Plain:
    def __init__(self, w):
        self.w = w


def makes_plain(x):
    return Plain(x).w


def stores_attribute(x):
    GLOBAL_MODEL.lr = x
    return x


def reads_missing(x, model):
    return x * model.learning_rate


def compares(x, model):
    return x if model == GLOBAL_MODEL else 2 * x


def identity(x, model):
    return x if model is GLOBAL_MODEL else 2 * x


def adds(x, model):
    return x + model


def truth(x, items):
    return x if items else 2 * x


def membership(x, model):
    return x if model in (GLOBAL_MODEL,) else 2 * x


class Sized(list):
    pass


class Counted:
    def __len__(self):
        return 0


REFUSED = {
    "a class made inside": (makes_plain, (2.0,), "unknown-function", "Plain(x)"),
    "an attribute stored": (stores_attribute, (2.0,), "unsupported-target", "GLOBAL_MODEL.lr"),
    "a missing attribute": (reads_missing, (2.0, GLOBAL_MODEL), "unknown-name",
                            "model.learning_rate"),
    "objects compared": (compares, (2.0, GLOBAL_MODEL), "unsupported-expression",
                         "model == GLOBAL_MODEL"),
    "identity": (identity, (2.0, GLOBAL_MODEL), "unsupported-expression",
                 "model is GLOBAL_MODEL"),
    "an operator": (adds, (2.0, GLOBAL_MODEL), "unsupported-expression", "x + model"),
    "truth of an object with a length": (truth, (2.0, Counted()), "truth-value", "items"),
    "membership": (membership, (2.0, GLOBAL_MODEL), "unsupported-expression",
                   "model in (GLOBAL_MODEL,)"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    function, args, code, text = REFUSED[case]
    found = refused(grad(function), *args)
    assert found.code == code
    line = linecache.getline(found.span.filename, found.span.line)
    assert line[found.span.column : found.span.end_column] == text


def test_an_object_has_no_gradient():
    error = refused(grad(Model.loss), Model(), W)
    assert (error.code, error.span is not None) == ("static-wrt", True)
    assert "`self`, which is a Model" in error.reason
    assert "dataclass" in error.advice
    assert isinstance(error.advice, str)


def test_a_class_made_inside_is_told_from_a_misspelling():
    assert "make the class a dataclass" in refused(grad(makes_plain), 2.0).advice


def test_the_kinds_of_errors():
    with pytest.raises(SignatureError):
        grad(Model.loss)(Model(), W)
    with pytest.raises(UnsupportedError):
        grad(makes_plain)(2.0)
    with pytest.raises(TypeError, match="missing a required argument: 'w'"):
        grad(Model().loss)()
