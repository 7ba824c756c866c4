"""Logs of positions over many laps: readers, motion, laps and the mean line.

read_log(path)          GPX, RaceChrono CSV, VBO, any CSV -> Log
fit_motion(log)         noisy positions -> a smooth Motion
find_laps(motion, ...)  -> Laps, each dropped one with its reason
mean_line(...)          -> a closed line that outliers don't move
"""

from racegym.formats.logs.laps import Lap, Laps, find_laps
from racegym.formats.logs.log import Log
from racegym.formats.logs.mean_line import MeanLine, mean_line
from racegym.formats.logs.motion import Motion, fit_motion
from racegym.formats.logs.options import LogOptions
from racegym.formats.logs.reading import is_log, read_log
from racegym.formats.logs.start import StartLine, find_start

__all__ = [
    "Lap",
    "Laps",
    "Log",
    "LogOptions",
    "MeanLine",
    "Motion",
    "StartLine",
    "find_laps",
    "find_start",
    "fit_motion",
    "is_log",
    "mean_line",
    "read_log",
]
