"""A sigmoid neuron gate by gate: forwards each gate's value, backwards each gate's gradient.

Prints every step of the two runs at w0 = 2, x0 = -1, w1 = -3, x1 = -2, w2 = -3, and then all of it
as one table.
"""

from adcompiler import lower, sigmoid


def neuron(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    return L


POINT = (2.0, -1.0, -3.0, -2.0, -3.0)

if __name__ == "__main__":
    graph = lower(neuron)
    print("forward")
    for gate in graph.forward_steps(*POINT):
        print(f"  {gate.name} = {gate.expression} = {gate.value:.2f}")
    print("backward")
    for gate in graph.backward_steps():
        print(f"  dL/d{gate.name} = {gate.gradient:.2f}")
    print(graph)
