"""`adcompiler trace` and `adcompiler graph`: a run of the function behind FILE:FUNC.

The function's values come from `--at`, or its defaults. The interpreter runs it; what the function
itself raises is told in a line.
"""

from __future__ import annotations

import inspect

import click

from .arguments import split
from .cli_target import Arguments
from .diagnostics import AdcompilerError
from .graph import Graph, lower

__all__ = ["run"]


def run(arguments: Arguments) -> Graph:
    """The graph, run forwards; AdcompilerError for a refusal."""
    target = arguments.target
    missing = [name for name in target.parameters if name not in arguments.values]
    if missing:
        example = ", ".join("2.0" for _ in target.parameters)
        raise click.UsageError(
            f'`{missing[0]}` has no value; give the arguments, as --at "{target.name}({example})".'
        )
    args, keywords = split(inspect.signature(target.function), arguments.values)
    graph = lower(target.function)
    try:
        graph.forward(*args, **keywords)
    except AdcompilerError:
        raise
    except Exception as error:  # the user's own
        click.echo(f"{target.name} raises {type(error).__name__}: {error}", err=True)
        raise click.exceptions.Exit(1) from None
    return graph
