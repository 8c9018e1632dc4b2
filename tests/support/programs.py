"""Random programs of the subset, from a seed: the text of a function `f(xs, ys, xa, n)`.

Scalars and arrays of three elements; nested loops and branches, overwriting, tuple assignment,
reductions, indexing, selection. All values stay of moderate size. With `jumps`, also `break`,
`continue` and `return` anywhere, `else` of loops, loops over tuples, `while True`.
"""

from __future__ import annotations

import random

__all__ = ["program"]

Variables = list[tuple[str, str]]  # name, and "s" for numbers or "a" for arrays

HEADER = "import math\nimport numpy as np\n\n\ndef f(xs, ys, xa, n):\n"


def program(seed: int, jumps: bool = False) -> str:
    """The source of one program."""
    return (_Jumper if jumps else _Writer)(random.Random(seed)).text()


class _Writer:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.count = 0

    def text(self) -> str:
        known: Variables = [("xs", "s"), ("ys", "s"), ("xa", "a"), ("v", "s"), ("w", "a")]
        self.lines = ["    v = xs * ys", "    w = xa * 1.0"]
        self.block(known, "    ", 0, self.rng.randint(3, 7))
        return f"{HEADER}{chr(10).join(self.lines)}\n    return {self.result(known)}\n"

    @staticmethod
    def result(known: Variables) -> str:
        terms = [
            f"0.3 * math.tanh({name})" if kind == "s" else f"0.3 * np.tanh({name}).sum()"
            for name, kind in known
            if name[0] in "vw"
        ]
        return " + ".join(terms)

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def block(self, known: Variables, indent: str, depth: int, length: int) -> None:
        start = len(self.lines)
        for _ in range(length):
            kind = self.rng.random()
            if kind < 0.6 or depth > 2:
                self.assignment(known, indent)
            elif kind < 0.7:
                self.swap(known, indent)
            elif kind < 0.85:
                self.branch(known, indent, depth)
            else:
                self.loop(known, indent, depth)
        if len(self.lines) == start:
            self.lines.append(f"{indent}pass")

    def assignment(self, known: Variables, indent: str) -> None:
        kind = self.rng.choice("ssa")
        text = self.expression(known, kind)
        if kind == "a" and not any(name in text for name, k in known if k == "a"):
            text = f"({text} * xa)"
        old = [name for name, k in known if k == kind and name[0] in "vw"]
        reuse = bool(old) and self.rng.random() < 0.6
        name = self.rng.choice(old) if reuse else self.fresh("v" if kind == "s" else "w")
        self.lines.append(f"{indent}{name} = {text}")
        if (name, kind) not in known:
            known.append((name, kind))

    def swap(self, known: Variables, indent: str) -> None:
        numbers = [name for name, kind in known if kind == "s" and name[0] == "v"]
        if len(numbers) > 1:
            a, b = self.rng.sample(numbers, 2)
            first, second = self.expression(known, "s"), self.expression(known, "s")
            self.lines.append(f"{indent}{a}, {b} = {first}, {second}")

    def branch(self, known: Variables, indent: str, depth: int) -> None:
        self.lines.append(f"{indent}if {self.condition(known)}:")
        then = list(known)
        self.block(then, indent + "    ", depth + 1, self.rng.randint(1, 3))
        if self.rng.random() < 0.6:
            self.lines.append(f"{indent}else:")
            other = list(known)
            self.block(other, indent + "    ", depth + 1, self.rng.randint(1, 3))
            known += [item for item in then if item in other and item not in known]

    def loop(self, known: Variables, indent: str, depth: int) -> None:
        index = self.fresh("i")
        inner = list(known)
        if self.rng.random() < 0.75:
            bounds = self.rng.choice(["n", "2", "3", "1, 6, 2", "0"])
            self.lines.append(f"{indent}for {index} in range({bounds}):")
            inner.append((index, "s"))
        else:
            self.lines.append(f"{indent}{index} = 0")
            self.lines.append(f"{indent}while {index} < {self.rng.choice(['3', 'n'])}:")
            self.lines.append(f"{indent}    {index} = {index} + 1")
        self.block(inner, indent + "    ", depth + 1, self.rng.randint(1, 4))

    def condition(self, known: Variables) -> str:
        sign = self.rng.choice("<>")
        return f"{self.expression(known, 's', 2)} {sign} {self.expression(known, 's', 2)}"

    def expression(self, known: Variables, kind: str, depth: int = 0) -> str:
        choice = self.rng.random()
        if depth > 2 or choice < 0.3:
            return self.leaf(known, kind)
        a = self.expression(known, kind, depth + 1)
        if choice < 0.6:
            other = self.rng.choice([kind, "s"]) if kind == "a" else "s"
            return f"({a} {self.rng.choice('+-*')} {self.expression(known, other, depth + 1)})"
        if choice < 0.66:
            return f"({a} / (2.5 + {self.expression(known, kind, depth + 1)} ** 2))"
        if choice < 0.9:
            numpy = ["np.sin", "np.tanh", "np.cos"]
            names = numpy if kind == "a" else ["math.sin", "math.tanh", "math.cos", "np.sin"]
            return f"{self.rng.choice(names)}({a})"
        return self.number_of_array(known, a) if kind == "s" else self.selection(known, a, depth)

    def leaf(self, known: Variables, kind: str) -> str:
        names = [name for name, k in known if k == kind]
        if names and self.rng.random() < 0.85:
            return self.rng.choice(names)
        return str(self.rng.choice([0.5, 1.5, -0.7, 2.0, 1.0]))

    def number_of_array(self, known: Variables, a: str) -> str:
        array = self.rng.choice([name for name, kind in known if kind == "a"])
        element = f"({array} * np.ones(3))[{self.rng.randrange(3)}]"
        conditional = f"({a} if {self.condition(known)} else {self.expression(known, 's', 2)})"
        return self.rng.choice(
            [f"np.sum({array})", element, f"np.mean({array})", conditional]
        )

    def selection(self, known: Variables, a: str, depth: int) -> str:
        b = self.expression(known, "a", depth + 1)
        test = self.expression(known, "a", 3)
        return self.rng.choice(
            [
                f"np.where({test} > 0.1, {a}, {b})",
                f"({a} * np.ones(3))[::-1]",
                f"np.maximum({a}, 0.2)",
            ]
        )


class _Jumper(_Writer):
    """Programs that jump; `loops` counts the loops around."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.loops = 0

    def block(self, known: Variables, indent: str, depth: int, length: int) -> None:
        start = len(self.lines)
        for _ in range(length):
            kind = self.rng.random()
            if kind < 0.35 or depth > 3:
                self.assignment(known, indent)
            elif kind < 0.4:
                self.swap(known, indent)
            elif kind < 0.55:
                self.branch(known, indent, depth)
            elif kind < 0.75:
                self.guarded_jump(known, indent)
            else:
                self.loop(known, indent, depth)
        if depth and self.rng.random() < 0.15:
            self.jump(known, indent)
        if len(self.lines) == start:
            self.lines.append(f"{indent}pass")

    def guarded_jump(self, known: Variables, indent: str) -> None:
        """`if c: jump`, now and then the other way round."""
        self.lines.append(f"{indent}if {self.condition(known)}:")
        other = self.rng.random()
        if other < 0.3:
            self.assignment(list(known), indent + "    ")
        if other < 0.85:
            self.jump(known, indent + "    ")
        else:
            self.assignment(list(known), indent + "    ")
            self.lines.append(f"{indent}else:")
            self.jump(known, indent + "    ")

    def jump(self, known: Variables, indent: str) -> None:
        kinds = ["break", "break", "continue", "return"] if self.loops else ["return"]
        kind = self.rng.choice(kinds)
        if kind == "return":
            kind = f"return {self.rng.choice([self.result(known), self.expression(known, 's')])}"
        self.lines.append(f"{indent}{kind}")

    def loop(self, known: Variables, indent: str, depth: int) -> None:
        index, inner = self.fresh("i"), list(known)
        kind = self.rng.random()
        if kind < 0.5:
            bounds = self.rng.choice(["n", "2", "3", "4", "1, 6, 2", "0"])
            self.lines.append(f"{indent}for {index} in range({bounds}):")
        elif kind < 0.6:
            self.lines.append(f"{indent}for {index} in (0.3, xs, ys * 2):")
        elif kind < 0.7:
            self.lines.append(f"{indent}for {index} in xa:")
        else:
            end = self.rng.choice(["3", "n"])
            self.lines.append(f"{indent}{index} = 0")
            if kind < 0.85:
                self.lines.append(f"{indent}while {index} < {end}:")
            else:
                self.lines.append(f"{indent}while True:")
                self.lines.append(f"{indent}    if {index} >= {end}:")
                self.lines.append(f"{indent}        break")
            self.lines.append(f"{indent}    {index} = {index} + 1")
        if kind < 0.7:
            inner.append((index, "s"))
        self.loops += 1
        self.block(inner, indent + "    ", depth + 1, self.rng.randint(1, 4))
        self.loops -= 1
        if self.rng.random() < 0.3:
            self.lines.append(f"{indent}else:")
            self.block(list(known), indent + "    ", depth + 1, self.rng.randint(1, 2))
