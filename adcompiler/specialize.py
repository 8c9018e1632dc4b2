"""One compiled signature of a function: its text, its code, and when both still hold.

    loss(params, x)   with params: {"w": f8[n, d]}, x: f8[n]    ->    loss_grad, compiled once

A specialisation holds as long as the outside objects that its text relies on are the ones found
then, and the arguments that entered by value have that value. Numbers and arrays from outside are
no part of it: they are read at each call and passed by keyword.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._version import VERSION, build
from .arguments import with_classes, with_gradients
from .codegen.emitted import Emitted
from .depth import too_deep
from .descriptions import as_json, describe, describe_key, describe_structure
from .diagnostics import SignatureError
from .frontend.parameters import signature_of
from .frontend.paths import ARGUMENT, EQUAL, Path, is_portable, lookup_path, path_order
from .frontend.signature import Static, Structure, abstract, key_of, parts
from .frontend.source import fingerprint
from .kept_origins import described_origins, restored_origins
from .ops.gates import Primitive
from .options import Compiled, Options
from .results import Form, described, restored
from .runtime.cache import DiskCache, Entry, open_cache
from .runtime.loader import load

__all__ = ["Specialization", "same", "specialize"]


@dataclass(frozen=True, eq=False)
class Specialization:
    """A compiled module with the conditions under which it may be called.

    `taken` names what the text takes besides the function's arguments and what is outside: tangents
    or cotangents. `pullback`: its backward part, where that is a function by itself. `form`: the
    classes among what is returned. `function`: what is emitted; `call` makes classes of what it
    returns.
    """

    emitted: Emitted
    call: Callable[..., Any]
    captures: tuple[tuple[str | None, Path], ...]
    capture_keys: tuple[Any, ...]
    static_arguments: tuple[tuple[Path, Any], ...]
    check: Callable[[], bool]
    root: types.FunctionType
    taken: tuple[str, ...] = ()
    pullback: Callable[..., Any] | None = None
    form: Form | None = None
    function: Callable[..., Any] | None = None

    def fits(self, root: types.FunctionType, arguments: Mapping[str, Any]) -> bool:
        """Whether the text still says what the function would do with these arguments."""
        if root is not self.root or not self.check():
            return False
        try:
            if not all(
                same(lookup_path(root, path, arguments), value)
                for path, value in self.static_arguments
            ):
                return False
            found = tuple(_key(lookup_path(root, path, arguments)) for _, path in self.captures)
        except (NameError, AttributeError, LookupError, TypeError, SignatureError):
            return False
        return found == self.capture_keys

    def outside(self, root: types.FunctionType, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The outside numbers and arrays as they are now, to be passed by keyword."""
        return {
            name: lookup_path(root, path, arguments)
            for name, path in self.captures
            if name is not None
        }

    @property
    def reads_objects(self) -> bool:
        """Whether it depends on the insides of objects among its arguments."""
        return any(path[:1] == (ARGUMENT,) for _, path in self.captures) or any(
            "<" in name
            for path, _ in self.static_arguments if path[0] == ARGUMENT for name in path[1:]
        )


def same(a: Any, b: Any) -> bool:
    """Whether two static objects are one, or equal in type and value."""
    return a is b or (type(a) is type(b) and bool(a == b))


def specialize(
    function: types.FunctionType,
    arguments: Mapping[str, Any],
    structures: Mapping[str, Structure],
    options: Options,
    defaults: Mapping[str, ast.expr | None],
) -> Specialization:
    """Compile, or read from the disk cache, the gradient for these arguments."""
    cache = open_cache()
    key = _disk_key(function, structures, options) if cache else None
    if cache and key:
        for candidate in (key, _refined(cache, key, arguments)):
            entry = cache.get(candidate)
            found = entry and _restore(function, arguments, entry, options)
            if found:
                return found

    from .pipeline import compile_gradient

    def value_of(path: Path) -> Any:
        return lookup_path(function, path, arguments)

    compiled = compile_gradient(function, structures, options, value_of, defaults)
    made = _loaded(function, arguments, compiled, options)
    if cache and key:
        metadata = _metadata(function, arguments, compiled)
        if metadata is not None:
            kept = cache.get(key)
            if kept and kept.metadata["static"] != metadata["static"]:
                key = _refined(cache, key, arguments)
            cache.put(key, Entry(metadata, compiled.emitted.module))
    return made


def _loaded(
    function: types.FunctionType, arguments: Mapping[str, Any], compiled: Compiled,
    options: Options,
) -> Specialization:  # fmt: skip
    emitted = compiled.emitted
    try:
        namespace = load(emitted.module, function.__name__, emitted)
    except (SyntaxError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise too_deep(function, f"Python refuses the text of its derivative ({why})") from None
    paths = [p for p in sorted(compiled.static_paths, key=path_order) if p[0] in (ARGUMENT, EQUAL)]
    static = [(path, _kept(lookup_path(function, path, arguments))) for path in paths]
    static += [(p, compiled.guards[p]) for p in _argument_guards(compiled) if p not in paths]
    pullback = namespace[emitted.pullback] if emitted.pullback else None
    return Specialization(
        emitted,
        with_classes(namespace[emitted.name], arguments, options, compiled.form),
        compiled.captures,
        tuple(_key(lookup_path(function, path, arguments)) for _, path in compiled.captures),
        tuple(static),
        guard_check(function, compiled.guards),
        function,
        _taken(namespace[emitted.name], function, compiled),
        pullback and with_gradients(pullback, arguments, replace(options, aux=False)),
        compiled.form,
        namespace[emitted.name],
    )


def _taken(
    made: Callable[..., Any], function: types.FunctionType, compiled: Compiled
) -> tuple[str, ...]:
    own = {*signature_of(function).parameters, *(name for name, _ in compiled.captures)}
    parameters = inspect.signature(made).parameters.values()
    return tuple(
        p.name for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty and p.name not in own
    )


def _key(value: Any) -> Any:
    """What of a captured object the text depends on: of one that is only shown, its class."""
    structure = abstract(value)
    if isinstance(structure, Static):
        return ("shown", f"{type(value).__module__}.{type(value).__qualname__}")
    return key_of(value)
def _argument_guards(compiled: Compiled) -> list[Path]:
    """What the text relies on of its arguments' insides: classes, methods, settings."""
    return sorted((p for p in compiled.guards if p[0] == ARGUMENT), key=path_order)


def _kept(value: Any) -> Any:
    """An argument's value as it is now, whatever happens to the object."""
    return value.copy() if isinstance(value, np.ndarray) else value


def guard_check(root: types.FunctionType, guards: Mapping[Path, Any]) -> Callable[[], bool]:
    """A function that tells whether all outside names still stand for the same objects.

    One expression compiled for the purpose: it runs at every call.
    """
    tests = []
    names: dict[str, Any] = {"root": root, "same": same, "look": _look, "content": _content,
                             "missing": _MISSING}  # fmt: skip
    insides: list[tuple[str, Any, tuple[str, ...]]] = [("root", root, ("__code__",))]
    for number, path in enumerate(sorted(guards, key=path_order)):
        value = guards[path]
        if _is_ours(root, path):
            continue
        names[f"o{number}"] = value
        if path[0] == ARGUMENT or (len(path) == 1 and not is_portable(path)):
            pass  # seen at each call; or it is where it begins: only its insides can change
        else:
            owner = guards.get(path[:-1]) if path[1:] else root
            test, names[f"p{number}"] = _still(root, owner, path)
            tests.append(test.replace("$", str(number)))
        if (getattr(value, "__module__", None) or "").split(".")[0] not in _SETTLED:
            insides.append((f"o{number}", value, _INSIDES.get(type(value), ())))
    for name, value, attributes in insides:
        for attribute in attributes:
            names[f"{name}{attribute}"] = getattr(value, attribute)
            tests.append(f"{name}.{attribute} is {name}{attribute}")
    check: Callable[[], bool] = eval(f"lambda: {' and '.join(tests)}", names)
    return check


def _still(root: types.FunctionType, owner: Any, path: Path) -> tuple[str, Any]:
    """The test that a path leads to `o$`, and what is called `p$` in it.

    owner: what the path leads to without its last step, if that is tested itself: what it holds
    under a name is then read there at once.
    """
    name = path[-1]
    if isinstance(owner, types.FunctionType):
        free = owner.__code__.co_freevars
        if name in free and owner.__closure__:
            return "same(content(p$), o$)", owner.__closure__[free.index(name)]
        if owner is root:
            present = name in owner.__globals__
            test = f"p$.get({name!r}) is o$" if present else f"{name!r} not in p$"
            return test, owner.__globals__
        if name in owner.__globals__:
            return f"same(p$.get({name!r}, missing), o$)", owner.__globals__
    elif type(owner) is types.ModuleType and name.isidentifier():
        return f"same(getattr(p$, {name!r}, missing), o$)", owner
    return "same(look(root, p$), o$)", path


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


# What can be exchanged inside an object that stays itself: tools that reload edited modules do so
# with functions, and a gate may be given another rule.
_INSIDES: dict[type, tuple[str, ...]] = {
    types.FunctionType: ("__code__", "__defaults__", "__kwdefaults__"),
    Primitive: ("function", "rule", "recording", "tangent", "opaque"),
}
_SETTLED = ("adcompiler", "numpy")


def _look(root: types.FunctionType, path: Path) -> Any:
    try:
        return lookup_path(root, path)
    except (NameError, AttributeError, LookupError):
        return _MISSING


_MISSING = object()


def _is_ours(root: types.FunctionType, path: Path) -> bool:
    """Names inside adcompiler's own gates don't change under the user's feet."""
    owner = _look(root, path[:-1]) if path[0] != ARGUMENT else None
    module = getattr(getattr(owner, "function", owner), "__module__", None) or ""
    return len(path) > 1 and module.split(".")[0] == "adcompiler"


def _refined(cache: DiskCache, key: str, arguments: Mapping[str, Any]) -> str:
    """Where the entry lies if the one under `key` was made for other static arguments.

    Which arguments enter by value is known only after lowering; the first entry tells.
    """
    entry = cache.get(key)
    paths = [tuple(path) for path, _ in entry.metadata.get("static", ())] if entry else []
    values = [_described_at(path, arguments) for path in paths]
    return hashlib.sha256(repr((key, values)).encode()).hexdigest() if paths else key


def _described_at(path: Path, arguments: Mapping[str, Any]) -> Any:
    try:
        return describe(lookup_path(None, path, arguments))
    except (LookupError, AttributeError, TypeError, ValueError):
        return None


def _disk_key(
    function: types.FunctionType, structures: Mapping[str, Structure], options: Options
) -> str | None:
    """A digest of all that the text depends on and that is known before lowering."""
    statics = [
        describe(part.value)
        for name, structure in structures.items()
        for _, part in parts(structure, name)
        if isinstance(part, Static)
    ]
    if None in statics:
        return None
    shown = [(name, describe_structure(structure)) for name, structure in structures.items()]
    identity = [
        VERSION, build(), sys.version_info[:2], np.__version__, function.__module__,
        function.__qualname__, fingerprint(function), repr(function.__code__.co_filename), shown,
        statics, repr(options), repr(function.__defaults__), repr(function.__kwdefaults__),
    ]  # fmt: skip
    return hashlib.sha256(repr(identity).encode()).hexdigest()


def _metadata(
    function: types.FunctionType, arguments: Mapping[str, Any], compiled: Compiled
) -> dict[str, Any] | None:
    if not all(map(is_portable, (*compiled.guards, *(path for _, path in compiled.captures)))):
        return None
    guards = [[list(path), describe(value)] for path, value in sorted(compiled.guards.items())]
    static = [
        [list(path), describe(lookup_path(function, path, arguments))]
        for path in sorted(compiled.static_paths, key=path_order)
        if path[0] in (ARGUMENT, EQUAL)
    ]
    keys = [
        describe_key(_key(lookup_path(function, path, arguments)))
        for _, path in compiled.captures
    ]
    if any(description is None for _, description in [*guards, *static]) or None in keys:
        return None
    try:
        form = described(compiled.form)
    except LookupError:
        return None
    emitted = compiled.emitted
    return {
        "name": emitted.name,
        "pullback": emitted.pullback,
        "form": form,
        "scipy": _scipy() if "scipy" in emitted.module else None,
        "function": len(emitted.module) - len(emitted.function),
        "captures": [[name, list(path)] for name, path in compiled.captures],
        "capture_keys": keys,
        "guards": guards,
        "static": static,
        "origins": described_origins(function, compiled.guards, emitted.origins),
    }


def _scipy() -> str | None:
    """The version of SciPy that is loaded: a text that calls it may be written for that alone."""
    return getattr(sys.modules.get("scipy"), "__version__", None)


def _restore(
    function: types.FunctionType, arguments: Mapping[str, Any], entry: Entry, options: Options
) -> Specialization | None:
    """A specialisation from a cache entry, if all that it relied on is as it was."""
    data = entry.metadata
    if data.get("scipy") not in (None, _scipy()):
        return None
    try:
        guards = {
            tuple(path): _expect(function, path, told, arguments) for path, told in data["guards"]
        }
        captures = tuple((name, tuple(path)) for name, path in data["captures"])
        keys = [_key(lookup_path(function, path, arguments)) for _, path in captures]
        if [describe_key(key) for key in keys] != data["capture_keys"]:
            return None
        for path, told in data["static"]:
            _expect(function, path, told, arguments)
        text, pullback = entry.text[data["function"] :], data["pullback"]
        origins = restored_origins(function, guards, data["origins"])
        emitted = Emitted(data["name"], text, entry.text, pullback, origins)
        form = restored(data["form"])
    except (LookupError, NameError, AttributeError, TypeError, ValueError, SignatureError):
        return None
    static = frozenset(tuple(path) for path, _ in data["static"])
    compiled = Compiled(emitted, captures, guards, static, (function,), form)
    return _loaded(function, arguments, compiled, options)


def _expect(
    function: types.FunctionType, path: list[str], told: Any, arguments: Mapping[str, Any]
) -> Any:
    found = lookup_path(function, tuple(path), arguments)
    if as_json(describe(found)) != told:
        raise LookupError(path)
    return found


