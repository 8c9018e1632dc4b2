"""One hidden unit, z = w x, h = sigmoid(z), e = v h, l = (y - e)^2 / 2: all four derivatives.

The derivative by h, a variable inside the function, is asked for by its name.
"""

from adcompiler import grad, sigmoid


def loss(w, x, v, y):
    z = w * x
    h = sigmoid(z)
    e = v * h
    return 0.5 * (y - e) ** 2


W, X, V, Y = 0.5, 2.0, -1.5, 1.0

if __name__ == "__main__":
    gradient = grad(loss, wrt=("v", "w", "x", "h"))
    print(gradient.source(W, X, V, Y))
    grad_v, grad_w, grad_x, grad_h = gradient(W, X, V, Y)
    print(f"l = {loss(W, X, V, Y):.6f}")
    print(f"dl/dv = {grad_v:.6f}")
    print(f"dl/dw = {grad_w:.6f}")
    print(f"dl/dx = {grad_x:.6f}")
    print(f"dl/dh = {grad_h:.6f}")
