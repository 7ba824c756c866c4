"""Looking at a race in a window as it goes on: keys, pace and pictures."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep

from racegym.render.cameras import CAMERAS, Camera
from racegym.render.history import History
from racegym.render.painter import LARGEST, SMALLEST, Painter
from racegym.render.scene import Cast, Scene, blend
from racegym.render.window import Key, Window

__all__ = ["KEYS", "SPEEDS", "Viewer"]

KEYS = "space pause · + - speed · tab car · v view · esc close"
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
FRAME = 1.0 / 60.0  # [s] between two pictures
LATE = 0.25  # [s] behind which time is let go instead of being caught up with
SELDOM = 1.0 / 12.0  # [s] between two pictures at most, however late it is
HINT = 4.0  # [s] for which the keys are shown at the start


class Viewer:
    """A window on one race.

    The keys: space pauses, + and - change the speed, Tab goes to the next car, V to the next
    camera, Esc closes the window; the arrows left and right are counted by ``leap``.

    Args:
        title: of the window.
        size: [pixels] width and height at the start.
        camera: as of ``Painter``.
        focus: the car that is looked at at first.
        hint: shown for some seconds at the start.
        stop: asked while it waits; true ends the waiting.

    Attributes:
        listener: told every key before the viewer follows it; true keeps it from doing so.
        closed: nobody looks any more.
        paused, speed: how time passes; times real time.
        message: shown at the top.

    Raises:
        RacegymError: no window can be opened.
    """

    def __init__(
        self,
        title: str,
        size: tuple[int, int] = (1280, 720),
        *,
        camera: Camera = "follow",
        focus: int = 0,
        hint: str = KEYS,
        stop: Callable[[], bool] = lambda: False,
    ):
        self.window = Window(size, title)
        self.paused = False
        self.speed = 1.0
        self.message = ""
        self.listener: Callable[[Key], bool] = lambda _: False
        self._camera: Camera = camera
        self._focus = focus
        self._hint = hint
        self._stop = stop
        self._painter: Painter | None = None
        self._cast: Cast | None = None
        self._now = 0.0  # [s] of the race
        self._clock = self._opened = perf_counter()
        self._drawn = 0.0
        self._leap = 0.0

    @property
    def closed(self) -> bool:
        """Return whether nobody looks any more."""
        return self.window.closed

    def listen(self) -> None:
        """Do what keys ask for that were pressed since the last call."""
        for key in self.window.listen():
            if not self.listener(key) and key.down:
                self._follow(key)

    def _follow(self, key: Key) -> None:
        if key.name == "space":
            self.paused = not self.paused
        elif key.name in ("+", "=", "[+]", "-", "[-]"):
            self._change_speed(-1 if "-" in key.name else 1)
        elif key.name == "v":
            self._camera = CAMERAS[(CAMERAS.index(self._camera) + 1) % len(CAMERAS)]
        elif key.name == "tab" and self._cast is not None:
            self._focus = (self._focus + 1) % len(self._cast.names)
        elif key.name in ("left", "right"):
            self._leap += -1.0 if key.name == "left" else 1.0
        elif key.name == "escape":
            self.window.close()

    def leap(self) -> float:
        """Return how often the arrow keys went forth less back since the last call."""
        leap, self._leap = self._leap, 0.0
        return leap

    def _change_speed(self, way: int) -> None:
        index = min(max(SPEEDS.index(self.speed) + way, 0), len(SPEEDS) - 1)
        self.speed = SPEEDS[index]

    def play(self, cast: Cast, before: Scene, after: Scene, history: History) -> None:
        """Show what lies between two scenes, for as long as it takes.

        Pictures are left out when the machine is too slow for all of them; when it is too slow
        for the race itself, the race is shown slower.

        Args:
            cast: who races.
            before, after: the scenes; shown is what is in between.
            history: up to ``after``.
        """
        fresh = after.time <= before.time  # the first scene of a race, or after a leap
        if fresh:  # what was before it, such as compiling, is not caught up with
            self._now, self._clock = after.time, perf_counter()
        self._tick()
        while not self.closed and not self._stop():
            late = self._now >= after.time and not self.paused
            if late and not fresh and perf_counter() - self._drawn < SELDOM:
                break
            span = max(after.time - before.time, 1e-9)
            share = min((self._now - before.time) / span, 1.0)
            self.show(cast, blend(before, after, share), history)
            if late:
                self.listen()
                break
            self.pass_time()
            if self._leap:
                break
            fresh = False
        if self._now - after.time > LATE * self.speed:
            self._now = after.time

    def _tick(self) -> None:
        """Let the race's time pass as the clock's did."""
        now = perf_counter()
        if not self.paused:
            self._now += (now - self._clock) * self.speed
        self._clock = now

    def pass_time(self) -> None:
        """Wait for the next picture's turn, and follow the keys."""
        sleep(max(0.0, self._drawn + FRAME - perf_counter()))
        self.listen()
        self._tick()

    def show(self, cast: Cast, scene: Scene, history: History) -> None:
        """Show one scene at once."""
        if self.closed:
            return
        width, height = self.window.size
        size = min(max(width, SMALLEST), LARGEST), min(max(height, SMALLEST), LARGEST)
        if self._painter is None or self._painter.size != size or self._cast is not cast:
            self._focus = min(self._focus, len(cast.names) - 1)
            self._painter = Painter(cast, size, camera=self._camera, focus=self._focus)
            self._cast = cast
        self._painter.camera, self._painter.focus = self._camera, self._focus
        self.window.show(self._painter.paint(scene, history, self._told()))
        self._drawn = perf_counter()

    def _told(self) -> str:
        if self.paused:
            return "paused"
        if self.message:
            return self.message
        if self.speed != 1.0:
            return f"{self.speed:g} × speed"
        return self._hint if perf_counter() - self._opened < HINT else ""

    def close(self) -> None:
        """Close the window. May be called twice."""
        self.window.close()
