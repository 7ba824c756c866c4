from __future__ import annotations

import pytest

from racegym import plugins
from racegym.plugins.offer import CORE

OFFERS = [
    offer for kind in plugins.KINDS for offer in plugins.load().offers(kind) if offer.dist == CORE
]


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: f"{offer.kind}:{offer.name}")
def test_every_built_in_loads_and_is_described(offer):
    assert offer.summary
    if offer.is_file:
        assert offer.path().is_file()
    else:
        assert isinstance(offer.load(), type)


def test_every_shipped_scenario_has_a_name(root):
    files = sorted(file.stem for file in (root / "scenarios").glob("*.yaml"))
    assert [offer.name for offer in OFFERS if offer.kind == "scenario"] == files
