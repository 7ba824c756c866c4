"""Demonstrations: recorded drives, cleaned, as whoever learns from them wants to have them."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from torch import Tensor

from racegym.errors import RunError
from racegym.interfaces import Array
from racegym.record.folder import write_json
from racegym.world import World
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.cleaning import REASONS, CleaningOptions, Finding, clean
from racegym_cleanrl.networks import Eye, Layout, Observation, tensors_of
from racegym_cleanrl.recordings import Drive, drives_of, runs_named

__all__ = ["Demonstrations", "Rows", "Stretch", "demonstrated", "fill"]

MOST_ROWS = 30  # drives that a table shows one by one
DROPPED, TOLD = "dropped.csv", "demonstrations.json"  # in a run's folder


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """Decisions that follow each other and are all kept, n of them.

    Attributes:
        drive: that they are of.
        start: the first one's number in it.
        told: by sensor, (n + 1, ...).
        actions, rewards: (n, ...); see ``Drive``.
        terminated, truncated: (n,) bool; one of them at the last decision, and only there.
    """

    drive: Drive
    start: int
    told: dict[str, Array]
    actions: Array
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.actions)


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstrations:
    """Drives, and what of them is kept.

    Attributes:
        drives: those that were looked at.
        kept: for each, (T,) bool, the decisions to learn from.
        findings: what is not kept, and why.
        empty: names of runs that hold no whole decision.
    """

    drives: tuple[Drive, ...]
    kept: tuple[NDArray[np.bool_], ...]
    findings: tuple[Finding, ...]
    empty: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of decisions that are kept."""
        return sum(int(kept.sum()) for kept in self.kept)

    def pairs(self) -> tuple[dict[str, Array], Array]:
        """Return what was told, by sensor (n, ...), and what was done, (n, *shape).

        Raises:
            RunError: nothing is kept.
        """
        self.check()
        parts = self.drives[0].told
        told = {
            name: np.concatenate(
                [d.told[name][:-1][kept] for d, kept in zip(self.drives, self.kept, strict=True)]
            )
            for name in parts
        }
        acted = [d.actions[kept] for d, kept in zip(self.drives, self.kept, strict=True)]
        return told, np.concatenate(acted)

    def check(self) -> None:
        """Refuse to go on with nothing.

        Raises:
            RunError: nothing is kept; says what became of all.
        """
        if not len(self):
            why = ", ".join(f"{reason} {n}" for reason, n in self.dropped().items()) or "no drives"
            raise RunError(
                f"nothing is left to learn from: of {sum(map(len, self.drives))} decisions all "
                f"were dropped ({why}); demonstrate complete laps, or drop less, for instance "
                "with complete_laps: false"
            )

    def stretches(self) -> Iterator[Stretch]:
        """Yield the longest stretches without anything dropped, each within one episode.

        A termination that goes on to apply, such as that of laps done, ends one episode; what
        is driven after it is another. A truncation ends none, since the drive goes on.
        """
        for drive, kept in zip(self.drives, self.kept, strict=True):
            ended = drive.terminated.copy()
            ended[1:] &= ~drive.terminated[:-1]
            start = 0
            for k in range(len(drive) + 1):
                over = k == len(drive) or not kept[k]
                if over or (k > start and ended[k - 1]):
                    if k > start:
                        yield _stretch(drive, start, k, ends=bool(ended[k - 1]))
                    start = k + 1 if over else k

    def dropped(self) -> dict[str, int]:
        """Return how many control intervals were dropped for each reason that occurred."""
        counts: Counter[str] = Counter()
        for finding in self.findings:
            counts[finding.reason] += finding.steps
        return {reason: counts[reason] for reason in REASONS if counts[reason]}

    def unpaid(self) -> int:
        """Return how many decisions are kept whose rewards are not known."""
        pairs = zip(self.drives, self.kept, strict=True)
        return sum(int(np.isnan(drive.rewards[kept]).sum()) for drive, kept in pairs)

    def summary(self) -> dict[str, Any]:
        """Return what is kept and what is not, as JSON can hold it."""
        errors = [d.misfit[kept] for d, kept in zip(self.drives, self.kept, strict=True)]
        misfit = np.concatenate([np.zeros(0), *errors])
        return {
            "drives": [
                {
                    "name": drive.name, "decisions": len(drive), "kept": int(kept.sum()),
                    "seconds": round(len(drive) * drive.repeat * drive.dt, 6),
                    "laps": len(drive.laps),
                    "best_lap": min(
                        (lap.lap_time for lap in drive.laps if lap.valid and lap.lap_time),
                        default=None,
                    ),
                }
                for drive, kept in zip(self.drives, self.kept, strict=True)
            ],
            "empty": list(self.empty),
            "decisions": sum(map(len, self.drives)),
            "kept": len(self),
            "dropped": self.dropped(),
            "misfit_mean": float(misfit.mean()) if len(misfit) else None,
            "misfit_max": float(misfit.max()) if len(misfit) else None,
        }  # fmt: skip

    def table(self) -> Table:
        """Return what is kept of each drive and what was dropped, for people.

        Of very many drives the first ones have a row of their own, and the others one together.
        """
        dropped: Counter[tuple[str, str]] = Counter()
        for finding in self.findings:
            dropped[finding.drive, finding.reason] += finding.steps
        used = list(self.dropped())
        table = Table(
            title=Text("Demonstrations [s]"), title_justify="left", box=box.SIMPLE_HEAD,
            pad_edge=False, collapse_padding=True,
        )  # fmt: skip
        table.add_column("drive", overflow="fold")
        for column in ("laps", "best lap", "driven", "kept", *used):
            table.add_column(column, justify="right", no_wrap=True)
        told = [
            (
                row["name"], row["laps"], row["best_lap"], row["seconds"],
                row["kept"] * drive.repeat * drive.dt,
                *(drive.dt * dropped[drive.name, reason] for reason in used),
            )
            for drive, row in zip(self.drives, self.summary()["drives"], strict=True)
        ]  # fmt: skip
        told += [(name, 0, None, 0.0, 0.0, *(0.0 for _ in used)) for name in self.empty]
        alone = told if len(told) <= MOST_ROWS else told[: MOST_ROWS - 1]
        for row in alone:
            table.add_row(*_cells(row))
        if len(told) > len(alone):
            table.add_row(*_cells(_together(f"{len(told) - len(alone)} more", told[len(alone) :])))
        if len(told) > 1:
            table.add_section()
            table.add_row(*_cells(_together("all", told)))
        return table

    def report(self) -> None:
        """Show the table, beside the progress of a training."""
        Console(file=sys.stderr).print(self.table())

    def write(self, folder: Path) -> None:
        """Write what was dropped, and the summary, into a folder."""
        write_json(folder / TOLD, self.summary())
        beside = folder / f"part-{DROPPED}"
        with beside.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow([field.name for field in fields(Finding)])
            rows.writerows(asdict(finding).values() for finding in self.findings)
        beside.replace(folder / DROPPED)


def _together(name: str, rows: Sequence[Any]) -> tuple[Any, ...]:
    """Return what a table tells of several drives."""
    _, laps, best, *seconds = zip(*rows, strict=True)
    quickest = min((lap for lap in best if lap is not None), default=None)
    return name, sum(laps), quickest, *map(sum, seconds)


def _cells(row: Sequence[Any]) -> Iterator[str]:
    name, laps, best, driven, kept, *dropped = row
    yield from (name, str(laps), "" if best is None else f"{best:.2f}")
    yield from (f"{driven:.1f}", f"{kept:.1f}")
    yield from (f"{seconds:.1f}" if seconds else "" for seconds in dropped)


def _stretch(drive: Drive, start: int, end: int, *, ends: bool) -> Stretch:
    last = np.arange(start, end) == end - 1
    return Stretch(
        drive=drive, start=start,
        told={name: values[start : end + 1] for name, values in drive.told.items()},
        actions=drive.actions[start:end], rewards=drive.rewards[start:end],
        terminated=last & ends, truncated=last & (not ends),
    )  # fmt: skip


class Rows(Protocol):
    """A replay that keeps a step of one environment in a row, as ``racegym_cleanrl.replay``."""

    def add(
        self, seen: Observation, actions: Tensor, rewards: Tensor, terminated: Tensor,
        ended: Tensor, valid: Tensor,
    ) -> None:  # fmt: skip
        """Add a row."""


def demonstrated(
    runs: Sequence[str], world: World, options: CleaningOptions, car: str | None = None
) -> Demonstrations:
    """Return what recorded runs demonstrate to the agent of a world, cleaned.

    Args:
        runs: names of runs, or folders of such.
        world: the learner's, with one agent a race.
        options: what is left out.
        car: who demonstrates; see ``recordings.drives_of``.

    Raises:
        RacegymError: a run can't be learned from; says why.
    """
    drives: list[Drive] = []
    kept, findings, empty = [], [], []
    for run in runs_named(runs):
        before = len(drives)
        for drive in drives_of(run, world, car):
            lost = np.repeat(drive.lost(), drive.repeat)
            fit, odd = clean(drive.motion, drive.laps, drive.dt, options, drive.name, lost)
            drives.append(drive)
            kept.append(drive.decisions(fit))
            findings += odd
        if len(drives) == before:
            empty.append(f"{run.path.parent.name}/{run.path.name}")
    return Demonstrations(
        drives=tuple(drives), kept=tuple(kept), findings=tuple(findings), empty=tuple(empty)
    )


def fill(
    replay: Rows,
    demonstrations: Demonstrations,
    layout: Layout,
    actions: Actions,
    reward_scale: float = 1.0,
) -> int:
    """Put demonstrations into a replay of rows of one environment, and return how many steps.

    Where a stretch ends because what follows was dropped, its episode is cut off, not ended: its
    last observation keeps its worth.

    Args:
        replay: with ``n_envs`` 1.
        demonstrations: whose rewards are known.
        layout: of what the learner is told.
        actions: that it chooses from; the replay holds them in units to learn in.
        reward_scale: rewards are multiplied by it.

    Raises:
        RunError: rewards are not known, or nothing is kept.
    """
    demonstrations.check()
    eye = Eye(layout, normalize=False)
    steps = 0
    for stretch in demonstrations.stretches():
        if np.isnan(stretch.rewards).any():
            raise RunError(
                f"{stretch.drive.name} could not be driven again, so that its rewards are not "
                "known; it can be cloned, and not be put into a replay"
            )
        told = eye(tensors_of(_writable(stretch.told)))
        acted = actions.learned(torch.from_numpy(stretch.actions.copy()))
        for k in range(len(stretch) + 1):
            at = min(k, len(stretch) - 1)
            replay.add(
                {name: values[k : k + 1] for name, values in told.items()},
                acted[at : at + 1],
                torch.tensor([reward_scale * stretch.rewards[at]], dtype=torch.float32),
                torch.tensor([bool(stretch.terminated[at])]),
                torch.tensor([k >= len(stretch) - 1]),
                torch.tensor([k < len(stretch)]),  # the last row only lends its observation
            )
        steps += len(stretch)
    return steps


def _writable(told: Mapping[str, Array]) -> dict[str, Array]:
    """Return arrays that torch may share; it warns of those that can't be written."""
    return {name: np.require(values, requirements=["C", "W"]) for name, values in told.items()}
