"""The race against the peers: its kernels agree with the text by hand, its report renders."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from adcompiler import grad
from adcompiler.optimize import PASSES
from tests.benchmarks.kernel import PEERS, Kernel
from tests.benchmarks.kernels import KERNELS
from tests.benchmarks.limits import JITTED
from tests.benchmarks.measure import Repeated, Spread, samples
from tests.benchmarks.page import renewed
from tests.benchmarks.passes import table, without_each
from tests.benchmarks.peers import Peer, Row, agree, leaves, race
from tests.benchmarks.report import figures, report


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_a_kernel_agrees_with_its_text_by_hand(kernel):
    arguments = kernel.arguments()
    before = [leaf.copy() for leaf in leaves(arguments)]
    expected = kernel.by_hand(*arguments)
    found = grad(kernel.function, kernel.wrt, optimize=kernel.optimize)(*arguments)
    agree(kernel.name, "ours", found, expected)
    for old, new in zip(before, leaves(arguments)):
        np.testing.assert_array_equal(old, new)


def test_peers_have_names_of_columns():
    for kernel in KERNELS:
        assert {*kernel.peers, *kernel.left_out} <= set(PEERS)
        assert not set(kernel.peers) & set(kernel.left_out)
    assert len({kernel.name for kernel in KERNELS}) == len(KERNELS)


def test_limits_are_of_kernels_that_are_there():
    for key in JITTED:
        assert any(kernel.name.startswith(key) for kernel in KERNELS), key


def square(x):
    return x * x


def absent():
    import a_module_that_nobody_has  # noqa: F401


SQUARE = Kernel("square", square, lambda: (3.0,), lambda x: 2 * x)


def test_a_race_leaves_out_who_is_not_installed():
    kernel = dataclasses.replace(
        SQUARE, peers={"jax": absent, "torch": lambda: lambda: 6.0}, left_out={"casadi": "too old"}
    )
    row = race(kernel, 3)
    assert row.peers["jax"].missing == "not installed"
    assert row.peers["casadi"].missing == "too old"
    assert row.peers["torch"].time is not None
    text = report([row])
    assert "- square, without jax: not installed." in text
    assert "- square, without casadi: too old." in text


@pytest.mark.parametrize("wrong", [6.0 + 1e-6, float("nan"), (6.0, 0.0)])
def test_a_race_stops_where_a_peer_differs(wrong):
    kernel = dataclasses.replace(SQUARE, peers={"torch": lambda: lambda: wrong})
    with pytest.raises(AssertionError, match="square: torch"):
        race(kernel, 3)


def test_limits_are_met_or_missed():
    peers = {
        "torch": Peer(Spread(2.0, 1.9, 2.1), 1.0), "jax jit": Peer(Spread(0.5, 0.4, 0.6), 4.0),
        "casadi": Peer(Spread(0.2, 0.2, 0.2), 1.0),
    }  # fmt: skip
    hand, function = Spread(1.2, 1.1, 1.3), Spread(2.0, 2.0, 2.0)
    row = Row("jacobi_2d", 1e-3, 0.5, 1e-6, hand, function, 1e6, 1e6, peers)
    verdicts = {what: verdict for _, what, _, _, verdict in figures([row])}
    assert verdicts == {
        "by hand (the text)": "**missed**", "the function": "met", "torch": "met",
        "jax jit": "**missed**", "jax jit's first call (our compilation)": "**missed**",
    }  # fmt: skip


def test_a_page_keeps_what_stands_around_a_part():
    page = f"Before.\n\n{renewed('', 'peers', 'A table.')}\nBetween.\n"
    page = f"{renewed(page, 'passes', 'Another.')}\nAfter.\n"
    assert renewed(page, "peers", "A table.") == page
    assert renewed(page, "peers", "New.") == page.replace("A table.", "New.")
    assert renewed(page, "passes", "New.") == page.replace("Another.", "New.")


def test_a_pass_is_timed_where_the_text_changes():
    row = without_each(SQUARE, 1)
    assert row.name == "square" and row.ratios.keys() <= PASSES.keys()
    text = table([row])
    assert text.splitlines()[2].startswith("| square |")


def test_a_sample_of_repeated_calls_follows_one_that_isnt_timed():
    seen = []
    times = samples({"a": Repeated(lambda: seen.append("a"), 2), "b": lambda: seen.append("b")}, 2)
    assert seen == ["b", "a", "a", "a", "a", "a", "a", "b"]
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 2, "b": 2}
