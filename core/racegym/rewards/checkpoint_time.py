"""Checkpoints passed, worth more the sooner."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import pay_checkpoints

__all__ = ["CheckpointTime"]


class CheckpointTime(RewardTerm):
    """For each checkpoint the mean speed since the one before, as a share of ``speed``.

    Between 0 and 1 a checkpoint: 1 at the reference speed and above. The first checkpoint
    of a race, with none before it since the start, pays nothing.
    """

    class Options(StageOptions):
        """Settings of the term."""

        speed: float = Field(30.0, gt=0, le=1000, description="[m/s] mean speed that earns 1")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'checkpoint_time'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        tracks, race = view.tracks, view.race
        pay_checkpoints(
            out, race.checkpoints_hit, race.checkpoint_split, race.next_checkpoint,
            race.start_progress, tracks.race_track, tracks.table, tracks.checkpoint_s,
            self.options.speed,
        )  # fmt: skip
