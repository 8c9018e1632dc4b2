"""Calls like those before go straight to their text; any other call never does.

One gradient is called with arguments that need different texts, back and forth; each call has to
give what a gradient gives that has never been called before.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import sys
import threading
from collections import namedtuple

import numpy as np
import pytest

from adcompiler import (
    SignatureError,
    grad,
    gradient,
    hvp,
    jvp,
    shortcuts,
    value_and_grad,
    vmap,
)

Pair = namedtuple("Pair", "a b")
Other = namedtuple("Other", "a b")
A, ROW, COLUMN = np.arange(1.0, 7.0).reshape(2, 3), np.ones((1, 3)), np.ones((2, 1))
SCALE = 2.0


@dataclasses.dataclass
class Params:
    a: object
    b: object = 3.0


@dataclasses.dataclass
class Frozen:
    a: object
    b: object = 3.0


class Holder:
    def __init__(self, a, b=3.0):
        self.a, self.b = a, b

    def both(self, x):
        return np.sum(x * self.a * self.b)

    @value_and_grad
    def slope(self, x):
        return np.sum(x * x * self.a) * np.sum(self.b)


class Twice(Holder):
    def both(self, x):
        return 2.0 * np.sum(x * self.a * self.b)


def squares(x):
    return np.sum(x * x)


def product(x, y):
    return np.sum(x * y * y)


def of_fields(x, p):
    return np.sum(x * p.a * p.b)


def of_parts(x, p):
    return np.sum(x * p[0]) * 2.0 if len(p) < 2 else np.sum(x * p[0] * p[1])


def of_keys(x, p):
    total = 0.0
    for key, value in p.items():
        total = total * 2.0 + np.sum(x * value)
    return total


def of_list(x, p):
    total = 1.0
    for value in p:
        total = total * np.sum(x * value)
    return total


def along(x, axis):
    return np.sum(np.max(x, axis=axis) ** 2)


def moded(x, mode="square", *, power=2.0):
    return np.sum(x * x) if mode == "square" else np.sum(x) ** power


def called(x, f):
    return np.sum(f(x) * x)


def spread(x, *more, **named):
    total = np.sum(x * x)
    for k, value in enumerate(more):
        total = total + (k + 1.0) * np.sum(value * x)
    for value in named.values():
        total = total * np.sum(value * x)
    return total


def with_object(x, holder):
    return holder.both(x) * np.sum(holder.b)


def sliced(x, part):
    return np.sum(x[part] ** 2)


TURNS = {
    "kinds of numbers": (product, [(2.0, 3.0), (2.0, 3), (2.0, True), (2.0, np.float64(3.0)),
                                   (np.float32(2.0), 3.0), (2.0, np.array(3.0))]),
    "numbers and arrays": (squares, [(2.0,), (np.float64(2.0),), (np.array(2.0),), (A,)]),
    "dtypes": (squares, [(A,), (A.astype("f4"),), (A.astype("f2"),), (A.astype(">f8"),)]),
    "dtypes of the other": (product, [(A, A), (A, A.astype("f4")), (A, A.astype(int)),
                                      (A, A > 2), (A.astype("f4"), A)]),
    "ranks": (squares, [(A,), (A[0],), (A[0, 0],), (A[None],), (np.array(1.0),)]),
    "sizes 0 and 1": (product, [(A, A), (A, ROW), (A, COLUMN), (ROW, A), (COLUMN, ROW),
                                (A[:0], ROW), (A[:, :0], COLUMN), (ROW[:, :1], A)]),
    "layouts": (squares, [(A,), (A.T,), (A[:, ::2],), (np.asfortranarray(A),), (A[::-1],)]),
    "one array twice": (product, [(A, A), (A, A.copy()), (A, A[::-1]), (A[:1], A[1:])]),
    "tuples and lists": (of_parts, [(A, (2.0, 3.0)), (A, [2.0, 3.0]), (A, (2.0,)), (A, [2.0]),
                                    (A, (A, 3.0)), (A, [A, 3]), (A, (2.0, ROW))]),
    "lists of numbers": (of_list, [(A, [1.0, 2.0]), (A, [1.0, 2]), (A, [1, 2]), (A, [2.0]), (A, []),
                                   (A, [2.0] * 5), (A, [A, A]), (A, [A, 2.0])]),
    "keys and their order": (of_keys, [(A, {"a": 1.0, "b": 2.0}), (A, {"b": 2.0, "a": 1.0}),
                                       (A, {}), (A, {"a": 1.0}), (A, {"c": 1.0}),
                                       (A, {"a": 1.0, "b": 2}), (A, {"a": 1.0, "b": ROW}),
                                       (A, {1: 1.0, "b": 2.0})]),
    "classes with fields": (of_fields, [(A, Pair(1.0, 2.0)), (A, Other(1.0, 2.0)), (A, Params(1.0)),
                                        (A, Params(2)), (A, Frozen(1.0)), (A, Params(ROW, 2.0)),
                                        (A, Holder(1.0)), (A, Twice(1.0)), (A, Holder(COLUMN))]),
    "objects": (with_object, [(A, Holder(1.0)), (A, Twice(1.0)), (A, Holder(2)), (A, Holder(ROW)),
                              (A, Holder(1.0, COLUMN)), (A, Holder(1.0, np.float32(2.0)))]),
    "static ints": (along, [(A, 0), (A, 1), (A, -1), (A, None), (A[0], 0), (A[0], None)]),
    "strings and defaults": (moded, [(A,), (A, "square"), (A, "sum"), (A[0], "sum")]),
    "functions": (called, [(A, np.tanh), (A, np.exp), (A, squares), (A, abs), (A, np.sin)]),
    "how many": (spread, [(A,), (A, 2.0), (A, 2.0, 3.0), (A, 2), (A, ROW, 3.0), (A, 2.0, COLUMN)]),
    "slices": (sliced, [(A, slice(None)), (A, slice(1)), (A, slice(0, 2)), (A, 0), (A, 1)]),
}  # fmt: skip


def check(found, wanted):
    assert type(found) is type(wanted)
    if isinstance(found, (tuple, list)):
        for a, b in zip(found, wanted, strict=True):
            check(a, b)
    else:
        assert getattr(found, "dtype", None) == getattr(wanted, "dtype", None)
        np.testing.assert_array_equal(found, wanted)


def back_and_forth(count):
    """Each pair of turns in either order, each turn often enough to be known again."""
    order = [k for k in range(count) for _ in range(3)]
    for one, other in itertools.permutations(range(count), 2):
        order += [one, one, one, other] if one < 3 else [one, other]
    return order


@pytest.mark.parametrize("name", TURNS)
def test_back_and_forth(name):
    function, turns = TURNS[name]
    wanted = [value_and_grad(function)(*turn) for turn in turns]
    g = value_and_grad(function)
    for k in back_and_forth(len(turns)):
        check(g(*turns[k]), wanted[k])
    assert g._shortcuts.ready


def test_arguments_by_keyword():
    calls = [
        ((A,), {}), ((A, "sum"), {}), ((A,), {"mode": "sum"}), ((), {"x": A}),
        ((A,), {"mode": "sum", "power": 3.0}), ((A,), {"power": 3.0, "mode": "sum"}),
        ((A, "sum"), {"power": 2}), ((A,), {"power": 3.0}),
    ]  # fmt: skip
    wanted = [grad(moded)(*args, **kwargs) for args, kwargs in calls]
    g = grad(moded)
    for k in back_and_forth(len(calls)):
        check(g(*calls[k][0], **calls[k][1]), wanted[k])
    for bad in ({"y": 1.0}, {"x": A}, {"mode": "sum", "y": 1.0}):
        with pytest.raises(TypeError, match="argument"):
            g(A, **bad)
    with pytest.raises(TypeError, match="argument"):
        g()


def test_the_order_of_further_keywords():
    calls = [{}, {"a": 2.0}, {"a": 2.0, "b": A}, {"b": A, "a": 2.0}, {"c": 2.0}, {"a": 2}]
    wanted = [grad(spread)(A, 3.0, **kwargs) for kwargs in calls]
    g = grad(spread)
    for k in back_and_forth(len(calls)):
        check(g(A, 3.0, **calls[k]), wanted[k])


def test_by_an_argument_that_not_every_call_has():
    g = grad(spread, wrt=2)
    for _ in range(4):
        check(g(A, 2.0, 3.0), 2.0 * np.sum(A))
        check(g(A, 2.0, COLUMN), 2.0 * np.sum(A, 1, keepdims=True))
        with pytest.raises(SignatureError, match="no argument"):
            g(A, 2.0)


# What is outside.
def scaled(x):
    return np.sum(x * x * SCALE)


def test_numbers_outside_are_read_at_each_call(monkeypatch):
    g = grad(scaled)
    for value in [2.0, 3.0, 3, 4, np.float32(2.0), True, 5.0, ROW, 2.0 * ROW, COLUMN, 6.0, 1] * 3:
        monkeypatch.setitem(globals(), "SCALE", value)
        for _ in range(3):
            check(g(A), grad(scaled)(A))


def test_what_a_name_outside_stands_for(monkeypatch):
    g = grad(calls_squares)
    for function in [squares, scaled, np.sum, squares, np.max, scaled] * 3:
        monkeypatch.setitem(globals(), "squares", function)
        for _ in range(3):
            check(g(A), grad(calls_squares)(A))


def calls_squares(x):
    return 2.0 * squares(x)


def test_what_is_inside_a_function():
    def f(x, k=2.0, *, b=1.0):
        return x * k * b

    def g(x, k=2.0, *, b=1.0):
        return x * x * k * b

    codes, compiled = [f.__code__, g.__code__], grad(f)
    for turn in range(12):
        f.__code__ = codes[turn % 2]
        f.__defaults__ = (turn % 3 + 1.0,)
        f.__kwdefaults__["b"] = turn % 4 + 1.0
        for _ in range(3):
            check(compiled(3.0), grad(f)(3.0))
    f.__kwdefaults__ = {"b": 7.0}
    for _ in range(3):
        check(compiled(3.0), grad(f)(3.0))


def test_defaults_that_change_inside():
    p = {"a": 1.0}

    def f(x, p=p):
        return of_keys(x, p)

    g = grad(f)
    for value in [1.0, 2, A, 1.0, ROW, 3.0, A] * 2:
        p["a"] = value
        for _ in range(3):
            check(g(A), grad(f)(A))


# Methods and objects.
def test_a_method_of_many_objects():
    holders = [Holder(1.0), Holder(2), Holder(ROW), Twice(1.0), Holder(1.0, COLUMN), Twice(COLUMN)]
    gradients = [grad(holder.both) for holder in holders]
    for turn in back_and_forth(len(holders)):
        check(gradients[turn](A), grad(holders[turn].both)(A))
        h = holders[turn]
        check(h.slope(A), value_and_grad(lambda x, h=h: np.sum(x * x * h.a) * np.sum(h.b))(A))
        h.b = h.b * 2.0


def test_a_method_in_front_of_the_class():
    holder = Holder(1.0)
    g = grad(with_object)
    for _ in range(4):
        check(g(A, holder), np.full((2, 3), 9.0))
    holder.both = lambda x: np.sum(x) * 5.0
    for _ in range(4):
        check(g(A, holder), np.full((2, 3), 15.0))
    del holder.both
    for _ in range(4):
        check(g(A, holder), np.full((2, 3), 9.0))


def test_a_class_whose_method_changes():
    class Model:
        def __call__(self, x):
            return x * x

        def loss(self, x):
            return self(x) + x

    def cube(self, x):
        return x * x * x

    model = Model()
    of_call, of_loss = grad(model), grad(model.loss)
    square = Model.__call__
    for _ in range(3):
        for function, wanted in ((square, 4.0), (cube, 12.0)):
            Model.__call__ = function
            for _ in range(4):
                assert (of_call(2.0), of_loss(2.0)) == (wanted, wanted + 1.0)


def test_a_partial_that_changes():
    def f(x, k, m=1.0):
        return x * k * m

    def g(x, k, m=1.0):
        return x * x * k * m

    filled = functools.partial(f, k=2.0)
    compiled = grad(filled)
    for function, keywords, wanted in [
        (f, {"k": 2.0}, 2.0), (f, {"k": 3.0}, 3.0), (f, {"k": 3}, 3.0), (g, {"k": 2.0}, 8.0),
        (g, {"k": 2.0, "m": 2.0}, 16.0), (f, {"k": 2.0}, 2.0),
    ] * 2:  # fmt: skip
        filled.__setstate__((function, (), keywords, {}))
        for _ in range(4):
            assert compiled(2.0) == wanted
    filled.keywords["k"] = 5.0
    for _ in range(4):
        assert compiled(2.0) == 5.0


def test_nothing_holds_an_object_whose_gradient_was_called():
    class Model(Holder):
        @grad
        def loss(self, x):
            return np.sum(x * self.a)

    model = Model(1.0)
    counts = sys.getrefcount(model), sys.getrefcount(A)
    for _ in range(5):
        model.loss(A)
    assert (sys.getrefcount(model), sys.getrefcount(A)) == counts


# Tangents, and stacks.
def test_tangents_of_many_forms():
    points = [(2.0,), (A,), (A.astype("f4"),), (A[0],), (np.float64(2.0),)]
    pushed, product_ = jvp(squares, wrt=(0,)), hvp(squares)
    for k in back_and_forth(len(points)):
        (x,) = points[k]
        check(pushed((x,), (x,)), jvp(squares, (x,), (x,)))
        check(product_(x, x), grad(squares)(x))
    for v in (A.tolist(), A.astype(int), A.astype("f4"), A):
        assert pushed((A,), (v,))[1] == 2.0 * np.sum(A * A)
    with pytest.raises(SignatureError, match="doesn't fit"):
        pushed((A,), (A[0],))


def test_stacks_of_many_forms():
    stacks = [A, A[:, :1], A.astype("f4"), A[:1], A[0], np.stack([A, A])]
    for k in back_and_forth(len(stacks)):
        check(vmap(squares)(stacks[k]), np.stack([squares(x) for x in stacks[k]]))
        check(vmap(Holder(2.0).both)(stacks[k]), np.stack([6.0 * np.sum(x) for x in stacks[k]]))


# How it is done.
def test_no_key_is_made_of_a_call_like_those_before(monkeypatch):
    holder, layers = Holder(2.0), [(A, ROW), (A.T, 1.0)]

    def deep(x, layers, *, scale=1.0):
        return sum(np.sum(x * w[0, 0] + b) for w, b in layers) * scale * SCALE

    calls = [
        (grad(deep), (A, layers), {}), (grad(deep), (A, layers), {"scale": 2.0}),
        (grad(of_keys, 1), (A, {"a": A, "b": ROW}), {}), (grad(holder.both), (A,), {}),
        (grad(functools.partial(moded, mode="sum")), (A,), {"power": 3.0}),
        (holder.slope, (A,), {}), (grad(of_fields, "p"), (A, Params(1.0, 2.0)), {}),
        (grad(along), (A, 1), {}),
    ]  # fmt: skip
    for g, args, kwargs in calls:
        g(*args, **kwargs)
    wanted = [g(*args, **kwargs) for g, args, kwargs in calls]
    monkeypatch.delattr(gradient, "keys_of")
    for (g, args, kwargs), value in zip(calls, wanted, strict=True):
        again = g(*args, **kwargs)
        assert repr(again) == repr(value)


def test_none_is_made_for_a_single_call(monkeypatch):
    made = []
    monkeypatch.setattr(gradient, "shortcut", lambda *args: made.append(args))
    for turn in (2.0, A, A[0], ROW):
        g = grad(squares)
        g(turn)
    assert not made
    g(turn)
    assert len(made) == 1


def test_they_take_no_more_time_than_they_save(monkeypatch):
    """With more kinds of calls in turn than are kept, making them becomes rare."""
    made = []

    def counted(*args):
        made.append(args)
        return shortcuts.shortcut(*args)

    monkeypatch.setattr(gradient, "shortcut", counted)
    g = grad(product)
    turns = [(x, y) for x in (A, ROW, COLUMN) for y in (A, ROW, COLUMN, 2.0)]
    wanted = [grad(product)(*turn) for turn in turns]
    made.clear()
    for _ in range(50):
        for turn, value in zip(turns, wanted, strict=True):
            check(g(*turn), value)
    assert 4 <= len(made) <= 40 and len(g._shortcuts.ready) == 4


def test_many_threads():
    turns = TURNS["sizes 0 and 1"][1]
    wanted = [grad(product)(*turn) for turn in turns]
    g, wrong = grad(product), []

    def run(start):
        try:
            for k in range(start, start + 400):
                check(g(*turns[k % len(turns)]), wanted[k % len(turns)])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
