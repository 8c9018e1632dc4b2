"""`lower`: a function as its graph, gate by gate, forwards and backwards.

>>> def f(w, x):
...     s = w * x
...     return s * s
>>> graph = lower(f)
>>> graph.forward(2.0, 3.0)
36.0
>>> graph.backward()
{'w': 36.0, 'x': 24.0}
>>> for gate in graph.gates:
...     print(gate.name, gate.operation, [str(part) for part in gate.inputs], gate.gradient)
s mul ['w', 'x'] 12.0
s0 mul ['s', 's'] 1.0

Forwards the interpreter runs the function's SSA. Backwards it runs what reverse mode has made of
that, with a probe at each gate: nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import graph_text
from .api import Gradient, without_our_frames
from .codegen.sites import stored_parameters
from .diagnostics import Diagnostic, SignatureError, Span, UnsupportedError
from .frontend.items import Item, Record, leaves, rebuild
from .frontend.lower import Lowered
from .frontend.paths import lookup_path
from .frontend.signature import abstract
from .ir.core import Function, Operation, Value, hint, on_all, walk
from .ir.interpreter import Run
from .ir.types import Array, Scalar, Static, is_differentiable
from .modes import with_temporaries
from .ops import evaluate
from .pipeline import legalised, lower_settled
from .refusals import check_complex, check_result
from .runtime.helpers import require_apart
from .transform.probes import is_look, probed, probed_value
from .transform.reverse import reverse

__all__ = ["Gate", "Graph", "lower"]


@dataclass(eq=False)
class Gate:
    """One step of a run: `name` is the variable's, or s0, s1, ...; `operation` its name in the IR.

    `inputs` are gates, names of parameters, and numbers; `expression` is the step as Python text;
    `span` its place in the source. `iteration` numbers the iterations of the loops around from 0,
    outermost first. `value` is there once the gate has run; `gradient`, of the value's shape, once
    the backward part has come to it: None before, and for what is no float.
    """

    name: str
    operation: str
    inputs: tuple[Gate | str | Any, ...]
    expression: str
    span: Span | None
    iteration: tuple[int, ...]
    value: Any
    gradient: Any = None

    @property
    def line(self) -> int | None:
        """The line of the source."""
        return None if self.span is None else self.span.line

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<gate {self.name} = {self.expression}>"


@dataclass(frozen=True)
class _Program:
    """The function and its gradient in SSA: operations of the forward part and of the backward
    part, which gives the gradients of `wrt`. `stored`: the arguments that the function stores into.
    `refused`: why it has no gradient."""

    lowered: Lowered
    function: Function
    made: Function
    forward: Sequence[Operation]
    backward: Sequence[Operation]
    wrt: Sequence[Value]
    stored: Sequence[Value]
    refused: UnsupportedError | None


class Graph:
    """What `lower` gives. The methods run the function; `gates` are those of the last run, in its
    order: a gate in a loop stands there once for each iteration, one on a side of a branch that
    wasn't taken doesn't. `parameters` are the numbers and arrays among the arguments, by name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        if isinstance(function, Gradient):
            raise UnsupportedError(
                Diagnostic(
                    "derivative", f"{function!r} has no text that is read.",
                    "call it in a function of your own, and lower that.",
                )
            )  # fmt: skip
        self._of = Gradient(function)
        self.gates: list[Gate] = []
        self.parameters: dict[str, Any] = {}
        self.gradients: dict[str, Any] = {}
        self.value: Any = None
        self._program: _Program | None = None
        self._run: Run | None = None
        self._found: dict[tuple[Value, tuple[int, ...]], Gate] = {}

    @without_our_frames
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function; gives its value. Raises what `grad` raises, and what the function
        raises: `gates` are then those that have run."""
        for _ in self.forward_steps(*args, **kwargs):
            pass
        return self.value

    def forward_steps(self, *args: Any, **kwargs: Any) -> Iterator[Gate]:
        """Run the function a gate at a time."""
        arguments = self._of._bind(args, kwargs)
        program = _program(self._of, arguments)
        self._program, self._run, self.gates, self._found = program, None, [], {}
        self.value, self.gradients = None, {}
        run = Run(program.made.functions, evaluate)
        run.values.update(_inputs(program.lowered, self._of, arguments))
        for stored in program.stored:
            others = [v for v in program.function.parameters if v is not stored]
            require_apart(run.values[stored], [run.values[v] for v in others])
        self.parameters = {
            str(hint(v)): run.values[v] for v in program.function.parameters
        }
        maker = _Maker(program.function)
        for op, results, handed in run.steps(program.forward):
            for gate, value in maker.made(op, results, handed, run.place):
                self.gates.append(gate)
                self._found[value, run.place] = gate
                yield gate
        values = iter(program.made.results)
        self.value = rebuild(
            program.lowered.result,
            lambda leaf: run.values[next(values)] if isinstance(leaf, Value) else leaf,
        )
        self._run = run

    @without_our_frames
    def backward(self, seed: Any = 1.0) -> dict[str, Any]:
        """Run backwards from the last forward run; gives the gradients of the parameters, by name,
        in their structures. seed: the gradient of the value. Raises UnsupportedError where the
        function has no gradient, SignatureError where no forward run is complete."""
        for _ in self.backward_steps(seed):
            pass
        return self.gradients

    def backward_steps(self, seed: Any = 1.0) -> Iterator[Gate]:
        """Run backwards, a gate at a time, each where its gradient is complete. Gates that the
        value doesn't depend on come last, with a gradient of 0."""
        program = self._program
        if program is None or self._run is None:
            raise SignatureError(
                Diagnostic(
                    "graph", "there is no complete forward run to go back from.",
                    "call forward(...) first.",
                )
            )  # fmt: skip
        if program.refused is not None:
            raise program.refused
        for gate in self.gates:
            gate.gradient = None
        run = Run(program.made.functions, evaluate)
        run.values = {**self._run.values, program.made.parameters[-1]: float(seed)}
        for op, _, _ in run.steps(program.backward):
            probed_one = probed_value(op)
            if probed_one is not None:
                gate = self._found[probed_one, run.place]
                gate.gradient = _like(run.values[op.operands[0]], gate.value)
                yield gate
        for (value, _), gate in self._found.items():
            if _is_probed(value) and gate.gradient is None:
                gate.gradient = _zero(gate.value)
                yield gate
        self.gradients = _gradients(program, run)

    def __str__(self) -> str:
        """A table: line, gate, expression, value, gradient."""
        return graph_text.table(self.parameters, self._leaf_gradients(), self.gates)

    def __repr__(self) -> str:
        return f"<graph of {self._of.function.__qualname__}>"

    def _leaf_gradients(self) -> dict[str, Any]:
        """The gradients of the numbers and arrays among the arguments, by name."""
        if self._program is None or not self.gradients:
            return {}
        found: dict[str, Any] = {}
        for name, item in self._program.lowered.arguments.items():
            if name in self.gradients:
                pairs = _leaves(item, self.gradients[name])
                found |= {str(hint(v)): gradient for v, gradient in pairs}
        return found


@without_our_frames
def lower(f: Callable[..., Any]) -> Graph:
    """The graph of a function: `forward` and `backward` run it gate by gate.

    f: what `grad` takes. It is read at the first forward run, for the kinds of arguments given
    there. Values and gradients are those of `grad(f, optimize=0)`.
    """
    return Graph(f)


def _program(of: Gradient, arguments: Mapping[str, Any]) -> _Program:
    structures = {name: abstract(value, name) for name, value in arguments.items()}
    lowered, _ = lower_settled(
        of.function, structures, lambda path: lookup_path(of.function, path, arguments)
    )
    function = on_all(with_temporaries, lowered.function)
    wrt = [v for v in function.parameters if is_differentiable(v.type)]
    stored = stored_parameters(function)
    try:
        check_result(lowered, function)
        check_complex(function, wrt)
        return _with_backward(lowered, function, wrt, stored)
    except UnsupportedError as refused:
        body = function.body.operations
        return _Program(lowered, function, function, body, (), wrt, stored, refused)


def _with_backward(
    lowered: Lowered, function: Function, wrt: Sequence[Value], stored: Sequence[Value]
) -> _Program:
    """The function with its gradient, and a probe at every gate."""
    steps = [op for op in walk(function.body) if not op.blocks and not is_look(op)]
    gates = {v for op in steps for v in op.results if _is_probed(v)}
    instrumented = probed(function, gates)
    found = reverse(instrumented, wrt, f"{function.name}_grad", value=True, seen=gates)
    made = legalised(found, 0)
    own = {v for op in instrumented.body.operations for v in op.results}
    operations = made.body.operations
    last = [
        k for k, op in enumerate(operations)
        if op in instrumented.body.operations or own.intersection(op.results)
    ]  # fmt: skip
    count = max(last, default=-1) + 1
    return _Program(
        lowered, function, made, operations[:count], operations[count:], wrt, stored, None
    )


def _is_probed(value: Value) -> bool:
    named = hint(value) is not None
    return named and is_differentiable(value.type) and isinstance(value.type, (Scalar, Array))


@dataclass
class _Maker:
    """Makes gates of the operations that have run; `sources` tells where each value comes from:
    a gate, a parameter by name, a number."""

    function: Function
    sources: dict[Value, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.own = {v: op for op in walk(self.function.body) for v in op.results}
        self.texts = graph_text.expressions(self.function)

    def made(
        self, op: Operation, results: Sequence[Any] | None,
        handed: Sequence[tuple[Value, Value]], place: tuple[int, ...],
    ) -> Iterator[tuple[Gate, Value]]:  # fmt: skip
        """The gates that the operation's results are."""
        found = {to: self.source(of) for of, to in handed}
        self.sources.update(found)
        if results is None or op.blocks:
            return
        if is_look(op):
            self.sources[op.result] = self.source(op.operands[0])
            return
        inputs = tuple(map(self.source, op.operands))
        for value, result in zip(op.results, results, strict=True):
            self.sources[value] = result
            if value in self.own and hint(value) is not None and _is_step(value):
                # Reverse mode may have given it further results.
                op = self.own[value]
                gate = Gate(
                    str(hint(value)), graph_text.operation_name(op), inputs, self.texts[op.results],
                    op.span, place, result,
                )  # fmt: skip
                self.sources[value] = gate
                yield gate, value

    def source(self, value: Value) -> Any:
        return self.sources.get(value, hint(value))


def _is_step(value: Value) -> bool:
    return not isinstance(value.type, Static)


def _inputs(
    lowered: Lowered, of: Gradient, arguments: Mapping[str, Any]
) -> Iterator[tuple[Value, Any]]:
    """What the function's parameters in SSA stand for: parts of arguments, and what is outside."""
    for name, item in lowered.arguments.items():
        yield from _leaves(item, arguments[name])
    for capture in lowered.captures:
        yield from _leaves(capture.item, lookup_path(of.function, capture.path, arguments))


def _leaves(item: Item, value: Any) -> Iterator[tuple[Value, Any]]:
    match item:
        case Value():
            yield item, value
        case tuple() | list():
            for part, inner in zip(item, value, strict=True):
                yield from _leaves(part, inner)
        case dict():
            for key, part in item.items():
                yield from _leaves(part, value[key])
        case Record(_, fields):
            for key, part in fields.items():
                yield from _leaves(part, getattr(value, key))


def _gradients(program: _Program, run: Run) -> dict[str, Any]:
    """By parameter: the structure of its floats' gradients, None for what is no float."""
    count = len(program.function.results)
    found = program.made.results[count : count + len(program.wrt)]
    by_value = {v: run.values[g] for v, g in zip(program.wrt, found, strict=True)}
    gradients = {}
    for name, item in program.lowered.arguments.items():
        if any(leaf in by_value for leaf in leaves(item) if isinstance(leaf, Value)):
            gradients[name] = rebuild(
                item, lambda leaf: by_value.get(leaf) if isinstance(leaf, Value) else None
            )
    return gradients


def _zero(value: Any) -> Any:
    return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)


def _like(gradient: Any, value: Any) -> Any:
    """A Python float may stand for a NumPy scalar inside; never the other way for who looks."""
    if isinstance(value, np.generic):
        return value.dtype.type(gradient)
    return gradient

