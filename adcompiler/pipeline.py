"""The stages in order: lower, differentiate, optimise, legalise, emit.

    source text -> ast -> structured SSA -> reverse -> optimise -> legalise saves -> ast -> text
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from . import optimize
from .codegen.copies import own_memory, own_results, own_saved
from .codegen.module import emit_module
from .codegen.signature import FunctionShape, Parameter, replaced_in
from .codegen.sites import stored_parameters
from .depth import with_room
from .equal_sizes import Values, equal_sizes
from .frontend.context import ARGUMENT, Path, StaticNeeded
from .frontend.items import leaves, rebuild
from .frontend.lower import Lowered, lower
from .frontend.parameters import signature_of
from .frontend.signature import Structure, describe, with_equal_sizes, with_static
from .ir.core import Function, Label, Value, hint, on_all
from .ir.printer import print_function
from .ir.rewrite import substitute
from .ir.sizes import Size
from .modes import (
    Derived,
    Pulled,
    chosen_values,
    derive,
    local_places,
    plain_derivative,
    title_of,
    with_values,
)
from .naming import with_temporaries
from .optimize import DEFAULT, NamedPass, Passes
from .optimize.shape_checks import check_shapes
from .options import Compiled, Options
from .refusals import check_complex, differentiable_at
from .transform.batch import batch
from .transform.saves import legalise_saves
from .transform.split import split, turned
from .wrt import check_wrt, shown

__all__ = [
    "STAGES",
    "Compiled",
    "Options",
    "check_wrt",
    "compile_gradient",
    "gradient_function",
    "legalised",
    "show_stage",
]

STAGES = ("source", "ast", "ssa", "backward", "module")
_ATTEMPTS = 64

# Sees each step's name, what it has made, and whether references into regions may still stand.
Check = Callable[[str, Function, bool], None]


def lower_settled(
    function: types.FunctionType, structures: Mapping[str, Structure], values: Values,
    variables: Sequence[str] = (),
) -> tuple[Lowered, frozenset[Path]]:  # fmt: skip
    """Lower, with those ints made static that turn out to be used so; `values` reads arguments;
    `variables` are the local ones that are differentiated by."""
    static: frozenset[Path] = frozenset()
    current = dict(structures)
    for _ in range(_ATTEMPTS):
        attempt = functools.partial(lower, function, current, static, derive_within, variables)
        try:
            return with_room(function, attempt), static
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
    if options.mode != "vmap":
        check_wrt(function, structures, options.wrt)
    compiled = functools.partial(
        _compiled, function, structures, options, values, defaults or {}, check
    )
    return with_room(function, compiled)


def _compiled(
    function: types.FunctionType, structures: Mapping[str, Structure], options: Options,
    values: Values, defaults: Mapping[str, ast.expr | None], check: Check | None,
) -> Compiled:  # fmt: skip
    lowered, found, derived, static = derivative(function, structures, options, values, check)
    written = [(found, _shape(lowered, found, derived, defaults))]
    if derived.pullback is not None:
        written.append(_pullback(found, derived.pullback))
    emitted = emit_module(
        written, options.passes, _title(lowered, options), derived.headed, lowered.functions
    )
    passed = {c.path for c in lowered.passed}
    captures = tuple((c.name if c.path in passed else None, c.path) for c in lowered.captures)
    return Compiled(
        emitted, captures, lowered.guards, static, lowered.functions, derived.form
    )


def derivative(
    function: types.FunctionType, structures: Mapping[str, Structure], options: Options,
    values: Values, check: Check | None = None,
) -> tuple[Lowered, Function, Derived, frozenset[Path]]:  # fmt: skip
    """The function lowered and its derivative, ready for emission, with the paths of what enters
    the signature by value: ints, and whether sizes are equal where the text would have to ask."""
    variables = local_places(structures, options)
    asked: set[Path] = set()
    while True:
        lowered, static = lower_settled(function, structures, values, variables)
        primal, wrt, derived = _derived(lowered, options, check)
        # To ask before the passes run saves a run of them; they leave hardly any question out.
        same = equal_sizes(derived.function, values, asked)
        if not same:
            found = _finished(primal, wrt, derived, options, check)
            same = equal_sizes(found, values, asked)
        if not same:
            return lowered, found, derived, static | asked
        structures = {name: with_equal_sizes(s, same) for name, s in structures.items()}


def gradient_function(
    lowered: Lowered, options: Options, check: Check | None = None
) -> tuple[Function, Derived]:
    """The derivative in SSA, ready for emission; and what it takes and gives."""
    primal, wrt, derived = _derived(lowered, options, check)
    return _finished(primal, wrt, derived, options, check), derived


def _derived(
    lowered: Lowered, options: Options, check: Check | None
) -> tuple[Function, list[Value], Derived]:
    """The function, what it is differentiated by, and its derivative as the transformation gives
    it."""
    for inner in options.inner:
        lowered = _differentiated(lowered, inner, check)
    function = on_all(with_temporaries, lowered.function)
    _checked(check, "lower", function, False)
    function = _run(function, optimize.on_primal(options.passes), check)
    wrt = chosen_values(lowered, function, options)
    derived = derive(replace(lowered, function=function), function, wrt, options)
    return function, wrt, derived


def _finished(
    function: Function, wrt: Sequence[Value], derived: Derived, options: Options,
    check: Check | None,
) -> Function:  # fmt: skip
    """The derivative optimised and made legal, in memory of its own."""
    found = _legalised(derived.function, options.passes, check)
    if derived.pullback is not None:
        found = own_results(found, wrt)
        found = _run(found, optimize.after_copies(options.passes), check)
    if found.functions or found.parts:
        found = split(found)
        _checked(check, "split", found, False)
        found = _run(found, optimize.after_saves(options.passes), check)
    found = own_memory(found, options.passes)
    _checked(check, "own-memory", found, False)
    if derived.pullback is not None:
        found = _owning(found, derived.pullback.label, options.passes)
    else:
        found = own_results(found, () if options.mode == "vmap" else wrt)
    _checked(check, "own-results", found, False)
    found = _run(found, optimize.after_copies(options.passes), check)
    found = _run(found, optimize.before_emission(options.passes), check)
    alone = options.mode == "grad" and len(wrt) == len(found.results)
    found = check_shapes(found, function, wrt if alone else ())
    _checked(check, "check-shapes", found, False)
    return found


def _owning(found: Function, label: Label, passes: Passes) -> Function:
    """The two parts of a pullback, with what they hand over and give in memory of its own."""
    found = own_saved(own_results(found))
    backward = own_results(own_memory(found.functions[label], passes))
    return replace(found, functions={**found.functions, label: backward})


def _pullback(found: Function, pulled: Pulled) -> tuple[Function, FunctionShape]:
    """The backward part of a pullback, and its signature."""
    function = found.functions[pulled.label]
    saved, *seeds = function.parameters
    returned = pulled.returned(iter(function.results))
    others = tuple(replaced_in(returned))
    cotangent = with_values(pulled.cotangent, dict(zip(pulled.seeds, seeds, strict=True)))
    name = str(hint(saved))
    while name in (cotangent.name, *others):
        name += "_"
    named = Value(saved.type, name)
    function = replace(function, body=substitute(function.body, {saved: named}))
    return function, FunctionShape([Parameter(name, named), cotangent], returned, (), others)


def legalised(function: Function, passes: Passes) -> Function:
    """A derivative that can be run: what its backward part reads of the forward part is saved."""
    found = _legalised(function, passes, None)
    return split(found) if found.functions else found


def _legalised(function: Function, passes: Passes, check: Check | None) -> Function:
    _checked(check, "differentiate", function, True)
    function = _run(function, optimize.before_saves(passes), check, relaxed=True)
    function = legalise_saves(function)
    _checked(check, "save", function, False)
    return _run(function, optimize.after_saves(passes), check)


def _differentiated(lowered: Lowered, options: Options, check: Check | None) -> Lowered:
    """The function's derivative as a function that is differentiated again: its forward part."""
    function = on_all(with_temporaries, lowered.function)
    wrt = [v for name in options.wrt for v in differentiable_at(lowered, name)]
    check_complex(function, wrt)
    seeded = replace(options, seeded=True)
    derived = derive(replace(lowered, function=function), function, wrt, seeded)
    found = _legalised(derived.function, options.passes, check)
    found = replace(found, body=turned(found.body, backward=False))
    result = derived.returned(iter(found.results))
    # The results stand in the order of the structure, whatever the order they were made in.
    ordered = tuple(leaf for leaf in leaves(result) if isinstance(leaf, Value))
    found = replace(found, body=replace(found.body, results=ordered))
    return replace(lowered, function=found, result=result)


def derive_within(
    function: Function, wrt: Sequence[Value], mode: str, value: bool, size: Size | None = None
) -> Function:
    """The derivative of what a function differentiates itself, to be put in place of the call;
    of a batch, which has this size, the function of stacks."""
    if mode == "vmap":
        return batch(function, wrt, f"{function.name}_vmap", size=size)
    check_complex(function, wrt)
    found = _legalised(plain_derivative(function, wrt, mode, value), DEFAULT, None)
    found = own_results(found, wrt)
    return replace(found, body=turned(found.body, backward=False))


def _checked(check: Check | None, step: str, function: Function, relaxed: bool) -> None:
    if check is not None:
        check(step, function, relaxed)


def _run(
    function: Function, passes: Sequence[NamedPass], check: Check | None, relaxed: bool = False
) -> Function:
    for one in passes:
        function = on_all(one, function)
        _checked(check, one.name, function, relaxed)
    return function


def _shape(
    lowered: Lowered, found: Function, derived: Derived, defaults: Mapping[str, ast.expr | None]
) -> FunctionShape:
    signature = signature_of(lowered.source.function)

    def stacked(item: Any) -> Any:
        return rebuild(
            item, lambda leaf: derived.batched.get(leaf, leaf) if isinstance(leaf, Value) else leaf
        )

    made = {
        name: Parameter(
            name, stacked(lowered.arguments[name]), parameter.kind, defaults.get(name),
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
    parameters += derived.parameters
    returned = derived.returned(iter(found.results))
    stored = map(stacked, stored_parameters(lowered.function))
    return FunctionShape([*parameters, *starred], returned, tuple(stored))


def _defaults_at_the_end(parameters: list[Parameter]) -> list[Parameter]:
    """Python wants no parameter without a default after one that has it."""
    last = max(
        (k for k, p in enumerate(parameters) if p.default is None and not p.is_starred), default=-1
    )
    return [replace(p, default=None) if k < last else p for k, p in enumerate(parameters)]


def _title(lowered: Lowered, options: Options) -> str:
    """The emitted module's docstring."""
    where = os.path.basename(lowered.source.filename)
    wrt = ", ".join(
        f"its local variable {place}" if place in lowered.variables else shown(place)
        for place in options.wrt
    )
    arguments = "".join(f"    {line}\n" for line in describe(lowered.structures))
    what = title_of(options)
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
    variables = local_places(structures, options)
    lowered, _ = lower_settled(function, structures, values, variables)
    match stage:
        case "source":
            return lowered.source.text
        case "ast":
            return ast.dump(lowered.source.node, indent=2) + "\n"
    return print_function(lowered.function) + "\n"
