"""Demonstrations as a Minari dataset, for whoever learns offline with other libraries."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from racegym.envs import RaceVectorEnv
from racegym.errors import MissingLibraryError, RunError
from racegym_cleanrl.demonstrations import Demonstrations, Stretch
from racegym_cleanrl.networks import ONLY

__all__ = ["export_minari"]

_ID = re.compile(r"(?:\w[\w-]*/)*\w[\w-]*-v\d+", re.ASCII)


def export_minari(demonstrations: Demonstrations, envs: RaceVectorEnv, dataset: str) -> Any:
    """Write demonstrations as a local Minari dataset of Arrow files, and return it.

    It is whole or absent: whatever goes wrong, nothing of it stays. Each stretch of a drive
    without anything dropped is an episode. One that ends because the rest was dropped, or because
    the drive was over, is truncated. Pictures are kept exactly.

    Args:
        demonstrations: to be written.
        envs: of the scenario whose agent was told and acts.
        dataset: its id, such as ``racegym/kart/raceline-v0``.

    Raises:
        MissingLibraryError: Minari is not installed.
        RunError: the id is no id, there is such a dataset already, nothing is kept, or it can't
            be written.
    """
    demonstrations.check()
    if not _ID.fullmatch(dataset):
        raise RunError(
            f"{dataset!r} is no id of a dataset; ids are written NAME-v0 or SPACE/NAME-v0, with "
            "letters, digits, '_' and '-'"
        )
    try:
        import minari
        from minari.data_collector import EpisodeBuffer
        from minari.storage import get_dataset_path
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"datasets of Minari need it, and there is no module {error.name!r}; install it: "
            "pip install minari"
        ) from error

    def buffers() -> Iterator[Any]:
        for number, stretch in enumerate(demonstrations.stretches()):
            yield EpisodeBuffer(
                id=number, observations=_told(stretch), actions=stretch.actions,
                rewards=stretch.rewards.tolist(), terminations=stretch.terminated.tolist(),
                truncations=stretch.truncated.tolist(), infos={},
            )  # fmt: skip

    try:
        path = get_dataset_path(dataset)
        if path.exists():
            raise RunError(
                f"there is a dataset {dataset!r} already; take another version, or remove it with "
                f"minari delete {dataset}",
                file=path,
            )
        with _removed_on_failure(path), warnings.catch_warnings():
            # It has no environment to be judged in: the id of one would not tell the scenario.
            warnings.simplefilter("ignore", UserWarning)
            return minari.create_dataset_from_buffers(
                dataset,
                list(buffers()),
                data_format="arrow",
                jpeg_encoding=False,
                observation_space=envs.single_observation_space,
                action_space=envs.single_action_space,
                algorithm_name="demonstrations",
                description=f"Drives in racegym's scenario {envs.scenario.name!r}, cleaned.",
                requirements=["racegym"],
            )
    except ValueError as error:
        raise RunError(f"Minari refuses the dataset {dataset!r}: {error}") from error
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"the dataset {dataset!r} can't be written: {reason}") from error


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    """Remove a folder again where it can't be filled; a part of a dataset is in Minari's way."""
    try:
        yield
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def _told(stretch: Stretch) -> Any:
    """Return what was told as the observation space has it: one array, or one a sensor."""
    return stretch.told[ONLY] if list(stretch.told) == [ONLY] else dict(stretch.told)
