"""The commands that look at runs, take something out of them, and remove them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racegym.cli import main
from racegym.errors import RunError
from racegym.locks import Lock
from racegym.record import RunFolder
from racegym.record.deletion import delete_run
from racegym.record.export import export_run
from racegym.record.folder import read_json, write_json
from racegym.run import RunResult

Said = pytest.CaptureFixture[str]


@pytest.fixture
def runs_dir(copied: RunFolder, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Its option; the working directory is an empty folder."""
    here = copied.path.parents[1] / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return ["--runs-dir", str(copied.path.parents[1])]


@pytest.fixture
def no_telemetry(copied: RunFolder) -> RunFolder:
    copied.telemetry.unlink()
    return copied


# export


def test_telemetry_is_the_same_in_every_form(copied: RunFolder, runs_dir: list[str]) -> None:
    for form in ("csv", "json", "parquet"):
        assert main(["runs", "export", "latest", *runs_dir, "--output", f"t.{form}"]) == 0
    original = pq.read_table(copied.telemetry)
    again = pq.read_table("t.parquet")
    assert again.equals(original, check_metadata=True)
    rows = original.to_pylist()
    assert Path("t.csv").read_bytes() == copied.telemetry_csv.read_bytes()
    told = json.loads(Path("t.json").read_text(encoding="utf-8"))
    assert len(told) == len(rows)
    floats = {f.name for f in original.schema if pa.types.is_float32(f.type)}
    for mine, theirs in zip(told[::50], rows[::50], strict=True):
        for name, value in theirs.items():
            if isinstance(value, float) and not math.isfinite(value):
                assert mine[name] is None
            elif name in floats:
                assert pa.scalar(mine[name], pa.float32()).as_py() == value
            else:
                assert mine[name] == value


def test_laps_are_exported_in_every_form(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    assert main(["runs", "export", "latest", *runs_dir, "--what", "laps"]) == 0
    name = f"short_race_{copied.path.name}_laps.csv"
    assert capsys.readouterr().out == f"wrote 4 rows to {name}\n"
    with copied.laps.open(encoding="utf-8", newline="") as file:
        laps = list(csv.DictReader(file))
    with Path(name).open(encoding="utf-8", newline="") as file:
        exported = list(csv.DictReader(file))
    for lap, row in zip(laps, exported, strict=True):
        assert float(row["lap_time"]) == float(lap["lap_time"]) and row["name"] == lap["name"]
    options = ["--what", "laps", "--format", "json", "--output", "laps.txt"]
    assert main(["runs", "export", "latest", *runs_dir, *options]) == 0
    told = json.loads(Path("laps.txt").read_text(encoding="utf-8"))
    assert [lap["lap_time"] for lap in told] == [float(lap["lap_time"]) for lap in laps]
    assert told[0]["valid"] is True and told[0]["lap"] == 1


@given(st.lists(st.floats(width=32) | st.none(), max_size=20), st.lists(st.floats(), max_size=20))
def test_any_number_is_json(narrow: list[float | None], wide: list[float]) -> None:
    from racegym.record.export import _json_texts

    for values, kind in ((narrow, pa.float32()), (wide, pa.float64())):
        told = json.loads(f"[{','.join(_json_texts(pa.array(values, kind)))}]")
        for value, again in zip(values, told, strict=True):
            if value is None or not math.isfinite(value):
                assert again is None
            else:
                assert pa.scalar(float(again), kind).as_py() == value


@given(st.lists(st.text(), max_size=5))
def test_any_name_is_json(names: list[str]) -> None:
    from racegym.record.export import _json_texts

    names = [name.encode("utf-8", "replace").decode() for name in names]
    assert json.loads(f"[{','.join(_json_texts(pa.array(names, pa.string())))}]") == names


def test_a_file_that_exists_is_replaced_only_if_that_is_said(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    Path("t.csv").write_text("mine", encoding="utf-8")
    for command in ("export", "report"):
        assert main(["runs", command, "latest", *runs_dir, "--output", "t.csv"]) == 2
        assert "t.csv: exists already; --force replaces it" in capsys.readouterr().err
    assert Path("t.csv").read_text(encoding="utf-8") == "mine"
    assert main(["runs", "export", "latest", *runs_dir, "--output", "t.csv", "--force"]) == 0
    assert Path("t.csv").stat().st_size > 1000


@pytest.mark.parametrize("output", [".", "none/t.csv"])
@pytest.mark.parametrize("command", ["export", "report"])
def test_what_cannot_be_written_is_told(
    command: str, output: str, copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    assert main(["runs", command, "latest", *runs_dir, "--output", output]) == 2
    error = capsys.readouterr().err
    assert "is a folder" in error if output == "." else "there is no folder none" in error
    assert not list(Path().iterdir())


def test_damaged_telemetry_leaves_no_half_of_a_file(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    content = bytearray(copied.telemetry.read_bytes())
    content[1000 : len(content) // 2] = bytes(len(content) // 2 - 1000)
    copied.telemetry.write_bytes(content)
    assert main(["runs", "export", "latest", *runs_dir]) == 2
    assert "telemetry.parquet: can't be read" in capsys.readouterr().err
    copied.telemetry.write_bytes(content[:2000])
    assert main(["runs", "export", "latest", *runs_dir]) == 2
    assert "telemetry.parquet: can't be read" in capsys.readouterr().err
    assert not list(Path().iterdir())


def test_a_run_without_telemetry_says_so(
    no_telemetry: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    for words in (["export", "latest"], ["show", "latest", "--plots"]):
        assert main(["runs", *words, *runs_dir]) == 2
        assert "the run kept no telemetry (record.telemetry: false)" in capsys.readouterr().err
    assert main(["runs", "export", "latest", *runs_dir, "--what", "laps"]) == 0
    assert main(["runs", "report", "latest", *runs_dir]) == 0
    no_telemetry.laps.unlink()
    assert main(["runs", "export", "latest", *runs_dir, "--what", "laps", "--force"]) == 2
    assert "nothing is known of the run's laps" in capsys.readouterr().err


def test_a_run_that_was_cut_off_can_be_looked_at(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    table = pq.read_table(copied.telemetry)
    copied.telemetry.unlink()
    copied.result.unlink()
    half = table.slice(0, table.num_rows // 6 * 3)
    with copied.stream.open("wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(half, max_chunksize=300)
    content = copied.stream.read_bytes()
    copied.stream.write_bytes(content[: len(content) - 4000])
    write_json(copied.state, {**read_json(copied.state), "state": "running"})
    assert main(["runs", "report", "latest", *runs_dir]) == 0
    assert "cut off" in copied.report.read_text(encoding="utf-8")
    assert main(["runs", "show", "latest", *runs_dir, "--plots"]) == 0
    assert copied.accelerations.exists()
    assert main(["runs", "export", "latest", *runs_dir, "--output", "t.parquet"]) == 0
    assert 0 < pq.read_table("t.parquet").num_rows <= half.num_rows


# report, open, show


def test_the_page_is_written_into_the_folder(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    assert main(["runs", "report", "short_race", *runs_dir]) == 0
    assert Path(capsys.readouterr().out.strip()) == copied.report
    text = copied.report.read_text(encoding="utf-8")
    assert "<!DOCTYPE html>" in text and "pure_pursuit" in text and "pace: 90" in text
    assert main(["runs", "report", "short_race", *runs_dir, "--output", "page.html"]) == 0
    assert Path("page.html").read_text(encoding="utf-8") == text


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw none, for what asks where the page is alone."""
    monkeypatch.setattr("racegym.report.page.page._figures", lambda *given: iter(()))


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("works", [True, False])
def test_open_shows_the_page_or_says_where_it_is(
    works: bool,
    copied: RunFolder,
    runs_dir: list[str],
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or works)
    monkeypatch.setenv("DISPLAY", ":0")
    assert main(["runs", "open", "latest", *runs_dir]) == 0
    assert opened == [copied.report.resolve().as_uri()]
    said = capsys.readouterr().out
    assert str(copied.report) in said and ("no browser" in said) is not works


@pytest.mark.usefixtures("no_figures")
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_open_without_a_display_says_where_the_page_is(
    copied: RunFolder, runs_dir: list[str], capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("there is no display"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["runs", "open", "latest", *runs_dir]) == 0
    assert f"there is no display here; open this file where there is one: {copied.report}" in (
        capsys.readouterr().out
    )
    before = copied.report.stat().st_mtime_ns
    assert main(["runs", "open", "latest", *runs_dir]) == 0
    assert copied.report.stat().st_mtime_ns == before  # it is up to date
    result = copied.result.stat()
    os.utime(copied.report, (result.st_atime - 9, result.st_mtime - 9))
    assert main(["runs", "open", "latest", *runs_dir]) == 0
    assert copied.report.stat().st_mtime > result.st_mtime - 9


def test_pictures_are_drawn_when_asked_for(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    assert main(["runs", "show", "latest", *runs_dir]) == 0
    assert not copied.gaps.exists()
    assert main(["runs", "show", "latest", *runs_dir, "--plots"]) == 0
    assert str(copied.gaps) in capsys.readouterr().out


@pytest.mark.parametrize("command", ["show", "report", "open", "export"])
def test_what_is_no_run_is_told(
    command: str, copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    assert main(["runs", command, "latst", *runs_dir]) == 2
    assert "there is no run 'latst'; did you mean 'latest'?" in capsys.readouterr().err
    assert main(["runs", command, str(copied.path.parents[1]), *runs_dir]) == 2
    assert "is no run folder: it holds no state.json" in capsys.readouterr().err
    lock = Lock(copied.lock)
    write_json(copied.state, {**read_json(copied.state), "state": "running"})
    assert main(["runs", command, "latest", *runs_dir]) == 2
    assert "the run is not over yet" in capsys.readouterr().err
    lock.release()
    assert not list(Path().iterdir())


# delete


def answering(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_delete_asks_first(
    answer: str,
    code: int,
    copied: RunFolder,
    runs_dir: list[str],
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(answer, monkeypatch)
    assert main(["runs", "delete", "latest", *runs_dir]) == code
    said = capsys.readouterr()
    assert f"short_race/{copied.path.name}" in said.out and "delete this run, " in said.out
    assert copied.path.exists() is (code == 1)
    assert ("--yes" in said.err) is (answer == "")


def test_several_are_deleted_without_asking(copied: RunFolder, runs_dir: list[str]) -> None:
    other = copied.path.with_name("2027-01-01T00-00-00Z")
    shutil.copytree(copied.path, other)
    (other / "checkpoints").mkdir()
    (other / "checkpoints" / "a").write_text("", encoding="utf-8")
    names = [copied.path.name, str(copied.path), other.name]
    assert main(["runs", "delete", *names, "--yes", *runs_dir]) == 0
    assert not copied.path.parent.exists()  # nothing was left in it
    assert copied.path.parents[1].exists()


def test_nothing_is_deleted_if_one_is_no_run(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    strange = copied.path.parent / "strange"
    strange.mkdir()
    (strange / "state.json").write_text('{"state": "Texas"}', encoding="utf-8")
    (strange / "precious").write_text("", encoding="utf-8")
    link = copied.path.parent / "link"
    link.symlink_to(copied.path, target_is_directory=True)
    for name, told in ((strange, "is not the state of a run"), (link, "is a link")):
        assert main(["runs", "delete", copied.path.name, str(name), "--yes", *runs_dir]) == 2
        assert told in capsys.readouterr().err
    assert main(["runs", "delete", copied.path.name, "nope", "--yes", *runs_dir]) == 2
    assert (strange / "precious").exists() and copied.telemetry.exists()


def test_a_run_that_is_written_is_not_deleted(
    copied: RunFolder, runs_dir: list[str], capsys: Said
) -> None:
    lock = Lock(copied.lock)
    assert main(["runs", "delete", "latest", "--yes", *runs_dir]) == 2
    assert "the run is not over: a process writes it" in capsys.readouterr().err
    lock.release()
    assert main(["runs", "delete", "latest", "--yes", *runs_dir]) == 0


def test_a_deletion_that_is_broken_off_can_be_taken_up(
    copied: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise PermissionError(13, "denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("racegym.record.deletion._remove", full)
        with pytest.raises(RunError, match="can't be deleted: denied"):
            delete_run(copied)
    assert copied.state.exists()
    delete_run(copied)
    assert not copied.path.exists()


# names and consoles


def test_the_tab_key_completes_names_of_runs(
    copied: RunFolder, runs_dir: list[str], capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = runs_dir[1]
    for typed, completed in (
        ("la", ["latest"]),
        ("sho", ["short_race", f"short_race/{copied.path.name}"]),
        ("nope", []),
    ):
        monkeypatch.setenv("COMP_WORDS", f"racegym runs show --runs-dir {folder} {typed}")
        monkeypatch.setenv("COMP_CWORD", "5")
        monkeypatch.setenv("_RACEGYM_COMPLETE", "bash_complete")
        with pytest.raises(SystemExit):
            main([])
        said = capsys.readouterr().out.splitlines()
        assert [line.removeprefix("plain,") for line in said if line] == completed


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_of_few_letters_shows_what_it_can(encoding: str, finished: RunResult) -> None:
    runs = ["--runs-dir", str(finished.folder.parents[1])]
    words = [["runs", "list"], ["runs", "show", "latest"], ["doctor"]]
    program = f"from racegym.cli import main; print([main([*w, *{runs!r}]) for w in {words!r}])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding).endswith(f"[0, 0, 0]{os.linesep}")
    assert b"Traceback" not in done.stderr


def test_an_export_of_something_else_is_refused(finished: RunResult, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        export_run(RunFolder(tmp_path), tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())
