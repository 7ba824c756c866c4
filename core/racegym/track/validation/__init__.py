"""Everything that may be wrong with a track, in one report."""

from racegym.track.raw import RawTrack, keep_raw
from racegym.track.validation.report import Problem, Report, VehicleLimits
from racegym.track.validation.whole import validate

__all__ = ["Problem", "RawTrack", "Report", "VehicleLimits", "keep_raw", "validate"]
