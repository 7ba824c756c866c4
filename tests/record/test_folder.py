"""Names and small files of a run's folder."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from racegym.errors import RunError
from racegym.record import RunFolder, find_run
from racegym.record.folder import read_json, safe_name, write_json


@given(st.text(max_size=200))
@example("\U00020000" * 90)
@example("a" * 79 + ".b")
def test_any_name_becomes_one_that_file_systems_take(name: str) -> None:
    safe = safe_name(name)
    assert safe and len(safe) <= 81 and len(safe.encode()) <= 201
    assert not set(safe) & set('<>:"/\\|?*\0 ')
    assert safe[0] not in ".-" or safe[0] == "-"
    assert safe[-1] not in ". "
    assert all(c not in string.whitespace for c in safe)


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "lpt9.txt", "", "..", "/"])
def test_names_that_mean_something_else_are_changed(name: str) -> None:
    assert safe_name(name).startswith("_")


def test_json_is_whole_or_absent(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_json(file, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(file, {"a": float("nan")})
    assert read_json(file) == {"a": 1}
    with pytest.raises(RunError, match="is missing"):
        read_json(tmp_path / "b.json")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="can't be read"):
        read_json(file)


def test_runs_are_found_by_several_names(tmp_path: Path) -> None:
    for name in ("a/2026-01-01T00-00-00Z", "a/2026-01-02T00-00-00Z", "b/2026-01-02T00-00-00Z"):
        (tmp_path / name).mkdir(parents=True)
        write_json(RunFolder(tmp_path / name).state, {})
    assert find_run("a", tmp_path).path.name == "2026-01-02T00-00-00Z"
    assert find_run("latest", tmp_path).path.parent.name == "b"
    assert find_run("2026-01-01T00-00-00Z", tmp_path).path.parent.name == "a"
    assert find_run("b/2026-01-02T00-00-00Z", tmp_path).path.parent.name == "b"
    with pytest.raises(RunError, match=r"several runs began at .*: a/2026.*, b/2026"):
        find_run("2026-01-02T00-00-00Z", tmp_path)
    with pytest.raises(RunError, match="there is no run 'c'"):
        find_run("c", tmp_path)


def test_a_name_for_several_runs_can_mean_the_latest_training(tmp_path: Path) -> None:
    for name in ("a/2026-01-01T00-00-00Z", "a/2026-01-02T00-00-00Z", "b/2026-01-03T00-00-00Z"):
        (tmp_path / name).mkdir(parents=True)
        write_json(RunFolder(tmp_path / name).state, {})
    learned = tmp_path / "a/2026-01-01T00-00-00Z"
    write_json(RunFolder(learned).training, {})
    for name in ("a", "latest", str(tmp_path / "a")):
        assert find_run(name, tmp_path, training=True).path == learned
        assert find_run(name, tmp_path).path != learned
    assert find_run("b", tmp_path, training=True).path.parent.name == "b"


def test_a_training_that_learned_nothing_hides_none_that_did(tmp_path: Path) -> None:
    days = (f"a/2026-01-0{day}T00-00-00Z" for day in (1, 2, 3))
    good, seeds, refused = (RunFolder(tmp_path / day) for day in days)
    for run in (good, seeds, refused):
        run.path.mkdir(parents=True)
        write_json(run.state, {})
        write_json(run.training, {})
    assert find_run("a", tmp_path, training=True).path == refused.path
    for run, checkpoints in ((good, good.checkpoints), (seeds, seeds.path / "seed-1/checkpoints")):
        checkpoints.mkdir(parents=True)
        (checkpoints / "last.npz").write_bytes(b"")
        assert find_run("a", tmp_path, training=True).path == run.path
