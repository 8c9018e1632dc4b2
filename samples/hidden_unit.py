"""One hidden unit, z = w x, h = sigmoid(z), e = v h, l = (y - e)^2 / 2: all four derivatives.

The derivative by h, a value inside the function, comes from the part of the function behind it.
"""

from adcompiler import grad, sigmoid


def rest(v, h, y):
    e = v * h
    return 0.5 * (y - e) ** 2


def loss(w, x, v, y):
    z = w * x
    h = sigmoid(z)
    return rest(v, h, y)


W, X, V, Y = 0.5, 2.0, -1.5, 1.0

if __name__ == "__main__":
    gradient = grad(loss, wrt=("v", "w", "x"))
    print(gradient.source(W, X, V, Y))
    h = sigmoid(W * X)
    grad_v, grad_w, grad_x = gradient(W, X, V, Y)
    grad_h = grad(rest, wrt="h")(V, h, Y)
    print(f"l = {loss(W, X, V, Y):.6f}")
    print(f"dl/dv = {grad_v:.6f}")
    print(f"dl/dw = {grad_w:.6f}")
    print(f"dl/dx = {grad_x:.6f}")
    print(f"dl/dh = {grad_h:.6f}")
