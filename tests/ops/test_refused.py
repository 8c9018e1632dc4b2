"""What is refused on purpose: never what the tables have, and always with its own reason."""

from __future__ import annotations

import importlib.util
import warnings

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from adcompiler.frontend import array_calls, calls, conversion_calls
from adcompiler.operations import public_functions
from adcompiler.ops import EXPANSIONS, SPELLINGS, is_known
from adcompiler.ops.refused import REFUSED, refusal
from tests.generator.program import load


def found(name: str):
    """The function of this name; None where this version of NumPy hasn't got it."""
    module, _, last = name.rpartition(".")
    if module.startswith("scipy."):
        if importlib.util.find_spec("scipy") is None:
            return None
        return getattr(importlib.import_module(module), last, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older versions have names that are on their way out
        return getattr({"np": np, "np.linalg": np.linalg, "np.fft": np.fft}.get(module), last, None)


# NumPy 2.0 has another name inside for np.show_config.
CALLABLE = [
    name for name in REFUSED
    if callable(found(name)) and getattr(found(name), "__name__", "") != "show"
]  # fmt: skip


@pytest.mark.parametrize("name", CALLABLE)
def test_the_diagnostic_says_why(name):
    called = found(name)

    def f(x):
        return called(x)

    with pytest.raises(UnsupportedError) as caught:
        grad(f)(2.0)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "unknown-function"
    assert diagnostic.reason.endswith(f" {REFUSED[name].reason}.")
    assert diagnostic.advice == f"{REFUSED[name].advice}."


@pytest.mark.parametrize("name", CALLABLE)
def test_the_tables_don_t_have_it(name):
    assert not is_known(found(name))


def test_every_public_function_has_its_place():
    """In the tables, handled by the front end, or refused with a reason of its own."""
    nowhere = [
        name for name, function in public_functions()
        if not is_known(function) and calls._handler(function) is None and refusal(name) is None
    ]  # fmt: skip
    # The first is for `with` statements; the others are still to come.
    assert {*nowhere} <= {"np.errstate", "np.cumsum", "np.diff", "np.tile", "np.linalg.det"}


def test_every_method_of_arrays_has_its_place():
    handled = {"dtype", "fill", "itemsize", "ndim", "put", "shape", "size"}
    handled |= {*array_calls.IN_PLACE, *conversion_calls.CONVERTING_METHODS}
    # Some that NumPy has removed still stand in its class, and raise.
    members = {n for n in dir(np.ndarray) if not n.startswith("_") and hasattr(np.eye(2), n)}
    known = {key[1] for key in (*SPELLINGS, *EXPANSIONS) if isinstance(key, tuple)}
    assert not {n for n in members - known - handled if refusal(f"x.{n}") is None}


MEMBERS = [name[2:] for name in REFUSED if name.startswith("x.")]


@pytest.mark.parametrize("name", MEMBERS)
def test_methods_and_attributes_say_why(name):
    called = "" if not callable(getattr(np.ndarray, name, len)) else "()"
    f = load(f"import numpy as np\n\ndef f(x):\n    return np.sum(x.{name}{called})\n").f
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(np.ones(3))
    (diagnostic,) = caught.value.diagnostics
    assert f"`.{name}` of" in diagnostic.reason
    assert diagnostic.reason.endswith(f" {REFUSED[f'x.{name}'].reason}.")
    assert diagnostic.advice == f"{REFUSED[f'x.{name}'].advice}."


@pytest.mark.parametrize("name", MEMBERS)
def test_no_method_or_attribute_is_known(name):
    assert not SPELLINGS.keys() & {("method", name), ("attribute", name)}


def test_random_numbers():
    def f(x):
        return x * np.random.Generator(np.random.PCG64(0)).normal()

    with pytest.raises(UnsupportedError, match=r"PCG64 makes a generator of random numbers"):
        grad(f)(2.0)
