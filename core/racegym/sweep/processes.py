"""Several processes that search together, each with trials of its own."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event, Lock
from pathlib import Path
from queue import Empty
from typing import Any

from racegym.errors import RacegymError, RunError
from racegym.run import Interruption
from racegym.scenario import load_scenario
from racegym.scenario.sweep_settings import SweepSettings
from racegym.sweep.search import Sweep, quiet, search

__all__ = ["search_together"]

LOOK = 0.2  # [s] between two looks at what the processes say


def search_together(sweep: Sweep, processes: int, told: Callable[[str], None]) -> bool:
    """Let several processes search; Ctrl-C ends them all, after each has saved its trial.

    Args:
        sweep: whose study is open, and whose left trials are taken up.
        processes: how many.
        told: is told a line for each trial that is over.

    Returns:
        Whether all trials are done.

    Raises:
        RacegymError: no trial works, or a process has died.
    """
    context = multiprocessing.get_context("spawn")
    lines: Any = context.Queue()
    turn, end = context.Lock(), context.Event()
    data = sweep.scenario.resolved()
    settings = sweep.settings.model_dump(mode="json")
    workers: list[SpawnProcess] = [
        context.Process(target=_work, args=(data, settings, sweep.folder, lines, turn, end))
        for _ in range(processes)
    ]
    with Interruption() as stopping:
        with _deaf():
            for worker in workers:
                worker.start()
        try:
            said = _listen(workers, lines, told, stopping, end)
        except BaseException:
            for worker in workers:
                worker.terminate()
            raise
        finally:
            for worker in workers:
                worker.join()
    errors = [error for _, error in said if error]
    if errors:
        raise RunError(errors[0])
    if stopping.asked:  # one that is stopped while it starts says nothing
        return False
    if len(said) < processes:
        raise RunError(
            "a process of the sweep has died; the same command goes on", file=sweep.folder
        )
    return all(done for done, _ in said)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that are started here ignore Ctrl-C until they can end in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _listen(
    workers: list[SpawnProcess],
    lines: Any,
    told: Callable[[str], None],
    stopping: Interruption,
    end: Event,
) -> list[tuple[bool, str]]:
    """Pass on what is said until all are through; return what each ended with."""
    said: list[tuple[bool, str]] = []
    while len(said) < len(workers):
        if stopping.asked:  # a terminal tells every process, and kill only this one
            end.set()
        alive = any(worker.is_alive() for worker in workers)
        with suppress(Empty):
            while True:
                item = lines.get(timeout=LOOK)
                if isinstance(item, str):
                    told(item)
                else:
                    said.append(item)
        if not alive:
            break
    return said


def _work(
    data: dict[str, Any], settings: dict[str, Any], folder: Path, lines: Any, turn: Lock, end: Event
) -> None:
    """Search, and say at the end whether all is done, or what went wrong.

    It ends as well when the process that started it has died: the same command would search
    beside it.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    done, error = False, ""
    try:
        with quiet():
            sweep = Sweep(load_scenario(data), SweepSettings.model_validate(settings), folder)
            done = search(
                sweep, told=lines.put, turn=turn,
                ended=lambda: end.is_set() or not parent.is_alive(),
            )  # fmt: skip
    except RacegymError as failed:
        error = str(failed)
    lines.put((done, error))
