"""The state of lowering one function: the block being built, the frames of inlined calls."""

from __future__ import annotations

import ast
import contextlib
import enum
import functools
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ..diagnostics import Diagnostic, Span, UnsupportedError
from ..ir.builder import Builder
from ..ir.core import Value
from ..ir.types import UNDEFINED, Scalar, Type
from ..ops import SPELLINGS, TABLE, OperationError, Tracer, UnfilledError
from .assigned import Syntax, local_names
from .instances import Instances
from .items import (
    UNBOUND,
    Ambiguous,
    BoundMethod,
    Instance,
    Item,
    Unfilled,
    in_words,
    is_constant,
    is_namedtuple,
    is_number,
    is_object,
)  # fmt: skip
from .jumps import Jumps
from .memory import Memory, has_memory
from .paths import ARGUMENT, Path, is_portable, lookup_path, namespace_value, path_order
from .rounds import Rounds
from .signature import Structure
from .source import FunctionSource

__all__ = [
    "ARGUMENT",
    "LOOP",
    "RECURSION",
    "Context",
    "Frame",
    "Growth",
    "NeedsUnrolling",
    "Path",
    "StaticNeeded",
    "is_portable",
    "lookup_path",
    "namespace_value",
    "path_order",
]

LOOP, RECURSION = "<loop>", "<recursion>"


class NeedsUnrolling(Exception):
    """A loop's variable is used where only a static value makes sense."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(path)


class Growth(Exception):
    """A list made at this place changes at run time: it has to be a value, of such elements."""

    def __init__(self, place: tuple[Any, ...], element: Type) -> None:
        self.place = place
        self.element = element
        super().__init__(place)


class StaticNeeded(Exception):
    """A run-time argument is used where only a static value makes sense: specialise its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(path)


@dataclass
class Frame:
    """One function being lowered: its names, and where it was called from. `bound`: by name, the
    expression that the last assignment gave it."""

    source: FunctionSource
    path: Path
    names: dict[str, Item]
    parent: Frame | None = None
    trail: tuple[Span, ...] = ()
    caller: Span | None = None  # in the function of the emitted text that this one becomes part of
    result_name: str | None = None
    inner: bool = False  # a comprehension's
    jumps: Jumps = field(default_factory=Jumps)
    bound: dict[str, ast.AST] = field(default_factory=dict)

    @functools.cached_property
    def own(self) -> set[str]:
        """The names that never mean anything outside."""
        return local_names(self.source.node)

    def find(self, name: str) -> Item:
        """A local name, here or in an enclosing function of the same source."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            if not frame.inner and name in frame.own:
                return UNBOUND
            frame = frame.parent
        raise KeyError(name)


@dataclass
class Capture:
    """A number, array or structure of them from outside: its item in the IR, its description."""

    path: Path
    name: str
    item: Item
    structure: Structure


@dataclass
class Context:
    """What all stages of lowering share."""

    root: types.FunctionType
    static_paths: frozenset[Path]
    parameters: frozenset[str] = frozenset()
    builder: Builder = field(default_factory=Builder)
    frames: list[Frame] = field(default_factory=list)
    captures: dict[Path, Capture] = field(default_factory=dict)
    guards: dict[Path, Any] = field(default_factory=dict)
    origins: dict[Value, Path] = field(default_factory=dict)
    constants: dict[Value, Any] = field(default_factory=dict)
    functions: list[types.FunctionType] = field(default_factory=list)
    sources: dict[types.FunctionType, FunctionSource] = field(default_factory=dict)
    gates: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    gates_within: list[Any] = field(default_factory=list)  # those being lowered
    gate_names: set[str] = field(default_factory=set)
    homes: dict[tuple[int, str], Path] = field(default_factory=dict)
    found: dict[int, Path] = field(default_factory=dict)
    objects: dict[Path, Instance] = field(default_factory=dict)
    loops: list[str | None] = field(default_factory=list)
    growing: Mapping[tuple[Any, ...], Type] = field(default_factory=dict)
    lists: dict[Value, tuple[Any, ...]] = field(default_factory=dict)
    rounds: Rounds = field(default_factory=Rounds)
    running: list[Value] = field(default_factory=list)  # lists that a loop runs over
    short: set[Path] = field(default_factory=set)  # loops whose ranges are known
    syntax: Syntax = field(default_factory=Syntax)
    changes: int = 0  # of lists and dicts that are structures
    memory: Memory = field(default_factory=Memory)
    instances: Instances = field(default_factory=Instances)
    derive: Any = None  # differentiates what is lowered apart: see `derived_calls`
    # Local variables that are differentiated by; see `variables`.
    last_changes: Mapping[ast.AST, Sequence[str]] = field(default_factory=dict)
    variables: dict[str, Item] = field(default_factory=dict)
    variables_memory: dict[Value, tuple[Value, Value]] = field(default_factory=dict)
    # The names that the results of a call are unpacked to.
    unpacked: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict)
    # What was refused so far; see `problems`.
    problems: list[Diagnostic] = field(default_factory=list)
    # The same of lists that nothing was put into: for what else was refused, as a rule.
    unfilled: list[Diagnostic] = field(default_factory=list)
    # Effects: static arguments by name and the values of those that are shown; exceptions made;
    # the call whose result is not used; the call that is raised; calls that can't be looked into.
    given: dict[str, Any] = field(default_factory=dict)
    live: dict[str, Value] = field(default_factory=dict)
    exceptions: set[Value] = field(default_factory=set)
    generators: dict[Value, type] = field(default_factory=dict)  # of random numbers
    # Whether what is inlined next becomes a function by itself, which nothing is around.
    apart: bool = False
    bare: ast.AST | None = None
    raised: ast.AST | None = None
    opaque: list[tuple[Path | None, Span, tuple[Span, ...]]] = field(default_factory=list)

    @functools.cached_property
    def marked(self) -> frozenset[str]:
        """The local variables that are differentiated by."""
        return frozenset(name for names in self.last_changes.values() for name in names)

    @property
    def frame(self) -> Frame:
        """The function whose body is being lowered."""
        return self.frames[-1]

    @property
    def function_names(self) -> dict[str, Item]:
        """The names of the function around, also from inside of a comprehension."""
        frame = self.frame
        while frame.inner and frame.parent is not None:
            frame = frame.parent
        return frame.names

    @contextlib.contextmanager
    def within(self, frame: Frame) -> Iterator[None]:
        """Inside an inlined call, or a comprehension."""
        self.frames.append(frame)
        try:
            yield
        finally:
            self.frames.pop()

    @contextlib.contextmanager
    def looping(self, index: str | None = None) -> Iterator[None]:
        """Inside a loop, whose places have this name."""
        self.loops.append(index)
        try:
            yield
        finally:
            self.loops.pop()

    def span(self, node: ast.AST) -> Span:
        return self.frame.source.span(node, self.frame.caller)

    def refuse(self, node: ast.AST, code: str, reason: str, advice: str) -> NoReturn:
        """Stop with a diagnostic that points at the node."""
        raise UnsupportedError(
            Diagnostic(code, reason, advice, self.span(node), self.frame.trail)
        )

    def refuse_operation(self, node: ast.AST, error: OperationError) -> NoReturn:
        """What the table refuses, as a diagnostic at the node."""
        kind = Unfilled if isinstance(error, UnfilledError) else UnsupportedError
        told = f"{error.reason}.", f"{error.advice}."
        raise kind(Diagnostic("operation", *told, self.span(node), self.frame.trail)) from None

    def note(self, error: UnsupportedError) -> None:
        """Lowering goes on after what was refused."""
        kept = self.unfilled if isinstance(error, Unfilled) else self.problems
        kept.extend(error.diagnostics)

    def refused(self) -> tuple[int, int]:
        """How much was refused so far."""
        return len(self.problems), len(self.unfilled)

    def forget(self, since: tuple[int, int]) -> None:
        """What was refused since then is lowered in another way."""
        del self.problems[since[0] :], self.unfilled[since[1] :]

    @property
    def tracer(self) -> Tracer:
        return Tracer(self.builder, TABLE, SPELLINGS, constants=self.constants)

    def emit(
        self, node: ast.AST, opcode: str, operands: Sequence[Item], attributes: dict[str, Any],
        name: str | None = None,
    ) -> Value:  # fmt: skip
        """Append one operation with one result."""
        (result,) = self.emit_all(node, opcode, operands, attributes, name)
        return result

    def emit_all(
        self, node: ast.AST, opcode: str, operands: Sequence[Item], attributes: dict[str, Any],
        name: str | None = None,
    ) -> tuple[Value, ...]:  # fmt: skip
        """Append one operation; what the table refuses becomes a diagnostic at the node.

        Several results are called as the names that the call is unpacked to.
        """
        entry = TABLE[opcode]
        values = [self.lift(item, node) for item in operands]
        self.builder.span = self.span(node)
        try:
            types_ = entry.types([v.type for v in values], attributes)
        except OperationError as error:
            unfilled = any(v.type == UNDEFINED for v in values)
            self.refuse_operation(node, UnfilledError() if unfilled else error)
        names: Sequence[str | None] = (name,)
        if len(types_) > 1:
            unpacked = self.unpacked.get(node, ())
            names = unpacked if len(unpacked) == len(types_) else entry.results
        results = self.builder.emit_all(opcode, values, types_, names, attributes)
        self.memory.note(self.builder.operations[-1], operands)
        return results

    def lift(self, item: Item, node: ast.AST, name: str | None = None) -> Value:
        """An item as one value: numbers become constants, lists of numbers arrays."""
        if isinstance(item, Value):
            return self.read(item, node)
        self.builder.span = self.span(node)
        if is_number(item):
            value = self.builder.constant(item, name)
            self.constants[value] = item
            return value
        if isinstance(item, np.generic):
            return self.lift(item.item(), node, name)
        if isinstance(item, enum.IntEnum):
            return self.lift(int(item), node, name)
        if isinstance(item, (list, tuple)) and item:
            from ..ops.creation import bind_array

            operands, attributes = bind_array(item)
            return self.emit(node, "array", operands, attributes, name)
        return self.refuse_item(item, node)

    def settled(self, item: Item, node: ast.AST) -> Item:
        """A part of what a gate is given, or returns: numbers and arrays as values, the rest as
        it is."""
        number = isinstance(item, (int, float, complex, np.generic))
        return item if is_constant(item) and not number else self.lift(item, node)

    def read(self, item: Value, node: ast.AST) -> Value:
        """What a value's object holds now."""
        if not has_memory(item):
            return item
        self.check_readable(item, node)
        self.builder.span = self.span(node)
        return self.memory.current(item, self.builder)

    def check_readable(self, item: Value, node: ast.AST) -> None:
        """Refuse to read what a store through another name may have changed."""
        if self.memory.is_lost(item):
            self.refuse(
                node, "alias", self.lost_reason(item),
                "copy it before the store (.copy()), or read it through the array stored into.",
            )  # fmt: skip

    @staticmethod
    def lost_reason(item: Value) -> str:
        """Why an array can't be read any more."""
        told = f"`{item.name}`" if isinstance(item.name, str) else "this array"
        return (
            f"{told} may share memory with an array that was stored into since, or not: that"
            " depends on what happens at run time."
        )

    def refuse_unbound(self, node: ast.AST, name: str) -> NoReturn:
        self.refuse(
            node, "unbound", f"`{name}` is read before anything is assigned to it.",
            f"give `{name}` a value beforehand, also before a loop that assigns it.",
        )  # fmt: skip

    def refuse_item(self, item: Item, node: ast.AST) -> NoReturn:
        match item:
            case Ambiguous(reason):
                self.refuse(node, "ambiguous", reason, "give the two paths different names.")
            case _ if item is UNBOUND:
                self.refuse(
                    node, "unbound", "this name is read before anything is assigned to it.",
                    "assign it on every path that leads here.",
                )  # fmt: skip
            case BoundMethod(_, name):
                reason = f"the method `{name}` is used without being called."
            case _:
                reason = f"{in_words(item)} stands where a number or an array is needed."
        self.refuse(node, "not-a-value", reason, "pass a number or an array.")

    def static(
        self, item: Item, node: ast.AST, what: str,
        advice: str = "use a literal, a module constant, or an argument as it was passed.",
    ) -> Any:  # fmt: skip
        """An item as a static Python object, or the argument it comes from is specialised."""
        if is_object(item):
            self.refuse(
                node, "not-static", f"{what} can't be {in_words(item)}.",
                "use a number, a string, or a tuple of these.",
            )  # fmt: skip
        if is_namedtuple(item):
            return type(item)(*[self.static(part, node, what) for part in item])
        if isinstance(item, (tuple, list)):
            kind = tuple if isinstance(item, tuple) else list
            return kind(self.static(part, node, what) for part in item)
        if isinstance(item, (np.generic, np.ndarray)) and not item.ndim:
            return item.item()
        if not isinstance(item, Value):
            return int(item) if isinstance(item, enum.IntEnum) else item
        if item in self.constants:
            return self.constants[item]
        if isinstance(item.type, Scalar) and isinstance(item.type.size, int):
            return item.type.size
        origin = self.origins.get(item)
        if origin is not None:
            raise (NeedsUnrolling if origin[0] == LOOP else StaticNeeded)(origin)
        return self.refuse(
            node, "not-static", f"{what} must be known when the function is compiled.", advice
        )

    def undefined(self) -> Value:
        return self.builder.emit("undefined", (), UNDEFINED)
