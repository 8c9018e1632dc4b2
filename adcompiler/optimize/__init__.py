"""The passes, each in a file named by what it does, and the pipelines they form.

The passes are loaded when something is compiled; which there are is known without them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .choice import DEFAULT, LEVELS, PASSES, Passes, chosen_passes

if TYPE_CHECKING:
    from .pipelines import (
        NamedPass,
        Pass,
        after_copies,
        after_saves,
        before_emission,
        before_saves,
        on_primal,
        run,
    )

__all__ = [
    "DEFAULT",
    "LEVELS",
    "PASSES",
    "NamedPass",
    "Pass",
    "Passes",
    "after_copies",
    "after_saves",
    "before_emission",
    "before_saves",
    "chosen_passes",
    "on_primal",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.pipelines"), name)
