"""What environments of several agents say beside observation and reward.

All that ``racegym.envs.info`` lists, and of racing together:

======================  =====  ======================================================
key                     type   meaning
======================  =====  ======================================================
``gap_ahead``           float  to the car in front [s]; 0 for the leader
``gap_leader``          float  to the leader [s]; 0 for the leader
``laps_behind``         int    laps behind the leader
``flags``               int    bits of ``racegym.interfaces.Flag``, shown to the car
``overtakes_made``      int    cars passed on the track
``overtakes_suffered``  int    times passed on the track
``incident_points``     int    classes of its contacts, added up
``blame_points``        float  its shares of the blame times class, added up
``warnings``            int    warnings given
``penalty_due``         int    a ``racegym.interfaces.PenaltyKind`` that is to be served
``penalty_time``        float  added to its result [s]
``penalty_places``      int    places lost in its result
``penalty_laps``        int    laps taken off in its result
``penalty_score``       float  what its score is multiplied by
======================  =====  ======================================================
"""

from __future__ import annotations

import numpy as np

from racegym.envs.info import Informant
from racegym.world import World
from racegym.world.agents import AgentGroup

__all__ = ["RacingInformant"]

ALWAYS: dict[str, type] = {
    "laps_behind": np.int64,
    "flags": np.int64,
    "overtakes_made": np.int64,
    "overtakes_suffered": np.int64,
    "incident_points": np.int64,
    "blame_points": np.float64,
    "warnings": np.int64,
    "penalty_due": np.int64,
    "penalty_time": np.float64,
    "penalty_places": np.int64,
    "penalty_laps": np.int64,
    "penalty_score": np.float64,
}
ONCE_KNOWN = ("gap_ahead", "gap_leader")


class RacingInformant(Informant):
    """Gathers the infos of a group of agents that race others; arguments as of its base."""

    def __init__(self, world: World, group: AgentGroup | None = None):
        super().__init__(world, group)
        race = world.view.race
        self._always |= {key: (getattr(race, key), dtype) for key, dtype in ALWAYS.items()}
        self._once_known |= {key: getattr(race, key) for key in ONCE_KNOWN}
