"""Watchers that show a world's race 0 to people: in a window, and as a video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from pathlib import Path

from racegym.interfaces import Event, View, Watcher
from racegym.render.cameras import Camera
from racegym.render.history import History
from racegym.render.painter import Painter
from racegym.render.scene import Cast, Scene, blend, cast_of, scene_of
from racegym.render.video import FPS, Video
from racegym.render.viewer import Viewer

__all__ = ["LiveVideo", "LiveView", "VideoCut"]


class _Audience(Watcher):
    """What both remember of the race.

    Args:
        names: of the cars.
        laps: race distance; 0 for none.
    """

    every = 1

    def __init__(self, names: Sequence[str], laps: int):
        self._names, self._laps = names, laps
        self._cast: Cast | None = None
        self._before: Scene | None = None
        self._history = History()

    def _next(self, view: View, events: Sequence[Event]) -> tuple[Cast, Scene, Scene]:
        """Return who races, and the scenes before and after the step."""
        if self._cast is None:
            self._cast = cast_of(view, self._names, self._laps)
        scene = scene_of(view)
        self._history.add(scene, [event for event in events if event.race == 0])
        before = self._before
        if before is None or before.step >= scene.step:
            before = scene  # another race has begun
        self._before = scene
        return self._cast, before, scene


class LiveView(_Audience):
    """Shows a race in a window, in real time; without the window the race runs freely.

    Args:
        names: of the cars.
        laps: race distance; 0 for none.
        title: of the window.
        size: [pixels] width and height.
        camera: as of ``Painter``.
        stop: asked while the race is held up; true ends that.

    Raises:
        RacegymError: no window can be opened.
    """

    def __init__(
        self,
        names: Sequence[str],
        laps: int,
        *,
        title: str,
        size: tuple[int, int] = (1280, 720),
        camera: Camera = "follow",
        stop: Callable[[], bool] = lambda: False,
    ):
        super().__init__(names, laps)
        self._viewer = Viewer(title, size, camera=camera, stop=stop)

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Show the step, for as long as it takes; nothing once the window is closed."""
        if not self._viewer.closed:
            cast, before, scene = self._next(view, events)
            self._viewer.play(cast, before, scene, self._history)

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()


class VideoCut:
    """Paints a race at the pictures of a video, whatever the steps are.

    Picture k of a race, from 1, shows it after ``k / FPS`` seconds.

    Args:
        video: written to.
        size: [pixels] width and height.
        camera: as of ``Painter``.
        focus: the car that is looked at.
    """

    def __init__(self, video: Video, size: tuple[int, int], camera: Camera, focus: int = 0):
        self.video = video
        self._size, self._camera, self._focus = size, camera, focus
        self._painter: Painter | None = None
        self._next = 1

    def add(self, cast: Cast, before: Scene, after: Scene, history: History) -> None:
        """Write the pictures whose time lies between two scenes.

        Args:
            cast: who races.
            before, after: scenes that follow each other; one and the same at a race's start.
            history: up to ``after``.
        """
        if self._painter is None:
            self._painter = Painter(
                cast, self._size, camera=self._camera, focus=min(self._focus, len(cast.names) - 1)
            )
        if before is after:
            self._next = 1
        until = floor(after.time * FPS + 1e-6)
        while self._next <= until:
            span = after.time - before.time
            share = 1.0 if span <= 0.0 else (self._next / FPS - before.time) / span
            self.video.write(self._painter.paint(blend(before, after, share), history))
            self._next += 1


class LiveVideo(_Audience):
    """Writes a race to a video as it runs.

    However the race ends, the file is complete afterwards, or gone if it could not be written.

    Args:
        names: of the cars.
        laps: race distance; 0 for none.
        path: the file.
        size: [pixels] width and height, both even.
        camera: as of ``Painter``.
        focus: the car that is looked at.

    Raises:
        MissingLibraryError, RacegymError: the video can't be written.
    """

    def __init__(
        self,
        names: Sequence[str],
        laps: int,
        path: Path,
        *,
        size: tuple[int, int] = (1280, 720),
        camera: Camera = "follow",
        focus: int = 0,
    ):
        super().__init__(names, laps)
        self.video = Video(path, size)
        self._cut = VideoCut(self.video, size, camera, focus)

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Write the pictures of the step.

        Raises:
            RacegymError: they can't be written.
        """
        self._cut.add(*self._next(view, events), self._history)

    def close(self) -> None:
        """Complete the file.

        Raises:
            RacegymError: it can't be written.
        """
        self.video.finish()
