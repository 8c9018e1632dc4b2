"""Sizes of arguments: what is equal is told once, by the signature; what has one name isn't one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from adcompiler import grad, hessian, jvp


def slopes(u, t):
    return np.sum(((u[1:] - u[:-1]) / (t[1:] - t[:-1])) ** 2)


def plane(p, b):
    """Either row may be stretched."""
    return np.sum(p["a"][1:, :-1] * b[:-1, 1:] * p["c"][2:])


def swept(n, A, B):
    for _ in range(n):
        B[1:-1] = 0.5 * (A[:-2] + A[2:])
        A[1:-1] = B[1:-1]
    return np.sum(A * A)


RNG = np.random.default_rng(2)


def differences(f, args, k, h=1e-6):
    found = np.zeros(args[k].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for sign in (h, -h):
            moved = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
            moved[k][place] += sign
            ends.append(f(*moved))
        found[place] = (ends[0] - ends[1]) / (2 * h)
    return found


def agree(compiled, f, args, wrt):
    given = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    found = compiled(*given)
    for k, g in zip(wrt, found, strict=True):
        np.testing.assert_allclose(g, differences(f, args, k), 1e-6, 1e-7)


def test_no_question_where_sizes_are_equal():
    text = grad(slopes, (0, 1)).source(np.arange(5.0), np.arange(5.0))
    assert "unbroadcast" not in text
    assert "unbroadcast" in grad(slopes, (0, 1)).source(np.arange(5.0), np.arange(2.0))
    module = grad(slopes, (0, 1)).module(np.arange(5.0), np.arange(5.0))
    assert "    u: f8[t0]\n    t: f8[t0]\n" in module
    text = grad(swept, (1, 2)).source(2, np.ones(5), np.ones(5))
    assert "unbroadcast" not in text


def test_each_text_serves_the_sizes_that_it_was_made_for():
    """In any order, and at calls like those before, which take a shorter way."""
    compiled = grad(slopes, (0, 1))
    sizes = [(5, 5), (5, 5), (4, 4), (5, 2), (2, 5), (5, 2), (6, 6), (2, 2), (9, 2), (3, 3)]
    for n, m in sizes * 2:
        u, t = RNG.normal(size=n), np.cumsum(RNG.uniform(1, 2, m))
        agree(compiled, slopes, (u, t), (0, 1))
    assert sum(map(len, compiled._entries.values())) == 2


def test_what_is_compiled_first_does_not_show():
    same, other = (np.arange(5.0), np.arange(5.0)), (np.arange(5.0), np.arange(2.0))
    first, second = grad(slopes), grad(slopes)
    texts = first.source(*same), first.source(*other)
    assert (second.source(*other), second.source(*same)) == texts[::-1]


def chained(u, v, w):
    return np.sum(np.exp(u[1:]) * v[1:] * w[1:] - u[1:] * w[1:])


@pytest.mark.parametrize(
    "sizes", [(4, 4, 4), (2, 4, 4), (4, 2, 4), (4, 4, 2), (2, 2, 4), (2, 2, 2)]
)
def test_several_sizes_at_once(sizes):
    args = tuple(RNG.normal(size=n) for n in sizes)
    compiled = grad(chained, (0, 1, 2))
    agree(compiled, chained, args, (0, 1, 2))
    assert ("unbroadcast" in compiled.source(*args)) == (len(set(sizes)) > 1)


def test_parts_of_structures():
    p = {"a": RNG.normal(size=(3, 4)), "c": RNG.normal(size=(4, 3))}
    b = RNG.normal(size=(3, 4))
    found = grad(plane)(p, b)
    for name in p:
        def part(x, name=name):
            return plane({**p, name: x}, b)

        np.testing.assert_allclose(found[name], differences(part, (p[name],), 0), 1e-6, 1e-7)


def test_other_derivatives():
    u, t = RNG.normal(size=4), np.arange(4.0)
    np.testing.assert_allclose(
        jvp(slopes, (u, t), (np.ones(4), np.zeros(4)), wrt=(0, 1))[1], 0.0, atol=1e-12
    )
    np.testing.assert_allclose(hessian(slopes)(u, t) @ np.ones(4), 0.0, atol=1e-12)


def test_types_alone_settle_nothing():
    """On the command line sizes are equal that have one name."""
    from adcompiler.cli import main

    def shown(*args):
        from click.testing import CliRunner

        return CliRunner().invoke(main, ["show", f"{__file__}:slopes", *args]).output

    assert "unbroadcast" in shown("--arg", "u=f8[n]", "--arg", "t=f8[m]")
    assert "unbroadcast" not in shown("--arg", "u=f8[n]", "--arg", "t=f8[n]")
    assert "unbroadcast" not in shown("--call", "slopes(np.ones(3), np.arange(3.0))")
    assert "unbroadcast" in shown("--call", "slopes(np.ones(3), np.arange(2.0))")


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np
from equal_model import slopes
from adcompiler import grad
for n, m in [(5, 5), (5, 2), (4, 4), (2, 5)]:
    found = grad(slopes, (0, 1))(np.arange(float(n)) ** 2, np.arange(1.0, m + 1))
    print([g.tolist() for g in found])
"""


def test_the_disk_cache_tells_them_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE", "1")
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(tmp_path / "cache"))
    text = "import numpy as np\n\n\ndef slopes(u, t):\n" + (
        "    return np.sum(((u[1:] - u[:-1]) / (t[1:] - t[:-1])) ** 2)\n"
    )
    (tmp_path / "equal_model.py").write_text(text)
    program = PROGRAM.format(folder=str(tmp_path))
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout.splitlines()) == 4
    sizes = [(5, 5), (5, 2), (4, 4), (2, 5)]
    for line, (n, m) in zip(runs[0].stdout.splitlines(), sizes, strict=True):
        args = np.arange(float(n)) ** 2, np.arange(1.0, m + 1)
        for k, g in enumerate(eval(line)):
            np.testing.assert_allclose(g, differences(slopes, args, k), 1e-5, 1e-6)


# One name, two sizes.
w = np.array([1.0, 2.0, 3.0])


def reads_a_global(x):
    return np.sum(np.exp(x[1:]) * w[1:])


def hides_the_global(w):
    return reads_a_global(w)


def one_name_in_a_dict(p):
    return np.sum(np.exp(p["w_1"][1:]) * p["w"][1][1:])


def one_name_beside(x, x_0):
    return np.sum(np.exp(x_0[1:]) * x[0][1:])


def test_sizes_of_one_name_are_not_one():
    short, expected = np.array([1.0, 2.0]), [0.0, 5 * np.exp(2.0)]
    np.testing.assert_allclose(grad(hides_the_global)(short), expected)
    found = grad(one_name_in_a_dict)({"w_1": short, "w": [np.ones(2), w]})
    np.testing.assert_allclose(found["w_1"], expected)
    np.testing.assert_allclose(grad(one_name_beside, 1)((w,), short), expected)


def test_a_pickle_of_it(tmp_path):
    """Where the function can't be imported, the texts that came along serve their sizes."""
    import pickle

    from adcompiler.pickling import FrozenGradient, _rebuild

    compiled = grad(slopes, (0, 1))
    u, t = RNG.normal(size=4), np.cumsum(RNG.uniform(1, 2, 4))
    for sizes in ((4, 4), (4, 2)):
        compiled(u[: sizes[0]], t[: sizes[1]])
    made, (where, how, frozen) = compiled.__reduce__()
    assert made is _rebuild
    again = pickle.loads(pickle.dumps(_rebuild(("nowhere", *where[1:]), how, frozen)))
    assert isinstance(again, FrozenGradient)
    agree(again, slopes, (u, t), (0, 1))
    agree(again, slopes, (u, t[:2]), (0, 1))


def recurrent(h, b, n):
    for _ in range(n):
        h = np.tanh(h * 0.5 + b)
    return np.sum(h)


def replaced(h, b, n):
    """What the loop carries has the size of h before it and that of b behind it."""
    total = 0.0
    for _ in range(n):
        total = total + np.sum(h * h[0])
        h = b * total
    return np.sum(h * b)


def test_what_a_loop_carries_has_one_size_if_its_arguments_have():
    h, b = RNG.normal(size=4), RNG.normal(size=4)
    compiled = grad(recurrent, (0, 1))
    assert "unbroadcast" not in compiled.source(h, b, 3)
    agree(compiled, recurrent, (h, b, 3), (0, 1))
    for args in ((h, b, 2), (h[:3], b, 2), (h[:1], b, 2)):
        for f in (replaced, recurrent) if len(args[0]) != 3 else (replaced,):
            agree(grad(f, (0, 1)), f, args, (0, 1))
    with pytest.raises(ValueError, match="broadcast"):
        compiled(h[:3], b, 3)
