"""One training in a run folder: begun, or gone on with after an interruption."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.errors import RacegymError, RunError, ScenarioError, TrainingError
from racegym.interfaces import Driver, Trainer
from racegym.plugins.offer import CORE
from racegym.record import RunFolder
from racegym.record.recorder import End
from racegym.record.trained import checkpoint_to_drive, checkpoint_to_resume, read_training
from racegym.record.training import AboutTraining, TrainingLog
from racegym.run.curriculum import Curriculum
from racegym.run.examination import Examination
from racegym.run.interruption import Interruption
from racegym.run.progress import Shown, TrainingProgress
from racegym.run.run import Begun
from racegym.scenario import Scenario

__all__ = ["Learning", "TrainingResult", "about_training", "checkpoint_of", "is_refusal"]


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


class Learning:
    """A scenario's trainer with all that it needs, found and checked before anything is written.

    Args:
        scenario: that is to train.
        interruption: by which somebody may end it; None for Ctrl-C alone.

    Raises:
        ScenarioError: it is not to train; what is to be judged, or begun from, is not there.
    """

    def __init__(self, scenario: Scenario, interruption: Interruption | None = None):
        if scenario.task != "train" or scenario.trainer is None:
            raise ScenarioError(
                f"is to {scenario.task}, not to train; write task: train and trainer: NAME",
                file=scenario.file,
            )
        self.scenario = scenario
        self._interruption = interruption
        self._trainer = _trainer(scenario)
        self._about = _about(scenario, self._trainer)
        self._examination = self._examined(scenario)

    def _examined(self, scenario: Scenario) -> Examination | None:
        """Return what judges checkpoints that have learned on ``scenario``."""
        if scenario.training.evaluate is None:
            return None
        if self._about.driver is None:
            raise ScenarioError(
                f"the trainer {self._about.trainer!r} brings no driver under a name, so what it "
                "learns can't be judged; remove training.evaluate",
                file=scenario.file,
            )
        return Examination(scenario, self._about.driver)

    def begin(self, folder: RunFolder, shown: Shown | None, *, plots: bool) -> TrainingResult:
        """Learn from the beginning, or from where ``init_from`` says, in a new folder.

        Raises:
            RunError: the folder can't be written, or the trainer breaks a promise.
            TrainingError: learning came to nothing.
        """
        try:
            log = TrainingLog(folder, self._about)
        except BaseException:
            folder.discard()
            raise
        return self._learn(log, None, shown, plots=plots)

    def resume(self, folder: RunFolder, shown: Shown | None, *, plots: bool) -> TrainingResult:
        """Go on from the last checkpoint in a folder, which nobody writes.

        Raises:
            RunError: there is nothing to go on from, or as for ``begin``.
        """
        checkpoint = checkpoint_to_resume(folder)
        if checkpoint is None:
            raise RunError(
                "there is no checkpoint to go on from; begin anew, with racegym run "
                f"{folder.scenario}",
                file=folder.path,
            )
        log = TrainingLog(folder, self._about, checkpoint.name)
        return self._learn(log, checkpoint, shown, plots=plots)

    def close(self) -> None:
        """Let go of what was made to judge checkpoints."""
        if self._examination is not None:
            self._examination.close()

    def _learn(
        self, log: TrainingLog, checkpoint: Path | None, shown: Shown | None, *, plots: bool
    ) -> TrainingResult:
        folder = log.folder
        try:
            plugins.load().run_started(Begun(folder.path))
            with self._interruption or Interruption() as interruption:
                curriculum = self._curriculum(log, checkpoint)
                scenario = self._stage(curriculum)
                progress = TrainingProgress(
                    log, scenario.training, interruption, checkpoint, shown,
                    self._examination, curriculum,
                )  # fmt: skip
                self._let_learn(scenario, folder.path, checkpoint, progress)
                while progress.goes_on:
                    self._go_on(self._stage(curriculum), folder, progress)
                progress.end()
                end: End = "stopped" if progress.broken_off else "finished"
            drivable = _drivable(folder, log.trainer)
        except KeyboardInterrupt:
            log.finish("stopped")
            raise
        except BaseException as error:
            if is_refusal(error) and log.untouched:
                log.discard()
                raise
            with suppress(RunError):  # what has failed first is what the user must hear of
                log.finish("failed")
            if isinstance(error, TrainingError):
                raise _with_way_out(error, folder) from error
            raise
        data = log.finish(end)
        picture = None
        if plots:
            from racegym.report import draw_learning_curve

            picture = draw_learning_curve(folder)
        done = TrainingResult(
            folder=folder.path, state=end, training=data, checkpoint=drivable, picture=picture
        )
        plugins.load().run_finished(done)
        return done

    def _curriculum(self, log: TrainingLog, checkpoint: Path | None) -> Curriculum | None:
        settings = self.scenario.training.curriculum
        if settings is None:
            return None
        begun = None if checkpoint is None else log.curriculum_of(checkpoint.name)
        return Curriculum(self.scenario, settings, begun)

    def _stage(self, curriculum: Curriculum | None) -> Scenario:
        """Return what is learned on now, and judge on its races from now on."""
        if curriculum is None:
            return self.scenario
        scenario = curriculum.scenario()
        self.close()
        self._examination = self._examined(scenario)
        return scenario

    def _let_learn(
        self,
        scenario: Scenario,
        run_dir: Path,
        checkpoint: Path | None,
        progress: TrainingProgress,
    ) -> None:
        begun_from = self._about.begun_from
        if checkpoint is not None:
            self._trainer.resume(scenario, run_dir, checkpoint, progress)
        elif begun_from is not None:
            self._trainer.begin_from(scenario, run_dir, begun_from, progress)
        else:
            self._trainer.train(scenario, run_dir, progress)

    def _go_on(self, scenario: Scenario, folder: RunFolder, progress: TrainingProgress) -> None:
        """Let a trainer that has stopped for it go on with another stage of the curriculum.

        Raises:
            RunError: it has left nothing to go on from.
        """
        checkpoint = checkpoint_to_resume(folder)
        if checkpoint is None:
            raise RunError(
                f"the trainer {self._about.trainer!r} has left no checkpoint to go on from with "
                "the next stage of the curriculum",
                file=folder.checkpoints,
            )
        progress.begin_stage(self._examination)
        self._trainer = _trainer(scenario)
        self._trainer.resume(scenario, folder.path, checkpoint, progress)


def is_refusal(error: BaseException) -> bool:
    """Tell whether something was refused, rather than that it broke or came to nothing."""
    return isinstance(error, RacegymError) and not isinstance(error, TrainingError)


def _trainer(scenario: Scenario) -> Trainer:
    assert scenario.trainer is not None
    found: type[Trainer] = plugins.load().find("trainer", scenario.trainer.name).load()
    return found(scenario.trainer.options)


def about_training(scenario: Scenario) -> AboutTraining:
    """Return what a folder says of a scenario's training."""
    return _about(scenario, _trainer(scenario))


def _about(scenario: Scenario, trainer: Trainer) -> AboutTraining:
    assert scenario.trainer is not None
    origin = scenario.training.init_from
    return AboutTraining(
        scenario=scenario.name,
        scenario_yaml=scenario.to_yaml(),
        seed=scenario.seed,
        backend=scenario.backend.name,
        trainer=scenario.trainer.name,
        options={k: v for k, v in scenario.resolved()["trainer"].items() if k != "name"},
        driver=_driver_name(type(trainer).driver, scenario.trainer.name),
        device=trainer.device,
        begun_from=None if origin is None else checkpoint_of(Path(origin)),
        judged=scenario.training.evaluate is not None,
    )


def checkpoint_of(path: Path) -> Path:
    """Return the checkpoint to begin from: a file, or of a training's folder the best or the last.

    A folder of runs stands for the latest training in it.

    Raises:
        RunError: the folder holds none.
    """
    if not path.is_dir():
        return path
    folder = RunFolder(path)
    if not folder.state.is_file():
        inside = sorted(file.parent for file in path.glob(f"*/{folder.training.name}"))
        folder = RunFolder(inside[-1]) if inside else folder
    judged = [entry for entry in read_training(folder)["checkpoints"] if entry.get("figures")]
    best = folder.checkpoints / judged[0]["name"] if judged else None
    # What a trainer itself holds for the best may lack what is needed to go on.
    found = best if best is not None and best.is_file() else checkpoint_to_resume(folder)
    found = found or checkpoint_to_drive(folder)
    if found is None:
        raise RunError("the training has left no checkpoint to begin from", file=path)
    return found


def _driver_name(driver: type[Driver], trainer: str) -> str | None:
    """Return the name of a trainer's driver: of those that its plugin and racegym offer."""
    catalogue = plugins.load()
    dists = {catalogue.find("trainer", trainer).dist, CORE}
    for offer in catalogue.offers("driver"):
        if offer.dist in dists and offer.load() is driver:
            return offer.name if offer.name in catalogue.names("driver") else offer.selector
    return None


def _with_way_out(error: TrainingError, folder: RunFolder) -> TrainingError:
    """Return an error that also says what is left."""
    left = checkpoint_to_resume(folder)
    if left is None:
        told = "no checkpoint had been written; begin anew with other settings"
    else:
        names = {entry["name"]: entry for entry in read_training(folder)["checkpoints"]}
        told = (
            f"the checkpoint of {names[left.name]['steps']:,} steps is as it was; go on from it "
            f"with other settings: racegym runs resume {folder.path} --set trainer.OPTION=VALUE"
        )
    return TrainingError(f"{error.what}; {told}", file=error.file, line=error.line)


def _drivable(folder: RunFolder, trainer: str) -> Path:
    """Return the checkpoint to drive with.

    Raises:
        RunError: the trainer has left none.
    """
    found = checkpoint_to_drive(folder)
    if found is None:
        raise RunError(f"the trainer {trainer!r} has left no checkpoint", file=folder.checkpoints)
    return found
