"""`adcompiler trace` and `adcompiler graph`: a run of the function behind FILE:FUNC.

The function's values come from `--at`, or its defaults. The interpreter runs it; what the function
itself raises is told in a line.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

import click

from .arguments import split
from .cli_target import Arguments
from .diagnostics import AdcompilerError
from .graph import Graph, lower
from .graph_trace import trace

__all__ = ["traced"]


def traced(arguments: Arguments, every: bool) -> str:
    """The run as a table; AdcompilerError for a refusal."""
    graph = lower(arguments.target.function)
    with _told(arguments):
        _forward(graph, arguments)
        return trace(graph, every)


def _forward(graph: Graph, arguments: Arguments) -> None:
    target = arguments.target
    missing = [name for name in target.parameters if name not in arguments.values]
    if missing:
        example = ", ".join("2.0" for _ in target.parameters)
        raise click.UsageError(
            f'`{missing[0]}` has no value; give the arguments, as --at "{target.name}({example})".'
        )
    args, keywords = split(inspect.signature(target.function), arguments.values)
    graph.forward(*args, **keywords)


@contextmanager
def _told(arguments: Arguments) -> Iterator[None]:
    """What the user's function raises is told without a traceback."""
    try:
        yield
    except (AdcompilerError, click.ClickException):
        raise
    except Exception as error:
        name = arguments.target.name
        click.echo(f"{name} raises {type(error).__name__}: {error}", err=True)
        raise click.exceptions.Exit(1) from None
