"""What ``docs/learners.md`` shows of libraries that need not be installed, and its scenario.

Its other Python is run with that of all pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import racegym
from racegym import load_scenario
from racegym.drivers.policy_file import PolicyNote

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learners.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.S | re.M)


def _only(language: str, word: str) -> str:
    (text,) = (text for name, text in BLOCKS if name == language and word in text)
    return text


def _run(text: str) -> None:
    exec(compile(text, str(PAGE), "exec"), {})


@pytest.mark.filterwarnings("default")  # others' warnings are theirs
def test_torchrl() -> None:
    pytest.importorskip("torchrl", reason="needs torchrl")
    _run(_only("py", "torchrl"))


@pytest.mark.filterwarnings("default")
def test_rllib(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="needs ray[rllib]")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    try:
        _run(_only("py", "rllib"))
    finally:
        ray.shutdown()


def test_the_scenario_with_a_policy_drives(tmp_path: Path) -> None:
    sb3 = pytest.importorskip("stable_baselines3", reason="needs stable-baselines3")
    for library in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(library, reason=f"needs {library}")
    from racegym.learners import export_onnx

    env = racegym.make("time_trial")
    export_onnx(sb3.PPO("MlpPolicy", env, device="cpu"), env, tmp_path / "policy.onnx")
    file = tmp_path / "race.yaml"
    file.write_text(_only("yaml", "onnx"), encoding="utf-8")
    world = load_scenario(file).world()
    world.reset([1])
    for _ in range(20):
        world.step()
    assert (world.view.race.present[0]).all()
    world.close()


def test_the_note_of_a_policy_is_read() -> None:
    note = PolicyNote.model_validate_json(_only("json", "steer_accel"))
    assert (note.observation, note.action, note.dt) == (["state", "lookahead"], "steer_accel", 0.1)
