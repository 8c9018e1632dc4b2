"""A program: the text of a module with a function `f` and its `arguments`.

>>> program(13) == program(13), "def f(" in program(13).text
(True, True)
"""

from __future__ import annotations

import linecache
import random
import types
import warnings
from dataclasses import dataclass
from typing import Any

from . import control, expressions, functions, mutation
from .writer import ARRAYS, CONDITIONS, NUMBERS, STATEMENTS, NotApplicable, Writer

__all__ = ["FEATURES", "Program", "load", "program"]

_MODULES = (control, expressions, functions, mutation)  # what they register is what there is
_EXTRA = ("float32", "changed-arguments", "twice")
FEATURES = tuple(
    sorted({p.feature for t in (ARRAYS, CONDITIONS, NUMBERS, STATEMENTS) for p in t} - {"base"})
) + _EXTRA
HEADER = (
    "import functools\nimport math\n\nimport numpy as np\n"
    "from adcompiler import checkpoint, primitive\n"
)

_SCALARS = (0.7313, -0.4127, 0.5519, 0.9241, -0.6833)
_ELEMENTS = (0.3129, -0.8173, 0.7971, 0.4613, -0.2377, 0.6421, -0.5119, 0.8837, 0.1733)


@dataclass(frozen=True)
class Program:
    name: str
    features: frozenset[str]
    text: str


def program(seed: int, features: frozenset[str] | None = None) -> Program:
    """The program of a seed."""
    rng = random.Random(seed)
    drawn = frozenset(rng.sample(FEATURES, rng.choice((1, 2, 2, 3, 3, 4, 5))))
    drawn = drawn if features is None else features
    while True:
        try:
            return Program(f"seed {seed}", drawn, _text(Writer(rng, drawn)))
        except NotApplicable:
            continue


def _text(w: Writer) -> str:
    parameters = _parameters(w)
    if w.has("stores") and not w.has("changed-arguments") and w.chance(0.5):
        v = w.pick(w.arrays())
        w.line(f"a0 = {v.name}.copy()")
        w.learn("a0", "array", v.shape)
    w.line(f"v0 = {w.number(1)}")
    w.learn("v0", "number")
    w.statements(w.rng.randint(3, 7))
    w.line(f"return {_result(w)}")
    head = f"def f({', '.join(name for name, _ in parameters)}):"
    entries = "".join(f"        {name!r}: {value},\n" for name, value in parameters)
    shared = ""
    arrays = [name for name, value in parameters if value.startswith("np.array")]
    if w.has("twice") and len(arrays) > 1:
        values = dict(parameters)
        shared = f"    shared = {values['a']}\n"
        entries = entries.replace(f"'a': {values['a']}", "'a': shared")
        entries = entries.replace(f"'b': {values['b']}", "'b': shared")
    lines = "\n".join(w.lines)
    return (
        f"{HEADER}\n\n" + "\n".join(w.outside) + f"\n{head}\n{lines}\n\n\n"
        f"def arguments():\n{shared}    return {{\n{entries}    }}\n"
    )


def _parameters(w: Writer) -> list[tuple[str, str]]:
    """Names and values of the parameters; known to the writer."""
    writable = w.has("changed-arguments")
    found = [("x", str(w.choose(*_SCALARS))), ("y", str(w.choose(*_SCALARS)))]
    w.learn("x", "number")
    w.learn("y", "number")
    first = w.shape()
    for name, shape in (("a", first), ("b", first if w.has("twice") else w.shape())):
        found.append((name, _array(w, shape)))
        w.learn(name, "array", shape, writable=writable)
    found.append(("n", str(w.choose(0, 1, 2, 3))))
    w.learn("n", "int", bound=4)
    if w.has("containers"):
        found.append(("p", "{'w': np.array([0.61, -0.43, 0.27]), 'b': 0.37}"))
        found.append(("q", "(0.53, np.array([[0.31, -0.72], [0.83, 0.12]]))"))
    return found


def _array(w: Writer, shape: tuple[int, ...]) -> str:
    def row(n: int) -> list[float]:
        return [round(w.rng.choice(_ELEMENTS) + w.rng.uniform(-0.03, 0.03), 5) for _ in range(n)]

    inside = row(shape[0]) if len(shape) == 1 else [row(shape[1]) for _ in range(shape[0])]
    dtype = ", dtype=np.float32" if w.has("float32") and w.chance(0.7) else ""
    order = ", order='F'" if len(shape) == 2 and w.chance(0.3) else ""
    backwards = "[::-1]" if w.chance(0.1) else ""
    return f"np.array({inside}{dtype}{order}){backwards}"


def _result(w: Writer) -> str:
    """A number that everything in sight has a part in."""
    terms = []
    for v in w.known:
        if v.kind == "number":
            terms.append(f"{w.choose('0.3', '0.7')} * {w.choose('math.tanh', 'np.sin')}({v.name})")
        elif v.kind == "array":
            terms.append(f"0.3 * np.sum({w.choose('np.tanh', 'np.sin')}({v.name}))")
    w.rng.shuffle(terms)
    return " + ".join(terms)


_loaded = 0


def load(text: str, name: str = "program") -> types.ModuleType:
    """The text as a module whose lines `linecache` knows, as it knows those of notebook cells."""
    global _loaded
    _loaded += 1
    filename = f"<{name}-{_loaded}>"
    module = types.ModuleType(name)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `1[0]`, which shrinking tries
        code = compile(text, filename, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module


def unload(module: Any) -> None:
    """Forget the module's lines."""
    linecache.cache.pop(module.f.__code__.co_filename, None)
