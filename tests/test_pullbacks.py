"""What a pullback reads: memory of its own, saved by one run of the function."""

import dataclasses
import typing

import numpy as np
import pytest

from adcompiler import checkpoint, grad, grad_of, jacobian, jvp, value_and_grad, vjp, vmap


def dense(x, w):
    h = np.tanh(x @ w)
    return h, h * x[0, 0]


def rows(x, w):
    taped = []
    for row in x:
        taped.append(row @ w)
        w = w * row[0]
    return taped[-1] * w, np.sum(taped[0] * x[1, 0])


def folded(x, n):
    return x if n == 0 else folded(x, n - 1) * x


def whole(x, w):
    return folded(x, 3) * w[0, 0], x


def one_way(x, w):
    if x[0, 0] > 100.0:
        y = x * x
        z = y[1:]
    else:
        z = np.exp(x)[1:]
    return z * z, np.sum(w)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("f", [dense, rows, whole, one_way])
def test_nothing_that_is_saved_can_be_changed(f, level):
    given = [np.random.default_rng(k).normal(size=(3, 3)) for k in range(2)]
    x, w = (g.copy() for g in given)
    value, pullback = vjp(f, x, w, optimize=level)
    expected = jacobian(f, (0, 1), mode="forward")(*given)
    cotangents = tuple(np.ones_like(v) for v in value)
    for array in (x, w, *(v for v in value if isinstance(v, np.ndarray))):
        array.fill(np.nan)
    first = pullback(cotangents)
    for k, found in enumerate(first):
        axes = [tuple(range(np.ndim(c))) for c in cotangents]
        wanted = [np.sum(row[k], axis=a) for row, a in zip(expected, axes, strict=True)]
        np.testing.assert_allclose(found, sum(wanted), 1e-10)
        kept = found.copy()
        found.fill(np.nan)
        np.testing.assert_array_equal(pullback(cotangents)[k], kept)


def test_an_array_of_rank_0_is_no_number_to_change():
    x = np.array(3.0)
    _, pullback = vjp(lambda x: x * x, x)
    x[()] = 5.0
    assert pullback(1.0) == (6.0,)


def test_the_function_runs_once(capsys):
    def f(x):
        print("run")
        return np.sum(x * x)

    value, pullback = vjp(f, np.ones(2))
    assert value == 2.0 and capsys.readouterr().out == "run\n"
    np.testing.assert_array_equal(pullback(1.0)[0] + pullback(2.0)[0], [6.0, 6.0])
    assert not capsys.readouterr().out


def test_blocks_of_the_backward_part_run_each_time(capsys):
    def f(x):
        y = x * x
        with grad_of(y) as gy:
            print(gy)
        return y * y

    _, pullback = vjp(f, 2.0)
    assert not capsys.readouterr().out
    assert pullback(1.0) == (32.0,) and pullback(0.5) == (16.0,)
    assert capsys.readouterr().out == "8.0\n4.0\n"


def test_checkpoints_and_stores():
    def f(x, n):
        y = x.copy()
        for i in checkpoint(range(n), every=2):
            y[0] = np.sin(y[0]) * x[1]
        x[0] = 0.0
        return y

    x = np.array([0.5, 1.5])
    _, pullback = vjp(f, x, 5)
    np.testing.assert_array_equal(x, [0.5, 1.5])
    matrix = jacobian(f, mode="forward")(x, 5)
    np.testing.assert_allclose(pullback(np.array([1.0, 0.0]))[0], matrix[0])
    np.testing.assert_array_equal(pullback(np.array([0.0, 1.0]))[0], matrix[1])


def test_no_array_is_saved_for_its_shape():
    _, pullback = vjp(lambda x, y: np.sum(x) + np.mean(y, axis=0), np.ones(3), np.ones((2, 4)))
    assert {type(part) for part in pullback.saved} <= {tuple, int}
    assert pullback(np.ones(4))[1].shape == (2, 4)


class Pair(typing.NamedTuple):
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass
class Layer:
    w: typing.Any
    name: str = "layer"


def classes(p, x):
    return Pair(p.a * x, Layer(p.b.w * x, p.b.name))


def test_named_tuples_and_dataclasses_are_what_they_were():
    p, x = Pair(2.0, Layer(np.ones(2), "first")), 3.0
    value, pullback = vjp(classes, p, x)
    assert isinstance(value, Pair) and isinstance(value.b, Layer) and value.b.name == "first"
    found, gx = pullback(Pair(1.0, Layer(np.ones(2))))
    assert isinstance(found, Pair) and found.a == 3.0 and gx == 4.0
    np.testing.assert_array_equal(found.b.w, [3.0, 3.0])
    value, tangent = jvp(classes, (p, x), (None, 1.0))
    assert isinstance(tangent, Pair) and tangent.b.name == "first"
    np.testing.assert_array_equal(tangent.b.w, value.b.w / 3.0)
    assert isinstance(jacobian(classes, 1)(p, x), Pair)
    assert isinstance(vmap(classes, (None, 0))(p, np.ones(4)).b, Layer)
    _, aux = grad(lambda x: (x, classes(p, x)), has_aux=True)(2.0)
    assert isinstance(aux, Pair) and isinstance(aux.b, Layer)
    (_, aux), _ = value_and_grad(lambda x: (x, [Pair(x, 1)]), has_aux=True)(2.0)
    assert aux == [Pair(2.0, 1)] and isinstance(aux[0], Pair)


def test_both_parts_are_shown():
    _, pullback = vjp(dense, np.ones((3, 3)), np.ones((3, 3)))
    text = pullback.source()
    assert "def dense_vjp(x, w):" in text and "def dense_pullback(saved, grad_out):" in text


def test_the_cache_on_disk_knows_the_classes(tmp_path, monkeypatch):
    monkeypatch.setenv("ADCOMPILER_CACHE", "1")
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(tmp_path))
    p = Pair(2.0, Layer(np.ones(2)))
    for _ in range(2):
        classes.__dict__.clear()  # what was compiled in this process
        value, pullback = vjp(classes, p, 3.0)
        assert isinstance(value, Pair) and isinstance(value.b, Layer)
        assert pullback(value)[1] == 3.0 * 4 + 6.0
    assert list(tmp_path.rglob("*"))


def test_rows_of_a_jacobian_are_pulled_back_at_once():
    text = jacobian(dense, mode="reverse").source(np.ones((3, 3)), np.ones((3, 3)))
    assert "def dense_vjps(x, w):" in text and "for " not in text
    assert "def dense_pullback(saved, grad_out):" in text


def test_rows_are_of_one_run(capsys):
    def f(x):
        print("run")
        y = np.zeros(3)
        for i in range(3):
            y[i] = x[i] * np.sum(x)
        return y

    x = np.array([1.0, 2.0, 3.0])
    found = jacobian(f, mode="reverse")(x)
    assert capsys.readouterr().out == "run\n" * 2  # and one for the value's shape
    np.testing.assert_array_equal(found, 6.0 * np.eye(3) + x[:, None])
