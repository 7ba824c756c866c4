"""What racegym-multicar offers. Light on purpose: PettingZoo is imported on first use."""

from __future__ import annotations

from racegym.hookspecs import Register, hookimpl

__all__ = ["racegym_api", "register_scenarios"]

racegym_api = ">=1.0,<2"  # versions of the plugin interface that it was written for


@hookimpl
def register_scenarios(register: Register) -> None:
    """Offer races that agents drive against each other."""
    register(
        "six_agents",
        "racegym_multicar:scenarios/six_agents.yaml",
        summary="six karts, three laps, an agent in each",
    )
