"""Race control: laps, limits, places and flags, the same for every backend."""

from racegym.race_control.control import RaceControl
from racegym.race_control.rules import IncidentRules, Rules

__all__ = ["IncidentRules", "RaceControl", "Rules"]
