"""Expressions: smooth numbers and arrays of moderate size, conditions away from ties."""

from __future__ import annotations

from .writer import NotApplicable, Shape, Writer, array, condition, number

__all__: list[str] = []


@number("base", 3)
def arithmetic(w: Writer, d: int) -> str:
    a, b = w.number(d), w.number(d)
    return str(
        w.choose(
            f"0.5 * ({a} + {b})", f"({a} - 0.4 * {b})", f"0.4 * {a} * {b}", f"{a} * {b}",
            f"-{a}", f"{a} / (1.5 + {b} * {b})", f"({a} + {b}) / 2", f"0.3 * {a} ** 2",
        )
    )  # fmt: skip


@number("base", 3)
def bounded(w: Writer, d: int) -> str:
    name = w.choose("math.sin", "math.tanh", "math.cos", "np.sin", "np.tanh", "math.atan")
    return f"{name}({w.number(d)})"


@number("base")
def of_array(w: Writer, d: int) -> str:
    shape = w.shape()
    a = w.array(shape, d)
    return str(w.choose(f"0.3 * np.sum({a})", f"np.mean({a})", f"({a}).mean()"))


@number("indexing", 3)
@number("stores", 3)
def element(w: Writer, d: int) -> str:
    v = w.pick(w.arrays())
    key = ", ".join(w.index(size) for size in v.shape)
    return f"{v.name}[{key}]"


@number("branches")
def conditional(w: Writer, d: int) -> str:
    return f"({w.number(d)} if {w.condition()} else {w.number(d)})"


@number("choices")
def number_choice(w: Writer, d: int) -> str:
    a, b = w.number(d), w.number(d)
    return str(
        w.choose(
            f"max({a}, {b})", f"min({a}, {b} + 0.1)", f"abs({a})", f"np.maximum({a}, 0.1)",
            f"np.where({a} > {b}, {b}, 0.2)", f"np.clip({a}, -0.5, 0.6)",
        )
    )  # fmt: skip


@number("linalg")
def inner(w: Writer, d: int) -> str:
    shape = w.choose((3,), (4,))
    a, b = w.array(shape, d), w.array(shape, d)
    return str(
        w.choose(
            f"0.2 * ({a} @ {b})", f"0.2 * np.dot({a}, {b})", f"np.linalg.norm({a} + 0.1)",
            f"0.2 * np.einsum('i,i->', {a}, {b})",
        )
    )  # fmt: skip


@number("reductions")
def reduction(w: Writer, d: int) -> str:
    a = w.array(w.shape(), d)
    name = w.choose("np.max", "np.min", "np.var", "np.prod", "np.mean", "0.2 * np.sum")
    return f"{name}({a})"


@number("ints")
def integer_arithmetic(w: Writer, d: int) -> str:
    v = w.pick(w.of_kind("int"))
    a = w.number(d)
    return str(
        w.choose(
            f"0.2 * {v.name} * {a}", f"{a} / (2 + {v.name})", f"0.5 * {a} ** ({v.name} % 3 + 1)",
            f"{a} * ({v.name} // 2)", f"math.sin({a} + {v.name})", f"{a} * float({v.name} % 2)",
        )
    )  # fmt: skip


@array("base", 4)
def array_arithmetic(w: Writer, shape: Shape, d: int) -> str:
    a, b, x = w.array(shape, d), w.array(shape, d), w.number(d)
    return str(
        w.choose(
            f"0.5 * ({a} + {b})", f"({a} - {x})", f"0.4 * {a} * {b}", f"{a} * {x}", f"-{a}",
            f"{a} / (1.5 + {b} * {b})", f"({x} * {a} + {b}) / 2", f"0.3 * {a} ** 2",
        )
    )  # fmt: skip


@array("base", 3)
def array_bounded(w: Writer, shape: Shape, d: int) -> str:
    return f"{w.choose('np.sin', 'np.tanh', 'np.cos', 'np.arctan')}({w.array(shape, d)})"


@array("base", 1)
def made(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1 and shape[0] <= 4:
        inside = ", ".join(w.number(d) for _ in range(shape[0]))
        return f"np.array([{inside}])"
    return f"np.ones({shape}) * {w.number(d)}"


@array("indexing", 3)
def taken(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1:
        return _taken_vector(w, shape[0])
    v = w.pick(w.arrays(2))
    rows, columns = v.shape
    if v.shape == shape:
        return str(w.choose(f"{v.name}[::-1]", f"{v.name}[:, ::-1]", f"{v.name}[...]"))
    if v.shape == shape[::-1]:
        return str(w.choose(f"{v.name}.T", f"np.transpose({v.name})"))
    if rows >= shape[0] and columns >= shape[1]:
        return f"{v.name}[:{shape[0]}, {columns - shape[1]}:]"
    if rows * columns == shape[0] * shape[1]:
        return f"{v.name}.reshape({shape[0]}, {shape[1]})"
    raise NotApplicable


def _taken_vector(w: Writer, length: int) -> str:
    v = w.pick(w.arrays())
    if len(v.shape) == 2:
        rows, columns = v.shape
        if columns == length:
            return str(w.choose(f"{v.name}[{w.index(rows)}]", f"{v.name}[{w.index(rows)}, ::-1]"))
        if rows == length:
            return f"{v.name}[:, {w.index(columns)}]"
        if rows * columns == length:
            return f"{v.name}.ravel()"
        raise NotApplicable
    size = v.shape[0]
    if size == length:
        order = [w.rng.randrange(-size, size) for _ in range(length)]
        return str(w.choose(f"{v.name}[::-1]", f"{v.name}[{order}]", f"{v.name}[:]",
                            f"np.roll({v.name}, 1)", f"{v.name}[np.array({order})]"))  # fmt: skip
    if size > length:
        return str(w.choose(f"{v.name}[{size - length}:]", f"{v.name}[:{length}]",
                            f"{v.name}[{length - 1}::-1]"))  # fmt: skip
    raise NotApplicable


@array("broadcast", 3)
def broadcast(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1:
        (n,) = shape
        one = w.array((1,), d)
        return str(w.choose(f"{w.array((n,), d)} * {one}", f"({one} + {w.array((n,), d)}) * 0.5"))
    rows, columns = shape
    row, column = w.array((columns,), d), w.array((rows,), d)
    full = w.array(shape, d)
    sign = w.choose("+", "-", "*")
    return str(
        w.choose(
            f"0.5 * (({row})[None, :] {sign} ({column})[:, None])",
            f"0.5 * ({full} {sign} {row})",
            f"0.5 * (({column})[:, np.newaxis] {sign} {full})",
            f"0.5 * ({full} {sign} np.full((1, {columns}), {w.number(d)}))",
            f"0.5 * ({w.array((rows, 1), d)} {sign} {w.array((1, columns), d)})",
        )
    )


@array("reductions", 2)
def reduced(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1:
        (n,) = shape
        other = w.choose(2, 3)
        across, down = w.array((n, other), d), w.array((other, n), d)
        return str(
            w.choose(
                f"0.3 * np.sum({across}, axis=1)", f"np.mean({down}, axis=0)",
                f"({down}).max(axis=0)", f"0.5 * ({across}).sum(axis=-1)", f"np.min({across}, 1)",
                f"0.3 * np.cumsum({w.array(shape, d)})",
            )
        )  # fmt: skip
    a, axis = w.array(shape, d), w.choose(0, 1, -1)
    name = w.choose("np.sum", "np.mean", "np.max")
    return f"0.3 * ({a} - {name}({a}, axis={axis}, keepdims=True))"


@array("choices", 3)
def choice(w: Writer, shape: Shape, d: int) -> str:
    a, b = w.array(shape, d), w.array(shape, d)
    return str(
        w.choose(
            f"np.where({a} > 0.1, {b}, {w.number(d)})", f"np.where({a} < {b}, {a}, 0.0)",
            f"np.maximum({a}, 0.2)", f"np.minimum({a}, {b})", f"np.clip({a}, -0.4, 0.7)",
            f"np.abs({a})", f"np.where({a} > 0.15, np.sqrt(np.maximum({a}, 0.1)), {b})",
            f"({a} > 0.05) * {b}",
        )
    )  # fmt: skip


@array("linalg", 2)
def product(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1:
        m, v = w.array((shape[0], 3), d), w.array((3,), d)
        t = w.array((3, shape[0]), d)
        return str(w.choose(f"0.3 * {m} @ {v}", f"0.3 * np.dot({m}, {v})", f"0.3 * {v} @ {t}"))
    rows, columns = shape
    return str(
        w.choose(
            f"0.3 * {w.array((rows, 2), d)} @ {w.array((2, columns), d)}",
            f"0.4 * np.outer({w.array((rows,), d)}, {w.array((columns,), d)})",
            f"0.4 * np.einsum('i,j->ij', {w.array((rows,), d)}, {w.array((columns,), d)})",
        )
    )


@array("joining", 3)
def joined(w: Writer, shape: Shape, d: int) -> str:
    if len(shape) == 1:
        first = w.rng.randrange(1, shape[0]) if shape[0] > 1 else 0
        if not first:
            raise NotApplicable
        parts = f"{w.array((first,), d)}, {w.array((shape[0] - first,), d)}"
        return str(w.choose(f"np.concatenate([{parts}])", f"np.hstack(({parts}))"))
    if shape[0] > 3:
        raise NotApplicable
    rows = ", ".join(w.array((shape[1],), d) for _ in range(shape[0]))
    return str(w.choose(f"np.stack([{rows}])", f"np.array([{rows}])", f"np.vstack(({rows},))"))


@condition("base", 3)
def comparison(w: Writer) -> str:
    sign = w.choose("<", ">", "<=", ">=")
    return f"{w.number(2)} {sign} {w.choose(w.number(2), '0.1', '-0.3')}"


@condition("branches")
def combined(w: Writer) -> str:
    a, b = comparison(w), comparison(w)
    return str(w.choose(f"{a} and {b}", f"{a} or {b}", f"not {a}", f"-0.9 < {w.number(2)} < 0.8"))


@condition("ints", 2)
@condition("jumps", 2)
def of_ints(w: Writer) -> str:
    v = w.pick(w.of_kind("int"))
    return str(w.choose(f"{v.name} % 2 == 0", f"{v.name} > 1", f"{v.name} == 1", f"{v.name} != 2"))


@condition("indexing")
def of_elements(w: Writer) -> str:
    v = w.pick(w.arrays())
    return str(w.choose(f"np.sum({v.name}) > 0.2", f"np.any({v.name} > 0.9)",
                        f"{v.name}[{', '.join(['0'] * len(v.shape))}] < 0.3"))  # fmt: skip
