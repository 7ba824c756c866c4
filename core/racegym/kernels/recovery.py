"""Backing out: where a car has stood still with the throttle open, or where it means to."""

from __future__ import annotations

from racegym.kernels.compile import device

__all__ = ["BACK_THROTTLE", "backwards", "waited"]

STOPPED = 0.3  # [m/s]
OPEN_THROTTLE = 0.25
BLOCKED_FOR, BACK_FOR = 2.0, 1.6  # [s]
BACK_GAIN = 1.0  # [s/m]
BACK_THROTTLE = 1.0  # a kart on grass needs all of it


@device
def backwards(wanted, forward):
    """Return the throttle, in reverse gear, that keeps the speed ``wanted`` < 0 [m/s]."""
    return min(max(BACK_GAIN * (forward - wanted), 0.0), 1.0)


@device
def waited(wait, speed, applied_throttle, dt):
    """Return how long [s] a car has stood with open throttle; negative while it backs out.

    Args:
        wait: the same a step before.
        speed: [m/s].
        applied_throttle: of the step before.
        dt: [s].
    """
    if wait < 0.0:
        return min(wait + dt, 0.0)
    if speed < STOPPED and applied_throttle > OPEN_THROTTLE:
        return -BACK_FOR if wait + dt > BLOCKED_FOR else wait + dt
    return 0.0
