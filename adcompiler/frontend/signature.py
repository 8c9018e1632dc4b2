"""Abstract signatures: what of the arguments a compiled function depends on.

Kinds, dtypes, ranks, and which sizes are 0 or 1, but no other sizes and no values.

>>> import numpy as np
>>> describe({"p": abstract({"w": np.ones((3, 1)), "n": 2}, "p")})
["p: {'w': f8[:, 1], 'n': int}"]
>>> key_of(np.ones((3, 1))) == key_of(np.zeros((5, 1)))
True
"""

from __future__ import annotations

import functools
import keyword
import types
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, final

import numpy as np

from ..diagnostics import Diagnostic, SignatureError
from ..ir.core import Value
from ..ir.sizes import Size, Symbol, replaced, symbol
from ..ir.types import Array, List, Scalar, Type, dtype_code, shape_of
from .items import Instance, Item, Record, is_namedtuple
from .paths import ARGUMENT, Path
from .records import fields_of, is_instance, is_plain_tuple

__all__ = [
    "Static",
    "Structure",
    "abstract",
    "describe",
    "key_of",
    "keys_of",
    "parameters_of",
    "parts",
    "with_equal_sizes",
    "with_static",
]


@final
@dataclass(frozen=True)
class Static:
    """An argument that enters the signature by value or identity: a string, None, a function."""

    value: Any


Structure = Any  # Type | Static | Instance | tuple | list | dict | Record of structures

_NUMBERS = (float, int, bool, complex)
_KINDS = "biufc"
_LITERALS = (str, bytes, int, float, bool, complex, type(None))


def abstract(value: Any, label: str = "x", path: Path | None = None) -> Structure:
    """The abstract structure of an argument; `label` names its symbolic sizes, and the path that
    leads to it, of an argument unless told, sets them apart from others of the name."""
    path = (ARGUMENT, label) if path is None else path
    kind = type(value)
    if kind in _NUMBERS:
        return Scalar(kind.__name__, symbol(label, origin=path) if kind is int else None)
    if isinstance(value, np.ndarray):
        return _abstract_array(value, label, path)
    if isinstance(value, np.generic):
        return Array(_checked(value.dtype, label), ())
    if kind is list and value and all(type(v) in _NUMBERS for v in value):
        kinds = {type(v).__name__ for v in value}
        element = next(k for k in ("complex", "float", "int", "bool") if k in kinds)
        return List(Scalar(element), _size(len(value), label, path, 0))
    if is_namedtuple(value):
        _check_tuple(kind, label)
        named = zip(value._fields, value, strict=True)
        return kind._make([abstract(v, f"{label}_{k}", (*path, k)) for k, v in named])
    if kind in (tuple, list):
        return kind(
            abstract(part, f"{label}_{k}", (*path, f"[{k}]")) for k, part in enumerate(value)
        )
    if kind is dict:
        return {
            _key(k, label): abstract(v, _joined(label, k), (*path, f"[{k!r}]"))
            for k, v in value.items()
        }
    if hasattr(kind, "__array_function__"):
        _refuse_other_arrays(kind, label)
    fields = fields_of(value)
    if fields is not None:
        inner = {k: abstract(v, f"{label}_{k}", (*path, k)) for k, v in fields.items()}
        return Record(kind, inner, Instance(value))
    return Instance(value) if is_instance(value) else Static(value)


def _refuse_other_arrays(kind: type, label: str) -> NoReturn:
    """What follows NumPy's protocol for arrays may share memory, or not, by rules of its own."""
    library = kind.__module__.partition(".")[0]
    raise SignatureError(
        Diagnostic(
            "argument-kind",
            f"`{label}` is an array of {library}, which a gradient isn't compiled for.",
            "call it with NumPy arrays of that kind first; then gradient.__wrapped__, the emitted"
            f" function, runs on those of {library}.",
        )
    )


def _check_tuple(kind: type, label: str) -> None:
    if not is_plain_tuple(kind):
        raise SignatureError(
            Diagnostic(
                "argument-kind",
                f"`{label}` is a {kind.__name__}, a named tuple whose class gives being a tuple a"
                " meaning of its own.",
                "pass a plain named tuple, or a dataclass.",
            )
        )


def _key(key: Any, label: str) -> Any:
    """A dict's key, which emitted text must be able to write out."""
    if type(key) is tuple:
        for part in key:
            _key(part, label)
    elif type(key) not in _LITERALS or key != key:
        raise SignatureError(
            Diagnostic(
                "dict-key",
                f"a key of `{label}` can't be written in the emitted text: {_shortened(key)}.",
                "use strings, numbers, or tuples of these as keys.",
            )
        )
    return key


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _abstract_array(value: np.ndarray[Any, Any], label: str, path: Path) -> Array:
    if type(value) not in _ARRAYS:
        _refuse_subclass(type(value), f"`{label}`")
    shape = tuple(_size(size, label, path, axis) for axis, size in enumerate(value.shape))
    return Array(_checked(value.dtype, label), shape)


def _size(size: int, label: str, path: Path, axis: int) -> Size:
    """A size of 0 or 1 is part of the signature, another a symbol."""
    if size < 2:
        return size
    return symbol(f"{label}{axis}", unit=False, origin=(*path, f"<size {axis}>"))


_ARRAYS = (np.ndarray, np.memmap)


def _refuse_subclass(kind: type, what: str) -> NoReturn:
    """A subclass of arrays may give the operators another meaning."""
    raise SignatureError(
        Diagnostic(
            "array-subclass",
            f"{what} is a {kind.__module__.partition('.')[0]}.{kind.__name__}, a subclass of"
            " np.ndarray, in which operators may mean something else.",
            "pass a plain array: np.asarray(...), or .filled(...) of a masked one.",
        )
    )


def _checked(dtype: np.dtype[Any], label: str) -> str:
    if dtype.kind not in _KINDS:
        raise SignatureError(
            Diagnostic(
                "dtype",
                f"`{label}` has dtype {dtype}, which holds no numbers of a fixed size.",
                "convert it with .astype(np.float64).",
            )
        )
    return dtype_code(dtype)


def key_of(value: Any) -> Any:
    """A cheap hashable key: two values of one key have one abstract structure."""
    kind = type(value)
    if kind in _NUMBERS:
        return kind
    if kind is np.ndarray:
        return (value.dtype, tuple([size if size < 2 else 2 for size in value.shape]))
    if kind is np.memmap:
        return (value.dtype, tuple([min(size, 2) for size in value.shape]))
    if isinstance(value, np.ndarray):
        _refuse_subclass(kind, "an argument")
    if isinstance(value, np.generic):
        return kind
    if kind is list and value and all(type(v) in _NUMBERS for v in value):
        return ("numbers", frozenset(map(type, value)), len(value) == 1)
    if kind is tuple or kind is list or is_namedtuple(value):
        return (kind, *map(key_of, value))
    if kind is dict:
        return (kind, *[(name, key_of(part)) for name, part in value.items()])
    fields = fields_of(value)
    if fields is not None:
        return ("record", kind, *[(name, key_of(part)) for name, part in fields.items()])
    if is_instance(value):
        return ("object", kind)
    if kind is slice:
        return (kind, *map(key_of, (value.start, value.stop, value.step)))
    try:
        hash(value)
    except TypeError:
        raise SignatureError(
            Diagnostic(
                "argument-kind",
                f"an argument of type {kind.__name__} is neither a number, an array, nor a"
                " structure of these, and can't be told apart by value.",
                "pass numbers, arrays, or tuples, lists and dicts of them.",
            )
        ) from None
    return ("static", kind, value)


def keys_of(arguments: Mapping[str, Any]) -> tuple[Any, ...]:
    """The keys of all arguments; where one has none, the error names it."""
    try:
        return tuple(map(key_of, arguments.values()))
    except RecursionError:
        raise SignatureError(
            Diagnostic(
                "endless-structure", "an argument contains itself, or is nested too deeply.",
                "pass the parts that the function needs.",
            )
        ) from None  # fmt: skip
    except SignatureError:
        for name, value in arguments.items():
            abstract(value, name)
        raise


def parameters_of(structure: Structure, name: str, path: tuple[Any, ...] = ()) -> Item:
    """Fresh values for the leaves of a structure, named after their places in it.

    `path` leads to the structure, for the objects in it that are read at each call.
    """
    match structure:
        case Static(value):
            return value
        case Instance(value):
            return Instance(value, path)
        case Record(cls, fields, Instance(value)):
            inner = {
                key: parameters_of(part, key if _is_own(cls) else name, (*path, key))
                for key, part in fields.items()
            }
            return Record(cls, inner, Instance(value, path))
        case _ if is_namedtuple(structure):
            named = structure._asdict().items()
            inner = {key: parameters_of(part, key, (*path, key)) for key, part in named}
            return type(structure)(*inner.values())
        case tuple() | list():
            kind = type(structure)
            return kind(
                parameters_of(p, f"{name}_{k}", (*path, f"[{k}]"))
                for k, p in enumerate(structure)
            )
        case dict():
            return {
                key: parameters_of(
                    part, key if _is_word(key) else _joined(name, key), (*path, f"[{key!r}]")
                )
                for key, part in structure.items()
            }
    return Value(structure, name)


def with_static(structure: Structure, steps: tuple[str, ...], value: Any) -> Structure:
    """The structure with the part that a path leads to taken by value.

    >>> with_static({"axis": Scalar("int"), "k": 1}, ("['axis']",), 0)["axis"]
    Static(value=0)
    """
    if not steps:
        return Static(value)
    first, *rest = steps

    def inner(step: str, part: Structure) -> Structure:
        return with_static(part, tuple(rest), value) if step == first else part

    match structure:
        case _ if is_namedtuple(structure):
            named = structure._asdict().items()
            return type(structure)(*[inner(key, part) for key, part in named])
        case tuple() | list():
            return type(structure)(inner(f"[{k}]", part) for k, part in enumerate(structure))
        case dict():
            return {key: inner(f"[{key!r}]", part) for key, part in structure.items()}
        case Record(cls, fields, instance):
            return Record(cls, {k: inner(k, part) for k, part in fields.items()}, instance)
    return structure


def with_equal_sizes(structure: Structure, same: Mapping[Symbol, Symbol]) -> Structure:
    """The structure with sizes that are equal to others in their places."""
    match structure:
        case Array():
            shape = tuple(replaced(size, same) for size in structure.shape)
            return replace(structure, shape=shape)
        case List(element, size):
            return List(element, replaced(size, same))
        case _ if is_namedtuple(structure):
            return type(structure)._make([with_equal_sizes(p, same) for p in structure])
        case tuple() | list():
            return type(structure)(with_equal_sizes(part, same) for part in structure)
        case dict():
            return {key: with_equal_sizes(part, same) for key, part in structure.items()}
        case Record(cls, fields, instance):
            inner = {key: with_equal_sizes(part, same) for key, part in fields.items()}
            return Record(cls, inner, instance)
    return structure


def _is_own(cls: type) -> bool:
    """A class of the user's: the names of its fields mean something to the reader."""
    return cls not in (functools.partial, types.MethodType)


def _is_word(key: Any) -> bool:
    if not isinstance(key, str) or not key.isidentifier() or keyword.iskeyword(key):
        return False
    return key.isascii() or unicodedata.normalize("NFKC", key) == key


def _joined(name: str, key: Any) -> str:
    """The name of a dict's part, whatever its key: an identifier, as Python reads it back.

    >>> _joined("p", "a b"), _joined("p", (1, -2)), _joined("p", "ﬁ")
    ('p_a_b', 'p_1_2', 'p_fi')
    """
    text = unicodedata.normalize("NFKC", str(key))
    words = "".join(c if f"_{c}".isidentifier() else " " for c in text).split()
    return "_".join([name, *words])


def parts(structure: Structure, path: str) -> Iterator[tuple[str, Type | Static | Instance]]:
    """The leaves with the Python text of their places: `params["w"]`, `layers[0]`."""
    match structure:
        case _ if is_namedtuple(structure):
            for key, part in structure._asdict().items():
                yield from parts(part, f"{path}.{key}")
        case tuple() | list():
            for k, part in enumerate(structure):
                yield from parts(part, f"{path}[{k}]")
        case dict():
            for key, part in structure.items():
                yield from parts(part, f"{path}[{key!r}]")
        case Record(_, fields):
            for key, part in fields.items():
                yield from parts(part, f"{path}.{key}")
        case _:
            yield path, structure


def describe(structures: Mapping[str, Structure]) -> list[str]:
    """The arguments as an emitted module lists them, one a line.

    A size that stands in one place only may be any; one that several places share has its name.
    """
    leaves = [t for name, s in structures.items() for _, t in parts(s, name)]
    typed = [t for t in leaves if not isinstance(t, (Static, Instance))]
    sizes = Counter(size for t in typed for size in shape_of(t))
    shared = {size for size, count in sizes.items() if count > 1}
    return [f"{name}: {_described(s, shared)}" for name, s in structures.items()]


def _described(structure: Structure, shared: set[Size]) -> str:
    def inner(part: Structure) -> str:
        return _described(part, shared)

    match structure:
        case Static(value):
            return getattr(value, "__name__", repr(value))
        case Instance(value):
            return type(value).__name__
        case Record(cls, fields):
            return f"{cls.__name__}({', '.join(f'{k}={inner(v)}' for k, v in fields.items())})"
        case tuple():
            return f"({', '.join(map(inner, structure))}{',' if len(structure) == 1 else ''})"
        case list():
            return f"[{', '.join(map(inner, structure))}]"
        case dict():
            return "{" + ", ".join(f"{k!r}: {inner(v)}" for k, v in structure.items()) + "}"
        case Array(dtype, shape):
            known = (str(n) if isinstance(n, int) or n in shared else ":" for n in shape)
            return f"{dtype}[{', '.join(known)}]"
    return str(structure)
