"""Random numbers: drawn in the forward part, once, where and in the order the user draws them.

    rng = np.random.default_rng(0)       %rng = draw[np.random.default_rng(0)]
    noise = rng.normal(size=n)           %noise = draw[$0.normal(size=$1)] %rng, %n
    y = x + sigma * noise

A draw is a constant of the call. It is an operation with a result that runs exactly once, in its
place: none is left out, shared, or computed again, since that would change all later ones. The
gradient with respect to where a distribution lies is that of adding the place; with respect to
anything else of it none is known, and it is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from ..ir.types import Array, Type
from .effects import Template, hole
from .op import Attributes, Bound, Emission, Op, OperationError, arguments

__all__ = ["DISTRIBUTIONS", "ENTRIES", "LEGACY", "Distribution"]


@final
@dataclass(frozen=True)
class Distribution:
    """A method of a generator: its parameters before `size`, how many of them have to be given,
    the kind of its numbers, and which parameter is the place that it is moved to."""

    parameters: tuple[str, ...] = ()
    needed: int = 0
    kind: str = "float"
    place: str | None = None
    typed: bool = False  # has `dtype`

    @property
    def signature(self) -> tuple[str, ...]:
        return (*self.parameters, "size", *(["dtype"] if self.typed else []))


def _shaped(*names: str, kind: str = "float") -> Distribution:
    return Distribution(names, len(names), kind)


_COMMON: dict[str, Distribution] = {
    "normal": Distribution(("loc", "scale"), place="loc"),
    "laplace": Distribution(("loc", "scale"), place="loc"),
    "logistic": Distribution(("loc", "scale"), place="loc"),
    "gumbel": Distribution(("loc", "scale"), place="loc"),
    "uniform": Distribution(("low", "high")),
    "exponential": Distribution(("scale",)),
    "rayleigh": Distribution(("scale",)),
    "lognormal": Distribution(("mean", "sigma")),
    "beta": _shaped("a", "b"),
    "chisquare": _shaped("df"),
    "f": _shaped("dfnum", "dfden"),
    "gamma": Distribution(("shape", "scale"), 1),
    "pareto": _shaped("a"),
    "power": _shaped("a"),
    "standard_cauchy": Distribution(),
    "standard_t": _shaped("df"),
    "triangular": _shaped("left", "mode", "right"),
    "vonmises": _shaped("mu", "kappa"),
    "wald": _shaped("mean", "scale"),
    "weibull": _shaped("a"),
    "binomial": _shaped("n", "p", kind="int"),
    "geometric": _shaped("p", kind="int"),
    "hypergeometric": _shaped("ngood", "nbad", "nsample", kind="int"),
    "logseries": _shaped("p", kind="int"),
    "negative_binomial": _shaped("n", "p", kind="int"),
    "poisson": Distribution(("lam",), kind="int"),
    "zipf": _shaped("a", kind="int"),
}
_STANDARD = Distribution(typed=True)
# The methods of np.random.Generator, and those of np.random itself.
DISTRIBUTIONS: dict[str, Distribution] = {
    **_COMMON, "random": _STANDARD, "standard_normal": _STANDARD,
    "standard_exponential": _STANDARD, "standard_gamma": Distribution(("shape",), 1, typed=True),
}  # fmt: skip
LEGACY: dict[str, Distribution] = {
    **_COMMON, "standard_gamma": _shaped("shape"),
    **dict.fromkeys(
        ("random", "random_sample", "ranf", "sample", "standard_normal", "standard_exponential"),
        Distribution(),
    ),
}  # fmt: skip


def _type(types: Sequence[Type], attributes: Attributes) -> Type:
    result: Type = attributes["drawn"]
    return result


def _drawn(attributes: Attributes, operands: Sequence[Any]) -> Any:
    return attributes["template"].run(operands)


def _emit(emission: Emission) -> Any:
    return emission.attributes["template"].filled(emission.operands)


def _rule(g: Any, *rest: Any, index: int, places: tuple[int, ...] = (), **attributes: Any) -> Any:
    if index in places:
        return g
    raise OperationError(
        "a random number is differentiated with respect to a parameter of its distribution",
        "draw from the standard distribution, and compute with what was drawn:"
        " loc + scale * rng.standard_normal(n)",
    )


def _sample(operand: Any) -> Bound:
    """`np.random.RandomState(0).normal(operand, 2.0, 3)`."""
    text = "np.random.RandomState(0).normal(loc, 2.0, 3)"
    tree: Any = ast.parse(text, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "np":
            node.id = "$np"
    tree.args[0] = hole(0)
    return arguments(operand, template=Template(tree), drawn=Array("f8", (3,)), places=(0,))


_SEEDED = "np.random.default_rng(0)"

ENTRIES: tuple[Op, ...] = (
    Op("draw", _type, _drawn, _emit, rules=_rule, fresh=True, boxes=True, once=True,
       samples=(_sample(()), _sample((3,)), _sample((1,))),
       examples=(f"{{3}} + {_SEEDED}.normal(0.0, 2.0, size=3)", f"{_SEEDED}.normal({{2,3}}, 0.5)",
                 f"{{}} * {_SEEDED}.uniform(-1.0, 1.0)", f"{{3}} * {_SEEDED}.random(3)",
                 f"{{5}}[{_SEEDED}.integers(0, 5, size=(2, 2))]",
                 f"{{5}}[{_SEEDED}.permutation(5)]",
                 f"{{5}}[{_SEEDED}.choice(5, size=3, replace=False)]",
                 f"{{3}} * {_SEEDED}.exponential(2.0, (2, 3))",
                 f"{{3}} * {_SEEDED}.standard_normal(3, dtype=np.float32)",
                 f"{{}} * {_SEEDED}.poisson(3.0)", "{3} * np.random.RandomState(1).rand(2, 3)",
                 "{4}[np.random.RandomState(1).randint(4, size=3)]")),
)  # fmt: skip
