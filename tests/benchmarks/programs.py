"""Programs of any size, to see how compiling them grows: each function gives the text of a `loss`.

    straight_line(3)        s0 = w * x
                            s1 = s0 * x + y
                            return s1
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "branches",
    "calls_in_loops",
    "carries",
    "chains",
    "early_returns",
    "elements",
    "helpers",
    "layers",
    "literal",
    "loops",
    "many_loops",
    "one_expression",
    "parameters",
    "stored_loops",
    "stores",
    "straight_line",
    "variables",
]


def _function(body: Sequence[str], parameters: str = "w, x, y", before: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body)
    return f"import math\n\nimport numpy as np\n\n\n{before}def loss({parameters}):\n{lines}\n"


_STEPS = ("{0} = {1} * x + y", "{0} = math.sin({1})", "{0} = {1} - w * {1}")


def straight_line(count: int) -> str:
    """`count` statements, each of which uses the one before."""
    steps = [_STEPS[k % 3].format(f"s{k}", f"s{k - 1}") for k in range(1, count)]
    return _function(["s0 = w * x", *steps, f"return s{count - 1}"])


def variables(count: int) -> str:
    """Statements that give one variable new values, all of which are needed again."""
    steps = [_STEPS[k % 3].format("s", "s") for k in range(1, count)]
    return _function(["s = w * x", *steps, "return s"])


def branches(count: int) -> str:
    """A branch after the other, and values that live across many of them."""
    body = ["s = w * x"]
    for k in range(count // 3):
        body += [f"t{k} = s * y", f"if s > {k / 10}:", f"    s = s * x + t{k // 2}"]
    return _function([*body, "return s"])


def chains(count: int) -> str:
    """One `if` with so many branches that each stands in the `else` of the one before."""
    body = ["if w < 0:", "    x = x * y"]
    for k in range(1, count):
        body += [f"elif w < {k}:", f"    x = x * {k}.5 + y"]
    return _function([*body, "else:", "    x = w", "return x * x"])


def early_returns(count: int) -> str:
    """Each `return` makes the rest of the function the other side of a branch."""
    body = ["s = w * x"]
    for k in range(count):
        body += ["s = math.sin(s) + y", f"if s > {k + 3}:", "    return s * x"]
    return _function([*body, "return s"])


def stores(count: int) -> str:
    """Stores into one array."""
    lines = [f"a[{k % 7}] = a[{(3 * k + 1) % 7}] * x + w" for k in range(count)]
    return _function(["a = np.zeros((7, 3))", *lines, "return np.sum(a)"], "w, x")


def helpers(count: int) -> str:
    """Helper functions, each of which calls the next."""
    texts = ["def h0(a, b):\n    return a * b\n\n\n"]
    for k in range(1, count // 4):
        texts.append(f"def h{k}(a, b):\n    c = math.sin(a)\n    return h{k - 1}(c, b)\n\n\n")
    return _function([f"return h{count // 4 - 1}(w * x, y)"], before="".join(texts))


def many_loops(count: int) -> str:
    """A loop after the other."""
    body = ["s = w * x"]
    for k in range(count // 3):
        body += [f"for i in range({k % 5 + 1}):", "    s = s * x + y", "    s = math.sin(s)"]
    return _function([*body, "return s"])


def carries(count: int) -> str:
    """One loop that carries many variables."""
    names = [f"s{k}" for k in range(count // 2)]
    body = [f"{name} = w * {k}" for k, name in enumerate(names)]
    following = zip(names, [*names[1:], names[0]], strict=True)
    body += ["for i in range(3):", *(f"    {a} = {a} * {b} + y" for a, b in following)]
    return _function([*body, f"return {names[0]}"])


def one_expression(count: int) -> str:
    """One sum of `count` terms."""
    terms = (("x * w", "y", "math.sin(x * w)")[k % 3] for k in range(count))
    return _function([f"return {' + '.join(terms)}"])


def literal(count: int) -> str:
    """One list of `count` elements."""
    terms = (("x * w", "y", "math.sin(x * w)")[k % 3] for k in range(count))
    return _function([f"return np.sum(np.array([{', '.join(terms)}]))"])


def parameters(count: int) -> str:
    """Many parameters."""
    names = [f"p{k}" for k in range(count)]
    before = zip(names, [names[-1], *names], strict=False)
    body = ["s = 0.0", *(f"s = s + math.sin({a}) * {b}" for a, b in before), "return s"]
    return _function(body, ", ".join(names))


def layers(count: int) -> str:
    """A loop over a list of pairs, which unrolls."""
    body = ["for w, b in params:", "    x = np.tanh(w * x + b)", "return np.sum(x)"]
    return _function(body, "params, x")


def elements(count: int) -> str:
    """A loop over a dict, which unrolls."""
    body = ["s = 0.0", "for k, v in d.items():", "    s = s + np.sum(v * x)", "return s"]
    return _function(body, "d, x")


def _nest(depth: int, inner: str) -> list[str]:
    lines = [f"{'    ' * k}for i{k} in range(2):" for k in range(depth)]
    return [*lines, "    " * depth + inner]


def loops(depth: int) -> str:
    """Loops in loops, that run again in the backward part."""
    nest = [line.replace("range(2)", "checkpoint(range(2))") for line in _nest(depth, _STEPS[0])]
    body = ["s = w * x", *nest, "return s"]
    return "from adcompiler import checkpoint\n" + _function(body).format("s", "s")


def stored_loops(depth: int) -> str:
    """Loops in loops, the innermost of which stores into an array."""
    inner = "a[i0] = np.sin(a[0]) * x + y"
    return _function(["a = w * np.ones(2)", *_nest(depth, inner), "return np.sum(a)"])


def calls_in_loops(depth: int) -> str:
    """Functions that call the next in a loop."""
    texts = ["def h0(a, b):\n    return math.sin(a) * b\n\n\n"]
    for k in range(1, depth + 1):
        loop = f"    for i in range(2):\n        a = h{k - 1}(a, b)\n    return a\n\n\n"
        texts.append(f"def h{k}(a, b):\n{loop}")
    return _function([f"return h{depth}(w * x, y)"], before="".join(texts))
