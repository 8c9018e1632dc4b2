"""A sigmoid neuron: the gradient as the lecture writes it, then as a number.

Prints the emitted source, one line for each gate forward and backward, and the five derivatives at
w0 = 2, x0 = -1, w1 = -3, x1 = -2, w2 = -3.
"""

from adcompiler import grad, sigmoid


def neuron(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


POINT = (2.0, -1.0, -3.0, -2.0, -3.0)
NAMES = ("w0", "x0", "w1", "x1", "w2")

if __name__ == "__main__":
    gradient = grad(neuron, wrt=NAMES, optimize=0)
    print(gradient.source(*POINT))
    print(f"L = {neuron(*POINT):.2f}")
    for name, derivative in zip(NAMES, gradient(*POINT), strict=True):
        print(f"dL/d{name} = {derivative:.2f}")
