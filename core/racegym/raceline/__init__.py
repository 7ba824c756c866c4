"""The limit of a lap: what a vehicle can do, lines around a track, and the time they take."""

from racegym.interfaces import GGV

__all__ = ["GGV"]
