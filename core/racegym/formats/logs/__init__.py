"""Logs of positions over many laps: readers, motion, laps and the mean line.

    log = read_log(path)                    GPX, RaceChrono CSV, VBO, any CSV
    motion = fit_motion(log)                noisy positions -> a smooth motion
    laps = find_laps(motion, line)          each dropped one with its reason
    line = mean_line(laps.kept, line)       closed; outliers don't move it

The later steps stand in modules of their own, ``session`` goes through all of them. Only what
tells a log from another file is imported with the package.
"""

from racegym.formats.logs.log import Log
from racegym.formats.logs.options import LogOptions
from racegym.formats.logs.reading import is_log, read_log

__all__ = ["Log", "LogOptions", "is_log", "read_log"]
