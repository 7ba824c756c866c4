"""Plugins: how they are found, what they offer, and which ones are known.

catalogue = plugins.load()
backend = catalogue.find("backend", "kart2d").load()
"""

from racegym.plugins.catalogue import Catalogue, Plugin
from racegym.plugins.known import KnownPlugin, how_to_install, install_command, known_plugins
from racegym.plugins.loading import API, load
from racegym.plugins.offer import KINDS, Kind, Offer
from racegym.plugins.shipped import checkout, shipped

__all__ = [
    "API",
    "KINDS",
    "Catalogue",
    "Kind",
    "KnownPlugin",
    "Offer",
    "Plugin",
    "checkout",
    "how_to_install",
    "install_command",
    "known_plugins",
    "load",
    "shipped",
]
