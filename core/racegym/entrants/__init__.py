"""Drivers from a file: classes without packaging, in this process or in one of their own.

``Entrant`` in ``racegym.entrants.entrant`` is the stage that the world sees. Nothing is
imported here: an entrant's process starts with ``racegym.entrants.child`` and wants little.
"""
