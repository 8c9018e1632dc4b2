"""Programs that have found a defect, shrunk: what `python -m tests.generator` prints goes here."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pytest

from adcompiler import AdcompilerError, grad, value_and_grad
from tests.generator.oracles import judge
from tests.generator.program import load

FOUND: dict[str, str] = {
    # A tape written last one first, that went on another tape, was read in the wrong direction.
    "reversed inside": """
        import numpy as np

        def f(y, a):
            v = 0.5
            for k in range(3):
                for e in reversed(a):
                    v *= y + e * k
                if v > -5.0:
                    for e in reversed(range(2)):
                        v = np.sin(v) * y
            return v

        def arguments():
            return {"y": 0.5519, "a": np.array([0.3, 0.8, 0.1])}
        """,
    # The interpreter added a Python float to float32s as a float64.
    "number added in single precision": """
        import numpy as np

        def f(b):
            a = b
            a += 0.3 * 0.25
            a[1:] += 0.7
            a[a > 0.1] += 0.3
            return np.sum(np.tanh(a))

        def arguments():
            return {"b": np.array([-0.21317, 0.18637, 0.31524], dtype=np.float32)}
        """,
    # The gradient of an array that a reshaping looks at may lie in memory in another order: what
    # was stored through its reshaping went into a copy.
    "stores through a reshaped array": """
        import numpy as np

        def f(a, x):
            b = np.zeros((2, 3))
            b[0] = x[:3]
            b.reshape(-1)[1:3] = x[5]
            c = a.copy()
            flat = c.ravel()
            flat[1:5] = x[1:5] * flat[2]
            w = np.outer(x[:2], x[2:4])[:, 1] * 1.0
            w.reshape(2, 1)[0] = x[0]
            return np.sum(b * a) + np.sum(c * a) + np.sum(w * x[:2])

        def arguments():
            return {"a": np.array([[0.3, 0.8, 0.1], [0.7, 0.2, 0.9]], order="F"),
                    "x": np.array([0.5, 0.4, 0.9, 0.2, 0.6, 0.7])}
        """,
    # The index of a loop that nobody reads was called as a variable of the user's.
    "a variable named _": """
        import numpy as np

        def f(x, n):
            _ = np.full(3, x)
            y = np.concatenate((_, np.ones(2)))
            k = 0
            while k < n:
                k += 1
                x -= 0.1 * x
            return x + np.sum(y * y) + np.sum(np.sin(_))

        def arguments():
            return {"x": 0.9241, "n": 2}
        """,
    # A list of Python floats is no cotangent for a list of NumPy's, where several dtypes meet.
    "a cotangent that is a list": """
        import math
        import numpy as np

        def f(a, b):
            factor = np.mean(3)
            rows = []
            for i in range(4):
                rows.append(sum([t * factor for t in b]))
            c = np.array([math.sin(sum([t for t in a if t]))])
            return np.sum(rows) * math.tanh(sum([t for t in c if t]))

        def arguments():
            return {"a": np.array([0.84, 0.5], dtype=np.float32), "b": [0.16314, 0.8181]}
        """,
    # An operation without a result, behind a list of an array's rows.
    "effect_beside_a_list": """
        import numpy as np

        def f(b):
            rows = [row for row in b]
            print(len(rows))
            total = 0.0
            for i in range(2):
                seen = []
                for row in b:
                    seen.append(np.sum(row * i))
                total = total + sum(seen)
            return total

        def arguments():
            return {"b": np.array([[0.7725, 0.25441], [0.90438, 0.51481]])}
        """,
    # A tape that only goes on another tape had no lifetime, and shared its name with one made
    # meanwhile.
    "tape on a tape": """
        import math
        import numpy as np

        def f(ys, xa):
            w = xa
            for i3 in range(3):
                for i6 in range(1, 6, 2):
                    for i8 in range(3):
                        w5 = xa
                        v = np.mean(w) / w5
                    if ys > 2.0:
                        v = math.cos(i3)
                        v = v * ys
            return v

        def arguments():
            return {'ys': 0.4127, 'xa': 1.3}
        """,
    # A shape was asked of what only one side of a branch defines.
    "shape of one side": """
        import numpy as np

        def f(xs, xa):
            w = xa
            v5, v = (1.0, xs)
            if v:
                v5, v = (1.5, (w * np.ones(3))[0])
            else:
                w6 = xa * np.ones(3)
                w = w6 ** 2
            return v + w.sum()

        def arguments():
            return {'xs': 0.7313, 'xa': np.array([0.3129, 1.0, 1.0971])}
        """,
    # A conditional expression that also hands on a value for a tape.
    "conditional with a tape": """
        import math
        import numpy as np

        def f(xs, ys, n):
            i1 = 0
            while i1 < n:
                i1 = i1 + 1
                v = math.sin(2.0)
                w = (xs if v * ys else xs) if ys else ys
            return np.tanh(w).sum()

        def arguments():
            return {'xs': 0.7313, 'ys': 0.4127, 'n': 2}
        """,
    # An inner loop began with the flag of a loop before it.
    "flags of two loops": """
        def f(xs, xa):
            w = xa
            for i2 in range(3):
                break
            for i5 in range(1, 6, 2):
                if w:
                    if i5:
                        continue
                v = xs ** 2
            return 0.3

        def arguments():
            return {'xs': 0.7313, 'xa': 1.3}
        """,
    # What a jump hands on was copied where nothing had been.
    "return from a loop": """
        def f(ys, xa):
            v = ys
            for i4 in range(1, 6, 2):
                if v:
                    pass
                else:
                    v7 = xa
                    return v7
            return 1.0

        def arguments():
            return {'ys': 0.4127, 'xa': 1.3}
        """,
    "a variable after the break of an endless loop": """
        import math

        def f(xs):
            i26 = 0
            while True:
                if i26:
                    break
                i26 = 1
                v = math.tanh(xs)
            return v

        def arguments():
            return {'xs': 0.7313}
        """,
    # Variables that only some paths assign were copied, too.
    "one path of an unrolled loop": """
        def f(xs, ys, xa):
            v = xs
            w = xa
            for i1 in (0.3, xs, ys):
                if w > xs:
                    v = xs / v
                    v9 = v
                elif i1 > 5.0:
                    break
            return v

        def arguments():
            return {'xs': 0.7313, 'ys': 0.4127, 'xa': -0.8173}
        """,
    # What was taken out of a dict got the name of a parameter.
    "parameter named like a key": """
        def f(b, p):
            a = p['b']
            return a * b

        def arguments():
            return {'b': 1.5, 'p': {'b': 0.37}}
        """,
    "two dicts with one key": """
        def f(p, q):
            return p['b'] * q['b'] + q['c']

        def arguments():
            return {'p': {'b': 1.5, 'c': 0.2}, 'q': {'b': 0.37, 'c': 2.5}}
        """,
    "field named like its parameter": """
        from collections import namedtuple

        P = namedtuple('P', 'p q r s t')

        def f(p, q):
            return p.p * p.q + q * p.r * p.s * p.t

        def arguments():
            return {'p': P(1.5, 0.2, 0.7, 1.1, -0.4), 'q': 0.37}
        """,
    # The derivative of abs() of what may be a NumPy scalar subtracted NumPy booleans.
    "abs of a number of either kind": """
        import numpy as np

        def f(x, b):
            v0 = b[0, 1]
            v0 = abs(max(v0, x))
            return v0

        def arguments():
            return {'x': 0.6833, 'b': np.array([[0.7959, 0.7723, 0.484], [0.2855, 0.7959, 0.2293]])}
        """,
    # A tape that nothing reads had no lifetime; it was written over one that is read.
    "tape that nothing reads": """
        import numpy as np

        def f(v0, x):
            k1 = 0
            while k1 < 3:
                k1 += 1
                k2 = 0
                while k2 < 3:
                    k2 += 1
                    while v0 * v0 > 0.17:
                        v0 = 0.6 * v0
            return np.sin(v0) * x

        def arguments():
            return {'v0': -0.93, 'x': 0.3}
        """,
    # What was cut off an array took its name while the array was still read.
    "sized down and read": """
        import numpy as np

        def f(a, k):
            for _ in range(k):
                a = np.concatenate((a, a[:1] * 2.0))
            return np.sum(a * a)

        def arguments():
            return {'a': np.array([0.7, -1.2, 0.4]), 'k': 2}
        """,
    # Where float32 meets float64, a Python float stood for a NumPy scalar's cotangent.
    "kinds of floats on two paths": """
        import math
        import numpy as np

        def f(x, y, b):
            v0 = np.sin(x)
            if x > 0.5:
                v0 = y
            a = np.zeros(4)
            for i in range(1, 4):
                a[i] = v0
            return b + math.tanh(v0) + np.sum(a)

        def arguments():
            return {'x': 0.9241, 'y': 0.7313, 'b': np.array(0.48948, dtype=np.float32)}
        """,
    # The interpreter's copies keep the memory order, too.
    "a store into a Fortran-ordered argument": """
        import numpy as np

        def f(a, x):
            a[1] = np.cos(x)
            return np.sum(a)

        def arguments():
            rows = [[0.81308, 0.79906, 0.63962], [0.51631, 0.63064, 0.34197]]
            return {'a': np.array(rows, order='F'), 'x': 0.4}
        """,
    # `x.copy()` is in C order, whatever the order of `x`.
    "a copy of a Fortran-ordered argument": """
        import numpy as np

        def f(a):
            a0 = a.copy()
            a0[2] = 1.0
            return np.sum(a0)

        def arguments():
            rows = [[-0.80652, 0.86061], [0.62114, 0.45257], [0.48106, 0.48613]]
            return {'a': np.array(rows, order='F')}
        """,
    # A tape of a loop that runs backwards was read the wrong way round, once it was on a tape.
    "a backwards loop in a loop": """
        import numpy as np

        def f(x, y, a):
            k = 0
            while k < 2:
                k += 1
                for w in reversed(a):
                    x = np.sin(x * y) * (w + 1.0) + y
            return x

        def arguments():
            return {'x': 0.3, 'y': 0.7, 'a': np.array([0.3, 0.7, 0.2])}
        """,
    "a backwards loop in a branch in a loop": """
        import numpy as np

        def f(x, y, a):
            for i in range(2):
                if x > -5.0:
                    for w in reversed(a):
                        x = np.sin(x * y) * (w + 1.0) + y
            return x

        def arguments():
            return {'x': 0.3, 'y': 0.7, 'a': np.array([0.3, 0.7, 0.2])}
        """,
    "a backwards loop in a recursion": """
        import numpy as np

        def h(x, y, a, n):
            if n == 0:
                return x
            s = x
            for w in reversed(a):
                s = np.sin(s * y) * (w + 1.0) + y
            return h(s, y, a, n - 1) * 0.5 + x

        def f(x, y, a, n):
            return h(x, y, a, n)

        def arguments():
            return {'x': 0.3, 'y': 0.7, 'a': np.array([0.3, 0.7, 0.2]), 'n': 2}
        """,
    "backwards loops in a loop in a recursion": """
        import numpy as np

        def h(x, y, a, n):
            if n == 0:
                return x
            for v in reversed(a):
                for w in reversed(a):
                    x = np.sin(x * y) * (w + v) + y
            return h(x, y, a, n - 1) * 0.5 + x

        def f(x, y, a, n):
            return h(x, y, a, n)

        def arguments():
            return {'x': 0.3, 'y': 0.7, 'a': np.array([0.3, 0.7, 0.2]), 'n': 2}
        """,
    # A variable that one path leaves ambiguous was still taken to be carried.
    "an ambiguous name for a changed array": """
        import numpy as np

        def f(a, n):
            for i in range(n):
                b = a * 2.0
                c = b
                c *= 1.5
                if n > 1:
                    d = c
            return np.sum(a)

        def arguments():
            return {'a': np.array([0.89225, 0.30472, 0.79006]), 'n': 2}
        """,
    # A Python float among the float32 gradients of a list's elements.
    "a sum of float32 elements": """
        import math
        import numpy as np

        def f(a, b):
            return math.tanh(sum(t for t in b)) * a

        def arguments():
            return {'a': np.array(0.8108), 'b': np.array([0.81067, 0.29077], dtype=np.float32)}
        """,
    # A Python number has no `.size` and no `.T`.
    "mean, spread and transpose of a Python number": """
        import numpy as np

        def f(x):
            return np.mean(x) * np.transpose(x) + np.mean(x, keepdims=True) * np.prod(x)

        def arguments():
            return {'x': 0.7}
        """,
    # np.outer and np.dot make arrays of Python numbers, which are then not weak.
    "outer and dot of a float32 with a Python number": """
        import numpy as np

        def f(t, s, x):
            return np.sum(np.outer(t, x)) + np.dot(s, x) * np.sum(np.outer(s, x))

        def arguments():
            return {'t': np.array([0.3, 0.7], dtype=np.float32), 's': np.float32(0.4), 'x': 0.9}
        """,
}

# Calls that ended in an internal error, or were given a wrong type.
REFUSED = {
    "np.clip(a)": "operation",
    "np.array(a, s)": "operation",
    "np.array(a, 'nonsense')": "operation",
    "np.zeros(a)": "operation",
    "np.zeros(np.array([1, 2]))": "operation",
    "np.full(np.arange(2), 1.0)": "operation",
    "np.reshape(a, None)": "operation",
    "np.expand_dims(a, 4)": "operation",
    "np.linspace(a, 1.0, axis=4)": "operation",
    "np.concatenate(())": "operation",
    "np.stack([])": "operation",
    "np.sum(a) * (1.0, 2.0)[0.5:][0]": "static-error",
    "np.sum(a) * [1.0, 2.0][0.5:][0]": "static-error",
    "np.maximum(np.exp(1j * a), 0.5).real": "complex",
}


def stores(a, b, x):
    a[0] = x
    return np.sum(a) * np.sum(b)


def stores_into_its_own(a, b, x):
    c = np.zeros(3)
    c[0] = x
    return np.sum(a * b * c)


def test_arguments_that_share_memory() -> None:
    """A store through one argument would have to be seen through the other."""
    a = np.arange(4.0)
    for gradient in (grad(stores, "x"), value_and_grad(stores, ("b", "x"), optimize=0)):
        for other in (a, a[1:], a[:1], a[::-1]):
            with pytest.raises(ValueError, match="shares memory with another argument"):
                gradient(a, other, 0.5)
        gradient(a[:2], a[2:], 0.5)
    assert np.array_equal(a, np.arange(4.0))
    assert grad(stores_into_its_own, "x")(a[:3], a[:3], 0.5) == 0.0


@pytest.mark.parametrize("call", REFUSED)
def test_refused(call: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    module = load(f"import numpy as np\n\ndef f(a, s):\n    return np.sum({call}) * s\n")
    with pytest.raises(AdcompilerError) as caught:
        grad(module.f, ("a", "s")).source(np.array([0.3, 0.7]), 0.5)
    assert caught.value.diagnostics[0].code == REFUSED[call]


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    verdict = judge(textwrap.dedent(FOUND[name]))
    assert verdict.kind == "passed", verdict.detail
