"""``racegym drive`` as a function: a person drives one car of a scenario, and it is recorded."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

from racegym.drivers.by_hand import ByHand
from racegym.errors import ScenarioError, nearest
from racegym.record.recorder import End
from racegym.render import Camera, History, Scene, cast_of, scene_of
from racegym.render.viewer import Viewer
from racegym.run.cockpit import Cockpit
from racegym.run.episodes import check_driven, is_over, start_episode
from racegym.run.interruption import Interruption
from racegym.run.run import RunResult, about, record
from racegym.scenario import Scenario, Source, load_scenario
from racegym.track import Track
from racegym.world import Command, World
from racegym.world.assembly import distinct_drivers

__all__ = ["DRIVE_KEYS", "drive", "with_person"]

NOTE = 3.0  # [s] for which a refusal is shown
DRIVE_KEYS = "arrows drive · tab hand over · R restart · backspace rescue · esc end"


def with_person(scenario: Scenario, name: str, car: str | None = None) -> tuple[Scenario, int]:
    """Return a scenario in which a person drives a car, and the index of that car.

    The driver that the scenario names for it, if any, waits to be handed the car.

    Args:
        scenario: any.
        name: of the person.
        car: its name; None for the first.

    Raises:
        ScenarioError: there is no such car, or nobody drives another one.
    """
    names = [entry.name for entry in scenario.cars]
    if car is not None and car not in names:
        raise ScenarioError(f"no car is called {car!r}; {nearest(car, names)}", file=scenario.file)
    index = 0 if car is None else names.index(car)
    data: dict[str, Any] = scenario.resolved()
    entry = data["cars"][index]
    if not scenario.cars[index].is_agent:
        data["relief"] = [entry["driver"], *data.get("relief", ())]
    entry["driver"] = {"name": "by_hand", "person": name}
    mine = load_scenario(data)
    check_driven(mine)
    return mine, index


def drive(
    scenario: Scenario | Source,
    *,
    name: str = "by hand",
    car: str | None = None,
    runs_dir: str | Path = "runs",
    size: tuple[int, int] = (1280, 720),
    camera: Camera = "follow",
    csv: bool = False,
    plots: bool = True,
) -> RunResult:
    """Let a person drive one car of a scenario, in real time, and record it.

    The arrow keys or a game pad drive. Tab hands the car to the scenario's own driver for it
    and back, R starts the race anew, Backspace puts the car back on the track, Esc ends the
    run. Hand-overs, restarts and every control are recorded, so ``verify`` can prove the run.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        name: of the person, for the record.
        car: the name of the car to drive; None for the first.
        runs_dir: the run's folder is made in there.
        size: [pixels] width and height of the window at the start.
        camera: as of ``racegym.render.Painter``.
        csv, plots: as of ``racegym.run.run``.

    Raises:
        ScenarioError: the scenario is wrong, there is no such car, or nobody drives another.
        MissingLibraryError, RacegymError: no window can be opened.
        RunError: the folder can't be written.
    """
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    mine, index = with_person(loaded, name, car)
    interruption = Interruption()
    viewer = Viewer(
        f"racegym: {mine.name}",
        size,
        camera=camera,
        focus=index,
        hint=DRIVE_KEYS,
        stop=lambda: interruption.asked,
    )

    def go(world: World) -> tuple[End, Track, float]:
        with interruption:
            return _Session(world, mine, index, viewer, interruption).drive()

    drivers = [name if k == index else entry.driver.name for k, entry in enumerate(mine.cars)]
    try:
        return record(
            mine, go, about(mine, drivers=drivers), runs_dir=runs_dir, csv=csv, plots=plots
        )
    finally:
        viewer.close()


class _Session:
    """One person at the wheel of one car of a world.

    Args:
        world: of one race, not started.
        scenario: that it is of.
        car: index of the car.
        viewer: shows it.
        interruption: asked for an end after every step.
    """

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        car: int,
        viewer: Viewer,
        interruption: Interruption,
    ):
        self._world, self._scenario, self._car = world, scenario, car
        self._viewer, self._interruption = viewer, interruption
        drivers = [seat.driver for seat in world.seats]
        self._hand = next(driver for driver in drivers if isinstance(driver, ByHand))
        self._hand.seated = True
        self._mine = drivers.index(self._hand)
        self._other = self._relief()
        self._driving = True
        self._alone_until = 0.0  # [s] on the clock
        self._history = History()

    def _relief(self) -> int | None:
        """Return the seat of the first driver that waits for a car; None if there is none."""
        config = self._world.config
        if not config.relief:
            return None
        parts = distinct_drivers([*(car.driver for car in config.cars), *config.relief])
        return parts.index(config.relief[0])

    def drive(self) -> tuple[End, Track, float]:
        """Drive until the window is closed; return how that ended, the track and the time [s]."""
        world, viewer, car = self._world, self._viewer, self._car
        start_episode(world, self._scenario, self._scenario.seed)
        track = world.view.tracks.track_of(0)
        table = world.view.vehicle
        cockpit = Cockpit(
            float(table.wheelbase[0, car]), float(table.steer_limit[0, car]),
            float(table.grip[0, car]),
        )  # fmt: skip
        viewer.listener = cockpit.hear
        cast = cast_of(world.view, [c.name for c in world.config.cars], world.config.rules.laps)
        before = scene_of(world.view)
        self._history.add(before)
        viewer.show(cast, before, self._history)
        world.step()  # may compile kernels, which is no time of the race
        started = perf_counter()
        before = self._seen()
        over = False
        while not viewer.closed and not self._interruption.asked:
            self._follow(cockpit, over=over)
            if over and not world.commands:
                viewer.show(cast, before, self._history)
                viewer.pass_time()
                continue
            cockpit.move(world.dt, float(before.speed[car]), viewer.window.pad())
            hand = self._hand
            hand.steer, hand.throttle, hand.brake = cockpit.steer, cockpit.throttle, cockpit.brake
            world.step()
            scene = self._seen()
            viewer.play(cast, scene if scene.step <= before.step else before, scene, self._history)
            before = scene
            over = is_over(world, self._scenario.time_limit)
        return ("finished" if over else "stopped"), track, perf_counter() - started

    def _seen(self) -> Scene:
        scene = scene_of(self._world.view)
        self._history.add(scene, self._world.events())
        return scene

    def _follow(self, cockpit: Cockpit, *, over: bool) -> None:
        """Turn what was asked for into commands for the next step."""
        commands, car = self._world.commands, self._car
        hand_over, rescue = cockpit.asked("hand_over"), cockpit.asked("rescue")
        if cockpit.asked("restart"):
            commands.append(Command(kind="reset"))
            self._driving, self._viewer.paused = True, False
            cockpit.release()
        elif hand_over and not over and self._other is not None:
            self._driving = not self._driving
            seat = self._mine if self._driving else self._other
            commands.append(Command(kind="hand_over", car=car, driver=seat))
            cockpit.release()
        elif rescue and not over and self._world.spec.placement == "any":
            commands.append(Command(kind="rescue", car=car))
            cockpit.release()
        if hand_over and self._other is None:
            self._alone_until = perf_counter() + NOTE
        self._viewer.message = self._message(over=over and not commands)

    def _message(self, *, over: bool) -> str:
        if over:
            return "the race is over · R restart · esc end"
        if not self._driving and self._other is not None:
            return f"{self._world.seats[self._other].name} drives · tab takes over"
        if perf_counter() < self._alone_until:
            return "nobody else is there to drive this car"
        return ""
