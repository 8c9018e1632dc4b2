"""What a function reads from outside is read as it is at each call; how often that compiles."""

from __future__ import annotations

import math
import types

import numpy as np
import pytest

from adcompiler import AdcompilerError, grad, pipeline, primitive, value_and_grad


@pytest.fixture
def compiled(monkeypatch):
    """The signatures compiled since the test began, with nothing read from the disk."""
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    found = []
    genuine = pipeline.compile_gradient

    def counted(function, structures, *more, **options):
        found.append(structures)
        return genuine(function, structures, *more, **options)

    monkeypatch.setattr(pipeline, "compile_gradient", counted)
    return found


@pytest.fixture
def outside():
    """A module of its own, whose names tests may rebind."""
    module = types.ModuleType("outside")

    def define(text):
        exec(compile(f"import math\nimport numpy as np\n{text}", __file__, "exec"), module.__dict__)
        return module

    return define


# One compilation for each abstract signature.
def net(x, w):
    return np.sum(np.tanh(x @ w))


def test_a_new_batch_size_compiles_nothing(compiled):
    g = grad(net)
    for size in (2, 3, 17, 1000, 2):
        assert g(np.ones((size, 3)), np.ones((3, 2))).shape == (size, 3)
    assert len(compiled) == 1


def test_sizes_0_and_1_compile_anew(compiled):
    g = grad(net)
    for count, size in enumerate((2, 1, 0), 1):
        assert g(np.ones((size, 3)), np.ones((3, 2))).shape == (size, 3)
        assert len(compiled) == count
    for size in (1, 0, 5):
        g(np.ones((size, 3)), np.ones((3, 2)))
    assert len(compiled) == 3


def power(x, n, k=2):
    return x**n * k


def test_values_compile_nothing(compiled):
    g = grad(power)
    assert g(2.0, 3) == 24.0
    assert g(5.0, 2) == 20.0
    assert g(5.0, n=2, k=3) == 30.0
    assert g(x=5.0, n=0) == 0.0
    assert len(compiled) == 1


@pytest.mark.parametrize(
    "more", [(2.0, 3.0), (2.0, True), (np.float64(2), 3), (np.array(2.0), 3), (np.float32(2), 3)]
)
def test_another_kind_compiles_anew(compiled, more):
    g = grad(power)
    g(2.0, 3)
    g(*more)
    assert len(compiled) == 2
    g(2.0, 3)
    g(*more)
    assert len(compiled) == 2


def test_source_and_value_share_no_compilation_with_others(compiled):
    g = grad(net)
    g(np.ones((2, 3)), np.ones((3, 2)))
    g.source(np.ones((4, 3)), np.ones((3, 2)))
    assert len(compiled) == 1
    for _ in range(2):
        g.value_and_grad(np.ones((2, 3)), np.ones((3, 2)))
    assert len(compiled) == 2


def reduced(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


def test_each_static_value_compiles_once(compiled):
    g = grad(reduced)
    for axis in (0, 1, 0, 1, -1):
        g(np.ones((2, 3)), axis)
    assert len(compiled) == 3


def by_function(x, function):
    return function(x)


def cube(x):
    return x * x * x


def test_a_function_as_argument_compiles_once(compiled):
    g = grad(by_function)
    for _ in range(3):
        assert g(2.0, cube) == 12.0
        assert g(0.0, math.sin) == 1.0
    assert len(compiled) == 2


def numpy_user(x):
    return np.sin(x) * 2


def test_a_function_as_argument_that_reads_globals_compiles_once(compiled):
    g = grad(by_function)
    g(2.0, numpy_user)
    g(2.0, numpy_user)
    assert len(compiled) == 1


# Globals.
def test_a_changed_number_compiles_nothing(compiled, outside):
    module = outside("K = 3.0\ndef f(x): return x * K")
    g = grad(_from_file(module, "K"))
    assert g(2.0) == 3.0
    module.K = 4.0
    assert g(2.0) == 4.0
    assert len(compiled) == 1


K = 3.0


def _from_file(module, name):
    """A function of this file, so that its text can be read, over the globals of `module`."""
    return types.FunctionType(TEMPLATES[name].__code__, module.__dict__, TEMPLATES[name].__name__)


def reads_k(x):
    return x * K


def sums_k(x):
    return np.sum(x * K)


def calls_helper(x):
    return helper(x)


def calls_twice(x):
    return first.h(x) + second.h(x)


def reads_axis(x):
    return np.sum(np.sum(x, axis=K) ** 2)


def reads_mode(x):
    return x * x if K == "square" else x


def reads_table(x):
    return K["f"](x) * K["c"]


def reads_attribute(x):
    return x * K.scale + K.shift


def reads_attribute_axis(x):
    return np.sum(np.sum(x, axis=K.axis) ** 2)


def loops_over_functions(x):
    for function in K:
        x = function(x)
    return x


TEMPLATES = {"K": reads_k, "sum": sums_k, "helper": calls_helper, "twice": calls_twice,
             "axis": reads_axis, "mode": reads_mode, "table": reads_table,
             "attribute": reads_attribute, "attribute axis": reads_attribute_axis,
             "functions": loops_over_functions}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [4.0, np.float32(2), np.float64(2), 5, True, np.array(3.0), np.array(3.0, "f4")],
    ids=repr,
)
def test_a_number_of_another_kind(outside, value):
    module = outside("K = 3.0")
    function = _from_file(module, "K")
    g = value_and_grad(function)
    assert g(2.0) == (6.0, 3.0)
    module.K = value
    for _ in range(2):
        found, slope = g(2.0)
        assert type(found) is type(function(2.0))
        assert (found, slope) == (2.0 * value, value)


@pytest.mark.parametrize(
    "value",
    [
        np.full(3, 2.0), np.full(3, 2.0, "f4"), np.full((4, 3), 2.0), np.full((4, 1), 2.0), 2.0, 7,
        np.arange(3), np.full(1, 2.0), np.array(2.0), (1.0, 2.0, 3.0),
    ],
    ids=lambda v: f"{type(v).__name__} {np.shape(v)}",
)  # fmt: skip
def test_an_array_of_another_kind(outside, value):
    module = outside("K = np.ones(3)")
    function = _from_file(module, "sum")
    g = value_and_grad(function)
    x = np.arange(3.0)
    assert g(x)[0] == 3.0
    module.K = value
    for _ in range(2):
        found, slope = g(x)
        assert type(found) is type(function(x))
        assert found == function(x)
        np.testing.assert_allclose(slope, [function(row) for row in np.eye(3)])


def test_an_array_changed_in_place(compiled, outside):
    module = outside("K = np.ones(3)")
    g = grad(_from_file(module, "sum"))
    g(np.ones(3))
    module.K[1] = 7.0
    np.testing.assert_array_equal(g(np.ones(3)), [1.0, 7.0, 1.0])
    assert len(compiled) == 1


def test_static_globals(compiled, outside):
    module = outside("K = 0")
    g = grad(_from_file(module, "axis"))
    x = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, 0, None, 1):
        module.K = axis
        expected = np.broadcast_to(2 * np.sum(x, axis=axis, keepdims=True), x.shape)
        np.testing.assert_array_equal(g(x), expected)
    assert len(compiled) <= 5
    module.K = "square"
    h = grad(_from_file(module, "mode"))
    assert h(3.0) == 6.0
    module.K = "other"
    assert h(3.0) == 1.0


def test_tables_of_functions_and_numbers(outside):
    module = outside("K = {'f': math.sin, 'c': 2.0}")
    g = grad(_from_file(module, "table"))
    assert g(0.5) == 2.0 * math.cos(0.5)
    module.K["c"] = 3.0
    assert g(0.5) == 3.0 * math.cos(0.5)
    module.K["f"] = math.exp
    assert g(0.5) == 3.0 * math.exp(0.5)
    module.K["unused"] = None
    assert g(0.5) == 3.0 * math.exp(0.5)
    h = grad(_from_file(module, "functions"))
    module.K = [math.sin]
    assert h(0.5) == math.cos(0.5)
    module.K.append(math.exp)
    assert h(0.5) == pytest.approx(math.exp(math.sin(0.5)) * math.cos(0.5), rel=1e-15)


def test_attributes_of_objects(outside):
    module = outside("class K: scale, shift, axis = 2.0, 1.0, 0")
    g = grad(_from_file(module, "attribute"))
    assert g(1.0) == 2.0
    module.K.scale = 5.0
    assert g(1.0) == 5.0
    module.K.scale = np.float32(3.0)
    assert g(1.0) == 3.0
    h = grad(_from_file(module, "attribute axis"))
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(h(x)[:, 0], [6.0, 6.0])
    module.K.axis = 1
    np.testing.assert_array_equal(h(x)[:, 0], [6.0, 24.0])


def test_what_a_property_gives(outside):
    module = outside("class Box:\n base, axis = 2.0, 0\n scale = property(lambda s: s.base * 2)\n"
                     " shift = property(lambda s: s.base - 1)\nK = Box()")  # fmt: skip
    g = value_and_grad(_from_file(module, "attribute"))
    assert g(1.0) == (5.0, 4.0)
    module.K.base = 3.0
    assert g(1.0) == (8.0, 6.0)


# Closures.
def over_cell():
    c = 2.0

    def inner(x):
        return x * c

    def change(value):
        nonlocal c
        c = value

    return inner, change


def test_a_closure_cell_is_read_live(compiled):
    inner, change = over_cell()
    g = grad(inner)
    assert g(1.0) == 2.0
    change(5.0)
    assert g(1.0) == 5.0
    assert len(compiled) == 1
    change(np.float32(7.0))
    assert g(1.0) == 7.0
    assert len(compiled) == 2


def test_two_closures_of_one_function_stay_apart():
    (first, _), (second, change) = over_cell(), over_cell()
    change(9.0)
    assert (grad(first)(1.0), grad(second)(1.0)) == (2.0, 9.0)


def late_binding():
    def helper(x):
        return x * later

    def f(x):
        return helper(x) * later if x > 0 else x

    gradient = grad(f)
    with pytest.raises(AdcompilerError, match="later"):
        gradient(1.0)
    later = 3.0
    return gradient


def test_a_cell_without_a_value_is_refused_until_it_has_one():
    assert late_binding()(1.0) == 9.0


# Helpers.
def test_a_rebound_helper_is_noticed(outside):
    module = outside("")
    module.helper = cube
    g = grad(_from_file(module, "helper"))
    assert g(2.0) == 12.0
    module.helper = math.exp
    assert g(2.0) == math.exp(2.0)
    module.helper = np.sin
    assert g(2.0) == np.cos(2.0)
    module.helper = cube
    assert g(2.0) == 12.0
    del module.helper
    with pytest.raises(AdcompilerError, match="helper"):
        g(2.0)
    module.helper = cube
    assert g(2.0) == 12.0


def written(folder, name, text):
    path = folder / f"{name}.py"
    path.write_text(text)
    module = types.ModuleType(name)
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def test_helpers_of_the_same_name_from_different_modules(outside, tmp_path):
    text = "C = {}\ndef inner(x): return x * C * {}\ndef h(x): return inner(x) * inner(x)\n"
    module = outside("")
    module.first = written(tmp_path, "first", text.format(2.0, "x"))
    module.second = written(tmp_path, "second", text.format(3.0, "1.0"))
    function = _from_file(module, "twice")
    g = grad(function)
    assert g(2.0) == 4 * 4 * 2.0**3 + 9 * 2 * 2.0
    module.first.C = 1.0
    assert g(2.0) == 4 * 2.0**3 + 9 * 2 * 2.0
    module.second.inner = module.first.inner
    assert g(2.0) == 4 * 2.0**3 + 4 * 2.0**3
    module.second.h, module.first.h = cube, cube
    assert g(2.0) == 24.0


def changing(x, k=2.0):
    return x * k


def test_exchanged_insides_of_functions_are_noticed(outside):
    """What %autoreload does in a notebook: the function stays, its code is another."""
    module = outside("")
    module.helper = types.FunctionType(changing.__code__, globals(), "changing", (2.0,))
    function = _from_file(module, "helper")
    g, direct = grad(function), grad(module.helper)
    assert (g(3.0), direct(3.0)) == (2.0, 2.0)
    module.helper.__defaults__ = (5.0,)
    assert (g(3.0), direct(3.0)) == (5.0, 5.0)
    module.helper.__code__ = cube.__code__
    module.helper.__name__ = "cube"
    assert (g(3.0), direct(3.0)) == (27.0, 27.0)


def test_another_rule_for_a_gate_is_noticed():
    @primitive
    def gate(x):
        return 2.0 * x

    @gate.backward
    def rule(g, x, y):
        return 2.0 * g

    def f(x):
        return gate(x)

    g = grad(f)
    assert g(1.0) == 2.0

    @gate.backward
    def another_rule(g, x, y):
        return 100.0 * g

    assert g(1.0) == 100.0


def test_what_a_gate_reads_from_outside_is_live():
    rate, slope = 3.0, 5.0

    @primitive
    def gate(x):
        return x * rate

    @gate.backward
    def rule(g, x, y):
        return g * slope

    def f(x):
        return gate(x)

    g = value_and_grad(f)
    assert g(2.0) == (6.0, 5.0)
    rate, slope = 7.0, 11.0
    assert g(2.0) == (14.0, 11.0)


def test_a_refusal_is_tried_again(outside):
    module = outside("K = None")
    g = grad(_from_file(module, "K"))
    with pytest.raises(AdcompilerError):
        g(2.0)
    module.K = 2.0
    assert g(2.0) == 2.0
