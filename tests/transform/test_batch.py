"""Functions of whole stacks: every entry and whole programs, against one call after the other."""


import numpy as np
import pytest
from driving import case, close, module, run
from sampling import is_there, samples

from adcompiler.ir.types import is_differentiable
from adcompiler.ir.verifier import verify
from adcompiler.ops import TABLE, infer
from adcompiler.transform.batch import batch

COUNT = 3


def stack(draws):
    """Several arguments as one: of lists, the list of stacks."""
    if isinstance(draws[0], list):
        return [np.stack(parts) for parts in zip(*draws)]
    return np.stack([np.asarray(v) for v in draws])


def unstack(value, k):
    return [part[k] for part in value] if isinstance(value, list) else value[k]


def moved(value, k):
    """The k-th of the draws of an argument, near the first, so that it keeps its properties."""
    if isinstance(value, list):
        return [v + 0.01 * k for v in value]
    found = value * (1 + 0.03 * k) if np.asarray(value).dtype.kind in "fc" else value
    return type(value)(found) if not np.shape(value) else found


def check(function, inputs, chosen, tolerance=1e-12):
    """The batch of these arguments, against the calls one by one."""
    inputs = list(inputs)
    parameters = [function.parameters[k] for k in chosen]
    made = batch(function, parameters, f"{function.name}_batch", size=COUNT)
    verify(made, infer)
    verify(batch(function, parameters, f"{function.name}_batch"), infer)
    draws = [list(inputs) for _ in range(COUNT)]
    for k, one in enumerate(draws):
        for position in chosen:
            one[position] = moved(inputs[position], k)
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
    return [pytest.param(s, id=str(s)) for op in ops for s in samples(op, dtype)]


def patterns(function):
    """All floats batched, and each alone."""
    floats = [k for k, p in enumerate(function.parameters) if is_differentiable(p.type)]
    return dict.fromkeys([tuple(floats), *((k,) for k in floats)]) if floats else {}


@pytest.mark.parametrize("sample", cases([op for op in VALUED if not op.once], np.float64))
def test_entry(sample):
    function, inputs = sample.function()
    with np.errstate(all="ignore"):
        for chosen in patterns(function):
            check(function, inputs, chosen)


def programs(text, tmp_path):
    return module(tmp_path, text)


def of_program(f, *args, chosen=None):
    made = case(f, *args)
    floats = chosen if chosen is not None else made.active
    for positions in dict.fromkeys([tuple(floats), *((k,) for k in floats)]):
        check(made.function, made.inputs, positions)
