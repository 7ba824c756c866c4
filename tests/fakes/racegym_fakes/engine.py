"""The other process of ``TwoProcessBackend``: karts with a throttle that lags behind.

Messages are bytes: a letter, then arrays. ``R`` mask (races,) bool; ``P`` poses
(races, cars, 4) with NaN for cars that stay; ``S`` dt and controls (races, cars, 3); ``G``
asks for everything; ``L`` brings it back; ``Q`` ends. Each is answered with the state,
(cars' six numbers) float64; the lag is the engine's own secret.
"""

from __future__ import annotations

from multiprocessing.connection import Connection

import numpy as np

X, Y, YAW, VX, RATE, LAG = range(6)
DRIVE, BRAKE, LOCK, WHEELBASE, RESPONSE = 5.0, 8.0, 0.35, 1.1, 4.0


def serve(pipe: Connection, n_races: int, n_cars: int) -> None:
    """Answer until told to quit or the other end is gone."""
    cars = np.zeros((n_races, n_cars, 6))
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        order, data = message[:1], message[1:]
        if order == b"Q":
            return
        if order == b"R":
            cars[np.frombuffer(data, bool)] = 0
        elif order == b"P":
            poses = np.frombuffer(data).reshape(n_races, n_cars, 4)
            put = ~np.isnan(poses[..., 0])
            cars[put] = 0
            cars[put, :4] = poses[put]
        elif order == b"S":
            numbers = np.frombuffer(data)
            drive(cars, numbers[1:].reshape(n_races, n_cars, 3), float(numbers[0]))
        elif order == b"L":
            cars[...] = np.frombuffer(data).reshape(cars.shape)
        pipe.send_bytes(cars.tobytes() if order == b"G" else cars[..., :LAG].tobytes())


def drive(cars: np.ndarray, control: np.ndarray, dt: float) -> None:
    steer, throttle, brake = np.moveaxis(control, -1, 0)
    here = ~np.isnan(steer)  # NaN: the car was taken away
    steer, throttle, brake = (np.nan_to_num(v) for v in (steer, throttle, brake))
    was = cars.copy()
    cars[..., LAG] += (throttle - cars[..., LAG]) * (1 - np.exp(-RESPONSE * dt))
    pushed = cars[..., VX] + (cars[..., LAG] * DRIVE - 0.02 * cars[..., VX] ** 2) * dt
    cars[..., VX] = pushed - np.sign(pushed) * np.minimum(abs(pushed), brake * BRAKE * dt)
    cars[..., RATE] = cars[..., VX] * np.tan(steer * LOCK) / WHEELBASE
    turned = 0.5 * (was[..., RATE] + cars[..., RATE]) * dt
    middle = was[..., YAW] + 0.5 * turned
    ahead = 0.5 * (was[..., VX] + cars[..., VX]) * dt
    cars[..., X] += ahead * np.cos(middle)
    cars[..., Y] += ahead * np.sin(middle)
    cars[..., YAW] = (was[..., YAW] + turned + np.pi) % (2 * np.pi) - np.pi
    cars[~here] = was[~here]
