"""``racegym watch`` as functions: a recording in a window, or as a video."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from racegym.render import Camera, History, Scene
from racegym.render.viewer import Viewer
from racegym.render.watchers import VideoCut
from racegym.run.playback import Episode, Recording

__all__ = ["WATCH_KEYS", "cut", "watch"]

WATCH_KEYS = "space pause · ← → 5 s · + - speed · tab car · v view · esc close"
LEAP = 5.0  # [s] that the arrow keys go back and forth


def watch(
    recording: Recording,
    *,
    first: int = 0,
    size: tuple[int, int] = (1280, 720),
    camera: Camera = "follow",
) -> None:
    """Play a recording in a window, until it is closed.

    Args:
        recording: the run.
        first: the race to begin with; the others follow.
        size: [pixels] width and height at the start.
        camera: as of ``racegym.render.Painter``.

    Raises:
        RunError: there is no such race, or it can't be drawn.
        RacegymError: no window can be opened.
    """
    episode = recording.episode(first)
    viewer = Viewer(f"racegym: {recording.name}", size, camera=camera, hint=WATCH_KEYS)
    try:
        index = first
        while not viewer.closed:
            last = index + 1 == recording.n_episodes
            _play(viewer, episode, last=last)
            if not last:
                index += 1
                episode = recording.episode(index)
    finally:
        viewer.close()


def _play(viewer: Viewer, episode: Episode, *, last: bool) -> None:
    """Play one race; the last one's end is held until the window is closed, or gone back from."""
    step, history = 0, History()
    before = episode.scene(0)
    while not viewer.closed:
        scene = episode.scene(step)
        history.add(scene, episode.events(step))
        viewer.play(episode.cast, before, scene, history)
        before = scene
        leap = viewer.leap()
        step += 1
        while leap == 0.0 and step == len(episode) and last and not viewer.closed:
            viewer.message = "the end"
            viewer.show(episode.cast, scene, history)
            viewer.pass_time()
            leap = viewer.leap()
        viewer.message = ""
        if leap != 0.0:
            step, history = _gone_to(episode, scene.time + leap * LEAP)
            before = episode.scene(step)
        elif step == len(episode):
            return


def _gone_to(episode: Episode, time: float) -> tuple[int, History]:
    """Return the step at a race time [s], and what is remembered of the time before."""
    step = int(np.clip(np.searchsorted(episode.times, time), 0, len(episode) - 1))
    history = History()
    for earlier in range(step):
        history.add(episode.scene(earlier), episode.events(earlier))
    return step, history


def cut(
    recording: Recording,
    video: VideoCut,
    *,
    first: int,
    told: Callable[[float], None],
) -> None:
    """Write a recording to a video.

    Args:
        recording: the run.
        video: written to; completed by the caller.
        first: the race to begin with; the others follow.
        told: called with the share that is done, from 0 to 1.

    Raises:
        RunError: there is no such race, or it can't be drawn.
        RacegymError: the video can't be written.
    """
    count = recording.n_episodes - first
    for index in range(first, recording.n_episodes):
        episode, history = recording.episode(index), History()
        before: Scene | None = None
        for step in range(len(episode)):
            scene = episode.scene(step)
            history.add(scene, episode.events(step))
            video.add(episode.cast, before or scene, scene, history)
            before = scene
            told((index - first + (step + 1) / len(episode)) / count)
