"""The command line: what it prints, its exit status, and that no user error shows a traceback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import adcompiler
from adcompiler.cli import main
from adcompiler.cli_highlight import highlight

ROOT = Path(__file__).parents[1]

MODEL = '''
import math
import numpy as np
from adcompiler import primitive

RATE = 0.5
WIDTH = int(input())


def square(x):
    return x * x


def loss(w: "f8[n]", x: "f8[n]", rate: float = 1.0):
    """Half the squared error."""
    return rate * np.sum((w - x) ** 2)


def axis_sum(x: "f8[n]", axis):
    return np.sum(x, axis=axis)


def summed(x: np.ndarray):
    return np.sum(x)


def network(params, x):
    return np.sum(np.tanh(x @ params["w"] + params["b"]))


def counted(n: int):
    return n


def nothing():
    return 1.0


def refused(x):
    global RATE
    RATE = x
    return x


def vector(x: "f8[n]"):
    return x


@primitive
def gate(x):
    return x


@staticmethod
def decorated(x):
    return x


class Model:
    pass


@gate.backward
def gate_backward(g, x, y):
    return 0.0 * g


def gated(x):
    return gate(x)


def pair(x):
    return x * x, "seen"


def by_keyword(x, *, scale=2.0):
    return scale * x**2


def raising(x):
    if x < 1.0:
        raise ValueError("no such luck")
    return x


if __name__ == "__main__":
    raise SystemExit("the file was run")
print("the file was run")
'''


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A file `model.py` in the current folder."""
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return path


def run(*args: str, **options) -> Result:
    result = CliRunner().invoke(main, list(args), **options)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


def output(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_show_prints_the_gradient(model):
    text = output("show", "model.py:square")
    assert text.startswith("def square_grad(x")
    assert "return" in text
    assert "\033" not in text
    names = {}
    exec(text, names)
    assert names["square_grad"](3.0) == 6.0


def test_show_is_the_same_text_every_time(model):
    assert output("show", "model.py:loss") == output("show", "model.py:loss")


def test_nothing_of_the_file_is_run(model):
    assert "the file was run" not in run("show", "model.py:square").output


def test_annotations_and_arg_say_the_same(model):
    args = ("--arg", "w=f8[n]", "--arg", "x=f8[n]", "--arg", "rate=float")
    assert output("show", "model.py:loss") == output("show", "model.py:loss", *args)


def test_call_gives_the_types(model):
    text = output("show", "model.py:loss", "--call", "loss(np.ones(3), x=np.ones(3))")
    assert text == output("show", "model.py:loss")


def test_call_gives_a_structure(model):
    call = "network({'w': np.ones((3, 2)), 'b': np.zeros(2)}, np.ones((5, 3)))"
    arg = "params={w: f8[n, d], b: f8[d]}"
    by_call = output("show", "model.py:network", "--call", call)
    assert by_call == output("show", "model.py:network", "--arg", arg, "--arg", "x=f8[m, n]")
    assert '"b": grad_b' in by_call


def test_call_sees_math_and_the_names_of_the_file(model):
    output("show", "model.py:square", "--call", "square(RATE * math.pi)")


def test_float32_is_another_type(model):
    text = output("show", "model.py:square", "--arg", "x=f4[]", "--stage", "module")
    assert "f4[]" in text


def test_wrt(model):
    assert "grad_x" not in output("show", "model.py:loss", "--wrt", "w")
    both = output("show", "model.py:loss", "--wrt", "w,x")
    assert both == output("show", "model.py:loss", "--wrt", "w", "--wrt", "x")
    assert re.search(r"return \w+, grad_x$", both.rstrip())
    assert "grad_rate" in output("show", "model.py:loss", "--wrt", "all")


def test_wrt_all_leaves_out_what_is_no_float(model):
    text = output("show", "model.py:axis_sum", "--arg", "axis=0", "--wrt", "all")
    assert "grad_axis" not in text


def test_level_0_has_a_line_for_each_gate(model):
    long, short = (output("show", "model.py:loss", f"-O{level}") for level in "01")
    assert "s0 = w - x" in long
    assert len(long.splitlines()) > len(short.splitlines())
    assert output("show", "model.py:loss", "-O", "0") == long
    assert output("show", "model.py:loss") == short


def emitted(name, *args):
    names = {}
    exec(output("show", *args), names)
    return names[name]


def test_modes(model):
    square = "model.py:square"
    assert output("show", square, "--mode", "grad") == output("show", square)
    value = output("show", square, "--mode", "value_and_grad")
    assert value == output("show", square, "--value")
    value, saved = emitted("square_vjp", square, "--mode", "vjp")(3.0)
    assert value == 9.0
    assert emitted("square_pullback", square, "--mode", "vjp")(saved, 2.0) == 12.0
    assert emitted("square_jvp", square, "--mode", "jvp")(3.0, dot_x=2.0) == (9.0, 12.0)
    assert emitted("square_hvp", square, "--mode", "hvp")(3.0, dot_x=2.0) == 4.0
    assert emitted("square_hessian", square, "--mode", "hessian")(3.0) == 2.0
    text = output("emit", "model.py:vector", "--mode", "jvp")
    assert text.startswith('"""Jacobian-vector product of vector')
    result = run("show", square, "--mode", "jvp", "--value")
    assert result.exit_code == 2 and "not for --mode jvp" in result.stderr


def test_has_aux(model):
    assert emitted("pair_grad", "model.py:pair", "--has-aux")(3.0) == (6.0, "seen")
    found = emitted("pair_value_and_grad", "model.py:pair", "--has-aux", "--value")
    assert found(3.0) == ((9.0, "seen"), 6.0)
    result = run("show", "model.py:pair")
    assert result.exit_code == 1 and "has_aux=True" in result.stderr


def test_check(model):
    told = "square: the derivatives are right (order 2)\n"
    assert output("check", "model.py:square") == told
    assert output("check", "model.py:square", "--call", "square(RATE)", "--seed", "3") == told
    output("check", "model.py:loss", "--order", "1")
    output("check", "model.py:network", "--call",
           "network({'w': np.ones((3, 2)), 'b': np.zeros(2)}, np.ones((5, 3)))")  # fmt: skip
    output("check", "model.py:network", "--arg", "params={w: f4[n, d], b: f4[d]}",
           "--arg", "x=f4[m, n]")  # fmt: skip
    output("check", "model.py:axis_sum", "--arg", "axis=0")
    output("check", "model.py:by_keyword")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("model.py:gated",), "order 1, mode fwd: result by x: found 0, expected 1 "),
        (("model.py:refused",), "model.py:40:5: error["),
        (("model.py:axis_sum", "--arg", "axis=int"), "no value can be made up"),
        (("model.py:raising",), "raising raises ValueError: no such luck"),
        (("model.py:nothing",), "none of the arguments holds floats"),
    ],
)
def test_a_failed_check_has_status_1(model, args, words):
    result = run("check", *args)
    assert result.exit_code == 1, result.output
    assert result.stdout == "" and words in result.stderr


@pytest.mark.parametrize(
    "args", [("--order", "3"), ("--rtol", "x"), ("--call", "square("), ("--wrt", "x")]
)
def test_a_check_asked_for_wrongly_has_status_2(model, args):
    assert run("check", "model.py:square", *args).exit_code == 2
    assert run("check", "model.py:sqare").exit_code == 2


def test_value(model):
    names = {}
    exec(output("show", "model.py:square", "--value"), names)
    assert names["square_value_and_grad"](3.0) == (9.0, 6.0)


@pytest.mark.parametrize(
    ("stage", "start"),
    [
        ("source", "def square(x):\n    return x * x\n"),
        ("ast", "FunctionDef("),
        ("ssa", "function square(%x: float):\n"),
        ("backward", "def square_grad("),
        ("module", '"""Gradient of square (model.py)'),
    ],
)
def test_stages(model, stage, start):
    assert output("show", "model.py:square", "--stage", stage).startswith(start)


def test_emitted_module_runs_with_numpy_alone(model, tmp_path):
    assert output("emit", "model.py:loss", "--wrt", "all", "-o", "loss_grad.py") == ""
    program = """
        import sys
        sys.modules["adcompiler"] = None
        import numpy as np
        from loss_grad import loss_grad
        w, x, rate = loss_grad(np.array([1.0, 2.0]), np.array([3.0, 5.0]), 1.0)
        print(w.tolist(), x.tolist(), float(rate))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[-4.0, -6.0] [4.0, 6.0] 13.0\n"


def test_emit_writes_what_stage_module_shows(model, tmp_path):
    shown = output("show", "model.py:loss", "--stage", "module")
    assert output("emit", "model.py:loss") == shown
    assert output("emit", "model.py:loss", "-o", "-") == shown
    output("emit", "model.py:loss", "-o", "out.py")
    assert (tmp_path / "out.py").read_bytes().decode() == shown


def test_a_refusal_leaves_the_old_module(model, tmp_path):
    (tmp_path / "out.py").write_text("old")
    assert run("emit", "model.py:refused", "-o", "out.py").exit_code == 1
    assert (tmp_path / "out.py").read_text() == "old"


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("model.py:refused",), "model.py:40:5: error["),
        (("model.py:vector",), "error[non-scalar-result]"),
        (("model.py:summed",), "--arg x=f8[n]"),
        (("model.py:counted",), "only floats have a gradient"),
        (("model.py:counted", "--wrt", "all"), "which is int: only floats have a gradient"),
        (("model.py:nothing",), "`nothing` has no parameters"),
        (("model.py:decorated",), "its decorator `@staticmethod`"),
        (("model.py:gate",), "`gate` is a gate"),
        (("model.py:Model",), "known only when the file runs"),
        (("model.py:WIDTH",), "known only when the file runs"),
        (("model.py:axis_sum", "--arg", "axis=int"), "--arg axis=1"),
        (("broken.py:f",), "this isn't Python"),
    ],
)
def test_refusals_have_status_1_and_go_to_stderr(model, args, reason):
    model.with_name("broken.py").write_text("def f(x:\n")
    for command in ("show", "emit"):
        result = run(command, *args)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        assert reason in result.stderr
        assert "help: " in result.stderr


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("model.py:sqare",), "Did you mean `square`?"),
        (("model.py:unlike",), "It defines `square`, `loss`"),
        (("model.py:__name__",), "there is no function `__name__`"),
        (("model.py",), "names no function; write model.py:FUNC. It defines `square`"),
        (("model.py:",), "names no function"),
        (("model.py:np",), "`np` in model.py is no function but a module"),
        (("model.py:RATE",), "is no function but a float"),
        (("modl.py:square",), "there is no file `modl.py`. Did you mean `model.py`?"),
        (("nowhere/model.py:square",), "there is no file"),
        ((".:square",), "is a folder"),
        (("square",), "isn't FILE:FUNC"),
        ((":square",), "isn't FILE:FUNC"),
        ((), "Missing argument 'FILE:FUNC'"),
        (("model.py:loss", "--wrt", "v"), "its parameters are `w`, `x` and `rate`"),
        (("model.py:loss", "--wrt", "w,w"), "named twice"),
        (("model.py:loss", "--wrt", "w,"), "has no parameter ``"),
        (("model.py:loss", "--arg", "w"), "has no type; write --arg w=f8[n]"),
        (("model.py:loss", "--arg", "v=float"), "its parameters are `w`, `x` and `rate`"),
        (("model.py:loss", "--arg", "w=f8[n"), "argument `w`: `f8[n` is no type"),
        (("model.py:loss", "--call", "square(1.0)"), "is no call of `loss`"),
        (("model.py:loss", "--call", "loss("), "isn't Python"),
        (("model.py:loss", "--call", "loss(1.0)"), "missing a required argument: 'x'"),
        (("model.py:loss", "--call", "loss(1 / 0, 1)"), "ZeroDivisionError"),
        (("model.py:loss", "--call", "loss(WIDTH, 1)"), "known only when the file runs"),
        (("model.py:loss", "--call", "loss(exit(), 1)"), "SystemExit"),
        (("model.py:loss", "--call", "loss(1.0, 1.0)", "--arg", "w=float"), "leave `--arg` out"),
        (("model.py:loss", "-O3"), "'3' is not one of"),
        (("model.py:loss", "--nonsense"), "No such option"),
    ],
)
def test_wrong_usage_has_status_2(model, args, reason):
    for command in ("show", "emit"):
        result = run(command, *args)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert reason in result.stderr


def test_an_unwritable_output_is_wrong_usage(model):
    result = run("emit", "model.py:square", "-o", "no/such/folder/out.py")
    assert result.exit_code == 2
    assert "can't write no/such/folder/out.py: No such file or directory" in result.stderr


def test_unknown_stage_is_wrong_usage(model):
    assert run("show", "model.py:square", "--stage", "sideways").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        (), ("show",), ("emit",), ("check",), ("ops",), ("cache",), ("cache", "info"),
        ("cache", "clear"),
    ],
)  # fmt: skip
def test_help_has_an_example(command):
    text = output(*command, "--help")
    assert "Example" in text
    assert " adcompiler " in text


def test_help_says_what_is_executed():
    assert "FILE is not run as a whole" in output("show", "--help")


def test_version():
    assert output("--version") == f"adcompiler {adcompiler.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_has_a_script_for_each_shell(shell):
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("click asks bash for its version")
    page = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert f"_ADCOMPILER_COMPLETE={shell}_source adcompiler" in page
    found = run(prog_name="adcompiler", env={"_ADCOMPILER_COMPLETE": f"{shell}_source"})
    assert found.exit_code == 0
    assert f"_ADCOMPILER_COMPLETE={shell}_complete" in found.stdout


@pytest.mark.parametrize(("words", "expected"), [
    (("sho",), ["plain,show"]), (("show", "--wi"), ["plain,--without"]),
    (("show", "mod"), ["file,mod"]), (("show", "model.py:squ"), ["plain,model.py:square"]),
    (("show", "missing.py:squ"), ["file,missing.py:squ"]), (("show", "model.py:zzz"), []),
])  # fmt: skip
def test_completion(words, expected, model):
    told = {
        "_ADCOMPILER_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words)),
        "COMP_WORDS": " ".join(["adcompiler", *words]),
    }  # fmt: skip
    assert run(prog_name="adcompiler", env=told).stdout.split() == expected


def test_cache(tmp_path, monkeypatch):
    from adcompiler.runtime.cache import DiskCache, Entry

    folder = tmp_path / "cache"
    monkeypatch.setenv("ADCOMPILER_CACHE_DIR", str(folder))
    assert output("cache", "path") == f"{folder}\n"
    assert re.search(r"entries: 0\n", output("cache", "info"))
    DiskCache(folder).put("0" * 64, Entry({}, "x = 1\n"))
    (folder / "notes.txt").write_text("mine")
    assert re.search(r"entries: 1\nsize: +0\.\d KiB\n", output("cache", "info"))
    assert output("cache", "clear") == f"removed 1 file from {folder}\n"
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]
    monkeypatch.setenv("ADCOMPILER_CACHE", "0")
    assert "turned off" in output("cache", "info")


def test_ops():
    text = output("ops", "np.tanh")
    assert text.endswith("      grad_x = grad_y * (1 - y * y)\n")
    assert "math.tanh(x)" in output("ops", "*tanh")
    assert output("ops", "ARCTAN2") == output("ops", "np.arctan2")
    assert "grad_b = a.T @ grad_y" in output("ops", "a @ b")
    assert "no gradient: constant between jumps" in output("ops", "math.floor")
    assert "refused: reads or writes files; do that outside" in output("ops", "np.loadtxt")
    assert "\033" not in output("ops")
    assert click.unstyle(run("ops", "--color", color=True).stdout) == output("ops")


def test_ops_counts():
    *kinds, total = output("ops", "--count").splitlines()
    numbers = {name: int(number) for number, name in (line.split(None, 1) for line in kinds)}
    assert int(total.split()[0]) == sum(numbers.values()) - numbers["refused"] > 250
    assert output("ops", "--count", "a // b") == (
        "    1  no gradient\n    1  in all, without what is refused\n"
    )


@pytest.mark.parametrize(("pattern", "advice"), [("np.tahn", "Did you mean `np.tan`?"), ("#", "")])
def test_ops_of_nothing_is_wrong_usage(pattern, advice):
    result = run("ops", pattern)
    assert result.exit_code == 2
    assert f"no operation is written like `{pattern}`. {advice}".rstrip() in result.stderr


def test_color(model, monkeypatch):
    plain = output("show", "model.py:loss")
    assert "\033[" not in plain
    colored = run("show", "model.py:loss", "--color", color=True).stdout
    assert "\033[" in colored
    assert click.unstyle(colored) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("show", "model.py:loss", color=True).stdout == plain


@pytest.mark.parametrize(
    ("text", "ir"),
    [
        ('def f(x):\n    """Doc\n\n    string."""\n    return f"{x}é" + \'b\'  # end\n', False),
        ("x = 1\n\x0cy = 2\n", False),
        ("not ( Python", False),
        ("grad_x = 1.0", False),
        ("function f(%x: f8[n, 3]):\n    %y.1: f8[] = sum[axis=0] %x\n    return %y.1", True),
    ],
)
def test_highlighting_adds_nothing_but_colour(text, ir):
    assert click.unstyle(highlight(text, ir=ir)) == text


def test_highlighting_tells_kinds_apart():
    colored = highlight("def f(x): return 'a', 1, grad_x  # c")
    codes = re.findall(r"\033\[(\d+)m(?:\033\[1m)?(def|return|'a'|1|grad_x|# c)\033", colored)
    assert len({code for code, _ in codes}) == 5
    assert [word for _, word in codes] == ["def", "return", "'a'", "1", "grad_x", "# c"]


def _command(*args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = "from adcompiler.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *args], cwd=cwd, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, timeout=60,
    )  # fmt: skip


def test_a_pipe_gets_plain_text(model):
    done = _command("show", "model.py:square", cwd=model.parent, FORCE_COLOR="", NO_COLOR="")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("def square_grad(x")
    assert "\033" not in done.stdout


def test_a_refusal_in_a_process(model):
    done = _command("show", "model.py:refused", cwd=model.parent)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "40 |     global RATE\n" in done.stderr
    assert "^" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_in_a_process(model):
    done = _command("show", "model.py:sqare", cwd=model.parent)
    assert done.returncode == 2
    assert "Did you mean `square`?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colour(model, no_color):
    import pty
    import select

    controller, terminal = pty.openpty()
    program = "from adcompiler.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "show", "model.py:square"],
        cwd=model.parent, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": no_color},
    )  # fmt: skip
    os.close(terminal)
    text = b""
    while True:
        assert select.select([controller], [], [], 60)[0], "the command hangs"
        try:
            chunk = os.read(controller, 4096)
        except OSError:  # Linux reports a closed terminal so
            break
        if not chunk:
            break
        text += chunk
    os.close(controller)
    assert process.wait(60) == 0
    assert b"square_grad" in text
    assert (b"\033[" in text) == (not no_color)


def test_what_an_effect_needs_is_not_evaluated(tmp_path, monkeypatch):
    """A logger, or an exception of the user's, is a parameter whatever it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logging_model.py").write_text(
        "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
        "class Bad(Exception):\n    pass\n\n\n"
        "def f(x):\n    logger.info('at %s', x)\n    if x < 0:\n        raise Bad(x)\n"
        "    return x * x\n"
    )
    text = output("show", "logging_model.py:f")
    assert text.startswith("def f_grad(x, *, logger, Bad, grad_out=1.0):")
    assert 'logger.info("at %s", x)' in text and "raise Bad(x)" in text
    (tmp_path / "unknown.py").write_text(
        "scale = make()\n\n\ndef f(x):\n    return scale(x)\n"
    )
    result = run("show", "unknown.py:f")
    assert result.exit_code == 1 and "error[unevaluated]: what `scale` is" in result.stderr
