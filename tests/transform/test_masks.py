"""Where nothing flows, nothing comes out; where something flows to all of it, nothing is asked."""

import numpy as np
import pytest
from driving import check, gradients, is_clean, module

from adcompiler import grad
from adcompiler.ir.sizes import add, symbol
from adcompiler.ir.types import INT, Array
from adcompiler.ops import TABLE, Op
from adcompiler.ops.places import Part, Slot, cover, slots

WARNS = pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")


@WARNS
@pytest.mark.parametrize("carried", ["y", "z, y", "a, b, c, d, y"])
def test_what_an_iteration_overwrites_leaks_nothing(carried, tmp_path):
    """Only the last iteration's root is read; the first one's is 0."""
    names = carried.split(", ")
    shift = "; ".join(f"{a} = {b}" for a, b in zip(names, names[1:], strict=False)) or "pass"
    f = module(tmp_path, f"""
import numpy as np

def f(x):
    {" = ".join(names)} = x
    for t in range({len(names) + 2}):
        {shift}
        y = np.sqrt(x + t)
    return np.sum({names[0]})
""").f  # fmt: skip
    (g,) = gradients(f, np.zeros(3))
    assert np.allclose(g, 0.5 / np.sqrt(2))


@WARNS
def test_what_the_last_iteration_leaves_unread_leaks_nothing():
    def f(x):
        total = 0.0
        for t in range(3):
            total = total + np.sum(x)
            x = np.sqrt(x - 1)
        return total

    # 5 -> 2 -> 1 -> 0, whose root has an infinite slope and is never read.
    (g,) = gradients(f, np.array([5.0]))
    assert np.allclose(g, 1 + 1 / 4 + 1 / 4 / 2)


@WARNS
def test_a_part_that_nothing_flows_to_leaks_nothing():
    def f(x):
        y = np.sqrt(x)
        return np.sum(y[:1]) + np.sum(y[2:])

    (g,) = gradients(f, np.array([4.0, 0.0, 1.0]))
    assert g.tolist() == [0.25, 0.0, 0.5]


def quotient(x):
    y = np.sqrt(x)
    return np.sum(y[:, :1] / y[:, 1:])


def ends(x):
    y = np.sqrt(x)
    return np.sum(y[1:] * y[:-1])


def column(x):
    return np.sum((1 / x)[:, None] * x)


def sections(x):
    a, b, c = np.split(np.sqrt(x), 3, axis=1)
    return np.sum(a * b / c)


def state(x):
    h = np.zeros(3)
    total = 0.0
    for t in range(len(x)):
        h = np.tanh(x[t] + h) / (1 + np.exp(-x[t]))
        total = total + np.sum(h * h)
    return total


@pytest.mark.parametrize("f", [quotient, ends, column, sections, state], ids=lambda f: f.__name__)
def test_nothing_is_asked_where_something_flows_to_all(f):
    x = np.random.default_rng(0).uniform(0.5, 2.0, 6 if f in (ends, column) else (4, 3))
    assert "where" not in grad(f).source(x)
    check(f, x)


def interior(x):
    y = np.sqrt(x)
    return np.sum(y[1:-1] * y[2:])


def rows_alone(x):
    y = np.sqrt(x)
    return np.sum(y[:2, 1:] * y[:2, :-1])


@pytest.mark.parametrize("f", [interior, rows_alone], ids=lambda f: f.__name__)
def test_a_place_is_left_out(f):
    x = np.ones(6 if f is interior else (4, 3))
    assert "where" in grad(f).source(x)
    x.ravel()[0 if f is interior else 6 : 7] = 0.0
    with np.errstate(all="ignore"):
        assert is_clean(grad(f)(x))


N = symbol("n", unit=False)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ((slice(None), slice(1, 2)), Part(1, 1, 2)), ((slice(None), slice(1, 4)), Part(1, 1, None)),
        ((slice(None), -1), Part(1, 2, None)), ((-1,), Part(0, add(N, -1), None)),
        ((slice(None, -1),), Part(0, 0, add(N, -1))), ((0, 1), None), ((), Part(0, 0, None)),
        ((Ellipsis,), Part(0, 0, None)), ((slice(None), None), Part(0, 0, None)),
        ((slice(None, None, 2),), None), ((slice(Slot(0), None),), None),
    ],
)  # fmt: skip
def test_parts(key, expected):
    """Of an int that isn't known (the last key's) nobody knows from which end it counts."""
    types = (Array("f8", (N, 3)), *[INT] * len(list(slots(key))))
    assert TABLE["index"].part(types, {"key": key}) == expected


def test_what_covers():
    assert cover([Part(0, 2, None), Part(0, 0, 1), Part(0, 1, 2)])
    assert not cover([Part(0, 2, None), Part(0, 0, 1)])
    assert not cover([Part(0, 0, N)])
    assert cover([Part(0, 0, N), Part(0, 1, None)])
    assert not cover([Part(0, 0, 3), Part(0, N, None)])
    assert not cover([])


READS = [(op, sample) for op in TABLE.values() if op.part is not Op.part for sample in op.samples]


@pytest.mark.parametrize(
    ("op", "sample"), READS, ids=lambda one: one.name if isinstance(one, Op) else str(one[0][0])
)
def test_the_part_that_is_read_is_what_is_read(op, sample):
    (shape, *rest), attributes = sample
    if not isinstance(shape, tuple):
        return
    places = np.arange(np.prod(shape)).reshape(shape)
    types = [INT if isinstance(v, int) else Array(v.dtype.str[1:], v.shape) for v in rest]
    part = op.part((Array("f8", shape), *types), attributes)
    read = set(np.ravel(op.evaluate(attributes, (places, *rest))).tolist())
    if part is not None:
        within = (*[slice(None)] * part.axis, slice(part.start, part.stop))
        assert read == set(places[within].ravel().tolist())
