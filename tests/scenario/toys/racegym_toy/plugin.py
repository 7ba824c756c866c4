from __future__ import annotations

from racegym.hookspecs import Register, hookimpl

AT = "racegym_toy.stages"


@hookimpl
def register_backends(register: Register) -> None:
    register("toy", f"{AT}:Toy")
    register("lonely", f"{AT}:Lonely")
    register("demanding", f"{AT}:Demanding")
    register("broken", "racegym_toy.no_such_module:Broken")


@hookimpl
def register_vehicles(register: Register) -> None:
    register("toy_kart", "racegym_toy:vehicles/toy_kart.yaml")


@hookimpl
def register_tracks(register: Register) -> None:
    register("ring", f"{AT}:ring")
    register("no_ring", f"{AT}:no_ring")


@hookimpl
def register_realism(register: Register) -> None:
    register("rain", f"{AT}:Rain")
    register("wind", f"{AT}:Wind")


@hookimpl
def register_sensors(register: Register) -> None:
    register("radar", f"{AT}:Radar")


@hookimpl
def register_drivers(register: Register) -> None:
    register("schooled", f"{AT}:Schooled")
    register("confused", f"{AT}:Confused")
    register("from_file", f"{AT}:FromFile")
