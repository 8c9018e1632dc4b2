"""The race: the gradient of each kernel by us, by hand, and by each peer that is installed.

python -m tests.benchmarks peers                  every kernel; a table and its plot
python -m tests.benchmarks peers --only MLP       the kernels whose names hold this
python -m tests.benchmarks peers --quick          fewer rounds
python -m tests.benchmarks peers --output docs    write docs/performance.md and its plot, too

All are first shown to agree; then they take turns, on one thread, and ratios are of one turn. A
kernel on which one differs is left out, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import statistics
import time
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adcompiler import grad
from adcompiler.gradient import Gradient
from tests.benchmarks.kernel import PEERS, Build, Kernel
from tests.benchmarks.kernels import KERNELS
from tests.benchmarks.measure import Repeated, Spread, peak, samples

__all__ = ["Peer", "Row", "agree", "emitted", "leaves", "main", "race"]

TOLERANCE = 1e-8
SAMPLE = 0.02  # seconds that a peer's sample lasts, where it can make that many calls
BUDGET = 1.0  # seconds for each peer, after which it sits out


@dataclass(frozen=True)
class Peer:
    """Ratios to ours, or why there are none."""

    time: Spread | None = None
    first: float = 0.0
    missing: str = ""


@dataclass(frozen=True)
class Row:
    """What was measured of a kernel; seconds per call, bytes, and ratios in one turn.

    by_hand: the emitted text over the text by hand, neither with a call through `grad`.
    call: what the way from the user's call to the emitted text costs.
    function: ours over the function. peers: each over ours.
    """

    name: str
    seconds: float
    first: float
    call: float
    by_hand: Spread
    function: Spread
    peak: float
    peak_by_hand: float
    peers: Mapping[str, Peer] = field(default_factory=dict)


def leaves(result: Any) -> Iterator[np.ndarray]:
    """The arrays of a gradient in order, those of a dict by key.

    >>> [leaf.tolist() for leaf in leaves({"b": 2.0, "a": ([1.0, 3.0],)})]
    [1.0, 3.0, 2.0]
    """
    if isinstance(result, Mapping):
        result = [result[key] for key in sorted(result)]
    if isinstance(result, tuple | list):
        for item in result:
            yield from leaves(item)
    else:
        yield np.asarray(result, float)


def agree(kernel: str, who: str, found: Any, expected: Any) -> None:
    """Raise AssertionError unless each leaf is within `TOLERANCE` of the expected one's scale.

    A peer may return all in one flat array."""
    flat = np.concatenate([leaf.ravel() for leaf in leaves(found)])
    shapes = [leaf.shape for leaf in leaves(expected)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    if len(flat) != sum(sizes):
        raise AssertionError(f"{kernel}: {who} gives {len(flat)} numbers, not {sum(sizes)}")
    ends = np.cumsum(sizes)
    for number, (leaf, end) in enumerate(zip(leaves(expected), ends)):
        part = flat[end - leaf.size : end]
        scale = np.max(np.abs(leaf), initial=0.0) or 1.0
        error = np.max(np.abs(part - leaf.ravel()), initial=0.0) / scale
        if not error <= TOLERANCE:
            raise AssertionError(f"{kernel}: {who} is off by {error:.1e} in part {number}")


def race(kernel: Kernel, rounds: int) -> Row:
    """Verify, then measure. Raises AssertionError where a gradient isn't that of the text by
    hand."""
    arguments = kernel.arguments()
    ours = grad(kernel.function, kernel.wrt, optimize=kernel.optimize)
    expected = kernel.by_hand(*arguments)
    agree(kernel.name, "ours", ours(*arguments), expected)
    text = emitted(ours, arguments)
    calls, found = _installed(kernel, expected)

    candidates = {
        "ours": Repeated(lambda: ours(*arguments), kernel.calls),
        "text": Repeated(lambda: text(*arguments), kernel.calls),
        "by hand": Repeated(lambda: kernel.by_hand(*arguments), kernel.calls),
        "function": Repeated(lambda: kernel.function(*_copied(arguments)), kernel.calls),
    }
    counts = {name: _count(call, kernel.calls) for name, call in calls.items()}
    candidates |= {name: Repeated(call, counts[name]) for name, call in calls.items()}
    times = samples(candidates, rounds, BUDGET)
    own = [seconds / kernel.calls for seconds in times["ours"]]

    text_times = [seconds / kernel.calls for seconds in times["text"]]

    def over_ours(name: str) -> Spread:
        return Spread.of([t / counts[name] / own[k] for k, t in enumerate(times[name])])

    def ratio(of: str, over: str) -> Spread:
        return Spread.of([a / b for a, b in zip(times[of], times[over])])

    for name in calls:
        found[name] = Peer(over_ours(name), _first_call(kernel.peers[name]))
    return Row(
        f"{kernel.name} (-O2)" if kernel.optimize == 2 else kernel.name,
        statistics.median(own), _our_first_call(kernel, arguments),
        statistics.median(a - b for a, b in zip(own, text_times)), ratio("text", "by hand"),
        ratio("ours", "function"), peak(lambda: ours(*arguments)),
        peak(lambda: kernel.by_hand(*arguments)), found,
    )  # fmt: skip


def emitted(gradient: Gradient, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The emitted function itself, as its module stands on its own."""
    namespace: dict[str, Any] = {}
    exec(compile(gradient.module(*arguments), "<emitted>", "exec"), namespace)
    function: Callable[..., Any] = namespace[f"{gradient.__name__}_grad"]
    return function


def _installed(
    kernel: Kernel, expected: Any
) -> tuple[dict[str, Callable[[], Any]], dict[str, Peer]]:
    """The calls of the peers that can be imported, each verified, and why the others can't."""
    calls, missing = {}, {}
    for name in PEERS:
        if name in kernel.left_out:
            missing[name] = Peer(missing=kernel.left_out[name])
        elif name in kernel.peers:
            try:
                call = kernel.peers[name]()
            except ImportError:
                missing[name] = Peer(missing="not installed")
                continue
            agree(kernel.name, name, call(), expected)
            calls[name] = call
    return calls, missing


def _our_first_call(kernel: Kernel, arguments: tuple[Any, ...]) -> float:
    def first() -> Callable[[], Any]:
        f = kernel.function
        fresh = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__,
                                   f.__closure__)  # fmt: skip
        compiled = grad(fresh, kernel.wrt, optimize=kernel.optimize)
        return lambda: compiled(*arguments)

    return _first_call(first)


def _first_call(build: Build) -> float:
    """The median seconds until the first gradient is there, imports not counted."""
    times = []
    for _ in range(3):
        start = time.process_time()
        build()()
        times.append(time.process_time() - start)
        if sum(times) > BUDGET:
            break
    return statistics.median(times)


def _copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """A function that stores into its argument is timed with a copy, as its gradient makes one."""
    small = 100_000
    return tuple(a.copy() if isinstance(a, np.ndarray) and a.size < small else a for a in arguments)


def _count(call: Callable[[], Any], at_most: int) -> int:
    start = time.process_time()
    call()
    return max(1, min(at_most, int(SAMPLE / max(time.process_time() - start, 1e-9))))


def main(arguments: list[str]) -> None:
    from tests.benchmarks.report import write

    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tests.benchmarks peers", None, __doc__, formatter_class=raw)
    parser.add_argument("--only", default="", metavar="NAME", help="a part of a kernel's name")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the table and the plot")
    options = parser.parse_args(arguments)
    rounds = 5 if options.quick else 15
    rows, wrong = [], []
    for kernel in KERNELS:
        if options.only in kernel.name:
            try:
                rows.append(race(kernel, rounds))
            except AssertionError as error:
                wrong.append(str(error))
            print(kernel.name, flush=True)
    write(rows, options.output, rounds)
    raise SystemExit("\n".join(wrong) or 0)
