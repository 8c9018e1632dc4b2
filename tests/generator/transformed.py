"""Random programs by forward mode and twice: held to the gradient, which `oracles` has judged.

    ⟨grad f, d⟩        is the tangent along d
    ⟨e, H d⟩           is ⟨d, H e⟩, and the slope of ⟨grad f, e⟩ along d
    grad(x -> jvp)     and forward mode over the stored gradient say the same
    pullback(c)        is c times the gradient, also when the arguments' memory has changed
"""

from __future__ import annotations

import contextlib
import inspect
import io
import random
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from adcompiler import AdcompilerError, grad, hvp, jvp, vjp
from adcompiler.gradient import Gradient
from adcompiler.transformations import along as push

from .differences import along
from .oracles import Verdict, judge_function, leaves, quiet
from .program import load, unload

__all__ = ["judge_transformed"]


def judge_transformed(text: str, slopes: bool = True) -> Verdict:
    """The verdict on a program; what the gradient's oracles don't pass is handed on."""
    module = load(text)
    try:
        first = judge_function(module.f, module.arguments)
        if first.kind != "passed":
            return first
        with quiet(), contextlib.redirect_stdout(io.StringIO()):
            return _judged(module.f, module.arguments, slopes)
    finally:
        unload(module)


def _judged(f: Any, arguments: Callable[[], dict[str, Any]], slopes: bool) -> Verdict:
    names = [n for n in inspect.signature(f).parameters if n in arguments()]
    floats = [n for n in names if _is_plain(arguments()[n])]
    sharp = "float32" not in inspect.getsource(f) and not any(map(_is_single, leaves(arguments())))
    loose = 1.0 if sharp else 1e4
    if not floats or len({id(arguments()[n]) for n in floats}) < len(floats):
        return Verdict("skipped", "no plain floats")
    wrt, rng = tuple(floats), random.Random(3)
    d, e = ([_direction(rng, arguments()[n]) for n in wrt] for _ in range(2))

    def values() -> list[Any]:
        given = arguments()
        return [given[n] for n in names]

    def at(t: float) -> float:
        moved = [
            v + t * d[wrt.index(n)] if n in wrt else v
            for n, v in zip(names, values(), strict=True)
        ]
        return _inner(gradient(*moved), e)

    try:
        gradient = grad(f, wrt)
        found = gradient(*values())
        for level in (0, 1):
            tangent = jvp(f, values(), d, wrt=wrt, optimize=level)[1]
            _same("tangent", tangent, _inner(found, d), found, 1e-8 * loose)
        _pulled(f, values(), wrt, found, 1e-9 * loose)
        hd, he = (hvp(f, *values(), tuple(v), wrt=wrt) for v in (d, e))
        _same("symmetry", _inner(hd, e), _inner(he, d), (*hd, *he), 1e-7 * loose)
        again = push(Gradient(gradient, wrt, mode="jvp"), values(), d)[1]
        both = (*hd, *again)
        _same("over the stored gradient", _inner(again, e), _inner(hd, e), both, 1e-7 * loose)
        if slopes and sharp:
            slope = along(at, 0.0, True)
            if slope.trouble:
                return Verdict("skipped", slope.trouble)
            _same("slope", _inner(hd, e), slope.derivative, (slope.scale,), 1e-6)
    except AdcompilerError as error:
        return Verdict("refused", error.diagnostics[0].code, str(error))
    except AssertionError as error:
        if error.args and isinstance(error.args[0], tuple):
            what, detail = error.args[0]
            return Verdict("failed", what, detail)
        return Verdict("failed", "assertion", traceback.format_exc())
    except Exception as error:
        return Verdict("failed", type(error).__name__, traceback.format_exc())
    return Verdict("passed")


def _pulled(
    f: Any, given: list[Any], wrt: tuple[str, ...], found: Any, tolerance: float
) -> None:
    """Called twice, after everything that a caller has in hand is overwritten."""
    _, pullback = vjp(f, *given, wrt=wrt)
    for leaf in leaves(given):
        if isinstance(leaf, np.ndarray) and leaf.flags.writeable:
            leaf.fill(77)
    for cotangent in (1.0, 2.0):
        for part, whole in zip(pullback(cotangent), found, strict=True):
            both = (part, cotangent * np.asarray(whole))
            _same("pullback", float(np.sum(both[0])), float(np.sum(both[1])), both, tolerance)


def _same(what: str, a: float, b: float, of: Any, tolerance: float) -> None:
    scale = 1 + max(float(np.max(np.abs(v), initial=0.0)) for v in of)
    fits = abs(a - b) <= tolerance * scale or (np.isnan(a) and np.isnan(b))
    if not fits:
        raise AssertionError((what, f"{a} and {b}, of size {scale}"))


def _is_plain(value: Any) -> bool:
    kind = isinstance(value, (float, np.ndarray, np.float64))
    return kind and np.asarray(value).dtype == np.float64


def _is_single(leaf: Any) -> bool:
    return getattr(leaf, "dtype", None) in (np.float32, np.float16)


def _direction(rng: random.Random, value: Any) -> Any:
    if not np.ndim(value):
        return rng.uniform(0.5, 1.0)
    drawn = [rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) for _ in range(np.size(value))]
    return np.array(drawn).reshape(np.shape(value))


def _inner(a: Any, b: Any) -> float:
    return sum(float(np.sum(np.asarray(p) * q)) for p, q in zip(a, b, strict=True))
