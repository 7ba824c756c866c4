"""The limit of a lap: what a vehicle can do, lines around a track, and the time they take."""

from racegym.interfaces import GGV
from racegym.raceline.line import Line

__all__ = ["GGV", "Line"]
