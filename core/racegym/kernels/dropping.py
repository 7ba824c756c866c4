"""Which decisions of drivers get lost."""

from __future__ import annotations

from racegym.kernels.compile import kernel
from racegym.kernels.randomness import draw_uniform

__all__ = ["draw_losses"]


@kernel
def draw_losses(cars, n_cars, key, step, purpose, share, lost):
    """Draw for each car whether what its driver has decided in this step is lost.

    Args:
        cars: (k,) int64 flat indices.
        n_cars: of a race.
        key: (n_races,) uint64.
        step: (n_races,) int64.
        purpose: uint64, what the draw is for.
        share: of decisions that are lost, in [0, 1].
        lost: (k,) bool; written.
    """
    for k in range(cars.shape[0]):
        race = cars[k] // n_cars
        lost[k] = draw_uniform(key[race], cars[k] - race * n_cars, step[race], purpose) < share
