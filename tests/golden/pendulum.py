"""A dataclass that goes round a loop: its fields are variables in the emitted text."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class State:
    """A pendulum's angle and speed; its length stays."""

    angle: float
    speed: float = 0.0
    length: float = 1.0

    def step(self, dt):
        """A step of time `dt`."""
        pull = -9.81 / self.length * math.sin(self.angle)
        speed = self.speed + dt * pull
        return replace(self, angle=self.angle + dt * speed, speed=speed)


def pendulum(angle, length, n):
    """How far the pendulum is from rest after n steps."""
    state = State(angle, length=length)
    for _ in range(n):
        state = state.step(0.01)
    return state.angle**2 + state.speed**2


FUNCTION = pendulum
WRT = ("angle", "length")
ARGUMENTS = (0.5, 1.5, 20)
