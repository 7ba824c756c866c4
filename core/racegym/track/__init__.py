"""Tracks: closed circuits with widths, read from files or generated, and packed for kernels."""

from racegym.track.generate import generate
from racegym.track.lane import PitLane
from racegym.track.track import Crossing, Track
from racegym.track.trackset import TrackArrays, TrackSet

__all__ = [
    "Crossing",
    "PitLane",
    "Track",
    "TrackArrays",
    "TrackSet",
    "generate",
]
