"""Sizes of arguments that are equal at this call, so that one symbol may stand for both.

    def f(u, t):                          u: f8[u0], t: f8[t0]     "are u0 and t0 equal?" enters
        return np.sum(u[1:] * t[1:])                               the signature: yes or no
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .diagnostics import SignatureError
from .frontend.context import ARGUMENT, Path
from .frontend.paths import EQUAL
from .ir.core import Function
from .ir.sizes import Symbol
from .transform.doubts import in_doubt

__all__ = ["Values", "equal_sizes"]

Values = Callable[[Path], Any]


def equal_sizes(function: Function, values: Values, asked: set[Path]) -> dict[Symbol, Symbol]:
    """Those of the sizes in doubt that are equal at this call, with what is to stand for them;
    `asked` gains what was asked."""
    pairs = {p: pair for pair in in_doubt(function) if (p := _comparing(*pair)) is not None}
    news = [path for path in pairs if path not in asked]
    try:
        equal = [path for path in news if values(path)]
    except SignatureError:  # there are types alone
        return {}
    asked.update(news)
    same: dict[Symbol, Symbol] = {}
    for path in equal:
        first, second = (same.get(symbol, symbol) for symbol in pairs[path])
        same = {symbol: first if of == second else of for symbol, of in same.items()}
        same |= {second: first} if first != second else {}
    return same


def _comparing(first: Symbol, second: Symbol) -> Path | None:
    """The path that tells whether two sizes of arguments are equal."""
    places = (first.origin, second.origin)
    if not all(isinstance(p, tuple) and p[0] == ARGUMENT and "<size" in p[-1] for p in places):
        return None
    return (EQUAL, *first.origin[1:], "<and>", *second.origin[1:])
