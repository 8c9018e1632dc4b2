"""Reading a function: the right text, the right places, or a refusal."""

from __future__ import annotations

import ast
import doctest
import functools
import importlib.util
import linecache
import os
import random
import subprocess
import sys
import threading
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

from adcompiler.diagnostics import Diagnostic, SourceError
from adcompiler.frontend.source import FunctionSource, fingerprint, read_function


@pytest.fixture
def load(tmp_path):
    """Write a text (or bytes) to a file of its own and import it."""

    def load(text: str | bytes) -> types.ModuleType:
        name = f"sample_{len(os.listdir(tmp_path))}"
        path = tmp_path / f"{name}.py"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def refusal(function: object) -> Diagnostic:
    with pytest.raises(SourceError) as caught:
        read_function(function)
    return caught.value.diagnostics[0]


def node_of(source: FunctionSource, kind: type) -> ast.AST:
    return next(n for n in ast.walk(source.node) if isinstance(n, kind))


def shown(source: FunctionSource, node: ast.AST) -> str:
    """The characters that the span of a one-line node cuts out of the file."""
    span = source.span(node)
    assert span.line == span.end_line
    line = linecache.getline(span.filename, span.line)
    return line[span.column : span.end_column]


# Each text defines `f`, a function that must be read without a false alarm.
READABLE = {
    "docstring": 'def f(x):\n    """One.\n\n        Two, further in.\n    """\n    return x\n',
    "docstring only": 'def f(x):\n    """One.\n  two\nthree\n"""\n',
    "one line": "def f(x): return x * 2; y = 1\n",
    "no final newline": "def f(x): return x",
    "bare return": "def f(x):\n    if x:\n        return\n    x = 1\n",
    "header over lines": "def f(\n    x,\n    y=3,\n):\n    return x * y\n",
    "dedented bracket": "def f(x):\n    return (\nx\n+ 1\n)\ny = 1\n",
    "dedented string": 'def f(x):\n    s = """\ndef g():\n"""\n    return s\n\n\ny = 1\n',
    "dedented comment": "def f(x):\n    x = x + 1\n# aside\n    return x\n",
    "continued line": "def f(x):\n    return x + \\\n1\ny = 1\n",
    "decorators": "def d(*a): return lambda g: g\n@d(\n    1,\n)\n@d()\ndef f(x):\n    return x\n",
    "decorator in brackets": "d = lambda g: g\n@(\n    d\n)\ndef f(x):\n    return x\n",
    "lambda in decorator": "@(lambda g: g)\ndef f(x):\n    return x\n",
    "defaults": "n = 1\ndef f(x, y=lambda t: t, *, k=[i for i in range(n)]):\n    return y(x)\n",
    "kinds of parameters": "def f(a, /, b: 1, *c: 2, d=1, **e: {}) -> (y := 1): pass\n",
    "annotations": "def f(x: 'a b c', y: [i for i in ()]) -> None:\n    z: int = x\n    return z\n",
    "comprehensions": "def f(x):\n    return [i * x for i in x], {i: j for i in x for j in i}\n",
    "nested": "def f(x):\n    def g(y):\n        return lambda z: x + y + z\n    return g(x)\n",
    "closure": "def o():\n  k = j = 2\n  def f(x):\n    return x * k + j\n  return f\nf = o()\n",
    "recursion": "def f(x):\n    return f(x - 1)\n",
    "nested recursion": "def o():\n    def f(x):\n        return f(x - 1)\n    return f\nf = o()\n",
    "nonlocal": (
        "def o():\n    k = 0\n    def f(x):\n        nonlocal k\n        k += 1\n"
        "        return x\n    return f\nf = o()\n"
    ),
    "global": "def f(x):\n    global k\n    k = x\n",
    "private name": "class A:\n  def f(self):\n    return self.__x + A.__y + __z\nf = A.f\n",
    "underscored class": "class __A:\n  def f(self):\n    return self.__x\nf = __A.f\n",
    "nested class": (
        "def o():\n  class A:\n    class B:\n      def f(self):\n"
        "        def g(): return self.__x\n        return g\n  return A.B.f()\nf = o\n"
    ),
    "inner of method": (
        "class A:\n  def m(s):\n    def f(x):\n      return s.__x\n    return f\nf = A().m()\n"
    ),
    "private method": "class A:\n  def __f(self):\n    return A\nf = A._A__f\n",
    "super": "class A:\n  def f(self):\n    return super().f() + __class__\nf = A.f\n",
    "super beside an import": (
        "from math import pi\nclass A:\n  def f(self):\n    return super().f(pi.hex())\nf = A.f\n"
    ),
    "class named like a global": "class A:\n  def f(self):\n    return A(f)\nf = A.f\n",
    "local class": (
        "def o():\n  class A:\n    def f(self):\n      return A\n  return A\nf = o().f\n"
    ),
    "class inside": (
        "def f(x):\n  class A:\n    def m(self):\n      self.a = self.b = x\n  return A\n"
    ),
    "imported module": "import math\ndef f(x):\n    return math.exp(x) + x.sum()\n",
    "imported object": "from math import pi\ndef f(x):\n    return pi.hex() + x.sum()\n",
    "local named like an import": (
        "import math\ndef f(math, y):\n    return math.exp(y) + y.exp(super().a())\n"
    ),
    "import inside": "def f(x):\n    import math\n    return math.exp(x)\n",
    "loops": (
        "def f(x):\n    for i in x:\n        while i:\n            if i: continue\n"
        "            break\n"
        "        else:\n            pass\n    return x\n"
    ),
    "try and with": (
        "def f(x):\n    try:\n        with x as y:\n            return y\n    except (A, B) as e:\n"
        "        raise e\n    finally:\n        x = 0\n"
    ),
    "constants": "def f(x):\n  return x in {1, 'a', 2.0}, (1, 1.0, True, -0.0, 1j, ..., b'')\n",
    "infinite constants": "def f(x):\n    return x * 1e999 + (1e999 - 1e999)\n",
    "large constant": "def f(x):\n    return x + 0x" + "f" * 5000 + "\n",
    "assert": "def f(x):\n    assert x, 'no'\n    return x\n",
    "tabs": "class A:\n\tdef f(x):\n\t\treturn x\nf = A.f\n",
    "form feed": "\f\ndef g():\n  pass\n\f\n\fdef f(x):\n    return x\n\n\f\ny = 1\n",
    "form feed indented": "class A:\n\f    def f(x):\n        return x\nf = A.f\n",
    "crlf": "import math\r\n\r\ndef f(x):\r\n    y = '''a\r\nb'''\r\n    return x\r\n",
    "carriage returns": "import math\r\rdef f(x):\r    return x\r",
    "indented in if": "if 1:\n  if 1:\n    def f(x):\n        return x\n  y = 1\nz = 1\n",
    "else after it": "if 0:\n    pass\nelse:\n    def f(x):\n        return x\n",
    "lambda": "f = lambda x: x + 1\n",
    "lambda over lines": "f = (lambda x:\n  x\n  + 1\n)\n",
    "lambda cut short": "d = lambda f: f\nf = d(\n    lambda: 1\n    + 2)\n",
    "lambda in call": "d = lambda a, k: a\nf = d(\n    lambda x: x ** 2,\n    k=3,\n)\n",
    "lambda in method": "class A:\n    f = lambda s: s.__x\nf = A.f\n",
    "lambda in return": "def o(k):\n    return lambda x: x * k\nf = o(1)\n",
    "lambda in header": "def o(f=lambda x: x * 2):\n    return f\nf = o()\n",
    "lambda in comprehension": "f = [\n    lambda: i for i in range(3)][0]\n",
    "default lambda": "f = lambda x, g=(1, 2): x\n",
    "future": "from __future__ import annotations\ndef f(x: A):\n  def g(y: B | C): pass\n",
    "cookie": b"# -*- coding: latin-1 -*-\ns = '\xe9'\ndef f(x):\n    return x + '\xe9'\n",
    "bom": b"\xef\xbb\xbfdef f(x):\n    return x\n",
    "wide": "def f(变量, é):\n    ñ = '漢字'; return 变量 * ñ + é\n",
    "normalised name": "def f(ﬁ):\n    return ﬁ\n",
    "bad escape": 'def f(x):\n    """\\s\\i"""\n    return x is 1\n',
}
if sys.version_info >= (3, 12):
    READABLE["generic"] = "def f[T, *U](x: T, y: T = 1) -> T:\n    z: T = x\n    return T, U, z\n"


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE.keys())
def test_reads_the_text_that_runs(load, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = load(text).f
    source = read_function(function)
    assert source.function is function
    assert source.filename == function.__code__.co_filename
    assert getattr(source.node, "name", "<lambda>") == function.__code__.co_name
    assert source.text.strip() and source.span(source.node).end_line == source.node.end_lineno


def test_lines_and_text_are_those_of_the_file(load):
    text = (
        "import functools\nclass A:\n    def d(f): return f\n\n    @d\n    @d\n    def f(self):\n"
        "        s = '''\nleft\n'''\n        return s\n    x = 1\n"
    )
    source = read_function(load(text).A.f)
    returned = node_of(source, ast.Return)
    assert (source.node.lineno, returned.lineno, source.node.end_lineno) == (7, 11, 11)
    assert source.node.body[0].value.value == "\nleft\n"
    assert source.text.startswith("    @d\n    @d\n    def f(self):\n")
    assert source.text.endswith("        return s\n")


def test_text_is_dedented(load):
    source = read_function(load("if 1:\n    def f(x):\n        return x\n").f)
    assert source.text == "def f(x):\n    return x\n"


def test_lambda_node_is_the_lambda(load):
    source = read_function(load("def d(f, k): return f\nf = d(\n    lambda x: x ** 2,\n    1)\n").f)
    assert shown(source, source.node) == "lambda x: x ** 2"
    assert source.text == "lambda x: x ** 2,\n"


def test_spans_count_characters(load):
    source = read_function(load("def f(x):\n\té = '漢字🎉'; return x + é\n").f)
    assert shown(source, node_of(source, ast.BinOp)) == "x + é"
    span = source.span(node_of(source, ast.Return))
    assert (span.line, span.column, str(span).rpartition(":")[2]) == (2, 12, "13")


def test_span_over_several_lines(load):
    source = read_function(load("def f(x):\n    é = g('é',\n      '漢', x)\n    return é\n").f)
    span = source.span(node_of(source, ast.Call))
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 8, 3, 13)


def test_spans_of_parts_without_a_place(load):
    source = read_function(load("def f(x):\n    return [i for i in x]\n").f)
    assert shown(source, node_of(source, ast.comprehension)) == "i"
    assert source.span(ast.Load()).line == 1


def test_span_inside_a_formatted_string(load):
    source = read_function(load("def f(x):\n    é = 1\n    return f'é{é}é{x + é}'\n").f)
    for node in ast.walk(source.node):
        assert source.span(node).filename == source.filename


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return x * 2", "return x * 3"),
        ("return x * 1", "return x * 1.0"),
        ("return x * 1", "return x * True"),
        ("return x * 0.0", "return x * -0.0"),
        ("return x * (1, 0.0)", "return x * (1, -0.0)"),
        ("return x in {1, 2}", "return x in {1.0, 2}"),
        ("return x + x", "return x - x"),
        ("return x.a", "return x.b"),
        ("return a(x)", "return b(x)"),
        ("y = x; return y", "z = x; return z"),
        ("return lambda: 1", "return lambda: 2"),
        ("return [i for i in x]", "return [-i for i in x]"),
        ("return x", "return x]"),
    ],
)
def test_edited_file(load, before, after):
    module = load(f"def f(x):\n    {before}\n")
    read_function(module.f)
    Path(module.__file__).write_text(f"def f(x):\n    {after}  # edited\n")
    assert refusal(module.f).code == "source-changed"


@pytest.mark.parametrize("edit", ["\n{}", "{}", "", "x = (", "\0", "class f: pass\n"])
def test_edited_around_the_function(load, edit):
    text = "def f(x):\n    return x * 2\n"
    module = load(text)
    Path(module.__file__).write_text(edit.format(text.replace("f(x)", "g(x)")) + "\n")
    refused = refusal(module.f)
    assert refused.code == "source-changed"
    assert "edited" in refused.reason and refused.advice


def test_edit_that_changes_nothing_is_accepted(load):
    module = load("def f(x):\n    return x * 2\n")
    Path(module.__file__).write_text("def f(x):\n    return (x * 2)  # twice\n\n\ny = 1\n")
    assert "twice" in read_function(module.f).text


def test_other_code_put_into_the_function(load):
    module = load("def f(x):\n    return x * 2\n\ndef g(x):\n    return x * 3\n")
    module.f.__code__ = module.f.__code__.replace(co_consts=(None, 5))
    assert refusal(module.f).code == "source-changed"


def test_asserts_of_this_rewritten_module():
    k = 2.0

    def f(x):
        assert x > 0, "positive"
        y = x * k
        if y > 1:
            y = y + 1.0
        else:
            y -= 2
        assert y != 3, (
            "a message"
        )  # fmt: skip

        def g(z):
            assert z
            return z + sum([i * y for i in range(3)])

        return g(y)

    assert "@pytest_ar" in f.__code__.co_names
    source = read_function(f)
    assert len([n for n in ast.walk(source.node) if isinstance(n, ast.Assert)]) == 3
    changed = f.__code__.replace(
        co_consts=tuple(7.0 if c == 1.0 else c for c in f.__code__.co_consts)
    )
    assert refusal(types.FunctionType(changed, globals(), "f", None, f.__closure__)).code == (
        "source-changed"
    )


def test_lambdas_that_share_a_line(load):
    module = load("é, f, g = 1, lambda x: x, lambda x: x + 1\nh = lambda x: lambda y: x\n")
    assert ast.unparse(read_function(module.f).node) == "lambda x: x"
    assert ast.unparse(read_function(module.g).node) == "lambda x: x + 1"
    assert ast.unparse(read_function(module.h).node) == "lambda x: lambda y: x"
    assert ast.unparse(read_function(module.h(1)).node) == "lambda y: x"


def test_lambdas_that_say_the_same(load):
    """Which of them it is shows in columns alone; what they do is the same."""
    module = load("f, g, h = lambda x: x, lambda x, k=2: x * k, lambda x, k=3: x * k\n")
    found = [read_function(one) for one in (module.g, module.h)]
    assert [ast.dump(one.node.body) for one in found] == [ast.dump(found[0].node.body)] * 2
    columns = [one.span(one.node).column for one in found]
    assert columns == ([23, 45] if sys.version_info >= (3, 11) else [23, 23])


def test_lambdas_that_only_touch_one_line(load):
    module = load("f, g = (lambda x:\n    x * 2), (lambda y:\n    y)\n")
    assert ast.unparse(read_function(module.f).node) == "lambda x: x * 2"
    assert ast.unparse(read_function(module.g).node) == "lambda y: y"


def test_no_source():
    namespace: dict[str, object] = {}
    exec("def f(x): return x\ng = lambda x: x", namespace)
    for name in "fg":
        refused = refusal(namespace[name])
        assert (refused.code, refused.span) == ("no-source", None)
        assert "exec" in refused.advice


def test_source_gone(load):
    module = load("def f(x): return x\n")
    os.remove(module.__file__)
    assert refusal(module.f).code == "no-source"


def test_text_registered_with_linecache():
    text = "x = 1\ndef f(x):\n    return x\n"
    linecache.cache["<cell 7>"] = (len(text), None, text.splitlines(True), "<cell 7>")
    namespace: dict[str, object] = {}
    exec(compile(text, "<cell 7>", "exec"), namespace)
    assert read_function(namespace["f"]).span(ast.Load()).line == 2
    del linecache.cache["<cell 7>"]


def test_function_of_a_doctest():
    text = ">>> def f(x):\n...     return x + 1\n>>> read_function(f).text\n"
    text += "'def f(x):\\n    return x + 1\\n'\n"
    examples = {"read_function": read_function}
    test = doctest.DocTestParser().get_doctest(text, examples, "sample", "sample.py", 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


@pytest.mark.parametrize(
    "function", [len, np.exp, np.sum, str.upper, [].append, "".join, int.__add__]
)
def test_builtin_function(function):
    refused = refusal(function)
    assert refused.code == "builtin-function"
    assert "def f(x)" in refused.advice


class Callable:
    def __call__(self, x):
        return x

    def method(self, x):
        return x


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (3, "int"),
        (None, "NoneType"),
        ("text", "str"),
        (np.ones(2), "ndarray"),
        (Callable, "class"),
        (Callable(), "Callable"),
        (Callable().method, "method"),
        (functools.partial(pow, 2), "partial"),
    ],
)
def test_not_a_function(value, word):
    refused = refusal(value)
    assert refused.code == "not-a-function"
    assert word in refused.reason and refused.reason.endswith(".") and refused.advice


def test_wrapped_function(load):
    module = load(
        "import functools\ndef d(f):\n    @functools.wraps(f)\n    def g(*a): return f(*a)\n"
        "    return g\n@d\ndef f(x):\n    return x\n@functools.lru_cache\ndef h(x):\n    return x\n"
        "s = staticmethod(f.__wrapped__)\n"
    )
    assert read_function(module.f).node.name == "g"
    assert "`h.__wrapped__`" in refusal(module.h).advice
    assert refusal(module.h).code == refusal(module.s).code == "wrapped-function"
    assert read_function(module.f.__wrapped__).node.name == "f"


def test_wraps_around_the_same_code(load):
    f = load("def f(x):\n    return x\n").f
    twin = functools.update_wrapper(types.FunctionType(f.__code__, {}), f)
    assert read_function(twin).node.name == "f"


@pytest.mark.parametrize(
    "text",
    [
        "def d(f): return f\n@d\nasync def f(x):\n    return x\n",
        "x = 1\n\ndef f(x):\n    yield x\n",
        "x = 1\n\nasync def f(x):\n    yield x\n",
    ],
)
def test_unsupported_function(load, text):
    refused = refusal(load(text).f)
    assert (refused.code, refused.span.line) == ("unsupported-function", 3)


def test_reading_warns_about_nothing_and_keeps_the_filters(load):
    text = "def f(x):\n    '\\s'\n    return x is 1\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f = load(text).f
    before = list(warnings.filters)
    threads = [threading.Thread(target=read_function, args=(f,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read_function(f)  # a warning would be an error here
    assert list(warnings.filters) == before


def test_reading_under_a_tracer(load):
    f = load("def f(x):\n    for i in x:\n        x = x * i\n    return x\n").f
    sys.settrace(lambda *_: None)
    try:
        f([])
        assert read_function(f).node.name == "f"
    finally:
        sys.settrace(None)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x\n\ny = 1\n",
        "\fdef f(x):\n    return x\n\ny = 1\n",
        "if 1:\n  \f  def f(x):\n      return x\n\ny = 1\n",
        "f = lambda x: (\n    x)\n",
    ],
)
def test_cost_does_not_grow_with_the_file(load, monkeypatch, text):
    """The rest of the file isn't parsed: a text that can't be parsed does no harm there."""
    f = load(text).f
    lines = [*linecache.getlines(f.__code__.co_filename), "this isn't Python\n"]
    monkeypatch.setattr(linecache, "getlines", lambda *_: lines)
    assert read_function(f).span(ast.Load()).line <= 2


def test_code_that_never_runs_belongs_to_the_text(load):
    source = read_function(load("def f(x):\n    return x\n# aside\n    x = 2\ny = 1\n").f)
    assert source.node.end_lineno == 4


FINGERPRINTS = [
    "def f(x):\n    return x * 1\n",
    "def f(x):\n    return x * 1.0\n",
    "def f(x):\n    return x * True\n",
    "def f(x):\n    return x * 0.0\n",
    "def f(x):\n    return x * -0.0\n",
    "def g(x):\n    return x * 1\nf = g\n",
    "def f(y):\n    return y * 1\n",
    "def f(x, /):\n    return x * 1\n",
    "def f(*x):\n    return x * 1\n",
    "def f(*, x):\n    return x * 1\n",
    "def f(x):\n    return sin(x)\n",
    "def f(x):\n    return cos(x)\n",
    "def f(x):\n    return lambda: 1\n",
    "def f(x):\n    return lambda: 2\n",
    "def f(x):\n    return x in {'a', 'b'}\n",
    "def f(x):\n    return x in ('a', 'b')\n",
    "def o(x):\n    def f(): return x\n    return f\nf = o(1)\n",
]


def test_fingerprints_differ_where_functions_do(load):
    assert len({fingerprint(load(text).f) for text in FINGERPRINTS}) == len(FINGERPRINTS)


def test_fingerprint_ignores_place_and_defaults(load):
    one = load("def f(x, y=1):\n    return lambda: x + y\n").f
    two = load(
        "# moved\n\n@(lambda g: g)\ndef f(x: int, y=2) -> int:\n    return lambda: x + y\n"
    ).f
    inner = load("def o():\n  def f(x, y):\n    return lambda: x + y\n  return f\nf = o()\n").f
    assert fingerprint(one) == fingerprint(two) == fingerprint(inner)
    assert len(fingerprint(one)) == 64 and int(fingerprint(one), 16)


def test_fingerprint_is_the_same_in_another_process(load):
    members = [f"'{chr(97 + i) * 3}'" for i in range(20)]
    random.shuffle(members)
    attributes = " = ".join(f"self.{member[1:-1]}" for member in members)
    module = load(
        f"def f(x):\n  class A:\n    def m(self): {attributes} = x\n"
        f"  return x in {{{', '.join(members)}, 1, 2.0, None}}\n"
    )
    code = (
        f"import runpy; from adcompiler.frontend.source import fingerprint; "
        f"print(fingerprint(runpy.run_path({module.__file__!r})['f']))"
    )
    for seed in "123":
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        command = [sys.executable, "-c", code]
        printed = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        )
        assert printed.stdout.strip() == fingerprint(module.f)
