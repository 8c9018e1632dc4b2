"""Functions of whole stacks: every entry and whole programs, against one call after the other."""


import math

import numpy as np
import pytest
from driving import case, close, run
from sampling import is_there, samples
from stacking import stack, unstack

from adcompiler.diagnostics import UnsupportedError
from adcompiler.ir.types import FLOAT, List, Scalar, is_differentiable
from adcompiler.ir.verifier import verify
from adcompiler.ops import TABLE, OperationError, infer
from adcompiler.transform.batch import batch

COUNT = 3


def moved(value, k):
    """The k-th of the draws of an argument, near the first, so that it keeps its properties."""
    if isinstance(value, list):
        return [v + 0.01 * k for v in value]
    found = value * (1 + 0.03 * k) if np.asarray(value).dtype.kind in "fc" else value
    return type(value)(found) if not np.shape(value) else found


def check(function, inputs, chosen, tolerance=1e-12, other=None):
    """The batch of these arguments, against the calls one by one; `other` makes ints differ."""
    inputs = list(inputs)
    parameters = [function.parameters[k] for k in chosen]
    made = batch(function, parameters, f"{function.name}_batch", size=COUNT)
    verify(made, infer)
    verify(batch(function, parameters, f"{function.name}_batch"), infer)
    draws = [list(inputs) for _ in range(COUNT)]
    for k, one in enumerate(draws):
        for position in chosen:
            kind = np.asarray(inputs[position]).dtype.kind
            change = other if other is not None and kind == "i" else moved
            one[position] = change(inputs[position], k)
    whole = list(inputs)
    for position in chosen:
        whole[position] = stack([one[position] for one in draws])
    found = run(made, whole)
    for k, one in enumerate(draws):
        for value, expected in zip(found, run(function, one), strict=True):
            part = unstack(value, k)
            assert np.shape(part) == np.shape(expected)
            assert np.asarray(part).dtype == np.asarray(expected).dtype
            if np.asarray(expected).dtype.kind in "fc":
                close(part, expected, tolerance)
            else:
                assert np.array_equal(part, expected)


VALUED = [op for op in TABLE.values() if is_there(op) and (op.domain or op.samples)]


def cases(ops, dtype):
    """All samples; of elementwise entries, which have one rule, some are enough."""
    found = {op: list(samples(op, dtype)) for op in ops}
    chosen = {op: of if not op.elementwise or op.batch else of[::5] for op, of in found.items()}
    return [pytest.param(s, id=str(s)) for of in chosen.values() for s in of]


def patterns(function):
    """All floats batched, and each alone."""
    floats = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
    return dict.fromkeys([tuple(floats), *((k,) for k in floats)]) if floats else {}


# How long a result is depends on the numbers; a draw isn't made of what differs.
LEFT_OUT = {"arange"}
STACKED = [op for op in VALUED if not op.once and op.name not in LEFT_OUT]


@pytest.mark.parametrize("sample", cases(STACKED, np.float64))
def test_entry(sample):
    function, inputs = sample.function()
    with np.errstate(all="ignore"):
        for chosen in patterns(function):
            check(function, inputs, chosen)


KEYED = [
    s for name in ("index", "add_at", "update", "take", "take_along_axis")
    for s in samples(TABLE[name], np.float64)
]


def other_places(operand, k):
    """An index, or an array of these, that differs with k."""
    return np.roll(operand, k) if np.ndim(operand) else (operand + k) % 2


@pytest.mark.parametrize("sample", KEYED, ids=str)
def test_places_that_differ(sample):
    """Indices by the stack: alone, and with all the floats."""
    function, inputs = sample.function()
    floats = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
    ints = [k for k, v in enumerate(inputs) if np.asarray(v).dtype.kind == "i" and np.size(v)]
    inside = {k for k in ints if any(isinstance(v, slice) for v in sample.attributes.get("key", ()))
              and not np.ndim(inputs[k])}  # fmt: skip
    if not ints or inside or any(s.arity for s in sample.attributes.get("views", ())):
        pytest.skip("no indices, or some that say how many")
    for chosen in (ints, [*floats, *ints], [floats[0], *ints], ints[:1], [floats[0], ints[-1]]):
        check(function, inputs, chosen, other=other_places)


COMPLEX = [op for op in STACKED if op.complex and not op.elementwise]


@pytest.mark.parametrize("sample", cases(COMPLEX, np.complex128))
def test_entry_of_complex_numbers(sample):
    types = [v.element if isinstance(v, List) else v for v in sample.attributes.values()]
    if any(v in ("f4", "f8", "float", FLOAT) for v in types if isinstance(v, (str, Scalar))):
        pytest.skip("to real numbers")
    try:
        function, inputs = sample.function()
    except OperationError:
        pytest.skip("of real numbers only")
    for chosen in list(patterns(function))[:1]:
        check(function, inputs, chosen)


def loop(x, w):
    y = np.zeros(3)
    total = 0.0
    for i in range(4):
        y = np.tanh(w @ y + x)
        total = total + np.sum(y) * i
    return total


def stores(x, s):
    a = np.zeros((4, 3))
    for i in range(4):
        a[i] = x * s + i
        a[i, 1] += a[i, 0] * 2
        a[1:3][:, 0] *= s
    return np.sum(a * a)


def sides(x, k):
    if k > 2.0:
        y = x * k
    else:
        y = np.sin(x)
    return np.sum(y)


def appended(x, s):
    ys = []
    for i in range(5):
        ys.append(x * s**i)
    total = 0.0
    for y in ys:
        total = total + np.sum(y)
    return total + np.sum(np.array(ys)[2])


def numbers(s, t):
    y = 1.0
    zs = []
    for i in range(4):
        y = y * s + math.sin(t) / (1 + i)
        zs.append(y)
    return sum(zs) + max(s, t) + abs(t) + math.floor(t) + (True + (s > 0))


def halved(x, n):
    i = 0
    while i < n:
        x = x * 0.5 + 1
        i += 1
    return np.sum(x)


def left(x, n):
    for i in range(10):
        x = x * 1.5
        if i == n:
            break
    return np.sum(x)


def unassigned(x, k):
    if k > 2.0:
        y = x * 2
    for i in range(3):
        if i > 0:
            z = y * i
    return np.sum(z)


def gathered(x, w):
    i = np.array([0, 2, 1])
    y = x[i] * w[:, i]
    y[0] = 3.0
    x[i] += y[1]
    return np.sum(y) + x[0] ** 2


def constants(x, n):
    a = 1.0
    b = 2.0
    for i in range(n):
        a, b = b, a * np.sum(x)
    return a * b


def itself(x, n):
    if n < 1:
        return np.sum(x)
    return np.sum(x) * itself(x * 0.5, n - 1)


def masked(x):
    y = x * 1.0
    y[y > 0] = 0.5
    y[x < 0.6] += 1.0
    return np.sum(y * x)


def rows(x):
    y = x.copy()
    for i in range(1, x.shape[0]):
        y[i] = y[i - 1] * x[i]
    z = np.where(y > 0.5, y, 0.0)
    return np.max(z) + z.sum(axis=0) + np.linalg.norm(z)


X = np.array([0.5, -1.2, 0.7])
W = np.arange(9.0).reshape(3, 3) / 10
PROGRAMS = [
    (loop, X, W), (stores, X, 0.3), (sides, X, 3.0), (sides, X, 1.0), (appended, X, 0.4),
    (numbers, 0.4, 0.7), (halved, X, 3), (left, X, 3), (unassigned, X, 3.0), (gathered, X, W),
    (constants, X, 4), (itself, X, 3), (rows, X), (masked, X),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [(f, args) for f, *args in PROGRAMS])
def test_program(f, args):
    made = case(f, *args)
    decides = f in (sides, unassigned)  # on the second argument
    for positions in [(0,)] if decides else patterns(made.function):
        check(made.function, made.inputs, positions)


def test_math_that_raises_is_nan_in_a_batch():
    made = case(lambda s: math.log(s) / s, 2.0)
    batched = batch(made.function, made.function.parameters, "batch", size=COUNT)
    with np.errstate(all="ignore"):
        (found,) = run(batched, [np.array([1.0, -1.0, 0.0])])
    assert found[0] == 0 and np.isnan(found[1]) and found[2] == -np.inf


def test_max_of_python_keeps_the_first_beside_a_nan():
    made = case(lambda s, t: max(s, t), 2.0, 3.0)
    batched = batch(made.function, made.function.parameters, "batch", size=COUNT)
    nan = math.nan
    (found,) = run(batched, [np.array([1.0, nan, 2.0]), np.array([nan, 1.0, 5.0])])
    assert np.array_equal(found, [max(1.0, nan), max(nan, 1.0), 5.0], equal_nan=True)


def test_what_depends_on_nothing_batched_is_computed_once():
    made = case(lambda x, w: np.sum(np.exp(w) * x), X, X)
    x, w = made.function.parameters
    (op,) = (op for op in batch(made.function, [x], "b").body.operations if op.opcode == "exp")
    assert op.operands == (w,) and op.result.type == w.type


def test_a_mask_of_the_whole_stack_is_one():
    made = case(masked, X)
    found = batch(made.function, made.function.parameters, "batch")
    assert not any(op.blocks for op in found.body.operations)


@pytest.mark.parametrize(
    ("f", "args", "reason"),
    [
        (lambda x: x if x > 0 else -x, (1.0,), "side of a branch"),
        (lambda s: halved(np.ones(3), s), (2.5,), "loop ends"),
        (lambda n, x: sum([x * i for i in range(int(n))]), (3.0, 2.0), "iterations"),
    ],
)
def test_refused(f, args, reason):
    made = case(f, *args)
    with pytest.raises(UnsupportedError, match=reason):
        batch(made.function, made.function.parameters[:1], "batch")


def test_a_batched_value_is_not_printed():
    made = case(printing, 2.0)
    with pytest.raises(UnsupportedError, match="shown or checked"):
        batch(made.function, made.function.parameters, "batch")


def printing(x):
    print(x)
    return x * 2
