"""What racegym-carracing offers. Light on purpose: Box2D is imported on first use."""

from __future__ import annotations

from racegym.hookspecs import Register, hookimpl

__all__ = ["racegym_api", "register_backends"]

racegym_api = ">=1.0,<2"  # versions of the plugin interface that it was written for


@hookimpl
def register_backends(register: Register) -> None:
    """Offer Gymnasium's CarRacing-v3."""
    register(
        "carracing",
        "racegym_carracing.backend:CarRacing",
        summary="Gymnasium's CarRacing-v3 on Box2D, one car per engine",
    )
