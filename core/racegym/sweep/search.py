"""The search of a sweep: a study of Optuna in the sweep's folder, which processes may share.

    FOLDER/sweep.db           the study: what was tried, and what came of it
    FOLDER/trials/00007/      the run of a trial, a training like any other
    FOLDER/scenario.yaml      what is searched

A sweep that was broken off goes on: what was being tried then is tried again.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from racegym.documents.describing import describe
from racegym.documents.document import read_document
from racegym.errors import MissingLibraryError, RacegymError, RunError, ScenarioError
from racegym.record.folder import write_whole
from racegym.run import Interruption, train
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.faults import Faults, Places
from racegym.scenario.held_out import forget_laps
from racegym.scenario.overrides import apply_changes
from racegym.scenario.sweep_settings import Dimension, RangeSettings, SweepSettings
from racegym.sweep.watching import TrialWatch

if TYPE_CHECKING:
    import optuna

__all__ = ["STUDY", "Sweep", "open_study", "quiet", "read_space", "search", "take_up"]

STUDY = "sweep"
STORE, SCENARIO, TRIALS = "sweep.db", "scenario.yaml", "trials"
ABOUT, SECONDS, RUN, ERROR = "about", "seconds", "run", "error"  # what is kept beside values
WAIT = 60.0  # [s] for another process that writes the study
PATIENCE = 5  # trials before any is ended early
FAILURES = 3  # trials that fail before anything has worked, after which it is given up
EARLY = 0.2  # share of its steps that a trial may always do


@dataclass(frozen=True)
class Sweep:
    """A scenario, and what is searched of it.

    Attributes:
        scenario: that is to train.
        settings: of the search.
        folder: where everything is kept.
    """

    scenario: Scenario
    settings: SweepSettings
    folder: Path

    @property
    def about(self) -> str:
        """A digest of all that trials of one study have in common."""
        data = {
            "scenario": {k: v for k, v in self.scenario.resolved().items() if k != "sweep"},
            "sweep": self.settings.model_dump(mode="json", exclude={"trials", "prune"}),
        }
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]

    def trial(self, values: Mapping[str, Any]) -> Scenario:
        """Return the scenario of a trial.

        Args:
            values: by path.

        Raises:
            ScenarioError: they make no scenario.
        """
        data = self.scenario.resolved()
        data.pop("sweep", None)
        forget_laps(data)
        apply_changes(data, values)
        if self.settings.steps is not None:
            data["trainer"]["steps"] = self.settings.steps
        return load_scenario(data)

    def check(self) -> None:
        """Try each dimension by itself, so that a wrong one is found before anything is learned.

        Raises:
            ScenarioError: says which.
        """
        for path, dimension in self.settings.space.items():
            for value in _ends(dimension):
                try:
                    self.trial({path: value})
                except RacegymError as error:
                    raise ScenarioError(f"sweep: {path} = {value}: {error.what}") from None


def _ends(dimension: Dimension) -> tuple[Any, ...]:
    if isinstance(dimension, RangeSettings):
        return dimension.low, dimension.high
    return dimension.choices


def open_study(sweep: Sweep) -> optuna.Study:
    """Return the study in a sweep's folder; a new one is begun where there is none.

    Raises:
        MissingLibraryError: Optuna is not installed.
        RunError: the folder holds another sweep, or can't be written.
    """
    library = _optuna()
    from sqlalchemy.exc import SQLAlchemyError  # which Optuna keeps its studies with

    folder = sweep.folder
    try:
        (folder / TRIALS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", file=folder) from error
    try:
        study: optuna.Study = library.create_study(
            storage=_storage(folder), study_name=STUDY, load_if_exists=True,
            direction=sweep.settings.goal,
        )  # fmt: skip
    except (library.exceptions.OptunaError, SQLAlchemyError, RuntimeError) as error:
        raise RunError(
            "can't be opened as a study of Optuna; remove it, or choose another folder with "
            f"--into: {str(error).splitlines()[0]}",
            file=folder / STORE,
        ) from error
    known = study.user_attrs.get(ABOUT)
    if known is None:
        study.set_user_attr(ABOUT, sweep.about)
        write_whole(folder / SCENARIO, sweep.scenario.to_yaml())
    elif known != sweep.about:
        raise RunError(
            "holds a sweep of another scenario or another space; choose another folder with --into",
            file=folder,
        )
    return study


def _storage(folder: Path) -> Any:
    optuna = _optuna()
    return optuna.storages.RDBStorage(
        f"sqlite:///{(folder / STORE).as_posix()}",
        engine_kwargs={"connect_args": {"timeout": WAIT}},
    )


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            'a sweep needs Optuna, which is not installed: pip install "racegym[sweep]" '
            '(from a checkout: pip install -e ".[sweep]")'
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def take_up(study: optuna.Study) -> int:
    """Let what was being tried when a sweep was broken off be tried again; return how much.

    To be called by one process, before any search.
    """
    state = _optuna().trial.TrialState
    left = study.get_trials(deepcopy=False, states=(state.RUNNING,))
    for trial in left:
        study.enqueue_trial(trial.params, user_attrs={"again": trial.number})
        study.tell(trial.number, state=state.FAIL)
    return len(left)


def search(
    sweep: Sweep,
    *,
    told: Callable[[str], None] | None = None,
    turn: AbstractContextManager[Any] | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> bool:
    """Try settings until the sweep's trials are done, or somebody wants it to end.

    Ctrl-C ends it at any time, once the trial has been saved; a second one breaks off.

    Args:
        sweep: whose study is open.
        told: is told a line for each trial that is over.
        turn: held while a trial is asked for, where several processes search.
        ended: whether somebody wants it to end, otherwise than by Ctrl-C.

    Returns:
        Whether all trials are done.

    Raises:
        RacegymError: no trial works.
    """
    study = open_study(sweep)
    with Interruption() as stopping:
        while not (stopping.asked or ended()):
            with turn or nullcontext():
                trial = _next(sweep, study)
            if trial is None:
                return True
            line = _try(sweep, study, trial, stopping, ended)
            if line is None:
                return False
            stopping.asked = stopping.heard  # it may have been the trial alone that was to end
            if told is not None:
                told(line)
    return False


def _next(sweep: Sweep, study: optuna.Study) -> optuna.trial.Trial | None:
    library = _optuna()
    trials = study.get_trials(deepcopy=False)
    counted = [t for t in trials if _counts(t)]
    if len(counted) >= sweep.settings.trials:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", library.exceptions.ExperimentalWarning)
        # The draws of a sampler begin with it, so each trial has one with a seed of its own.
        study.sampler = library.samplers.TPESampler(
            seed=(sweep.settings.seed + len(trials)) % 2**31, constant_liar=True
        )
    study.pruner = (
        library.pruners.MedianPruner(
            n_startup_trials=PATIENCE, n_warmup_steps=int(EARLY * TrialWatch.PARTS)
        )
        if sweep.settings.prune
        else library.pruners.NopPruner()
    )
    return study.ask()


def _counts(trial: optuna.trial.FrozenTrial) -> bool:
    """Tell whether a trial is one of those that were asked for: not one that is tried again."""
    state = _optuna().trial.TrialState
    if trial.state == state.WAITING:
        return False
    return trial.state != state.FAIL or ERROR in trial.user_attrs


def _try(
    sweep: Sweep,
    study: optuna.Study,
    trial: optuna.trial.Trial,
    stopping: Interruption,
    ended: Callable[[], bool],
) -> str | None:
    """Run a trial and return a line about it; None if somebody wants the sweep to end."""
    state = _optuna().trial.TrialState
    values = dict(_drawn(trial, sweep.settings))
    folder = sweep.folder / TRIALS / f"{trial.number:05d}"
    trial.set_user_attr(RUN, folder.relative_to(sweep.folder).as_posix())
    since = perf_counter()
    watch = TrialWatch(sweep.settings, lambda: setattr(stopping, "asked", True), trial, ended)
    try:
        scenario = sweep.trial(values)
        end = train(
            scenario, runs_dir=folder, shown=watch, plots=False, interruption=stopping
        ).state
        value = watch.value
        if end == "finished" and value is None:
            raise RunError(watch.why_not())
    except MissingLibraryError:
        raise  # no other trial would fare better
    except RacegymError as error:
        trial.set_user_attr(ERROR, str(error))
        study.tell(trial, state=state.FAIL)
        _give_up(study, error)
        return f"trial {trial.number}: failed: {error}"
    trial.set_user_attr(SECONDS, round(perf_counter() - since, 3))
    if watch.pruned:
        study.tell(trial, state=state.PRUNED)
        return f"trial {trial.number}: ended early, worse than most"
    if end != "finished":
        return None  # it stays as running, and is taken up when the sweep goes on
    study.tell(trial, value)
    return f"trial {trial.number}: {value:.6g}"


def _give_up(study: optuna.Study, error: RacegymError) -> None:
    """Raise what has failed, if nothing has worked so far."""
    state = _optuna().trial.TrialState
    trials = study.get_trials(deepcopy=False)
    failed = [t for t in trials if t.state == state.FAIL and ERROR in t.user_attrs]
    worked = [t for t in trials if t.state in (state.COMPLETE, state.PRUNED)]
    if len(failed) >= FAILURES and not worked:
        raise error


def _drawn(trial: optuna.trial.Trial, settings: SweepSettings) -> Iterator[tuple[str, Any]]:
    for path, dimension in settings.space.items():
        if not isinstance(dimension, RangeSettings):
            # Optuna keeps plain values only, so lists and mappings go by their text.
            by_text = {json.dumps(value): value for value in dimension.choices}
            yield path, by_text[trial.suggest_categorical(path, list(by_text))]
        elif dimension.is_whole:
            step = int(dimension.step or 1)
            low, high = int(dimension.low), int(dimension.high)
            yield path, trial.suggest_int(path, low, high, log=dimension.log, step=step)
        else:
            yield (
                path,
                trial.suggest_float(
                    path, dimension.low, dimension.high, log=dimension.log, step=dimension.step
                ),
            )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's remarks on what is new in it from being taken for ours."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="optuna")
        yield


def read_space(file: Path) -> SweepSettings:
    """Return what a file says under ``sweep:``, or what it says itself.

    Raises:
        ScenarioError: it says something wrong; names file and line.
    """
    document = read_document(file)
    data: Any = document.data
    above: tuple[str, ...] = ()
    if isinstance(data, dict) and "sweep" in data:
        data, above = data["sweep"], ("sweep",)
    faults = Faults(Places(file, document.lines))
    try:
        return SweepSettings.model_validate(data)
    except ValidationError as error:
        for location, what in describe(error, SweepSettings, data):
            faults.add((*above, *location), what)
        faults.tell()
        raise
