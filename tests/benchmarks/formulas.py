"""A kernel's formula, run and differentiated by the peers.

>>> import math
>>> def area(r):
...     return math.pi * r * r
>>> class Coarse:
...     pi = 3.0
>>> under(area, math=Coarse)(2.0)
12.0
"""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from tests.benchmarks.kernel import Build

__all__ = ["in_autograd", "in_jax", "in_mygrad", "in_torch", "mapped", "under"]

Function = Callable[..., Any]
Arguments = Callable[[], tuple[Any, ...]]


def under(function: Function, **names: Any) -> Function:
    """The function with other objects behind these global names, and so with the functions of its
    module that it calls. A string names an object: `ndtr="scipy.special.ndtr"`."""
    own = function.__globals__
    scope = {**own}
    for name, value in names.items():
        scope[name] = _imported(value) if isinstance(value, str) else value
    for name, value in scope.items():
        if isinstance(value, types.FunctionType) and value.__globals__ is own:
            scope[name] = _within(value, scope)
    return _within(function, scope)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _within(function: Any, scope: dict[str, Any]) -> Function:
    return types.FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
    )


def mapped(change: Function, tree: Any) -> Any:
    """The structure with `change` applied to its floats and arrays.

    >>> mapped(lambda x: -x, {"a": [(1.0, 2.0)], "n": 3})
    {'a': [(-1.0, -2.0)], 'n': 3}
    """
    if isinstance(tree, dict):
        return {key: mapped(change, item) for key, item in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(mapped(change, item) for item in tree)
    return tree if isinstance(tree, int) else change(tree)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from _leaves(item)
    else:
        yield tree


def _parts(point: tuple[Any, ...], wrt: Any) -> list[Any]:
    """The leaves that `wrt` names: a position or several."""
    return list(_leaves([point[k] for k in wrt] if isinstance(wrt, tuple) else point[wrt]))


def in_autograd(function: Function, arguments: Arguments, wrt: Any = 0, **names: Any) -> Build:
    """`autograd.grad` of the function with `autograd.numpy` as its `np`."""

    def build() -> Callable[[], Any]:
        import autograd
        import autograd.numpy

        gradient = autograd.grad(under(function, np=autograd.numpy, **names), wrt)
        point = arguments()
        return lambda: gradient(*point)

    return build


def in_jax(
    function: Function, arguments: Arguments, wrt: Any = 0, jit: bool = False, **names: Any
) -> Build:
    """`jax.grad` of the function with `jax.numpy` as its `np`; plain numbers that it isn't
    differentiated by are static."""

    def build() -> Callable[[], Any]:
        import jax

        gradient = jax.grad(under(function, np=jax.numpy, **names), wrt)
        point = list(arguments())
        numbers = [k for k, argument in enumerate(point) if isinstance(argument, int | float)]
        static = tuple(k for k in numbers if k not in (wrt if isinstance(wrt, tuple) else (wrt,)))
        if jit:
            gradient = jax.jit(gradient, static_argnums=static)
        for k, argument in enumerate(point):
            if k not in static:
                point[k] = mapped(jax.numpy.asarray, argument)
        return lambda: jax.block_until_ready(gradient(*point))

    return build


def in_torch(function: Function, arguments: Arguments, wrt: Any = 0) -> Build:
    """`torch.autograd.grad` of a function that is written in torch's own names, eager."""

    def build() -> Callable[[], Any]:
        import torch

        point = mapped(lambda leaf: torch.as_tensor(numpy.asarray(leaf)), arguments())
        parts = [part.requires_grad_() for part in _parts(point, wrt)]
        scope = under(function, torch=torch)
        return lambda: torch.autograd.grad(scope(*point), parts)

    return build


def in_mygrad(function: Function, arguments: Arguments, wrt: Any = 0, **names: Any) -> Build:
    """The function on mygrad's tensors, with `mygrad` as its `np`, NumPy's for what that lacks;
    float64, which isn't its default."""

    def build() -> Callable[[], Any]:
        import mygrad

        double = {
            name: functools.partial(getattr(mygrad, name), dtype=float)
            for name in ("zeros", "ones")
        }
        both = types.SimpleNamespace(**{**vars(numpy), **vars(mygrad), **double})
        scope = under(function, np=both, **names)
        point = list(arguments())
        for k in wrt if isinstance(wrt, tuple) else (wrt,):
            point[k] = mapped(mygrad.tensor, point[k])
        parts = _parts(tuple(point), wrt)

        def call() -> Any:
            with mygrad.mem_guard_off:
                scope(*point).backward()
            return [part.grad for part in parts]

        return call

    return build
