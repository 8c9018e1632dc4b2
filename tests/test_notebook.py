"""What notebooks and `help` show of a gradient."""

from __future__ import annotations

import html
import io
import pydoc
import re

import pytest

from adcompiler import grad, hvp, value_and_grad
from adcompiler.notebook import COLOURS, source_html
from tests.test_pictures import luminance


def loss(w, x):
    """Half the squared error.

    w: a number.
    """
    return 0.5 * (w * x) ** 2


def test_help_says_what_is_given_and_what_of():
    text = pydoc.plain(pydoc.render_doc(grad(loss, wrt=("w", "x"))))
    assert "loss(w, x)" in text
    assert "The gradient of loss with respect to w, x." in text
    assert "gives the gradient," in text and "Half the squared error." in text
    assert "gives the value and the gradient," in value_and_grad(loss).__doc__
    assert grad(lambda x: x).__doc__.startswith("The gradient of ")
    for other in (hvp(loss), grad(grad(loss))):
        assert other.__doc__ == loss.__doc__


def test_a_notebook_shows_the_text_compiled_last():
    gradient = grad(loss)
    assert gradient._repr_html_() is None
    gradient(2.0, 3.0)
    shown = gradient._repr_html_()
    text = re.search("<pre[^>]*>(.*)</pre>", shown, re.S)[1]
    assert html.unescape(re.sub("<[^>]*>", "", text)) == gradient.source(2.0, 3.0)
    assert '<span class="adc-keyword">def</span>' in shown


def test_rich_shows_the_text_in_colours():
    console = pytest.importorskip("rich.console")
    gradient = grad(loss)

    def shown(coloured):
        out, system = io.StringIO(), "standard" if coloured else None
        console.Console(file=out, width=100, force_terminal=True, color_system=system).print(
            gradient
        )
        return out.getvalue()

    assert shown(False) == "<grad of loss with respect to w>\n"
    gradient(2.0, 3.0)
    assert shown(False) == gradient.source(2.0, 3.0)
    assert re.search(r"\x1b\[[\d;]*35mdef\x1b", shown(True))
    assert re.search(r"\x1b\[[\d;]*33mgrad_w\x1b", shown(True))
    assert re.sub(r"\x1b\[[\d;]*m", "", shown(True)) == gradient.source(2.0, 3.0)


def test_text_is_escaped():
    assert source_html('x = "<b>" < y').count("<b>") == 0


@pytest.mark.parametrize("scheme", COLOURS)
def test_contrast(scheme):
    page = luminance(COLOURS[scheme]["page"])
    for name, colour in COLOURS[scheme].items():
        low, high = sorted((page, luminance(colour)))
        assert name == "page" or (high + 0.05) / (low + 0.05) >= 4.5, name
