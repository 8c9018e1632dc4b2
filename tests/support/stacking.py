"""Several arguments as a stack, and single ones of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["stack", "unstack"]


def stack(draws: Sequence[Any]) -> Any:
    """Several arguments as one: of lists, the list of stacks."""
    if isinstance(draws[0], list):
        return [np.stack(parts) for parts in zip(*draws, strict=True)]
    return np.stack([np.asarray(v) for v in draws])


def unstack(value: Any, k: int) -> Any:
    return [part[k] for part in value] if isinstance(value, list) else value[k]
