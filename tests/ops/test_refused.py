"""What is refused on purpose: never what the tables have, and always with its own reason."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from adcompiler import UnsupportedError, grad
from adcompiler.ops import is_known
from adcompiler.ops.refused import REFUSED


def found(name: str):
    """The function of this name; None where this version of NumPy hasn't got it."""
    module, _, last = name.rpartition(".")
    if module.startswith("scipy."):
        if importlib.util.find_spec("scipy") is None:
            return None
        return getattr(importlib.import_module(module), last, None)
    return getattr({"np": np, "np.linalg": np.linalg, "np.fft": np.fft}[module], last, None)


CALLABLE = [name for name in REFUSED if callable(found(name))]


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


def test_random_numbers():
    def f(x):
        return x * np.random.Generator(np.random.PCG64(0)).normal()

    with pytest.raises(UnsupportedError, match=r"PCG64 makes a generator of random numbers"):
        grad(f)(2.0)
