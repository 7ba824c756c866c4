"""``racegym run`` as a function: a scenario is driven, recorded and reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

from racegym import plugins
from racegym.errors import RunError, ScenarioError
from racegym.interfaces import Watcher
from racegym.record import About, Recorder, RunFolder
from racegym.record.recorder import End, bytes_per_step
from racegym.run.entrants import prepare
from racegym.run.episodes import check_driven, is_over, most_steps, start_episode
from racegym.run.interruption import Interruption
from racegym.scenario import Scenario, Source, load_scenario
from racegym.track import Track
from racegym.world import World

__all__ = ["Begun", "Drive", "RunResult", "about", "record", "run"]

# Drives a world's races; returns how that ended, the first one's track, and how long it took [s].
Drive: TypeAlias = Callable[[World], tuple[End, Track, float]]


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A run that is over.

    Attributes:
        folder: where everything is.
        state: ``"finished"``, or ``"stopped"`` when it was interrupted.
        result: the content of ``result.json``.
        pictures: those that were drawn.
    """

    folder: Path
    state: End
    result: dict[str, Any]
    pictures: tuple[Path, ...] = ()

    @property
    def classification(self) -> list[dict[str, Any]]:
        """Who came where in the first race, the winner first."""
        rows: list[dict[str, Any]] = self.result["classification"]
        return rows


@dataclass(frozen=True)
class Begun:
    """What the hook ``run_started`` is told."""

    folder: Path


def run(
    scenario: Scenario | Source,
    *,
    runs_dir: str | Path = "runs",
    watchers: Sequence[Watcher] = (),
    csv: bool = False,
    plots: bool = True,
    interruption: Interruption | None = None,
) -> RunResult:
    """Drive a scenario to its end and record it.

    Ctrl-C ends the run after the current step, with everything completed. Whatever fails on
    the way leaves a folder that can be read.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        runs_dir: the run's folder is made in there, ``<scenario>/<time>``.
        watchers: shown every step, beside the recorder; closed at the end.
        csv: also keep telemetry as text.
        plots: draw the best lap and the lap times.
        interruption: asked for an end after every step; for watchers that hold the run up and
            must know of it, too.

    Raises:
        ScenarioError: the scenario is wrong, or leaves a car to an agent.
        RunError: the folder can't be written, or the disk is too full.
        PluginError: a plugin's ``run_started`` or ``run_finished`` failed; the folder is
            complete.
    """
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    check_driven(loaded)
    asked = interruption or Interruption()
    return record(
        loaded,
        lambda world: _drive(world, loaded, asked),
        about(loaded),
        runs_dir=runs_dir,
        watchers=watchers,
        csv=csv,
        plots=plots,
    )


def record(
    scenario: Scenario,
    drive: Drive,
    told: About,
    *,
    runs_dir: str | Path,
    watchers: Sequence[Watcher] = (),
    csv: bool,
    plots: bool,
) -> RunResult:
    """Build a scenario's world and record what somebody does with it.

    Args:
        scenario: one that leaves no car to an agent.
        drive: starts the race and steps the world until the run is over.
        told: what the folder says of the run.
        runs_dir, watchers, csv, plots: as of ``run``.

    Raises:
        ScenarioError, RunError, PluginError: as of ``run``.
    """
    folder = RunFolder.create(Path(runs_dir), scenario.name)
    world: World | None = None
    try:
        world = scenario.world()
        prepare(world, scenario, folder)
        telemetry = scenario.record.telemetry
        folder.check_space(most_steps(world, scenario) * bytes_per_step(world, telemetry=telemetry))
        recorder = Recorder(
            world,
            folder,
            told,
            telemetry=telemetry,
            csv=csv or scenario.record.csv,
            limit=scenario.record.limit,
        )
    except BaseException:
        if world is not None:
            world.close()
        folder.discard()
        raise
    try:
        return _record(world, drive, recorder, watchers, plots=plots)
    finally:
        world.close()


def _record(
    world: World,
    drive: Drive,
    recorder: Recorder,
    watchers: Sequence[Watcher],
    *,
    plots: bool,
) -> RunResult:
    world.watchers += [recorder, *watchers]
    folder = recorder.folder
    try:
        plugins.load().run_started(Begun(folder.path))
        end, track, seconds = drive(world)
        result = recorder.finish(end, seconds=seconds)
    except KeyboardInterrupt:
        recorder.finish("stopped")
        raise
    except BaseException as error:
        with suppress(RunError):  # what has failed first is what the user must hear of
            recorder.finish("failed")
        if isinstance(error, ScenarioError) and recorder.steps == 0:
            folder.discard()  # the scenario is wrong, and nothing was driven
        raise
    pictures: tuple[Path, ...] = ()
    if plots:
        from racegym.report import draw_lap_times, draw_track_map  # who has no plots, no Matplotlib

        drawn = draw_track_map(folder, result, track), draw_lap_times(folder, result)
        pictures = tuple(path for path in drawn if path is not None)
    done = RunResult(folder=folder.path, state=end, result=result, pictures=pictures)
    plugins.load().run_finished(done)
    return done


def _drive(
    world: World, scenario: Scenario, interruption: Interruption
) -> tuple[End, Track, float]:
    """Drive all episodes.

    Returns:
        How that ended, the first episode's track, and how long it took [s] from the second
        step on, since the first one may compile kernels.
    """
    episodes = scenario.episodes if scenario.task == "evaluate" else 1
    start_episode(world, scenario, scenario.seed)
    track = world.view.tracks.track_of(0)
    world.step()  # the usual Ctrl-C breaks off the compiling
    started = perf_counter()
    with interruption:
        for episode in range(episodes):
            if episode > 0:
                start_episode(world, scenario, scenario.seed + episode)
            while not is_over(world, scenario.time_limit):
                if interruption.asked:
                    return "stopped", track, perf_counter() - started
                world.step()
    return "finished", track, perf_counter() - started


def about(scenario: Scenario, *, drivers: Sequence[str] = ()) -> About:
    """Return what a run folder says of a scenario's run.

    Args:
        scenario: that is run.
        drivers: as in ``About``.
    """
    vehicles = [car.vehicle if isinstance(car.vehicle, str) else "" for car in scenario.cars]
    return About(
        scenario=scenario.name,
        scenario_yaml=scenario.to_yaml(),
        task=scenario.task,
        seed=scenario.seed,
        vehicles=vehicles,
        drivers=drivers,
    )
