"""How a training went over several seeds: the mean of each figure, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.record import RunFolder
from racegym.record.figures import read_figures
from racegym.record.folder import write_json
from racegym.record.seeds import seed_folders

__all__ = ["CONFIDENCE", "SeedCurve", "seed_curves", "write_seed_curves"]

CONFIDENCE = 0.95
POINTS = 200  # of a curve, at most
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeedCurve:
    """One figure over the steps, of several seeds.

    Attributes:
        steps: (n,) where all of them have told it.
        values: (n,) by seed, between what was told by straight lines.
        mean: (n,) of the seeds.
        low, high: (n,) the interval that holds the true mean with 95 % confidence if the
            seeds scatter normally; the mean itself where there is one seed.
    """

    steps: Floats
    values: Mapping[int, Floats]
    mean: Floats
    low: Floats
    high: Floats


def seed_curves(folder: RunFolder) -> dict[str, SeedCurve]:
    """Return the curve of each figure that every seed has told, by name.

    Args:
        folder: of a training with several seeds; those that have not begun are left out.
    """
    told = {
        seed: read_figures(own)
        for seed, own in seed_folders(folder).items()
        if own.figures.exists()
    }
    names = dict.fromkeys(name for figures in told.values() for name in figures.columns[2:])
    found = {}
    for name in names:
        series = {seed: _series(figures.rows, name) for seed, figures in told.items()}
        if all(len(points) for points in series.values()):
            curve = _curve(series)
            if curve is not None:
                found[name] = curve
    return found


def _series(rows: list[dict[str, float]], name: str) -> Floats:
    """Return (k, 2) steps and values of a figure, where it is a number."""
    points = [(row["steps"], row[name]) for row in rows if np.isfinite(row.get(name, np.nan))]
    return np.array(points, np.float64).reshape(-1, 2)


def _curve(series: Mapping[int, Floats]) -> SeedCurve | None:
    first = max(points[0, 0] for points in series.values())
    last = min(points[-1, 0] for points in series.values())
    if last < first:
        return None
    told = np.unique(np.concatenate([points[:, 0] for points in series.values()]))
    steps = told[(told >= first) & (told <= last)]
    if len(steps) > POINTS:
        steps = np.linspace(first, last, POINTS)
    values = {seed: np.interp(steps, p[:, 0], p[:, 1]) for seed, p in series.items()}
    together = np.stack(list(values.values()))
    mean, count = together.mean(axis=0), len(together)
    half = np.zeros_like(mean)
    if count > 1:
        from scipy.special import stdtrit  # takes a while to import, and few need it

        t = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2))  # Student's, both sides
        half = t * together.std(axis=0, ddof=1) / sqrt(count)
    return SeedCurve(steps, values, mean, mean - half, mean + half)


def write_seed_curves(folder: RunFolder) -> None:
    """Write the curves as ``seeds.json``.

    Raises:
        OSError: it can't be written.
    """
    data: dict[str, Any] = {"confidence": CONFIDENCE, "curves": {}}
    for name, curve in seed_curves(folder).items():
        data["curves"][name] = {
            "steps": curve.steps.tolist(),
            "mean": curve.mean.tolist(),
            "low": curve.low.tolist(),
            "high": curve.high.tolist(),
            "seeds": {str(seed): values.tolist() for seed, values in curve.values.items()},
        }
    write_json(folder.seeds, data)
