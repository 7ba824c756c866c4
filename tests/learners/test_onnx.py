"""A policy of stable-baselines3 drives in a scenario as it would predict."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import racegym
from racegym import load_scenario
from racegym.cli import main
from racegym.errors import MissingLibraryError, RacegymError, RunError, ScenarioError
from racegym.interfaces import Control

sb3 = pytest.importorskip("stable_baselines3", reason="needs stable-baselines3")
pytest.importorskip("onnxscript", reason="needs onnxscript")
onnx = pytest.importorskip("onnx", reason="needs onnx")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")
from stable_baselines3.common.vec_env import VecNormalize  # noqa: E402

from racegym.learners import export_onnx  # noqa: E402
from racegym.learners.sb3 import RaceVecEnv  # noqa: E402

WITHOUT_A_GAIN = {"log_std_init": -2.0, "ortho_init": False}  # actions all over their range


def _race(file: Path, **more: Any) -> dict[str, Any]:
    """Three cars of the policy and one of another driver."""
    return {
        "name": "drive",
        "backend": "kart2d",
        "dt": 0.05,
        "laps": 1,
        "time_limit": 5,
        "track": {"generate": {"seed": 2, "length": 500}},
        "cars": [
            {"name": "Policy {n}", "count": 3, "driver": {"name": "onnx", "file": str(file)}},
            {"name": "Rival", "driver": "pure_pursuit"},
        ],
        **more,
    }


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an untrained policy on the time trial."""
    env = racegym.make({"backend": "kart2d", "cars": [{}]})
    model = sb3.PPO("MlpPolicy", env, seed=0, device="cpu")
    return export_onnx(model, env, tmp_path_factory.mktemp("policy") / "policy.onnx")


def _drive(file: Path, races: int = 5) -> tuple[list[Any], list[Any], Any]:
    """Run a scenario with the policy; return what its cars were told and did, and the world."""
    world = load_scenario(_race(file)).world(races)
    world.reset(range(races))
    driver = world.seats[0].driver
    told: list[Any] = []
    did: list[Any] = []
    actions_of = driver.setup.action_map
    act, apply = driver.act, actions_of.apply

    def watched(view: Any, cars: Any, observations: Any, control: Control) -> None:
        told.append(
            {k: v.copy() for k, v in observations.items()}
            if isinstance(observations, dict)
            else observations.copy()
        )
        act(view, cars, observations, control)

    def noted(actions: Any, cars: Any, control: Control) -> None:
        assert len(cars) == 3 * races
        did.append(actions.copy())
        apply(actions, cars, control)

    driver.act, actions_of.apply = watched, noted
    for _ in range(40):
        world.step()
    return told, did, world


@pytest.mark.parametrize(
    ("algorithm", "network", "settings", "kwargs"),
    [
        ("PPO", "MlpPolicy", {}, WITHOUT_A_GAIN),
        ("PPO", "MlpPolicy", {"action": "steer_throttle_brake"}, WITHOUT_A_GAIN),
        ("PPO", "MlpPolicy", {"action": "discrete"}, {}),
        ("PPO", "MultiInputPolicy", {"observation": {"far": "lookahead", "near": "state"}}, {}),
        pytest.param(
            "SAC", "MlpPolicy", {"action": "steer_throttle_brake"}, {}, marks=pytest.mark.slow
        ),
        pytest.param(
            "DQN",
            "MlpPolicy",
            {"action": "discrete", "observation": "telemetry"},
            {},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_driver_does_what_the_model_predicts(
    tmp_path: Path,
    algorithm: str,
    network: str,
    settings: dict[str, Any],
    kwargs: dict[str, Any],
) -> None:
    envs = RaceVecEnv(racegym.make_vec({"backend": "kart2d", "cars": [{}], **settings}, 2))
    model = getattr(sb3, algorithm)(network, envs, seed=1, device="cpu", policy_kwargs=kwargs)
    file = export_onnx(model, envs, tmp_path / "policy.onnx")
    assert b".py" not in file.read_bytes()  # of this machine's paths nothing is told
    told, did, world = _drive(file)
    assert len(told) == 40
    for observations, actions in zip(told, did, strict=True):
        expected, _ = model.predict(observations, deterministic=True)
        np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    assert np.isfinite(world.view.state.x).all()
    world.close()
    envs.close()


def test_a_trained_and_normalised_policy_is_exported_with_its_statistics(tmp_path: Path) -> None:
    envs = VecNormalize(RaceVecEnv(racegym.make_vec({"backend": "kart2d", "cars": [{}]}, 4)))
    model = sb3.PPO("MlpPolicy", envs, seed=1, n_steps=128, device="cpu")
    model.learn(512)
    file = export_onnx(model, envs, tmp_path / "policy.onnx")
    told, did, world = _drive(file)
    for observations, actions in zip(told, did, strict=True):
        expected, _ = model.predict(envs.normalize_obs(observations), deterministic=True)
        np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    world.close()
    envs.close()


def test_a_car_does_the_same_alone_and_among_many(policy: Path) -> None:
    def control(races: int) -> Any:
        world = load_scenario(_race(policy)).world(races)
        world.reset(range(races))
        for _ in range(30):
            world.step()
        steer = world.view.control.steer[0].copy()
        world.close()
        return steer

    np.testing.assert_allclose(control(1), control(64), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(control(3), control(3))


def test_a_run_with_a_policy_is_recorded_and_verified(
    policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named relative to the scenario, as any path in it."""
    shutil.copy(policy, tmp_path / "policy.onnx")
    (tmp_path / "race.yaml").write_text(
        "backend: kart2d\nlaps: 1\ntime_limit: 4\ntrack: {generate: {seed: 2, length: 500}}\n"
        "cars:\n  - {name: A, driver: {name: onnx, file: policy.onnx}}\n"
    )
    monkeypatch.chdir(tmp_path.parent)
    runs = tmp_path / "runs"
    assert main(["run", str(tmp_path / "race.yaml"), "-q", "--no-plots", f"--runs-dir={runs}"]) == 0
    (folder,) = (runs / "race").iterdir()
    assert main(["verify", str(folder)]) == 0


def test_sources_are_environments_scenarios_and_names(tmp_path: Path) -> None:
    env = racegym.make("time_trial")
    model = sb3.PPO("MlpPolicy", "racegym/Kart2D-v1", device="cpu")
    notes = set()
    sources = (model.get_env(), racegym.make_vec("time_trial", 2))
    for source in sources:
        file = export_onnx(model, source, tmp_path / "p.onnx")
        (entry,) = onnx.load(file).metadata_props
        notes.add(entry.value)
    assert [path.name for path in tmp_path.iterdir()] == ["p.onnx"]
    (tmp_path / "usual").touch()
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode  # others may read it
    (note,) = notes
    assert json.loads(note)["dt"] == 0.1
    assert [s["name"] for s in json.loads(note)["observation"]] == ["state", "lookahead"]
    assert json.loads(note)["action"] == {"name": "steer_accel"}
    with pytest.raises(ScenarioError, match=r"is float32 \(35,\), and .* is float32 \(11,\);"):
        export_onnx(model, {"backend": "kart2d", "observation": "state"}, tmp_path / "p.onnx")
    with pytest.raises(RunError, match="can't be written"):
        export_onnx(model, env, tmp_path / "nowhere" / "p.onnx")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="can't be written"):
        export_onnx(model, env, tmp_path / "folder")
    assert {path.name for path in tmp_path.iterdir()} == {"p.onnx", "usual", "folder"}


def _refusal(scenario: dict[str, Any]) -> str:
    with pytest.raises(RacegymError) as caught:
        load_scenario(scenario).world()
    text = str(caught.value)
    assert "\n" not in text and "Traceback" not in text
    return text


def _edited(policy: Path, to: Path, edit: Any) -> Path:
    model = onnx.load(policy)
    edit(model)
    onnx.save(model, to)
    return to


def test_what_is_wrong_with_a_policy_is_told_plainly(policy: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    assert "there is no policy" in (text := _refusal(_race(tmp_path / "absent.onnx")))
    assert "cars[0].driver" in text and "export_onnx" in text
    bad.write_text("no network")
    assert "is no ONNX file that onnxruntime can read" in _refusal(_race(bad))

    def note(**changes: Any) -> Any:
        def edit(model: Any) -> None:
            entry = model.metadata_props[0]
            entry.value = json.dumps({**json.loads(entry.value), **changes})

        return edit

    _edited(policy, bad, lambda model: model.metadata_props.pop())
    assert "does not say what its policy is told" in _refusal(_race(bad))
    _edited(policy, bad, note(observation=["stat"]))
    assert "did you mean 'state'" in _refusal(_race(bad))
    _edited(policy, bad, note(observation=["state"]))
    assert "has the shape (35,) for a car, and its sensors give (11,)" in _refusal(_race(bad))
    _edited(policy, bad, note(observation={"a": "state", "b": "lookahead"}))
    assert "takes the inputs 'observation', and its observation gives 'a', 'b'" in _refusal(
        _race(bad)
    )
    _edited(policy, bad, note(action="steer_throttle_brake"))
    assert "has the shape (2,) for a car, and its action map takes (3,)" in _refusal(_race(bad))
    _edited(policy, bad, note(format=7))
    assert "has the format 7, and this racegym reads 1" in _refusal(_race(bad))

    def fix_axis(model: Any) -> None:
        axis = model.graph.input[0].type.tensor_type.shape.dim[0]
        axis.ClearField("dim_param")
        axis.dim_value = 2

    _edited(policy, bad, fix_axis)
    assert "for a fixed number of cars" in _refusal(_race(bad))
    message = _refusal(_race(policy, dt=0.1))
    assert "learned at a dt of 0.05 s, and this scenario has 0.1 s" in message
    anyway = _race(policy, dt=0.1)
    anyway["cars"][0]["driver"]["any_dt"] = True
    load_scenario(anyway).world().close()


def test_a_file_from_elsewhere_is_described_beside_it(policy: Path, tmp_path: Path) -> None:
    file = _edited(policy, tmp_path / "other.onnx", lambda model: model.metadata_props.pop())
    beside = tmp_path / "other.onnx.json"
    beside.write_text('{"observation": ["state", "lookahead"], "action": "steer_accel"}')
    load_scenario(_race(file)).world().close()
    beside.write_text('{"observation": ["state"], "action": "steer_accel"}')
    assert "its sensors give (11,)" in _refusal(_race(file))
    beside.write_text("{")
    assert "other.onnx.json: what it says of its policy is wrong" in _refusal(_race(file))


def test_without_onnxruntime_the_message_says_what_to_install(
    policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "unread.onnx"  # one that no test before has opened
    shutil.copy(policy, file)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "pip install onnxruntime" in _refusal(_race(file))


def test_without_a_library_nothing_is_exported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = sb3.PPO("MlpPolicy", "racegym/Kart2D-v1", device="cpu")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingLibraryError, match="pip install onnxscript"):
        export_onnx(model, "time_trial", tmp_path / "p.onnx")
    assert not list(tmp_path.iterdir())


def test_a_policy_decides_as_seldom_as_it_has_learned_to(tmp_path: Path) -> None:
    scenario = {"backend": "kart2d", "cars": [{}], "action_repeat": 4, "termination": {}}
    envs = racegym.make_vec(scenario, 3)
    model = sb3.PPO("MlpPolicy", RaceVecEnv(envs), device="cpu", policy_kwargs=WITHOUT_A_GAIN)
    file = export_onnx(model, envs, tmp_path / "policy.onnx")
    driver = {"name": "onnx", "file": str(file)}
    world = load_scenario({**scenario, "cars": [{"driver": driver}]}).world(3)
    told, _ = envs.reset(seed=7)
    world.reset([7, 8, 9])
    for decision in range(12):
        told = envs.step(model.predict(told, deterministic=True)[0])[0]
        for _ in range(4):
            world.step()
        if decision == 4:  # races come out of step with each other, and with their decisions
            world.step()
            world.reset([8], races=[1])
            told, _ = envs.reset(seed=7)
            world.reset([7, 9], races=[0, 2])
        for field in ("x", "y", "yaw", "steer"):
            mine, theirs = getattr(world.view.state, field), getattr(envs.world.view.state, field)
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-3, err_msg=field)
    world.close()
    envs.close()
