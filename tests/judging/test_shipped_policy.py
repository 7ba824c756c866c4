"""The policy that ships with kart2d drives as its report says."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym import load_scenario, plugins
from racegym.drivers.policy_file import read_policy
from racegym.errors import ScenarioError, UnknownNameError
from racegym.plugins.offer import Offer
from racegym.run import Judge
from racegym.run.subject import OTHERS, find_subject, races_for
from racegym.scenario.held_out import held_out
from racegym.scenario.policies import named_policy

NAME, SCENARIO = "rental_kart", "pretrained_kart"
FIGURES = ("best_lap", "mean_lap", "total_time", "distance", "top_speed", "reward")


@pytest.fixture(scope="module")
def file() -> Path:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    found = named_policy(NAME)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def report(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.with_suffix(".json").read_text("utf-8"))
    return found


def test_it_is_small_and_the_one_that_the_report_is_about(
    file: Path, report: dict[str, Any]
) -> None:
    content = file.read_bytes()
    assert len(content) < 1_000_000
    assert b".py" not in content  # where it was made is nobody's business
    digest = hashlib.sha256(content).hexdigest()
    assert report["policy"] == {"name": NAME, "bytes": len(content), "sha256": digest}
    assert report["driver"]["told_by"]["algorithm"] == report["training"]["trainer"]
    assert report["training"]["scenario"] in plugins.load().names("scenario")
    page = file.with_name("README.md").read_text("utf-8")
    assert digest[:16] in page
    assert f"| races completed | {100 * report['summary']['completion_rate']:.0f} % |" in page
    assert str(Path.home()) not in page + json.dumps(report)


def test_its_page_is_made_of_its_report(
    file: Path, report: dict[str, Any], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "docs")
    make_policy = importlib.import_module("make_policy")
    monkeypatch.delitem(sys.modules, "make_policy")
    note = read_policy(file).note
    assert file.with_name("README.md").read_text("utf-8") == make_policy.page(report, note.dt)


def test_no_circuit_that_it_learned_on_is_in_the_report(report: dict[str, Any]) -> None:
    learned_on = load_scenario(report["training"]["scenario"])
    entries = [*learned_on.every_track, *held_out(learned_on, load_scenario).every_track]
    seen = {seed for entry in entries for seed in seeds(entry)}
    races, _, _ = races_for(find_subject(NAME, Path()), SCENARIO, (), (OTHERS,), 100, None)
    raced = {seed for entry in races.every_track for seed in seeds(entry)}
    assert len(report["episodes"]) == 100
    assert len(raced) == 50  # each once for either kind
    assert not raced & (seen | {s for e in load_scenario(SCENARIO).every_track for s in seeds(e)})


def seeds(entry: Any) -> range:
    return range(entry.generate.seed, entry.generate.seed + entry.generate.count)


@pytest.mark.parametrize("episodes", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_it_drives_as_the_report_says(file: Path, report: dict[str, Any], episodes: int) -> None:
    races, seed, _ = races_for(find_subject(NAME, Path()), SCENARIO, (), (OTHERS,), episodes, None)
    with Judge(races, episodes=episodes, seed=seed) as judge:
        found = judge.evaluate(file)
        assert judge.evaluate(file) == found  # to the last bit
    half, all_of_them = episodes // 2, report["episodes"]
    told = all_of_them[:half] + all_of_them[50 : 50 + half]  # the circuits of either kind
    for row, other in zip(found.episodes, told, strict=True):
        assert row["track"] == other["track"]
        assert (row["completed"], row["ended_by"]) == (other["completed"], other["ended_by"])
        for key in FIGURES if row["completed"] else ():
            # Another processor may round otherwise, and a lap ends in the step that it ends in.
            np.testing.assert_allclose(row[key], other[key], rtol=2e-3, err_msg=key)


def test_a_name_stands_for_the_policy_of_a_plugin(file: Path) -> None:
    for name in (NAME, f"racegym-kart2d:{NAME}"):
        assert named_policy(name) == file
        assert find_subject(name, Path()).driver == file
    driver = load_scenario(SCENARIO).cars[0].driver
    assert (driver.name, driver.options["file"]) == ("onnx", str(file))
    assert named_policy(f"./{NAME}") is None
    again = Offer(kind="policy", name=NAME, dist="other", target="racegym:policies/other.onnx")
    with plugins.load().lending(again), pytest.raises(Exception, match="offered by"):
        named_policy(NAME)


def test_a_wrong_name_tells_the_right_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    car = {"name": "A", "vehicle": "rental_kart", "driver": {"policy": "rental_cart"}}
    with pytest.raises(ScenarioError, match=f"did you mean '{NAME}'"):
        load_scenario({"backend": "kart2d", "track": "meadow", "cars": [car]})
    with pytest.raises(ScenarioError, match=f"did you mean '{NAME}'"):
        find_subject("rental_cart", tmp_path)


def test_a_policy_of_a_plugin_that_is_missing_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue = plugins.load()
    monkeypatch.setattr(catalogue, "_offers", [o for o in catalogue._offers if o.dist == "racegym"])
    monkeypatch.delitem(catalogue._plugins, "racegym-kart2d")
    with pytest.raises(UnknownNameError, match="racegym-kart2d provides it and is not installed"):
        named_policy(NAME)
