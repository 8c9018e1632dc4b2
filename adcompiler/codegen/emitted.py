"""What comes of a compilation: text."""

from __future__ import annotations

from dataclasses import dataclass, field

from .origins import Origins

__all__ = ["Emitted"]


@dataclass(frozen=True)
class Emitted:
    """The text of the function, after those that it calls, and of the module that it runs in; the
    name of the function, and of its `pullback` where that is a function by itself; where its lines
    come from."""

    name: str
    function: str
    module: str
    pullback: str = ""
    origins: Origins = field(default=Origins(), compare=False)
