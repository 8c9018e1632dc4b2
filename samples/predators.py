"""Rates of a predator-prey model, fitted to noisy counts through the simulation itself.

The loss runs Runge-Kutta steps in a plain Python loop; its gradient is emitted as a loop that walks
the stored states backwards. Gauss and Newton need only `jacobian`: residuals in, columns out.
"""

import numpy as np

from adcompiler import grad, jacobian

STEP, EVERY = 0.1, 10


def rates(prey, predators, k):
    return prey * (k[0] - k[1] * predators), predators * (k[2] * prey - k[3])


def simulate(k, prey, predators, n):
    """Both counts after every tenth of n steps of the classical Runge-Kutta method."""
    seen = np.zeros((n // EVERY, 2))
    for i in range(n):
        a1, b1 = rates(prey, predators, k)
        a2, b2 = rates(prey + 0.5 * STEP * a1, predators + 0.5 * STEP * b1, k)
        a3, b3 = rates(prey + 0.5 * STEP * a2, predators + 0.5 * STEP * b2, k)
        a4, b4 = rates(prey + STEP * a3, predators + STEP * b3, k)
        prey = prey + STEP / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        predators = predators + STEP / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
        if i % EVERY == EVERY - 1:
            seen[i // EVERY, 0] = prey
            seen[i // EVERY, 1] = predators
    return seen


def residuals(k, counts):
    return (np.log(simulate(k, 10.0, 5.0, EVERY * len(counts))) - np.log(counts)).ravel()


def loss(k, counts):
    return 0.5 * np.sum(residuals(k, counts) ** 2)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    true = np.array([1.1, 0.1, 0.05, 0.6])
    counts = simulate(true, 10.0, 5.0, 300) * np.exp(0.05 * rng.normal(size=(30, 2)))
    k = np.array([0.9, 0.08, 0.06, 0.7])
    columns = jacobian(residuals)
    print(f"step 0: loss = {loss(k, counts):.4f}, rates = {k}")
    for step in range(1, 9):
        r, J = residuals(k, counts), columns(k, counts)
        move = np.linalg.lstsq(J, r, rcond=None)[0]
        scale = 1.0
        while loss(k - scale * move, counts) > loss(k, counts) and scale > 1e-6:
            scale /= 2
        k = k - scale * move
        print(f"step {step}: loss = {loss(k, counts):.4f}, rates = {k.round(4)}", flush=True)
        if np.linalg.norm(move) < 1e-8:
            break
    spread = np.sqrt(np.diag(np.linalg.inv(J.T @ J)) * 2 * loss(k, counts) / (counts.size - 4))
    for name, value, s, t in zip("abcd", k, spread, true, strict=True):
        print(f"  {name} = {value:.4f} +- {s:.4f}, put in: {t}")
    print(f"|gradient| there: {np.linalg.norm(grad(loss)(k, counts)):.1e}")
