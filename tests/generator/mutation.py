"""Statements that change arrays: stores by element, slice, mask and index array, through views,
through other names and through helpers."""

from __future__ import annotations

from .writer import NotApplicable, Variable, Writer, statement

__all__: list[str] = []


def _target(w: Writer, rank: int | None = None) -> Variable:
    return w.pick(w.arrays(rank, writable=True))


@statement("stores", 2)
def made_array(w: Writer) -> None:
    name, shape = w.fresh("a"), w.shape()
    size = shape[0] if len(shape) == 1 else shape
    w.line(f"{name} = {w.choose(f'np.zeros({size})', f'np.ones({size})', f'np.empty({size})')}")
    if "empty" in w.lines[-1]:
        w.line(f"{name}[:] = {w.choose(w.number(2), w.array(shape, 1))}")
    w.learn(name, "array", shape)


@statement("trajectories", 5)
def trajectory(w: Writer) -> None:
    """Rows of an array made from earlier rows, or not so early ones."""
    v = w.pick(w.arrays(1))
    name, t, rows = w.fresh("a"), w.fresh("i"), w.choose(3, 4)
    x = w.number(1)
    w.line(f"{name} = np.zeros(({rows}, {v.shape[0]}))")
    w.line(f"{name}[{w.choose('0', ':2', '-1')}] = {v.name}")
    first, last = w.choose((0, rows - 1), (1, rows), (2, rows))
    here = (t, f"{t} - 1", f"{t} + 1") if last < rows else (t, f"{t} - 1", f"{t} - 2")
    reads = [f"{name}[{k}]" for k in here]
    for k in (t, f"{t} - 1", f"{t} + 1"):
        reads += [f"np.sum({name}[:{k}], axis=0)", f"np.sum({name}[:{k}, ::-1], axis=0)"]
    depth = w.indent
    if w.chance(0.3):
        w.line(f"for {w.fresh('i')} in range(2):")
        w.indent += 1
    w.line(f"for {t} in range({first}, {last}):")
    w.indent += 1
    for _ in range(w.choose(1, 1, 2)):
        if w.chance(0.3):
            w.line(f"if {w.condition()}:")
            w.indent += 1
        read, other = w.choose(*reads), w.choose(*reads)
        w.line(f"{name}[{w.choose(*here)}] {w.choose('=', '=', '+=')}"
               f" 0.5 * np.sin({read}) * {w.choose(other, x)}")  # fmt: skip
    w.indent = depth
    w.learn(name, "array", (rows, v.shape[0]))


@statement("stores", 4)
def element_store(w: Writer) -> None:
    v = _target(w)
    key = ", ".join(w.index(size) for size in v.shape)
    x = w.number(1)
    w.line(
        w.choose(
            f"{v.name}[{key}] = {x}", f"{v.name}[{key}] = {x}", f"{v.name}[{key}] *= {x}",
            f"{v.name}[{key}] += 0.3 * {x}", f"{v.name}[{key}] -= 0.3 * {x}",
        )
    )  # fmt: skip


@statement("stores", 2)
def slice_store(w: Writer) -> None:
    v = _target(w, 1)
    (n,) = v.shape
    a = w.number(1)
    w.line(
        w.choose(
            f"{v.name}[1:] = {w.array((n - 1,), 1)}", f"{v.name}[::2] = {a}",
            f"{v.name}[::-1] = {w.array((n,), 1)}", f"{v.name}[:-1] *= {a}",
            f"{v.name}[1:] = 0.5 * {v.name}[:-1] * {a}", f"{v.name}[:-1] += 0.3 * {v.name}[1:]",
            f"{v.name}[...] = {w.array((n,), 1)}", f"{v.name}[::-2] -= 0.2 * {a}",
            f"{v.name}[1:] = {v.name}[:-1]", f"{v.name}[:] = {v.name}[::-1]",
        )
    )  # fmt: skip


@statement("stores", 2)
def matrix_store(w: Writer) -> None:
    v = _target(w, 2)
    rows, columns = v.shape
    i, j, x = w.index(rows), w.index(columns), w.number(1)
    row, column = w.array((columns,), 1), w.array((rows,), 1)
    w.line(
        w.choose(
            f"{v.name}[{i}] = {row}", f"{v.name}[:, {j}] = {column}", f"{v.name}[{i}, :] += {row}",
            f"{v.name}[1:, :2] *= {x}", f"{v.name}[..., {j}] = {x}", f"{v.name}[{i}, 1:] = {x}",
            f"{v.name}[{i}][{j}] = {x}", f"{v.name}[::-1] = {v.name} * {x}",
        )
    )  # fmt: skip


@statement("stores", 2)
def filling_loop(w: Writer) -> None:
    """What people write most: zeros, and a loop that fills them."""
    if w.depth > 2:
        raise NotApplicable
    name, i, n = w.fresh("a"), w.fresh("i"), w.choose(3, 4)
    w.line(f"{name} = np.zeros({n})")
    known = w.known
    w.line(f"{name}[0] = {w.number(2)}")
    with w.block(f"for {i} in range(1, {n}):"):
        w.learn(i, "int", bound=n)
        w.line(f"{name}[{i}] = math.sin({name}[{i} - 1]) * {w.number(2)} + 0.1 * {i}")
        if w.chance(0.3):
            w.line(f"{name}[{i} - 1] += 0.2 * {name}[{i}]")
    w.known = known
    w.learn(name, "array", (n,))


@statement("masks", 3)
def mask_store(w: Writer) -> None:
    v = _target(w)
    x = w.number(1)
    w.line(
        w.choose(
            f"{v.name}[{v.name} > 0.2] = {x}", f"{v.name}[{v.name} < 0.1] *= {x}",
            f"{v.name}[{w.array(v.shape, 2)} > 0.3] += 0.4 * {x}",
        )
    )  # fmt: skip


@statement("masks", 3)
def index_store(w: Writer) -> None:
    v = _target(w, 1)
    (n,) = v.shape
    order = [w.rng.randrange(-n, n) for _ in range(3)]
    keys = w.choose(str(order), f"np.array({order})")
    values = w.array((3,), 1)
    w.line(
        w.choose(
            f"{v.name}[{keys}] = {values}", f"{v.name}[{keys}] += 0.3 * {values}",
            f"np.add.at({v.name}, {keys}, 0.3 * {values})", f"{v.name}[{keys}] = {w.number(1)}",
        )
    )  # fmt: skip


@statement("inplace", 4)
def augmented(w: Writer) -> None:
    v = _target(w)
    a = w.choose(w.array(v.shape, 1), w.number(1))
    w.line(
        w.choose(
            f"{v.name} += 0.3 * {a}", f"{v.name} *= {a}", f"{v.name} -= 0.2 * {a}",
            f"{v.name} /= 1.5 + {a} * {a}", f"np.sin({v.name}, out={v.name})",
            f"np.multiply({v.name}, 0.7, out={v.name})", f"np.tanh({w.array(v.shape, 1)},"
            f" out={v.name})", f"{v.name}.fill({w.number(2)})",
        )
    )  # fmt: skip


@statement("views", 3)
def view(w: Writer) -> None:
    """Another name for an array or a part of it; stores through either are seen by both."""
    v, name = _target(w), w.fresh("a")
    if len(v.shape) == 1:
        (n,) = v.shape
        text, shape = w.rng.choice(
            [(v.name, (n,)), (f"{v.name}[1:]", (n - 1,)), (f"{v.name}[::-1]", (n,)),
             (f"{v.name}[:-1]", (n - 1,)), (f"{v.name}.reshape(1, -1)", (1, n)),
             (f"{v.name}[:, None]", (n, 1))]
        )  # fmt: skip
    else:
        r, c = v.shape
        text, shape = w.rng.choice(
            [(v.name, (r, c)), (f"{v.name}.T", (c, r)), (f"{v.name}[{w.index(r)}]", (c,)),
             (f"{v.name}.reshape(-1)", (r * c,)), (f"{v.name}[:, {w.index(c)}]", (r,)),
             (f"{v.name}[1:]", (r - 1, c)), (f"{v.name}.ravel()", (r * c,)),
             (f"np.transpose({v.name})", (c, r)), (f"{v.name}.reshape({c}, {r})", (c, r))]
        )  # fmt: skip
    w.line(f"{name} = {text}")
    made = w.learn(name, "array", shape)
    key = ", ".join(w.index(size) for size in made.shape)
    if w.chance(0.7):
        x = w.number(1)
        w.line(w.choose(f"{name}[{key}] = {x}", f"{name}[{key}] += 0.2 * {x}", f"{name} *= {x}",
                        f"{name}[:] = {x}"))  # fmt: skip


@statement("views", 1)
def row_stores(w: Writer) -> None:
    v, one, x = _target(w, 2), w.fresh("e"), w.number(2)
    w.line(f"for {one} in {v.name}:")
    w.line(f"    {one}{w.choose('[0]', '[1:]', '[:]')} {w.choose('*=', '=')} {x}")


@statement("views", 1)
def chosen_alias(w: Writer) -> None:
    v = _target(w)
    o = w.pick([o for o in w.arrays(writable=True) if o.shape == v.shape and o.name != v.name])
    name = w.fresh("a")
    w.line(f"{name} = {v.name} if {w.condition()} else {o.name}")
    w.learn(name, "array", v.shape)


_STORING = (
    ("a[0] = v", "return None"), ("a *= v", "return a"), ("a[1:] += 0.3 * v", "return a[1:]"),
    ("a[a > 0.2] = v", "return None"), ("a[-1] = a[0] * v", "return np.sum(a)"),
)  # fmt: skip


@statement("storing-helpers", 3)
def storing_helper(w: Writer) -> None:
    v, name = _target(w, 1), w.fresh("h")
    body, result = w.rng.choice(_STORING)
    w.outside += [f"def {name}(a, v):", f"    {body}", f"    {result}", "", ""]
    call = f"{name}({w.choose(v.name, v.name, f'{v.name}[1:]', f'{v.name}[::-1]')}, {w.number(1)})"
    if "sum" in result and w.chance(0.7):
        number = w.fresh("v")
        w.line(f"{number} = 0.3 * {call}")
        w.learn(number, "number")
    else:
        w.line(call)
