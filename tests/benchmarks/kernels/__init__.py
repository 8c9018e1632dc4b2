"""The kernels of the race against the peers: a file per topic, each with its `KERNELS`."""

from __future__ import annotations

import importlib
import pkgutil

from tests.benchmarks.kernel import Kernel

__all__ = ["KERNELS"]

KERNELS: tuple[Kernel, ...] = tuple(
    kernel
    for topic in pkgutil.iter_modules(__path__)
    for kernel in importlib.import_module(f"{__name__}.{topic.name}").KERNELS
)
