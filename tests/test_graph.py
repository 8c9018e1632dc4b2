"""Graphs: every gate's value and gradient, by `grad` and by differences at the gate itself."""

import math

import numpy as np
import pytest

from adcompiler import (
    SignatureError,
    UnsupportedError,
    checkpoint,
    grad,
    grad_of,
    lower,
    primitive,
    sigmoid,
)
from adcompiler.ir.interpreter import Run
from adcompiler.ops import evaluate


def neuron(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


def looped(x, n):
    y = 1.0
    unused = x * 3.0
    for i in range(n):
        if i % 2 == 0:
            y = y * x
        else:
            y = math.sin(y) + x * y
    return y * y


def nested(x, w):
    total = 0.0
    for row in x:
        s = 1.0
        for v in row:
            s = s * v + w
            if s > 3.0:
                break
        total = total + s
    return total


def until(x):
    t = x * x
    while t > 0.9:
        t = t / x
    return t * x


def stores(w, x):
    h = np.zeros(3)
    for i in range(3):
        h[i] = w * x[i]
    h[1] *= 2.0
    return np.sum(np.exp(-h)) * w


def layers(params, x):
    a, b = params["w"], params["b"]
    for _ in range(2):
        x = np.tanh(a @ x + b)
    return np.max(x) * np.sum(x)


SCALE = 1.5


def captured(x):
    return np.sum(np.where(x > 0, x, SCALE * x) ** 2)


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def recursive(x, n):
    y = power(x, n)
    return y * x


@primitive
def cube(x):
    return x**3


@cube.backward
def _(g, x, y):
    return g * 3 * x**2


def with_gate(x):
    return cube(x * 2.0) + x


def segments(x, n):
    y = x
    for _ in checkpoint(range(n)):
        y = math.sin(y) * x
    return y


def returning(x):
    for i in range(5):
        y = x * i
        if y > 2.0:
            return y * y
    return x


def quiet(x):
    with np.errstate(all="ignore"):
        y = x * x
    return y * 2.0


def displayed(x):
    return np.sum(np.array([x, x * 2.0]) ** 2)


A = np.array([0.5, -1.0, 2.0])
CASES = [
    (neuron, (2.0, -1.0, -3.0, -2.0, -3.0)),
    (looped, (0.7, 4)),
    (looped, (0.7, 0)),
    (nested, (np.array([[0.5, 1.5], [2.5, 1.0]]), 0.8)),
    (until, (1.3,)),
    (stores, (0.5, A)),
    (layers, ({"w": np.array([[0.5, 0.1], [0.2, -0.3]]), "b": np.array([0.1, 0.7])}, A[:2])),
    (captured, (A,)),
    (captured, (A.astype("f4"),)),
    (recursive, (1.1, 3)),
    (with_gate, (0.3,)),
    (segments, (0.9, 7)),
    (returning, (0.9,)),
    (quiet, (0.7,)),
    (displayed, (0.7,)),
]
IDS = [f"{f.__name__}{k}" for k, (f, _) in enumerate(CASES)]


def equal(a, b):
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in b)
    return np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)
def test_value_and_gradients_are_those_of_grad(f, args):
    graph = lower(f)
    assert graph.forward(*args) == f(*args)
    found = graph.backward()
    for name, gradient in found.items():
        assert equal(gradient, grad(f, wrt=name, optimize=0)(*args)), name
    again = graph.backward()
    assert all(equal(again[name], found[name]) for name in found)
    assert len(str(graph).splitlines()) == 1 + len(graph.parameters) + len(graph.gates)


def moved(graph, index, distance):
    """The function's value where one gate gives something else: every element more by that."""
    program, target = graph._program, list(graph._found)[index]

    def shifted(op, operands):
        results = evaluate(op, operands)
        if (*op.results[:1], run.place) == target:
            first = results[0]
            dtype = getattr(first, "dtype", None)
            return ((first + distance).astype(dtype) if dtype else first + distance, *results[1:])
        return results

    run = Run(program.function.functions, shifted)
    run.values.update(
        zip(program.function.parameters, graph.parameters.values(), strict=True)
    )
    for _ in run.steps(program.function.body.operations):
        pass
    return float(run.values[program.function.results[0]])


@pytest.mark.parametrize(
    ("f", "args"), [(f, args) for f, args in CASES if f is not recursive and not (
        f is captured and args[0].dtype == np.float32)], ids=lambda _: "",
)  # fmt: skip
def test_each_gate_s_gradient_is_the_slope_there(f, args):
    graph = lower(f)
    graph.forward(*args)
    graph.backward()
    checked = 0
    for k, gate in enumerate(graph.gates):
        if gate.gradient is None:
            assert np.asarray(gate.value).dtype.kind in "ib", gate
            continue
        step = 1e-6
        slope = (moved(graph, k, step) - moved(graph, k, -step)) / (2 * step)
        assert np.shape(gate.gradient) == np.shape(gate.value)
        assert np.sum(gate.gradient) == pytest.approx(slope, rel=1e-6, abs=1e-8), gate
        checked += 1
    assert checked


def test_gates_of_a_neuron():
    graph = lower(neuron)
    graph.forward(2.0, -1.0, -3.0, -2.0, -3.0)
    graph.backward()
    assert [gate.name for gate in graph.gates] == ["s0", "s1", "s2", "s3", "L"]
    assert [gate.operation for gate in graph.gates] == ["mul", "mul", "add", "add", "sigmoid"]
    s0, s1, s2, s3, L = graph.gates
    assert (s0.inputs, s2.inputs, L.inputs) == (("w0", "x0"), (s0, s1), (s3,))
    assert s3.inputs == (s2, "w2")
    assert {gate.line for gate in graph.gates} == {neuron.__code__.co_firstlineno + 1}
    assert s1.span.filename == __file__
    line = neuron.__code__.co_firstlineno + 1
    rows = [row.split() for row in str(graph).splitlines()]
    assert rows[0] == ["line", "gate", "expression", "value", "gradient"]
    assert rows[1] == ["w0", "2.0", "-0.196612"]
    assert rows[-1] == [str(line), "L", "sigmoid(s3)", "0.731059", "1.0"]
    assert str(rows[-5:-4]) == str([[str(line), "s0", "w0", "*", "x0", "-2.0", "0.196612"]])


def test_parts_of_structures_are_called_as_the_function_calls_them():
    def f(layers, p):
        return layers[0]["w"] * p["w"] + layers[1]["w"]

    graph = lower(f)
    graph.forward([{"w": 2.0}, {"w": 3.0}], {"w": 5.0})
    assert graph.backward() == {"layers": [{"w": 5.0}, {"w": 1.0}], "p": {"w": 2.0}}
    assert graph.parameters == {"layers[0]['w']": 2.0, "layers[1]['w']": 3.0, "p['w']": 5.0}
    assert graph.gates[0].inputs == ("layers[0]['w']", "p['w']")
    assert graph.gates[0].expression == "layers[0]['w'] * p['w']"
    assert [row.split()[-1] for row in str(graph).splitlines()[1:4]] == ["5.0", "1.0", "2.0"]


def test_inputs_in_a_loop_are_gates_of_the_iteration_before():
    graph = lower(looped)
    graph.forward(0.7, 3)
    first, *ys = [gate for gate in graph.gates if gate.name == "y"]
    assert [gate.iteration for gate in ys] == [(0,), (1,), (2,)]
    assert ys[0].inputs == (first, "x")
    assert ys[2].inputs == (ys[1], "x")
    assert graph.gates[-1].inputs == (ys[2], ys[2])


def test_what_leads_nowhere_has_a_gradient_of_zero():
    graph = lower(looped)
    graph.forward(0.7, 3)
    graph.backward()
    (unused,) = [gate for gate in graph.gates if gate.name == "unused"]
    assert unused.gradient == 0.0

    def f(x, y):
        return x * x

    graph = lower(f)
    graph.forward(3.0, 1.0)
    assert graph.backward() == {"x": 6.0, "y": 0.0}


def test_a_step_at_a_time(capsys):
    def f(x):
        a = x * x
        print("a is", a)
        return a * x

    graph = lower(f)
    steps = graph.forward_steps(3.0)
    assert next(steps).value == 9.0
    assert (capsys.readouterr().out, len(graph.gates)) == ("", 1)
    assert [gate.value for gate in steps] == [27.0]
    assert capsys.readouterr().out == "a is 9.0\n"
    back = graph.backward_steps()
    assert next(back) is graph.gates[1]
    assert [gate.gradient for gate in graph.gates] == [None, 1.0]
    assert list(back) == [graph.gates[0]]
    assert (graph.gates[0].gradient, graph.gradients) == (3.0, {"x": 27.0})
    assert capsys.readouterr().out == ""


def test_seeds_and_other_arguments():
    graph = lower(looped)
    graph.forward(0.7, 3)
    once, twice = graph.backward()["x"], graph.backward(2)["x"]
    assert twice == 2 * once
    assert graph.forward(0.9, 1) == 0.81
    assert all(gate.gradient is None for gate in graph.gates)
    assert graph.gradients == {}
    assert graph.backward() == {"x": 1.8}
    graph.forward(np.float32(0.5), 2)
    assert graph.backward()["x"].dtype == np.float32


def refused(error, call):
    with pytest.raises(error) as caught:
        call()
    return caught.value.diagnostics[0].code


def test_forwards_without_a_gradient():
    def f(x):
        return x * 2.0, x + 1.0

    graph = lower(f)
    assert refused(SignatureError, graph.backward) == "graph"
    assert graph.forward(3.0) == (6.0, 4.0)
    assert [gate.value for gate in graph.gates] == [6.0, 4.0]
    assert refused(UnsupportedError, graph.backward) == "non-scalar-result"


def test_a_gradient_is_lowered_in_a_function():
    def slope(x):
        return grad(with_gate)(x)

    assert refused(UnsupportedError, lambda: lower(grad(with_gate))) == "derivative"
    graph = lower(slope)
    assert graph.forward(0.3) == grad(with_gate)(0.3)
    assert graph.backward()["x"] == pytest.approx(grad(slope)(0.3))


def test_blocks_of_the_user_s_run_backwards(capsys):
    def f(x):
        y = x * x
        with grad_of(y) as gy:
            print("gy", gy)
        return y * 3.0

    graph = lower(f)
    graph.forward(2.0)
    assert capsys.readouterr().out == ""
    assert graph.backward() == {"x": 12.0}
    assert capsys.readouterr().out == "gy 3.0\n"
    assert [(gate.name, gate.gradient) for gate in graph.gates] == [("y", 3.0), ("s0", 1.0)]


def test_an_exception_on_the_way():
    def f(x):
        a = x - 1.0
        return 1.0 / a

    graph = lower(f)
    with pytest.raises(ZeroDivisionError):
        graph.forward(1.0)
    assert [gate.name for gate in graph.gates] == ["a"]
    assert refused(SignatureError, graph.backward) == "graph"


def test_methods():
    class Model:
        def __init__(self):
            self.w = 2.0

        def loss(self, x):
            return self.w * x

    graph = lower(Model().loss)
    assert graph.forward(3.0) == 6.0
    assert graph.backward()["x"] == 2.0


def test_effects_happen_forwards_also_behind_the_last_gate(capsys):
    def shows(x):
        y = x * x
        if y > 4.0:
            raise ValueError("no such luck")
        print("y is", y)
        return y

    graph = lower(shows)
    with pytest.raises(ValueError, match="no such luck"):
        graph.forward(3.0)
    with pytest.raises(SignatureError, match="no complete forward run"):
        graph.backward()
    assert graph.forward(1.5) == 2.25
    assert capsys.readouterr().out == "y is 2.25\n"
    assert graph.backward() == {"x": 3.0}
    assert capsys.readouterr().out == ""


def test_numbers_stand_where_they_are_assigned():
    def counted(x, n):
        k, total = (
            0,
            0.0,
        )
        a = b = 1
        while k < n:
            total, k = total + x * a, k + 1
            a, b = 2, 1.0
        return total * b

    graph = lower(counted)
    assert graph.forward(2.0, 2) == 6.0
    first = counted.__code__.co_firstlineno
    found = {gate.name: gate.line - first for gate in graph.gates if not gate.iteration}
    assert {name: found[name] for name in ("k", "total", "a", "b")} == {
        "k": 2, "total": 3, "a": 5, "b": 5,
    }  # fmt: skip
