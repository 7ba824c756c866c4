"""The vehicles of a world: their parameters as kernels want them, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Races, VehicleTable
from racegym_kart2d.kernels import columns
from racegym_kart2d.kernels.envelope import ENVELOPE, fill_envelopes
from racegym_kart2d.parameters import AREAS, COLUMNS, DENSITY, SingleTrackVehicle

__all__ = ["Fleet", "tell"]

Rows = NDArray[np.float64]


class Fleet:
    """The parameters of all cars, of which some may be drawn for each episode.

    Args:
        vehicles: that of each car slot, nominal where something is drawn.
        drawn: by parameter, (n_races, n_cars) float64.
        parameters: (n_races, n_cars, PARAMETERS) real, what the kernels use; ``reset`` writes.
        table: what everybody is told; ``reset`` writes.
    """

    def __init__(
        self,
        vehicles: Sequence[SingleTrackVehicle],
        drawn: Mapping[str, NDArray[np.float64]],
        parameters: NDArray[Any],
        table: VehicleTable,
    ):
        self._rows: Rows = np.array([vehicle.row() for vehicle in vehicles])
        self._parameters, self._table = parameters, table
        self._told = tell(self._rows)
        self._drawn = {
            column: values
            for name, column in COLUMNS.items()
            if (values := drawn.get(name)) is not None
        }
        # The forces of the air go with its density, which may be drawn itself.
        self._air = {name: drawn[name] for name in (DENSITY, *AREAS) if name in drawn}
        self._still = {
            name: np.array([getattr(vehicle, name) for vehicle in vehicles])
            for name in (DENSITY, *AREAS)
        }

    def reset(self, races: Races) -> None:
        """Give the cars of some races what was drawn for them, and tell of it."""
        told = self._told
        if self._drawn or self._air:
            rows = np.repeat(self._rows[None], len(races), axis=0)
            for column, values in self._drawn.items():
                rows[:, :, column] = _known(values[races], rows[:, :, column])
            if self._air:
                density = self._of_air(DENSITY, races)
                for name, column in AREAS.items():
                    rows[:, :, column] = 0.5 * density * self._of_air(name, races)
            self._parameters[races] = rows
            told = tell(rows)
        for name, values in told.items():
            getattr(self._table, name)[races] = values

    def _of_air(self, name: str, races: Races) -> Rows:
        drawn, still = self._air.get(name), self._still[name]
        return still if drawn is None else _known(drawn[races], still)


def _known(drawn: Rows, nominal: Rows) -> Rows:
    """Return what was drawn; what is nominal for cars that draw nothing (NaN)."""
    return np.where(np.isnan(drawn), nominal, drawn)


def tell(rows: Rows) -> dict[str, NDArray[np.float64]]:
    """Return what ``VehicleTable`` holds, by name.

    Args:
        rows: (..., PARAMETERS) float64, as ``SingleTrackVehicle.row`` gives them.
    """
    flat = np.ascontiguousarray(rows.reshape(-1, columns.PARAMETERS))
    envelopes = np.empty((len(flat), len(ENVELOPE)))
    fill_envelopes(flat, envelopes)
    front, rear = rows[..., columns.TO_FRONT], rows[..., columns.TO_REAR]
    return {
        "length": rows[..., columns.LENGTH],
        "width": rows[..., columns.WIDTH],
        "wheelbase": front + rear,
        "track": 0.5 * (rows[..., columns.TRACK_FRONT] + rows[..., columns.TRACK_REAR]),
        "to_front": front,
        "mass": rows[..., columns.MASS],
        "steer_limit": rows[..., columns.STEER_LIMIT],
        **{name: envelopes[:, k].reshape(rows.shape[:-1]) for k, name in enumerate(ENVELOPE)},
    }
