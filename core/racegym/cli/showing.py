"""What the commands that show races share: options of windows and videos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from racegym.interfaces import Watcher
    from racegym.render import Camera

__all__ = ["Looks", "camera_option", "picture_size", "size_option", "video_option"]

video_option = click.option(
    "--video",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the race to an .mp4, .mkv or .mov file, 30 pictures a second of race time.",
)
camera_option = click.option(
    "--camera",
    type=click.Choice(["follow", "north", "track"]),
    default="follow",
    show_default=True,
    help="Turn with the car; keep it in the middle, north up; or show the whole track.",
)
size_option = click.option(
    "--size",
    default="1280x720",
    show_default=True,
    metavar="WxH",
    help="Pixels of window and video.",
)


def picture_size(text: str) -> tuple[int, int]:
    """Return the size [pixels] that ``WxH`` names.

    Raises:
        click.BadParameter: it names none, or one out of range.
    """
    found = re.fullmatch(r"(\d+)\s*[xX×]\s*(\d+)", text.strip())
    if found is None:
        raise click.BadParameter(
            f"{text!r} is no size; write one such as 1280x720", param_hint="--size"
        )
    from racegym.render.painter import check_size

    return check_size((int(found[1]), int(found[2])))


@dataclass(frozen=True)
class Looks:
    """How a race is shown.

    Attributes:
        camera: from where.
        size: [pixels] width and height.
        stop: asked while a window holds the race up; true ends that.
    """

    camera: Camera
    size: tuple[int, int]
    stop: Callable[[], bool] = lambda: False

    @contextmanager
    def open(
        self, title: str, names: Sequence[str], laps: int, *, view: bool, video: Path | None
    ) -> Iterator[list[Watcher]]:
        """Open what was asked for, before anything else is done, and close it at the end.

        Args:
            title: of the window.
            names: of the cars.
            laps: race distance; 0 for none.
            view: show a window.
            video: write a video.

        Raises:
            MissingLibraryError, RacegymError: no window can be opened, or no video written.
        """
        watchers: list[Watcher] = []
        with ExitStack() as stack:
            if view or video is not None:
                from racegym.render.watchers import LiveVideo, LiveView

                if video is not None:
                    watchers.append(
                        LiveVideo(names, laps, video, size=self.size, camera=self.camera)
                    )
                    stack.callback(watchers[-1].close)
                if view:
                    watchers.append(
                        LiveView(
                            names, laps, title=f"racegym: {title}", size=self.size,
                            camera=self.camera, stop=self.stop,
                        )
                    )  # fmt: skip
                    stack.callback(watchers[-1].close)
            yield watchers
