"""Which passes run: those of a level, less the ones that are switched off by name.

    Passes(1)                          what a careful person would write
    Passes(1, without=("nest",))       the same, with a line for every value

Wherever an optimisation level is asked for, `Passes` may be given in its place. What the text needs
to be right has no name and can't be switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..diagnostics import Diagnostic, SignatureError

__all__ = ["DEFAULT", "LEVELS", "PASSES", "Passes", "chosen_passes"]

LEVELS = (0, 1, 2)

# From which level on each runs, and what it buys the reader or the machine.
PASSES: Mapping[str, tuple[int, str]] = {
    "copies": (1, "a value that only stands for another one is that other one"),
    "simplify": (1, "what is known when compiling is settled: x * 1, 0 + x, sizes"),
    "subexpressions": (1, "what is computed twice is computed once"),
    "invariants": (1, "what is the same in every iteration is computed before the loop"),
    "loop-values": (1, "what a loop has called a function for is saved, not called for again"),
    "shapes": (1, "a shape is asked of an array that is at hand anyway"),
    "nest": (1, "a value that is used once stands in the expression that uses it"),
    "cancel": (2, "terms of a gradient that are zero in mathematics aren't computed"),
    "sigmoids": (2, "np.exp(x - np.logaddexp(x, y)) is a sigmoid, which is faster"),
    "powers": (1, "x ** 3 of an array is x * x ** 2; in the forward part, too, at level 2"),
    "matmul": (1, "a sum of products is `@`, not einsum; in the forward part, too, at level 2"),
    "inverses": (2, "a system of equations is solved by an inverse that is at hand"),
    "commute": (2, "np.sum(a, axis=0) @ b for np.sum(a @ b, axis=0)"),
    "signs": (1, "a change of sign becomes a difference: a - g * x for a + -g * x"),
    "products": (1, "numbers are multiplied before arrays are: 2 * g * x for g * x * 2"),
    "quotients": (1, "a quotient that is at hand is multiplied: g / s * y for g * y / s"),
    "sums": (1, "c * np.sum(x) for np.sum(c * x), a @ b for np.sum(a * b)"),
    "ones": (2, "a matrix is summed along an axis by a product with ones"),
    "rows": (2, "rows that an array of ints names are added to by a helper, where that is faster"),
    "place-stores": (1, "a gradient is stored at a place that holds zeros, and added there once"),
    "gates": (2, "a gate of a few steps stands in the text, in place of a call of it"),
    "reuse": (2, "a result is written over an array that nobody reads any more"),
    "release": (2, "an array that nobody reads any more is let go before another is made"),
    "row-lists": (1, "a row is a list of Python's floats for a loop over its elements"),
    "tuple-tapes": (1, "several numbers that a loop saves are one tuple on one tape"),
    "late-updates": (0, "an array's gradient is added to where the last reader is done"),
}


@dataclass(frozen=True)
class Passes:
    """An optimisation level and the names of passes that don't run all the same.

    Raises SignatureError where there is no such level, or no such pass.
    """

    level: int = 1
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise SignatureError(
                Diagnostic(
                    "unknown-level", f"there is no optimisation level {self.level!r}.",
                    "use optimize=0, the lecture form, 1, or 2, which may change how the forward"
                    " part rounds.",
                )
            )  # fmt: skip
        names = (self.without,) if isinstance(self.without, str) else self.without
        unknown = sorted(set(names) - PASSES.keys())
        if unknown:
            raise SignatureError(
                Diagnostic(
                    "unknown-pass", f"there is no pass {unknown[0]!r} to be left out.",
                    f"there are {', '.join(sorted(PASSES))}.",
                )
            )  # fmt: skip
        object.__setattr__(self, "level", int(self.level))
        object.__setattr__(self, "without", tuple(sorted(set(names))))

    def runs(self, name: str) -> bool:
        """Whether the pass of this name is among them."""
        return self.level >= PASSES[name][0] and name not in self.without

    def __str__(self) -> str:
        """As on a command line."""
        return " ".join([f"-O{self.level}", *(f"--without {name}" for name in self.without)])


DEFAULT = Passes()


def chosen_passes(optimize: int | Passes) -> Passes:
    """The passes of a level, or those that are given."""
    return optimize if isinstance(optimize, Passes) else Passes(optimize)
