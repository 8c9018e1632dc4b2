"""What a command is asked for: the function behind FILE:FUNC, its types, its `wrt`.

Wrong usage raises click.UsageError (status 2); what is wrong in the file, an AdcompilerError (1).
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import pathlib
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import click
import numpy as np

from .diagnostics import Diagnostic, SignatureError, SourceError, Span, UnsupportedError
from .frontend.annotations import parameter_structures, parse_structure
from .frontend.context import ARGUMENT, Path, lookup_path
from .frontend.items import is_number
from .frontend.paths import EQUAL, equal_paths
from .frontend.signature import Structure, abstract
from .frontend.static_module import Decorated, Unevaluated, load_namespace
from .ops.gates import Primitive
from .pipeline import lower_settled
from .plain import literal_defaults
from .targets import variables_of
from .wrt import check_some_float, has_floats

__all__ = ["Arguments", "Target", "arguments_of", "find_function", "wrt_names"]

_SHOWN = 10
_COLLECT = "<arguments>"  # no file can bind a name like this


@dataclass(frozen=True)
class Target:
    """A function, and the names of its file."""

    function: Any
    name: str
    namespace: dict[str, object]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)


def find_function(target: str) -> Target:
    """The function that FILE:FUNC names."""
    filename, colon, name = target.rpartition(":")
    if (
        not colon or pathlib.Path(target).exists()
    ):  # in `C:\\model.py` the colon belongs to the drive
        filename, name = target, ""
    if not filename or (not colon and not pathlib.Path(filename).exists()):
        _usage(f"`{target}` isn't FILE:FUNC; write model.py:loss, say.")
    _check_file(filename)
    namespace = load_namespace(filename)
    if not name:
        _usage(f"`{target}` names no function; write {filename}:FUNC.{_functions(namespace)}")
    if name not in namespace or name.startswith("__"):
        _usage(f"there is no function `{name}` in {filename}.{_nearest(name, namespace)}")
    return Target(_checked(namespace[name], name, filename, namespace), name, namespace)


def _check_file(filename: str) -> None:
    path = pathlib.Path(filename)
    if path.is_dir():
        _usage(f"`{filename}` is a folder; write FILE:FUNC, such as model.py:loss.")
    if path.exists():
        return
    siblings = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, 1)
    meant = f" Did you mean `{path.with_name(near[0])}`?" if near else ""
    _usage(f"there is no file `{filename}`.{meant}")


def _checked(found: object, name: str, filename: str, namespace: Mapping[str, object]) -> Any:
    match found:
        case Unevaluated(_, span):
            raise SourceError(
                Diagnostic(
                    "unevaluated",
                    f"what `{name}` is, is known only when the file runs, and it isn't run.",
                    "name a function that is defined by `def` at the top level of the file.",
                    span,
                )
            )
        case Decorated(function, text):
            raise SourceError(
                Diagnostic(
                    "decorated",
                    f"`{name}` is replaced by its decorator `{text}`, which isn't applied here.",
                    "leave the decorator out, or ask in Python: `grad(f).source(...)`.",
                    _first_line(function, filename),
                )
            )
        case types.FunctionType():
            return found
        case Primitive():
            raise UnsupportedError(
                Diagnostic(
                    "gate",
                    f"`{name}` is a gate: its derivative is the rule that its author gave it.",
                    f"show a function that calls it: `def f(x): return {name}(x)`.",
                )
            )
    return _usage(
        f"`{name}` in {filename} is no function but {_article(type(found).__name__)}."
        f"{_functions(namespace)}"
    )


def _first_line(function: types.FunctionType, filename: str) -> Span:
    line = function.__code__.co_firstlineno
    return Span(filename, line, 0, line + 1, 0)


def _article(word: str) -> str:
    return f"an {word}" if word[:1] in "aeiou" else f"a {word}"


def _defined(namespace: Mapping[str, object]) -> list[str]:
    """The functions that the file itself defines."""
    return [
        name
        for name, found in namespace.items()
        for function in [getattr(found, "function", found)]
        if isinstance(function, types.FunctionType)
        and function.__code__.co_filename == namespace["__file__"]
    ]


def _functions(namespace: Mapping[str, object]) -> str:
    return f" It defines {_listed(_defined(namespace))}." if _defined(namespace) else ""


def _nearest(name: str, namespace: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, _defined(namespace), 3)
    return f" Did you mean {_listed(near, 'or')}?" if near else _functions(namespace)


def _listed(names: Sequence[str], word: str = "and") -> str:
    quoted = [f"`{name}`" for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        quoted.append(f"{len(names) - _SHOWN} more")
    return f" {word} ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


@dataclass(frozen=True)
class Arguments:
    """The types of all parameters, and the values of those that have one."""

    target: Target
    structures: dict[str, Structure]
    values: Mapping[str, Any]

    def value(self, path: Path) -> Any:
        """The value behind a path, where the compiler can't do with its type alone."""
        if path[0] not in (ARGUMENT, EQUAL):
            return lookup_path(self.target.function, path)
        places = equal_paths(path) if path[0] == EQUAL else (path,)
        name = next((place[1] for place in places if place[1] not in self.values), None)
        if name is None:
            return lookup_path(self.target.function, path, self.values)
        raise SignatureError(
            Diagnostic(
                "value-needed",
                f"`{name}` is used where its value must be known when the gradient is compiled.",
                f"give the value instead of a type, such as `--arg {name}=1`.",
            )
        )

    def defaults(self) -> dict[str, ast.expr | None]:
        """Defaults for the emitted parameters: the function's own, and numbers from outside it.

        An outside name that two modules give to different numbers gets none.
        """
        function = self.target.function
        found = literal_defaults(inspect.signature(function))
        lowered, _ = lower_settled(function, self.structures, self.value)
        names = [capture.name for capture in lowered.captures]
        for capture in lowered.captures:
            if capture.path[0] == ARGUMENT:
                continue
            number = lookup_path(function, capture.path)
            if is_number(number) and names.count(capture.name) == 1:
                found.setdefault(capture.name, ast.Constant(number))
        return found


def arguments_of(target: Target, args: Iterable[str], call: str | None) -> Arguments:
    """The types of all parameters, from `--call`, or from `--arg` and the file."""
    given = dict(_argument(target, text) for text in args)
    if call is None:
        structures = parameter_structures(target.function, given)
        parameters = inspect.signature(target.function).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        return Arguments(target, structures, {k: defaults[k] for k in defaults.keys() - given})
    if given:
        _usage("`--call` gives all types; leave `--arg` out.")
    values = _called(target, call)
    return Arguments(target, {name: abstract(v, name) for name, v in values.items()}, values)


def _argument(target: Target, text: str) -> tuple[str, str]:
    name, equals, type_ = text.partition("=")
    name = name.strip()
    if not equals:
        _usage(f"`--arg {text}` has no type; write --arg {name}=f8[n].")
    if name not in target.parameters:
        _usage(f"`--arg {text}`: {_no_parameter(target, name)}")
    try:
        parse_structure(type_, name)
    except SignatureError as error:
        (diagnostic,) = error.diagnostics
        _usage(f"{diagnostic.reason} {diagnostic.advice[:1].upper()}{diagnostic.advice[1:]}")
    return name, type_


def _no_parameter(target: Target, name: str) -> str:
    has = _listed(target.parameters) if target.parameters else "none"
    return f"`{target.name}` has no parameter `{name}`; its parameters are {has}."


def _called(target: Target, text: str) -> dict[str, Any]:
    """The values of the parameters in the call `text`; the function itself isn't called."""
    node = _call_node(target, text)
    for name in ast.walk(node):
        stands_for = target.namespace.get(name.id) if isinstance(name, ast.Name) else None
        if isinstance(stands_for, (Unevaluated, Decorated)):
            _usage(f"`--call`: `{ast.unparse(name)}` is known only when the file runs.")
    node.func = ast.copy_location(ast.Name(_COLLECT, ast.Load()), node.func)
    names = {"np": np, "math": math, **target.namespace, _COLLECT: _collect}
    try:
        args, keywords = eval(compile(ast.Expression(node), "<--call>", "eval"), names)
        bound = inspect.signature(target.function).bind(*args, **keywords)
    except (Exception, SystemExit) as error:
        _usage(f"`--call {text}`: {type(error).__name__}: {error}.")
    bound.apply_defaults()
    return bound.arguments


def _call_node(target: Target, text: str) -> ast.Call:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = getattr(error, "msg", None) or str(error)
        _usage(f"`--call {text}` isn't Python: {message}.")
    match node:
        case ast.Call(func=ast.Name(id=name)) if name == target.name:
            return node
    return _usage(f"`--call {text}` is no call of `{target.name}`; write {target.name}(...).")


def _collect(*args: Any, **keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, keywords


def wrt_names(arguments: Arguments, wanted: Iterable[str]) -> tuple[str, ...]:
    """The parameters, and local variables, to differentiate by."""
    target = arguments.target
    names = [name.strip() for text in wanted for name in text.split(",")]
    if names == ["all"] and "all" not in target.parameters:
        names = [name for name, s in arguments.structures.items() if has_floats(s)]
        if not names:
            check_some_float(target.function, arguments.structures)
            name = next(iter(target.parameters), "x")
            _refuse(
                target, "has no parameter that holds floats", f"give one with `--arg {name}=float`."
            )
    if not names:
        if not target.parameters:
            _refuse(target, "has no parameters", "differentiate a function of something.")
        return target.parameters[:1]
    for name in names:
        if name not in target.parameters and name not in variables_of(target.function):
            _usage(f"`--wrt {name}`: {_no_parameter(target, name)}{_variables(target)}")
        if names.count(name) > 1:
            _usage(f"`--wrt`: `{name}` is named twice.")
    return tuple(names)


def _variables(target: Target) -> str:
    found = ", ".join(f"`{name}`" for name in variables_of(target.function))
    return f" Its local variables: {found}." if found else ""


def _refuse(target: Target, reason: str, advice: str) -> NoReturn:
    raise SignatureError(Diagnostic("no-float-argument", f"`{target.name}` {reason}.", advice))


def _usage(message: str) -> NoReturn:
    raise click.UsageError(message)
