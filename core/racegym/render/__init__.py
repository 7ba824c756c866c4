"""Pictures of races for people: painted, in a window, as a video.

painter = Painter(cast_of(world), camera="track")
history = History()
history.add(scene := scene_of(world.view))
pixels = painter.paint(scene, history)
"""

from racegym.render.cameras import CAMERAS, Camera
from racegym.render.history import History
from racegym.render.painter import Painter
from racegym.render.scene import Cast, Scene, cast_of, scene_of

__all__ = [
    "CAMERAS",
    "Camera",
    "Cast",
    "History",
    "Painter",
    "Scene",
    "cast_of",
    "scene_of",
]
