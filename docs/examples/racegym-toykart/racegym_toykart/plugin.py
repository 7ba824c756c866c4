"""What racegym-toykart offers. Light on purpose: the backend is imported on first use."""

from __future__ import annotations

from racegym.hookspecs import Register, hookimpl

__all__ = ["register_backends"]


@hookimpl
def register_backends(register: Register) -> None:
    """Offer the backend."""
    register(
        "toykart",
        "racegym_toykart.backend:ToykartBackend",
        summary="a simulator of one car",
    )
