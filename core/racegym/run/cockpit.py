"""From keys and game pads to steering and pedals that a car can be driven with."""

from __future__ import annotations

from math import atan, inf, isfinite

from racegym.render.window import Key, Pad

__all__ = ["Cockpit"]

G = 9.80665  # [m/s^2]

STEER_IN, STEER_BACK = 2.6, 5.0  # [1/s] of full lock, away from and back to straight ahead
THROTTLE_RATE, BRAKE_RATE, RELEASE = 4.0, 4.0, 8.0  # [1/s]
PAD_RATE = 8.0  # [1/s] of sticks and triggers, which are smooth by themselves
SLIP = 1.5  # times the angle that corners at the limit of grip, since tyres slip
LEAST_LOCK = 0.12  # of full lock, at any speed

_HELD = {
    "up": "throttle", "w": "throttle", "down": "brake", "s": "brake",
    "left": "left", "a": "left", "right": "right", "d": "right",
}  # fmt: skip
_PRESSED = {
    "tab": "hand_over", "r": "restart", "backspace": "rescue",
    "pad y": "hand_over", "pad back": "restart", "pad x": "rescue",
    "pad 3": "hand_over", "pad 2": "restart", "pad 1": "rescue",
}  # fmt: skip


class Cockpit:
    """What a person asks of one car.

    Keys are on or off, so steering and pedals move toward what is held at a limited rate, and
    the lock is limited to what the tyres can use at the car's speed. A game pad has the wheel
    and the pedals to itself as soon as it is moved, until a key is pressed.

    Args:
        wheelbase, steer_limit, grip: of the car [m, rad, 1]; one that is not finite takes that
            of a small car.

    Attributes:
        steer, throttle, brake: as in ``Control``.
    """

    def __init__(self, wheelbase: float, steer_limit: float, grip: float):
        self._wheelbase = wheelbase if isfinite(wheelbase) else 2.5
        self._limit = steer_limit if isfinite(steer_limit) and steer_limit > 0.0 else 0.5
        self._grip = grip if isfinite(grip) else 1.0
        self.steer = self.throttle = self.brake = 0.0
        self._held: set[str] = set()
        self._asked: set[str] = set()
        self._by_pad = False

    def hear(self, key: Key) -> bool:
        """Take a key; return whether it means something here."""
        if key.name == "focus":
            self._held.clear()
            return True
        if key.name in _HELD:
            self._by_pad = False
            (self._held.add if key.down else self._held.discard)(key.name)
            return True
        if key.name in _PRESSED:
            if key.down:
                self._asked.add(_PRESSED[key.name])
            return True
        return False

    def asked(self, what: str) -> bool:
        """Return once whether ``"hand_over"``, ``"restart"`` or ``"rescue"`` was asked for."""
        found = what in self._asked
        self._asked.discard(what)
        return found

    def release(self) -> None:
        """Let go of wheel and pedals; keys that are held count again."""
        self.steer = self.throttle = self.brake = 0.0

    def move(self, dt: float, speed: float, pad: Pad | None = None) -> None:
        """Move wheel and pedals toward what is asked for.

        Args:
            dt: [s] since the last call.
            speed: of the car [m/s].
            pad: the game pad, if there is one.
        """
        if pad is not None and (pad.steer or pad.throttle or pad.brake):
            self._by_pad = True
        if self._by_pad and pad is not None:
            steer = pad.steer * abs(pad.steer)  # fine about the middle
            self.steer = _toward(self.steer, steer, PAD_RATE * dt)
            self.throttle = _toward(self.throttle, pad.throttle, PAD_RATE * dt)
            self.brake = _toward(self.brake, pad.brake, PAD_RATE * dt)
            return
        wanted = {_HELD[name] for name in self._held}
        way = ("left" in wanted) - ("right" in wanted)
        steer = way * self._lock(speed)
        back = abs(steer) < abs(self.steer) or steer * self.steer < 0.0
        self.steer = _toward(self.steer, steer, (STEER_BACK if back else STEER_IN) * dt)
        throttle, brake = float("throttle" in wanted), float("brake" in wanted)
        self.throttle = _toward(
            self.throttle, throttle, (THROTTLE_RATE if throttle else RELEASE) * dt
        )
        self.brake = _toward(self.brake, brake, (BRAKE_RATE if brake else RELEASE) * dt)

    def _lock(self, speed: float) -> float:
        """Return the share of full lock that tyres can use at a speed."""
        radius = speed * speed / (self._grip * G) if speed > 0.1 else 0.0
        angle = atan(SLIP * self._wheelbase / radius) if radius > 0.0 else inf
        return min(max(angle / self._limit, LEAST_LOCK), 1.0)


def _toward(value: float, goal: float, most: float) -> float:
    return min(max(goal, value - most), value + most)
