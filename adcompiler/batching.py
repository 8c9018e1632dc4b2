"""`vmap`: a function of one made a function of a whole stack.

>>> def f(x, w):
...     return np.sum(w * x)
>>> vmap(f, in_axes=(0, None))(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
array([12., 34.])

It is compiled, as gradients are: for the types that one call has, and then for stacks of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .diagnostics import Diagnostic, SignatureError
from .fitting import flat, put_back
from .gradient import Gradient, without_our_frames
from .notebook import Shown
from .optimize import Passes
from .specialize import Specialization
from .targets import filled_in
from .tracebacks import name_lines
from .transformations import made_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .typed import Array, BatchedOf, Leaf

__all__ = ["vmap"]

Axes = int | None | tuple[int | None, ...]


class Batched(Shown):
    """`vmap(f)(*args)`: see `vmap`. `source`, `module` and `ir` show what is compiled."""

    def __init__(self, f: Callable[..., Any], in_axes: Axes, optimize: int | Passes) -> None:
        self.function, self.in_axes, self.optimize = f, in_axes, optimize
        self._made: dict[tuple[int, ...], Gradient] = {}
        self.named_after(f)
        self.shows_signature(f)

    @without_our_frames
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results of all calls, stacked along a first axis."""
        compiled, one, several = self._prepared(args)
        found, positional, keywords, _ = compiled.prepared(tuple(one), kwargs)
        first = len(filled_in(compiled.target, (), {})[1])
        positional = [*positional[:first], *several, *positional[first + len(several) :]]
        try:
            return found.call(*positional, **keywords)
        except BaseException as error:
            name_lines(error)
            raise

    def compiled_last(self) -> Specialization | None:
        """What was compiled last."""
        return next((g.compiled_last() for g in reversed(self._made.values())), None)

    @without_our_frames
    def source(self, *args: Any, **kwargs: Any) -> str:
        """The emitted function for these arguments, as text."""
        compiled, one, _ = self._prepared(args)
        return compiled.source(*one, **kwargs)

    @without_our_frames
    def module(self, *args: Any, **kwargs: Any) -> str:
        """The whole emitted module for these arguments."""
        compiled, one, _ = self._prepared(args)
        return compiled.module(*one, **kwargs)

    @without_our_frames
    def ir(self, *args: Any, **kwargs: Any) -> str:
        """The batched function's SSA for these arguments, as text."""
        compiled, one, _ = self._prepared(args)
        return compiled.ir(*one, **kwargs)

    def _prepared(self, args: Sequence[Any]) -> tuple[Gradient, list[Any], list[Any]]:
        """What is compiled for these axes; the arguments of the first call, and of all."""
        axes = self._axes(args)
        one, several = list(args), list(args)
        sizes: set[int] = set()
        for k, axis in enumerate(axes):
            if axis is not None:
                stacks = [_moved(leaf, axis, k) for leaf in flat(args[k])]
                sizes.update(map(len, stacks))
                several[k] = put_back(args[k], iter(stacks))
        if len(sizes) != 1 or not next(iter(sizes)):
            shown = " and ".join(map(str, sorted(sizes))) or "no argument"
            raise _refused(
                f"a batch of {shown}.", "give stacks of one size, of 1 at least, along in_axes."
            )
        for k, axis in enumerate(axes):
            if axis is not None:
                one[k] = put_back(several[k], (leaf[0] for leaf in flat(several[k])))
        chosen = tuple(k for k, axis in enumerate(axes) if axis is not None)
        if chosen not in self._made:
            self._made[chosen] = Gradient(self.function, chosen, self.optimize, mode="vmap")
        return self._made[chosen], one, several

    def __adcompiler_derivation__(self) -> tuple[Any, list[tuple[Any, ...]]]:
        """What a call of it is inside a function that is differentiated."""
        return self.function, [("vmap", 0, False, False, self.in_axes)]

    def _axes(self, args: Sequence[Any]) -> tuple[int | None, ...]:
        axes = self.in_axes if isinstance(self.in_axes, tuple) else (self.in_axes,) * len(args)
        if len(axes) != len(args):
            raise _refused(
                f"there are {len(axes)} in_axes for {len(args)} arguments.",
                "give one for each argument by position; None for what all have in common.",
            )
        return axes

    def __repr__(self) -> str:
        return f"<vmap of {getattr(self.function, '__qualname__', repr(self.function))}>"


def _moved(leaf: Any, axis: int, position: int) -> Any:
    """An array with the batch's axis in front."""
    count = np.ndim(leaf) if isinstance(leaf, np.ndarray) else 0
    if not -count <= axis < count:
        raise _refused(
            f"argument {position} has no axis {axis} to be batched along.",
            "give arrays, or None in in_axes for what all calls have in common.",
        )
    return np.moveaxis(leaf, axis, 0) if axis else leaf


def _refused(reason: str, advice: str) -> SignatureError:
    return SignatureError(Diagnostic("batch", reason, advice))


@overload
def vmap(
    f: Callable[..., NDArray[Leaf]], in_axes: Axes = 0, *, optimize: int | Passes = 1
) -> BatchedOf[NDArray[Leaf]]: ...
@overload
def vmap(
    f: Callable[..., float], in_axes: Axes = 0, *, optimize: int | Passes = 1
) -> BatchedOf[Array]: ...
@overload
def vmap(
    f: Callable[..., Any], in_axes: Axes = 0, *, optimize: int | Passes = 1
) -> BatchedOf[Any]: ...
def vmap(f: Callable[..., Any], in_axes: Axes = 0, *, optimize: int | Passes = 1) -> Any:
    """The function for a whole batch of arguments at once.

    f: a Python function in the subset, or what `grad` has made of one. in_axes: for each argument
    by position the axis along which it is a stack (of a tuple, list or dict: each array in it), or
    None where all calls have it in common, as they have those by keyword. Calling the result gives
    what the calls would give one by one, stacked along a first axis.

    What depends on the batch is computed for all of it, the rest once. Branches and loops that
    depend on it are refused (UnsupportedError): which way a program goes is the same for all.
    What Python's numbers raise for (1.0 / 0.0, math.log(-1.0)) is infinite or NaN, as in arrays,
    and ints are int64. Raises SignatureError where the axes don't fit.
    """
    return made_once(Batched, f, in_axes, optimize)


vmap.__adcompiler_derivative__ = "vmap"  # type: ignore[attr-defined]
