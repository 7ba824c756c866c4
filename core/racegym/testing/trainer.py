"""The suite of trainers: a few short trainings in a folder of their own."""

from __future__ import annotations

import inspect
import io
import multiprocessing
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel

from racegym import plugins
from racegym.drivers.onnx import Onnx
from racegym.errors import MissingLibraryError, RacegymError
from racegym.interfaces import Control, Driver, Trainer, columns
from racegym.plugins import Offer
from racegym.plugins.offer import CORE
from racegym.record.due import CheckpointClock
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.building import make_driver
from racegym.scenario.settings import StageSettings
from racegym.scenario.stages import check_declared
from racegym.testing.rig import Rows, difference, rows
from racegym.testing.suite import ConformanceError, NotApplicable, Suite, needs
from racegym.world import World

__all__ = ["TrainerSuite"]

TRAIN, RESUME, BEGIN = "Trainer.train", "Trainer.resume", "Trainer.begin_from"
EXPORT = "Trainer.export"
CHECKPOINTS = "checkpoints"
PRACTICE = Offer(
    kind="backend",
    name="practice_car",
    dist=CORE,
    target="racegym.testing.parts:Bicycle",
    summary="the plain car of the suites",
)
CIRCUIT: Mapping[str, Any] = {
    "name": "practice",
    "laps": 1,
    "backend": PRACTICE.name,
    "track": {"generate": {"seed": 1, "length": 300}},
    "cars": [{"name": "Learner", "driver": "agent"}],
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 3.0}},
}
N_RACES = 2  # that a driver is tried in
DRIVEN = 60  # steps of it
COMPARED = 10  # steps that an exported policy has to drive as the driver itself
CLOSE = 1e-4  # how near their control has to be


@dataclass
class _Written:
    """One checkpoint as it was written last."""

    content: bytes
    resumable: bool
    updates: int  # that had been told by then


@dataclass
class _Learned:
    """What was seen of one training."""

    written: dict[str, _Written] = field(default_factory=dict)  # the last one written stands last
    updates: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    asked_at: int | None = None  # updates that had been told when it was asked to stop
    outside: list[str] = field(default_factory=list)
    unannounced: list[str] = field(default_factory=list)
    touched: bool = False
    processes: int = 0

    def last(self, *, resumable: bool) -> tuple[str, bytes] | None:
        """Return name and content of the checkpoint that was written last, of one sort."""
        for name, written in reversed(self.written.items()):
            if written.resumable == resumable:
                return name, written.content
        return None

    def to_go_on_from(self) -> tuple[str, bytes]:
        """Return the last one that is resumable, which a check has seen."""
        found = self.last(resumable=True)
        assert found is not None
        return found


class _Progress:
    """Notes what a trainer tells; asks it to stop when ``stop_at`` steps are done."""

    def __init__(self, run_dir: Path, seen: _Learned, clock: CheckpointClock, stop_at: int | None):
        self._folder = run_dir / CHECKPOINTS
        self._seen = seen
        self._clock = clock
        self._stop_at = stop_at

    @property
    def stop_asked(self) -> bool:
        return self._seen.asked_at is not None

    @property
    def evaluation(self) -> Mapping[str, float]:
        return {}

    def update(self, steps: int, total: int, **figures: float) -> None:
        seen = self._seen
        self._clock.steps, self._clock.total = steps, total
        seen.updates.append((steps, total, figures))
        if self._stop_at is not None and seen.asked_at is None and steps >= self._stop_at:
            seen.asked_at = len(seen.updates)

    def checkpoint_due(self, steps: int) -> bool:
        return self._clock.is_due(steps, ending=self.stop_asked)

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        beside = self._folder / f"partial-{name}"
        yield beside
        if not beside.is_file():
            raise ConformanceError(
                f"it wrote nothing to the path that progress.checkpoint({name!r}) gave", where=TRAIN
            )
        beside.replace(self._folder / name)
        self._seen.written.pop(name, None)
        self._seen.written[name] = _Written(
            (self._folder / name).read_bytes(), resumable, len(self._seen.updates)
        )
        if resumable:
            self._clock.written()


class TrainerSuite(Suite):
    """What every trainer promises.

        class TestMine(TrainerSuite):
            make = MyTrainer

    It learns several times for a short while, in this process. The simulator of the circuit
    that it learns on by default is known to this process alone; a trainer that starts others
    needs a ``scenario`` with an installed one.

    Attributes:
        scenario: what it learns on; None takes a small circuit and a plain car.
        steps: for how long, where ``options`` do not say.
    """

    scenario: ClassVar[Mapping[str, Any] | None] = None
    steps: ClassVar[int] = 20_000
    _trainings: ClassVar[dict[tuple[int, bool, bool], _Learned]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls._trainings = {}

    def check_options_take_steps(self) -> None:
        """Its ``Options`` have ``steps``, as ``TrainerOptions`` do."""
        model = getattr(self.make, "Options", None)
        if not (inspect.isclass(model) and issubclass(model, BaseModel)):
            raise ConformanceError("it has no Options(TrainerOptions)", where="Trainer.Options")
        if "steps" not in model.model_fields:
            raise ConformanceError(
                "its Options have no `steps`; derive them from TrainerOptions",
                where="Trainer.Options",
            )

    def check_driver_takes_a_file(self) -> None:
        """Its ``driver`` is a Driver whose option ``file`` takes a checkpoint."""
        driver = getattr(self.make, "driver", None)
        if not (inspect.isclass(driver) and issubclass(driver, Driver)):
            raise ConformanceError(f"driver is {driver!r}, no Driver", where="Trainer.driver")
        model: Any = getattr(driver, "Options", None)
        is_model = inspect.isclass(model) and issubclass(model, BaseModel)
        if not is_model or "file" not in model.model_fields:
            raise ConformanceError(
                f"{driver.__name__} has no option `file`", where=f"{driver.__name__}.Options"
            )

    @needs("options_take_steps")
    def check_leaves_a_checkpoint(self) -> None:
        """A training leaves a checkpoint that a resume may go on from."""
        if self._learned().last(resumable=True) is None:
            raise ConformanceError("it left no checkpoint that is resumable", where=TRAIN)

    @needs("leaves_a_checkpoint")
    def check_checkpoints_are_whole(self) -> None:
        """Every file in ``checkpoints`` was written through ``progress.checkpoint``."""
        odd = self._learned().unannounced
        if odd:
            raise ConformanceError(
                f"it wrote {', '.join(odd)} without progress.checkpoint, so that a training that "
                "is cut off may leave half of it",
                where=TRAIN,
            )

    @needs("leaves_a_checkpoint")
    def check_writes_in_its_folder_alone(self) -> None:
        """Nothing is written outside ``run_dir``."""
        outside = self._learned().outside
        if outside:
            raise ConformanceError(f"it wrote {', '.join(outside)} beside run_dir", where=TRAIN)

    @needs("leaves_a_checkpoint")
    def check_checkpoint_needs_no_pickle(self) -> None:
        """A checkpoint is data: reading it runs no code, as far as the format shows."""
        for name, written in self._learned().written.items():
            fault = _pickled(written.content)
            if fault:
                raise ConformanceError(f"{name} {fault}, which can run code", where=TRAIN)

    @needs("leaves_a_checkpoint")
    def check_scenario_is_untouched(self) -> None:
        """The scenario says the same after the training."""
        if self._learned().touched:
            raise ConformanceError("it changed the scenario; use model_copy", where=TRAIN)

    @needs("leaves_a_checkpoint")
    def check_leaves_no_processes(self) -> None:
        """Processes that it started have ended with it."""
        left = self._learned().processes
        if left:
            raise ConformanceError(f"{left} process(es) of it still run", where=TRAIN)

    @needs("leaves_a_checkpoint")
    def check_tells_its_progress(self) -> None:
        """It tells several times how far it is: steps that rise, of the total asked for."""
        told, wanted = self._learned().updates, self._settings["steps"]
        if len(told) < 2:
            raise ConformanceError(
                f"it called progress.update {len(told)} time(s) in {wanted} steps, and so would "
                "notice late that it is to stop; tell oftener, or give the suite more `steps`",
                where=TRAIN,
            )
        steps = [done for done, _, _ in told]
        if any(b <= a for a, b in pairwise(steps)) or steps[0] < 0:
            raise ConformanceError(f"its steps do not rise: {steps[:10]}", where=TRAIN)
        totals = [total for _, total, _ in told]
        if totals[-1] == steps[-1] < wanted:  # there was nothing more to learn
            totals.pop()
        odd = set(totals) - {wanted}
        if odd:
            raise ConformanceError(f"total is {odd.pop()}, asked for {wanted}", where=TRAIN)
        for _, _, figures in told:
            for name, value in figures.items():
                if not isinstance(value, int | float | np.number) or isinstance(value, bool):
                    raise ConformanceError(f"the figure {name!r} is {value!r}", where=TRAIN)

    @needs("tells_its_progress")
    def check_ends_when_its_steps_are_done(self) -> None:
        """It learns until ``steps`` are done, and no longer."""
        (before, _, _), (steps, total, _) = self._learned().updates[-2:]
        if steps < total:
            raise ConformanceError(f"it ended after {steps} of {total} steps", where=TRAIN)
        if before >= total:
            raise ConformanceError(f"{before} of {total} steps, and it went on", where=TRAIN)

    @needs("leaves_a_checkpoint", "driver_takes_a_file")
    def check_driver_is_deterministic(self) -> None:
        """Its driver drives with the checkpoint, within bounds, and the same way again."""
        learned = self._learned()
        where = f"{self.make.driver.__name__}.act"
        for resumable in (True, False):
            trace = self._trace(learned, resumable=resumable)
            again = self._trace(learned, resumable=resumable)
            odd = _first_difference(trace, again)
            if odd:
                raise ConformanceError(f"two drives with one checkpoint differ {odd}", where=where)
            for step in trace:
                for name in ("steer", "throttle", "brake"):
                    low, high = columns(Control)[name].low, columns(Control)[name].high
                    values = step[f"control.{name}"]
                    if not ((values >= low) & (values <= high)).all():
                        raise ConformanceError(
                            f"control.{name} reaches [{values.min():g}, {values.max():g}]",
                            where=where,
                        )

    @needs("leaves_a_checkpoint", "driver_takes_a_file")
    def check_driver_refuses_other_files(self) -> None:
        """A file that is absent, cut off or no checkpoint is refused with a RacegymError."""
        driver = self.make.driver
        name, whole = self._learned().to_go_on_from()
        with TemporaryDirectory(prefix="racegym_") as folder, self._practice() as scenario:
            other = Path(folder) / name
            for what, content in (
                ("that is absent", None),
                ("of text", b"no checkpoint\n" * 40),
                ("with half of a checkpoint", whole[: len(whole) // 2]),
            ):
                if content is not None:
                    other.write_bytes(content)
                try:
                    self._driven(scenario, other).close()
                except RacegymError:
                    continue
                except Exception as error:  # what is to be found out
                    reason = f"raises {type(error).__name__}: {error}"
                else:
                    reason = "is driven with"
                raise ConformanceError(
                    f"a file {what} {reason}; a RacegymError should say what is wrong",
                    where=f"{driver.__name__}.declared_for",
                )

    @needs("driver_is_deterministic")
    def check_exports_what_drives(self) -> None:
        """The ONNX file that it exports drives as its driver does, and needs a whole checkpoint."""
        export = self.make.export
        if export.__func__ is Trainer.export.__func__:  # type: ignore[attr-defined]
            raise NotApplicable("it has no export: it does not promise that")
        name, whole = self._learned().to_go_on_from()
        with TemporaryDirectory(prefix="racegym_") as folder:
            checkpoint, half = Path(folder) / name, Path(folder) / f"half-{name}"
            file = Path(folder) / "policy.onnx"
            checkpoint.write_bytes(whole)
            half.write_bytes(whole[: len(whole) // 2])
            try:
                export(checkpoint, file)
                if not file.is_file():
                    raise ConformanceError("it wrote no file", where=EXPORT)
                found = self._drive(file, Onnx)
            except MissingLibraryError as error:
                raise NotApplicable(f"a library is missing: {error.what}") from error
            try:
                export(half, Path(folder) / "half.onnx")
            except RacegymError:
                pass
            else:
                raise ConformanceError(
                    "half of a checkpoint is exported; a RacegymError should say what is wrong",
                    where=EXPORT,
                )
        expected = self._trace(self._learned(), resumable=True)
        for step, (own, exported) in enumerate(zip(expected, found, strict=True)):
            if step > COMPARED:  # a little apart is far apart in the end
                return
            for column in ("steer", "throttle", "brake"):
                apart = np.abs(own[f"control.{column}"] - exported[f"control.{column}"]).max()
                if not apart <= CLOSE:
                    raise ConformanceError(
                        f"control.{column} differs by {apart:g} at step {step} from what the "
                        "driver does",
                        where=EXPORT,
                    )

    @needs("driver_is_deterministic")
    def check_same_seed_gives_the_same_policy(self) -> None:
        """Two trainings with one seed end with the same policy."""
        odd = self._policies_differ(self._learned(), self._learned(again=True))
        if odd:
            raise ConformanceError(f"two trainings with one seed differ: {odd}", where=TRAIN)

    @needs("driver_is_deterministic")
    def check_other_seed_gives_another_policy(self) -> None:
        """Another ``scenario.seed`` ends with another policy."""
        if not self._policies_differ(self._learned(), self._learned(seed=2)):
            raise ConformanceError("the seed makes no difference to what it learns", where=TRAIN)

    @needs("tells_its_progress")
    def check_stops_when_asked(self) -> None:
        """When ``progress.stop_asked`` turns true it saves and returns, soon."""
        stopped = self._stopped()
        asked, told = stopped.asked_at, stopped.updates
        if asked is None or told[asked - 1][0] >= told[asked - 1][1]:
            raise NotApplicable("half of the steps were never told of; give the suite more `steps`")
        if len(told) > asked + 1:
            more = told[-1][0] - told[asked - 1][0]
            raise ConformanceError(f"it learned for {more} steps after it was asked", where=TRAIN)
        found = [w for w in stopped.written.values() if w.resumable and w.updates >= asked]
        if not found:
            raise ConformanceError("it returned without a checkpoint of where it was", where=TRAIN)

    @needs("stops_when_asked", "ends_when_its_steps_are_done")
    def check_resume_goes_on(self) -> None:
        """A resumed training goes on from the steps that were done, and to the end."""
        stopped, resumed = self._stopped(), self._resumed()
        done = stopped.updates[-1][0]
        if not resumed.updates or resumed.updates[0][0] <= done:
            first = resumed.updates[0][0] if resumed.updates else "nothing"
            raise ConformanceError(f"after {done} steps it went on with {first}", where=RESUME)
        steps, total, _ = resumed.updates[-1]
        if steps < total:
            raise ConformanceError(f"it ended after {steps} of {total} steps", where=RESUME)

    @needs("resume_goes_on", "same_seed_gives_the_same_policy")
    def check_resumes_exactly(self) -> None:
        """A training that was interrupted and resumed ends like one that was not."""
        if not self.make.resumes_exactly:
            raise NotApplicable("resumes_exactly is False: it does not promise that")
        odd = self._policies_differ(self._learned(), self._resumed())
        if odd:
            raise ConformanceError(
                f"an interrupted training ends otherwise: {odd}; does the checkpoint lack "
                "something, such as the state of an optimiser or of random numbers?",
                where=RESUME,
            )

    @needs("ends_when_its_steps_are_done")
    def check_begins_from_a_checkpoint(self) -> None:
        """It begins with what another training has learned, and learns as long as it is told to."""
        if self.make.begin_from is Trainer.begin_from:
            raise NotApplicable("it has no begin_from: it does not promise that")
        anew = self._once((2, True, True), lambda: self._learn(2, origin=self._learned()))
        told = [done for done, _, _ in anew.updates]
        wanted, first = self._settings["steps"], self._learned().updates[0][0]
        if not told or told[-1] < wanted:
            done = told[-1] if told else 0
            raise ConformanceError(f"it ended after {done} of {wanted} steps", where=BEGIN)
        if told[0] >= wanted > first:
            raise ConformanceError(
                f"its first update tells of {told[0]} steps; they count from 0", where=BEGIN
            )
        if not self._policies_differ(self._learned(seed=2), anew):
            raise ConformanceError(
                "it learns the same as from nothing: the checkpoint makes no difference",
                where=BEGIN,
            )

    @property
    def _settings(self) -> dict[str, Any]:
        """The trainer's options."""
        return {"steps": self.steps, **self.options}

    @contextmanager
    def _practice(self, seed: int = 1) -> Iterator[Scenario]:
        """Give the scenario, with its simulator offered as long as it is used."""
        with ExitStack() as lent:
            if self.scenario is None:
                lent.enter_context(plugins.load().lending(PRACTICE))
            yield load_scenario({**(self.scenario or CIRCUIT), "seed": seed})

    def _learned(self, seed: int = 1, *, again: bool = False) -> _Learned:
        """Return a whole training, which takes place once."""
        return self._once((seed, again, False), lambda: self._learn(seed))

    def _stopped(self) -> _Learned:
        """Return a training that is asked to stop when half of it is done."""
        half = self._settings["steps"] // 2
        return self._once((1, False, True), lambda: self._learn(1, stop_at=half))

    def _resumed(self) -> _Learned:
        """Return the rest of that training."""
        return self._once((1, True, True), lambda: self._learn(1, before=self._stopped()))

    def _once(self, key: tuple[int, bool, bool], learn: Callable[[], _Learned]) -> _Learned:
        if key not in self._trainings:
            self._trainings[key] = learn()
        return self._trainings[key]

    def _learn(
        self,
        seed: int,
        *,
        stop_at: int | None = None,
        before: _Learned | None = None,
        origin: _Learned | None = None,
    ) -> _Learned:
        seen = _Learned() if before is None else _Learned(written=dict(before.written))
        children = set(multiprocessing.active_children())
        with TemporaryDirectory(prefix="racegym_") as folder, self._practice(seed) as scenario:
            here, run_dir = Path(folder) / "here", Path(folder) / "run"
            for made in (here, run_dir / CHECKPOINTS):
                made.mkdir(parents=True)
            for name, written in seen.written.items():
                (run_dir / CHECKPOINTS / name).write_bytes(written.content)
            said = scenario.model_dump_json()
            trainer = self.make(self._settings)
            begun = before.updates[-1][0] if before is not None else None
            clock = CheckpointClock(self._settings["steps"], begun=begun)
            progress = _Progress(run_dir, seen, clock, stop_at)
            with chdir(here):
                if before is not None:
                    name, _ = before.to_go_on_from()
                    trainer.resume(scenario, run_dir, run_dir / CHECKPOINTS / name, progress)
                elif origin is not None:
                    name, content = origin.to_go_on_from()
                    elsewhere = Path(folder) / "elsewhere"
                    elsewhere.mkdir()
                    (elsewhere / name).write_bytes(content)
                    trainer.begin_from(scenario, run_dir, elsewhere / name, progress)
                    shutil.rmtree(elsewhere)
                else:
                    trainer.train(scenario, run_dir, progress)
            seen.touched = scenario.model_dump_json() != said
            seen.processes = len(set(multiprocessing.active_children()) - children)
            files = [path for path in Path(folder).rglob("*") if path.is_file()]
            kept = {run_dir / CHECKPOINTS / name for name in seen.written}
            seen.outside = [f.name for f in files if run_dir not in f.parents]
            seen.unannounced = [
                f.name for f in files if run_dir / CHECKPOINTS in f.parents and f not in kept
            ]
        return seen

    def _policies_differ(self, one: _Learned, other: _Learned) -> str | None:
        """Return how the policies of two trainings differ; None if they do not."""
        for resumable in (True, False):
            found = [learned.last(resumable=resumable) for learned in (one, other)]
            if found[0] == found[1]:
                continue
            if None in found:
                return "one of them left a checkpoint to drive with, the other none"
            traces = [self._trace(learned, resumable=resumable) for learned in (one, other)]
            odd = _first_difference(*traces)
            if odd:
                return f"driven with, their checkpoints differ {odd}"
        return None

    def _trace(self, learned: _Learned, *, resumable: bool) -> list[Rows]:
        """Drive with a training's last checkpoint of one sort; return all that was seen."""
        found = learned.last(resumable=resumable)
        if found is None:
            return []
        name, content = found
        with TemporaryDirectory(prefix="racegym_") as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            return self._drive(file)

    def _drive(self, file: Path, driver: type[Driver] | None = None) -> list[Rows]:
        """Drive with a policy's file; return all that was seen."""
        with self._practice() as scenario:
            world = self._driven(scenario, file, driver)
            try:
                world.reset(scenario.seeds(N_RACES))
                trace = [rows(world)]
                for _ in range(DRIVEN):
                    world.step()
                    trace.append(rows(world))
            finally:
                world.close()
        return trace

    def _driven(self, scenario: Scenario, file: Path, chosen: type[Driver] | None = None) -> World:
        """Return a world in which a driver has the agent's car: the trainer's own by default."""
        config = scenario.build(N_RACES)
        stage = StageSettings.model_validate({"name": "learned", "file": str(file)})
        made = chosen or self.make.driver
        driver = make_driver(made, stage, check_declared(made, stage))
        cars = list(config.cars)
        agent = next(index for index, car in enumerate(cars) if car.driver is None)
        cars[agent] = replace(cars[agent], driver=driver)
        return World(replace(config, cars=cars))


def _first_difference(one: list[Rows], other: list[Rows]) -> str | None:
    for step, (a, b) in enumerate(zip(one, other, strict=True)):
        odd = difference(a, b)
        if odd:
            return f"at step {step}: {odd}"
    return None


def _pickled(content: bytes) -> str | None:
    """Return how a file shows that pickle is needed to read it; None if it does not."""
    if content[:1] == b"\x80":  # what pickle writes first since its second version
        return "is a pickle"
    if content[:6] == b"\x93NUMPY":
        return _pickled_array(content)
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.endswith(".npy") and _pickled_array(archive.read(name)):
                    return f"holds {name}, an array of objects that is pickled"
    return None


def _pickled_array(content: bytes) -> str | None:
    try:
        np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError:
        return "is an array of objects that is pickled"
    return None
