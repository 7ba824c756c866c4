"""The implicit integrator converges to a fine Runge-Kutta solution as the substep shrinks."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import Rig, vehicle

MANOEUVRES = {
    "kart through a bend": ("rental_kart", 12.0, lambda t: (0.15, 0.5, 0.0)),
    "kart slalom": ("rental_kart", 12.0, lambda t: (0.3 * np.sin(4.0 * t), 0.3, 0.0)),
    "kart braking into a bend": ("rental_kart", 15.0, lambda t: (0.1, 0.0, 0.4)),
    "gt3 lane change": ("gt3", 50.0, lambda t: (0.06 * np.sin(5.0 * t), 0.3, 0.0)),
    "gt3 braking in a bend": ("gt3", 60.0, lambda t: (0.03, 0.0, 0.3)),
    "rc car slalom": ("rc_car", 5.0, lambda t: (0.5 * np.sin(6.0 * t), 0.3, 0.0)),
}


def end(name, speed, orders, substep, integrator="implicit"):
    """Return x, y, yaw, vx, vy, yaw rate after 1.5 s, orders changing every 0.05 s."""
    made = Rig(vehicle(name), substep=substep, integrator=integrator)
    made.place(15_000.0, 0.0, 0.3, speed)
    for k in range(30):
        made.drive(*orders(k * 0.05))
        made.step()
    s = made.state
    return np.ravel([s.x, s.y, s.yaw, s.vx, s.vy, s.yaw_rate])


@pytest.mark.parametrize("manoeuvre", MANOEUVRES)
def test_the_error_halves_at_least_with_the_substep(manoeuvre):
    name, speed, orders = MANOEUVRES[manoeuvre]
    exact = end(name, speed, orders, 0.05 / 512, "rk4")
    errors = [
        np.abs(end(name, speed, orders, h) - exact).max()
        for h in (0.0125, 0.0125 / 2, 0.0125 / 4, 0.0125 / 8)
    ]
    assert errors[0] < 0.2
    rates = np.array(errors[:-1]) / errors[1:]
    assert rates[-1] > 1.8, errors
    assert rates.prod() > 1.8**3, errors
