"""`break`, `continue`, `return`, `else` of loops: value, gradient, second order, emitted text."""

import math

import driving
import numpy as np
import pytest

from adcompiler import UnsupportedError, grad, value_and_grad

A = np.array([0.7, -1.2, 0.4])
M = np.array([[0.5, -0.3], [1.1, 0.8], [-0.6, 0.9]])


def newton(a):
    x = a
    for _ in range(50):
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-10:
            break
    return x


def newton_forever(a):
    x = a
    while True:
        previous = x
        x = 0.5 * (x + a / x)
        if abs(x - previous) < 1e-12:
            return x


def newton_of_an_array(a):
    x = a + 0.0
    while True:
        x = 0.5 * (x + a / x)
        if np.max(np.abs(x * x - a)) < 1e-9:
            break
    return np.sum(x * a)


def search(xs, t):
    for x in xs:
        if x > t:
            return x * t
    return t * t


def search_by_index(xs, t):
    for i in range(len(xs)):
        if xs[i] > t:
            return xs[i] ** 2 * (i + 1)
    return 0.0


def first_of_all(xs, t):
    for x in xs:
        return x * t
    return t


def inner_break(a, n):
    s = a
    for i in range(n):
        for j in range(n):
            s = s * math.cos(s + j)
            if s < 0.3:
                break
            s = s + 0.1 * a
        s = s * s + i
    return s


def inner_break_outer_continue(a, n):
    s = a
    for i in range(n):
        if i % 2 == 1:
            s = s * 1.5
            continue
        for j in range(n):
            if s > 2.0:
                break
            s = s + a * j
        s = math.sin(s) + a
    return s


def two_loops_deep(a, n):
    s = a
    for i in range(n):
        for j in range(n):
            s = s * math.exp(0.1 * s)
            if s > 1.5:
                return s * a + i * j
        s = s + 0.1
    return math.sin(s)


def all_three(a, n):
    s = a
    for i in range(n):
        for j in range(n):
            s = s * math.sin(s + j)
            if s > 0.9:
                return s * a
            if s < -0.5:
                break
            if s > 0.3:
                continue
            s = s + a
        s = s * 1.5
    return s * s


def jump_in_a_branch(a, n):
    s = a
    for i in range(n):
        if i > 1:
            s = s * s
            if s > 4.0:
                break
            s = s + 0.1
        s = math.exp(0.3 * s) - 0.2
    return s


def continue_in_a_branch(a, n):
    s = a
    for i in range(n):
        if i > 1:
            s = s * s
            if s > 2.0:
                s = s / 3.0
                continue
            s = s + 0.1
        s = math.exp(0.3 * s) - 0.2
    return s


def both_sides_jump(a, n):
    s = a
    for i in range(n):
        s = s * a
        if s > 3.0:
            s = math.sqrt(s)
            break
        else:  # noqa: RET508
            s = s + i
            continue
        s = s * 1000.0  # never
    return s


def else_side_jumps(a, n):
    s = a
    for _ in range(n):
        if s < 3.0:
            s = s * s + a
        else:
            s = s / 2
            break
    return s


def loop_variable_afterwards(a, n):
    s = 0.0
    for i in range(1, n + 1):
        s = s + a**i / i
        if s > 2.0:
            break
    return s * i + a


def else_of_a_for(a, n):
    s = a
    for _ in range(n):
        s = s * s
        if s > 10.0:
            s = s / a
            break
    else:
        s = math.sin(s)
    return s * a


def else_that_returns(a, n):
    s = a
    for _ in range(n):
        s = s * s
        if s > 10.0:
            break
    else:
        return math.sin(s)
    return math.log(s)


def else_of_a_while(a, n):
    s, k = a, 0
    while k < n:
        k = k + 1
        s = s * a
        if s > 5.0:
            break
    else:
        s = s + a * a
    return s * s


def else_after_a_return(a, n):
    s = a
    for i in range(n):
        s = s * s
        if i == 2:
            return s * a
        if s > 10.0:
            break
    else:
        s = s + a
    return s * s


def else_in_a_loop_jumps(a, n):
    s = a
    for i in range(n):
        for _ in range(2):
            s = s * 1.3
            if s > 4.0:
                break
        else:
            s = s + a
            continue
        s = s / a
        if i > 3:
            break
    return s


def some_paths_return(a, b):
    if a > 0:
        if b > 0:
            return a * b
        a = a + 1.0
    c = a * a
    return c * b


def several_early_returns(a, b):
    if a > 2:
        return b
    if b > 0:
        if a > 1:
            return a * a
        b = b * a
    elif a < -1:
        return a * b * b
    else:
        b = b - a
    if b > 1:
        return math.log(b)
    return b * a


def helper(x, k):
    for i in range(k):
        x = x * x + 0.1
        if x > 1.0:
            return x, i + 1.0
    return math.sin(x), 2.0


def in_a_helper(a, n):
    y, z = helper(a, n)
    w, _ = helper(y * 0.3, n)
    return y * z + w


def clip(v, limit):
    for e in v:
        if e > limit:
            return v * limit
    return v


def array_from_a_helper(x, limit):
    return np.sum(clip(x, limit) ** 2) * limit


def unrolled(a, b):
    s = a
    for factor in (a, b, a * b, 2.0):
        s = s * factor + 0.1
        if s > 2.0:
            break
        if s < 0.0:
            continue
        s = s + a
    else:
        s = s * b
    return s * s


def unrolled_return(a, b):
    s = a
    for factor in (a, b, 2.0):
        s = s + factor
        if s > 3.0:
            return s * b
    return s * a


def unrolled_static(a, b):
    s = a
    for k in (1, 2, 3):
        if k == 2:
            continue
        if k == 3:
            break
        s = s * b + k
    return s


def rows(m, limit):
    s = 0.0
    for row in m:
        t = np.sum(row * row)
        if t > limit:
            break
        s = s + t * limit
    return s


def carried_array(x, n):
    y = x
    for i in range(n):
        y = np.sin(y) * x
        if np.sum(y) < 0.2 * i:
            break
        y = y + 0.1 * i
    return np.sum(y * y)


def flags_and_taped_values(a, n):
    done, s = False, a
    for i in range(n):
        t = math.exp(0.2 * s)
        if t > 1.5:
            done = True
            break
        s = s * t + 0.3
    if done:
        s = s * t
    return s * s


def defined_before_the_jump(a, n):
    s = a
    for i in range(n):
        if i == 1:
            last = s * a
            break
        s = s * s
    if n > 1:
        s = s + last
    return s


def never_runs(a):
    while False:
        a = a * 2
    else:
        a = a * a
    return a


def breaks_at_once(a, n):
    for i in range(n):
        a = a * a
        break
    return a


def while_with_continue(a, n):
    k = 0
    while k < n:
        k = k + 1
        if k == 2:
            continue
        a = a * math.cos(a)
    return a


PROGRAMS = [
    (newton, 2.0), (newton, 7.0), (newton_forever, 3.0), (newton_of_an_array, np.abs(A)),
    (search, A, 0.1), (search, A, 0.9), (search, -A, 0.9), (search_by_index, A, 0.3),
    (search_by_index, A, 5.0), (first_of_all, A, 0.3),
    *((inner_break, 0.8, n) for n in (0, 1, 3)),
    *((inner_break_outer_continue, 0.6, n) for n in (0, 1, 4)),
    *((two_loops_deep, 0.7, n) for n in (0, 1, 2, 4)),
    *((all_three, a, 4) for a in (0.4, 0.9, 1.3, -0.8, 2.0)), (all_three, 0.4, 0),
    *((jump_in_a_branch, 1.3, n) for n in (0, 2, 3, 6)),
    *((continue_in_a_branch, 1.3, n) for n in (0, 2, 3, 6)),
    *((both_sides_jump, 1.4, n) for n in (0, 1, 3, 6)),
    *((else_side_jumps, 1.1, n) for n in (0, 2, 5)),
    *((loop_variable_afterwards, 0.9, n) for n in (1, 2, 6)),
    *((else_of_a_for, a, 3) for a in (0.9, 1.5)), (else_of_a_for, 1.5, 0),
    *((else_that_returns, a, 3) for a in (0.9, 1.5)),
    *((else_of_a_while, a, 3) for a in (0.9, 1.9)),
    *((else_after_a_return, a, n) for a in (1.1, 2.0) for n in (0, 2, 4)),
    *((else_in_a_loop_jumps, 0.9, n) for n in (0, 1, 4, 7)),
    *((some_paths_return, a, b) for a in (0.7, -0.7) for b in (0.4, -0.4)),
    *((several_early_returns, a, b) for a in (3.0, 1.5, 0.5, -2.0, 9.0) for b in (0.7, -0.7, 4.0)),
    *((in_a_helper, a, 3) for a in (0.4, 1.2)),
    *((array_from_a_helper, A, limit) for limit in (0.5, 2.0)),
    *((unrolled, a, b) for a in (0.4, 1.2, -0.5) for b in (0.7, 2.1)),
    *((unrolled_return, a, b) for a in (0.4, 1.4) for b in (0.3, 2.1)),
    (unrolled_static, 0.3, 0.7), (rows, M, 1.0), (rows, M, 9.0), (rows, M, 0.1),
    *((carried_array, np.abs(A), n) for n in (0, 1, 4)),
    *((flags_and_taped_values, 0.9, n) for n in (0, 1, 6)),
    *((defined_before_the_jump, 0.9, n) for n in (1, 3)),
    (never_runs, 0.7), (breaks_at_once, 0.7, 0), (breaks_at_once, 0.7, 2),
    (while_with_continue, 0.7, 3),
]  # fmt: skip


def name(case):
    return f"{case[0].__name__}-{'-'.join(map(str, case[1:]))}".replace("\n", "")


@pytest.mark.parametrize("case", PROGRAMS, ids=name)
def test_value_gradient_and_second_order(case):
    function, *arguments = case
    expected = driving.check(function, *arguments)
    value = function(*arguments)
    active = tuple(k for k, a in enumerate(arguments) if not isinstance(a, int))
    for level in (0, 1):
        found, gradients = value_and_grad(function, active, optimize=level)(*arguments)
        assert type(found) is type(value)
        assert np.asarray(found).tobytes() == np.asarray(value).tobytes()
        for g, e in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-14)


def source(function, *arguments, level=1):
    text = grad(function, optimize=level).source(*arguments)
    return text.partition("# backward")[0] if level else text


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    "case", [(newton, 2.0), (inner_break, 0.8, 3), (jump_in_a_branch, 1.3, 3), (all_three, 0.4, 3),
             (carried_array, A, 3), (both_sides_jump, 1.4, 3)], ids=name,
)  # fmt: skip
def test_a_jump_is_pythons_own(case, level):
    """No flag is set, or asked, where the jump itself says it."""
    text = source(*case, level=level)
    assert "break" in text
    assert "stop = " not in text
    assert "skip = " not in text
    assert "if stop" not in text


def test_what_a_jump_passes_by_stands_flat_behind_it():
    text = source(jump_in_a_branch, 1.3, 3)
    lines = [line for line in text.splitlines() if "math.exp" in line]
    assert [len(line) - len(line.lstrip()) for line in lines] == [8]


def test_continue_is_kept_where_it_leaves_a_branch():
    assert "continue" in source(continue_in_a_branch, 1.3, 3)


def test_iterations_are_counted_only_where_nothing_else_tells():
    assert "trips" not in source(newton, 2.0)
    assert "trips = len(" in source(jump_in_a_branch, 1.3, 3)
    assert "trips += 1" in source(search_by_index, A, 0.3)


def test_the_mirror_runs_over_what_was_executed():
    text = grad(search_by_index).source(A, 0.3)
    assert "in reversed(range(len(xs))[:trips]):" in text


def raises_when_nothing_was_found(a, n):
    for i in range(n):
        if a * i > 1.0:
            found = a * i
            break
    return found


def test_a_name_that_no_path_has_assigned_stays_an_error():
    assert grad(raises_when_nothing_was_found)(0.6, 4) == 2
    for level in (0, 1):
        with pytest.raises(UnboundLocalError):
            value_and_grad(raises_when_nothing_was_found, optimize=level)(0.6, 1)


def never_ends(a):
    while True:
        a = a * 2


def ends_by_a_dead_break(a):
    while True:
        a = a * 2
        if False:
            break
    return a


def may_fall_off(a, n):  # noqa: RET503
    for _ in range(n):
        if a > 1:
            return a
        a = a * a


def two_kinds(a, n):
    for _ in range(n):
        if a > 1:
            return a, a
        a = a * a
    return a


@pytest.mark.parametrize(
    ("function", "code"),
    [(never_ends, "endless-loop"), (ends_by_a_dead_break, "endless-loop"),
     (may_fall_off, "non-scalar-result"), (two_kinds, "non-scalar-result")],
)  # fmt: skip
def test_refusals(function, code):
    arguments = (0.5, 3)[: function.__code__.co_argcount]
    with pytest.raises(UnsupportedError) as caught:
        grad(function)(*arguments)
    assert caught.value.diagnostics[0].code == code
