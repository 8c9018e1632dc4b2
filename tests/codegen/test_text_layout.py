"""Where the text puts line breaks, blank lines and comments."""

from __future__ import annotations

import ast
import functools

import pytest

from adcompiler.codegen import text as text_module
from adcompiler.codegen.text import Blank, Comment, to_text


def printed(text: str) -> str:
    return to_text(ast.parse(text))


def set_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    narrow = functools.partial(text_module.break_line, width=width)
    monkeypatch.setattr(text_module, "break_line", narrow)


def test_definitions_stand_two_lines_apart_and_nested_ones_one() -> None:
    tree = ast.parse("import a\ndef f():\n def g(): pass\n x\ndef h(): pass\ny")
    assert to_text(tree) == (
        "import a\n\n\ndef f():\n    def g():\n        pass\n\n    x\n\n\n"
        "def h():\n    pass\n\n\ny\n"
    )


def test_comments_before_a_definition_belong_to_it() -> None:
    (a, f) = ast.parse("a\ndef f(): pass").body
    text = to_text([a, Comment("one"), Comment("two"), f, Comment("three"), a])
    assert text == "a\n\n\n# one\n# two\ndef f():\n    pass\n\n\n# three\na\n"


def test_blanks_and_comments_in_a_function() -> None:
    (f,) = ast.parse("def f():\n 'doc'\n return 1").body
    assert isinstance(f, ast.FunctionDef)
    doc, ret = f.body
    f.body = [Blank(), doc, Comment("forward"), Blank(), Blank(), ret, Blank()]
    assert to_text([Blank(), f, Blank()]) == (
        'def f():\n    """doc"""\n    # forward\n\n    return 1\n'
    )


def test_a_docstring_may_follow_a_comment_but_nothing_else() -> None:
    (a, d) = ast.parse("a\n'doc'").body
    assert to_text([Comment("c"), d, a, d]) == '# c\n"""doc"""\na\n"doc"\n'


def test_a_block_of_comments_alone_still_runs() -> None:
    (branch,) = ast.parse("if a: pass\nelse: pass").body
    assert isinstance(branch, ast.If)
    branch.body, branch.orelse = [Comment("nothing")], [Comment("left"), Blank()]
    text = to_text([branch])
    assert text == ("if a:\n    # nothing\n    pass\nelse:\n    # left\n\n    pass\n")
    compile(text, "f", "exec")


def test_a_comment_stays_a_comment() -> None:
    hostile = "a\nimport os\rimport sys\x0cimport re\u2028import io\x00 \u202e\tend  "
    text = to_text([Comment(hostile), Comment(""), Comment("x" * 200 + " wait for ")])
    assert all(line.startswith("#") for line in text.splitlines())
    assert text.isascii() and "\x00" not in text
    assert ast.parse(text).body == []


def test_an_empty_module() -> None:
    assert to_text(ast.Module([], [])).strip() == ""


def test_width() -> None:
    fits = f"{'a' * 49} = {'b' * 48}"
    assert printed(fits) == fits + "\n"
    call = f"{'a' * 40} = f({'b' * 30}, {'c' * 22})"
    assert len(call) == 100 and printed(call) == call + "\n"
    longer = call.replace("f(", "ff(")
    assert printed(longer) == (f"{'a' * 40} = ff(\n    {'b' * 30}, {'c' * 22}\n)\n")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("x = ff(aaaaaa, bbbbbbbb, k=3)", "x = ff(\n    aaaaaa,\n    bbbbbbbb,\n    k=3,\n)\n"),
        ("x = aaaaaaaa + bbbbbbb * cccccc", "x = (\n    aaaaaaaa\n    + bbbbbbb * cccccc\n)\n"),
        ("return aaaaaaaaaa, bbbbbbbbbbb", "return (\n    aaaaaaaaaa,\n    bbbbbbbbbbb,\n)\n"),
        ("if aaaaaaaa and bbbbbbbbb: pass",
         "if (\n    aaaaaaaa\n    and bbbbbbbbb\n):\n    pass\n"),
        ("aaaaaa, bbbbbb, ccccccc = f(a)",
         "(\n    aaaaaa,\n    bbbbbb,\n    ccccccc,\n) = f(a)\n"),
        ("x = fffffff(lambda a, b: aaaaaaa)", "x = fffffff(\n    lambda a, b: aaaaaaa\n)\n"),
        ("x = fff(a for a, b in ccccccc)", "x = fff(\n    a\n    for a, b in ccccccc\n)\n"),
        ("x = aaaaaaaaaa.b(ccccc, d).e(f)", "x = aaaaaaaaaa.b(\n    ccccc, d\n).e(f)\n"),
        ("def f(aaaaaaaaa, *, bbbbbbbbbb=1): pass",
         "def f(\n    aaaaaaaaa,\n    *,\n    bbbbbbbbbb=1,\n):\n    pass\n"),
        ("from mmmm import aaaaaaa, bbbbbbb",
         "from mmmm import (\n    aaaaaaa, bbbbbbb\n)\n"),
        ("from mmmmmmmmmmmmmmmmm import *", "from mmmmmmmmmmmmmmmmm import *\n"),
        ("del aaaaaaaaaaaaaa, bbbbbbbbbbbb", "del aaaaaaaaaaaaaa, bbbbbbbbbbbb\n"),
        ("x = aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x = aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"),
        ("f(aaaaaaaaaa)[bbbbbbbbbbbbbbb] = 1",
         "f(aaaaaaaaaa)[\n    bbbbbbbbbbbbbbb\n] = 1\n"),
        ("x = a if bbbbbbbbbbbbbb else ccccc",
         "x = (\n    a\n    if bbbbbbbbbbbbbb\n    else ccccc\n)\n"),
    ],
)  # fmt: skip
def test_broken_lines(line: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_width(monkeypatch, 24)
    assert printed(line) == wanted
