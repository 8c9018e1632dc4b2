"""The command line: what users type to look at a gradient, or to keep it as a module.

    $ adcompiler show model.py:loss --arg w='f8[n, d]' --arg x='f8[d]'
    $ adcompiler emit model.py:loss --wrt w,b -o loss_grad.py

Exit status: 0, 1 where the compiler refuses and says why, 2 for wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from ._version import VERSION
from .cli_complete import complete_target
from .diagnostics import AdcompilerError

__all__ = ["main"]

MODES = ("grad", "value_and_grad", "vjp", "jvp", "hvp", "hessian")
STAGES = ("source", "ast", "ssa", "backward", "module")

_EXECUTED = """FILE is not run as a whole: its imports, plain assignments and `def` lines are
executed, the rest is not (see docs/command-line.md)."""


class _Group(click.Group):
    """Prints what the compiler refuses, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AdcompilerError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="adcompiler", message="%(prog)s %(version)s")
def main() -> None:
    """Gradients of Python and NumPy functions, as Python source.

    \b
    Examples:
      adcompiler show samples/neuron.py:neuron
      adcompiler show samples/neuron.py:neuron -O0 --wrt all
      adcompiler emit samples/neuron.py:neuron --wrt all -o neuron_grad.py
      adcompiler check samples/neuron.py:neuron

    Exit status: 0; 1 where a function is refused (the reason goes to stderr); 2 for wrong usage.
    """


# Which function, and the types of its arguments.
_TARGET = (
    click.argument("target", metavar="FILE:FUNC", shell_complete=complete_target),
    click.option("--arg", "args", multiple=True, metavar="NAME=TYPE", help=(
        "The type of a parameter: float, int, bool, f8[n, d], f4[3, 1], (float, f8[n]),"
        " {w: f8[n, d], b: f8[d]}, list[float], or a value: 'relu', None, 2. Without it the"
        " annotation counts, then the default value; a bare parameter is a float.")),
    click.option("--call", "--at", metavar="TEXT", help=(
        "A call to take all arguments from, such as \"f(np.ones((3, 2)), 1.0)\". Its arguments"
        " are evaluated, with np, math and the names of FILE; f itself isn't.")),
)  # fmt: skip


def _with_target(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_TARGET):
        command = option(command)
    return command


def _of_a_function(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments and the options that `show` and `emit` share."""
    options = (
        click.option("--wrt", multiple=True, metavar="NAME[,NAME]", help=(
            "Parameters, or local variables, to differentiate by; may be repeated. `all` is every"
            " float parameter. [default: the first]")),
        click.option("-O", "optimize", type=click.Choice(["0", "1", "2"]), default="1",
                     show_default=True, help=(
            "0: every gate on its own line; 1: concise; 2: may change how the forward part"
            " rounds.")),
        click.option("--without", multiple=True, metavar="PASS[,PASS]", help=(
            "Passes to leave out; `adcompiler passes` lists them.")),
        click.option("--mode", type=click.Choice(MODES), default="grad", show_default=True, help=(
            "Which derivative. vjp takes a cotangent of the result, jvp and hvp a tangent for each"
            " parameter of --wrt.")),
        click.option("--value", is_flag=True, help="Short for --mode value_and_grad."),
        click.option("--has-aux", is_flag=True, help=(
            "FUNC returns (loss, aux), and its gradient comes with aux.")),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return _with_target(command)


@main.command(epilog=_EXECUTED)
@_of_a_function
@click.option(
    "--stage", type=click.Choice(STAGES), default="backward", show_default=True,
    help="source and ast: what was read; ssa: the function lowered; backward: the emitted"
    " function; module: all of the emitted module.",
)  # fmt: skip
@click.option("--color/--no-color", default=None, help="[default: in a terminal, unless NO_COLOR]")
def show(target: str, stage: str, color: bool | None, **options: Any) -> None:
    """Print the gradient of a function, or a stage on the way to it.

    \b
    Examples:
      adcompiler show samples/neuron.py:neuron -O0 --wrt all
      adcompiler show model.py:loss --arg 'x=f8[n, d]' --arg 'w=f8[d]' --wrt w
      adcompiler show model.py:loss --call "loss(np.ones(3), np.ones(3))" --stage ssa
    """
    text = _stage(target, stage, **options)
    if _colored(color):
        from .cli_highlight import highlight

        click.echo(highlight(text, ir=stage == "ssa"), color=True)
    else:
        click.echo(text)


@main.command(epilog=_EXECUTED)
@_of_a_function
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    default="-",
    help="Where to write; `-` is stdout, the default.",
)
def emit(target: str, output: str, **options: Any) -> None:
    """Write the gradient as a module that needs nothing but NumPy.

    \b
    Examples:
      adcompiler emit samples/neuron.py:neuron --wrt all -o neuron_grad.py
      adcompiler emit model.py:loss --call "loss(np.ones((5, 3)), 1.0)" --value -o -
    """
    text = _stage(target, "module", **options)
    _write(output, f"{text}\n")


def _write(output: str, text: str) -> None:
    if output == "-":
        click.echo(text, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"can't write {output}: {error.strerror}.") from None


def _stage(
    target: str, stage: str, *, wrt: tuple[str, ...], args: tuple[str, ...], call: str | None,
    optimize: str, without: tuple[str, ...], mode: str, value: bool, has_aux: bool,
) -> str:  # fmt: skip
    from .cli_target import arguments_of, find_function, wrt_names
    from .pipeline import Options, show_stage

    arguments = arguments_of(find_function(target), args, call)
    wanted = wrt_names(arguments, wrt)
    if value and mode not in ("grad", "value_and_grad"):
        raise click.UsageError(f"--value is for gradients, not for --mode {mode}.")
    if mode == "value_and_grad":
        mode, value = "grad", True
    options = Options(
        wanted, len(wanted) == 1, value, _passes(optimize, without), mode, aux=has_aux
    )
    text = show_stage(
        arguments.target.function, stage, arguments.structures, options,
        arguments.value, arguments.defaults(),
    )  # fmt: skip
    return text.rstrip("\n")


def _passes(level: str, without: tuple[str, ...]) -> Any:
    from .optimize import Passes

    return Passes(int(level), tuple(name for names in without for name in names.split(",")))


@main.command(epilog=_EXECUTED)
@_with_target
@click.option("--order", type=click.IntRange(1, 2), default=2, show_default=True,
              help="2: second derivatives, too.")
@click.option("--rtol", type=float, help="How much may differ, of the larger number.")
@click.option("--atol", type=float, help="How much may differ besides.")
@click.option("--seed", type=int, default=0, show_default=True,
              help="Of what is drawn at random: directions, and values where only types are given.")
def check(
    target: str, args: tuple[str, ...], call: str | None, order: int, rtol: float | None,
    atol: float | None, seed: int,
) -> None:  # fmt: skip
    """Check the derivatives of a function against differences of its values.

    Forward mode and reverse mode, by all parameters that hold floats. FUNC is called, many times.
    Where --call doesn't give values, floats between 0.2 and 0.9 are drawn.

    \b
    Examples:
      adcompiler check samples/neuron.py:neuron
      adcompiler check model.py:loss --call "loss(np.ones(3), np.ones(3))" --order 1

    Exit status: 0 where they agree; 1 where they don't, or where the function is refused.
    """
    from .cli_check import check
    from .cli_target import arguments_of, find_function

    arguments = arguments_of(find_function(target), args, call)
    wrong = check(arguments, order, seed, rtol, atol)
    if wrong is not None:
        click.echo(wrong, err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{arguments.target.name}: the derivatives are right (order {order})")


@main.command(epilog=_EXECUTED)
@_with_target
@click.option("--all", "every", is_flag=True, help="Every iteration of long loops.")
def trace(target: str, args: tuple[str, ...], call: str | None, every: bool) -> None:
    """Run a function forwards and backwards, and print each gate's value and gradient.

    Forwards in the order of the run; backwards in the order in which gradients become complete.

    \b
    Examples:
      adcompiler trace samples/neuron.py:neuron --at "neuron(2.0, -1.0, -3.0, -2.0, -3.0)"
      adcompiler trace model.py:power --at "power(2.0, 100)" --all
    """
    from .cli_graph import traced
    from .cli_target import arguments_of, find_function

    click.echo(traced(arguments_of(find_function(target), args, call), every))


@main.command(epilog=_EXECUTED)
@_with_target
@click.option("-o", "--output", metavar="PATH", required=True,
              help="Where to draw; its ending says what: .svg, .html, .dot, .mmd.")
@click.option("--iteration", metavar="N[,N]", default="",
              help="Which iteration of a loop is shown, from 0; after a comma, of the loop inside"
              " of it. [default: the last]")
@click.option("--unroll", is_flag=True, help="Draw every iteration of every loop.")
def graph(
    target: str, args: tuple[str, ...], call: str | None, output: str, iteration: str, unroll: bool
) -> None:
    """Draw the graph of a function: gates, wires, and boxes for loops and branches.

    With --at each gate's value stands above its wire, in green, and its gradient below, in red.
    .svg and .html need the extra `graph`: python -m pip install 'adcompiler[graph]',
    or '.[graph]' in a clone.

    \b
    Examples:
      adcompiler graph samples/neuron.py:neuron --at "neuron(2., -1., -3., -2., -3.)" -o graph.svg
      adcompiler graph model.py:loss --arg 'x=f8[n, d]' -o loss.dot
      adcompiler graph model.py:power --at "power(2.0, 5)" --iteration 0 -o power.html
    """
    from .cli_graph import drawn
    from .cli_target import arguments_of, find_function

    try:
        chosen = tuple(int(number) for number in iteration.split(",") if number.strip())
    except ValueError:
        raise click.UsageError(f"--iteration {iteration} is no number.") from None
    arguments = arguments_of(find_function(target), args, call)
    _write(output, drawn(arguments, call, os.path.splitext(output)[1], chosen, unroll))


@main.command(epilog=_EXECUTED)
@_with_target
@click.option("-o", "--output", metavar="PATH", required=True, help="The page; `-` is stdout.")
@click.option("--wrt", multiple=True, metavar="NAME[,NAME]", help=(
    "Parameters to differentiate by; may be repeated. [default: all float parameters]"))
@click.option("-O", "optimize", type=click.Choice(["0", "1", "2"]), default="1",
              show_default=True, help="The level that is shown first; the page has all three.")
@click.option("--without", multiple=True, metavar="PASS[,PASS]", help=(
    "Passes to leave out; `adcompiler passes` lists them."))
def explore(
    target: str, args: tuple[str, ...], call: str | None, output: str, wrt: tuple[str, ...],
    optimize: str, without: tuple[str, ...],
) -> None:  # fmt: skip
    """Write a page to explore a gradient in a browser: source, SSA and backward source.

    A line that is pointed at lights up what it became in the others, and a slider goes through the
    compiler's steps. With --at each line has its value and its gradient. The page is one file and
    loads nothing.

    \b
    Examples:
      adcompiler explore samples/neuron.py:neuron --at "neuron(2., -1., -3., -2., -3.)" -o page.html
      adcompiler explore model.py:loss --arg 'x=f8[n, d]' --arg 'w=f8[d]' -o page.html
    """
    from .cli_explore import explorer_page
    from .cli_target import arguments_of, find_function

    arguments = arguments_of(find_function(target), args, call)
    _write(output, explorer_page(arguments, call, wrt, _passes(optimize, without)))


def _colored(wanted: bool | None) -> bool:
    if wanted is not None:
        return wanted
    return not os.environ.get("NO_COLOR") and sys.stdout.isatty()


@main.command()
@click.argument("pattern", required=False)
@click.option("--count", is_flag=True, help="Only how many there are, by kind.")
@click.option("--color/--no-color", default=None, help="[default: in a terminal, unless NO_COLOR]")
def ops(pattern: str | None, count: bool, color: bool | None) -> None:
    """List the operations: how they are written, and the gradient that flows through each.

    PATTERN is a part of what users write, or a glob. A formula is printed from the rule itself:
    `y` is the result, `grad_y` its gradient. Keywords that aren't shown aren't supported.

    \b
    Examples:
      adcompiler ops tanh
      adcompiler ops 'np.linalg.*'
      adcompiler ops --count
    """
    from .cli_ops import counts, listing, matching

    found = matching(pattern)
    colored = _colored(color)
    text = counts(found) if count else listing(found)
    click.echo(text if colored else click.unstyle(text), color=colored)


@main.command()
def passes() -> None:
    """List the passes that `--without` leaves out, and from which level on each runs.

    \b
    Example:
      adcompiler passes
    """
    from .optimize import PASSES

    width = max(map(len, PASSES))
    for name, (level, what) in PASSES.items():
        click.echo(f"{name:{width}}  -O{level}  {what}")


@main.group()
def cache() -> None:
    """Look at the cache of compiled gradients, or empty it.

    \b
    ADCOMPILER_CACHE_DIR names another folder, ADCOMPILER_CACHE=0 turns the cache off.
    Examples:
      adcompiler cache info
      adcompiler cache clear
    """


def _folder() -> Any:
    from .runtime.cache import default_folder

    try:
        return default_folder()
    except RuntimeError as error:
        raise click.UsageError(f"{error} Set ADCOMPILER_CACHE_DIR to a folder.") from None


@cache.command()
def path() -> None:
    """Print the cache's folder.

    \b
    Example:
      ls -l "$(adcompiler cache path)"
    """
    click.echo(_folder())


@cache.command()
def info() -> None:
    """Print the cache's folder, its number of entries and its size.

    \b
    Example:
      adcompiler cache info
    """
    from .runtime.cache import DiskCache

    store = DiskCache(_folder())
    off = " (turned off by ADCOMPILER_CACHE=0)" if os.environ.get("ADCOMPILER_CACHE") == "0" else ""
    click.echo(f"folder:  {store.folder}{off}")
    click.echo(f"entries: {len(store.entries())}")
    click.echo(f"size:    {store.size() / 1024:.1f} KiB")


@cache.command()
def clear() -> None:
    """Remove the cache's files, and nothing else in the folder.

    \b
    Example:
      adcompiler cache clear
    """
    from .runtime.cache import DiskCache

    store = DiskCache(_folder())
    removed = store.clear()
    click.echo(f"removed {removed} file{'' if removed == 1 else 's'} from {store.folder}")
