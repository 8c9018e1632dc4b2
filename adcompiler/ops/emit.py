"""Pieces of Python `ast` that the tables' emissions are made of.

Modules, builtins, runtime helpers, gates and other functions are named with a `$` in front (`$np`,
`$builtin.range`, `$helper.divide`): code generation gives them names that the user's own don't
shadow.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .op import Emission

__all__ = [
    "PACKAGES",
    "attribute",
    "call",
    "constant",
    "default_call",
    "dtype_source",
    "infix",
    "keyword_items",
    "method",
    "prefix",
    "reference",
]


_KINDS = ("builtin", "helper", "gate", "function")

# The modules of packages, by what they are called in emitted text; any other is of the standard
# library.
PACKAGES = {
    "np": "numpy",
    "special": "scipy.special",
    "linalg": "scipy.linalg",
    "stats": "scipy.stats",
}


def reference(dotted: str) -> ast.expr:
    """`np.linalg.norm` as an expression; the first part is a module, or one of _KINDS."""
    first, *rest = dotted.split(".")
    if first in _KINDS:
        return ast.Name(f"${dotted}", ast.Load())
    node: ast.expr = ast.Name(f"${first}", ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def constant(value: Any) -> ast.expr:
    """A static value as source: numbers, strings, tuples, lists, slices' parts, dtypes by name."""
    if isinstance(value, tuple):
        return ast.Tuple([constant(v) for v in value], ast.Load())
    if isinstance(value, list):
        return ast.List([constant(v) for v in value], ast.Load())
    if isinstance(value, type):
        return reference(("builtin." if value.__module__ == "builtins" else "np.") + value.__name__)
    return ast.Constant(value)


def dtype_source(code: str) -> ast.expr:
    """The code of a dtype as NumPy's class: `np.float32`."""
    return reference(f"np.{np.dtype(code).name}")


def keyword_items(keywords: Mapping[str, Any]) -> list[ast.keyword]:
    return [
        ast.keyword(name, value if isinstance(value, ast.expr) else constant(value))
        for name, value in keywords.items()
    ]


def call(dotted: str, operands: Sequence[ast.expr], **keywords: Any) -> ast.expr:
    """`np.sum(x, axis=0)`."""
    return ast.Call(reference(dotted), list(operands), keyword_items(keywords))


def method(operand: ast.expr, name: str, *arguments: ast.expr, **keywords: Any) -> ast.expr:
    """`x.reshape(...)`."""
    callee = ast.Attribute(operand, name, ast.Load())
    return ast.Call(callee, list(arguments), keyword_items(keywords))


def attribute(operand: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(operand, name, ast.Load())


def infix(node: ast.operator | ast.cmpop) -> Callable[[Emission], ast.expr]:
    """`a + b`, `a < b`."""

    def emit(emission: Emission) -> ast.expr:
        a, b = emission.operands
        if isinstance(node, ast.cmpop):
            return ast.Compare(a, [node], [b])
        return ast.BinOp(a, node, b)

    return emit


def prefix(node: ast.unaryop) -> Callable[[Emission], ast.expr]:
    """`-a`."""
    return lambda emission: ast.UnaryOp(node, emission.operands[0])


def default_call(dotted: str, **defaults: Any) -> Callable[[Emission], ast.expr]:
    """A call of `dotted`, with those attributes as keywords that differ from `defaults`."""

    def emit(emission: Emission) -> ast.expr:
        keywords = {
            name: value
            for name, value in emission.attributes.items()
            if name not in defaults or value != defaults[name]
        }
        return call(dotted, emission.operands, **keywords)

    return emit
