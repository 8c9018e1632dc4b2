"""Zeros times infinities: what wasn't selected passes exact zeros, and no NaN comes of them.

    np.sum(np.where(m, np.log(x), 0.0))        at x = 0, where m is false: 0, not 0 * inf

Every elementwise entry is tried at the points where a partial of it may be infinite.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings

import numpy as np
import pytest
from driving import module
from sampling import spelled, vias

from adcompiler import UnsupportedError, grad
from adcompiler.ops import TABLE

with contextlib.suppress(ImportError):  # its functions are found once it is loaded
    import scipy.special  # noqa: F401

POINTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def called(op):
    """The entry's NumPy function, or SciPy's; None where there are `math`'s and operators alone."""
    return next((spelled(op, via) for via in vias(op) if via not in ("math", "op")), None)


ENTRIES = [op for op in TABLE.values() if op.elementwise and not op.no_gradient and called(op)]
SELECTIONS = {
    "where": "np.where(m, {}, 0.0)", "otherwise": "np.where(~m, 0.0, {})", "product": "m * {}",
    "index": "{}[:0]", "mask": "{}[m]",
}  # fmt: skip


def function_of(op, text, tmp_path):
    """The sum of what the text selects of the entry's results, and which operands are floats."""
    names = ", ".join("abcdefgh"[: len(op.domain)])
    selected = text.format(f"called({names})")
    made = module(tmp_path, f"def f({names}, m):\n    return np.sum({selected})\n")
    made.called = called(op)
    floats = [k for k, interval in enumerate(op.domain) if not isinstance(interval[0], int)]
    return made.f, tuple(k for k in floats if has_derivative(made.f, k, op))


def has_derivative(f, position, op):
    """Not by the orders of Bessel functions and the like, which are refused."""
    arguments = [np.full(3, interval[0]) for interval in op.domain]
    try:
        grad(f, wrt=position).source(*arguments, np.zeros(3, bool))
    except UnsupportedError as error:
        assert "constant" in str(error), error
        return False
    return True


def points(op):
    """Every combination of the points, as arguments; ints, such as orders, within their domain."""
    columns = np.array(list(itertools.product(POINTS, repeat=len(op.domain)))).T
    return [
        np.clip(column.astype(int), *interval) if isinstance(interval[0], int) else column
        for column, interval in zip(columns, op.domain, strict=True)
    ]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("op", ENTRIES, ids=lambda op: op.name)
def test_what_was_not_selected_leaks_nothing(op, selection, tmp_path):
    f, wrt = function_of(op, SELECTIONS[selection], tmp_path)
    arguments = points(op)
    nowhere = np.zeros(arguments[0].shape, bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gradients = grad(f, wrt=wrt)(*arguments, nowhere)
    for found in gradients:
        leaked = np.flatnonzero(found != 0)
        assert not leaked.size, [tuple(float(a[k]) for a in arguments) for k in leaked]


@pytest.mark.parametrize("op", ENTRIES, ids=lambda op: op.name)
def test_without_a_selection_there_is_no_guard(op, tmp_path):
    """`!= 0` is how a guard asks whether anything was passed on."""
    f, wrt = function_of(op, "{}", tmp_path)
    arguments = [np.full(3, sum(interval) / 2) for interval in op.domain]
    arguments = [
        a.astype(int) if isinstance(interval[0], int) else a
        for a, interval in zip(arguments, op.domain, strict=True)
    ]
    assert "grad_out != 0" not in grad(f, wrt=wrt).source(*arguments, np.ones(3, bool))
