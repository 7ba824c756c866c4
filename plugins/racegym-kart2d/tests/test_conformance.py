"""The promises of every backend."""

from __future__ import annotations

from importlib.resources import files

from ruamel.yaml import YAML

from racegym.testing import BackendSuite
from racegym_kart2d.backend import Kart2D

KART = YAML(typ="safe", pure=True).load(
    (files("racegym_kart2d") / "vehicles" / "rental_kart.yaml").read_text(encoding="utf-8")
)


class TestKart2D(BackendSuite):
    make = Kart2D
    vehicles = (KART,)
