"""Structures of callers' arrays and numbers: tangents fitted to what they belong to, copies.

>>> fitted(1, np.float32(2.0), "dot_x"), fitted([1, 2], np.zeros(2), "dot_x")
(np.float32(1.0), array([1., 2.]))
"""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from .diagnostics import Diagnostic, SignatureError

__all__ = ["ARRAYS", "GENERATORS", "copied", "fields_of", "fitted", "flat", "is_record",
           "put_back"]  # fmt: skip

ARRAYS = (np.ndarray,)
GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


def copied(value: Any, kinds: tuple[type, ...], made: dict[int, Any] | None = None) -> Any:
    """The structure with copies of what is of these kinds; one object twice stays one object."""
    made = {} if made is None else made
    match value:
        case tuple():
            parts = [copied(part, kinds, made) for part in value]
            return _tuple(value, parts)
        case list():
            return [copied(part, kinds, made) for part in value]
        case dict():
            return {key: copied(part, kinds, made) for key, part in value.items()}
        case _ if isinstance(value, kinds):
            return copy.deepcopy(value, made)
    if is_record(value):
        return _with_fields(value, [copied(part, kinds, made) for _, part in fields_of(value)])
    return value


def is_record(value: Any) -> bool:
    """Whether it is an object of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def fields_of(value: Any) -> list[tuple[str, Any]]:
    names = [field.name for field in dataclasses.fields(value)]
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def _with_fields(value: Any, parts: list[Any]) -> Any:
    found = copy.copy(value)
    for (name, _), part in zip(fields_of(value), parts, strict=True):
        object.__setattr__(found, name, part)
    return found


def fitted(given: Any, like: Any, name: str) -> Any:
    """`given` with the structure, kinds and dtypes of `like`; SignatureError where the structure or
    a shape is another."""
    match like:
        case tuple() | list():
            _check(isinstance(given, (tuple, list, np.ndarray)) and len(given) == len(like), name)
            pairs = enumerate(zip(given, like, strict=True))
            parts = [fitted(g, part, f"{name}[{k}]") for k, (g, part) in pairs]
            return parts if isinstance(like, list) else _tuple(like, parts)
        case dict():
            _check(isinstance(given, dict) and given.keys() == like.keys(), name)
            return {key: fitted(given[key], part, f"{name}[{key!r}]") for key, part in like.items()}
        case np.ndarray():
            if like.dtype.kind not in "fc":
                return given
            array = np.asarray(given, like.dtype)
            _check(array.shape == like.shape, name, f"{array.shape} for {like.shape}")
            return array
        case bool() | int() | None | str():
            return given
        case float() | complex() | np.inexact():
            _check(np.ndim(given) == 0, name)
            return type(like)(given)
    if is_record(like):
        _check(type(given) is type(like), name)
    return given


def _tuple(like: tuple[Any, ...], parts: list[Any]) -> Any:
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def _check(holds: bool, name: str, told: str = "another structure") -> None:
    if not holds:
        raise SignatureError(
            Diagnostic(
                "tangents", f"`{name}` doesn't fit what it belongs to: {told}.",
                "give it the structure and the shapes of that.",
            )
        )  # fmt: skip


def flat(value: Any) -> Iterator[Any]:
    """The numbers and arrays of nested tuples, lists, dicts and dataclasses."""
    match value:
        case tuple() | list():
            for part in value:
                yield from flat(part)
        case dict():
            for part in value.values():
                yield from flat(part)
        case _ if is_record(value):
            for _, part in fields_of(value):
                yield from flat(part)
        case _:
            yield value


def put_back(value: Any, leaves: Iterator[Any]) -> Any:
    """The structure of `value` with other leaves."""
    match value:
        case tuple() | list():
            parts = [put_back(part, leaves) for part in value]
            return parts if isinstance(value, list) else _tuple(value, parts)
        case dict():
            return {key: put_back(part, leaves) for key, part in value.items()}
        case _ if is_record(value):
            return _with_fields(value, [put_back(part, leaves) for _, part in fields_of(value)])
    return next(leaves)
