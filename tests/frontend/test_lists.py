"""Lists and dicts that the function makes and changes: known in length, and of run-time length."""

import numpy as np
import pytest
from proving import prove

from adcompiler import UnsupportedError, grad

X = np.array([0.7, -1.2, 0.4])


def squares(x):
    ys = []
    for v in x:
        ys.append(v * v)
    return sum(ys)


def recurrence(x):
    ys = [1.0]
    for i in range(len(x)):
        ys.append(np.sin(ys[-1]) * x[i])
    return np.sum(np.array(ys) ** 2)


def older_elements(x):
    ys = [x[0], x[1]]
    for i in range(2, 6):
        ys.append(ys[i - 1] * x[2] + ys[i - 2] * ys[-1])
    return ys[-1] * ys[0] + ys[3] + len(ys)


def comprehension(x):
    ys = [v * v for v in x if v > 0]
    return np.mean(ys) * len(ys)


def nested_comprehension(x):
    return sum([u * v for u in x for v in x if u > v])


def zipped_comprehension(x):
    ys = [np.sin(v) for v in x]
    zs = [u * v for u, v in zip(ys, x)]
    return sum(u * k for k, u in enumerate(zs)) * ys[0]


def generators(x):
    s = sum(v * v for v in x) + max(v * x[0] for v in x) - min(v for v in x[1:])
    return s * (2.0 if any(v > 0.5 for v in x) else 3.0) + all(v > -9 for v in x) * x[1]


def hidden_layers(x):
    hs = []
    h = x
    for _ in range(4):
        h = np.tanh(h)
        hs.append(h)
    return np.sum(np.stack(hs) ** 2) + np.sum(hs[2] * hs[-1])


def stacked_along_axes(x):
    hs = [x]
    for i in range(3):
        hs.append(np.tanh(hs[-1]) + hs[i])
    s = np.sum(np.stack(hs, axis=1) ** 2) + np.sum(np.concatenate(hs) ** 3)
    return s + np.sum(sum(hs, np.zeros(3)) ** 2) + np.sum(np.array(hs) @ x)


def iterated(x):
    ys = []
    for v in x:
        ys.append(v * v)
    s = 0.0
    for i, y in enumerate(ys):
        s = s * y + i
    for a, b in zip(ys, reversed(ys)):
        s += a * b
    return s


def stack_machine(x):
    stack = []
    s = 1.0
    for v in x:
        stack.append(v * s)
        stack.append(v)
        s = stack.pop() * stack.pop() + 0.5
    return s


def changed_elements(x):
    ys = [0.0, 1.0]
    for i in range(5):
        ys[0], ys[1] = ys[1], ys[0] + x[1]
    ys[1] *= x[0]
    return ys[0] * ys[1]


def appended_on_one_side(x):
    ys = [x[0]]
    if x[0] > 0:
        ys.append(x[1])
    else:
        ys[0] = 2.0
    return sum(ys) * ys[0]


def add(ys, v):
    ys.append(v * v)


def by_a_helper(x):
    ys = []
    add(ys, x[0])
    for v in x:
        add(ys, v)
        if v > 0:
            ys.append(v)
    return np.sum(np.array(ys)) * ys[0] * ys[-1]


def lists_in_a_tuple(x):
    rows = [[], []]
    for i in range(len(x)):
        rows[0].append(x[i])
        rows[1].append(x[i] ** 2)
    return np.dot(rows[0], rows[1])


def two_names(x):
    ys = []
    zs = ys
    for v in x:
        ys.append(v)
        zs.append(v * v)
    return sum(zs) * len(ys) * zs[-1]


def copies(x):
    ys = [v for v in x]
    zs = ys.copy()
    ws = list(ys)
    for v in x:
        zs.append(v * v)
        ws.append(2.0 * v)
    return sum(ys) * sum(zs) * sum(ws)


def rows_in_a_loop(x):
    total = 0.0
    for i in range(3):
        row = []
        for v in x:
            row.append(v * i)
        total = total + sum(row) * row[-1]
    return total


def extended(x):
    ys = [x[0]]
    for v in x:
        ys += [v, v * v]
        ys.extend((v, 1.0))
    return sum(ys) * ys[-2]


def in_a_while(x):
    ys = [x[0]]
    while sum(ys) < 4.0:
        ys.append(ys[-1] * 1.5)
    return sum(ys) * len(ys)


def asked_for_truth(x):
    """A stack of rising numbers: lists and numbers whose truth alone counts."""
    stack, n = [], len(x)
    for v in x:
        while stack and stack[-1] > v:
            v = v + 0.1 * stack.pop()
            n -= 1
        stack.append(v if not stack or (n and v > 0) else 2.0 * v)
    return sum(v * v for v in stack) * (1.0 if n and x[0] else 2.0)


def first_element_in_a_test(x):
    """Nothing is in the list where its elements are first asked for."""
    ys, zs = [], []
    for v in x:
        if ys and ys[-1] > v:
            ys.append(ys[-1] * v)
        else:
            ys.append(v)
        zs.append(zs[-1] * 2 if zs and zs[-1] > 0 else v * v)
        while len(ys) > 2 and ys[-1] < 0.5:
            w = 0.5 * ys.pop()
            zs[-1] += w
    return sum(ys) * sum(zs)


def rows_as_arrays(x):
    kernel = np.array([np.array([u * v + i for i, v in enumerate(x)]) for u in x])
    return np.sum(kernel @ kernel)


def beginning_anew(x):
    ys = []
    s = 0.0
    for v in x:
        ys.append(v)
        if len(ys) > 1:
            s += sum(ys) * ys[0]
            ys.clear()
    return s + sum(ys)


def methods(x):
    ys = [x[0], x[1]]
    zs = ys
    zs.append(x[2])
    ys[0] = ys[0] * ys[2]
    ys += [x[0] * 2.0]
    ys.insert(1, 3.0)
    v = ys.pop()
    ys.reverse()
    ys[-1] *= 2.0
    w = ys.pop(0)
    del ys[0]
    return sum(zs) * v * w * len(ys)


def dicts(x):
    d = {"a": x[0]}
    e = d
    d["b"] = x[1] * d["a"]
    e["a"] += 1.0
    d.update(c=2.0)
    del d["c"]
    s = d.setdefault("z", x[2])
    for k, v in d.items():
        s += v * v if k != "b" else v
    d.pop("a")
    return s * d.get("y", 2.0) * len(e) * sum(d.values())


def structures(x):
    layers = []
    for name, k in (("a", 1), ("b", 2)):
        layers.append({"name": name, "w": x * k})
    layers[0]["w"] = layers[0]["w"] * x[0]
    s = 0.0
    for layer in layers:
        s += np.sum(layer["w"] ** 2) if layer["name"].startswith("a") else np.sum(layer["w"])
    return s


def nested_lists(x):
    m = [[0.0] * 2 for _ in range(2)]
    m[0][1] = x[0]
    m[1][0] += x[1]
    m[1] = m[1] + [x[2]]
    rows = [[1.0]] * 2
    rows[0].append(x[0])
    return m[0][1] * m[1][0] * m[1][2] + rows[1][1] * len(rows[1])


def elements_of_an_enumeration(x):
    ys = [x[0], x[1], x[2]]
    for i, y in enumerate(ys):
        ys[i] = y * y
    return sum(ys)


def arrays_changed_in_a_list(x):
    a = x * 2.0
    ys = [a, x]
    ys[0] += x
    ys[0][1] = 3.0 * x[0]
    return np.sum(a**2) + np.sum(ys[0] * ys[1])


def lists_in_a_dict(x):
    d = {"a": [], "b": []}
    for v in x:
        d["a"].append(v)
        d["b"].append(v * v)
    return sum(d["a"]) * sum(d["b"])


def chosen_by_an_expression(x):
    ys = [x[0]] if x[0] > 0 else [x[1], x[2]]
    return sum(ys)


def a_generator_reads_late(x):
    ys = [1.0]
    g = (v * x[0] for v in ys)
    ys.append(2.0)
    return sum(g)


def reversed_once(x):
    ys = [x[0], x[1]]
    zs = list(reversed(ys))
    ys[0] = 3.0
    return zs[1] * ys[0] + [*ys, 1.0][1]


def until_the_stack_is_empty(x):
    stack = [x[0]]
    s = 0.0
    while len(stack) > 0:
        v = stack.pop()
        s += v * v
        if s < 1.0:
            stack.append(v * 1.1)
    return s


def popped_until_empty(x):
    ys = []
    for i in range(3):
        for j in range(i):
            ys.append(x[i] * x[j])
    total = 0.0
    while ys:
        total = total * 0.5 + ys.pop() ** 2
    return total


def made_by_a_helper(x):
    def f(acc=None):
        acc = [] if acc is None else acc
        acc.append(x[0])
        return acc
    p = f()
    q = f(p)
    q[0] = 2.0 * x[1]
    return sum(p) * len(q)


def arrays_replaced(x):
    m = [x, x * 2]
    for i in range(2):
        m[i] = m[i] * m[1 - i]
    return np.sum(m[0] * m[1])


def truth_of_a_list(x):
    s = 0.0
    best = []
    for v in x:
        if v > 0:
            best.append(v)
        elif best:
            s += best[-1]
    return s + sum(best)


def filled(x):
    ys = [0.0] * 3
    for i in range(3):
        ys[i] = x[i] ** 2 + (ys[i - 1] if i > 0 else 0.0)
    return ys[2] * ys[1]


def matrix_of_lists(x):
    w = [[x[0], x[1]], [x[1], x[2]]]
    s = 0.0
    for i in range(2):
        for j in range(2):
            s = s * 0.5 + w[i][j] * w[j][i]
    return s


def lists_made_per_key(x):
    acc = {}
    for name in ("a", "b"):
        acc[name] = []
        for i in range(3):
            acc[name].append(x[i] if name == "a" else x[i] ** 2)
    return np.array(acc["a"]) @ np.array(acc["b"])


def array_of_a_list_changed(x):
    ys = []
    for i in range(3):
        ys.append(x * i)
    m = np.array(ys)
    m[0] = 1.0
    return np.sum(m * m) + np.sum(ys[1])


def structures_chosen(x):
    a, b = (x[0], x[1]) if x[0] > 0 else (x[1], x[0])
    d = {"k": a} if b > 0 else {"k": b * b}
    ys = [a, b] if x[2] > 0 else [b, a]
    return a * b * b + d["k"] * sum(ys * 2) * ys[0]


CASES = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__
         and f.__code__.co_varnames[:1] == ("x",)]  # fmt: skip


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_lists(f):
    prove(f, X)


@pytest.mark.parametrize("f", [squares, recurrence, hidden_layers, rows_in_a_loop])
def test_single_precision(f):
    if f is not recurrence:
        prove(f, X.astype(np.float32))


def test_of_no_elements():
    prove(squares, np.zeros(0))


def of_numbers(xs, n):
    ys = [v * v for v in xs]
    for _ in range(n):
        ys.append(ys[-1] * xs[0])
    return sum(ys)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_lists_from_lists(n):
    prove(of_numbers, [0.5, 1.5, -0.75], n)


def one_array_many_times(x):
    y = np.zeros(3)
    ys = []
    for i in range(3):
        y[i] = x[i]
        ys.append(y)
    return np.sum(np.array(ys) ** 2)


def copies_of_one_array(x):
    y = np.zeros(3)
    ys = []
    for i in range(3):
        y[i] = x[i]
        ys.append(y.copy())
    return np.sum(np.array(ys) ** 2)


def changed_after_appending(x):
    ys = []
    for i in range(3):
        y = x * i
        ys.append(y)
    y[0] = 5.0
    return np.sum(np.array(ys) ** 2)


def test_copies_of_arrays():
    prove(copies_of_one_array, X)


def growing_while_running(x):
    ys = [x[0]]
    for i in range(3):
        for y in ys:
            ys.append(y)
    return sum(ys)


def changing_while_unrolled(x):
    ys = [x[0], x[1]]
    for y in ys:
        ys[1] = y * 2.0
    return sum(ys)


def argument_changed(x, ys):
    ys.append((x[0], x))
    return x[0]


def of_mixed_things(x):
    ys = []
    for v in x:
        ys.append(v)
        ys.append(x)
    return sum(ys)


def of_tuples(x):
    ys = []
    for v in x:
        ys.append((v, v))
    return ys[0][0]


def inserted(x):
    ys = []
    for v in x:
        ys.insert(0, v)
    return ys[0]


def dict_at_run_time(x):
    d = {"a": 1.0}
    for v in x:
        d["a"] = v
    return d["a"]


def tuple_changed(x):
    t = (x[0], x[1])
    t[0] = 2.0
    return t[0]


def sum_of_arrays(x):
    ys = []
    for v in x:
        ys.append(x * v)
    return np.sum(sum(ys))


def missing_key(x):
    d = {"a": x}
    del d["b"]
    return d["a"][0]


def element_changed(x):
    ys = []
    for i in range(3):
        ys.append(x * i)
    e = ys[1]
    e *= 2.0
    return np.sum(ys[1])


def changed_after_the_loop(x):
    out = []
    for i in range(2):
        a = [x[i]]
        b = a
        out.append(a[0])
    b.append(3.0)
    return sum(a) * out[0]


def one_of_two_lists(x):
    b = [x[0], x[1]]
    if x[0] > 0:
        a = b
    else:
        a = [x[1], x[2]]
    b[0] = 5.0 * x[2]
    b.append(x[1])
    return sum(a) * a[0]


def lists_in_a_list(x):
    rows = []
    for u in x:
        rows.append([u * v for v in x])
    return rows[0][1]


def nested_at_run_time(x):
    return np.sum(np.array([[u * v for v in x] for u in x]))


def rows_of_rows(x):
    rows = []
    for u in x:
        row = []
        for v in x:
            row.append(u - v)
        rows.append(row)
    return np.sum(np.array(rows))


@pytest.mark.parametrize(
    ("f", "code", "words"),
    [
        (lists_in_a_list, "type-mismatch", "known only at run time is put into another"),
        (nested_at_run_time, "type-mismatch", "known only at run time is put into another"),
        (rows_of_rows, "type-mismatch", "known only at run time is put into another"),
        (one_array_many_times, "alias", "may have been put into a list"),
        (changed_after_appending, "alias", "may have been put into a list"),
        (element_changed, "alias", "may have been put into a list"),
        (one_of_two_lists, "alias", "may share memory"),
        (changed_after_the_loop, "in-place-store", "or that a loop or branch hands on"),
        (growing_while_running, "unsupported-iteration", "changes while a loop runs over"),
        (changing_while_unrolled, "unsupported-iteration", "the body changes what the loop"),
        (of_mixed_things, "type-mismatch", "holds different kinds of things"),
        (of_tuples, "type-mismatch", "a tuple is appended at run time"),
        (inserted, "unsupported-call", "`.insert` of"),
        (dict_at_run_time, "in-place-store", "a dict changes in a loop or branch"),
        (tuple_changed, "static-error", "a tuple's elements can't be assigned"),
        (sum_of_arrays, "operation", "of no elements this is int"),
        (missing_key, "static-error", "KeyError"),
    ],
)
def test_refused(f, code, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(X)
    found = caught.value.diagnostics[0]
    assert (found.code, words in found.reason) == (code, True), found
    assert found.advice
    assert found.span is not None


def test_arguments_are_not_changed():
    with pytest.raises(UnsupportedError, match="that the function hasn't made"):
        grad(argument_changed)(X, [(1.0, X)])


def test_appending_takes_constant_time_and_so_does_its_derivative():
    text = grad(squares).source(X)
    assert "ys.append(v * v)" in text
    assert "= grad_ys.pop()" in text
    assert "copy" not in text
