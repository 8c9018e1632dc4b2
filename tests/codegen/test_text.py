"""Text of trees: exact round trips over real code and random trees, hostile nodes, cost."""

from __future__ import annotations

import ast
import cmath
import copy
import functools
import inspect
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adcompiler.codegen import text as text_module
from adcompiler.codegen.text import to_text

# Only `match`, `except*` and type parameters are left out: emitted code never holds them.
NAMES = """
    argparse ast base64 bisect calendar cmd code codecs collections/__init__ configparser
    contextlib copy csv plistlib datetime decimal difflib dis doctest enum fractions functools
    heapq inspect ipaddress json/decoder locale logging/__init__ mailbox numbers optparse netrc
    pickle platform pprint queue random shutil string tarfile textwrap threading tokenize
    types unittest/mock weakref uuid zipfile asyncio/tasks asyncio/base_events
"""
MODULES = NAMES.split()


EXPRESSIONS = """\
    a * b + c|a - (b - c)|a - b - c|(-a) ** b|-(a ** b)|a ** -b|(a ** b) ** c|a ** b ** c
    (a if c else b) * d|a @ (b * c)|a @ b * c|a / (b * c)|not a|not (a and b)|(not a) == b
    a < b < c|(a < b) < c|a < (b < c)|a and (b or c)|a or b and c|(a or b) or c|-(-a)|--a
    lambda: 0|lambda a, *b, c=1, **d: (a, b)|(lambda a: a)(1)|(yield)|(a := 1)|f((a := 1), 2)
    x[1:, None]|x[::2]|x[: n - 1]|x[n - 1 :]|x[1 : n - 1]|x[-1:]|x[:, 0]|x[()]|x[1:,]|x[(1, 2)]
    x[a, (b, c)]|(1,)|()|(1).real|(1.5).real|1j.real|(-1).real|[*a, *b]|f(*a, **b)|f(a=1, *b)
    f(x for x in y)|f((x for x in y), 1)|[x for x, y in z if x if y]|{**a, 'b': 1}|{a: b for a in b}
    a if b else c if d else e|(a if b else c) if d else e|(lambda: a) if b else c|'it"s'|"it's"
    b'x'|'\\n'|"\\ud800"|1e-07|0.1|10**400|f"{x!r:>{width}} {y}"|...|a is not b|a not in b
    (a, b)[0]|(await_ or b).c|~a|~(a + b)|a & b ^ c|a << (b + c)|(a << b) + c|(a, *b)|x[(*a, 1)]
    (x for x in (a if b else c))
    lambda a, b=(1, 2), /: a|"a" "b"|a.b[c](d).e|-1 ** 2|(-1) ** 2\
"""


def source_of(module: str) -> str:
    library = Path(inspect.getfile(ast)).parent
    path = library / f"{module}.py"
    if not path.exists():
        path = library / module / "__init__.py"
    return path.read_text("utf-8")


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def printed(text: str) -> str:
    return to_text(ast.parse(text))


def assert_round_trip(tree: ast.Module) -> None:
    text = to_text(tree)
    again = ast.parse(text)
    assert ast.dump(again) == ast.dump(tree)
    assert to_text(again) == text
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert not [line for line in text.split("\n") if line != line.rstrip()]


def set_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    narrow = functools.partial(text_module.break_line, width=width)
    monkeypatch.setattr(text_module, "break_line", narrow)


@pytest.mark.parametrize("module", MODULES)
def test_standard_library(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ast.parse(source_of(module))
    assert_round_trip(tree)
    set_width(monkeypatch, 24)  # breaks nearly every line
    assert_round_trip(tree)


def test_forty_modules_were_read() -> None:
    assert len(MODULES) >= 40


def test_the_round_trip_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "write_expression", lambda node, level, out: out.append("x"))
    with pytest.raises(AssertionError):
        assert_round_trip(ast.parse("y + 1"))


@pytest.mark.parametrize("text", EXPRESSIONS.replace("\n", "|").split("|"))
def test_expressions_keep_their_tree(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node = expression(text.strip())
    for width in (100, 8):
        set_width(monkeypatch, width)
        assert ast.dump(expression(to_text(node))) == ast.dump(node)
        assert_round_trip(ast.Module([ast.Expr(node)], []))
        assert_round_trip(ast.Module([ast.Assign([ast.Name("t", ast.Store())], node)], []))


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("(a * b) + (c)", "a * b + c"),
        ("x[(1, 2)]", "x[1, 2]"),
        ("x[(*a, 1)]", "x[(*a, 1)]"),
        ("x[1:n-1, ::2]", "x[1 : n - 1, ::2]"),
        ("x[-1:]", "x[-1:]"),
        ("-(a**b)", "-(a ** b)"),
        ("-a**b", "-(a ** b)"),
        ("(f)((a), (b))", "f(a, b)"),
        ("not (a)", "not a"),
        ("'it'", '"it"'),
        ("1E-7", "1e-07"),
        ("(a if b else (c))", "a if b else c"),
        ("f((x for x in y))", "f(x for x in y)"),
        ("(1,)", "(1,)"),
        ("a, b", "(a, b)"),
    ],
)
def test_needless_parentheses_go(given_text: str, wanted: str) -> None:
    assert to_text(expression(given_text)) == wanted


names = st.sampled_from("abxyz").map(lambda n: ast.Name(n, ast.Load()))
constants = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.binary(), st.just(...),
    st.floats(allow_nan=False, allow_infinity=False, min_value=0.0),
).map(ast.Constant).filter(lambda c: not isinstance(c.value, int | float) or (
    c.value >= 0 and math.copysign(1, c.value) > 0))  # fmt: skip
BINARY = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
          ast.LShift, ast.RShift, ast.BitOr, ast.BitXor, ast.BitAnd]  # fmt: skip
COMPARE = [ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In,
           ast.NotIn]  # fmt: skip


def made(operators: list[type]) -> st.SearchStrategy[ast.AST]:
    return st.sampled_from(operators).map(lambda operator: operator())


def parameters(names_: list[str], defaults: list[ast.expr], star: bool) -> ast.arguments:
    args = [ast.arg(n) for n in names_]
    return ast.arguments(
        posonlyargs=args[:1],
        args=args[1:3],
        vararg=ast.arg("args") if star else None,
        kwonlyargs=args[3:],
        kw_defaults=[None for _ in args[3:]],
        kwarg=None if star else ast.arg("kw"),
        defaults=defaults[: len(args[:3])],
    )


def comparison(left: ast.expr, rest: list[tuple[ast.cmpop, ast.expr]]) -> ast.Compare:
    return ast.Compare(left, [o for o, _ in rest], [v for _, v in rest])


def dictionary(items: list[tuple[ast.expr | None, ast.expr]]) -> ast.Dict:
    return ast.Dict([k for k, _ in items], [v for _, v in items])


def grown(e: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    some = st.lists(e, max_size=3)
    starred = st.lists(st.one_of(e, st.builds(ast.Starred, e, st.just(ast.Load()))), max_size=3)
    load = st.just(ast.Load())
    bound = st.one_of(st.none(), e)
    index = st.one_of(e, st.builds(ast.Slice, bound, bound, bound))
    indices = st.lists(index, min_size=1, max_size=3).map(lambda i: ast.Tuple(i, ast.Load()))
    keyword = st.builds(ast.keyword, st.one_of(st.none(), st.sampled_from(["axis", "k"])), e)
    stored = st.sampled_from("ab").map(lambda n: ast.Name(n, ast.Store()))
    several = st.lists(stored, min_size=1, max_size=2).map(lambda n: ast.Tuple(n, ast.Store()))
    target = st.one_of(stored, several)
    clauses = st.lists(
        st.builds(ast.comprehension, target, e, some, st.just(0)), min_size=1, max_size=2
    )
    compared = st.lists(st.tuples(made(COMPARE), e), min_size=1, max_size=2)
    signature = st.builds(
        parameters, st.permutations(["p", "q", "r", "s", "t"]).map(lambda p: p[:4]), some,
        st.booleans())  # fmt: skip
    return st.one_of(
        st.builds(ast.BinOp, e, made(BINARY), e),
        st.builds(ast.BinOp, e, made(BINARY), e),
        st.builds(ast.UnaryOp, made([ast.USub, ast.UAdd, ast.Not, ast.Invert]), e),
        st.builds(ast.BoolOp, made([ast.And, ast.Or]), st.lists(e, min_size=2, max_size=3)),
        st.builds(comparison, e, compared),
        st.builds(ast.IfExp, e, e, e),
        st.builds(ast.Lambda, signature, e),
        st.builds(ast.NamedExpr, stored, e),
        st.builds(ast.Yield, bound),
        st.builds(ast.YieldFrom, e),
        st.builds(ast.Await, e),
        st.builds(ast.Tuple, starred, load),
        st.builds(ast.List, starred, load),
        st.builds(ast.Set, some.filter(bool)),
        st.lists(st.tuples(bound, e), max_size=2).map(dictionary),
        st.builds(ast.Attribute, e, st.just("real"), load),
        st.builds(ast.Subscript, e, st.one_of(index, indices), load),
        st.builds(ast.Call, e, starred, st.lists(keyword, max_size=2)),
        st.builds(ast.ListComp, e, clauses),
        st.builds(ast.GeneratorExp, e, clauses),
        st.builds(ast.DictComp, e, e, clauses),
    )


@settings(max_examples=600, deadline=None)
@given(st.recursive(st.one_of(names, constants), grown, max_leaves=25), st.sampled_from([100, 20]))
def test_random_expressions(node: ast.expr, width: int) -> None:
    holders: list[ast.stmt] = [
        ast.Assign([ast.Name("t", ast.Store())], node),
        ast.Return(node),
        ast.If(node, [ast.Expr(node)], []),
        ast.AugAssign(ast.Name("t", ast.Store()), ast.Pow(), node),
        ast.For(ast.Name("t", ast.Store()), node, [ast.Pass()], []),
        ast.Expr(node),
        ast.With([ast.withitem(node)], [ast.Pass()]),
    ]
    with pytest.MonkeyPatch.context() as patch:
        set_width(patch, width)
        assert_round_trip(ast.Module(holders, []))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="\"\\'\n\r\t ax\x00\u2028\ud800")))
def test_docstrings_and_strings_keep_every_character(content: str) -> None:
    body: list[ast.stmt] = [ast.Expr(ast.Constant(content)), ast.Expr(ast.Constant(content))]
    none = ast.arguments([], [], None, [], [], None, [])
    inner = ast.parse("def f(): pass").body[0]
    assert isinstance(inner, ast.FunctionDef)
    inner.args, inner.body = none, body
    assert_round_trip(ast.Module([*body, inner], []))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.floats(), st.complex_numbers(), st.integers()))
def test_every_number_evaluates_to_itself(value: complex) -> None:
    for node in (ast.Constant(value), ast.Tuple([ast.Constant(value)], ast.Load())):
        text = to_text(node)
        result = eval(text)
        result = result[0] if isinstance(result, tuple) else result
        assert type(result) is type(value)
        assert repr(result) == repr(value)
    square = ast.BinOp(ast.Constant(value), ast.Pow(), ast.Constant(2))
    first = ast.parse(to_text(square), mode="eval").body
    assert isinstance(first, ast.BinOp) and isinstance(first.op, ast.Pow)
    assert to_text(first) == to_text(square)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (-2.0, "-2.0"),
        (-0.0, "-0.0"),
        (math.inf, 'float("inf")'),
        (-math.inf, 'float("-inf")'),
        (math.nan, 'float("nan")'),
        (2j, "2j"),
        (-2j, "-2j"),
        (1 - 2j, "1.0 - 2j"),
        (complex(0.0, -2.0), "0.0 - 2j"),
        (cmath.infj, 'complex(0.0, float("inf"))'),
        (np.float64(0.5), "0.5"),
        (True, "True"),
    ],
)
def test_numbers(value: object, wanted: str) -> None:
    assert to_text(ast.Constant(value)) == wanted  # type: ignore[arg-type]


def test_negative_constants_get_parentheses_where_they_must() -> None:
    power = ast.BinOp(ast.Constant(-2.0), ast.Pow(), ast.Constant(-2))
    assert to_text(power) == "(-2.0) ** -2"
    assert to_text(ast.Attribute(ast.Constant(-2), "real", ast.Load())) == "(-2).real"
    product = ast.BinOp(ast.Constant(1 - 2j), ast.Mult(), ast.Constant(-3))
    assert to_text(product) == "(1.0 - 2j) * -3"


def test_a_number_too_long_for_decimal() -> None:
    value = 7**20000
    assert eval(to_text(ast.Constant(value))) == value
    assert eval(to_text(ast.Constant(-value))) == -value


@pytest.mark.parametrize("value", [np.int64(3), np.ones(2), (1, 2), object(), np.True_])
def test_a_constant_without_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no literal for a constant of type"):
        to_text(ast.Constant(value))  # type: ignore[arg-type]


def test_statements_without_text_are_refused() -> None:
    with pytest.raises(TypeError, match="Match"):
        printed("match x:\n    case 1:\n        pass\n")
    with pytest.raises(TypeError, match="empty set"):
        to_text(ast.Set([]))
    if sys.version_info >= (3, 12):
        with pytest.raises(TypeError, match="type parameters"):
            printed("def f[T](x: T): pass")
        with pytest.raises(TypeError, match="type parameters"):
            printed("class C[T]: pass")


def test_one_node_in_two_places() -> None:
    """Codegen may share nodes; what one place needs must not leak into the other."""
    shared = expression("-a")
    power = ast.BinOp(shared, ast.Pow(), shared)
    assert to_text(power) == "(-a) ** -a"
    total = expression("a + b")
    assign = ast.Assign([ast.Name("t", ast.Store())], total)
    attribute = ast.Expr(ast.Attribute(total, "T", ast.Load()))
    both = [assign, attribute, copy.copy(assign)]
    assert to_text(both) == "t = a + b\n(a + b).T\nt = a + b\n"


def test_printing_leaves_the_tree_alone() -> None:
    tree = expression("f(-a, b=[c, (d, e)])[1:, 2] + -1 if g else lambda: 0")
    before = [sorted(vars(node)) for node in ast.walk(tree)]
    to_text(tree)
    assert [sorted(vars(node)) for node in ast.walk(tree)] == before


def test_statements() -> None:
    text = '''"""A module."""
import numpy as np
from numpy import exp as e, sin
from .. import y


@decorated(1)
def f(a, /, b, c: int, d=1, *args, k, m: float = 2.0, **kw) -> tuple[int, float]:
    """Its docstring."""
    a, b = b, a + b
    x = y = (1,)
    x[i] += 1, 2
    x: int = 1, 2
    (x): int
    for i, (j, k) in enumerate(zip(a, b)):
        if a:
            continue
        elif b:
            break
        else:
            pass
    else:
        del a, b[0]
    while (a := next(b)) is not None:
        assert a, "no"
    with np.errstate(all="ignore"), g() as (h, i):
        raise ValueError from None
    with ((a, b)):
        pass
    try:
        global q
    except (A, B) as e:
        return
    finally:
        return a, *b

    def g():
        return (yield)

    x = yield 1, 2
    return g


class C(B, metaclass=M, **kw):
    pass


async def h():
    async for x in y:
        await x
'''
    assert printed(text) == text
    assert_round_trip(ast.parse(text))


def test_positional_only_defaults() -> None:
    text = "def f(a, /, b, c, d=1, e=2):\n    pass\n"
    assert printed(text) == text


def seconds(tree: ast.AST) -> float:
    def once() -> float:
        start = time.process_time()
        to_text(tree)
        return time.process_time() - start

    return min(once() for _ in range(5))


def test_cost_is_linear() -> None:
    def statements(n: int) -> ast.Module:
        line = "s{0} = np.exp(a{0} * x) + np.sum(b{0}[{0}:, None] * y, axis=0) - c{0}\n"
        return ast.parse("".join(line.format(i) for i in range(n)))

    small, large = statements(200), statements(2000)
    assert seconds(large) < 40 * seconds(small)  # quadratic would be 100


def test_long_sums_need_no_deep_stack() -> None:
    def total(n: int) -> ast.stmt:
        node: ast.expr = ast.Name("a", ast.Load())
        for i in range(n):
            node = ast.BinOp(node, ast.Add(), ast.Name(f"a{i}", ast.Load()))
        return ast.Assign([ast.Name("x", ast.Store())], node)

    text = to_text([total(20000)])
    assert text.startswith("x = (\n    a\n    + a0\n") and text.endswith("    + a19999\n)\n")
    small, large = ast.Module([total(1000)], []), ast.Module([total(10000)], [])
    assert seconds(large) < 40 * seconds(small)  # quadratic would be 100


def test_warnings_are_neither_raised_nor_hidden() -> None:
    script = (
        "import warnings, ast\n"
        "from adcompiler.codegen.text import to_text\n"
        "to_text(ast.parse(open(ast.__file__).read()))\n"
        "try:\n    warnings.warn('ast.Num is deprecated', DeprecationWarning)\n"
        "except DeprecationWarning:\n    print('still strict')\n"
    )
    command = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout == "still strict\n", result.stderr
