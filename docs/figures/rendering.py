"""Draws the pictures of ``docs/rendering.md``: the quickstart from above, by three cameras.

python docs/figures/rendering.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from racegym import load_scenario
from racegym.render import CAMERAS, Camera, History, Painter, cast_of, scene_of

IMAGES = Path(__file__).resolve().parents[1] / "images"
MOMENT = {"track": 118.0, "follow": 76.3, "north": 21.5}  # [s] of race time
SIZE: dict[Camera, tuple[int, int]] = {
    "track": (1280, 720), "follow": (960, 540), "north": (640, 480),
}  # fmt: skip
QUALITY = {"track": 78, "follow": 86, "north": 88}  # of JPEG: clear letters, small files
FOCUS = 4  # the car that is looked at


def main() -> None:
    """Run the quickstart and paint it at the moments above."""
    scenario = load_scenario("quickstart")
    world, history = scenario.world(), History()
    world.reset([scenario.seed])
    cast = cast_of(world.view, [car.name for car in scenario.cars], scenario.laps)
    wanted = {MOMENT[camera]: camera for camera in CAMERAS}
    while wanted:
        world.step()
        scene = scene_of(world.view)
        history.add(scene, world.events())
        for moment in [moment for moment in wanted if scene.time >= moment]:
            camera = wanted.pop(moment)
            painter = Painter(cast, SIZE[camera], camera=camera, focus=FOCUS)
            picture = Image.fromarray(painter.paint(scene, history))
            file = IMAGES / f"rendering_{camera}.jpg"
            picture.save(file, quality=QUALITY[camera], subsampling=0, optimize=True)
    world.close()


if __name__ == "__main__":
    main()
