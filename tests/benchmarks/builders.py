"""Peers' calls for a formula that each of them can run as it stands, given its own NumPy.

>>> of = lambda np: lambda x: np.sum(x * x)

`autograd(of, arguments, wrt)` and the others are builders, as `Kernel.peers` wants them: they
import nothing until they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tests.benchmarks.kernel import Build

__all__ = ["autograd", "casadi_buffers", "eager", "jax", "jax_jit", "mygrad", "torch"]

Formula = Callable[[Any], Callable[..., Any]]
Arguments = Callable[[], tuple[Any, ...]]


def eager(of: Formula, arguments: Arguments, wrt: Any = 0) -> dict[str, Build]:
    """The four that run a formula operation by operation."""
    return {
        "autograd": autograd(of, arguments, wrt), "jax": jax(of, arguments, wrt),
        "torch": torch(of, arguments, wrt), "mygrad": mygrad(of, arguments, wrt),
    }  # fmt: skip


def autograd(of: Formula, arguments: Arguments, wrt: Any = 0) -> Build:
    def build() -> Callable[[], Any]:
        import autograd
        import autograd.numpy

        gradient, values = autograd.grad(of(autograd.numpy), wrt), arguments()
        return lambda: gradient(*values)

    return build


def jax(of: Formula, arguments: Arguments, wrt: Any = 0) -> Build:
    def build() -> Callable[[], Any]:
        import jax

        gradient, values = jax.grad(of(jax.numpy), wrt), _floats(arguments(), jax.numpy.asarray)
        return lambda: jax.block_until_ready(gradient(*values))

    return build


def jax_jit(of: Formula, arguments: Arguments, wrt: Any = 0) -> Build:
    """Whole numbers among the arguments are static."""

    def build() -> Callable[[], Any]:
        import jax

        values = _floats(arguments(), jax.numpy.asarray)
        static = [k for k, value in enumerate(values) if isinstance(value, int)]
        gradient = jax.jit(jax.grad(of(jax.numpy), wrt), static_argnums=static)
        return lambda: jax.block_until_ready(gradient(*values))

    return build


def torch(of: Formula, arguments: Arguments, wrt: Any = 0) -> Build:
    def build() -> Callable[[], Any]:
        import torch

        torch.set_num_threads(1)
        values = _floats(arguments(), lambda value: torch.tensor(value, dtype=torch.float64))
        chosen = [values[k].requires_grad_() for k in _places(wrt)]
        function = of(torch)
        return lambda: torch.autograd.grad(function(*values), chosen)

    return build


def mygrad(of: Formula, arguments: Arguments, wrt: Any = 0) -> Build:
    def build() -> Callable[[], Any]:
        import mygrad

        function, values = of(mygrad), arguments()

        def call() -> Any:
            boxed = list(values)
            for k in _places(wrt):
                boxed[k] = mygrad.tensor(values[k])
            function(*boxed).backward()
            return tuple(boxed[k].grad for k in _places(wrt))

        return call

    return build


def casadi_buffers(function: Any, values: list[Any]) -> Callable[[], Any]:
    """A call through CasADi's buffer interface, which converts no arguments.

    The results are laid out one after the other."""
    buffer, run = function.buffer()
    given = [numpy.array(value, float).ravel(order="F") for value in values]
    results = [numpy.zeros(function.nnz_out(k)) for k in range(function.n_out())]
    for k, value in enumerate(given):
        buffer.set_arg(k, memoryview(value))
    for k, result in enumerate(results):
        buffer.set_res(k, memoryview(result))

    def call() -> Any:
        run()
        return results

    call.keep = buffer, given  # type: ignore[attr-defined]  # nothing else refers to them
    return call


def _places(wrt: Any) -> tuple[int, ...]:
    return wrt if isinstance(wrt, tuple) else (wrt,)


def _floats(values: tuple[Any, ...], convert: Callable[[Any], Any]) -> list[Any]:
    """All but whole numbers, such as counts of steps."""
    return [value if isinstance(value, int) else convert(value) for value in values]
