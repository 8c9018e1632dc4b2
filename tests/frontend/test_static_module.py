"""Loading a file without running it: what is known afterwards, and what was never executed."""

from __future__ import annotations

import sys
import textwrap
import types

import numpy as np
import pytest

from adcompiler.diagnostics import Diagnostic, SourceError, Span
from adcompiler.frontend.source import read_function
from adcompiler.frontend.static_module import Decorated, Unevaluated, load_namespace

# Stands for adcompiler's decorators: a module that the sample files import from their folder.
GATES = """
class Gate:
    def __init__(self, function, options):
        self.function, self.options, self.rule = function, options, None

    def backward(self, rule):
        self.rule = rule
        return self

    backward.__adcompiler_decorator__ = "backward"


def primitive(function=None, **options):
    if options.get("fail"):
        raise TypeError("no such option")
    return Gate(function, options) if function else lambda f: Gate(f, options)


def grad(*_, **__):
    raise AssertionError("applied")


primitive.__adcompiler_decorator__ = "primitive"
grad.__adcompiler_decorator__ = "grad"


def jit(function=None, **_):
    raise AssertionError("applied")


def helper(x):
    return x
"""


@pytest.fixture
def load(tmp_path):
    """Write a text (or bytes) to `model.py` beside a fresh copy of GATES, and load it."""
    (tmp_path / "gates_sample.py").write_text(GATES)

    def load(text: str | bytes) -> dict[str, object]:
        path = tmp_path / "model.py"
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return load_namespace(path)

    yield load
    sys.modules.pop("gates_sample", None)


def refusal(load, text: str | bytes) -> Diagnostic:
    with pytest.raises(SourceError) as caught:
        load(text)
    return caught.value.diagnostics[0]


def test_functions_are_defined_and_can_be_read(load):
    names = load("""
        import numpy as np

        K = 2.0

        def f(x, y=K, *, z=(1, -1)):
            '''Ünïcode.'''
            return np.exp(x) * K

        g = lambda x: f(x) + 1
    """)
    assert names["f"](0.0) == 2.0 and names["g"](0.0) == 3.0
    assert (names["f"].__defaults__, names["f"].__kwdefaults__) == ((2.0,), {"z": (1, -1)})
    source = read_function(names["f"])
    assert source.span(source.node).line == 6
    assert source.filename == names["__file__"]
    assert read_function(names["g"]).node.lineno == 10
    assert (names["__name__"], names["f"].__module__) == ("model", "model")


def test_future_imports_are_honoured(load):
    f = load("from __future__ import annotations\n\ndef f(x: boom(), y: 'f8'): return x\n")["f"]
    assert f.__annotations__ == {"x": "boom()", "y": "'f8'"}
    assert read_function(f).node.name == "f"


def test_annotations_that_are_not_plain_stay_text(load):
    f = load("""
        import numpy as np
        def boom(): 1 / 0
        def f(a: float, b: "f8[n]", c: np.ndarray, d: boom(), *e: No, f: list[int]) -> [boom()]:
            return a
        v: boom() = 3
        w: boom()
    """)
    plain = {"a": float, "b": "f8[n]", "c": np.ndarray, "f": list[int]}
    assert f["f"].__annotations__ == plain | {"d": "boom()", "e": "No", "return": "[boom()]"}
    assert f["v"] == 3 and "w" not in f


PLAIN = {
    "-2 ** 3 + 1j": -8 + 1j,
    "(1, [2.0, 'a'], {'b': {3}}, None, ...)": (1, [2.0, "a"], {"b": {3}}, None, ...),
    "1 if K > 1 and not K == 3 else 0": 1,
    "K * 3": 6,
    "W[1:, 0] * 2": np.full(2, 2.0),
    "W.shape[0]": 3,
    "W.T.shape": (2, 3),
    "np.pi": np.pi,
    "np.linalg.norm(np.zeros(3))": np.float64(0.0),
    "sqrt(4.0)": 2.0,
    "math.exp(0)": 1.0,
    "np.float32(1.5)": np.float32(1.5),
    "np.zeros(shape=(2,), dtype=np.float32).__class__": Unevaluated,
    "float('inf')": float("inf"),
    "np.random.rand(2).sum()": Unevaluated,
    "[*range(3)]": [0, 1, 2],
    "helper(1)": Unevaluated,
    "gates_sample.helper(1)": Unevaluated,
    "user(1)": Unevaluated,
    "np.fromfunction(user, (2,))": Unevaluated,
    "np.piecewise(W, [W > 0], [user])": Unevaluated,
    "np.piecewise(W, [W > 0], FUNCTIONS)": Unevaluated,
    "np.apply_along_axis(gates_sample.helper, 0, W)": Unevaluated,
    "np.fromfunction(lambda i: i, (2,))": Unevaluated,
    "np.save('file', W)": Unevaluated,
    "np.load('file')": Unevaluated,
    "np.seterr(all='raise')": Unevaluated,
    "np.testing.assert_equal(1, 2)": Unevaluated,
    "open('file')": Unevaluated,
    "eval('1')": Unevaluated,
    "__import__('os')": Unevaluated,
    "print('ran')": Unevaluated,
    "[i for i in range(3)]": Unevaluated,
    "(n := 3)": Unevaluated,
    "f'{K}'": Unevaluated,
    "K.real": Unevaluated,
    "missing": Unevaluated,
    "np.missing": Unevaluated,
    "1 / 0": Unevaluated,
    "np.zeros(-1)": Unevaluated,
    "np.zeros(**{'shape': 3})": np.zeros(3),
    "str(W)": Unevaluated,
    "UNKNOWN + 1": Unevaluated,
    "decorated": Unevaluated,
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items(), ids=PLAIN.keys())
def test_what_is_evaluated(load, capsys, monkeypatch, tmp_path, text, expected):
    monkeypatch.chdir(tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir()), np.geterr()
    value = load(f"""
        import math, numpy as np, gates_sample
        from math import sqrt
        from gates_sample import helper, jit
        K = 2
        W = np.ones((3, 2))
        UNKNOWN = open("nothing")
        def user(*a): raise AssertionError("ran")
        FUNCTIONS = [user]
        @jit
        def decorated(x): return x
        value = {text}
    """)["value"]
    if expected is Unevaluated:
        assert isinstance(value, Unevaluated)
        assert (value.name, value.span.line) == ("value", 12)
    else:
        assert type(value) is type(expected) and np.all(value == expected)
    assert capsys.readouterr().out == ""
    left = {p.name for p in tmp_path.iterdir()} - {"model.py", "__pycache__"}
    assert (sorted(left), np.geterr()) == before


def test_forms_of_assignment(load):
    names = load("""
        a = b = 1
        c, (d, *e) = 1, (2, 3, 4)
        a += 2
        q += 1
        f = 1
        f += missing
        missing_too = missing
        missing_too += 1
        g, h = 1, missing
        i, j = 1
        k: int = 5
    """)
    assert [names[n] for n in "abcdek"] == [3, 1, 1, 2, [3, 4], 5]
    assert all(isinstance(names[n], Unevaluated) for n in [*"qfghij", "missing_too"])


def test_nothing_else_is_executed(load, capsys):
    names = load("""
        import os
        print("ran")
        os.environ["ADCOMPILER_TEST_RAN"] = "1"
        def noisy(): print("ran")
        noisy()
        class Model(print("ran") or object):
            print("ran")
        def f(x=print("ran"), *, y=noisy()): return x
        g = lambda x=print("ran"): x
        for i in range(3):
            print("ran")
        with open("x") as handle:
            import os.path as inner
        while noisy(): pass
        if noisy():
            def later(): pass
        else:
            from os import sep
        try:
            risky = noisy()
        except ValueError as error:
            pass
        match noisy():
            case {"a": m, **rest}: pass
            case [first, *others] as whole: pass
        assert noisy()
        [comp for comp in [print("ran")]]
        del noisy
        if __name__ == "__main__":
            main = 1
            raise SystemExit
        else:
            imported = 2
        raise SystemExit
    """)
    assert capsys.readouterr().out == ""
    assert "ADCOMPILER_TEST_RAN" not in names["os"].environ
    unevaluated = {name for name, value in names.items() if isinstance(value, Unevaluated)}
    assert unevaluated == {
        *("Model", "f", "g", "i", "handle", "inner", "later", "sep", "risky", "error"),
        *("m", "rest", "first", "others", "whole", "noisy"),
    }
    assert names["imported"] == 2 and "main" not in names
    assert isinstance(names["os"], types.ModuleType)


def test_spans_point_at_the_binding(load):
    names = load("é = '漢'; ñ = open(é)\ndef f(x='é', y=open('é')): pass\n")
    assert str(names["ñ"].span).endswith("model.py:1:10")
    assert (names["f"].span.line, names["f"].span.column) == (2, 15)


MUTATED = [
    "W[0] = 1",
    "W[0][1] += 1",
    "W += open('x')",
    "W.shape = (6,)",
    "del W[0]",
    "for i in range(3): W[i] = i",
    "W.append(1)",
    "np.copyto(W, 0)",
    "np.add(W, 1, out=W)",
    "change()",
    "x = indirect(change)",
    "if indirect: pass",
    "rebind()",
    "class A: W.sort()",
    "class A:\n    @change\n    def f(self): pass",
]


@pytest.mark.parametrize("statement", MUTATED)
def test_values_that_may_have_changed_are_unknown(load, statement):
    names = load(f"""
import numpy as np
W = np.ones((3, 2))
V = [1]
def change(): W.fill(0)
def indirect(): change()
def rebind():
    global W
    W = 3
{statement}
""")
    assert isinstance(names["W"], Unevaluated)
    assert names["V"] == [1] and isinstance(names["np"], types.ModuleType)


@pytest.mark.parametrize(
    "statement",
    [
        "print(f(W))",
        "y = f(W)",
        "local(W)",
        "class A:\n    def change(self): W[0] = 1",
        "if __name__ == '__main__': W[0] = 1",
        "def change(): W[0] = 1",
        "np.sort(W)",
    ],
)
def test_values_that_are_only_read_stay_known(load, statement):
    names = load(f"""
import numpy as np
W = np.ones(3)
def f(x): return np.sum(W * x)
def local(V):
    W = V + 1
    W[0] = 2
{statement}
""")
    assert np.all(names["W"] == np.ones(3))


def test_decorators(load):
    names = load("""
        import gates_sample as ad
        from gates_sample import grad, jit, primitive

        @ad.grad
        def a(x): return x

        @grad(wrt=("x", undefined()))
        def b(x): return x

        @primitive
        def gate(x): return x

        @gate.backward
        def gate(g, x): return g

        @primitive(domain=(0, 1))
        def other(x): return x

        @other.backward
        def _(g, x): return 2 * g

        @grad
        @jit(fast=True)
        def c(x): return x

        @missing
        def d(x): return x

        @primitive(rule=missing)
        def e(x): return x
    """)
    assert isinstance(names["a"], types.FunctionType) and names["b"](3) == 3
    assert names["gate"].function(2) == 2 and names["gate"].rule(5, 0) == 5
    assert names["other"].options == {"domain": (0, 1)} and names["_"] is names["other"]
    assert read_function(names["a"]).node.lineno == 6
    assert read_function(names["gate"].function).node.lineno == 12
    assert isinstance(names["c"], Decorated) and names["c"].function(1) == 1
    assert names["c"].decorator_text == "@jit(fast=True)"
    assert names["d"].decorator_text == "@missing"
    assert names["e"].decorator_text == "@primitive(rule=missing)"


def test_decorator_that_fails(load):
    text = "from gates_sample import primitive\n@primitive(fail=True)\ndef f(x): return x\n"
    refused = refusal(load, text)
    assert (refused.code, refused.span.line, refused.span.column) == ("decorator-failed", 2, 1)
    assert "no such option" in refused.reason


def test_imports(load):
    before = list(sys.path)
    names = load("""
        from __future__ import division
        import os.path as p, gates_sample
        from typing import TYPE_CHECKING
        import typing as t
        if TYPE_CHECKING:
            import nowhere_a
        if t.TYPE_CHECKING:
            import nowhere_b
        try:
            import nowhere_c as c
        except ImportError:
            c = None
        try:
            import nowhere_d
        except (ModuleNotFoundError, ImportError) as e:
            HAS_D = False
        else:
            HAS_D = True
        finally:
            DONE = True
        try:
            import math
        except:
            raise
        try:
            from math import nowhere_e
        except ModuleNotFoundError:
            pass
        except Exception:
            nowhere_e = 7
    """)
    assert names["gates_sample"].helper(3) == 3
    assert (names["c"], names["HAS_D"], names["DONE"], names["nowhere_e"]) == (None, False, True, 7)
    assert not {"nowhere_a", "nowhere_b", "nowhere_d"} & names.keys()
    assert names["math"].pi
    assert sys.path == before


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("import nowhere_x", "ModuleNotFoundError"),
        ("from math import nowhere_x", "ImportError"),
        ("from . import sibling", "ImportError"),
        ("import broken_sample", "ZeroDivisionError"),
        ("import exits_sample", "SystemExit"),
        ("try:\n    from math import nowhere_x\nexcept ModuleNotFoundError: pass", "ImportError"),
        ("try:\n    import broken_sample\nexcept ImportError: pass", "ZeroDivisionError"),
    ],
)
def test_import_that_fails(load, tmp_path, statement, word):
    (tmp_path / "broken_sample.py").write_text("1 / 0\n")
    (tmp_path / "exits_sample.py").write_text("raise SystemExit('bye')\n")
    before = list(sys.path)
    refused = refusal(load, f"x = 1\n{statement}\n")
    assert refused.code == "import-failed" and word in refused.reason
    assert refused.span.line == (3 if "try" in statement else 2)
    assert sys.path == before


def test_missing_file_and_folder(tmp_path):
    for path, code in [
        (tmp_path / "none.py", "file-not-found"),
        (tmp_path, "not-a-file"),
        ("a\0b.py", "unreadable-file"),
    ]:
        with pytest.raises(SourceError) as caught:
            load_namespace(path)
        assert caught.value.diagnostics[0].code == code
        assert "\n" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"x = 1\ny = 2\nz = '\xe9'\n", b"# coding: nowhere\n", b"# coding: rot13\n", b"\xff\xfex\x00"],
)
def test_bad_encoding(load, data):
    assert refusal(load, data).code == "bad-encoding"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("é = 1\nñ = = 2\n", 2, 4),
        ("x = 1\n  y = 2\n", 2, None),
        ("f(\n", 1, 1),
        ("x = '''\n", 1, 4),
        ("return 1\n", 1, 0),
        ("def f(x, x): pass\n", 1, None),
        ("from __future__ import nowhere\n", 1, None),
        ("x = 1\0\n", None, None),
        ("(" * 500 + ")" * 500, None, None),
    ],
)
def test_syntax_error(load, text, line, column):
    refused = refusal(load, text)
    assert refused.code == "syntax-error"
    if line:
        assert refused.span.line == line
    if column is not None:
        assert refused.span.column == column
    assert isinstance(refused.span, Span | None) and refused.render()


def test_statement_nested_too_deeply(load):
    assert refusal(load, "x = 1\ny = " + "+".join(["x"] * 2500)).code in (
        "nested-too-deeply",
        "syntax-error",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfs = '\xc3\xa9'\ndef f(x): return x\n",
        b"# -*- coding: latin-1 -*-\ns = '\xe9'\ndef f(x): return x\n",
        b"s = '\xc3\xa9'\r\ndef f(x):\r\n\treturn x\r\n",
        b"\x0cs = '\xc3\xa9'\n\x0c\ndef f(x): return x",
    ],
)
def test_encodings_and_line_ends(load, data):
    names = load(data)
    assert names["s"] == "é" and read_function(names["f"]).node.name == "f"


def test_empty_file(load):
    assert load("").keys() <= {"__name__", "__file__", "__package__", "__builtins__"}


def test_relative_path(load, tmp_path, monkeypatch):
    load("import gates_sample\ndef f(x): return x\n")
    monkeypatch.chdir(tmp_path)
    names = load_namespace("model.py")
    assert names["__file__"] == "model.py"
    assert read_function(names["f"]).filename == "model.py"


def test_async_and_generic_functions(load):
    names = load("async def f(x): return x\ndef g(x):\n    yield x\n")
    assert isinstance(names["f"], types.FunctionType)
    if sys.version_info >= (3, 12):
        text = "def f[T: undefined](x: T) -> T: return x\ntype A = undefined\n"
        names = load(text)
        assert names["f"](1) == 1 and isinstance(names["A"], Unevaluated)


def test_file_edited_between_two_loads(load):
    assert load("def f(x): return x\n")["f"](1) == 1
    f = load("\n\ndef f(x): return x + 1\n")["f"]
    assert f(1) == 2 and read_function(f).node.lineno == 3
