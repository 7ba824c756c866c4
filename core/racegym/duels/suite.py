"""The suite: situations of a folder, each with its circuits, driven by whoever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from racegym.duels.pace import flown_laps
from racegym.duels.racing import Circuit, race_all
from racegym.duels.scoring import summed_up, wilson
from racegym.duels.sites import sites
from racegym.errors import ScenarioError
from racegym.interfaces import BackendSpec
from racegym.plugins.shipped import shipped
from racegym.raceline.reference import reference_lap
from racegym.record import RunFolder
from racegym.record.folder import write_json
from racegym.record.limit import model_of
from racegym.record.recorder import now
from racegym.record.versions import machine, versions
from racegym.run.episodes import check_driven
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.drivers import read_driver
from racegym.scenario.overtaking import AWAITED, OvertakingSettings
from racegym.scenario.settings import StageSettings
from racegym.world import World, WorldConfig

__all__ = ["FORMAT", "RESULT", "Attacker", "folder_of", "load_suite", "measure_suite"]

FORMAT = 1
RESULT = "overtaking.json"
HELD_OUT = 1_000_000  # added to seeds of circuits that nobody learns on
TRIALS = 20  # further circuits, where one has no such site


@dataclass(frozen=True)
class Attacker:
    """Who is to be judged.

    Attributes:
        name: what tables call it.
        driver: None for the first car's own.
    """

    name: str
    driver: StageSettings | None = None


def folder_of(name: str) -> Path | None:
    """Return the folder of situations that a path or a shipped name stands for, if any."""
    given = Path(name)
    if given.is_dir():
        return given
    inside = shipped("scenarios") / name
    return inside if given.name == name and inside.is_dir() else None


def load_suite(folder: Path, overrides: Sequence[str] = ()) -> list[Scenario]:
    """Return the situations of a folder, in the order of their files.

    Raises:
        ScenarioError: there is none, or one of its files is something else or wrong.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ScenarioError("is a folder without a scenario (*.yaml)", file=folder)
    found = [load_scenario(file, overrides) for file in files]
    for scenario in found:
        if scenario.task != "overtake":
            raise ScenarioError(
                f"is to {scenario.task}; a folder is run as a whole where each of its scenarios "
                "has task: overtake. Name a single file to run it",
                file=scenario.file,
            )
    return found


def measure_suite(
    scenarios: Sequence[Scenario],
    attackers: Sequence[Attacker],
    *,
    runs_dir: Path | None = None,
    shown: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Path | None]:
    """Let each attacker race all situations; return the result, and where it was written.

    Args:
        scenarios: with situations.
        attackers: who is judged.
        runs_dir: a run folder with the result is made in there; None for none.
        shown: told what goes on.

    Raises:
        ScenarioError: nobody drives, or a situation has no circuit.
    """
    paces: dict[tuple[str, str, str], float] = {}
    rows: list[dict[str, Any]] = []
    for attacker in attackers:
        for scenario in scenarios:
            assert scenario.overtaking is not None
            shown(f"{attacker.name}: {scenario.overtaking.situation}")
            rows += _rows(_driven_by(scenario, attacker), attacker.name, paces)
    names = [attacker.name for attacker in attackers]
    result: dict[str, Any] = {
        "format": FORMAT,
        "seed": scenarios[0].seed,
        "drivers": [
            {
                "driver": name,
                **_total(row for row in rows if row["driver"] == name),
            }
            for name in names
        ],
        "situations": rows,
        "awaited": AWAITED,
        "versions": versions(),
        "machine": machine(),
        "made": now(),
    }
    if runs_dir is None:
        return result, None
    folder = RunFolder.create(runs_dir, "overtaking")
    write_json(folder.path / RESULT, result)
    return result, folder.path


def _driven_by(scenario: Scenario, attacker: Attacker) -> Scenario:
    if attacker.driver is not None:
        first = scenario.cars[0].model_copy(update={"driver": attacker.driver})
        scenario = scenario.model_copy(update={"cars": (first, *scenario.cars[1:])})
    check_driven(scenario)
    return scenario


def _rows(
    scenario: Scenario, name: str, paces: dict[tuple[str, str, str], float]
) -> list[dict[str, Any]]:
    situation = scenario.overtaking
    assert situation is not None
    scenario, config, circuits = _circuits(scenario)
    driver = scenario.cars[0].driver.model_dump_json()
    vehicle = repr(config.cars[0].vehicle)
    keys = [(driver, vehicle, circuit.track.hash) for circuit in circuits]
    unknown = [k for k, key in enumerate(keys) if key not in paces]
    if unknown:
        known = flown_laps(
            config,
            _without_mistakes(scenario),
            [circuits[k].track for k in unknown],
            [circuits[k].reference.lap_time for k in unknown],
        )
        paces.update({keys[k]: float(pace) for k, pace in zip(unknown, known, strict=True)})
    paced = [replace(circuit, pace=paces[key]) for circuit, key in zip(circuits, keys, strict=True)]
    verdicts = race_all(scenario, config, paced)
    own = fmean(circuit.percent for circuit in paced)
    return [
        {
            "driver": name,
            "situation": situation.situation,
            "held_out": situation.held_out,
            "pace": own or None,
            "defender": situation.percent(number, own) or None,
            "surplus": _surplus(situation, number, own),
            **summed_up(each),
            "tracks": [circuit.track.name for circuit in paced],
        }
        for number, each in enumerate(verdicts)
    ]


def _surplus(situation: OvertakingSettings, number: int, own: float) -> float | None:
    """Return by how much the laps of the others take longer [%]; None without a pace."""
    return 100.0 * (own / situation.percent(number, own) - 1.0) if own else None


def _without_mistakes(scenario: Scenario) -> Scenario:
    """Return it with an attacker that makes no mistakes, if it can be told so: pace is without."""
    stage = scenario.cars[0].driver
    if "level" not in stage.options and "error_rate" not in stage.options:
        return scenario
    stage = read_driver({**stage.model_dump(), "error_rate": 0.0})
    return _driven_by(scenario, Attacker("", stage))


def _circuits(scenario: Scenario) -> tuple[Scenario, WorldConfig, list[Circuit]]:
    """Return the circuits of a situation: of those that have no such site, others are taken."""
    situation = scenario.overtaking
    assert situation is not None
    scenario = _with_held_out(scenario)
    config = scenario.build()
    spec: BackendSpec = config.backend.make.spec_for(config.backend.options)
    if spec.placement != "any" or spec.tracks != "given":
        raise ScenarioError(
            f"an overtaking situation begins anywhere on given tracks, and the backend "
            f"{scenario.backend.name!r} can't put cars there; write backend: kart2d",
            file=scenario.file,
        )
    found: list[Circuit] = []
    wanted = len(config.tracks)
    for trial in range(TRIALS):
        found += _with_sites(config, situation.site)
        settings = scenario.track
        if len(found) >= wanted or settings is None or settings.generate is None:
            break
        recipe = settings.generate
        further = {"seed": recipe.seed + wanted + trial, "count": 1}
        track = settings.model_copy(update={"generate": recipe.model_copy(update=further)})
        config = scenario.model_copy(update={"track": track}).build()
    if not found:
        raise ScenarioError(
            f"no track has a place for overtaking.site: {situation.site}", file=scenario.file
        )
    return scenario, config, found[:wanted]


def _with_sites(config: WorldConfig, kind: Any) -> list[Circuit]:
    world = World(replace(config, n_races=len(config.tracks), race_track=None, relief=()))
    try:
        world.reset(range(world.n_races))
        made = []
        for race in range(world.n_races):
            track = world.view.tracks.track_of(race)
            reference = reference_lap(track, model_of(world, 0, race))
            made.append(Circuit(track, reference, sites(kind, reference), 0.0))
    finally:
        world.close()
    return [circuit for circuit in made if circuit.sites]


def _with_held_out(scenario: Scenario) -> Scenario:
    """Return it with the circuits of its seed, where these are held out.

    Raises:
        ScenarioError: they are not generated.
    """
    assert scenario.overtaking is not None
    if not scenario.overtaking.held_out:
        return scenario
    settings = scenario.track
    if settings is None or settings.generate is None:
        raise ScenarioError(
            "overtaking.held_out is for circuits that are generated; write track: {generate: ...}",
            file=scenario.file,
        )
    recipe = settings.generate
    seed = HELD_OUT + 1000 * (scenario.seed % 1_000_000_000) + recipe.seed
    own = settings.model_copy(update={"generate": recipe.model_copy(update={"seed": seed})})
    return scenario.model_copy(update={"track": own})


def _total(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a driver over all its rounds, each race counting the same."""
    every = list(rows)
    races, passed = sum(row["races"] for row in every), sum(row["passed"] for row in every)
    low, high = wilson(passed, races)
    return {
        "races": races,
        "passed": passed,
        "success": passed / races,
        "low": low,
        "high": high,
        "blamed": sum(row["blamed"] for row in every),
        "blame": sum(row["blame"] * row["races"] for row in every) / races,
    }
