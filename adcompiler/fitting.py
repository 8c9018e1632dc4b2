"""Tangents and cotangents as callers give them, fitted to what they belong to.

>>> fitted(1, np.float32(2.0), "dot_x"), fitted([1, 2], np.zeros(2), "dot_x")
(np.float32(1.0), array([1., 2.]))
"""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .diagnostics import Diagnostic, SignatureError
from .frontend.records import generators

__all__ = ["draws", "fields_of", "fitted", "flat", "is_record", "kept", "put_back"]


def fitted(given: Any, like: Any, name: str) -> Any:
    """`given` with the structure, kinds and dtypes of `like`; SignatureError where the structure or
    a shape is another."""
    if _is_alike(given, like):
        return given
    try:
        return _fitted(given, like)
    except _Misfit as misfit:
        raise SignatureError(
            Diagnostic(
                "tangents",
                f"`{name}{misfit.path}` doesn't fit what it belongs to: {misfit.told}.",
                "give it the structure and the shapes of that.",
            )
        ) from None  # fmt: skip


def _is_alike(given: Any, like: Any) -> bool:
    """Whether it has the kinds, dtypes and shapes already; of plain structures alone."""
    kind = type(like)
    if type(given) is not kind:
        return False
    if kind is np.ndarray:
        return bool(given.dtype == like.dtype and given.shape == like.shape)
    if kind is tuple or kind is list:
        return len(given) == len(like) and all(map(_is_alike, given, like))
    if kind is dict:
        return [*given] == [*like] and all(map(_is_alike, given.values(), like.values()))
    return kind in (float, complex) or issubclass(kind, np.inexact)


class _Misfit(Exception):
    def __init__(self, told: str = "another structure") -> None:
        self.told, self.path = told, ""


def _fitted(given: Any, like: Any) -> Any:
    if isinstance(like, np.ndarray):
        return _array(given, like)
    if isinstance(like, (tuple, list)):
        if not isinstance(given, (tuple, list, np.ndarray)) or len(given) != len(like):
            raise _Misfit
        parts = _parts(given, enumerate(like))
        return parts if isinstance(like, list) else _tuple(like, parts)
    if isinstance(like, dict):
        if not isinstance(given, dict) or given.keys() != like.keys():
            raise _Misfit
        return dict(zip(like, _parts(given, like.items()), strict=True))
    if isinstance(like, (float, complex, np.inexact)):
        if np.ndim(given):
            raise _Misfit
        return type(like)(given)
    if is_record(like) and type(given) is not type(like):
        raise _Misfit
    return given


def _parts(given: Any, like: Iterable[tuple[Any, Any]]) -> list[Any]:
    parts = []
    for key, part in like:
        try:
            parts.append(_fitted(given[key], part))
        except _Misfit as misfit:
            misfit.path = f"[{key!r}]{misfit.path}"
            raise
    return parts


def _array(given: Any, like: np.ndarray[Any, Any]) -> Any:
    if like.dtype.kind not in "fc":
        return given
    array = np.asarray(given, like.dtype)
    if array.shape != like.shape:
        raise _Misfit(f"{array.shape} for {like.shape}")
    return array


def _tuple(like: tuple[Any, ...], parts: list[Any]) -> Any:
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def flat(value: Any) -> Iterator[Any]:
    """The numbers and arrays of nested tuples, lists, dicts and dataclasses."""
    match value:
        case np.ndarray() | float():
            yield value
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


def draws(value: Any) -> bool:
    """Whether it is a generator of random numbers."""
    return isinstance(value, (random.Random, *generators()))


def is_record(value: Any) -> bool:
    """Whether it is an object of a dataclass."""
    return hasattr(type(value), "__dataclass_fields__")


def fields_of(value: Any) -> list[tuple[str, Any]]:
    """The fields that an object of a dataclass has, by name."""
    names = [field.name for field in dataclasses.fields(value)]
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def kept(value: Any, generators: bool = False) -> Any:
    """The argument as it is now, whatever becomes of its arrays, and of generators if told; what
    is one array stays one."""
    return _kept(value, generators, {})


def _kept(value: Any, generators: bool, memo: dict[int, Any]) -> Any:
    match value:
        case np.ndarray():
            if id(value) not in memo:
                memo[id(value)] = value.copy(order="K")
            return memo[id(value)]
        case tuple() | list():
            parts = [_kept(part, generators, memo) for part in value]
            return parts if isinstance(value, list) else _tuple(value, parts)
        case dict():
            return {key: _kept(part, generators, memo) for key, part in value.items()}
    if is_record(value) or (generators and draws(value)):
        return copy.deepcopy(value, memo)
    return value


def put_back(value: Any, leaves: Iterator[Any]) -> Any:
    """The structure of `value` with other leaves."""
    match value:
        case np.ndarray() | float():
            return next(leaves)
        case tuple() | list():
            parts = [put_back(part, leaves) for part in value]
            return parts if isinstance(value, list) else _tuple(value, parts)
        case dict():
            return {key: put_back(part, leaves) for key, part in value.items()}
        case _ if is_record(value):
            found = copy.copy(value)
            for name, part in fields_of(value):
                object.__setattr__(found, name, put_back(part, leaves))
            return found
    return next(leaves)
