"""Emitted text on Dask arrays, by NumPy's own dispatch: docs/dask.md says which operations."""

from __future__ import annotations

import numpy as np
import pytest

from adcompiler import SignatureError, grad, value_and_grad

pytest.importorskip("dask.array")

import dask
import dask.array as da

from tests import dask_page


def test_the_page_says_which_operations_run(update_golden):
    page, found = dask_page.PAGE.read_text(encoding="utf-8"), dask_page.found()
    if update_golden:
        dask_page.PAGE.write_text(dask_page.render(page, found), encoding="utf-8")
        return
    told = dask_page.rows_of(page)
    assert told.keys() == found.keys()
    # Another version of Dask may know more; what the page promises has to hold.
    lost = {call: now for call, now in found.items() if told[call][:3] == "yes" != now[:3]}
    assert not lost
    assert sum(now == "yes" for now in found.values()) >= 70


def net(w, b, x, y):
    h = np.tanh(x @ w + b)
    return np.sum((h - y) ** 2) / len(x)


def test_a_net_stays_lazy_and_gives_the_same_numbers():
    rng = np.random.default_rng(0)
    shapes = (3, 2), (2,), (8, 3), (8, 2)
    given = [rng.normal(size=shape) for shape in shapes]
    gradient = value_and_grad(net, wrt=("w", "b"))
    value, (grad_w, grad_b) = gradient(*given)
    chunked = [da.from_array(a, chunks=(4, *a.shape[1:])) for a in given]
    lazy = gradient.__wrapped__(*chunked)
    assert isinstance(lazy[0], da.Array) and all(isinstance(g, da.Array) for g in lazy[1])
    found, (found_w, found_b) = dask.compute(*lazy, scheduler="synchronous")
    np.testing.assert_allclose(found, value)
    np.testing.assert_allclose(found_w, grad_w)
    np.testing.assert_allclose(found_b, grad_b)


def test_a_direct_call_says_what_to_call():
    with pytest.raises(SignatureError, match="of dask, which a gradient isn't compiled for"):
        grad(net)(*(da.ones(shape) for shape in ((3, 2), (2,), (8, 3), (8, 2))))
