"""What operations say themselves of the memory of their results."""

from __future__ import annotations

import numpy as np
from driving import case

from adcompiler.codegen.memory_steps import Site, Step, Steps
from adcompiler.codegen.sites import Sites
from adcompiler.ir.core import walk

A = np.ones(4)


def f(a, n):
    b = np.exp(a)
    c = b[1:]
    for i in range(n):
        b[i] = c[0] * a[i]
    return np.sum(b) + np.sum(c)


def test_what_makes_its_memory_is_settled():
    function = case(f, A, 3).function
    steps = Steps(function)
    a = function.parameters[0]
    (b,) = (op.result for op in walk(function.body) if op.opcode == "exp")
    assert steps.settled[a] == {Site(a, foreign=True)}
    assert {site.value for site in steps.settled[b]} == {b}
    assert function.parameters[1] not in steps.settled  # a number


def test_views_and_updates_are_open():
    function = case(f, A, 3).function
    found = [s for steps in Steps(function).open.values() for s in steps if isinstance(s, Step)]
    assert any(s.viewed and s.views and s.changed is None for s in found)
    assert [s.changed is not None for s in found].count(True) == 1


def test_steps_serve_more_than_once():
    function = case(f, A, 3).function
    steps = Steps(function)
    for copying in (None, frozenset()):
        alone, shared = Sites(function, copying), Sites(function, copying, steps)
        assert alone.found == shared.found
    assert Sites(function, None, steps).found == Sites(function).found
