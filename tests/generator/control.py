"""Statements: assignments, branches, loops and the ways out of them."""

from __future__ import annotations

from .writer import NotApplicable, Writer, statement

__all__ = ["overwritten"]


def overwritten(w: Writer, kind: str) -> str:
    """A name to assign to: an old one, or a new one."""
    old = [v.name for v in w.of_kind(kind) if v.name[0] in "va"]
    return str(w.rng.choice(old)) if old and w.chance(0.6) else w.fresh(kind[0].replace("n", "v"))


@statement("base", 5)
def assign_number(w: Writer) -> None:
    text, name = w.number(), overwritten(w, "number")
    w.line(f"{name} = {text}")
    w.learn(name, "number")


@statement("base", 4)
def assign_array(w: Writer) -> None:
    old = [v for v in w.arrays() if v.name[0] == "a"]
    if old and w.chance(0.5):
        v = w.rng.choice(old)
        name, shape = v.name, v.shape
    else:
        name, shape = w.fresh("a"), w.shape()
    text = w.array(shape)
    # An expression may be another name: whether that may be stored into is the views' affair.
    plain = text.isidentifier() and not w.has("views")
    w.line(f"{name} = {text}{' * 1.0' if plain else ''}")
    w.learn(name, "array", shape)


@statement("base", 2)
def augment_number(w: Writer) -> None:
    v = w.pick([v for v in w.of_kind("number") if v.name[0] == "v"])
    sign = w.choose("+", "-", "*", "/")
    text = w.number(1)
    if sign in "+-":
        w.line(f"{v.name} *= 0.8")
        text = f"0.3 * {text}"
    elif sign == "/":
        text = f"1.2 + 0.3 * {text} ** 2"
    w.line(f"{v.name} {sign}= {text}")


@statement("tuples", 3)
def tuple_assignment(w: Writer) -> None:
    numbers = [v.name for v in w.of_kind("number") if v.name[0] == "v"]
    arrays = [v for v in w.arrays() if v.name[0] == "a"]
    match w.rng.randrange(5):
        case 0 if len(numbers) > 1:
            a, b = w.rng.sample(numbers, 2)
            w.line(f"{a}, {b} = {b}, {a}")
        case 1 if len(numbers) > 1:
            a, b = w.rng.sample(numbers, 2)
            w.line(f"{a}, {b} = {w.number(1)}, {w.number(1)}")
        case 2:
            a, b = w.fresh("v"), w.fresh("v")
            w.line(f"{a} = {b} = {w.number(1)}")
            w.learn(a, "number")
            w.learn(b, "number")
        case 3:
            a, rest = w.fresh("v"), w.fresh("t")
            order = w.choose(f"{a}, *{rest}", f"*{rest}, {a}")
            w.line(f"{order} = ({w.number(1)}, {w.number(1)}, {w.number(1)})")
            b = w.fresh("v")
            w.line(f"{b} = 0.5 * ({rest}[0] + {rest}[-1])")
            w.learn(a, "number")
            w.learn(b, "number")
        case _ if len({v.shape for v in arrays}) < len(arrays):
            v = w.rng.choice(arrays)
            o = w.pick([o for o in arrays if o.shape == v.shape and o.name != v.name])
            w.line(f"{v.name}, {o.name} = {o.name}, {v.name}")
        case _:
            raise NotApplicable


@statement("branches", 4)
def branch(w: Writer) -> None:
    if w.depth > 2:
        raise NotApplicable
    before, after = list(w.known), []
    headers = [f"if {w.condition()}:"]
    if w.chance(0.3):
        headers.append(f"elif {w.condition()}:")
    if w.chance(0.6):
        headers.append("else:")
    for header in headers:
        w.known = list(before)
        with w.block(header):
            w.statements(w.rng.randint(1, 3))
        after.append(w.known)
    if headers[-1] != "else:":
        after.append(before)
    w.known = [v for v in after[0] if all(v in others for others in after[1:])]
    # What was known under a name before, and is something else on one path, is of no use now.


def _trips(w: Writer) -> tuple[str, int]:
    """Bounds of a range, and one more than the largest index."""
    return w.rng.choice(  # type: ignore[no-any-return]
        [("n", 3), ("3", 3), ("2", 2), ("1, 4", 4), ("0", 1), ("4, 0, -2", 5), ("0, 5, 2", 5),
         ("n, 0, -1", 4), ("1, n + 1", 4), ("n - 1", 3)]
    )  # fmt: skip


def _body(w: Writer, header: str, jumps: bool = True) -> None:
    """A loop's body, perhaps with ways out; what it makes is not relied on afterwards."""
    if w.depth > 2:
        raise NotApplicable
    before = list(w.known)
    w.loops += 1
    with w.block(header):
        for _ in range(w.rng.randint(1, 3)):
            w.statements(1)
            if jumps and w.has("jumps") and w.chance(0.35):
                with w.block(f"if {w.condition()}:"):
                    if w.chance(0.3):
                        w.statements(1)
                    w.line(w.choose("break", "continue"))
    w.loops -= 1
    inside = w.known
    w.known = [v for v in before if v in inside]
    if w.has("jumps") and w.chance(0.3):
        with w.block("else:"):
            w.statements(1)
        inside = w.known
        w.known = [v for v in before if v in inside]


def _iterated(w: Writer, text: str) -> str:
    """What a loop runs over, perhaps in segments."""
    if not w.has("checkpoint") or w.chance(0.2):
        return text
    every = w.choose("", ", every=1", ", every=2", ", every=3", ", every=n + 1")
    return f"checkpoint({text}{every})"


@statement("ranges", 4)
def range_loop(w: Writer) -> None:
    name = w.fresh("i")
    bounds, limit = _trips(w)
    known = list(w.known)
    w.learn(name, "int", bound=limit)
    _body(w, f"for {name} in {_iterated(w, f'range({bounds})')}:")
    w.known = [v for v in w.known if v in known]


@statement("checkpoint", 6)
def checkpointed_loop(w: Writer) -> None:
    w.choose(range_loop, element_loop)(w)


@statement("iteration", 4)
def element_loop(w: Writer) -> None:
    known, v = list(w.known), w.pick(w.arrays())
    one = w.fresh("e")
    kind = "number" if len(v.shape) == 1 else "array"
    facts = {"writable": False} if kind == "number" else {}
    w.learn(one, kind, v.shape[1:], **facts)
    match w.rng.randrange(4):
        case 0:
            index = w.fresh("i")
            w.learn(index, "int", bound=v.shape[0])
            target, over = f"{index}, {one}", f"enumerate({v.name})"
        case 1:
            others = [o for o in w.arrays() if o.shape[0] == v.shape[0] and o.name not in
                      (v.name, one)]  # fmt: skip
            other, o = w.fresh("e"), w.pick(others)
            w.learn(other, "number" if len(o.shape) == 1 else "array", o.shape[1:])
            target, over = f"{one}, {other}", f"zip({v.name}, {o.name})"
        case 2:
            target, over = one, f"reversed({v.name})"
        case _:
            target, over = one, v.name
    _body(w, f"for {target} in {_iterated(w, over)}:")
    w.known = [v for v in w.known if v in known]


@statement("whiles", 3)
def while_loop(w: Writer) -> None:
    if w.depth > 2:
        raise NotApplicable
    name, known = w.fresh("k"), list(w.known)
    w.line(f"{name} = 0")
    limit = w.choose("3", "n", "2")
    header = f"while {name} < {limit}:"
    if w.has("jumps") and w.chance(0.3):
        header = "while True:"
    with w.block(header):
        w.line(f"{name} += 1")
        w.learn(name, "int", bound=4)
        if header == "while True:":
            with w.block(f"if {name} > {limit}:"):
                w.line("break")
        w.statements(w.rng.randint(1, 3))
        if w.has("jumps") and w.chance(0.3):
            with w.block(f"if {w.condition()}:"):
                w.line(w.choose("break", "continue"))
            w.statements(1)
    inside = w.known
    w.known = [v for v in known if v in inside]


@statement("whiles", 1)
def converging_while(w: Writer) -> None:
    v = w.pick([v for v in w.of_kind("number") if v.name[0] == "v"])
    w.line(f"while {v.name} * {v.name} > 0.17:")
    w.line(f"    {v.name} = 0.6 * {v.name}")


@statement("returns", 2)
def early_return(w: Writer) -> None:
    if w.in_function:
        raise NotApplicable
    with w.block(f"if {w.condition()}:"):
        if w.chance(0.3):
            w.statements(1)
        w.line(f"return {w.number(1)}")


@statement("effects", 2)
def effect(w: Writer) -> None:
    v = w.pick([v for v in w.known if v.kind != "array"])
    a = w.number(2)
    w.line(
        w.choose(
            f"print({v.name})", f"print('step', {a}, sep=': ')", f"print(f'{{{v.name}:.3f}}')",
            f"assert {a} < 1000.0", f"assert {a} < 1000.0, f'too large: {{{v.name}}}'",
        )
    )  # fmt: skip


@statement("effects", 1)
def raising(w: Writer) -> None:
    with w.block(f"if {w.number(2)} > 1000.0:"):
        w.line("raise ValueError('too large')")


@statement("matching", 2)
def matching(w: Writer) -> None:
    if w.depth > 1:
        raise NotApplicable
    known = list(w.known)
    subject = w.choose("n % 3", "n")
    v = w.pick([v for v in w.of_kind("number") if v.name[0] == "v"])
    with w.block(f"match {subject}:"):
        for case in ("0", w.choose("1", "1 | 2"), "_"):
            with w.block(f"case {case}:"):
                w.line(f"{v.name} = {w.number(1)}")
    w.known = known
