"""Values: conventions at kinks, and what must never be NaN."""

import numpy as np

from adcompiler import sigmoid
from tests.language.rows import group, row

group("Values and conventions")
ZERO = np.zeros(2)
TIE = np.array([1.0, 1.0])


@row("`abs` at 0", gradient=[0.0], x=0.0)
def abs_at_zero(x):
    return abs(x)


@row("`np.maximum` at a tie: half each", gradient=[0.5, 0.5], x=1.0, y=1.0)
def maximum_at_tie(x, y):
    return np.maximum(x, y)


@row("`np.max` at a tie: shared evenly", gradient=[np.array([0.5, 0.5])], a=TIE)
def max_at_tie(a):
    return np.max(a)


@row("`np.sort` at a tie: in the order of the array", gradient=[np.array([1.0, 2.0])], a=TIE)
def sort_at_tie(a):
    return np.sum(np.sort(a) * np.array([1.0, 2.0]))


@row("`np.clip` on its bounds: 1", gradient=[1.0], x=1.0)
def clip_on_bound(x):
    return np.clip(x, 0.0, 1.0)


@row("`np.sqrt` at 0: infinite", gradient=[np.inf], s=np.float64(0.0))
def sqrt_at_zero(s):
    return np.sqrt(s)


@row("`np.linalg.norm` at 0: 0", gradient=[ZERO], a=ZERO)
def norm_at_zero(a):
    return np.linalg.norm(a)


@row("`np.std` of equal numbers: 0", gradient=[ZERO], a=TIE)
def std_at_zero(a):
    return np.std(a)


@row("`0 ** n`", gradient=[1.0], x=0.0)
def powers_of_zero(x):
    return x**0 + x**1 + x**2


@row("integer powers of negative bases", gradient=[12.0], x=-2.0)
def negative_base(x):
    return x**3


@row("an untaken side that is invalid: a clean 0", gradient=[np.array([0.0, 0.5])],
     a=np.array([-1.0, 1.0]))  # fmt: skip
def untaken_side(a):
    return np.sum(np.where(a > 0.0, np.sqrt(a), 0.0))


@row("an unused operation that makes NaN", gradient=[1.0], s=np.float64(-1.0))
def unused_nan(s):
    unused = np.log(s)
    return s * 1.0


@row("`np.prod` with a zero", gradient=[np.array([6.0, 0.0, 0.0])], a=np.array([0.0, 2.0, 3.0]))
def prod_with_zero(a):
    return np.prod(a)


@row("the naive sigmoid at 800", gradient=[0.0], s=np.float64(800.0))
def far_sigmoid(s):
    return 1.0 / (1.0 + np.exp(-s))


@row("the naive sigmoid at -800: NaN, as the formula says", gradient=[np.nan],
     s=np.float64(-800.0))  # fmt: skip
def overflowing_sigmoid(s):
    return 1.0 / (1.0 + np.exp(-s))


@row("the gate `adcompiler.sigmoid` at -800", gradient=[0.0], s=np.float64(-800.0))
def far_gate(s):
    return sigmoid(s)
