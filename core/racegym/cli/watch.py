"""``racegym watch``: play a recorded run from its telemetry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from racegym.cli.run_names import RUN, find_finished, runs_dir_option
from racegym.cli.showing import camera_option, picture_size, size_option, video_option

if TYPE_CHECKING:
    from racegym.render import Camera
    from racegym.run.playback import Recording

__all__ = ["command"]


@click.command("watch")
@click.argument("run", type=RUN, default="latest")
@runs_dir_option
@click.option(
    "--race", type=click.IntRange(min=1), default=1, show_default=True,
    help="Which race of the run to begin with.",
)  # fmt: skip
@video_option
@camera_option
@size_option
def command(
    run: str, runs_dir: Path, race: int, video: Path | None, camera: Camera, size: str
) -> None:
    """Play RUN in a window, or write it to a video. Nothing is simulated.

    RUN is a run's folder, scenario/time, a scenario's latest, or "latest". Space pauses, the
    arrows go 5 s back and forth, + and - change the speed, Tab goes to the next car, V to the
    next camera, Esc closes the window.
    """
    from racegym.record.folder import read_json
    from racegym.run.playback import Recording
    from racegym.run.watch import watch

    pixels = picture_size(size)
    folder, _ = find_finished(run, runs_dir)
    recording = Recording(folder, read_json(folder.result))
    if video is None:
        watch(recording, first=race - 1, size=pixels, camera=camera)
    else:
        _write(recording, video, race - 1, pixels, camera)


def _write(
    recording: Recording, path: Path, first: int, size: tuple[int, int], camera: Camera
) -> None:
    from racegym.render.video import Video
    from racegym.render.watchers import VideoCut
    from racegym.run.watch import cut

    recording.episode(first)  # refused before anything is written
    console = Console()
    film = Video(path, size)
    try:
        with Progress(
            TextColumn("video"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(), console=console, transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task("video", total=1.0)
            cut(
                recording,
                VideoCut(film, size, camera),
                first=first,
                told=lambda share: progress.update(task, completed=share),
            )
    except BaseException:
        film.discard()
        raise
    film.finish()
    console.print(f"video in {path}", highlight=False, soft_wrap=True, markup=False)
