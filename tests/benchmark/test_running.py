"""Runs of the benchmark: scores, what is kept of them, going on, and the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

from racegym import plugins
from racegym.benchmark import running
from racegym.benchmark.page import as_markdown, write_report
from racegym.benchmark.report import gather, summed_up
from racegym.benchmark.running import Entry, read_result, run_seed
from racegym.benchmark.scoring import Score, score
from racegym.benchmark.statistics import estimate
from racegym.benchmark.tasks import Task, find_task
from racegym.cli import main
from racegym.drivers.idle import Idle
from racegym.errors import RunError, ScenarioError
from racegym.interfaces import Trainer, TrainerOptions, options
from racegym.plugins import Offer
from racegym.record import find_runs
from racegym.scenario import load_scenario


class Known(Trainer):
    """Learns what its option says, in four steps; stops and fails as a test wants."""

    driver = Idle
    stop_after: int | None = None
    began: list[str] = []  # noqa: RUF012

    class Options(TrainerOptions):
        worth: float = 50.0

    def __init__(self, given: Any):
        super().__init__(given)
        self.options = options.read(self.Options, given, "trainer 'known'")

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        self.began.append("train")
        self._go(0, scenario, progress)

    def resume(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        self.began.append("resume")
        self._go(int(checkpoint.read_text().split()[0]), scenario, progress)

    def _go(self, step: int, scenario: Any, progress: Any) -> None:
        total = self.options.steps
        while step < total:
            step = min(total, step + -(-total // 4))
            progress.update(step, total, worth=self.options.worth)
            if Known.stop_after is not None and step >= Known.stop_after:
                Known.stop_after = None
                progress._interruption.asked = True
                break
        with progress.checkpoint("last.txt") as file:
            file.write_text(f"{step} {self.options.worth + scenario.seed}")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Any:
    offer = Offer(kind="trainer", name="known", dist="racegym", target="somewhere:Known")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda self: Known if self == offer else load(self))
    monkeypatch.setattr(running, "score", judged)
    monkeypatch.setattr(Known, "began", [])
    with plugins.load().lending(offer):
        yield


def judged(checkpoint: Path, task: Task, *, shown: Any = None) -> Score:
    worth = float(checkpoint.read_text().split()[1])
    return Score(
        score=worth, completion=80.0, lap_percent=1e4 / worth, episodes=({"episode": 0},),
        references={}, missing=(),
    )  # fmt: skip


ENTRY = Entry.of("known", ["trainer.worth=60.0"])


def test_a_result_says_all_that_is_needed_to_cite_it(tmp_path: Path) -> None:
    task = find_task("trial-state")
    done = run_seed(ENTRY, task, 3, tmp_path)
    folder = tmp_path / "trial-state-v1" / "known" / "seed-3"
    assert done.folder == folder and not done.was_there
    result = read_result(folder / "result.json")
    assert result == done.result
    assert result["task"] == {"name": "trial-state", "version": 1, "hash": task.hash}
    assert result["trainer"]["options"]["worth"] == 60.0
    assert result["action"] == {"name": "steer_accel"}
    assert (result["seed"], result["steps"], result["score"]) == (3, task.steps, 63.0)
    assert {"racegym", "python", "numpy"} <= result["versions"].keys()
    assert {"cpu", "cores"} <= result["machine"].keys() and result["seconds"] >= 0
    assert len(result["checkpoint"]["sha256"]) == 64
    assert (folder / result["run"] / "checkpoints" / result["checkpoint"]["name"]).is_file()


def test_what_is_done_stays_and_what_was_broken_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = find_task("trial-state")
    monkeypatch.setattr(Known, "stop_after", task.steps // 2)
    stopped = run_seed(ENTRY, task, 1, tmp_path)
    assert stopped.result is None and not (stopped.folder / "result.json").exists()
    done = run_seed(ENTRY, task, 1, tmp_path)
    assert Known.began == ["train", "resume"]
    assert done.result is not None and done.result["resumed"] == 1
    (done.folder / "result.json").unlink()  # judging was broken off
    assert run_seed(ENTRY, task, 1, tmp_path).result is not None
    assert run_seed(ENTRY, task, 1, tmp_path).was_there
    assert Known.began == ["train", "resume"]


def test_one_label_holds_one_sort_of_runs(tmp_path: Path) -> None:
    task = find_task("trial-state")
    run_seed(ENTRY, task, 1, tmp_path)
    other = Entry.of("known", ["trainer.worth=70.0"])
    with pytest.raises(RunError, match=r"begun with worth: 60.0, and now it is 70.0; .*--label"):
        run_seed(other, task, 1, tmp_path)
    assert run_seed(replace(other, label="better"), task, 1, tmp_path).result is not None
    changed = Task(task.name, 1, "", 1, {**task.data, "summary": "other"}, "")
    with pytest.raises(RunError, match="holds a result of another trial-state-v1, of hash"):
        run_seed(ENTRY, changed, 1, tmp_path)


@pytest.mark.parametrize(
    ("overrides", "label", "message"),
    [
        (["track.generate.length=300"], None, "the tasks are fixed; settings of the trainer"),
        (["trainer.steps=5"], None, "is said with --steps N"),
        (["trainer.name=other"], None, "the tasks are fixed"),
        ([], "a/b", "can't be a folder's name; try a_b"),
    ],
)
def test_what_an_entry_can_not_set(overrides: list[str], label: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Entry.of("known", overrides, label)


def test_an_entry_chooses_what_its_actions_mean(tmp_path: Path) -> None:
    task = find_task("trial-state")
    few = Entry.of("known", ["action=discrete"], "few")
    done = run_seed(few, task, 1, tmp_path)
    assert done.result is not None and done.result["action"]["name"] == "discrete"
    (run,) = find_runs(done.folder)
    assert load_scenario(run.scenario).resolved()["action"] == done.result["action"]
    with pytest.raises(RunError, match=r"begun with action: .*discrete.*, and now it is"):
        run_seed(Entry.of("known", label="few"), task, 2, tmp_path)
    rated = Entry.of("known", ["action.name=rate_limited", "action.steer_rate=3"], "rated")
    result = run_seed(rated, task, 1, tmp_path).result
    assert result is not None and result["action"]["steer_rate"] == 3.0
    text = as_markdown(gather(tmp_path))
    assert "action: discrete, steer: 1.0" in text and "action: rate_limited" in text


def test_a_driver_is_scored_by_its_laps_in_percent_of_the_reference() -> None:
    task = find_task("trial-state")
    test = {**task.data["test"], "episodes": 2}
    short = replace(task, data={**task.data, "test": test})
    found = score({"name": "pure_pursuit", "pace": 90}, short)
    assert (found.completion, len(found.episodes)) == (100.0, 2)
    shares = [row["best_lap_percent"] for row in found.episodes]
    assert found.score == pytest.approx(np.mean([1e4 / share for share in shares]))
    assert found.lap_percent == pytest.approx(np.mean(shares))
    assert 110 < found.lap_percent < 170
    (reference,) = found.references.values()
    lap = found.episodes[0]["best_lap"]
    assert found.episodes[0]["best_lap_percent"] == pytest.approx(100 * lap / reference["lap_time"])
    parked = score("idle", short)
    assert (parked.score, parked.completion, parked.lap_percent) == (0.0, 0.0, None)


def result(task: str, label: str, seed: int, worth: float, **more: Any) -> dict[str, Any]:
    found = find_task(task)
    return {
        "format": 1,
        "task": {"name": found.name, "version": found.version, "hash": found.hash},
        "label": label,
        "trainer": {"name": "ppo", "options": {"num_envs": 64}},
        "action": {"name": "steer_accel"},
        "seed": seed, "steps": found.steps, "budget": found.steps, "seconds": 10.0 * seed,
        "score": worth, "completion": min(100.0, worth + 20.0),
        "lap_percent": 1e4 / worth if worth > 0 else None,
        "missing": [], "references": {}, "versions": {"racegym": "0.1"}, "machine": {"cpu": "some"},
        **more,
    }  # fmt: skip


def keep(folder: Path, data: dict[str, Any]) -> None:
    name = f"{data['task']['name']}-v{data['task']['version']}"
    file = folder / name / data["label"] / f"seed-{data['seed']}" / "result.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Five seeds of two entries on three tasks, one of them on a fourth, and what is no entry."""
    random = np.random.default_rng(0)
    for task in ("trial-state", "unseen-state", "trial-range"):
        for label, best in (("ppo", 80.0), ("sb3_ppo", 65.0)):
            for seed in range(1, 6):
                keep(tmp_path, result(task, label, seed, best + 10.0 * float(random.normal())))
    for seed, worth in ((1, 0.0), (2, 30.0)):
        keep(tmp_path, result("trial-vision", "ppo", seed, worth, missing=["Spa"]))
    more = {"trainer": {"name": "ppo", "options": {"steps": 5_000_001}}}
    keep(tmp_path, result("trial-state", "longer", 1, 99.0, **more))
    keep(tmp_path, result("trial-state", "longer", 2, 99.0, steps=6_000_000))
    old = result("unseen-range", "ppo", 1, 99.0)
    keep(tmp_path, {**old, "task": {**old["task"], "hash": "0" * 16}})
    return tmp_path


def test_a_report_sums_up_by_task_and_over_the_tasks_of_all(results: Path) -> None:
    report = gather(results)
    assert report.labels == ["ppo", "sb3_ppo"]
    assert set(report.shared) == {"trial-state-v1", "unseen-state-v1", "trial-range-v1"}
    assert "trial-vision-v1" in report.tasks and len(report.cells) == 7
    assert len(report.left_out) == 3
    assert "more than the 5,000,000 that the task has" in report.left_out[0]
    assert "learned for 6,000,000 steps, more" in report.left_out[1]
    assert "has the hash 0000000000000000" in report.left_out[2]
    data = summed_up(report)
    scores = [cell.scores for cell in report.cells if cell.label == "ppo" and len(cell.results) > 2]
    assert data["overall"]["ppo"]["iqm"] == estimate(scores)._asdict()
    vision = report.cell("trial-vision-v1", "ppo")
    assert vision is not None
    assert vision.estimates()["lap_percent"].value == pytest.approx(1e4 / 30.0)  # type: ignore[union-attr]
    page, kept, picture = write_report(report, results)
    assert json.loads(kept.read_text(encoding="utf-8")) == data
    text = page.read_text(encoding="utf-8")
    assert text == as_markdown(report) and "hash `" in text and "num_envs: 64" in text
    assert "did not have them: Spa" in text and "| ppo | sb3_ppo | " in text
    assert matplotlib.image.imread(picture).std() > 0.05


def test_a_result_of_fewer_steps_counts_and_tells_what_it_cost(tmp_path: Path) -> None:
    keep(tmp_path, result("trial-state", "ppo", 1, 80.0))
    for seed, seconds in ((1, 600.0), (2, 900.0)):
        keep(tmp_path, result("trial-state", "sac", seed, 70.0, steps=300_000, seconds=seconds))
    report = gather(tmp_path)
    assert report.left_out == ()
    text = as_markdown(report)
    assert "| sac | 2 | 300,000 | 12.5 min | 70.0 [70.0, 70.0] |" in text
    assert "| sac | 300,000 | 12.5 min |" in text and "Times on some." in text
    cell = summed_up(report)["cells"][1]
    assert (cell["steps"], cell["budget"], cell["seconds"]) == ([300_000] * 2, 5_000_000, 750.0)
    assert cell["machines"] == ["some"]


def test_a_label_that_stands_for_two_numbers_of_steps_is_refused(tmp_path: Path) -> None:
    for seed, steps in ((1, 200_000), (2, 300_000)):
        trainer = {"name": "sac", "options": {"steps": steps}}
        keep(tmp_path, result("trial-state", "sac", seed, 70.0, steps=steps, trainer=trainer))
    with pytest.raises(RunError, match=r"seed 1 learned with steps: 200000, and seed 2 with steps"):
        gather(tmp_path)


def test_an_entry_learns_for_no_more_than_the_task_allows(tmp_path: Path) -> None:
    task = find_task("trial-state")
    more = Entry.of("known", steps=task.steps + 1)
    with pytest.raises(ScenarioError, match="learned on for 5,000,000 steps at most"):
        run_seed(more, task, 1, tmp_path)
    assert Known.began == []
    run_seed(Entry.of("known", steps=200), task, 1, tmp_path)
    with pytest.raises(RunError, match=r"begun with steps: 200, and now it is 300; .*--label"):
        run_seed(Entry.of("known", steps=300), task, 2, tmp_path)


def line(folder: Path, name: str, label: str, task: str = "trial-state", **more: Any) -> None:
    found = find_task(task)
    data = {
        "format": 1, "label": label, "driver": label,
        "task": {"name": found.name, "version": found.version, "hash": found.hash},
        "score": 82.3, "completion": 100.0, "lap_percent": None, "missing": [], "references": {},
        **more,
    }  # fmt: skip
    (folder / name).write_text(json.dumps(data), encoding="utf-8")


def test_what_did_not_learn_is_a_line_beside_the_entries_and_part_of_no_sum(tmp_path: Path) -> None:
    keep(tmp_path, result("trial-state", "ppo", 1, 80.0))
    without = summed_up(gather(tmp_path))
    line(tmp_path, "a.json", "pure_pursuit")
    line(tmp_path, "b.json", "raceline", task="unseen-state")
    line(tmp_path, "c.json", "other", score=None)
    (tmp_path / "d.json").write_text("[]", encoding="utf-8")
    report = gather(tmp_path)
    assert "| *pure_pursuit* | – | 0 | – | 82.3 | 100.0 | – |" in as_markdown(report)
    found = summed_up(report)
    (told,) = found["reference_lines"]
    assert (told["label"], told["steps"], told["score"]["value"]) == ("pure_pursuit", 0, 82.3)
    assert (found["cells"], found["overall"]) == (without["cells"], without["overall"])
    assert report.left_out[0] == "b.json: no entry learned unseen-state-v1"
    assert [reason[:6] for reason in report.left_out[1:]] == ["c.json", "d.json"]
    line(tmp_path, "e.json", "pure_pursuit")
    with pytest.raises(RunError, match=r"second score of pure_pursuit on .* beside a\.json"):
        gather(tmp_path)


def test_settings_that_differ_by_task_are_all_told(tmp_path: Path) -> None:
    keep(tmp_path, result("trial-state", "ppo", 1, 80.0))
    few = {"trainer": {"name": "ppo", "options": {"num_envs": 8, "steps": 1_000_000}}}
    keep(tmp_path, result("trial-vision", "ppo", 1, 80.0, **few))
    text = as_markdown(gather(tmp_path))
    assert "- ppo on trial-state-v1: `ppo`, num_envs: 64, action: steer_accel\n" in text
    assert "- ppo on trial-vision-v1: `ppo`, num_envs: 8, action: steer_accel\n" in text


def test_what_it_is_judged_on_must_be_there_before_it_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "none"))
    with pytest.raises(ScenarioError, match="no library here has one of them"):
        run_seed(ENTRY, find_task("imported-state"), 1, tmp_path / "into")
    assert Known.began == []


def test_a_single_seed_has_no_interval(tmp_path: Path) -> None:
    for label, worth in (("ppo", 80.0), ("sac", 70.0)):
        keep(tmp_path, result("trial-state", label, 1, worth))
    report = gather(tmp_path)
    text = as_markdown(report)
    assert "| ppo | 1 | 5,000,000 | 10 s | 80.0 | 100.0 | 125.0 |" in text
    assert "| ppo | sac | 1.00 |" in text
    found = summed_up(report)["overall"]["ppo"]["iqm"]
    assert found == {"value": 80.0, "low": None, "high": None}
    write_report(report, tmp_path)  # the picture, too


def test_runs_that_were_judged_by_other_references_are_said_to_be(tmp_path: Path) -> None:
    for seed, reference in ((1, "a"), (2, "b")):
        found = {reference: {"track": "Monza", "line": "weighted", "lap_time": 180.0}}
        found["c"] = {"track": "Spa", "line": "weighted", "lap_time": 200.0}
        keep(tmp_path, result("imported-state", "ppo", seed, 70.0, references=found))
    assert "They differ on Monza.\n" in as_markdown(gather(tmp_path))


def test_a_result_that_lacks_something_is_told(tmp_path: Path) -> None:
    data = result("trial-state", "ppo", 1, 80.0)
    keep(tmp_path, {key: value for key, value in data.items() if key != "steps"})
    with pytest.raises(RunError, match="is no result of the benchmark"):
        gather(tmp_path)


def test_what_is_scored_is_named_as_for_evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def noted(driver: Any, task: Task) -> Score:
        asked.append(driver)
        return Score(
            score=70.0, completion=100.0, lap_percent=140.0, episodes=(), references={}, missing=()
        )

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("racegym.benchmark.scoring.score", noted)
    run = ["benchmark", "score", "--task", "trial-state", "--json", "x.json"]
    assert main([*run, "{name: pure_pursuit, pace: 90}"]) == 0
    assert asked == [{"name": "pure_pursuit", "pace": 90}]
    assert main([*run, "--force", "rental_kart"]) == 0
    assert asked[1].name == "rental_kart.onnx"
    assert main([*run, "idle"]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main([*run, "--force", "rental_cart"]) == 2
    assert "did you mean 'rental_kart'" in capsys.readouterr().err
    assert len(asked) == 2


def test_the_commands(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    assert main(["benchmark", "list"]) == 0
    told = capsys.readouterr().out
    assert "trial-state-v1" in told and "to come" in told
    assert main(["benchmark", "show", "unseen-state"]) == 0
    assert find_task("unseen-state").hash in capsys.readouterr().out
    run = ["benchmark", "run", "trial-range", "--trainer", "known", "--seeds", "2", "--into", "x"]
    assert main(run) == 0
    assert "seed 2: score 52.0" in capsys.readouterr().out
    assert main(run) == 0
    assert "(done before)" in capsys.readouterr().out
    assert main(["benchmark", "report", "x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"][0]["label"] == "known"
    assert main(["benchmark", "report", "none"]) == 2
    assert "holds no results; make some" in capsys.readouterr().err
    assert main(["benchmark", "run", "traffic", "--trainer", "known"]) == 2
    assert "to come" in capsys.readouterr().err
