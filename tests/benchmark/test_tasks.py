"""The tasks are what they were, and what is judged on was not learned on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from racegym import load_scenario
from racegym.benchmark.tasks import Task, every_task, find_task, reserved_names
from racegym.cli import main
from racegym.errors import ScenarioError, UnknownNameError
from racegym.scenario.tracks import make_tracks

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

HASHES = {  # a task that differs is another: give it a new version, in a file of its own
    "curriculum-narrow-v1": "ae8c8214d26123ab",
    "imported-state-v1": "43656c9395b45c8b",
    "trial-range-v1": "336227a987d34892",
    "trial-state-v1": "90a7ffdc30126d1e",
    "trial-vision-v1": "0c4965bb19ea6375",
    "unseen-range-v1": "d954c25f5fc7015e",
    "unseen-state-v1": "bb661eecd17b2290",
    "unseen-styles-v1": "24ec30e4a9684adb",
}
SHAPES = {  # of the first circuits that are judged on: they must stay what they are
    "curriculum-narrow technical": "b746019dd267f23d",
    "unseen-range club": "937e49fff64e02c7",
    "unseen-state club": "937e49fff64e02c7",
    "unseen-styles technical": "30f2e240b27df80f",
    "unseen-styles smooth": "c96f3f7deabce51f",
    "unseen-styles corners": "86fe0e7add0cdedf",
    "unseen-styles grand_prix": "de3a90c9100470af",
}


def generated(part: Any) -> list[dict[str, Any]]:
    tracks = part.get("tracks") or [part["track"]]
    return [track["generate"] for track in tracks if "generate" in track]


def seeds(part: Any) -> set[tuple[Any, ...]]:
    """Return every circuit that is meant: its seed, and the style it is drawn in."""
    return {(g["style"], g["seed"] + k) for g in generated(part) for k in range(g.get("count", 1))}


def test_every_task_is_what_it_was() -> None:
    assert {task.selector: task.hash for task in every_task()} == HASHES


def test_the_hash_is_of_what_is_said_and_not_of_how() -> None:
    task = find_task("trial-state")
    turned = {key: task.data[key] for key in reversed(task.data)}
    assert Task("trial-state", 1, "", 1, turned, "").hash == task.hash
    other = {**task.data, "steps": task.data["steps"] + 1}
    assert Task("trial-state", 1, "", 1, other, "").hash != task.hash


def test_the_circuits_of_the_tests_are_what_they_were() -> None:
    found = {}
    for task in every_task():
        test = task.data["test"]
        for settings in generated(test) if {"track", "tracks"} & test.keys() else ():
            one = load_scenario(
                {"backend": "kart2d", "track": {"generate": {**settings, "count": 1}}}
            )
            (track,) = make_tracks(one.every_track[0])
            found[f"{task.name} {settings['style']}"] = track.shape_hash
    assert found == SHAPES


@pytest.mark.parametrize("task", every_task(), ids=lambda task: task.name)
def test_what_is_judged_on_was_not_learned_on(task: Task) -> None:
    train, test = task.data["train"], task.data["test"]
    if "track" in test or "tracks" in test:
        assert not seeds(train) & seeds(test)
    else:  # a time trial: the same circuit, and other starts
        assert task.name.startswith("trial-")
    evaluated = train.get("training", {}).get("evaluate", {}).get("scenario", {})
    assert len({train["seed"], test["seed"], evaluated.get("seed", 0)}) == 3
    assert test["termination"]["laps_done"]["laps"] == test["laps"] == 2


@pytest.mark.parametrize("task", every_task(), ids=lambda task: task.name)
def test_every_task_can_be_loaded(task: Task) -> None:
    data = {**task.training({"name": "sb3_ppo"}, 7), "name": "practice"}
    scenario = load_scenario(data)
    assert (scenario.seed, scenario.trainer.options["steps"]) == (7, task.steps)  # type: ignore[union-attr]
    if not task.imported:
        test = task.test().scenario
        assert test.task == "evaluate" and test.trainer is None
        assert test.observation == scenario.observation and test.action == scenario.action


def test_circuits_that_are_not_here_are_left_out_by_name(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "none"))
    task = find_task("imported-state")
    with pytest.raises(ScenarioError, match=r"import some of Monza, Norisring, .*racegym tracks"):
        task.test()
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    oval = np.stack([150 * np.cos(angle), 90 * np.sin(angle), 0 * angle + 6, 0 * angle + 6], 1)
    np.savetxt("mine.csv", oval, delimiter=",", header="x_m,y_m,w_tr_right_m,w_tr_left_m")
    assert main(["tracks", "import", "mine.csv", "--name", "Spa"]) == 0
    found = task.test()
    assert found.missing == ("Monza", "Norisring", "Silverstone", "Spielberg", "Suzuka")
    (track,) = found.scenario.tracks
    assert track.file is not None and "Spa" in track.file


def test_names_are_kept_for_tasks_to_come() -> None:
    assert set(reserved_names()) == {"duel", "traffic"}
    with pytest.raises(UnknownNameError, match=r"'duel' is kept for a task to come \(two cars"):
        find_task("duel")
    with pytest.raises(UnknownNameError, match="did you mean 'unseen-state'"):
        find_task("unseen-stat")
    assert find_task("unseen-state-v1") == find_task("unseen-state")
