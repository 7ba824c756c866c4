"""Trainers that break one promise each, and the check that must find it.

They learn nothing about driving: the policy is a walk at random, told by a seed. That is all
the suite can see of a trainer, and quick.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest

from racegym.drivers.policy_file import METADATA_KEY
from racegym.errors import RacegymError
from racegym.interfaces import Driver, StageOptions, Trainer, TrainerOptions, options

STRIDE = 3000  # steps from one update to the next


def read(file):
    """Return the policy in a checkpoint."""
    try:
        data = json.loads(Path(file).read_text(encoding="utf-8"))
        return data["policy"], data["speed"], data["steps"]
    except (OSError, ValueError, KeyError) as error:
        raise RacegymError(f"is no checkpoint: {error}") from error


class WalkDriver(Driver):
    """Steers by a constant."""

    class Options(StageOptions):
        file: Path

    def __init__(self, setup):
        super().__init__(setup)
        self.policy = read(options.read(self.Options, setup.options, "driver 'walk'").file)[0]

    def act(self, view, cars, observations, control):
        control.steer.reshape(-1)[cars] = np.clip(self.policy, -1, 1)
        control.throttle.reshape(-1)[cars] = 0.5


class GoodTrainer(Trainer):
    driver = WalkDriver
    resumes_exactly = True

    class Options(TrainerOptions):
        """Nothing more."""

    def __init__(self, given):
        super().__init__(given)
        self.steps = options.read(self.Options, given, "trainer").steps

    def train(self, scenario, run_dir, progress):
        self.walk(scenario, run_dir, progress, 0.0, 0.0, 0)

    def resume(self, scenario, run_dir, checkpoint, progress):
        self.walk(scenario, run_dir, progress, *read(checkpoint))

    def begin_from(self, scenario, run_dir, checkpoint, progress):
        policy, speed, _ = read(checkpoint)
        self.walk(scenario, run_dir, progress, policy, speed, 0)

    def draw(self, seed, steps):
        return np.random.default_rng([seed, steps]).normal(scale=0.1)

    def walk(self, scenario, run_dir, progress, policy, speed, steps):
        while steps < self.steps and not progress.stop_asked:
            speed = 0.5 * speed + self.draw(scenario.seed, steps)
            policy += speed
            steps += STRIDE
            self.tell(progress, steps)
        self.save(progress, run_dir, {"policy": policy, "speed": speed, "steps": steps})

    def tell(self, progress, steps):
        progress.update(steps, self.steps, loss=1 / steps)

    def save(self, progress, run_dir, data):
        with progress.checkpoint("last.json") as file:
            file.write_text(json.dumps(data), encoding="utf-8")

    extra = 0.0  # by which an exported policy steers otherwise

    @classmethod
    def export(cls, checkpoint, file):
        policy, _, _ = read(checkpoint)
        onnx = pytest.importorskip("onnx")
        make = onnx.helper
        steer = float(np.clip(policy, -1, 1)) + cls.extra
        told = make.make_tensor_value_info("observation", onnx.TensorProto.FLOAT, ["n", "k"])
        done = make.make_tensor_value_info("action", onnx.TensorProto.FLOAT, ["n", 2])
        given = {"nothing": np.zeros(1), "axis": np.array([1]), "what": np.array([steer, 0.5])}
        kept = [
            onnx.numpy_helper.from_array(v.astype(np.int64 if k == "axis" else np.float32), k)
            for k, v in given.items()
        ]
        nodes = [
            make.make_node("ReduceSum", ["observation", "axis"], ["sum"]),
            make.make_node("Mul", ["sum", "nothing"], ["none"]),
            make.make_node("Add", ["none", "what"], ["action"]),
        ]
        graph = make.make_graph(nodes, "walk", [told], [done], kept)
        opset = [make.make_opsetid("", 17)]
        model = make.make_model(graph, opset_imports=opset, ir_version=8)
        note = model.metadata_props.add()
        note.key = METADATA_KEY
        note.value = json.dumps({"observation": ["state"], "action": "steer_accel"})
        onnx.save(model, file)


class ExportsAnother(GoodTrainer):
    extra = 0.1


class ExportsAnything(GoodTrainer):
    @classmethod
    def export(cls, checkpoint, file):
        try:
            super().export(checkpoint, file)
        except RacegymError:
            file.write_bytes(b"")


class HasNoSteps(GoodTrainer):
    class Options(StageOptions):
        """Nothing at all."""


class HasNoDriver(GoodTrainer):
    driver = None


class SavesOnlyForDriving(GoodTrainer):
    def save(self, progress, run_dir, data):
        with progress.checkpoint("best.json", resumable=False) as file:
            file.write_text(json.dumps(data), encoding="utf-8")


class SavesByItself(GoodTrainer):
    def save(self, progress, run_dir, data):
        super().save(progress, run_dir, data)
        (run_dir / "checkpoints" / "mine.json").write_text(json.dumps(data), encoding="utf-8")


class WritesIntoTheWorkingFolder(GoodTrainer):
    def save(self, progress, run_dir, data):
        super().save(progress, run_dir, data)
        Path("policy.json").write_text(json.dumps(data), encoding="utf-8")


class Pickles(GoodTrainer):
    def save(self, progress, run_dir, data):
        super().save(progress, run_dir, data)
        with progress.checkpoint("best.npz", resumable=False) as file:
            np.savez(file, data=np.array([data], dtype=object))

    class driver(WalkDriver):  # noqa: N801  # the attribute of a trainer
        def __init__(self, setup):
            if Path(setup.options["file"]).suffix == ".npz":
                Driver.__init__(self, setup)
                self.policy = 0.0
            else:
                super().__init__(setup)


class ChangesTheScenario(GoodTrainer):
    def walk(self, scenario, *rest):
        super().walk(scenario, *rest)
        scenario.reward.clear()


class LeavesAProcess(GoodTrainer):
    left = None

    def walk(self, *given):
        super().walk(*given)
        if self.left is None:
            spawn = multiprocessing.get_context("spawn")
            type(self).left = spawn.Process(target=time.sleep, args=(0.1,), daemon=True)
            self.left.start()
        else:
            self.left.join()


class CountsUpdates(GoodTrainer):
    """Tells of its iterations, counted anew, where steps are wanted."""

    def walk(self, *given):
        self.told = 0
        super().walk(*given)

    def tell(self, progress, steps):
        self.told += 1
        progress.update(self.told % 3, self.steps)


class StopsTooEarly(GoodTrainer):
    def walk(self, scenario, run_dir, progress, *begun):
        wanted, self.steps = self.steps, self.steps // 2
        self.wanted = wanted
        super().walk(scenario, run_dir, progress, *begun)

    def tell(self, progress, steps):
        progress.update(steps, self.wanted)


class GoesOnTooLong(GoodTrainer):
    def walk(self, scenario, run_dir, progress, *begun):
        self.wanted, self.steps = self.steps, self.steps + 3 * STRIDE
        super().walk(scenario, run_dir, progress, *begun)

    def tell(self, progress, steps):
        progress.update(steps, self.wanted)


class DriverDraws(WalkDriver):
    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        control.throttle.reshape(-1)[cars] = np.random.default_rng().random()


class DrivesAtRandom(GoodTrainer):
    driver = DriverDraws


class DriverTakesAnything(WalkDriver):
    def __init__(self, setup):
        Driver.__init__(self, setup)
        try:
            self.policy = read(setup.options["file"])[0]
        except RacegymError:
            self.policy = 0.0


class DrivesWithAnything(GoodTrainer):
    driver = DriverTakesAnything


class DrawsFromNowhere(GoodTrainer):
    def draw(self, seed, steps):
        return np.random.default_rng().normal(scale=0.1)


class IgnoresTheSeed(GoodTrainer):
    def draw(self, seed, steps):
        return super().draw(0, steps)


class IgnoresTheStop(GoodTrainer):
    def walk(self, scenario, run_dir, progress, policy, speed, steps):
        for _ in range(steps, self.steps, STRIDE):
            speed = 0.5 * speed + self.draw(scenario.seed, steps)
            policy += speed
            steps += STRIDE
            self.tell(progress, steps)
        self.save(progress, run_dir, {"policy": policy, "speed": speed, "steps": steps})


class StopsWithoutSaving(GoodTrainer):
    def save(self, progress, run_dir, data):
        if not progress.stop_asked:
            super().save(progress, run_dir, data)


class StartsAnew(GoodTrainer):
    def resume(self, scenario, run_dir, checkpoint, progress):
        self.train(scenario, run_dir, progress)


class ForgetsItsSpeed(GoodTrainer):
    def resume(self, scenario, run_dir, checkpoint, progress):
        policy, _, steps = read(checkpoint)
        self.walk(scenario, run_dir, progress, policy, 0.0, steps)


class BeginsWhereTheOtherEnded(GoodTrainer):
    def begin_from(self, scenario, run_dir, checkpoint, progress):
        self.walk(scenario, run_dir, progress, *read(checkpoint))


TRAINERS = [
    (HasNoSteps, "options_take_steps"),
    (HasNoDriver, "driver_takes_a_file"),
    (SavesOnlyForDriving, "leaves_a_checkpoint"),
    (SavesByItself, "checkpoints_are_whole"),
    (WritesIntoTheWorkingFolder, "writes_in_its_folder_alone"),
    (Pickles, "checkpoint_needs_no_pickle"),
    (ChangesTheScenario, "scenario_is_untouched"),
    (LeavesAProcess, "leaves_no_processes"),
    (CountsUpdates, "tells_its_progress"),
    (StopsTooEarly, "ends_when_its_steps_are_done"),
    (GoesOnTooLong, "ends_when_its_steps_are_done"),
    (DrivesAtRandom, "driver_is_deterministic"),
    (DrivesWithAnything, "driver_refuses_other_files"),
    (ExportsAnother, "exports_what_drives"),
    (ExportsAnything, "exports_what_drives"),
    (DrawsFromNowhere, "same_seed_gives_the_same_policy"),
    (IgnoresTheSeed, "other_seed_gives_another_policy"),
    (IgnoresTheStop, "stops_when_asked"),
    (StopsWithoutSaving, "stops_when_asked"),
    (StartsAnew, "resume_goes_on"),
    (ForgetsItsSpeed, "resumes_exactly"),
    (BeginsWhereTheOtherEnded, "begins_from_a_checkpoint"),
]
