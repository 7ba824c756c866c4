"""Race control: laps, limits, places and flags, the same for every backend."""

from racegym.race_control.control import RaceControl
from racegym.race_control.passes import place_gains
from racegym.race_control.penalty_rules import PenaltyRule, PenaltyRules
from racegym.race_control.rules import (
    IncidentRules,
    OvertakeRules,
    PitRules,
    Rules,
    StartProcedure,
    WreckRules,
)

__all__ = [
    "IncidentRules",
    "OvertakeRules",
    "PenaltyRule",
    "PenaltyRules",
    "PitRules",
    "RaceControl",
    "Rules",
    "StartProcedure",
    "WreckRules",
    "place_gains",
]
