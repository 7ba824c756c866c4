"""Recorded drives told again: bit for bit what an environment told, whatever it was asked for."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from rich.console import Console

from racegym import load_scenario, make, make_vec
from racegym.cli import main
from racegym.errors import RacegymError, RunError, ScenarioError
from racegym.record import Recorder, RunFolder
from racegym.record.folder import write_json
from racegym.run.run import about
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.cleaning import CleaningOptions
from racegym_cleanrl.demonstrations import Demonstrations, demonstrated, fill
from racegym_cleanrl.networks import ONLY, Layout
from racegym_cleanrl.recordings import STORED, Drive, ObservationLog, drives_of, runs_named
from racegym_cleanrl.sac import Args as SACArgs
from racegym_cleanrl.sac import Learner as SACLearner
from racegym_cleanrl.tasks import Task

DRIVEN = 70


def drives(folder: Path, scenario: dict[str, Any], car: str | None = None) -> list[Drive]:
    envs = make_vec(load_scenario(scenario), 1)
    try:
        return list(drives_of(RunFolder(folder), envs.world, car))
    finally:
        envs.close()


def recorded(scenario: dict[str, Any], folder: Path, episodes: int = 3) -> list[dict[str, Any]]:
    """Drive an environment at random and record it; return what it told, did and paid."""
    env = make(load_scenario(scenario))
    world = env.unwrapped.world
    recorder = Recorder(world, folder, about(load_scenario(scenario)), limit=False)
    stored = ObservationLog(world, folder)
    world.watchers += [recorder, stored]
    seen = []
    env.action_space.seed(5)
    for episode in range(episodes):
        told, _ = env.reset(seed=11 if episode == 0 else None)
        one: dict[str, Any] = {"told": [told], "actions": [], "rewards": [], "terminated": []}
        for _ in range(DRIVEN):
            action = env.action_space.sample()
            told, reward, terminated, truncated, _ = env.step(action)
            one["told"].append(told)
            one["actions"].append(action)
            one["rewards"].append(reward)
            one["terminated"].append(terminated)
            if terminated or truncated:
                break
        seen.append(one)
    env.close()
    recorder.close()
    return seen


@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("action", ["steer_accel", "steer_throttle_brake"])
def test_what_was_told_is_told_again_bit_for_bit(
    tmp_path: Path, learner: dict[str, Any], action: str, repeat: int
) -> None:
    sensors = [{"name": "state", "noise": 0.05}, {"name": "lookahead", "delay": 2}, "rays"]
    scenario = {
        **learner, "observation": sensors, "action": action, "action_repeat": repeat,
        "start": {"kind": "random", "speed": 8.0, "lateral_noise": 1.0},
    }  # fmt: skip
    seen = recorded(scenario, tmp_path)
    found = drives(tmp_path, scenario)
    assert len(found) == len(seen) == 3  # the later ones are further episodes of one seed
    for drive, was in zip(found, seen, strict=True):
        # What ends within an action that is held is no whole decision.
        n = len(drive)
        assert 0 <= len(was["actions"]) - n <= (repeat > 1)
        assert drive.told[ONLY].tobytes() == np.stack(was["told"])[: n + 1].tobytes()
        np.testing.assert_allclose(drive.rewards, was["rewards"][:n], rtol=1e-6)
        assert drive.terminated.tolist() == was["terminated"][:n]
        if action != "steer_accel":
            np.testing.assert_allclose(drive.actions, was["actions"][:n], atol=1e-6)
        assert drive.misfit.max() < 1e-6


def test_each_race_of_a_recorded_batch_is_a_drive_of_its_own(
    tmp_path: Path, learner: dict[str, Any]
) -> None:
    """With a name of its own, and the track that it had, whatever its seed was."""
    track = {"generate": {"seed": 7, "length": 200, "count": 3}}
    scenario = {**learner, "track": track, "termination": {"time_limit": {"seconds": 1.0}}}
    envs = make_vec(load_scenario(scenario), 3)
    envs.world.watchers.append(
        Recorder(envs.world, tmp_path, about(load_scenario(scenario)), limit=False, races=[0, 2])
    )
    seen = [envs.reset(seed=50)[0]]
    seen += [envs.step(np.array([[0.1, 0.5]] * 3, np.float32))[0] for _ in range(15)]
    envs.close()
    found = drives(tmp_path, scenario)
    names = [drive.name.removeprefix(f"{tmp_path.parent.name}/{tmp_path.name} ") for drive in found]
    assert names == ["race 1.1", "race 1.2", "race 3.1", "race 3.2"]
    assert [len(drive) for drive in found] == [10, 4, 10, 4]  # one step only started it anew
    for race, (first, second) in ((0, found[:2]), (2, found[2:])):
        told = np.stack([step[race] for step in seen])
        assert first.told[ONLY].tobytes() == told[:11].tobytes()
        assert second.told[ONLY].tobytes() == told[11:].tobytes()


def test_sensors_that_nobody_asked_for_are_there_afterwards(
    taught: Path, learner: dict[str, Any]
) -> None:
    camera = {"camera": {"name": "topdown", "width": 40, "height": 40}, "state": {}}
    (drive,) = drives(taught, {**learner, "observation": camera})
    assert drive.told["camera"].shape == (len(drive) + 1, 40, 40, 3)
    assert drive.told["camera"].dtype == np.uint8 and drive.told["camera"].std() > 0
    assert len(drive.laps) == 2 and drive.laps[0].number == 1


def test_a_drive_becomes_pairs_stretches_and_a_table(
    taught: Path, learner: dict[str, Any], tmp_path: Path
) -> None:
    envs = make_vec(load_scenario(learner), 1)
    found = demonstrated([str(taught)], envs.world, CleaningOptions())
    told, actions = found.pairs()
    assert len(told[ONLY]) == len(actions) == len(found) == len(found.drives[0]) - 1
    (stretch,) = found.stretches()
    assert len(stretch) == len(found) and len(stretch.told[ONLY]) == len(found) + 1
    found.write(tmp_path)
    summary = json.loads((tmp_path / "demonstrations.json").read_text())
    assert summary["kept"] == len(found) and summary["dropped"] == {"over": 1}
    assert (tmp_path / "dropped.csv").read_text().startswith("drive,reason,lap,start,end,steps")
    table = found.table()
    assert table.row_count == 1
    console = Console(file=io.StringIO(), width=66)
    console.print(table)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Demonstrations [s]" in shown and "best lap" in shown and "…" not in shown
    folders = runs_named([str(taught.parent), str(taught)])  # nothing counts twice
    assert [run.path for run in folders] == [taught]
    envs.close()


def test_nothing_to_look_at_is_told_plainly(
    tmp_path: Path, taught: Path, learner: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "learner.yaml"
    file.write_text(json.dumps(learner), encoding="utf-8")
    assert main(["demonstrations", str(file)]) == 2
    assert "no run is named" in capsys.readouterr().err
    trained = tmp_path / "clone" / taught.name
    trained.mkdir(parents=True)
    state = json.loads((taught / "state.json").read_text())
    write_json(trained / "state.json", {**state, "task": "train"})
    assert main(["demonstrations", str(file), str(tmp_path / "clone")]) == 2
    assert "holds trainings" in capsys.readouterr().err


def test_a_table_of_very_many_drives_sums_up(taught: Path, learner: dict[str, Any]) -> None:
    envs = make_vec(load_scenario(learner), 1)
    found = demonstrated([str(taught)], envs.world, CleaningOptions())
    envs.close()
    many = Demonstrations(
        drives=found.drives * 50, kept=found.kept * 50, findings=found.findings, empty=("none",)
    )
    table = many.table()
    assert table.row_count == 31  # and one of all
    (names, _, _, driven, *_) = (list(column.cells) for column in table.columns)
    assert names[-2:] == ["22 more", "all"]
    assert float(driven[-1]) == pytest.approx(50 * float(driven[0]))


class Rows(list[Any]):
    def add(self, *row: Any) -> None:
        self.append(row)


def test_a_replay_is_filled_with_what_follows_what(taught: Path, learner: dict[str, Any]) -> None:
    envs = make_vec(load_scenario(learner), 1)
    found = demonstrated([str(taught)], envs.world, CleaningOptions())
    layout = Layout.of(envs.single_observation_space)
    actions = Actions.of(envs.single_action_space, "gaussian")
    rows = Rows()
    assert fill(rows, found, layout, actions) == len(found) == len(rows) - 1
    (stretch,) = found.stretches()
    for k in (0, 50, len(rows) - 1):
        assert torch.equal(rows[k][0]["numbers"][0], torch.from_numpy(stretch.told[ONLY][k]))
    ended = [bool(row[4]) for row in rows]
    assert ended.index(True) == len(rows) - 2  # what follows was not driven
    assert not any(bool(row[3]) for row in rows)  # and is worth something
    assert [bool(row[5]) for row in rows].count(False) == 1 and not bool(rows[-1][5])
    envs.close()


def test_half_of_each_batch_is_demonstrated(
    taught: Path, learner: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    args = SACArgs(
        steps=100, num_envs=2, buffer_size=100, learning_starts=10, device="cpu", hidden=(8,),
        batch_size=32, demonstrations=(str(taught),), reward_scale=0.5, n_step=2,
    )  # fmt: skip
    task = Task.of_scenario(load_scenario(learner), 2)
    sac = SACLearner(args, task)
    assert "over" in capsys.readouterr().err  # what was dropped is told
    (own, of_own), (demos, of_demos) = sac.shares
    assert own is sac.replay and (of_own, of_demos) == (0.5, 0.5)
    found = demonstrated([str(taught)], task.envs.world, CleaningOptions())
    assert int(demos.columns["valid"].sum()) == len(found)
    (stretch,) = found.stretches()
    drawn = demos.sample(4096)
    which = {row.tobytes(): k for k, row in enumerate(stretch.told[ONLY])}
    drawn_steps = [which[row.tobytes()] for row in drawn.seen["numbers"].numpy()]
    assert len(set(drawn_steps)) == len(found)  # all of them, the last ones too
    first, second = (0.5 * np.append(stretch.rewards, 0.0)[k:][: len(found)] for k in (0, 1))
    np.testing.assert_allclose(drawn.rewards, (first + 0.99 * second)[drawn_steps], atol=1e-5)
    assert (drawn.discounts > 0).all()
    assert sac.eye.normalizer is not None and float(sac.eye.normalizer.count) == len(found)
    task.envs.close()


def test_what_can_not_be_driven_again_is_read_with_what_was_stored(
    tmp_path: Path, learner: dict[str, Any]
) -> None:
    seen = recorded(learner, tmp_path, episodes=2)
    again = drives(tmp_path, learner)
    state = json.loads((tmp_path / "state.json").read_text())
    write_json(tmp_path / "state.json", {**state, "deterministic": False})
    found = drives(tmp_path, learner)
    assert len(found) == 2
    for drive, other, was in zip(found, again, seen, strict=True):
        assert drive.told[ONLY].tobytes() == np.stack(was["told"])[1:].tobytes()
        np.testing.assert_allclose(drive.actions, other.actions[1:], atol=1e-6)
        assert np.isnan(drive.rewards).all()
        for name, values in drive.motion.items():
            np.testing.assert_allclose(values, other.motion[name][1:], atol=1e-6, err_msg=name)
    (tmp_path / STORED).unlink()
    with pytest.raises(RunError, match="ObservationLog"):
        drives(tmp_path, learner)


def test_what_was_stored_is_checked_and_gaps_in_it_are_dropped(
    tmp_path: Path, learner: dict[str, Any]
) -> None:
    recorded(learner, tmp_path, episodes=1)
    write_json(
        tmp_path / "state.json",
        {**json.loads((tmp_path / "state.json").read_text()), "deterministic": False},
    )
    table = pq.read_table(tmp_path / "telemetry.parquet")
    with np.load(tmp_path / STORED) as file:
        plain = {name: file[name] for name in file.files}

    def kept() -> list[bool]:
        envs = make_vec(load_scenario(learner), 1)
        try:
            options = CleaningOptions(complete_laps=False, keep_off_track=True)
            return demonstrated([str(tmp_path)], envs.world, options).kept[0].tolist()
        finally:
            envs.close()

    def put(**changed: Any) -> None:
        np.savez(tmp_path / STORED, allow_pickle=False, **{**plain, **changed})

    told, steer = plain[ONLY].copy(), table.column("control_steer").to_numpy().copy()
    told[10, 3] = steer[5] = np.nan
    put(**{ONLY: told})
    at = table.schema.get_field_index("control_steer")
    pq.write_table(
        table.set_column(at, "control_steer", pa.array(steer)), tmp_path / "telemetry.parquet"
    )
    found = kept()
    assert [k for k, fit in enumerate(found) if not fit] == [4, 9, 10]  # done, told after, before

    for changed, message in (
        ({"step": plain["step"].astype(float)}, "does not hold step as"),
        ({ONLY: plain[ONLY][:-1]}, f"does not hold {ONLY} as"),
        ({ONLY: plain[ONLY].astype(str)}, f"does not hold {ONLY} as"),
    ):
        put(**changed)
        with pytest.raises(RunError, match=rf"{STORED}: {message}"):
            kept()
    put()
    pq.write_table(table.drop_columns(["control_brake"]), tmp_path / "telemetry.parquet")
    with pytest.raises(RunError, match=r"telemetry.parquet: does not hold control_brake"):
        kept()
    data = (tmp_path / STORED).read_bytes()
    for cut in (0, len(data) // 2):
        (tmp_path / STORED).write_bytes(data[:cut])
        with pytest.raises(RunError, match=rf"{STORED}: is damaged"):
            kept()


def test_what_does_not_fit_is_told_plainly(taught: Path, learner: dict[str, Any]) -> None:
    wrong: list[tuple[dict[str, Any], str | None, type[RacegymError], str]] = [
        ({**learner, "dt": 0.05}, None, ScenarioError, "write dt: 0.1"),
        (learner, "agnt", RunError, "did you mean 'agent'"),
    ]
    for scenario, car, kind, message in wrong:
        with pytest.raises(kind, match=message):
            drives(taught, scenario, car)
    with pytest.raises(RunError, match="there is no run 'nowhere'"):
        runs_named(["nowhere"])


@pytest.mark.parametrize("left", [0.5, 0.0])
def test_a_run_whose_controls_are_cut_off_says_so(
    tmp_path: Path, taught: Path, learner: dict[str, Any], left: float
) -> None:
    for file in taught.iterdir():
        data = file.read_bytes()
        cut = int(left * len(data)) if file.name == "controls.arrows" else len(data)
        (tmp_path / file.name).write_bytes(data[:cut])
    with pytest.raises(RunError, match=r"arrows: is cut off: it holds \d+ of .* \d+ steps"):
        drives(tmp_path, learner)


def test_a_changed_run_is_no_demonstration(
    tmp_path: Path, taught: Path, learner: dict[str, Any]
) -> None:
    for file in taught.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "scenario.yaml").read_text(encoding="utf-8")
    other = text.replace("rental_kart", "gt3", 1)
    assert other != text
    (tmp_path / "scenario.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(RunError, match=r"elsewhere than it was.*racegym verify"):
        drives(tmp_path, learner)


def test_demonstrations_become_a_dataset_of_minari(
    taught: Path, learner: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    minari = pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    file = tmp_path / "learner.yaml"
    file.write_text(json.dumps(learner), encoding="utf-8")
    command = ["demonstrations", str(file), str(taught), "--dropped", "--minari", "racegym/kart-v0"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "over" in told and re.search(r"kept (\d+) of (?!\1\b)\d+ decisions", told)
    dataset = minari.load_dataset("racegym/kart-v0")
    (episode,) = dataset.iterate_episodes()
    (drive,) = drives(taught, learner)
    n = len(drive) - 1
    np.testing.assert_array_equal(episode.observations, drive.told[ONLY][: n + 1])
    np.testing.assert_array_equal(episode.actions, drive.actions[:n])
    np.testing.assert_allclose(episode.rewards, drive.rewards[:n])
    assert episode.truncations[-1] and not episode.terminations.any()
    assert main(command) == 2  # it is there already
    assert "there is a dataset" in capsys.readouterr().err
    for wrong in ("kart", "../kart-v0", "a b-v0"):
        assert main([*command[:-1], wrong]) == 2
        assert "ids are written NAME-v0" in capsys.readouterr().err

    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(minari.MinariDataset, "__init__", fails)
    assert main([*command[:-1], "racegym/full-v0"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(minari.list_local_datasets()) == ["racegym/kart-v0"]  # nothing half-written
