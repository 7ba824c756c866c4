"""A training with several seeds, one after the other, in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing, suppress

from racegym.errors import RunError
from racegym.record import RunFolder, repair
from racegym.record.folder import read_json
from racegym.record.recorder import End
from racegym.record.seeds import SeedsLog, Sown, folder_of_seed, sown_in
from racegym.record.trained import checkpoint_to_drive, checkpoint_to_resume
from racegym.report.seed_curves import write_seed_curves
from racegym.run.examination import is_better
from racegym.run.interruption import Interruption
from racegym.run.one_training import Learning, TrainingResult, about_training, is_refusal
from racegym.run.progress import Shown, Speaks
from racegym.scenario import Scenario

__all__ = ["resume_seeds", "train_seeds"]


def train_seeds(
    scenario: Scenario,
    folder: RunFolder,
    shown: Shown | None,
    *,
    plots: bool,
    interruption: Interruption | None = None,
) -> TrainingResult:
    """Let a trainer learn with each of a scenario's seeds.

    Args:
        scenario: with ``training.seeds``.
        folder: a new one.
        shown: is told how each goes.
        plots: draw the learning curves.
        interruption: by which somebody else may end it; None for Ctrl-C alone.

    Raises:
        RunError, TrainingError: as for ``Learning.begin``; what was learned stays.
    """
    about = about_training(scenario)
    try:
        log = SeedsLog(folder, about, scenario.training.seeds, {})
    except BaseException:
        folder.discard()
        raise
    with interruption or Interruption() as asked:
        return _learn(scenario, log, {}, shown, asked, anew=False, plots=plots)


def resume_seeds(
    scenario: Scenario, folder: RunFolder, shown: Shown | None, *, anew: bool, plots: bool
) -> TrainingResult:
    """Go on with the seeds that are not finished, and begin those that have not begun.

    Args:
        scenario: as it is from now on.
        folder: of the training.
        shown: is told how each goes.
        anew: also go on with those that are finished, since the scenario has changed.
        plots: draw the learning curves.

    Raises:
        RunError, TrainingError: as for ``Learning.resume``.
    """
    sown = {}
    for seed in scenario.training.seeds:
        own = folder_of_seed(folder, seed)
        if own.state.is_file():
            repair(own)
            sown[seed] = sown_in(folder, seed)
    started = read_json(folder.state)["wall"]["started"]
    about = about_training(scenario)
    log = SeedsLog(folder, about, scenario.training.seeds, sown, started)
    with Interruption() as asked:
        return _learn(scenario, log, sown, shown, asked, anew=anew, plots=plots)


def _learn(
    scenario: Scenario,
    log: SeedsLog,
    sown: dict[int, Sown],
    shown: Shown | None,
    asked: Interruption,
    *,
    anew: bool,
    plots: bool,
) -> TrainingResult:
    folder, seeds = log.folder, scenario.training.seeds
    over = set() if anew else {seed for seed, one in sown.items() if one.state == "finished"}
    end: End = "finished"
    for seed in seeds:
        if seed in over:
            continue
        if asked.asked and _best(folder, seeds) is not None:  # and so something was learned
            end = "stopped"
            break
        log.begins(seed)
        try:
            end = _learn_one(scenario, folder, seed, shown, asked, plots=plots)
            log.note(seed)
        except BaseException as error:
            if is_refusal(error) and log.untouched:
                log.discard()
                raise
            with suppress(RunError):  # what has failed first is what the user must hear of
                log.note(seed)
            with suppress(RunError):
                log.finish("stopped" if isinstance(error, KeyboardInterrupt) else "failed", None)
            raise
        if end == "stopped":
            break
    data = log.finish(end, _best(folder, seeds))
    write_seed_curves(folder)
    picture = None
    if plots:
        from racegym.report import draw_learning_curve

        picture = draw_learning_curve(folder)
    checkpoint = checkpoint_to_drive(folder)
    assert checkpoint is not None  # one has been learned, and left one
    return TrainingResult(
        folder=folder.path,
        state=end,
        training=data,
        checkpoint=checkpoint,
        picture=picture,
    )


def _learn_one(
    scenario: Scenario,
    folder: RunFolder,
    seed: int,
    shown: Shown | None,
    asked: Interruption,
    *,
    plots: bool,
) -> End:
    """Let one seed learn, and return how that ended."""
    training = scenario.training.model_copy(update={"seeds": ()})
    alone = scenario.model_copy(update={"seed": seed, "training": training})
    own = folder_of_seed(folder, seed)
    told = None if shown is None else _OfSeed(shown, seed)
    with closing(Learning(alone, asked)) as learning:
        if own.state.is_file() and checkpoint_to_resume(own) is not None:
            return learning.resume(own, told, plots=plots).state
        shutil.rmtree(own.path, ignore_errors=True)  # one that had nothing to go on from
        own.path.mkdir()
        return learning.begin(own, told, plots=plots).state


class _OfSeed:
    """Tells with each figure which seed it is of."""

    def __init__(self, shown: Shown, seed: int):
        self._shown, self._seed = shown, seed

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        self._shown.update(steps, total, {"seed": self._seed, **figures})

    def say(self, text: str) -> None:
        if isinstance(self._shown, Speaks):
            self._shown.say(text)


def _best(folder: RunFolder, seeds: Sequence[int]) -> int | None:
    """Return the seed that was judged the best; without judgement, the first."""
    best: int | None = None
    figures = None
    for seed in seeds:
        training = sown_in(folder, seed).training
        if training is None or checkpoint_to_drive(folder_of_seed(folder, seed)) is None:
            continue
        judged = [c["figures"] for c in training["checkpoints"] if c.get("figures")]
        known = {k: v for k, v in judged[0].items() if v is not None} if judged else None
        if best is None or (known is not None and is_better(known, figures)):
            best, figures = seed, known
    return best
