"""Circuits drawn from a seed: styles, lengths, widths, and what lies beside them."""

from racegym.track.generate.circuit import STEEPEST, generate, most_samples, shortest_length
from racegym.track.generate.styles import STYLES, Direction, Style, StyleDefaults

__all__ = [
    "STEEPEST",
    "STYLES",
    "Direction",
    "Style",
    "StyleDefaults",
    "generate",
    "most_samples",
    "shortest_length",
]
