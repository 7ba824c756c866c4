"""The picture of a training: which of its figures it shows."""

from __future__ import annotations

from pathlib import Path

from racegym.record import RunFolder
from racegym.record.folder import write_json
from racegym.report.learning_curve import learning_curve


def titles(tmp_path: Path, names: list[str], rows: list[str]) -> list[str]:
    folder = RunFolder(tmp_path)
    write_json(folder.state, {"scenario": "lap", "state": "finished"})
    told = {"trainer": "mine", "driver": None, "options": {}, "seed": 1, "total": 128}
    write_json(folder.training, {**told, "steps": 128, "seconds": 2.0, "checkpoints": []})
    folder.figures.write_text("\n".join([",".join(["steps", "seconds", *names]), *rows]) + "\n")
    figure = learning_curve(folder)
    assert figure is not None
    return [figure.get_suptitle(), *(axes.get_title("left") for axes in figure.axes)]


def test_evaluations_come_first_and_what_was_never_a_number_is_left_out(tmp_path: Path) -> None:
    names = ["return", "racing/ended_by/time_limit", "evaluation/completion", "evaluation/lap_time"]
    rows = ["64,1.0,0.5,0.25,,", "64,1.0,,,0.75,nan", "128,2.0,0.75,0.0,,"]
    assert titles(tmp_path, names, rows) == [
        "lap: mine, seed 1", "evaluation/completion", "return", "racing/ended_by/time_limit",
    ]  # fmt: skip


def test_of_very_many_figures_it_says_how_many_are_missing(tmp_path: Path) -> None:
    names = [*(f"f{i}" for i in range(30)), "evaluation/completion"]
    rows = [",".join(["64", "1.0", *("1" for _ in names)])]
    told = titles(tmp_path, names, rows)
    assert told[0] == "lap: mine, seed 1; 7 more not drawn"
    assert told[1:] == ["evaluation/completion", *(f"f{i}" for i in range(23))]
