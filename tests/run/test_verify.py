"""A run is proved by its controls, and any change of it is named by its step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from racegym import load_scenario, make_vec
from racegym.errors import RunError, ScenarioError
from racegym.formats import library
from racegym.interfaces import Control, View, Watcher, columns
from racegym.record import Recorder, RunFolder
from racegym.record.stream import read_batches
from racegym.run import RunResult, run, verify
from racegym.run.run import about
from racegym.scenario import Scenario
from racegym.track import generate
from racegym.world import Command, World


def rewrite(run: RunFolder, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    """Change the recorded columns, each (steps, ...), and write the file anew."""
    table = pa.Table.from_batches(read_batches(run.controls))
    arrays = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        flat = column.flatten() if pa.types.is_fixed_size_list(column.type) else column
        arrays[name] = np.array(flat).reshape(table.num_rows, -1)
    change(arrays)
    with pa.ipc.new_stream(run.controls, table.schema) as writer:
        made = []
        for field in table.schema:
            flat = pa.array(arrays[field.name].reshape(-1))
            if pa.types.is_fixed_size_list(field.type):
                flat = pa.FixedSizeListArray.from_arrays(flat, field.type.list_size)
            made.append(flat)
        writer.write_batch(pa.RecordBatch.from_arrays(made, schema=table.schema))


def test_a_run_is_proved(finished: RunResult) -> None:
    proof = verify(finished.folder)
    assert proof.difference is None and proof.warnings == ()
    assert proof.steps == finished.result["steps"]
    assert proof.hashes == int(finished.result["time"] + 1e-9)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_episodes_of_an_environment_are_proved(tmp_path: Path, mode: str) -> None:
    """Whatever seed it is given, and however its races start anew."""
    scenario = load_scenario(
        {
            "backend": "kart2d", "seed": 3, "dt": 0.1, "start": {"speed": 8.0},
            "track": {"generate": {"seed": 7, "length": 200, "count": 3}},
            "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
            "termination": {"time_limit": {"seconds": 1.0}},
        }
    )  # fmt: skip
    envs = make_vec(scenario, 2, autoreset_mode=mode)
    recorder = Recorder(envs.world, tmp_path, about(scenario), limit=False, races=[0, 1])
    envs.world.watchers.append(recorder)
    envs.reset(seed=50)
    for _ in range(25):
        envs.step(np.array([[0.1, 0.5]] * 2, np.float32))
    envs.close()
    proof = verify(tmp_path)
    assert proof.difference is None and proof.steps == 2 * 25 and proof.hashes == 2 * 2


@pytest.mark.parametrize("step", [1, 37, 600])
@pytest.mark.parametrize("name", list(columns(Control)))
def test_one_changed_bit_of_control_is_named_by_its_step(
    copied: RunFolder, name: str, step: int
) -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        row = arrays[name][step - 1]
        row.view(np.uint8)[0] ^= 1

    rewrite(copied, change)
    proof = verify(copied)
    assert proof.difference is not None
    assert (proof.difference.episode, proof.difference.step) == (0, step)
    assert proof.difference.time == pytest.approx(0.05 * step)
    assert proof.steps == step - 1
    assert "changed after the run" in proof.difference.what


@pytest.mark.parametrize(
    ("name", "what"),
    [("motion", "the cars move differently"), ("state", "the state differs"),
     ("chain", "changed after"), ("seed", "changed after"), ("step", "changed after"),
     ("seed_episode", "changed after"), ("episode", "changed after"), ("race", "changed after")],
)  # fmt: skip
def test_any_other_changed_column_is_named_too(copied: RunFolder, name: str, what: str) -> None:
    def change(arrays: dict[str, np.ndarray]) -> None:
        assert arrays["state"][99] != 0  # a hash falls on the end of each second
        arrays[name][99] += 1

    rewrite(copied, change)
    proof = verify(copied)
    assert proof.difference is not None and proof.difference.step == 100
    assert what in proof.difference.what


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_byte_changed_on_the_disk_is_found(copied: RunFolder, place: float) -> None:
    """Wherever it lies in the records: one in a gap between them changes nothing."""
    content = bytearray(copied.controls.read_bytes())
    # The first holds a single step where kernels are compiled at the start.
    batch = max(read_batches(copied.controls), key=lambda batch: batch.num_rows)
    values = batch.column("steer").flatten().to_numpy()
    values = values[int(place * 0.5 * len(values)) :][:64].tobytes()  # found once in the file
    assert content.count(values) == 1
    content[content.index(values) + 10] ^= 4
    copied.controls.write_bytes(bytes(content))
    assert verify(copied).difference is not None


def test_a_driver_that_drives_otherwise_in_the_replay_is_not_asked(copied: RunFolder) -> None:
    text = copied.scenario.read_text(encoding="utf-8")
    assert text.count("pace: 90") == 1
    copied.scenario.write_text(text.replace("pace: 90", "pace: 40"), encoding="utf-8")
    assert verify(copied).difference is None


def test_another_car_is_found_out(copied: RunFolder) -> None:
    text = copied.scenario.read_text(encoding="utf-8")
    other = text.replace("rental_kart", "gt3", 1)
    assert other != text
    copied.scenario.write_text(other, encoding="utf-8")
    found = verify(copied).difference
    assert found is not None and found.step == 1


def test_another_track_is_refused_by_its_hash(copied: RunFolder) -> None:
    text = copied.scenario.read_text(encoding="utf-8")
    copied.scenario.write_text(text.replace("length: 300", "length: 301"), encoding="utf-8")
    with pytest.raises(RunError, match=r"-7' is another one than in the run.*had the hash"):
        verify(copied)


def test_a_track_of_a_library_that_has_changed_since_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "library"))
    folder = library.user_library()
    path = library.add(folder, generate(3, length=300, name="home", pit=True, obstacles=1))
    car = {"name": "A", "vehicle": "rental_kart", "driver": "pure_pursuit"}
    said = {"name": "away", "backend": "kart2d", "track": "home", "cars": [car], "time_limit": 2}
    done = run(said, runs_dir=tmp_path / "runs", plots=False).folder
    monkeypatch.delenv("RACEGYM_TRACKS")  # the run knows the file
    assert verify(done).difference is None
    library.add(folder, generate(3, length=300, name="home", pit=True), overwrite=True)
    with pytest.raises(RunError, match="the track 'home' is another one than in the run") as caught:
        verify(done)
    assert caught.value.file == str(path)
    path.unlink()
    with pytest.raises(ScenarioError, match=r"there is no file .*home\.track"):
        verify(done)


def test_a_run_of_earlier_versions_has_no_hashes_of_tracks(copied: RunFolder) -> None:
    state = json.loads(copied.state.read_text(encoding="utf-8"))
    (track,) = state.pop("tracks")
    assert track["name"].endswith("-7") and len(track["hash"]) == 16
    copied.state.write_text(json.dumps(state), encoding="utf-8")
    assert verify(copied).difference is None


def test_controls_that_are_cut_off_are_refused(copied: RunFolder, finished: RunResult) -> None:
    content = copied.controls.read_bytes()
    copied.controls.write_bytes(content[: int(0.7 * len(content))])
    expected = rf"it holds \d+ of the run's {finished.result['steps']} steps"
    with pytest.raises(RunError, match=expected):
        verify(copied)


def test_missing_files_are_named(copied: RunFolder) -> None:
    for name in ("controls", "scenario", "state"):
        getattr(copied, name).unlink()
        with pytest.raises(RunError, match="is missing") as caught:
            verify(copied)
        assert caught.value.file == str(getattr(copied, name))


def test_no_record_of_controls_is_refused(copied: RunFolder) -> None:
    copied.controls.write_bytes(b"nonsense" * 100)
    with pytest.raises(RunError, match=r"it holds 0 of"):
        verify(copied)
    with pa.ipc.new_stream(copied.controls, pa.schema([("a", pa.int8())])) as writer:
        writer.write_batch(pa.record_batch({"a": pa.array([1], pa.int8())}))
    with pytest.raises(RunError, match="is no record of controls"):
        verify(copied)


def edit_state(run: RunFolder, change: Callable[[dict], None]) -> None:
    state = json.loads(run.state.read_text(encoding="utf-8"))
    change(state)
    run.state.write_text(json.dumps(state), encoding="utf-8")


def test_other_versions_of_the_physics_are_refused(copied: RunFolder) -> None:
    edit_state(copied, lambda state: state["versions"].update({"racegym-kart2d": "9.9"}))
    with pytest.raises(RunError, match=r"made with racegym-kart2d 9\.9, here is .*--anyway"):
        verify(copied)
    proof = verify(copied, anyway=True)
    assert proof.difference is None
    assert len(proof.warnings) == 1


def test_another_machine_is_only_warned_of(copied: RunFolder) -> None:
    edit_state(copied, lambda state: state["machine"].update(cpu="z80"))
    edit_state(copied, lambda state: state["versions"].update({"numba": "0.1", "gone": "1"}))
    warnings = "\n".join(verify(copied).warnings)
    assert "cpu z80" in warnings and "numba 0.1" in warnings and "gone 1" in warnings


def test_a_backend_that_promises_nothing_is_refused(copied: RunFolder) -> None:
    edit_state(copied, lambda state: state.update(deterministic=False))
    with pytest.raises(RunError, match="does not promise equal bits"):
        verify(copied)


class _Meddler(Watcher):
    """Sends commands into the running race."""

    def __init__(self) -> None:
        self.world: World | None = None

    def see(self, view: View, events: object) -> None:
        assert self.world is not None
        step, episode = int(view.race.step[0]), int(view.race.episode[0])
        if (episode, step) == (0, 50):
            self.world.commands.append(Command(kind="rescue", car=1))
        if (episode, step) == (0, 90):
            self.world.commands.append(Command(kind="reset"))
        if (episode, step) == (1, 30):
            self.world.commands.append(Command(kind="hand_over", car=2, driver=0))
        if (episode, step) == (1, 120):
            self.world.commands.append(Command(kind="retire", car=0))


def test_interventions_are_replayed(
    short: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meddler = _Meddler()
    build = Scenario.world

    def world(scenario: Scenario, *arguments: int) -> World:
        meddler.world = build(scenario, *arguments)
        return meddler.world

    with monkeypatch.context() as patch:
        patch.setattr(Scenario, "world", world)
        done = run(short, runs_dir=tmp_path, watchers=[meddler], plots=False)
    folder = RunFolder(done.folder)
    lines = [json.loads(line) for line in folder.commands.read_text(encoding="utf-8").splitlines()]
    assert [(line["kind"], line["episode"], line["step"]) for line in lines] == [
        ("rescue", 0, 51), ("reset", 1, 1), ("hand_over", 1, 31), ("retire", 1, 121),
    ]  # fmt: skip
    assert done.result["episodes"][0]["steps"] == 90
    proof = verify(folder)
    assert proof.difference is None
    assert proof.steps == done.result["steps"]

    folder.commands.unlink()
    found = verify(folder).difference
    assert found is not None and found.step == 51
