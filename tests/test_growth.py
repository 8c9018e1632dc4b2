"""Compiling takes time in proportion to the program, whatever the program is long in.

Time is counted in calls of Python and C functions, which doesn't depend on the machine: four times
the statements may take 4.6 times the calls. Regions in regions may cost their depth, no power of 2.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

from adcompiler import AdcompilerError, grad, hvp
from tests.benchmarks.programs import (
    branches,
    calls_in_loops,
    carries,
    chains,
    early_returns,
    elements,
    helpers,
    layers,
    literal,
    loops,
    many_loops,
    one_expression,
    parameters,
    stored_loops,
    stores,
    straight_line,
    variables,
)


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """How many calls it takes to compile the function of a text, cold."""
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    count = 0

    def measure(text: str, *arguments: Any, take: Any = grad) -> int:
        nonlocal count
        count += 1
        path = tmp_path / f"source_{count}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return calls_of(lambda: take(module.loss).source(*arguments))

    measure(straight_line(5), 0.5, 0.25, 0.125)  # imports what is imported lazily
    return measure


def calls_of(run: Any) -> int:
    found = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    gc.disable()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return found


NUMBERS = (0.5, 0.25, 0.125)
A = np.ones(3)


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (straight_line, lambda n: NUMBERS),
        (variables, lambda n: NUMBERS),
        (branches, lambda n: NUMBERS),
        (stores, lambda n: (A, A)),
        (helpers, lambda n: NUMBERS),
        (many_loops, lambda n: NUMBERS),
        (carries, lambda n: NUMBERS),
        (one_expression, lambda n: NUMBERS),
        (literal, lambda n: NUMBERS),
        (parameters, lambda n: (0.5,) * n),
        (layers, lambda n: ([(A, A)] * n, A)),
        (elements, lambda n: ({f"k{k}": A for k in range(n)}, A)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_linear(compiled, make, arguments):
    small, large = (compiled(make(n), *arguments(n)) for n in (40, 160))
    assert large <= 4.6 * small


def test_a_chain_of_branches(compiled):
    """Each stands in the one before, and what is asked of it is asked once, not at every level."""
    small, large = (compiled(chains(n), *NUMBERS) for n in (20, 80))
    assert large <= 4.6 * small


def test_second_order_is_linear(compiled):
    def second(f):
        return grad(grad(f))

    for take in (second, hvp):
        small, large = (compiled(straight_line(n), *NUMBERS, take=take) for n in (40, 160))
        assert large <= 4.6 * small


@pytest.mark.parametrize("make", [loops, stored_loops, calls_in_loops])
def test_nesting_costs_no_power_of_its_depth(compiled, make):
    """Another level costs at most a little more than the one before."""
    found = [compiled(make(depth), *NUMBERS) for depth in (2, 4, 8)]
    assert found[2] <= 5 * found[1]


@pytest.mark.parametrize(("make", "n"), [(one_expression, 1000), (helpers, 3000)])
def test_deep_programs_compile(tmp_path, make, n):
    """Deeper than Python's own recursion limit."""
    path = tmp_path / "deep.py"
    path.write_text(make(n))
    spec = importlib.util.spec_from_file_location("deep", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    limit = sys.getrecursionlimit()
    found = grad(module.loss)(*NUMBERS)
    assert sys.getrecursionlimit() == limit
    h = 1e-6
    above, below = (module.loss(NUMBERS[0] + d, *NUMBERS[1:]) for d in (h, -h))
    assert found == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-6)


def test_what_python_cannot_nest_is_refused(tmp_path):
    path = tmp_path / "early.py"
    path.write_text(early_returns(120))
    spec = importlib.util.spec_from_file_location("early", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(AdcompilerError) as caught:
        grad(module.loss)(*NUMBERS)
    assert caught.value.diagnostics[0].code == "nested-too-deeply"
