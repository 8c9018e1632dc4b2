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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import graph_text
from .diagnostics import Diagnostic, SignatureError, Span, UnsupportedError
from .frontend.items import rebuild
from .gradient import Gradient, without_our_frames
from .graph_program import Program, gradients_of, inputs_of, is_probed, leaves_of, program_of
from .ir.core import Function, Operation, Value, hint, walk
from .ir.interpreter import Run
from .ir.types import Static
from .ops import evaluate
from .runtime.helpers import require_apart
from .transform.probes import is_look, probed_value

if TYPE_CHECKING:
    from .pictures.model import Picture

__all__ = ["Gate", "Graph", "lower", "no_run"]


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


class Graph:
    """What `lower` gives. The methods run the function; `gates` are those of the last run, in its
    order: a gate in a loop stands there once for each iteration, one on a side of a branch that
    wasn't taken doesn't. `parameters` are the numbers and arrays that the function is given, by
    `x`, or `params['w']`; `gradients` is what `backward` gives; `value` the function's."""

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
        self._program: Program | None = None
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
        program = program_of(self._of, arguments)
        self._program, self._run, self.gates, self._found = program, None, [], {}
        self.value, self.gradients = None, {}
        run = Run(program.made.functions, evaluate)
        run.values.update(inputs_of(program.lowered, self._of, arguments))
        for stored in program.stored:
            others = [v for v in program.function.parameters if v is not stored]
            require_apart(run.values[stored], [run.values[v] for v in others])
        self.parameters = {
            name: run.values[v] for v, name in program.names.items()
        }
        maker = _Maker(program.function, dict(program.names))
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
            raise no_run("to go back from")
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
            if is_probed(value) and gate.gradient is None:
                gate.gradient = _zero(gate.value)
                yield gate
        self.gradients = gradients_of(program, run)

    def svg(self, iteration: Sequence[int] = (), unroll: bool = False) -> str:
        """A picture of the last run, as SVG: each gate's value above its wire, its gradient below.

        iteration: the number of the iteration to show of a loop, of a loop inside of it, and so on,
        instead of the last; unroll: all of them. Raises SignatureError before the first run,
        ModuleNotFoundError without the extra `graph` (pygraphviz)."""
        from .pictures.svg import svg

        return svg(self._picture(iteration, unroll))

    def dot(self, iteration: Sequence[int] = (), unroll: bool = False) -> str:
        """The same as text for Graphviz, which needs no library here."""
        from .pictures.dot import dot

        return dot(self._picture(iteration, unroll))

    def mermaid(self, iteration: Sequence[int] = (), unroll: bool = False) -> str:
        """The same as text for Mermaid."""
        from .pictures.mermaid import mermaid

        return mermaid(self._picture(iteration, unroll))

    def _repr_svg_(self) -> str | None:
        """In notebooks: the last run, where there is one and it can be laid out."""
        try:
            return None if self._run is None else self.svg()
        except ModuleNotFoundError:
            return None

    def _picture(self, iteration: Sequence[int] = (), unroll: bool = False) -> Picture:
        from .pictures.build import picture_of_run

        return picture_of_run(self, iteration, unroll)

    def __str__(self) -> str:
        """A table: line, gate, expression, value, gradient."""
        return graph_text.aligned(self._rows())

    def _rows(self) -> list[list[str]]:
        return graph_text.rows_of(self.parameters, self._leaf_gradients(), self.gates)

    def __repr__(self) -> str:
        return f"<graph of {self._of.function.__qualname__}>"

    def _leaf_gradients(self) -> dict[str, Any]:
        """The gradients of the numbers and arrays among the arguments."""
        if self._program is None or not self.gradients:
            return {}
        found: dict[str, Any] = {}
        for name, item in self._program.lowered.arguments.items():
            if name in self.gradients:
                pairs = leaves_of(item, self.gradients[name])
                found |= {self._program.names[v]: gradient for v, gradient in pairs}
        return found


@without_our_frames
def lower(f: Callable[..., Any]) -> Graph:
    """The graph of a function: `forward` and `backward` run it gate by gate.

    f: what `grad` takes. It is read at the first forward run, for the kinds of arguments given
    there. Values and gradients are those of `grad(f, optimize=0)`.
    """
    return Graph(f)


def no_run(purpose: str) -> SignatureError:
    return SignatureError(
        Diagnostic(
            "graph", f"there is no complete forward run {purpose}.", "call forward(...) first."
        )
    )


@dataclass
class _Maker:
    """Makes gates of the operations that have run; `sources` tells where each value comes from:
    a gate, a parameter by name, a number."""

    function: Function
    sources: dict[Value, Any]

    def __post_init__(self) -> None:
        self.own = {v: op for op in walk(self.function.body) for v in op.results}
        self.texts = graph_text.expressions(self.function, self.sources)

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


def _zero(value: Any) -> Any:
    return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)


def _like(gradient: Any, value: Any) -> Any:
    """A Python float may stand for a NumPy scalar inside; never the other way for who looks."""
    if isinstance(value, np.generic):
        return value.dtype.type(gradient)
    return gradient

