"""The stages in order: lower, differentiate, optimise, legalise, emit.

    source text -> ast -> structured SSA -> reverse -> optimise -> legalise saves -> ast -> text
"""

from __future__ import annotations

import ast
import inspect
import os
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import optimize
from .codegen.copies import own_memory, own_results
from .codegen.module import Emitted, emit_module
from .codegen.signature import FunctionShape, Parameter
from .codegen.sites import stored_parameters
from .diagnostics import Diagnostic, SignatureError, UnsupportedError
from .frontend.binding import signature_of
from .frontend.context import ARGUMENT, Path, StaticNeeded
from .frontend.items import article, in_words
from .frontend.lower import Lowered, lower, parameter_names
from .frontend.signature import Structure, describe, with_static
from .ir.builder import Builder
from .ir.core import (
    Function,
    Operation,
    Temporary,
    Value,
    callee_of,
    hint,
    is_temporary,
    on_all,
    walk,
)  # fmt: skip
from .ir.printer import print_function
from .ir.rewrite import substitute
from .ir.types import Array, Scalar, is_complex, kind_of, rank
from .ir.types import Static as StaticType
from .ops import TABLE
from .optimize.shape_checks import check_shapes
from .transform.activity import active_values, dependences, differentiable_operands
from .transform.reverse import reverse
from .transform.saves import legalise_saves
from .transform.split import split
from .wrt import (
    Place,
    check_wrt,
    differentiable,
    gradient_item,
    is_fit,
    place_expression,
    select,
    shown,
)

__all__ = [
    "STAGES",
    "Compiled",
    "Options",
    "check_wrt",
    "compile_gradient",
    "gradient_function",
    "show_stage",
]

STAGES = ("source", "ast", "ssa", "backward", "module")
LEVELS = (0, 1)
_ATTEMPTS = 64

Check = Callable[[Function, bool], None]


@dataclass(frozen=True)
class Options:
    """What is asked for, apart from the function and its arguments."""

    wrt: tuple[Place, ...]
    single: bool = True
    value: bool = False
    level: int = 1


@dataclass(frozen=True)
class Compiled:
    """An emitted module, and what a call of it needs to know.

    `captures` are the paths of what is read from outside, in order, with the names of those that
    are passed by keyword; `guards` the objects that the text relies on, by path; `static_paths`
    the ints that entered the signature by value.
    """

    emitted: Emitted
    captures: tuple[tuple[str | None, Path], ...]
    guards: Mapping[Path, Any]
    static_paths: frozenset[Path]
    functions: tuple[types.FunctionType, ...]


Values = Callable[[Path], Any]


def lower_settled(
    function: types.FunctionType, structures: Mapping[str, Structure], values: Values,
) -> tuple[Lowered, frozenset[Path]]:  # fmt: skip
    """Lower, with those ints made static that turn out to be used so; `values` reads arguments."""
    static: frozenset[Path] = frozenset()
    current = dict(structures)
    for _ in range(_ATTEMPTS):
        try:
            return lower(function, current, static), static
        except StaticNeeded as need:
            static |= {need.path}
            if need.path[0] == ARGUMENT:
                name, steps = need.path[1], need.path[2:]
                current[name] = with_static(current[name], steps, values(need.path))
    raise AssertionError("every attempt makes one more argument static")


def compile_gradient(
    function: types.FunctionType,
    structures: Mapping[str, Structure],
    options: Options,
    values: Values,
    defaults: Mapping[str, ast.expr | None] | None = None,
    check: Check | None = None,
) -> Compiled:
    """The emitted gradient of `function` for arguments of the given structures."""
    check_wrt(function, structures, options.wrt)
    lowered, static = lower_settled(function, structures, values)
    gradient, seed = gradient_function(lowered, options, check)
    shape = _shape(lowered, gradient, seed, options, defaults or {})
    emitted = emit_module(gradient, shape, options.level, _title(lowered, options))
    passed = {c.path for c in lowered.passed}
    captures = tuple((c.name if c.path in passed else None, c.path) for c in lowered.captures)
    return Compiled(emitted, captures, lowered.guards, static, lowered.functions)


def gradient_function(
    lowered: Lowered, options: Options, check: Check | None = None
) -> tuple[Function, Value | None]:
    """The gradient in SSA, ready for emission; and its seed, if that is a parameter."""
    function = on_all(_with_temporaries, lowered.function)
    _check_result(lowered, function)
    wrt = [v for name in options.wrt for v in _differentiable(lowered, name)]
    _check_complex(function, wrt)
    kind = "value_and_grad" if options.value else "grad"
    gradient = reverse(function, wrt, f"{function.name}_{kind}", value=options.value)
    if options.level:
        taken = parameter_names(lowered.structures, lowered.source.function)
        taken |= {c.name for c in lowered.captures}
        gradient = _with_named_seed(gradient, function.results[0], taken)
    seed: Value | None = gradient.parameters[-1]
    _checked(check, gradient, True)
    if options.level == 0:
        gradient, seed = _with_constant_seed(gradient, function), None
    gradient = optimize.run(gradient, optimize.BEFORE_SAVES[options.level], _relaxed(check))
    gradient = legalise_saves(gradient)
    _checked(check, gradient, False)
    gradient = optimize.run(gradient, optimize.AFTER_SAVES[options.level], _strict(check))
    if gradient.functions:
        gradient = split(gradient)
        gradient = optimize.run(gradient, optimize.AFTER_SAVES[options.level], _strict(check))
    gradient = own_memory(gradient, options.level)
    _checked(check, gradient, False)
    gradient = own_results(gradient, wrt)
    _checked(check, gradient, False)
    gradient = optimize.run(gradient, optimize.AFTER_COPIES[options.level], _strict(check))
    gradient = check_shapes(gradient, function)
    _checked(check, gradient, False)
    return gradient, seed


def _checked(check: Check | None, function: Function, relaxed: bool) -> None:
    if check is not None:
        check(function, relaxed)


def _relaxed(check: Check | None) -> Callable[[Function], None] | None:
    return None if check is None else lambda function: check(function, True)


def _strict(check: Check | None) -> Callable[[Function], None] | None:
    return None if check is None else lambda function: check(function, False)


def _with_temporaries(function: Function) -> Function:
    """Number the results that the user gave no name: s0, s1, ..., in program order."""
    taken = {v.name for op in walk(function.body) for v in op.results}
    mapping: dict[Value, Value] = {}
    number = 0
    for op in walk(function.body):
        for value in op.results:
            if value.name is None and op.opcode not in _UNNUMBERED and value.type != StaticType():
                while f"s{number}" in taken:
                    number += 1
                mapping[value] = Value(value.type, Temporary(number))
                number += 1
    return replace(function, body=substitute(function.body, mapping))


_UNNUMBERED = {"constant", "range", "length", "undefined", "size", "shape", "count", "stop"}


def _with_named_seed(gradient: Function, result: Value, taken: set[str]) -> Function:
    """The seed is a parameter that people read: `grad_out` where the result has no name, which
    is then `out`."""
    seed = gradient.parameters[-1]
    name = "grad_out" if is_temporary(seed) else str(hint(seed))
    while name in taken:
        name += "_"
    named = {seed: Value(seed.type, name)}
    if is_temporary(result) and result not in gradient.parameters:
        named[result] = Value(result.type, "out")
    return replace(gradient, body=substitute(gradient.body, named))


def _with_constant_seed(gradient: Function, function: Function) -> Function:
    """The lecture form: `grad_L = 1.0` as a line, after the forward part."""
    *parameters, seed = gradient.parameters
    builder = Builder(backward=True)
    one = Value(Scalar("float"), seed.name)
    line = Operation("constant", (), (one,), {"value": 1.0}, (), None, True)
    count = len(function.body.operations)
    body = substitute(gradient.body, {seed: one})
    builder.operations += [*body.operations[:count], line, *body.operations[count:]]
    return replace(gradient, body=builder.block(parameters, body.results))


def _check_result(lowered: Lowered, function: Function) -> None:
    """A gradient needs one real number to differentiate."""
    span, trail = function.span, ()
    item = lowered.result
    if not isinstance(item, Value):
        found = "nothing" if item is None else in_words(item)
        raise UnsupportedError(
            Diagnostic(
                "non-scalar-result", f"the function returns {found}, not one number.",
                "return a single number, for example the loss.", span, trail,
            )
        )  # fmt: skip
    type_ = function.results[0].type
    if rank(type_):
        reason = f"the function returns an array ({type_}), and only a number has a gradient."
        advice = "sum it (np.sum), or take the mean, before returning it."
    elif not isinstance(type_, (Scalar, Array)) or kind_of(type_) in ("complex", "bool"):
        reason = f"the function returns {article(str(type_))}."
        advice = "return a real number, for example the loss."
        if kind_of(type_) == "complex":
            advice = "return a real number made of it: its .real, or its abs()."
    else:
        return
    raise UnsupportedError(Diagnostic("non-scalar-result", reason, advice, span, trail))


def _check_complex(function: Function, wrt: Sequence[Value]) -> None:
    """No gradient flows through complex numbers where the rule is that of real ones alone."""
    bodies = (function, *function.functions.values())
    found = [
        op for one in bodies for op in walk(one.body)
        if any(is_complex(v.type) for v in (*op.operands, *op.results)) and not _is_complex_too(op)
    ]  # fmt: skip
    if not found:
        return
    # Of what functions that call themselves compute, all is taken to be active.
    own = {v for op in walk(function.body) for v in op.results}
    active = active_values(function, wrt, function.results, dependences(function.functions))
    for op in found:
        if active.intersection(op.results) or own.isdisjoint(op.results):
            raise UnsupportedError(
                Diagnostic(
                    "complex", "the derivative of this is known for real numbers only, and a"
                    " gradient would flow through complex ones.",
                    "compute with the real and the imaginary part: z.real, z.imag.", op.span,
                )
            )  # fmt: skip


def _is_complex_too(op: Operation) -> bool:
    """Whether the operation has a rule for complex numbers, or needs none."""
    if op.blocks or callee_of(op) is not None:
        return True
    return op.opcode in TABLE and (TABLE[op.opcode].complex or not differentiable_operands(op))


def _differentiable(lowered: Lowered, place: Place) -> list[Value]:
    """The floats of a parameter; none of them may have become static."""
    if not is_fit(select(lowered.structures, place)):
        raise SignatureError(
            Diagnostic(
                "static-wrt",
                f"the gradient is asked for with respect to `{shown(place)}`, whose value must be"
                " known when the function is compiled.",
                f"leave `{shown(place)}` out of wrt.",
                lowered.function.span,
            )
        )
    return list(differentiable(select(lowered.arguments, place)))


def _shape(
    lowered: Lowered, gradient: Function, seed: Value | None, options: Options,
    defaults: Mapping[str, ast.expr | None],
) -> FunctionShape:  # fmt: skip
    signature = signature_of(lowered.source.function)
    made = {
        name: Parameter(
            name, lowered.arguments[name], parameter.kind, defaults.get(name),
            [(c.item, at) for c, at in lowered.reads if c.path[1] == name],
        )
        for name, parameter in signature.parameters.items()
    }  # fmt: skip
    starred = [p for p in made.values() if p.kind is p.kind.VAR_KEYWORD]
    parameters = _defaults_at_the_end([p for p in made.values() if not p.is_keyword])
    parameters += [p for p in made.values() if p.is_keyword and not p.is_starred]
    parameters += [
        Parameter(c.name, c.item, inspect.Parameter.KEYWORD_ONLY, defaults.get(c.name))
        for c in lowered.passed
    ]
    if seed is not None:
        name = str(hint(seed))
        parameters.append(
            Parameter(name, seed, inspect.Parameter.KEYWORD_ONLY, ast.Constant(1.0))
        )
    values = iter(gradient.results)
    value = next(values) if options.value else None
    items = [
        gradient_item(select(lowered.arguments, place), place_expression(place), values)
        for place in options.wrt
    ]
    result: Any = items[0] if options.single else tuple(items)
    returned = result if value is None else (value, result)
    return FunctionShape([*parameters, *starred], returned, stored_parameters(lowered.function))


def _defaults_at_the_end(parameters: list[Parameter]) -> list[Parameter]:
    """Python wants no parameter without a default after one that has it."""
    last = max(
        (k for k, p in enumerate(parameters) if p.default is None and not p.is_starred), default=-1
    )
    return [replace(p, default=None) if k < last else p for k, p in enumerate(parameters)]


def _title(lowered: Lowered, options: Options) -> str:
    """The emitted module's docstring."""
    where = os.path.basename(lowered.source.filename)
    wrt = ", ".join(map(shown, options.wrt))
    arguments = "".join(f"    {line}\n" for line in describe(lowered.structures))
    what = "Value and gradient" if options.value else "Gradient"
    return (
        f"{what} of {lowered.function.name} ({where}) with respect to {wrt}.\n\n"
        f"For these kinds of arguments:\n{arguments}"
    )


def show_stage(
    function: types.FunctionType, stage: str, structures: Mapping[str, Structure],
    options: Options, values: Values, defaults: Mapping[str, ast.expr | None] | None = None,
) -> str:  # fmt: skip
    """One stage of the compilation as text, for people to look at."""
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r}; there are {', '.join(STAGES)}")
    if stage in ("backward", "module"):
        compiled = compile_gradient(function, structures, options, values, defaults)
        emitted = compiled.emitted
        return emitted.function if stage == "backward" else emitted.module
    lowered, _ = lower_settled(function, structures, values)
    match stage:
        case "source":
            return lowered.source.text
        case "ast":
            return ast.dump(lowered.source.node, indent=2) + "\n"
    return print_function(lowered.function) + "\n"
