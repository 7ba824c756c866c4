"""What a scenario may say of a driver from a file, beside the options of its class."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from racegym.interfaces import StageOptions

__all__ = ["RESERVED", "EntrantOptions"]


class EntrantOptions(StageOptions):
    """How an entrant is run, and what becomes of it when it fails."""

    process: bool = Field(False, description="run it in a process of its own")
    budget_ms: float | None = Field(
        None, gt=0, le=60_000, description="[ms] of wall time for a decision; None: no hurry"
    )
    patience: int = Field(
        10, ge=1, le=100_000, description="decisions missed in a row, then the car coasts"
    )
    latency_steps: int = Field(
        0, ge=0, le=1000, description="control steps until a decision takes effect"
    )
    drop: float = Field(0.0, ge=0, le=1, description="share of decisions that get lost, drawn")
    on_failure: Literal["stop", "coast", "retire"] | None = Field(
        None,
        description="of the entrant; None: stop the run, or retire the car if it has a process",
    )
    hang_s: float = Field(
        10.0, gt=0, le=3600, description="[s] of wall time without an answer, then it has failed"
    )
    start_s: float = Field(
        60.0, gt=0, le=3600, description="[s] of wall time for its process to start"
    )
    memory_mb: int | None = Field(
        None, ge=1, le=10_000_000, description="[MB] that its process may take beyond Python's own"
    )

    @model_validator(mode="after")
    def _needs_a_process(self) -> EntrantOptions:
        for name in ("budget_ms", "memory_mb"):
            if getattr(self, name) is not None and not self.process:
                raise ValueError(f"{name} needs process: true")
        return self

    @property
    def failure(self) -> Literal["stop", "coast", "retire"]:
        """What a failure leads to."""
        return self.on_failure or ("retire" if self.process else "stop")


RESERVED = frozenset({*EntrantOptions.model_fields, "name", "file", "digest"})
