"""What racegym-kart2d offers. Light on purpose: the backend is imported on first use."""

from __future__ import annotations

from racegym.hookspecs import Register, hookimpl

__all__ = ["racegym_api", "register_backends", "register_policies", "register_vehicles"]

racegym_api = ">=1.1,<2"  # versions of the plugin interface that it was written for


@hookimpl
def register_backends(register: Register) -> None:
    """Offer the planar backend."""
    register(
        "kart2d",
        "racegym_kart2d.backend:Kart2D",
        summary="planar vehicle dynamics, thousands of cars at once",
    )


@hookimpl
def register_vehicles(register: Register) -> None:
    """Offer the parameter sets shipped with the backend."""
    register("rental_kart", "racegym_kart2d:vehicles/rental_kart.yaml", summary="a rental kart")
    register("gt3", "racegym_kart2d:vehicles/gt3.yaml", summary="a GT3 race car")
    register("rc_car", "racegym_kart2d:vehicles/rc_car.yaml", summary="a 1:10 scale RC car")


@hookimpl
def register_policies(register: Register) -> None:
    """Offer the policy shipped with the backend; how it was made stands beside it."""
    register("rental_kart", "racegym_kart2d:policies/rental_kart.onnx", summary="laps in a kart")
