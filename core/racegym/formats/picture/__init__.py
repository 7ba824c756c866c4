"""Tracks out of pictures: safe decoding, the drivable area, its middle line and its edges."""
