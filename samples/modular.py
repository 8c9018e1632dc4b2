"""The modular graph: gates with a forward and a backward of their own, and the graph's two passes.

A gate is a function with a rule. What PyTorch asks of a gate is much the same:

    class Multiply(torch.autograd.Function):        @primitive
        @staticmethod                               def multiply(x, y):
        def forward(ctx, x, y):                         return x * y
            ctx.save_for_backward(x, y)
            return x * y                            @multiply.backward
        @staticmethod                               def multiply_backward(g, x, y, z):
        def backward(ctx, dz):                          return g * y, g * x
            x, y = ctx.saved_tensors
            return dz * y, dz * x
"""

from adcompiler import grad, lower, primitive


@primitive
def multiply(x, y):
    return x * y


@multiply.backward
def multiply_backward(g, x, y, z):
    """g is the gradient of z = x * y; the result, those of x and y."""
    return g * y, g * x


def circuit(x, y, z):
    q = x + y
    f = multiply(q, z)
    return f


class ComputationalGraph:
    """The two passes over a circuit's gates, written out."""

    def __init__(self, function):
        self.graph = lower(function)

    def forward(self, *inputs):
        for gate in self.graph.forward_steps(*inputs):
            print(f"  forward   {gate.name} = {gate.expression} = {gate.value:g}")
        return self.graph.value

    def backward(self):
        for gate in self.graph.backward_steps():
            print(f"  backward  df/d{gate.name} = {gate.gradient:g}")
        return self.graph.gradients


if __name__ == "__main__":
    net = ComputationalGraph(circuit)
    print("f =", net.forward(-2.0, 5.0, -4.0))
    print("gradients =", net.backward())
    print("\nThe same as one flat function, with the gate's rule in its place:\n")
    print(grad(circuit, wrt=("x", "y", "z"), optimize=0).source(-2.0, 5.0, -4.0))
