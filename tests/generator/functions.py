"""Functions and data structures: helpers, closures, lambdas, methods, recursion, gates; lists,
comprehensions, tuples and dicts."""

from __future__ import annotations

from .writer import NotApplicable, Writer, number, statement

__all__: list[str] = []


def _body_of_helper(w: Writer, parameters: list[str]) -> list[str]:
    """Statements and a result over the parameters alone."""
    inner = Writer(w.rng, w.features & {"branches", "ranges", "tuples", "choices"}, count=w.count)
    inner.depth, inner.in_function = 2, True
    for name in parameters:
        inner.learn(name, "number")
    # Loops of helpers know no `n`.
    inner.features -= {"ranges"}
    inner.statements(w.rng.randint(0, 2))
    inner.line(f"return {inner.number(0)}")
    w.count = inner.count
    return inner.lines


@number("helpers", 4)
def helper_call(w: Writer, d: int) -> str:
    name = w.fresh("h")
    match w.rng.randrange(5):
        case 0:
            head, names, call = f"{name}(x, y)", ["x", "y"], f"{w.number(d)}, {w.number(d)}"
        case 1:
            head, names, call = f"{name}(x, y=0.5)", ["x", "y"], f"{w.number(d)}"
        case 2:
            head, names = f"{name}(x, *, k=1.2)", ["x", "k"]
            call = w.choose(f"{w.number(d)}", f"{w.number(d)}, k={w.number(d)}")
        case 3:
            head, names = f"{name}(x, /, y)", ["x", "y"]
            call = f"{w.number(d)}, y={w.number(d)}"
        case _:
            head, names = f"{name}(x, y=0.3)", ["x", "y"]
            call = f"y={w.number(d)}, x={w.number(d)}"
    w.outside += [f"def {head}:", *_body_of_helper(w, names), "", ""]
    return f"{name}({call})"


@number("checkpoint", 3)
def checkpointed_call(w: Writer, d: int) -> str:
    """A call that is made again in the backward part."""
    kinds = (helper_call, helper_call, local_function, partial_call, recursive_call)
    call = w.choose(*kinds)(w, d)
    name, _, given = call.partition("(")
    return f"checkpoint({name})({given}" if name.isidentifier() else call


@statement("helpers", 2)
def two_results(w: Writer) -> None:
    name, a, b = w.fresh("h"), w.fresh("v"), w.fresh("v")
    w.outside += [f"def {name}(x, y):", "    z = math.sin(x * y)",
                  "    return z, 0.5 * (z + x)", "", ""]  # fmt: skip
    w.line(f"{a}, {b} = {name}({w.number(1)}, {w.number(1)})")
    w.learn(a, "number")
    w.learn(b, "number")


@number("closures", 3)
def local_function(w: Writer, d: int) -> str:
    """A nested function or a lambda that reads what is around it."""
    if w.in_function:
        raise NotApplicable
    name = w.fresh("g")
    read = w.number_leaf()
    if w.chance(0.5):
        w.line(f"{name} = lambda t: math.sin(t) * {read}")
    else:
        w.line(f"def {name}(t, scale=0.7):")
        w.line(f"    u = t * {read}")
        w.line("    return scale * math.tanh(u)")
    return f"{name}({w.number(d)})"


@number("closures", 1)
def function_argument(w: Writer, d: int) -> str:
    name = w.fresh("h")
    w.outside += [f"def {name}(g, x):", "    return g(x) + 0.3 * g(0.5 * x)", "", ""]
    given = w.choose("math.sin", "np.tanh", "lambda t: t * 0.5")
    return f"{name}({given}, {w.number(d)})"


@number("methods", 3)
def method_call(w: Writer, d: int) -> str:
    name = w.fresh("C")
    w.outside += [
        f"class {name}:", "    scale = 0.8", "", "    def __init__(self, shift):",
        "        self.shift = shift", "", "    def step(self, x, gain=1.1):",
        "        return self.scale * math.sin(gain * x) + self.shift", "", "    @staticmethod",
        "    def square(x):", "        return 0.5 * x * x", "", "", f"{name}_1 = {name}(0.25)",
        "", "",
    ]  # fmt: skip
    return str(w.choose(f"{name}_1.step({w.number(d)})", f"{name}.square({w.number(d)})",
                        f"{name}_1.step({w.number(d)}, gain={w.number(d)})"))  # fmt: skip


@number("partials", 3)
def partial_call(w: Writer, d: int) -> str:
    name = w.fresh("h")
    w.outside += [f"def {name}(x, y, *, k=0.5):", "    return math.sin(x) * y + k * x", "", ""]
    if w.chance(0.5):
        w.outside += [f"{name}_p = functools.partial({name}, y=0.7, k=0.2)", "", ""]
        return f"{name}_p({w.number(d)})"
    return f"functools.partial({name}, {w.number(d)})({w.number(d)})"


@number("partials", 2)
def starred_call(w: Writer, d: int) -> str:
    name = w.fresh("h")
    w.outside += [
        f"def {name}(x, *rest, **more):", "    for r in rest:", "        x = x * math.cos(r)",
        "    return x * more['k']", "", "",
    ]  # fmt: skip
    return f"{name}({w.number(d)}, {w.number(d)}, {w.number(d)}, k={w.number(d)})"


@number("recursion", 3)
def recursive_call(w: Writer, d: int) -> str:
    name = w.fresh("h")
    w.outside += [
        f"def {name}(x, n):", "    if n <= 0:", "        return x",
        f"    return math.sin({name}(0.8 * x, n - 1)) + 0.2 * x", "", "",
    ]  # fmt: skip
    return f"{name}({w.number(d)}, {w.choose('2', '3', 'n')})"


@number("recursion", 2)
def recursive_loop(w: Writer, d: int) -> str:
    """Recursion whose steps have loops, which the backward part runs the other way."""
    if w.in_function:
        raise NotApplicable
    name, v = w.fresh("h"), w.pick(w.arrays(1))
    over = w.choose("a", "reversed(a)", "range(2)", "reversed(range(3))")
    w.outside += [
        f"def {name}(x, y, a, n):", "    if n <= 0:", "        return x",
        f"    for t in {over}:", "        x = math.sin(x * y) * (0.5 + t) + 0.3 * y",
        f"    return 0.5 * {name}(x, y, a, n - 1) + 0.2 * x * y", "", "",
    ]  # fmt: skip
    return f"{name}({w.number(d)}, {w.number(d)}, {v.name}, {w.choose('1', '2', 'n')})"


@number("gates", 2)
def gate(w: Writer, d: int) -> str:
    name = w.fresh("h")
    w.outside += [
        "@primitive", f"def {name}(x, y):", "    return math.sin(x) * y", "", "",
        f"@{name}.backward", f"def {name}_rule(g, x, y, out):",
        "    return g * math.cos(x) * y, g * math.sin(x)", "", "",
    ]  # fmt: skip
    return f"{name}({w.number(d)}, {w.number(d)})"


@number("captures", 3)
def outside_number(w: Writer, d: int) -> str:
    name = w.fresh("G")
    if w.chance(0.5):
        w.outside += [f"{name} = {w.choose('0.75', 'np.float64(0.4)', '-0.3', '2')}", "", ""]
        return name
    w.outside += [f"{name} = np.array([0.2, -0.4, 0.9])", "", ""]
    return str(w.choose(f"np.sum({name} * {w.number(d)})", f"{name}[1]", f"{name}.mean()"))


@number("comprehensions", 3)
def over_elements(w: Writer, d: int) -> str:
    v = w.pick(w.arrays(1))
    x = w.number_leaf()
    return str(
        w.choose(
            f"0.3 * sum([math.sin(t) * {x} for t in {v.name}])",
            f"0.3 * sum({x} * t for t in {v.name})",
            f"np.mean(np.array([{x} * {v.name}[j] for j in range({v.shape[0]})]))",
            f"0.3 * sum([t * t for t in {v.name} if t > 0.05])",
            f"max([{x}, 0.3])", f"0.2 * sum([{x} * j for j in range(n)])",
        )
    )  # fmt: skip


@statement("comprehensions", 2)
def appended(w: Writer) -> None:
    name, i, a, n = w.fresh("l"), w.fresh("i"), w.fresh("a"), w.choose(3, 4)
    w.line(f"{name} = []")
    with w.block(f"for {i} in range({n}):"):
        w.line(f"{name}.append(math.sin({w.number(2)} * ({i} + 0.5)))")
    w.line(f"{a} = {w.choose('np.array', 'np.stack')}({name})")
    w.learn(a, "array", (n,))


@statement("comprehensions", 1)
def stacked_rows(w: Writer) -> None:
    v, a = w.pick(w.arrays(2)), w.fresh("a")
    w.line(f"{a} = np.stack([0.7 * row * {w.number_leaf()} for row in {v.name}])")
    w.learn(a, "array", v.shape)


@statement("containers", 3)
def container(w: Writer) -> None:
    name, x = w.fresh("d"), w.fresh("v")
    match w.rng.randrange(4):
        case 0:
            w.line(f"{name} = {{'u': {w.number(1)}, 'w': {w.number(1)}}}")
            if w.chance(0.4):
                w.line(f"{name}['u'] = {w.number(1)}")
            w.line(f"{x} = 0.5 * ({name}['u'] + {name}['w'])")
        case 1:
            w.line(f"{name} = ({w.number(1)}, ({w.number(1)}, {w.number(1)}))")
            w.line(f"{x} = {name}[0] * {name}[1][1]")
        case 2:
            v = w.pick(w.arrays(1))
            w.line(f"{name} = [{v.name}, {v.name} * {w.number(1)}, 0.5 * {v.name}]")
            w.line(f"{x} = 0.0")
            w.line(f"for part in {name}:")
            w.line(f"    {x} = 0.5 * {x} + np.mean(part)")
        case _:
            w.line(f"{name} = {{'u': {w.number(1)}, 'w': {w.number(1)}}}")
            w.line(f"{x} = 0.0")
            w.line(f"for key, part in {name}.items():")
            w.line(f"    {x} = 0.5 * ({x} + part)")
    w.learn(x, "number")


@number("containers", 2)
def of_parameters(w: Writer, d: int) -> str:
    if w.in_function:
        raise NotApplicable
    return str(w.choose("p['w'][0]", "p['b']", "0.4 * np.sum(p['w'])", "q[0]", "np.mean(q[1])"))
