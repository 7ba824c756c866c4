"""``task: train``: a trainer learns in a run folder, and goes on there after an interruption."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from racegym.documents.document import read_document
from racegym.errors import RunError
from racegym.record import RunFolder, repair
from racegym.record.runs import is_training
from racegym.run.interruption import Interruption
from racegym.run.one_training import Learning, TrainingResult
from racegym.run.progress import Shown
from racegym.run.seeds import resume_seeds, train_seeds
from racegym.scenario import Scenario, Source, load_scenario

__all__ = ["Shown", "TrainingResult", "resume_training", "train"]


def train(
    scenario: Scenario | Source,
    *,
    runs_dir: str | Path = "runs",
    shown: Shown | None = None,
    plots: bool = True,
    interruption: Interruption | None = None,
) -> TrainingResult:
    """Let a scenario's trainer learn from the beginning, once or with each of several seeds.

    Ctrl-C asks the trainer to save and return; a second one breaks off. Whatever happens, the
    figures and checkpoints that were written stay, and ``resume_training`` goes on from them.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping; its
            ``task`` is train.
        runs_dir: the run's folder is made in there, ``<scenario>/<time>``.
        shown: is told how it goes.
        plots: draw the learning curve at the end.
        interruption: by which somebody else may end it; None for Ctrl-C alone.

    Raises:
        ScenarioError: the scenario is wrong, or is not to train.
        TrainingError: learning came to nothing.
        RunError: the folder can't be written, or the trainer breaks a promise.
        PluginError: a plugin's ``run_started`` or ``run_finished`` failed.
    """
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    with closing(Learning(loaded, interruption)) as learning:
        folder = RunFolder.create(Path(runs_dir), loaded.name)
        try:
            folder.check_space(0)
        except BaseException:
            folder.discard()
            raise
        if not loaded.training.seeds:
            return learning.begin(folder, shown, plots=plots)
    return train_seeds(loaded, folder, shown, plots=plots, interruption=interruption)


def resume_training(
    run: RunFolder | str | Path,
    overrides: Sequence[str] = (),
    *,
    shown: Shown | None = None,
    plots: bool = True,
) -> TrainingResult:
    """Go on with a training in its folder, from its last checkpoint.

    Of one with several seeds, those go on that are not finished, and the others begin.

    Args:
        run: of a training that is over, however it ended.
        overrides: change the scenario from now on, such as ``"trainer.steps=2000000"``.
        shown, plots: as for ``train``.

    Raises:
        ScenarioError: an override is wrong.
        TrainingError: learning came to nothing.
        RunError: it is no training, it still goes on, or there is nothing to go on from.
    """
    folder = run if isinstance(run, RunFolder) else RunFolder(Path(run))
    state = repair(folder)
    if not is_training(state):
        raise RunError("this run is a race; only a training can be resumed", file=folder.path)
    if state["state"] == "running":
        raise RunError("the training still goes on; end it first, with Ctrl-C", file=folder.path)
    scenario = load_scenario(folder.scenario, [*_origin_gone(folder), *overrides])
    if scenario.training.seeds:
        return resume_seeds(scenario, folder, shown, anew=bool(overrides), plots=plots)
    with closing(Learning(scenario)) as learning:
        return learning.resume(folder, shown, plots=plots)


def _origin_gone(folder: RunFolder) -> list[str]:
    """Return what lets a training go on whose ``init_from`` is not there any more.

    It has begun, so that is not needed; ``train.json`` goes on telling what it was. Of several
    seeds, some may not have begun.
    """
    data = read_document(folder.scenario).data
    training = data.get("training") if isinstance(data, dict) else None
    if not isinstance(training, dict) or training.get("seeds"):
        return []
    origin = training.get("init_from")
    if not isinstance(origin, str) or Path(origin).exists():
        return []
    return ["training.init_from=null"]
