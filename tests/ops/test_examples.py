"""The calls that the tables give as examples, written as users write them: value bit for bit,
gradient and second order against differences, both levels, emitted text, shapes and dtypes."""

import functools

import numpy as np
import pytest
from calling import example
from driving import check_emitted, quiet
from sampling import is_there

from adcompiler.ops import EXPANSIONS, TABLE
from adcompiler.ops.late import Late

KNOWN = {id(one): one for one in (*TABLE.values(), *EXPANSIONS.values())}.values()
CALLS = [(one, call) for one in filter(is_there, KNOWN) for call in one.examples]


def cases():
    return [pytest.param(one, call, id=call) for one, call in CALLS]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("one", "call"), cases())
def test_example(one, call, dtype):
    """In single precision the first order alone: the second is the same operations again."""
    domain = getattr(one, "domain", ())
    made = example(call, dtype, domain[0] if domain else (-2, 2))
    second = dtype is np.float64
    quiet(functools.partial(check_emitted, second=second), made.f, *made.arguments)


@pytest.mark.parametrize("one", dict.fromkeys(EXPANSIONS.values()), ids=lambda one: one.name)
def test_every_expansion_has_examples(one):
    assert one.examples
    assert all(any(f".{_name(key)}(" in call for call in one.examples) for key in one.spellings)


def _name(key):
    if isinstance(key, Late):
        return key.name
    return key[1] if isinstance(key, tuple) else key.__name__
