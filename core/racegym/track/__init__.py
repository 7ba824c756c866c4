"""Tracks: closed circuits with widths, read from files or generated, and packed for kernels."""

from racegym.track.generate import generate
from racegym.track.track import Crossing, Track
from racegym.track.trackset import TrackArrays, TrackSet
from racegym.track.tum import read_tum, write_tum

__all__ = [
    "Crossing",
    "Track",
    "TrackArrays",
    "TrackSet",
    "generate",
    "read_tum",
    "write_tum",
]
