"""The scenes that blame is tried on, with what is expected of each, argued in ``docs/blame.md``."""

from __future__ import annotations

import numpy as np
from scenes import TOUCH, Car, Scene, Touch, behind, shift, steady

from racegym.interfaces import BlameKind as Kind

END = [Touch(end=True)]
SIDE = [Touch()]
STRAIGHT = steady(120.0)
BEND = steady(240.0, 12.0)  # 10 m before the apex when the cars touch
EXIT = steady(275.0, 12.0)


def braking(at: float):
    """Drive at 20 m/s, and brake with 7 m/s^2 from 1 s before the touch on, at ``at``."""

    def course(t):
        late = np.maximum(t - (TOUCH - 1.0), 0.0)
        return at + 20.0 * (t - (TOUCH - 1.0)) - 3.5 * np.minimum(late, 2.0) ** 2

    return course


def turned(since: float, angle: float = 2.5):
    """Point backwards from ``since`` [s] on."""
    return lambda t: np.where(t >= since - 1e-9, angle, 0.0)


def gap(at_touch: float, before: float) -> float:
    """Return the gap at 0 s of two that come closer by ``before`` metres in the last second."""
    return at_touch + TOUCH * before


SCENES = [
    # From behind.
    Scene("rear-end on a straight", [Car(behind(STRAIGHT, 12, 2)), Car(STRAIGHT)], END,
          Kind.REAR_END, (1, 0)),
    Scene("rear-end in a corner", [Car(behind(BEND, 6, 1.9)), Car(BEND)], END,
          Kind.REAR_END, (1, 0)),
    Scene("rear-end at equal speed", [Car(behind(STRAIGHT, 2, 2)), Car(STRAIGHT)],
          [Touch(end=True, delta_v=0.1)], Kind.REAR_END, (1, 0), points=0),
    Scene("heavy rear-end", [Car(behind(STRAIGHT, 32, 2)), Car(STRAIGHT)],
          [Touch(end=True, delta_v=2.5)], Kind.REAR_END, (1, 0), points=4),
    Scene("rear-end of a car that is lapped",
          [Car(behind(lambda t: STRAIGHT(t) + 600, 12, 2)), Car(STRAIGHT)], END,
          Kind.REAR_END, (1, 0)),
    Scene("brake test", [Car(steady(114.5)), Car(braking(100.0))], END,
          Kind.REAR_END, (0.5, 0.5)),
    Scene("rear-end of a car that brakes for a corner",
          [Car(steady(194.5)), Car(braking(180.0))], END, Kind.REAR_END, (1, 0)),
    # At corners; the inside is the left.
    Scene("dive without overlap at the entry", [Car(behind(BEND, 8, 0.2), 1.0),
          Car(BEND, shift((3, -3), (4, -0.4)))], SIDE, Kind.DIVE, (1, 0)),
    Scene("dive with some overlap at the entry", [Car(behind(BEND, gap(0.3, 0.25), 0.3), 1.0),
          Car(BEND, shift((3, -3), (4, -0.4)))], SIDE, Kind.DIVE, (0.7, 0)),
    Scene("dive that ends ahead at the apex", [Car(behind(BEND, 14, -0.5), 1.0),
          Car(BEND, shift((3, -3), (4, -0.4)))], SIDE, Kind.DIVE, (1, 0)),
    Scene("door shut on a car that is alongside at the entry",
          [Car(behind(steady(225.0, 12.0), gap(-0.9, 1.1), -0.9, 0.2), 3.2),
           Car(steady(225.0, 12.0), shift((3.4, -1), (4, 1.8)))], SIDE, Kind.SQUEEZE, (0, 1)),
    Scene("door shut by a car that is lapped",
          [Car(behind(lambda t: steady(225.0, 12.0)(t) + 600, gap(-0.9, 1.1), -0.9, 0.2), 3.2),
           Car(steady(225.0, 12.0), shift((3.4, -1), (4, 1.8)))], SIDE, Kind.SQUEEZE, (0, 1)),
    Scene("attacker outside turns in on the inside car",
          [Car(behind(BEND, gap(0.4, 0.8), 0.4), shift((3.4, -1), (4, 1.8))), Car(BEND, 3.2)], SIDE,
          Kind.SQUEEZE, (1, 0)),
    Scene("pushed wide at the exit, alongside",
          [Car(EXIT, shift((3.4, 1), (4, -2.4))), Car(EXIT, -3.8)], SIDE, Kind.SQUEEZE, (1, 0)),
    Scene("pushed wide at the exit, partly alongside",
          [Car(behind(EXIT, 0.8, 0.8), -3.8), Car(EXIT, shift((3.4, 1), (4, -2.4)))], SIDE,
          Kind.SQUEEZE, (0, 0.7)),
    Scene("the line closed at the exit on a car that is not alongside",
          [Car(behind(EXIT, 1.5, 1.5), -3.8), Car(EXIT, shift((3.4, 1), (4, -2.4)))], SIDE,
          Kind.RACING, (0, 0)),
    # Side by side on straights.
    Scene("squeezed to the edge", [Car(STRAIGHT, shift((3, 0), (4, 2.4))), Car(STRAIGHT, 3.8)],
          SIDE, Kind.SQUEEZE, (1, 0)),
    Scene("squeezed where there was room to give way",
          [Car(STRAIGHT, shift((3, -4), (4, -1.4))), Car(STRAIGHT, 0.0)], SIDE,
          Kind.SQUEEZE, (0.7, 0)),
    Scene("both towards each other",
          [Car(STRAIGHT, shift((3, -2), (4, -0.7))), Car(STRAIGHT, shift((3, 2), (4, 0.7)))],
          SIDE, Kind.RACING, (0, 0)),
    Scene("rubbing, neither moves", [Car(STRAIGHT, -0.65), Car(STRAIGHT, 0.65)],
          [Touch(delta_v=0.02, steps=20)], Kind.RACING, (0, 0), points=0),
    Scene("nose into the rear wheel", [Car(behind(STRAIGHT, 0.9, 0.9), shift((3, 0), (4, 2.4))),
          Car(STRAIGHT, 3.8)], SIDE, Kind.SQUEEZE, (1, 0)),
    # Defence.
    Scene("one defensive move", [Car(behind(STRAIGHT, 8, 2), 2.0),
          Car(STRAIGHT, shift((2, -2), (3, 2)))], END, Kind.REAR_END, (1, 0)),
    Scene("second defensive move", [Car(behind(STRAIGHT, 8, 2), shift((2.5, 2), (3.5, -2))),
          Car(STRAIGHT, shift((1.5, -2), (2.5, 2), (3, 2), (4, -2)))], END,
          Kind.SECOND_MOVE, (0, 1)),
    Scene("second defensive move, side against nose",
          [Car(behind(STRAIGHT, 8, 1.2), -2.5),
           Car(STRAIGHT, shift((1.5, -2), (2.5, 2), (3, 2), (4, -1.2)))], SIDE,
          Kind.SECOND_MOVE, (0, 1)),
    Scene("two moves long before, then straight on", [Car(behind(STRAIGHT, 8, 2), -2.0),
          Car(STRAIGHT, shift((1, -2), (1.7, 2), (2, 2), (2.7, -2)))], END,
          Kind.REAR_END, (1, 0)),
    # Out of place.
    Scene("rejoin into the other's way",
          [Car(STRAIGHT, shift((2, 7), (3, 7), (4, 3))), Car(STRAIGHT, 1.7)], SIDE,
          Kind.REJOIN, (1, 0)),
    Scene("hit from behind after a slow rejoin",
          [Car(behind(steady(120, 10), 42, 2), 3.0),
           Car(steady(120, 10), shift((2, 7), (3.5, 3)))], END, Kind.REJOIN, (0, 1)),
    Scene("back on the track for long",
          [Car(STRAIGHT, shift((0.5, 7), (1.2, 3))), Car(STRAIGHT, 1.7)], SIDE,
          Kind.RACING, (0, 0)),
    Scene("against the direction", [Car(steady(121, -10), 0.0, np.pi * 0.99),
          Car(steady(119))], END, Kind.WRONG_WAY, (1, 0)),
    Scene("reversing into a car", [Car(steady(121, -3)), Car(steady(119, 1))], END,
          Kind.WRONG_WAY, (1, 0)),
    Scene("stopped car", [Car(steady(118)), Car(steady(120, 0.0))], END, Kind.AVOIDABLE, (1, 0)),
    Scene("spun car, seen", [Car(steady(118)), Car(steady(120, 2.0), 0.0, turned(2.0))], END,
          Kind.AVOIDABLE, (1, 0)),
    Scene("spun car, too late to see", [Car(steady(118)),
          Car(shift((0, 45), (3.5, 115), (7, 150)), 0.0, turned(3.5))], END, Kind.RACING, (0, 0)),
    Scene("spun car slides into another", [Car(steady(118), 0.0, turned(3.5)),
          Car(steady(120, 12.0))], END, Kind.RACING, (0, 0)),
    # Three cars.
    Scene("chain: the last one began it",
          [Car(behind(STRAIGHT, 16, 2)), Car(STRAIGHT), Car(lambda t: STRAIGHT(t) + 2.1)],
          [Touch(end=True), Touch(1, 2, end=True, time=TOUCH + 0.05)], Kind.REAR_END, (1, 0)),
    # Consequences.
    Scene("a touch that ends in a spin", [Car(behind(STRAIGHT, 4, 2)),
          Car(STRAIGHT, 0.0, turned(TOUCH + 1.5))], [Touch(end=True, delta_v=0.1)],
          Kind.REAR_END, (1, 0), points=2),
    Scene("a touch that ends off the track", [Car(behind(STRAIGHT, 4, 2), 4.0),
          Car(STRAIGHT, shift((TOUCH, 4), (TOUCH + 1, 7)))], END, Kind.REAR_END, (1, 0), points=2),
    Scene("a spin long after", [Car(behind(STRAIGHT, 4, 2)),
          Car(STRAIGHT, 0.0, turned(TOUCH + 2.2))], END, Kind.REAR_END, (1, 0), points=1),
]  # fmt: skip
