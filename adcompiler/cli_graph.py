"""`adcompiler trace` and `adcompiler graph`: a run of the function behind FILE:FUNC.

The function's values come from `--at`, or its defaults. The interpreter runs it; what the function
itself raises is told in a line. A picture needs no values: without them it has no numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from .arguments import split
from .cli_target import Arguments
from .diagnostics import AdcompilerError
from .graph import Graph, lower
from .graph_trace import trace
from .pictures.build import picture_of_run, picture_of_types
from .pictures.dot import dot
from .pictures.mermaid import mermaid
from .pictures.model import Picture
from .pictures.page import page
from .pictures.svg import svg
from .pipeline import lower_settled

__all__ = ["drawn", "required", "told", "traced"]

SUFFIXES = (".svg", ".html", ".dot", ".mmd")


def traced(arguments: Arguments, every: bool) -> str:
    """The run as a table; AdcompilerError for a refusal."""
    graph = lower(arguments.target.function)
    with told(arguments):
        _forward(graph, arguments)
        return trace(graph, every)


def drawn(
    arguments: Arguments, call: str | None, suffix: str, iteration: tuple[int, ...], unroll: bool
) -> str:
    """The picture as text; AdcompilerError for a refusal."""
    if suffix not in SUFFIXES:
        found = f"ends in `{suffix}`" if suffix else "has no ending"
        raise click.UsageError(f"PATH {found}; it says what is drawn: {', '.join(SUFFIXES)}.")
    if call is None:
        if iteration or unroll:
            raise click.UsageError("--iteration and --unroll show a run; give --at.")
        lowered, _ = lower_settled(
            arguments.target.function, arguments.structures, arguments.value
        )
        return _written(picture_of_types(lowered, arguments.target.name), suffix, ())
    graph = lower(arguments.target.function)
    with told(arguments):
        _forward(graph, arguments)
        graph.backward()
    picture = picture_of_run(graph, iteration, unroll, call.strip())
    return _written(picture, suffix, graph._rows())


def _written(picture: Picture, suffix: str, rows: Sequence[Sequence[str]]) -> str:
    try:
        match suffix:
            case ".svg":
                return svg(picture)
            case ".html":
                return page(picture, rows)
            case ".dot":
                return dot(picture)
            case _:
                return mermaid(picture)
    except ModuleNotFoundError as error:
        raise click.UsageError(str(error)) from None


def _forward(graph: Graph, arguments: Arguments) -> None:
    required(arguments)
    args, keywords = split(inspect.signature(arguments.target.function), arguments.values)
    graph.forward(*args, **keywords)


def required(arguments: Arguments) -> None:
    """Wrong usage where a parameter has no value."""
    target = arguments.target
    missing = [name for name in target.parameters if name not in arguments.values]
    if missing:
        example = ", ".join("2.0" for _ in target.parameters)
        raise click.UsageError(
            f'`{missing[0]}` has no value; give the arguments, as --at "{target.name}({example})".'
        )


@contextmanager
def told(arguments: Arguments) -> Iterator[None]:
    """What the user's function raises is told without a traceback."""
    try:
        yield
    except (AdcompilerError, click.ClickException):
        raise
    except Exception as error:
        name = arguments.target.name
        click.echo(f"{name} raises {type(error).__name__}: {error}", err=True)
        raise click.exceptions.Exit(1) from None
