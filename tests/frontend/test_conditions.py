"""The test that a value has another's key says yes only where `key_of` does."""

from __future__ import annotations

import copy
import dataclasses
import functools
import random
import types
from collections import namedtuple

import numpy as np
import pytest

from adcompiler.diagnostics import SignatureError
from adcompiler.frontend.conditions import Conditions, TooLong, require_key
from adcompiler.frontend.signature import key_of

Pair = namedtuple("Pair", "a b")
Other = namedtuple("Other", "a b")


@dataclasses.dataclass
class Point:
    x: object
    y: object = 0.0


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: object


@dataclasses.dataclass
class Slotted:
    __slots__ = ("x",)
    x: object


class Below(Point):
    pass


class Model:
    def __init__(self):
        self.w = 1.0

    def method(self, x):
        return x * self.w


class Strange(str):
    pass


def function(x):
    return x


def other(x):
    return x


def lost():
    """A dataclass's object that has lost a field is read as an object."""
    made = Point(1.0)
    del made.x
    return made


VALUES = [
    1.0, 2, True, False, 3, 1j, np.float64(1.0), np.float32(1.0), np.int64(2), np.bool_(True),
    np.complex128(1j), np.array(1.0), np.array(1.0, "f4"), np.array(1), np.ones(3),
    np.ones(4, "f4"), np.ones(3, ">f8"), np.ones(3, "f2"), np.ones(3, int), np.ones(3, bool),
    np.ones(3, complex),
    np.ones(1), np.ones(0), np.ones((3, 4)), np.ones((1, 4)), np.ones((4, 1)), np.ones((1, 1)),
    np.ones((0, 4)), np.ones((4, 0)), np.ones((2, 3, 4)), np.ones((2, 1, 4)), np.ones((3, 4)).T,
    np.array([b"ab"]), np.array([1.0, None]),
    (), [], {}, (1.0,), [1.0], (1.0, 2.0), [1.0, 2.0], [1.0, 2], [1, 2], [True, 1.0], [1j, 1.0],
    [1.0, 2.0, 3.0], (1.0, 2), (1, 2.0), [np.ones(3), 1.0], [1.0, np.ones(3)], [np.ones(3)],
    [np.float64(1.0)], [(1.0, 2.0)], [[1.0], [2.0]], ([1.0, 2.0],), ((1.0, 2.0),),
    (np.ones(3), np.ones(3)), (np.ones(3), np.ones(1)), [np.ones(3), np.ones(3)],
    {"a": 1.0}, {"b": 1.0}, {"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, {"a": 1, "b": 2.0},
    {"a": np.ones(3)}, {"a": np.ones(1)}, {"a": {"a": 1.0}}, {"a": (1.0,)}, {1: 1.0}, {True: 1.0},
    {1.0: 1.0}, {(1, 2): 1.0}, {"a": None}, {None: 1.0}, {"a": "b"},
    Pair(1.0, 2.0), Other(1.0, 2.0), Pair(1, 2.0), Pair(np.ones(3), 1.0), [Pair(1.0, 2.0)],
    Point(1.0), Point(1), Point(np.ones(3)), Point(np.ones(1)), Point(1.0, 1), Point(1.0, None),
    Below(1.0), Frozen(1.0), Frozen(1), Slotted(1.0), Slotted(np.ones(3)), lost(),
    Point(Point(1.0)),
    Model(), types.SimpleNamespace(w=1.0), np.random.default_rng(0), random.Random(0),
    Model().method, functools.partial(function, 1.0), functools.partial(function, 1),
    functools.partial(other, 1.0), functools.partial(function, x=1.0), function, other, np.tanh,
    len, None, "relu", "tanh", b"relu", Strange("relu"), Ellipsis, float, Model, np, 10**30, -0.0,
    slice(None), slice(1, 2), slice(1, 3, None), slice(1, 2, 1), range(3), range(4),
    frozenset({1}),
]  # fmt: skip


def accepting(value):
    """The function that tells whether its argument has this value's key."""
    conditions = Conditions()
    require_key(conditions, "value", value)
    lines = ["    " + line for line in conditions.lines]
    space = dict(conditions.names)
    exec("\n".join(["def accepts(value):", *lines, "    return True"]), space)

    def accepts(value):
        try:
            return space["accepts"](value)
        except AttributeError:
            return None

    return accepts


def key(value):
    try:
        return key_of(value)
    except SignatureError:
        return None


KEYED = [value for value in VALUES if key(value) is not None]
each = pytest.mark.parametrize(
    "value", KEYED, ids=[f"{k}-{type(value).__name__}" for k, value in enumerate(KEYED)]
)


@each
def test_yes_means_the_same_key(value):
    try:
        accepts = accepting(value)
    except TooLong:
        assert type(value) is Point  # the one that has lost a field
        return
    assert accepts(value)
    wanted = key(value)
    for found in VALUES:
        if accepts(found):
            assert key(found) == wanted, found


@each
def test_another_of_the_kind_is_known(value):
    """Structures of numbers and arrays are known again, whatever the numbers and the sizes."""
    if type(value).__name__ in _BY_IDENTITY:
        return  # which hold, or are, what is told apart by identity
    if isinstance(value, Point) and not hasattr(value, "x"):
        return
    again = copy.deepcopy(value)
    assert key(again) == key(value)
    assert accepting(value)(again)


_BY_IDENTITY = ("method", "partial", "module", "range", "frozenset", "Strange", "Random")


def test_other_sizes_are_known():
    accepts = accepting({"w": np.ones((3, 4)), "b": [(np.ones(2), 1.0)], "k": [1.0, 2.0]})
    assert accepts({"w": np.ones((7, 2)), "b": [(np.ones(9), 5.0)], "k": [0.0] * 5})
    assert not accepts({"w": np.ones((7, 1)), "b": [(np.ones(9), 5.0)], "k": [0.0] * 5})


def test_a_class_whose_fields_become_something_else():
    @dataclasses.dataclass
    class Params:
        w: float
        b: float = 1.0

    class Under(Params):
        pass

    for cls in (Params, Under):
        value = cls(1.0, 2.0)
        accepts = accepting(value)
        assert accepts(cls(3.0))
        before = key(value)
        Params.w = property(lambda self: 5.0, lambda self, value: None)
        assert key(value) != before and not accepts(value)
        del Params.w
        assert key(value) == before and accepts(value)
        Params.__getattribute__ = lambda self, name: 5.0
        assert not accepts(value)
        del Params.__getattribute__
        assert accepts(value)


def test_a_class_that_becomes_a_dataclass():
    class Params:
        w: float = 1.0

    value = Params()
    accepts = accepting(value)
    assert accepts(Params())
    dataclasses.dataclass(Params)
    assert not accepts(value)


def test_what_is_long_has_none():
    with pytest.raises(TooLong):
        accepting([np.ones(2)] * 1000)
    assert accepting([1.0] * 1000)([2.0] * 3)


def test_no_test_holds_an_array():
    conditions = Conditions()
    require_key(conditions, "value", {"w": np.ones((3, 4)), "b": [(np.ones(2), np.float32(1.0))]})
    held = conditions.names.values()
    assert not any(isinstance(one, (np.ndarray, np.generic, float)) for one in held)
