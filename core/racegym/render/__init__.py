"""Pictures of races for people: painted, in a window, as a video.

painter = Painter(cast_of(world.view, ["Kart 1", "Kart 2"]), camera="track")
history = History()
history.add(scene := scene_of(world.view))
pixels = painter.paint(scene, history)
"""

from racegym.render.cameras import CAMERAS, Camera
from racegym.render.env import RENDER_MODES, EnvRenderer, RenderMode, check_mode
from racegym.render.history import History
from racegym.render.painter import Painter
from racegym.render.scene import Cast, Scene, cast_of, scene_of

__all__ = [
    "CAMERAS",
    "RENDER_MODES",
    "Camera",
    "Cast",
    "EnvRenderer",
    "History",
    "Painter",
    "RenderMode",
    "Scene",
    "cast_of",
    "check_mode",
    "scene_of",
]
