"""What environments render with: one painter a race, and a window for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import RacegymError, nearest
from racegym.interfaces import Event, View, Watcher
from racegym.render.cameras import Camera
from racegym.render.history import History
from racegym.render.painter import Painter, check_camera, check_size
from racegym.render.scene import Cast, Scene, cast_of, scene_of
from racegym.render.viewer import KEYS, Viewer

__all__ = ["RENDER_MODES", "EnvRenderer", "RenderMode", "check_mode"]

Picture = NDArray[np.uint8]
RenderMode = Literal["human", "rgb_array"]
RENDER_MODES: list[str] = list(get_args(RenderMode))


def check_mode(mode: str | None) -> None:
    """Refuse a render mode that there is not.

    Raises:
        RacegymError: names those that there are.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise RacegymError(f"there is no render mode {mode!r}; {nearest(mode, RENDER_MODES)}")


class EnvRenderer(Watcher):
    """Watches all races of an environment and paints them when it is asked to.

    Args:
        view: the world's data.
        names: of the cars.
        laps: race distance; 0 for none.
        size: [pixels] width and height.
        camera: as of ``Painter``.
        focus: the car that is looked at at first.
        line: as of ``Painter``.

    Raises:
        RacegymError: the size is out of range, or there is no such camera.
    """

    every = 1

    def __init__(
        self,
        view: View,
        names: Sequence[str],
        laps: int,
        *,
        size: tuple[int, int],
        camera: Camera,
        focus: int,
        line: ArrayLike | None = None,
    ):
        check_camera(camera)
        self._view = view
        self._names, self._laps = names, laps
        self._size = check_size(size)
        self._camera, self._focus, self._line = camera, focus, line
        self._histories = [History() for _ in range(view.n_races)]
        self._painters: dict[int, Painter] = {}
        self._viewer: Viewer | None = None
        self._before: Scene | None = None
        self._cast: Cast | None = None

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Remember the step."""
        for race, history in enumerate(self._histories):
            history.add(scene_of(view, race), [event for event in events if event.race == race])

    def paint(self, race: int) -> Picture:
        """Return a picture of a race as it is now, (height, width, 3) uint8, to keep."""
        scene = scene_of(self._view, race)
        if scene.step == 0:
            self._histories[race].add(scene)
        if race not in self._painters:
            self._painters[race] = Painter(
                cast_of(self._view, self._names, self._laps),
                self._size,
                camera=self._camera,
                focus=self._focus,
                line=self._line,
            )
        return self._painters[race].paint(scene, self._histories[race]).copy()

    def show(self) -> None:
        """Show race 0 in a window, in real time; nothing once that was closed.

        Raises:
            RacegymError: no window can be opened.
        """
        if self._viewer is None:
            self._viewer = Viewer(
                "racegym", self._size, camera=self._camera, focus=self._focus, hint=KEYS
            )
        if self._viewer.closed:
            return
        scene = scene_of(self._view)
        before, cast = self._before, self._cast
        if cast is None or before is None or before.step >= scene.step:
            self._cast = cast_of(self._view, self._names, self._laps)
            self._histories[0].add(scene)
            self._viewer.listen()
            self._viewer.show(self._cast, scene, self._histories[0])
        else:
            self._viewer.play(cast, before, scene, self._histories[0])
        self._before = scene

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._viewer is not None:
            self._viewer.close()
