"""``task: train``: a trainer learns in a run folder, and goes on there after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from racegym import plugins
from racegym.errors import RunError, ScenarioError
from racegym.interfaces import Driver, Trainer
from racegym.plugins.offer import CORE
from racegym.record import RunFolder, repair
from racegym.record.due import CheckpointClock
from racegym.record.recorder import End
from racegym.record.runs import is_training
from racegym.record.training import (
    AboutTraining,
    TrainingLog,
    checkpoint_to_drive,
    checkpoint_to_resume,
)
from racegym.report.learning_curve import draw_learning_curve
from racegym.run.interruption import Interruption
from racegym.run.run import Begun
from racegym.scenario import Scenario, Source, load_scenario

__all__ = ["Shown", "TrainingResult", "resume_training", "train"]


class Shown(Protocol):
    """Shows how a training goes."""

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        """Show it."""


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """A training that is over.

    Attributes:
        folder: where everything is.
        state: ``"finished"``, or ``"stopped"`` when it was interrupted.
        training: the content of ``train.json``.
        checkpoint: what to drive with: the last one that is only for that, such as the best,
            or else the last of all.
        picture: the learning curve, if one was drawn.
    """

    folder: Path
    state: End
    training: dict[str, Any]
    checkpoint: Path
    picture: Path | None = None


def train(
    scenario: Scenario | Source,
    *,
    runs_dir: str | Path = "runs",
    shown: Shown | None = None,
    plots: bool = True,
) -> TrainingResult:
    """Let a scenario's trainer learn from the beginning.

    Ctrl-C asks the trainer to save and return; a second one breaks off. Whatever happens, the
    figures and checkpoints that were written stay, and ``resume_training`` goes on from them.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping; its
            ``task`` is train.
        runs_dir: the run's folder is made in there, ``<scenario>/<time>``.
        shown: is told how it goes.
        plots: draw the learning curve at the end.

    Raises:
        ScenarioError: the scenario is wrong, or is not to train.
        RunError: the folder can't be written, or the trainer breaks a promise.
        PluginError: a plugin's ``run_started`` or ``run_finished`` failed.
    """
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    trainer = _trainer(loaded)
    folder = RunFolder.create(Path(runs_dir), loaded.name)
    try:
        folder.check_space(0)
        log = TrainingLog(folder, _about(loaded, trainer))
    except BaseException:
        folder.discard()
        raise
    return _learn(trainer, loaded, log, None, shown, plots=plots)


def resume_training(
    run: RunFolder | str | Path,
    overrides: Sequence[str] = (),
    *,
    shown: Shown | None = None,
    plots: bool = True,
) -> TrainingResult:
    """Go on with a training in its folder, from its last checkpoint.

    Args:
        run: of a training that is over, however it ended.
        overrides: change the scenario from now on, such as ``"trainer.steps=2000000"``.
        shown, plots: as for ``train``.

    Raises:
        ScenarioError: an override is wrong.
        RunError: it is no training, it still goes on, or there is nothing to go on from.
    """
    folder = run if isinstance(run, RunFolder) else RunFolder(Path(run))
    state = repair(folder)
    if not is_training(state):
        raise RunError("this run is a race; only a training can be resumed", file=folder.path)
    if state["state"] == "running":
        raise RunError("the training still goes on; end it first, with Ctrl-C", file=folder.path)
    checkpoint = checkpoint_to_resume(folder)
    if checkpoint is None:
        raise RunError(
            f"there is no checkpoint to go on from; begin anew, with racegym run {folder.scenario}",
            file=folder.path,
        )
    scenario = load_scenario(folder.scenario, overrides)
    trainer = _trainer(scenario)
    log = TrainingLog(folder, _about(scenario, trainer), resumed=True)
    return _learn(trainer, scenario, log, checkpoint, shown, plots=plots)


def _trainer(scenario: Scenario) -> Trainer:
    """Return a scenario's trainer, built.

    Raises:
        ScenarioError: the scenario is not to train.
    """
    if scenario.task != "train" or scenario.trainer is None:
        raise ScenarioError(
            f"is to {scenario.task}, not to train; write task: train and trainer: NAME",
            file=scenario.file,
        )
    found: type[Trainer] = plugins.load().find("trainer", scenario.trainer.name).load()
    return found(scenario.trainer.options)


def _about(scenario: Scenario, trainer: Trainer) -> AboutTraining:
    assert scenario.trainer is not None
    return AboutTraining(
        scenario=scenario.name,
        scenario_yaml=scenario.to_yaml(),
        seed=scenario.seed,
        backend=scenario.backend.name,
        trainer=scenario.trainer.name,
        options={k: v for k, v in scenario.resolved()["trainer"].items() if k != "name"},
        driver=_driver_name(type(trainer).driver, scenario.trainer.name),
    )


def _driver_name(driver: type[Driver], trainer: str) -> str | None:
    """Return the name of a trainer's driver: of those that its plugin and racegym offer."""
    catalogue = plugins.load()
    dists = {catalogue.find("trainer", trainer).dist, CORE}
    for offer in catalogue.offers("driver"):
        if offer.dist in dists and offer.load() is driver:
            return offer.name if offer.name in catalogue.names("driver") else offer.selector
    return None


class _Progress:
    """What a trainer is given; see ``racegym.interfaces.Progress``."""

    def __init__(
        self,
        trainer: str,
        log: TrainingLog,
        clock: CheckpointClock,
        interruption: Interruption,
        shown: Shown | None,
    ):
        self._trainer = trainer
        self._log = log
        self._clock = clock
        self._interruption = interruption
        self._shown = shown

    @property
    def stop_asked(self) -> bool:
        return self._interruption.asked

    def update(self, steps: int, total: int, **figures: float) -> None:
        if steps < 0 or total < 1:
            raise RunError(f"the trainer {self._trainer!r} tells of {steps} steps of {total}")
        plain = {name: float(value) for name, value in figures.items()}
        self._clock.steps = int(steps)
        self._log.update(int(steps), int(total), plain)
        if self._shown is not None:
            self._shown.update(int(steps), int(total), plain)

    def checkpoint_due(self, steps: int) -> bool:
        return self._clock.is_due(int(steps), ending=self.stop_asked)

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        with self._log.checkpoint(name, self._clock.steps, resumable=resumable) as file:
            yield file
        if resumable:
            self._clock.written()


def _learn(
    trainer: Trainer,
    scenario: Scenario,
    log: TrainingLog,
    checkpoint: Path | None,
    shown: Shown | None,
    *,
    plots: bool,
) -> TrainingResult:
    folder = log.folder
    assert scenario.trainer is not None
    try:
        plugins.load().run_started(Begun(folder.path))
        with Interruption() as interruption:
            begun = None if checkpoint is None else log.steps_of(checkpoint.name)
            clock = CheckpointClock(log.total, begun=begun)
            progress = _Progress(scenario.trainer.name, log, clock, interruption, shown)
            if checkpoint is None:
                trainer.train(scenario, folder.path, progress)
            else:
                trainer.resume(scenario, folder.path, checkpoint, progress)
            asked = interruption.asked
        drivable = _drivable(folder, scenario.trainer.name)
    except KeyboardInterrupt:
        log.finish("stopped")
        raise
    except BaseException:
        with suppress(RunError):  # what has failed first is what the user must hear of
            log.finish("failed")
        raise
    end: End = "stopped" if asked and not log.is_done else "finished"
    data = log.finish(end)
    picture = draw_learning_curve(folder) if plots else None
    done = TrainingResult(
        folder=folder.path, state=end, training=data, checkpoint=drivable, picture=picture
    )
    plugins.load().run_finished(done)
    return done


def _drivable(folder: RunFolder, trainer: str) -> Path:
    """Return the checkpoint to drive with.

    Raises:
        RunError: the trainer has left none.
    """
    found = checkpoint_to_drive(folder)
    if found is None:
        raise RunError(f"the trainer {trainer!r} has left no checkpoint", file=folder.checkpoints)
    return found
