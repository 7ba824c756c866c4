"""A go-kart as small games have them: one kart on an endless car park.

The picture is that of a screen: x to the right, y down, headings in degrees clockwise from x,
speeds in km/h. Time passes in frames of 1/60 s; ``Kart.step`` makes one.

The tyres are Coulomb friction: they hold the kart on the path that its wheels point along until
that takes more than ``GRIP``; then the front runs wide or, under the handbrake, the tail slides
out. Load transfer, lateral slip below that limit, and spinning wheels are left out.
"""

from __future__ import annotations

from math import copysign, cos, degrees, radians, sin, tan

__all__ = ["HZ", "Kart"]

HZ = 60  # frames in a second
KMH = 3.6  # km/h in 1 m/s

WHEELBASE = 1.1  # [m]
TO_REAR = 0.5  # [m] from the middle of the kart, where its mass is, to the rear axle
LOCK = 25.0  # [degrees] of the front wheels
PULL = 4.5  # [m/s^2] of full throttle
BRAKE = 8.0  # [m/s^2] of throttle -1
DRAG = 0.016  # [1/m] of the speed's square
GRIP = 9.0  # [m/s^2] that the tyres of an axle can hold
HANDBRAKE = 3.0  # [m/s^2] of the handbrake
SLIDING = 0.3  # share of the grip that is left to locked rear wheels


class Kart:
    """A kart and its driver.

    Attributes:
        x: [m] of its middle, to the right.
        y: [m] of its middle, down.
        heading: [degrees] clockwise from x, from 0 up to 360.
        speed: [km/h] along its nose; negative when it rolls backwards.
        drift: [km/h] of its middle to the kart's right.
        handbrake: whether it is pulled.
    """

    def __init__(self, x: float = 0.0, y: float = 0.0, heading: float = 0.0, speed: float = 0.0):
        self.x = x
        self.y = y
        self.heading = heading % 360.0
        self.speed = speed
        self.drift = 0.0
        self.handbrake = False

    def step(self, steer: float, throttle: float) -> None:
        """Make one frame.

        Args:
            steer: [degrees] of the front wheels to the right, cut off at ``LOCK``.
            throttle: from -1 to 1; below 0 it brakes, and drives backwards once the kart stands.
        """
        dt = 1.0 / HZ
        forward, right = self.speed / KMH, self.drift / KMH
        wheels = radians(max(-LOCK, min(LOCK, steer)))
        turn_rate = forward * tan(wheels) / WHEELBASE
        if abs(turn_rate * forward) > GRIP:  # the front runs wide
            turn_rate = copysign(GRIP / abs(forward), turn_rate)

        # Without tyres the kart would go straight on while it turns.
        turn = turn_rate * dt
        forward, right = (
            forward * cos(turn) + right * sin(turn),
            right * cos(turn) - forward * sin(turn),
        )
        most = GRIP * (SLIDING if self.handbrake else 1.0) * dt
        right += max(-most, min(most, turn_rate * TO_REAR - right))

        throttle = max(-1.0, min(1.0, throttle))
        force = (PULL if throttle > 0 else BRAKE) * throttle
        forward += (force - DRAG * forward * abs(forward)) * dt
        if self.handbrake:
            forward -= copysign(min(abs(forward), HANDBRAKE * dt), forward)

        heading = radians(self.heading) + turn
        self.x += (forward * cos(heading) - right * sin(heading)) * dt
        self.y += (forward * sin(heading) + right * cos(heading)) * dt
        self.heading = (self.heading + degrees(turn)) % 360.0
        self.speed, self.drift = forward * KMH, right * KMH
