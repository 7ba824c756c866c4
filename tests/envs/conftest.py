"""Environments are tried on kart2d."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)
