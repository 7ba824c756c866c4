"""Race control: laps, limits, places and flags, the same for every backend."""

from racegym.race_control.control import RaceControl
from racegym.race_control.penalty_rules import PenaltyRule, PenaltyRules
from racegym.race_control.rules import Rules

__all__ = ["PenaltyRule", "PenaltyRules", "RaceControl", "Rules"]
