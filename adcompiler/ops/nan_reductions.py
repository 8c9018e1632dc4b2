"""Reductions that leave out NaN: the plain ones' rules with a mask of what is a number.

    y = np.nansum(x)         grad_x = np.where(~np.isnan(x), grad_y, 0.0)

A NaN that is left out has no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import Bound, Op, Rule, arguments
from .reducing import averaged, bind, bind_ddof, bind_extreme, bind_initial, reduction, summed
from .reductions import RULES, squared

__all__ = ["ENTRIES"]


def _of_numbers(rule: Rule) -> Rule:
    """The rule for those elements that are no NaN."""

    def wrapped(g: Any, x: Any, y: Any, mask: Any, **attributes: Any) -> Any:
        numbers = ~np.isnan(x)
        return rule(g, x, y, mask=numbers if mask is None else numbers & mask, **attributes)

    return wrapped


def _samples(**more: Any) -> tuple[Bound, ...]:
    holes = np.array([[0.5, np.nan, -1.5], [1.25, 0.75, np.nan]])
    cases = ((holes, None), (holes, 0), (holes, -1), ((), None), ((2, 1), 1), ((2, 3, 2), (0, 2)))
    return tuple(
        arguments(operand, axis=axis, **more, keepdims=keepdims)
        for operand, axis in cases
        for keepdims in (False, True)
        if not more or not isinstance(operand, tuple) or 3 in operand
    )


def _entry(
    name: str, dtype: Any, binding: Any, examples: tuple[str, ...], complex: bool = False,
    **more: Any,
) -> Op:  # fmt: skip
    plain, others = RULES[name.removeprefix("nan")]
    return reduction(
        name, getattr(np, name), _of_numbers(plain), dtype, binding,
        others={key: _of_numbers(rule) for key, rule in others.items()}, masks=True, method=False,
        complex=complex, samples=_samples(**more),
        examples=(f"np.{name}({{2,3}}, axis=1)", *examples),
    )  # fmt: skip


ENTRIES: tuple[Op, ...] = (
    _entry("nansum", summed, bind_initial, ("np.nansum({3}, initial={})",), complex=True),
    _entry("nanprod", summed, bind_initial, ("np.nanprod({2,3}, axis=(0, 1))",), complex=True),
    _entry("nanmean", averaged, bind, ("np.nanmean({3}, where=[True, False, True])",),
           complex=True),
    _entry("nanmax", lambda code: code, bind_extreme, ("np.nanmax({3}, initial=0.5)",)),
    _entry("nanmin", lambda code: code, bind_extreme, ("np.nanmin({3}, initial=0.5)",)),
    _entry("nanvar", squared, bind_ddof, ("np.nanvar({3}, correction=1)",), complex=True, ddof=0),
    _entry("nanstd", squared, bind_ddof, ("np.nanstd({3}, ddof=1)",), complex=True, ddof=0),
)  # fmt: skip
