"""Gradients in other threads, in copies, in pickles, in other processes, and in SciPy's hands."""

from __future__ import annotations

import copy
import importlib
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from adcompiler import SignatureError, grad, sigmoid, value_and_grad

ROOT = Path(__file__).parents[1]
FACTOR = 2.0


def net(x, w):
    return np.sum(np.tanh(x @ w)) * FACTOR


def simple(x, k=3.0):
    return sigmoid(x) * k


gradient = grad(simple, wrt=("x", "k"))
SIMPLE_AT_0 = (0.75, 0.5)


@grad
def decorated(x):
    return x * x


@pytest.fixture
def switching():
    """Threads that change places as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_call_and_compile_at_once(switching):
    def fresh():
        return [grad(net), grad(net, wrt=("x", "w")), value_and_grad(net, optimize=0)]

    gradients = fresh()
    arguments = [
        (np.full(shape, 0.1, dtype), np.full((3, 2), 0.2))
        for shape in ((2, 3), (1, 3), (0, 3)) for dtype in ("f4", "f8")
    ]  # fmt: skip
    expected = {
        (i, k): grads(*args) for i, args in enumerate(arguments)
        for k, grads in enumerate(fresh())
    }  # fmt: skip
    problems, barrier = [], threading.Barrier(8)

    def work(offset):
        barrier.wait()
        try:
            for step in range(36):
                i, k = (step + offset) % 6, (step * 5 + offset) % 3
                np.testing.assert_equal(gradients[k](*arguments[i]), expected[i, k])
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    for one in gradients:
        assert all(len(found) == 1 for found in one._entries.values())


def test_a_copy_is_the_gradient_itself():
    """As with functions; so that copies of closures go on reading their cells."""
    scale = 2.0

    def inner(x):
        return x * scale

    g = grad(inner)
    for one in (copy.copy(g), copy.deepcopy(g), copy.deepcopy({"model": [g]})["model"][0]):
        assert one(1.0) == scale
    scale = 5.0
    assert copy.deepcopy(g)(1.0) == 5.0


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_in_the_same_process(protocol):
    for one in (gradient, decorated, value_and_grad(net), grad(net, wrt="w", optimize=0)):
        found = pickle.loads(pickle.dumps(one, protocol))
        assert type(found) is type(one)
        assert (found.function, found.options) == (one.function, one.options)
    assert pickle.loads(pickle.dumps(gradient, protocol))(0.0) == SIMPLE_AT_0


def test_a_pickle_of_what_cannot_be_imported_runs_what_was_compiled():
    scale = np.array([1.0, 2.0])

    def local(x, axis=0, shift=1.0, *, factor=2.0):
        return np.sum(np.sum(x, axis=axis)[0] * scale) * factor + shift

    g = grad(local, wrt=("x", "factor"))
    x = np.ones((2, 2))
    expected = g(x), g(x, 1), g(x, factor=5.0)
    frozen = pickle.loads(pickle.dumps(g))
    scale = None
    np.testing.assert_equal((frozen(x), frozen(x, axis=1), frozen(x, factor=5.0)), expected)
    np.testing.assert_equal(frozen(np.ones((7, 9)))[0].shape, (7, 9))
    with pytest.raises(SignatureError, match="pickled without"):
        frozen(np.ones((2, 2), "f4"))
    with pytest.raises(SignatureError, match="pickled without"):
        frozen(x, axis=-1)
    for args, kwargs in [((), {}), ((x, 0, 1.0, 2.0), {}), ((x,), {"z": 1})]:
        with pytest.raises(TypeError, match=r"local\(\)"):
            frozen(*args, **kwargs)
    again = pickle.loads(pickle.dumps(copy.deepcopy(frozen)))
    np.testing.assert_equal(again(x), expected[0])
    assert len(again.source()) == 2


def run(code, *, path=(), **environment):
    """The output of another Python process."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *map(str, path)]), **environment}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


MODULE = """
import numpy as np
from adcompiler import grad, sigmoid
C = {constant}
def f(x, k=3.0):
    return sigmoid(x) * k * C
g = grad(f)
@grad
def h(x):
    return np.sum(x * x) * C
"""
LOAD = """
import pickle, sys
import numpy as np
one, two = pickle.load(open(sys.argv[1] if len(sys.argv) > 1 else PATH, "rb"))
print(type(one).__name__, one(0.0), two(np.ones(2)).tolist())
"""


@pytest.fixture
def pickled(tmp_path, monkeypatch):
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "pickled_sample.py").write_text(MODULE.format(constant=2.0))
    monkeypatch.syspath_prepend(str(folder))
    sample = importlib.import_module("pickled_sample")
    assert sample.g(0.0) == 1.5
    sample.h(np.ones(2))
    path = tmp_path / "gradients.pickle"
    path.write_bytes(pickle.dumps((sample.g, sample.h)))
    yield folder, LOAD.replace("PATH", repr(str(path)))
    del sys.modules["pickled_sample"]


def test_another_process_with_the_module(pickled):
    folder, load = pickled
    assert run(load, path=[folder]) == "Gradient 1.5 [4.0, 4.0]"


def test_another_process_without_the_module(pickled):
    assert run(pickled[1]) == "FrozenGradient 1.5 [4.0, 4.0]"


def test_another_process_with_another_version_of_the_module(pickled, tmp_path):
    """What was pickled counts: the text that had been compiled."""
    folder, load = pickled
    edited = MODULE.format(constant=2.0).replace("sigmoid(x) * k", "sigmoid(x) + k")
    (folder / "pickled_sample.py").write_text(edited)
    assert run(load, path=[folder]) == "FrozenGradient 1.5 [4.0, 4.0]"


def test_another_process_where_the_module_fails(pickled):
    folder, load = pickled
    (folder / "pickled_sample.py").write_text("raise RuntimeError('broken')\n")
    assert run(load, path=[folder]) == "FrozenGradient 1.5 [4.0, 4.0]"


def test_a_function_of_main_goes_to_another_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"""
import pickle
from adcompiler import grad
def f(x):
    return x * x
if __name__ == "__main__":
    g = grad(f)
    g(3.0)
    pickle.dump((g, g), open({str(tmp_path / "main.pickle")!r}, "wb"))
""")
    run(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')")
    code = (
        f"import pickle; print(pickle.load(open({str(tmp_path / 'main.pickle')!r}, 'rb'))[0](5.0))"
    )
    assert run(code) == "10.0"


def test_a_process_pool(tmp_path):
    """`multiprocessing` with a fresh interpreter, as on macOS and Windows."""
    script = tmp_path / "pooled.py"
    script.write_text("""
import multiprocessing
from adcompiler import grad
def f(x):
    return x * x * x
g = grad(f)
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(g, [1.0, 2.0, 3.0]))
""")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[3.0, 12.0, 27.0]", done.stderr


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "TNC", "SLSQP"])
def test_scipy_minimises_with_value_and_gradient(method):
    optimize = pytest.importorskip("scipy.optimize")
    options = {"maxfun": 1000} if method == "TNC" else {}
    found = optimize.minimize(
        value_and_grad(rosenbrock), np.full(4, -0.5), jac=True, method=method, options=options
    )
    np.testing.assert_allclose(found.x, np.ones(4), atol=2e-2)
    error = optimize.check_grad(rosenbrock, grad(rosenbrock), np.linspace(-1.0, 1.0, 4))
    assert error < 1e-4
