"""SciPy minimises the Rosenbrock function in ten dimensions with our exact gradient.

`value_and_grad` gives the pair that `scipy.optimize.minimize(..., jac=True)` asks for.
It needs SciPy: python -m pip install '.[samples]'
"""

import sys

import numpy as np

from adcompiler import value_and_grad


@value_and_grad
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


START = np.array([1.3, 0.7, 0.8, 1.9, 1.2] * 2)

if __name__ == "__main__":
    try:
        from scipy.optimize import minimize
    except ImportError:
        sys.exit("SciPy is missing: python -m pip install '.[samples]'")
    print(rosenbrock.source(START))
    found = minimize(rosenbrock, START, jac=True, method="BFGS")
    print(f"{found.message} {found.nit} steps, {found.nfev} calls")
    print("minimum at", found.x.round(4))
