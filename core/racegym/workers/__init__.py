"""Engines that hold one race, run in many worker processes over shared memory."""

from racegym.workers.backend import WorkerBackend, in_workers
from racegym.workers.settings import WORKERS, WorkerSettings, most_workers, spelt_out

__all__ = [
    "WORKERS",
    "WorkerBackend",
    "WorkerSettings",
    "in_workers",
    "most_workers",
    "spelt_out",
]
