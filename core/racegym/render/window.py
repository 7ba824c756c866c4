"""A window on the screen, with the keys and the game pad of who sits before it.

The one place in racegym that knows pygame, which is imported when a window is opened.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import MissingLibraryError, RacegymError

__all__ = ["Key", "Pad", "Window", "load_pygame"]

DEAD = 0.08  # of a stick's way, around its middle
FULL = 32767.0  # what SDL reports of an axis at its end


class Key(NamedTuple):
    """A key or a button of a pad that went down or up."""

    # As pygame names keys, such as "left", "space" or "a". Buttons are "pad y", "pad x" and
    # "pad back" by their places on a game pad, "pad 0" and so on of a plain joystick.
    name: str
    down: bool


class Pad(NamedTuple):
    """Where sticks and triggers of a game pad are."""

    steer: float  # -1 to 1, positive to the left
    throttle: float  # 0 to 1
    brake: float  # 0 to 1


def load_pygame() -> ModuleType:
    """Import pygame without its greeting.

    Raises:
        MissingLibraryError: it is not installed.
    """
    greeting = "PYGAME_HIDE_SUPPORT_PROMPT"
    before = os.environ.get(greeting)
    os.environ[greeting] = "1"
    try:
        import pygame
    except ImportError:
        raise MissingLibraryError(
            'a window needs pygame-ce, which is not installed: pip install "racegym[render]" '
            '(from a checkout: pip install -e ".[render]")'
        ) from None
    finally:
        if before is None:
            del os.environ[greeting]
    return pygame


class Window:
    """A window that shows pictures; there can be one at a time.

    Args:
        size: [pixels] width and height; who sits before it may change it.
        title: of the window.

    Attributes:
        closed: it was closed, by either side.

    Raises:
        MissingLibraryError: pygame is not installed.
        RacegymError: there is no display.
    """

    _latest: ClassVar[Window | None] = None

    def __init__(self, size: tuple[int, int], title: str):
        self._pygame: Any = load_pygame()
        pygame = self._pygame
        self.closed = False
        if Window._latest is not None:
            Window._latest.close()
        try:
            if _has_no_display():
                raise pygame.error("no display")
            pygame.display.init()
            self._surface = pygame.display.set_mode(size, pygame.RESIZABLE)
        except pygame.error as error:
            pygame.display.quit()
            raise RacegymError(
                f"no window can be opened: {error}. Without one, write a video (--video FILE) or "
                'ask for pictures (render_mode="rgb_array"), or set SDL_VIDEODRIVER=dummy for a '
                "window that nobody sees"
            ) from None
        pygame.display.set_caption(title)
        from pygame._sdl2 import controller

        self._controller: Any = controller  # knows the layout of game pads of most makers
        pygame.joystick.init()
        controller.init()
        self._pads: dict[int, _Pad | _Joystick] = {}
        Window._latest = self

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height [pixels] as they are now."""
        width, height = self._surface.get_size()
        return width, height

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture (height, width, 3) uint8; of another size, it is stretched."""
        if self.closed:
            return
        pygame = self._pygame
        height, width = picture.shape[:2]
        image = pygame.image.frombuffer(np.ascontiguousarray(picture), (width, height), "RGB")
        if (width, height) != self.size:
            image = pygame.transform.scale(image, self.size)
        self._surface.blit(image, (0, 0))
        pygame.display.flip()

    def listen(self) -> list[Key]:
        """Return the keys that went down or up since the last call, in order."""
        keys: list[Key] = []
        if self.closed:
            return keys
        pygame = self._pygame
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.close()
                return keys
            if event.type in (pygame.KEYDOWN, pygame.KEYUP):
                keys.append(Key(pygame.key.name(event.key), event.type == pygame.KEYDOWN))
            elif event.type in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP):
                if isinstance(self._pads.get(event.instance_id), _Joystick):
                    down = event.type == pygame.JOYBUTTONDOWN
                    keys.append(Key(f"pad {event.button}", down))
            elif event.type in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
                name = {
                    pygame.CONTROLLER_BUTTON_Y: "y",
                    pygame.CONTROLLER_BUTTON_X: "x",
                    pygame.CONTROLLER_BUTTON_BACK: "back",
                }.get(event.button)
                if name is not None:
                    keys.append(Key(f"pad {name}", event.type == pygame.CONTROLLERBUTTONDOWN))
            elif event.type == pygame.JOYDEVICEADDED:
                self._add_pad(event.device_index)
            elif event.type == pygame.JOYDEVICEREMOVED:
                self._pads.pop(event.instance_id, None)
            elif event.type == pygame.WINDOWFOCUSLOST:
                keys.append(Key("focus", False))  # keys that are held are not told of any more
            elif event.type == pygame.VIDEORESIZE:
                self._surface = pygame.display.get_surface()
        return keys

    def _add_pad(self, index: int) -> None:
        """Take a game pad or joystick that was plugged in."""
        joystick = self._pygame.joystick.Joystick(index)
        pad: _Pad | _Joystick = _Joystick(joystick)
        if self._controller.is_controller(index):
            pad = _Pad(self._pygame, self._controller.Controller(index))
        self._pads[joystick.get_instance_id()] = pad

    def pad(self) -> Pad | None:
        """Return where the first game pad's left stick and triggers are; None without one."""
        return next(iter(self._pads.values())).read() if self._pads else None

    def close(self) -> None:
        """Take the window away. May be called twice."""
        if not self.closed:
            self.closed = True
            if Window._latest is self:
                Window._latest = None
                self._pads.clear()
                self._controller.quit()
                self._pygame.joystick.quit()
                self._pygame.display.quit()


class _Pad:
    """A game pad whose layout SDL knows: the left stick steers, the triggers are pedals."""

    def __init__(self, pygame: Any, controller: Any):
        self._controller = controller
        self._axes = (
            pygame.CONTROLLER_AXIS_LEFTX,
            pygame.CONTROLLER_AXIS_TRIGGERRIGHT,
            pygame.CONTROLLER_AXIS_TRIGGERLEFT,
        )

    def read(self) -> Pad:
        """Return where stick and triggers are."""
        steer, throttle, brake = (self._controller.get_axis(axis) / FULL for axis in self._axes)
        return Pad(_beyond_dead(-steer), _beyond_dead(throttle), _beyond_dead(brake))


class _Joystick:
    """A plain stick: sideways steers, forward is throttle, back is brake."""

    def __init__(self, joystick: Any):
        self._joystick = joystick

    def read(self) -> Pad:
        """Return where the stick is."""
        count = self._joystick.get_numaxes()
        steer = -self._joystick.get_axis(0) if count > 0 else 0.0
        forward = _beyond_dead(-self._joystick.get_axis(1) if count > 1 else 0.0)
        return Pad(_beyond_dead(steer), max(forward, 0.0), max(-forward, 0.0))


def _beyond_dead(way: float) -> float:
    """Return how far an axis is beyond its dead middle, -1 to 1."""
    beyond = min(max(0.0, abs(way) - DEAD) / (1.0 - DEAD), 1.0)
    return beyond if way > 0.0 else -beyond


def _has_no_display() -> bool:
    """Return whether SDL would look for a display in vain; it may take seconds to."""
    if not sys.platform.startswith("linux") or os.environ.get("SDL_VIDEODRIVER"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
