"""`adcompiler explore`: the page for the function behind FILE:FUNC."""

from __future__ import annotations

from .cli_graph import required, told
from .cli_target import Arguments, wrt_names
from .explorer.build import Question, explored
from .explorer.page import page
from .optimize import Passes

__all__ = ["explorer_page"]


def explorer_page(
    arguments: Arguments, call: str | None, wrt: tuple[str, ...], passes: Passes
) -> str:
    """HTML; AdcompilerError for a refusal."""
    if call is not None:
        required(arguments)
    question = Question(
        arguments.target.function, arguments.structures, arguments.value, arguments.values,
        wrt_names(arguments, wrt or ("all",)), passes.level, passes.without,
        arguments.defaults(), (call or "").strip(),
    )  # fmt: skip
    with told(arguments):
        return page(explored(question))
