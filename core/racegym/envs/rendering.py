"""From an environment's world to what it renders with."""

from __future__ import annotations

from numpy.typing import ArrayLike

from racegym.render import Camera, EnvRenderer
from racegym.world import World

__all__ = ["renderer_of"]


def renderer_of(
    world: World, size: tuple[int, int], camera: Camera, line: ArrayLike | None
) -> EnvRenderer:
    """Return a renderer that watches a world; it looks at the agent's car.

    Args:
        world: with exactly one group of agents, one a race.
        size, camera, line: as of ``racegym.render.Painter``.

    Raises:
        RacegymError: the size is out of range, or there is no such camera.
    """
    renderer = EnvRenderer(
        world.view,
        [car.name for car in world.config.cars],
        world.config.rules.laps,
        size=size,
        camera=camera,
        focus=int(world.groups[0].cars[0]) % world.n_cars,
        line=line,
    )
    world.watchers.append(renderer)
    return renderer
