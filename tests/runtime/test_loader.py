"""Loaded text must look like a file to everything that shows lines."""

from __future__ import annotations

import inspect
import io
import linecache
import pdb
import subprocess
import sys
import threading
import traceback

import pytest

from adcompiler.runtime.loader import filename_of, load

TEXT = "def f(x):\n    y = 1 / x\n    return y\n"


def test_runs_in_a_fresh_namespace_with_a_stable_name() -> None:
    first, second = load(TEXT, "f"), load(TEXT, "f")
    assert first["f"](2) == 0.5
    assert first is not second and first["f"] is not second["f"]
    assert first["__name__"] == second["__name__"]
    assert first["f"].__module__ == first["__name__"] not in sys.modules


def test_filename_is_stable_and_tells_texts_apart() -> None:
    code = load(TEXT, "f")["f"].__code__
    assert code.co_filename == filename_of(TEXT, "f") == "<adcompiler f-89e53a2a9d40>"
    assert filename_of(TEXT + "#", "f") != filename_of(TEXT, "f") != filename_of(TEXT, "g")


def test_getsource_and_traceback_show_the_emitted_lines() -> None:
    f = load(TEXT, "lines")["f"]
    linecache.checkcache()
    assert inspect.getsource(f) == TEXT
    with pytest.raises(ZeroDivisionError) as caught:
        f(0)
    shown = "".join(traceback.format_exception(caught.value))
    assert f'File "{f.__code__.co_filename}", line 2, in f\n    y = 1 / x\n' in shown


def test_pdb_lists_the_emitted_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    f = load(TEXT, "debugged")["f"]
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("s\ns\nlist\nc\n"), stdout=out, nosigint=True)
    debugger.use_rawinput = False
    trace = sys.gettrace()
    try:
        assert debugger.runcall(f, 2) == 0.5
    finally:
        sys.settrace(trace)
    assert "return y" in out.getvalue()


def test_lines_count_as_the_tokeniser_counts_them() -> None:
    text = 'a = """\x0c\x1c\u2028"""\r\ndef f():\r\n    raise KeyError'
    f = load(text, "odd")["f"]
    assert f.__code__.co_firstlineno == 2
    assert inspect.getsource(f) == "def f():\n    raise KeyError\n"


def test_our_future_imports_do_not_leak() -> None:
    assert load("def f(x: int): pass\n", "f")["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize("text", ["def f(:\n", "a\x00b", "x = '\ud800"])
def test_text_that_is_no_python_leaves_nothing_behind(text: str) -> None:
    before = set(linecache.cache)
    with pytest.raises((SyntaxError, ValueError)):
        load(text, "broken")
    assert set(linecache.cache) == before


def test_text_that_fails_shows_its_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        load("x = 1\ny = x / 0\n", "failing")
    assert "y = x / 0" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["<lambda>", "a/../b", "Größe", "", "f\n>"])
def test_any_name_will_do(name: str) -> None:
    f = load(TEXT, name)["f"]
    assert inspect.getsource(f) == TEXT


def test_many_threads() -> None:
    texts = [TEXT.replace("1 /", f"{i} /") for i in range(20)]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for i, text in enumerate(texts):
                f = load(text, "threaded")["f"]
                assert f(1) == i and inspect.getsource(f) == text
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_name_is_the_same_in_every_process() -> None:
    script = f"from adcompiler.runtime.loader import filename_of; print(filename_of({TEXT!r}, 'f'))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == filename_of(TEXT, "f")
