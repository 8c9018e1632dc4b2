"""What a shell completes FILE:FUNC by: files, and behind the colon the functions of one.

    adcompiler show samples/ne<TAB>            samples/neuron.py
    adcompiler show samples/neuron.py:<TAB>    samples/neuron.py:neuron

The file is parsed, and nothing of it is executed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import click
from click.shell_completion import CompletionItem

__all__ = ["complete_target"]


def complete_target(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ways to go on; a file that isn't Python has none."""
    file, colon, begun = incomplete.rpartition(":")
    if not colon or not Path(file).is_file():
        return [CompletionItem(incomplete, type="file")]
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return []
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [CompletionItem(f"{file}:{name}") for name in names if name.startswith(begun)]
