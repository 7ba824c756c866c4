"""``racegym/Kart2D-v1``: one kart, one generated circuit, ready to learn on.

Each episode starts anywhere on the circuit, at any speed up to 16 m/s, and ends after one
whole lap, off the track, or after 100 s.

The defaults, each of which a keyword replaces, are those of ``DEFAULTS``; the keywords are
the keys of a scenario (see ``docs/scenarios.md``), and ``vehicle`` is that of the only car.

Keywords that begin with ``render_`` are those of ``racegym.envs.RaceEnv``.

Version history: v1, first release.
"""

from __future__ import annotations

from typing import Any

from racegym.envs import RaceEnv, RaceVectorEnv
from racegym.render import Camera, RenderMode

__all__ = ["DEFAULTS", "make_env", "make_vector_env"]

DEFAULTS: dict[str, Any] = {
    "name": "kart2d",
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 600}},
    "dt": 0.1,  # at 20 Hz exploration noise averages out before it has moved the kart
    "start": {
        "kind": "random",
        "speed": 8.0,
        "speed_noise": 8.0,
        "lateral_noise": 2.0,
        "heading_noise": 0.2,
    },
    "observation": ["state", "lookahead"],
    "action": "steer_accel",
    # Leaving the track costs as much as 50 m of it. With a tenth of that, policies learn to
    # brush the edge, and without their exploration noise they go over it.
    "reward": {"progress": 0.1, "off_track": 50.0},
    "termination": {
        "off_track": {"margin": 0.0},
        "wrong_way": {"seconds": 2.0},
        "stuck": {"seconds": 5.0},
        "laps_done": {"laps": 1},
        "time_limit": {"seconds": 100.0},
    },
}
VEHICLE = "rental_kart"


def _scenario(settings: dict[str, Any]) -> dict[str, Any]:
    vehicle = settings.pop("vehicle", VEHICLE)
    car = {"name": "agent", "vehicle": vehicle, "driver": "agent"}
    return {**DEFAULTS, "cars": [car], **settings}


def make_env(
    *,
    render_mode: RenderMode | None = None,
    render_size: tuple[int, int] = (640, 480),
    render_camera: Camera = "follow",
    render_line: Any = None,
    **settings: Any,
) -> RaceEnv:
    """Return one race; see ``RaceEnv`` for rendering, the module's text for ``settings``."""
    return RaceEnv(
        _scenario(settings),
        render_mode=render_mode,
        render_size=render_size,
        render_camera=render_camera,
        render_line=render_line,
    )


def make_vector_env(
    num_envs: int = 1,
    *,
    copy: bool = True,
    autoreset_mode: Any = "NextStep",
    render_mode: RenderMode | None = None,
    render_size: tuple[int, int] = (640, 480),
    render_camera: Camera = "follow",
    render_line: Any = None,
    **settings: Any,
) -> RaceVectorEnv:
    """Return a batch of races; see ``RaceVectorEnv`` and the module's text."""
    return RaceVectorEnv(
        _scenario(settings),
        num_envs,
        copy=copy,
        autoreset_mode=autoreset_mode,
        render_mode=render_mode,
        render_size=render_size,
        render_camera=render_camera,
        render_line=render_line,
    )
