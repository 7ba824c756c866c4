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
_TRIGGER_LEFT, _TRIGGER_RIGHT = 4, 5  # axes of pads as SDL numbers them


class Key(NamedTuple):
    """A key or a button of a pad that went down or up."""

    name: str  # as pygame names keys, such as "left", "space" or "a"; "pad 0" for a button
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
        pygame.joystick.init()
        self._pads: dict[int, Any] = {}
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
                down = event.type == pygame.JOYBUTTONDOWN
                keys.append(Key(f"pad {event.button}", down))
            elif event.type == pygame.JOYDEVICEADDED:
                pad = pygame.joystick.Joystick(event.device_index)
                self._pads[pad.get_instance_id()] = pad
            elif event.type == pygame.JOYDEVICEREMOVED:
                self._pads.pop(event.instance_id, None)
            elif event.type == pygame.WINDOWFOCUSLOST:
                keys.append(Key("focus", False))  # keys that are held are not told of any more
            elif event.type == pygame.VIDEORESIZE:
                self._surface = pygame.display.get_surface()
        return keys

    def pad(self) -> Pad | None:
        """Return where the first game pad's left stick and triggers are; None without one."""
        if not self._pads:
            return None
        pad = next(iter(self._pads.values()))
        axes = [float(pad.get_axis(axis)) for axis in range(pad.get_numaxes())]
        steer = -axes[0] if axes else 0.0
        steer = np.sign(steer) * max(0.0, abs(steer) - DEAD) / (1.0 - DEAD)
        if len(axes) > _TRIGGER_RIGHT:
            throttle, brake = 0.5 + 0.5 * axes[_TRIGGER_RIGHT], 0.5 + 0.5 * axes[_TRIGGER_LEFT]
        else:  # a plain stick: forward is throttle, back is brake
            forward = -axes[1] if len(axes) > 1 else 0.0
            throttle, brake = max(forward - DEAD, 0.0), max(-forward - DEAD, 0.0)
        return Pad(float(steer), min(throttle, 1.0), min(brake, 1.0))

    def close(self) -> None:
        """Take the window away. May be called twice."""
        if not self.closed:
            self.closed = True
            if Window._latest is self:
                Window._latest = None
                self._pads.clear()
                self._pygame.joystick.quit()
                self._pygame.display.quit()


def _has_no_display() -> bool:
    """Return whether SDL would look for a display in vain; it may take seconds to."""
    if not sys.platform.startswith("linux") or os.environ.get("SDL_VIDEODRIVER"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
