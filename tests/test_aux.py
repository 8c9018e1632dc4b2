"""has_aux: what a function returns beside its loss comes back as the function makes it."""

import dataclasses
import pickle

import numpy as np
import pytest
from driving import same

from adcompiler import UnsupportedError, grad, hessian, jacobian, jvp, relu, value_and_grad, vjp

X = np.array([[0.5, -1.0, 2.0], [3.0, 0.1, -0.2]])
W = np.array([0.3, -0.7, 1.1])


def everything(w, x, n):
    y = np.tanh(x @ w)
    return np.sum(y**2), {
        "y": y, "pair": (y[0], [x, w]), "n": n, "twice": 2 * n, "text": f"n={n}", "yes": True,
        "some": np.any(y > 0), "none": None, "pi": 3.5, "shape": x.shape, "f4": x.astype("f4"),
    }  # fmt: skip


@pytest.mark.parametrize("level", [0, 1])
def test_aux_is_the_functions_own(level):
    arguments = (W, X, 3)
    value, aux = everything(*arguments)
    plain = grad(lambda w, x, n: everything(w, x, n)[0], (0, 1))(*arguments)
    gradient, found = grad(everything, (0, 1), has_aux=True, optimize=level)(*arguments)
    assert same(list(found.values()), list(aux.values())) and list(found) == list(aux)
    assert same(gradient, plain)
    both = value_and_grad(everything, (0, 1), has_aux=True, optimize=level)(*arguments)
    assert same(both[0][0], value)
    assert same(list(both[0][1].values()), list(aux.values()))
    assert same(both[1], plain)


def test_aux_of_loops_branches_and_stores():
    def loss(x, n):
        seen, total = [], 0.0
        for i in range(n):
            if x[i] > 0:
                x[i] = x[i] ** 2
            total = total + relu(x[i]) * x[i]
            seen.append(total)
        return total, (x, seen, np.array(seen))

    x = np.array([0.5, -2.0, 3.0])
    value, aux = loss(x.copy(), 3)
    (found, handed), gradient = value_and_grad(loss, has_aux=True)(x, 3)
    assert same(found, value) and same(handed, aux)
    np.testing.assert_allclose(gradient, [4 * 0.5**3, 0.0, 4 * 3.0**3])
    np.testing.assert_array_equal(x, [0.5, -2.0, 3.0])


def test_aux_of_what_calls_itself():
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    def loss(x, n):
        y = power(x, n)
        return y * y, (y, n)

    assert grad(loss, has_aux=True)(2.0, 3) == (6 * 2.0**5, (8.0, 3))


def cubed(x):
    return x**3, 2.0 * x


def test_first_things_first():
    second = grad(grad(cubed, has_aux=True), has_aux=True)
    assert second(2.0) == (12.0, 4.0)
    assert value_and_grad(grad(cubed, has_aux=True), has_aux=True)(2.0) == ((12.0, 4.0), 12.0)
    assert grad(lambda x: grad(cubed, has_aux=True)(x)[0])(2.0) == 12.0
    with pytest.raises(UnsupportedError, match="has_aux=True"):
        grad(grad(cubed, has_aux=True))(2.0)


slope = grad(cubed, has_aux=True)


def test_inside_a_function():
    def products(x):
        gradient, aux = grad(cubed, has_aux=True)(x)
        (value, _), again = value_and_grad(cubed, has_aux=True)(x)
        outside, _ = slope(x)
        return gradient * aux + value * again * outside

    assert products(2.0) == 12.0 * 4.0 + 8.0 * 12.0 * 12.0
    # 6x^3 + 9x^7
    assert grad(products)(2.0) == pytest.approx(18 * 4 + 63 * 2.0**6, rel=1e-14)
    assert hessian(products)(2.0) == pytest.approx(36 * 2 + 378 * 2.0**5, rel=1e-14)


def test_decorators_methods_pickles():
    class Model:
        @value_and_grad(has_aux=True)
        def loss(self, x):
            return x * x, "seen"

    assert Model().loss(3.0) == ((9.0, "seen"), 6.0)
    assert slope.value_and_grad(2.0) == ((8.0, 4.0), 12.0)
    assert pickle.loads(pickle.dumps(slope))(2.0) == (12.0, 4.0)
    assert "aux" not in slope.source(2.0)


@pytest.mark.parametrize(
    ("f", "aux", "words"),
    [
        (lambda x: (x * x, 1), False, "did you mean has_aux=True"),
        (lambda x: (x * x, 1, 2), False, "did you mean has_aux=True"),
        (lambda x: ("a", x), False, "return a single number"),
        (lambda x: x * x, True, "a tuple of two"),
        (lambda x: (x * x, 1, 2), True, "a tuple of two"),
        (lambda x: [x * x, 1], True, "a tuple of two"),
        (lambda x: (x * np.ones(2), 1), True, "returns an array"),
        (lambda x: ((x, x), 1), True, "not one number"),
        (lambda x: (x * x, np.sin), True, "can't hand on"),
        (lambda x: (x * x, {"f": relu}), True, "can't hand on"),
    ],
)
def test_refusals(f, aux, words):
    with pytest.raises(UnsupportedError, match=words):
        grad(f, has_aux=aux)(2.0)


@dataclasses.dataclass
class Pair:
    a: float
    b: float = 1.0


def test_objects_are_handed_on():
    found = grad(lambda p: (p.a * p.b, p), has_aux=True)(Pair(2.0))
    assert found == (Pair(1.0, 2.0), Pair(2.0))
    assert jvp(lambda x: Pair(x), (1.0,), (3.0,)) == (Pair(1.0), Pair(3.0, 0.0))
    assert grad(lambda p: (p.a * p.b, p.b), has_aux=True)(Pair(2.0)) == (Pair(1.0, 2.0), 1.0)


def test_a_tangent_of_what_cannot_be_written_is_refused():
    with pytest.raises(UnsupportedError, match="can't hand on"):
        jvp(lambda x: (x, np.sin), (1.0,), (1.0,))


def split(x, y):
    return (np.sin(x) * y, x[0]), {"x": x, "k": 3}


def test_aux_of_the_other_derivatives():
    x, y = np.array([0.5, 1.0]), 2.0
    expected = (np.cos(x) * y, np.sin(x))
    out, tangent, aux = jvp(split, (x, y), (np.ones(2), 1.0), has_aux=True)
    np.testing.assert_allclose(tangent[0], expected[0] + expected[1])
    assert tangent[1] == 1.0 and out[1] == 0.5 and aux["k"] == 3
    out, pullback, aux = vjp(split, x, y, has_aux=True)
    gx, gy = pullback((np.ones(2), 0.0))
    np.testing.assert_allclose(gx, expected[0])
    assert gy == pytest.approx(np.sum(expected[1])) and aux["x"] is not x
    for mode in ("forward", "reverse", "auto"):
        rows, aux = jacobian(split, mode=mode, has_aux=True)(x, y)
        np.testing.assert_allclose(rows[0], np.diag(expected[0]))
        assert aux["k"] == 3
    matrix, aux = hessian(cubed, has_aux=True)(2.0)
    assert matrix == 12.0 and aux == 4.0
    with pytest.raises(UnsupportedError, match="a tuple of two"):
        vjp(lambda x: x, 1.0, has_aux=True)
    with pytest.raises(UnsupportedError, match="a tuple of two"):
        jacobian(lambda x: x, has_aux=True)(1.0)
