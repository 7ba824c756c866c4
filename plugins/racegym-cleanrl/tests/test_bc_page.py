"""What docs/trainers/bc.md shows works as it stands there, and it names what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from racegym import load_scenario
from racegym.cli import main
from racegym.interfaces import TrainerOptions
from racegym_cleanrl.bc import Args
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.cleaning import REASONS
from racegym_cleanrl.rehearsal import RehearsalOptions
from racegym_cleanrl.warm_start import WarmStartOptions


def settings(*given: str) -> list[str]:
    shared = ("training.evaluate=null", "track.generate.count=1")
    return ["-q", "--no-plots", *(word for one in (*shared, *given) for word in ("--set", one))]


# What would take a minute, for a second.
CLONE = settings(
    "trainer.steps=2000", "trainer.teacher_steps=64", "trainer.dagger_steps=64",
    "trainer.dagger_rounds=1", "trainer.num_envs=4",
)  # fmt: skip
GOES_ON = settings(
    "trainer.steps=256", "trainer.num_envs=8", "trainer.num_steps=16", "trainer.num_minibatches=2",
    "trainer.critic_warmup=1",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "trainers" / "bc.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture
def desk(page: str, taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's scenario and a run to learn from."""
    (scenario,) = re.findall(r"```yaml\n(# clone\.yaml\n.*?)```", page, flags=re.DOTALL)
    shorter = re.sub(r"steps: \d+", "steps: 2000", scenario)
    (tmp_path / "clone.yaml").write_text(shorter, encoding="utf-8")
    mine = tmp_path / "runs" / "mine" / taught.name
    mine.mkdir(parents=True)
    for file in taught.iterdir():
        (mine / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    return tmp_path


def test_its_scenario_and_its_commands_work(page: str, desk: Path) -> None:
    assert main(["run", "clone.yaml", "-q", "--no-plots"]) == 0
    (made,) = (desk / "runs" / "clone").iterdir()
    assert (made / "demonstrations.json").exists() and (made / "dropped.csv").exists()
    lines = re.findall(r"^racegym (demonstrations .*)$", page, flags=re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        if "--minari" in line:
            pytest.importorskip("minari")
        assert main(shlex.split(line)) == 0, line


def test_one_scenario_goes_on_from_the_other(page: str, desk: Path) -> None:
    first, second = re.findall(r"^racegym (run .*)$", page, flags=re.MULTILINE)
    assert main([*shlex.split(first), *CLONE]) == 0
    (clone,) = (desk / "runs" / "clone_kart").iterdir()
    assert main([*shlex.split(second.replace("<time>", clone.name)), *GOES_ON]) == 0
    (ppo,) = (desk / "runs" / "bc_then_ppo").iterdir()
    checkpoint = Checkpoint.read(ppo / "checkpoints" / "last.safetensors")
    assert checkpoint.head.state["cloned"] and "clone.policy.logstd" in checkpoint.tensors


def test_its_python_works(page: str, desk: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    assert (desk / "runs" / "live" / "1" / "observations.npz").exists()


def test_its_scenarios_are_there_and_go_together(page: str) -> None:
    clone, ppo = (load_scenario(ROOT / "scenarios" / f"{name}.yaml")
                  for name in ("clone_kart", "bc_then_ppo"))  # fmt: skip
    assert "racegym run clone_kart" in page and "racegym run bc_then_ppo" in page
    for key in ("observation", "action", "tracks", "track", "dt", "start"):
        assert getattr(clone, key) == getattr(ppo, key), key
    assert clone.trainer is not None and ppo.trainer is not None
    for key in ("hidden", "distribution", "normalize_observations"):
        assert list_of(clone.trainer.options[key]) == list_of(ppo.trainer.options[key])


def list_of(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_what_it_names_is_there_and_what_is_there_it_names(page: str) -> None:
    own = WarmStartOptions.model_fields.keys() - TrainerOptions.model_fields.keys()
    assert not [name for name in own if f"`{name}" not in page]
    assert not [reason for reason in REASONS if f"| {reason} |" not in page]
    for name in ("drop_before", "spin_angle", "slowest_lap", "demonstrator", "min_std", "patience"):
        assert name in Args.model_fields and f"`{name}" in page
    assert "demonstration_share" in RehearsalOptions.model_fields and "`demonstration_share" in page
