"""Tangents and cotangents as callers give them, fitted to what they belong to.

>>> fitted(1, np.float32(2.0), "dot_x"), fitted([1, 2], np.zeros(2), "dot_x")
(np.float32(1.0), array([1., 2.]))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from .diagnostics import Diagnostic, SignatureError

__all__ = ["fitted", "flat", "put_back"]


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
    if dataclasses.is_dataclass(like) and not isinstance(like, type):
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
    """The numbers and arrays of nested tuples, lists and dicts."""
    match value:
        case tuple() | list():
            for part in value:
                yield from flat(part)
        case dict():
            for part in value.values():
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
    return next(leaves)
