"""docs/dask.md: which operations' emitted gradients run on Dask arrays, found by running them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from calling import example

from adcompiler import value_and_grad
from adcompiler.operations import described
from adcompiler.ops import TABLE

__all__ = ["PAGE", "found", "render", "rows_of"]

PAGE = Path(__file__).parents[1] / "docs" / "dask.md"
LAZY = "yes"
_TABLE = "| operation | its emitted gradient on Dask arrays |\n|---|---|\n"

# Of what isn't elementwise, a call for each way in which the work divides; `{3}` is an array.
_OTHERS = """
np.sum({4,3}) | np.sum({4,3}, axis=0) | np.mean({4,3}, axis=1) | np.var({4,3})
np.std({4,3}, axis=0) | np.prod({4}) | np.max({4,3}, axis=1) | np.min({4,3})
np.median({4,3}, axis=1) | np.cumsum({4}) | np.cumprod({4}) | np.linalg.norm({4})
np.linalg.norm({4,3}, axis=1) | np.ptp({4}) | np.average({4}) | {4,3} @ {3,2} | {4,3} @ {3}
{4} @ {4} | np.dot({4,3}, {3}) | np.vdot({4}, {4}) | np.outer({4}, {3})
np.tensordot({4,3}, {3,2}, 1) | np.inner({4}, {4}) | np.kron({2}, {3}) | np.trace({4,4})
np.einsum('ij,jk->ik', {4,3}, {3,2}) | np.einsum('ij,ij->i', {4,3}, {4,3})
np.where({4} > 0, {4}, {4}) | np.clip({4}, -1.0, 1.0) | np.transpose({4,3}) | {4,3}.T
{4,3} * {3} | np.reshape({4,3}, (2, 6)) | np.ravel({4,3}) | np.concatenate(({4}, {3}))
np.stack(({4}, {4})) | np.vstack(({4}, {4})) | np.hstack(({4}, {3})) | np.squeeze({4,1})
np.expand_dims({4}, 0) | np.broadcast_to({3}, (2, 3)) | np.repeat({4}, 2) | np.tile({4}, 2)
np.roll({4}, 1) | np.flip({4}) | np.pad({4}, 1) | np.diff({4}) | np.diag({4})
np.diagonal({4,4}) | np.tril({4,4}) | np.moveaxis({4,3}, 0, 1) | {4}[1] | {4}[1:3] | {4,3}[:, 0]
{4,3}[1:] * {4,3}[:-1] | {4}[np.array([0, 2])] | {4}[{4} > 0] | np.take({4}, [0, 2])
np.sort({4}) | np.linalg.solve({3,3!}, {3}) | np.linalg.inv({3,3!}) | np.linalg.det({3,3!})
np.linalg.svd({4,2!}, full_matrices=False)[1]
np.abs(np.linalg.qr({4,2!})[1]) | np.linalg.eigh({3,3!})[0]
np.linalg.lstsq({4,2!}, {4}, rcond=None)[0] | np.fft.fft({4})
np.interp({3}, [-0.9, 0.3, 1.25], {3}) | np.convolve({4}, {3}) | np.trapezoid({4})
np.nansum({4}) | np.nanmean({4}) | np.real({4} * 1j) | np.cross({3}, {3})
np.meshgrid({3}, {2})
""".strip()


def calls() -> Iterator[tuple[str, tuple[float, float]]]:
    """Each call with the interval that its arguments are drawn from."""
    for one in described():
        op = TABLE.get(one.entry)
        written = re.fullmatch(r"(np\.\w+)\((\w+(?:, \w+)*)\)", one.form)
        if one.kind == "gradient" and op is not None and op.domain and written and not (
            one.form.startswith(("np.ldexp", "np.nextafter"))  # of whole numbers; of the last bit
        ):
            named = ", ".join(["{4}"] * (written[2].count(",") + 1))
            yield f"{written[1]}({named})", op.domain[0]
    for line in _OTHERS.splitlines():
        for call in line.split(" | "):
            yield call, (-2.0, 2.0)


def outcome(call: str, domain: tuple[float, float]) -> str:
    """What becomes of a call's emitted value and gradient: the same numbers, or an exception.

    Raises AssertionError where other numbers come out.
    """
    in_chunks = _outcome(call, domain, 2)
    if not in_chunks.startswith("no") or _outcome(call, domain, -1) != LAZY:
        return in_chunks
    return "yes, if it is all in one chunk"


def _outcome(call: str, domain: tuple[float, float], chunks: int) -> str:
    import dask
    import dask.array as da

    made = example(call, np.float64, domain)
    gradient = value_and_grad(made.f, tuple(range(len(made.arguments))))
    expected = gradient(*made.arguments)
    compiled, _, outside, _ = gradient.prepared(made.arguments, {})
    given = [da.from_array(a, chunks=chunks) if np.ndim(a) else a for a in made.arguments]
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.simplefilter("ignore")
        try:
            found = compiled.function(*given, **outside)
            lazy = isinstance(found[0], da.Array) and all(
                isinstance(part, da.Array) for part, a in zip(found[1], given, strict=True)
                if isinstance(a, da.Array)
            )  # fmt: skip
            value, gradients = dask.compute(*found)
        except Exception as error:
            return f"no: {type(error).__name__}"
    np.testing.assert_allclose(value, expected[0], rtol=1e-9)
    for one, other in zip(gradients, expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    return LAZY if lazy else "yes, but computes while it is called"



def found() -> dict[str, str]:
    """What becomes of each call."""
    return {_plain(call): outcome(call, domain) for call, domain in calls()}


def render(page: str, rows: dict[str, str]) -> str:
    """The page with these rows in the place of its table."""
    head, _, _ = page.partition(_TABLE)
    return head + _TABLE + "".join(f"| `{call}` | {told} |\n" for call, told in rows.items())


def _plain(call: str) -> str:
    """`{4}` as `a`, the next as `b`; as what each is, a matrix by a capital."""
    names = iter("abc"), iter("ABC")
    return re.sub(r"\{([\d,]*)!?\}", lambda match: next(names["," in match[1]]), call)


def rows_of(text: str) -> dict[str, str]:
    """What the page says of each call."""
    rows = re.findall(r"^\| `(.*)` \| (.*) \|$", text, re.MULTILINE)
    return dict(rows)
