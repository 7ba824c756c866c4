"""When a checkpoint is due: after so many steps, and at the end, but never twice at one place."""

from __future__ import annotations

__all__ = ["PARTS", "CheckpointClock"]

PARTS = 20  # checkpoints of a training that says nothing of them


class CheckpointClock:
    """Tells when a checkpoint is due. It is until one is written.

    Args:
        total: steps after which the training is done.
        every: steps from one checkpoint to the next; None for a twentieth of ``total``.
        begun: steps of the checkpoint that is gone on from; None for a beginning.

    Attributes:
        total: as it was told last.
        every: steps from one checkpoint to the next.
        total: steps after which the training is done, as far as is known.
        steps: of which it was told last.
    """

    def __init__(self, total: int, every: int | None = None, begun: int | None = None):
        self.every = max(1, total // PARTS) if every is None else every
        self.steps = begun or 0
        self.total = total
        self._last = -1 if begun is None else begun

    def is_due(self, steps: int, *, ending: bool) -> bool:
        """Tell whether a checkpoint is due.

        Args:
            steps: that are done.
            ending: whether the training ends before its steps are done.
        """
        self.steps = steps
        if steps <= self._last:
            return False
        return ending or self.at_the_end or self.passed(self.every)

    @property
    def at_the_end(self) -> bool:
        """Whether as many steps are done as were to be."""
        return self.steps >= self.total

    def passed(self, every: int) -> bool:
        """Tell whether a multiple of ``every`` lies between the last checkpoint and now."""
        return self.steps // every > max(self._last, 0) // every

    def written(self) -> None:
        """Note that a checkpoint of the present steps is written."""
        self._last = self.steps
