"""Race control: laps, limits, places and flags, the same for every backend."""

from racegym.race_control.control import RaceControl
from racegym.race_control.rules import PitRules, Rules, StartProcedure, WreckRules

__all__ = ["PitRules", "RaceControl", "Rules", "StartProcedure", "WreckRules"]
