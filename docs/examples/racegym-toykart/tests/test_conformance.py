"""The promises of every backend."""

from __future__ import annotations

from racegym.testing import BackendSuite

from racegym_toykart.backend import ToykartBackend


class TestToykartBackend(BackendSuite):
    make = ToykartBackend
