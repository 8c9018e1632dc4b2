"""docs/conventions.md, made from the rows and from what was measured of other libraries."""

from __future__ import annotations

import json
from pathlib import Path

from .table import GROUPS, LIBRARIES, Row

__all__ = ["MEASURED", "PAGE", "render"]

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
MEASURED = Path(__file__).parent / "measured.json"
_INTRODUCTION = """\
# Values at the edge

What the gradient is at kinks and ties, at zeros and singular points, where the calculus has no
single answer or the formula none. Made from the rows in `tests/conventions/table.py`
(`pytest tests/test_conventions_table.py --update-golden`): do not edit. Our column is held to what
the compiler gives, at both levels; the others were measured ({versions}) by
`python -m tests.conventions.measure`.

A gradient of several arguments is parted by semicolons, that of an array is in parentheses. "–":
the library hasn't got the function, or no derivative of it; "raises": it fails at this point.

The rules behind it:

- **A kink has the middle of its slopes**: 0 for `abs`, a half each for `maximum` of equals, an even
  share for the ties of an array's `max` and `min`. Python's `max(x, y, z)` is that of pairs,
  `max(max(x, y), z)`: of three equals `z` gets a half, `x` and `y` a quarter each. For an even
  share take it of an array, `np.max(np.array([x, y, z]))`. The gate `adcompiler.relu` gives 0 at 0,
  as others do.
- **A bound belongs to the inside**: `clip` passes the gradient on the closed interval.
- **Where a norm is 0, so is its gradient**: `norm` of every order, `hypot`, `std`. It is the
  middle, and the shortest, of all slopes there; the peers' nuclear norm gives one of the longest.
- **Products are exact with zeros**: nothing is divided by an element that may be 0.
- **A pole says so**: the formula's infinity or NaN, as NumPy has it; no large number instead. Where
  the backward part needs an inverse that isn't there (`slogdet`), NumPy's error.
- **Equal and opposite infinities give NaN**: `rel_entr` and `kl_div` at (0, 0), `logsumexp` with an
  infinity, although some slopes exist there along some ways.
- **Of a symmetric matrix the triangle that NumPy reads has the gradient**: `cholesky`, `eigh` and
  `eigvalsh` read one, and what the other half would get is added there. JAX and PyTorch give each
  half a half of it. For a matrix that is symmetric by the way it is computed both come to the same.
- **A derivative that is there is found**: that of `det` where there is no inverse, that of a norm
  by its singular values. Where eigenvalues or singular values are equal, their vectors have none:
  infinities or NaN. `pinv` and `lstsq` have that of changes that keep the rank.
- **What wasn't chosen passes nothing**: an exact zero times an infinite partial is 0, so that the
  other side of a `where` doesn't leak. Lines such as `t0 = grad_p != 0` and `np.where(t0, s, 1.0)`
  in the emitted code are there for that. A NaN among the operands is never hidden.
- **Poles are guarded, overflows aren't**: where `exp` overflows on the side that wasn't chosen, the
  gradient is NaN, as the peers'. A guard would cost every masked `exp` a selection. Write
  `logaddexp(0, x)`, or select before: `exp(where(x > 30, 0, x))`.
- **`erfcx` and `dawsn` lose digits for large x**: the two terms of `2 * x * y - c` nearly cancel,
  so the relative error is about `2 * x**2` roundings: up to 7e-12 at 100, 7e-10 at 1000.
"""


def render() -> str:
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {measured['versions'][name]}" for name in LIBRARIES)
    parts = [_INTRODUCTION.replace("{versions}", versions)]
    for title, rows in GROUPS.items():
        parts.append(f"\n## {title}\n\n| | adcompiler | autograd | JAX | PyTorch |\n")
        parts.append("|---|---|---|---|---|\n")
        parts += [_line(row, measured[row.what]) for row in rows]
    return "".join(parts)


def _line(row: Row, others: dict[str, str]) -> str:
    what = row.what.replace("|", "\\|")
    cells = " | ".join([f"**{row.ours}**", *(others[name] for name in LIBRARIES)])
    return f"| {what} | {cells} |\n"
