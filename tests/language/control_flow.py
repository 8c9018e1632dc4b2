"""Control flow."""

import numpy as np

from adcompiler import checkpoint
from tests.language.rows import group, row

group("Control flow")


@row("`if`, `elif`, `else`")
def branches(x, y):
    if x > 1.0:
        z = x * y
    elif x > 0.5:
        z = x * x
    else:
        z = y
    return z


@row("a variable defined or overwritten in one branch only")
def one_branch(x, y):
    z = x
    if x > 0.5:
        z = z * y
        w = z * z
    return w + z


@row("early `return`, one side of an `if`")
def early_return(x, y):
    if x > 2.0:
        return y
    z = x * y
    return z * z


@row("several early `return`s on some paths through nested `if`s")
def nested_return(x, y):
    if x > 0.5:
        if y > 0.0:
            return x
        x = x * y
    return x * x


@row("`return` inside a loop")
def return_in_loop(x, n):
    for i in range(n):
        x = x * 1.5
        if x > 1.2:
            return x * x
    return x


@row("`for` over `range`, with a step, a run-time bound, no trips")
def ranges(x, n):
    y = 1.0
    for i in range(n):
        y = y * x + i
    for i in range(7, 0, -2):
        y = y + x / i
    for i in range(n, n):
        y = y * 100.0
    return y


@row("the loop variable after the loop, and as a float")
def loop_variable(x, n):
    for i in range(1, n):
        x = x**i / i
    return x * i


@row("nested and ragged loops")
def ragged(x, n):
    y = x
    for i in range(n):
        for j in range(i + 1):
            y = y * x + j
    return y


@row("`for` over the elements or rows of an array")
def elements(a, m):
    total = 0.0
    for value in a:
        total = total * 0.5 + value * value
    for line in m:
        total = total * np.sum(line)
    return total


@row("`for` over `zip` of arrays")
def zipped(a, b):
    total = 0.0
    for u, v in zip(a, b):
        total = total + u * v
    return total


@row("`for` over `enumerate` of an array")
def enumerated(a):
    total = 0.0
    for i, u in enumerate(a):
        total = total + u * u * i
    return total


@row("`for` over `reversed` of an array")
def backwards(a):
    total = 0.0
    for u in reversed(a):
        total = total * 0.5 + u * u
    return total


@row("`for` over tuples, lists and dicts of arrays (unrolls)")
def structures(p, t):
    total = 0.0
    for part in (p["w"], t[1]):
        total = total + np.sum(part * part)
    for key in p:
        total = total + np.sum(p[key])
    for _, part in p.items():
        total = total * np.sum(part)
    return total


@row("`while`, its condition on differentiated data")
def converging(x, y):
    while x > 0.2:
        x = x * 0.5 + y * 0.1
    return x * y


@row("`while` with an array as its state")
def array_state(a, k):
    while k > 0:
        a = np.sin(a) * 1.1
        k = k - 1
    return np.sum(a)


@row("`break`")
def breaking(x, n):
    for i in range(n):
        x = x * 1.5
        if x > 1.2:
            break
    return x * x


@row("`continue`")
def continuing(x, n):
    for i in range(n):
        if i == 1:
            continue
        x = x * 1.5
    return x


@row("`while True` with `break`")
def forever(x):
    while True:
        x = x * x
        if x < 0.3:
            break
    return x


@row("`for ... else`, `while ... else`")
def loop_else(x, n):
    for i in range(n):
        x = x * 1.1
        if x > 5.0:
            break
    else:
        x = x * x
    return x


@row("conditional expressions")
def conditional(x, y):
    return x * y if x > y else x


@row("`and`, `or`, `not`, chained comparisons")
def logic(x, y):
    if (0.0 < x < 1.0 and not y > 0.0) or x > 9.0:
        return x * y
    return x


@row("a loop's carried array that changes its shape")
def growing(a, k):
    for _ in range(k):
        a = np.concatenate((a, a[:1] * 2.0))
    return np.sum(a * a)


@row("`match` on a plain value")
def matched(x, k):
    match k:
        case 0:
            return x
        case 1 | 2:
            return x * x
    return x + 1.0


@row("`for` over `checkpoint(...)`: saved a segment at a time")
def checkpointed_loop(x, n):
    for i in checkpoint(range(n), every=2):
        x = np.sin(x) + i
    return x


@row("`checkpoint(...)` of a tuple or list")
def checkpointed_tuple(x):
    for k in checkpoint((1.0, 2.0)):
        x = np.sin(x) * k
    return x


@row("recursion")
def recursive(x, n=3):
    if n == 0:
        return x
    return np.sin(recursive(x * 0.9, n - 1))


@row("`try`")
def attempt(x):
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 0.0


@row("`with`")
def within(x):
    with np.errstate(all="ignore"):
        return x * x


@row("`yield`")
def generator(x):
    yield x * x


@row("`async`")
async def coroutine(x):
    return x * x
