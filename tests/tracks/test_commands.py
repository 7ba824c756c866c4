"""``racegym tracks``: what the commands print, write and refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from racegym import plugins
from racegym.cli import main
from racegym.cli.tracks import PARTS
from racegym.formats import format_of, read_track, write_track
from racegym.plugins import Offer
from racegym.scenario.track_names import NamedTrack
from racegym.track import generate

RING = generate(4, length=400.0, spacing=8.0, name="ring", obstacles=2)


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own library; the working directory is empty."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "user"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "user"


@pytest.fixture
def csv() -> Path:
    """A file of TUM's form, here."""
    write_track(RING, "circuit.csv", "tum")
    return Path("circuit.csv")


def racegym(*arguments: str, code: int = 0) -> None:
    assert main(["tracks", *arguments]) == code


def test_help_lists_every_part_and_imports_none():
    code = (
        "import sys; from racegym.cli import main; main(['tracks', '--help'])\n"
        "print('imported:', [name for name in sys.modules if 'cli.tracks_' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, row in PARTS.items():
        assert f"{name} " in done.stdout and row.help in " ".join(done.stdout.split())
    assert "imported: []" in done.stdout


def test_an_unknown_part_is_told(capsys):
    racegym("lsit", code=2)
    assert "unknown command 'lsit'; did you mean 'list'?" in capsys.readouterr().err


def test_import_tells_what_was_found_and_writes_it_once(csv, user, capsys):
    racegym("import", str(csv), "--dry-run")
    assert "circuit.csv is tum (CSV of TUM's racetrack database): 'circuit', 400.0 m long" in (
        capsys.readouterr().out
    )
    assert not user.exists()
    racegym("import", str(csv), "--set", "name=mine")
    assert f"written: {user / 'mine.track'}" in capsys.readouterr().out
    racegym("import", str(csv), "--name", "mine", code=2)
    assert "already; --overwrite replaces it, another name keeps both" in capsys.readouterr().err
    racegym("import", str(csv), "--name", "mine", "--overwrite")
    racegym("import", str(csv), "--into", "tracks", "--format", "tum")
    assert read_track("tracks/circuit.track").hash == read_track(csv).hash


def test_what_was_assumed_and_what_is_odd_is_printed(capsys):
    write_track(RING, "a.track", "native")
    text = Path("a.track").read_text(encoding="utf-8")
    head = "notes: [the width is assumed]\nproblems: [a sharp corner]\nkerb_width: 0.5"
    Path("a.track").write_text(text.replace("kerb_width: 1.0", head), encoding="utf-8")
    racegym("import", "a.track")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["notes:", "- the width is assumed"]
    assert "it was edited" in lines[3] and lines[4:6] == ["problems:", "- a sharp corner"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "none.csv: there is no such track file; did you mean 'one.csv'?"),
        (["one.csv"], "one.csv:2: x_m is 'one'"),
        (["one.csv", "--format", "tmu"], "no track format 'tmu'"),
        (["one.csv", "--format", "tum", "--set", "wdth=3"], "has no option 'wdth'"),
        (["one.csv", "--set", "width"], "--set width: write --set OPTION=VALUE"),
        (["one.csv", "--format", "tum", "--set", "name=[1"], "--set name=[1: the value"),
    ],
)
def test_import_refuses_plainly(arguments, said, user, capsys):
    Path("one.csv").write_text("0.0,0.0,4.0,4.0\none,2.0,4.0,4.0\n")
    racegym("import", *arguments, code=2)
    assert said in capsys.readouterr().err
    assert not user.exists()


def test_list_tells_whose_each_is_and_what_is_hidden(csv, user, capsys, monkeypatch):
    for arguments in (["--name", "ring"], ["--name", "ring", "--into", "tracks"]):
        racegym("import", str(csv), *arguments)
    Path("racegym_lender.py").write_text(
        "from racegym.track import generate\n\ndef lent():\n    return generate(1, length=400.0)\n"
    )
    monkeypatch.syspath_prepend(str(Path.cwd()))
    offer = Offer(kind="track", name="lent", dist="racegym-lender", target="racegym_lender:lent")
    capsys.readouterr()
    with plugins.load().lending(offer):
        racegym("list", "--json")
        rows = json.loads(capsys.readouterr().out)
        assert [
            (row["name"], row["from"], row["hidden"]) for row in rows if row["from"] != "racegym"
        ] == [
            ("ring", "project", False), ("ring", "user", True), ("lent", "racegym-lender", False),
        ]  # fmt: skip
        assert {"hillside", "meadow", "workshop"} < {row["name"] for row in rows}
        racegym("list")
        assert "user, hidden" in capsys.readouterr().out
    assert rows[0]["hash"] == read_track(csv).hash and rows[0]["corners"] >= 3
    assert rows[0]["width"] == {"least": 8.0, "mean": 8.0, "most": 8.0}


def test_a_list_reads_only_tracks_that_are_new_or_changed(tmp_path, user, capsys, monkeypatch):
    monkeypatch.setenv("RACEGYM_CACHE_DIR", str(tmp_path / "cache"))
    read = []

    def reading(named, own=NamedTrack.read):
        read.append(named.name)
        return own(named)

    monkeypatch.setattr(NamedTrack, "read", reading)

    def listed():
        read.clear()
        racegym("list", "--json", code=2 if (user / "bad.track").exists() else 0)
        rows = json.loads(capsys.readouterr().out)
        return {row["name"]: row for row in rows if row["from"] == "user"}

    user.mkdir()
    write_track(RING, user / "file.track", "native")
    write_track(RING, user / "folder", "native-npz")
    first = listed()
    assert {"file", "folder"} <= set(read)
    assert first["file"]["hash"] == first["folder"]["hash"] == RING.hash
    assert (listed(), read) == (first, [])
    for name, form in (("file.track", "native"), ("folder", "native-npz")):
        write_track(RING.reversed(), user / name, form)
    assert listed()["file"]["hash"] == listed()["folder"]["hash"] == RING.reversed().hash
    (user / "bad.track").write_text("widht: 8")
    for _ in range(2):
        assert listed()["bad"]["length"] is None and read == ["bad"]


def test_a_broken_track_is_listed_with_its_fault(user, capsys):
    user.mkdir()
    (user / "bad.track").write_text("widht: 8\n---\nx,y\n1,2\n")
    racegym("list", code=2)
    told = capsys.readouterr()
    assert "broken" in told.out
    assert f"{user / 'bad.track'}:1: widht is unknown; did you mean 'width'?" in told.err


def test_show_by_name_by_path_and_as_json(csv, capsys):
    racegym("import", str(csv), "--name", "mine")
    capsys.readouterr()
    racegym("show", "mine")
    told = capsys.readouterr().out
    for text in ("400.0 m, ", "8.00 to 8.00 m", "flat", "user: "):
        assert text in told
    racegym("show", str(csv), "--format", "tum", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["from"], told["path"]) == ("circuit", "file", str(csv))
    assert told["hash"] == read_track(csv).hash
    assert told["tightest_radius"] == pytest.approx(1 / np.abs(read_track(csv).curvature).max())
    racegym("show", "mien", code=2)
    assert "unknown track 'mien'; did you mean 'mine'?" in capsys.readouterr().err


def test_show_tells_all_that_a_track_has(capsys):
    head = (
        "width: 6\ncrossings: allow\nrunoff: .inf\nbanking: 0.1\ngrid: [[-5, 1], [-9, -1]]\n"
        "surface_left: gravel\nobstacles: [{s: 30, d: 1, radius: 0.4}]\nline_name: shortest\n"
        "pit: {entry: 10, exit: 60, offset: 8, width: 4, speed_limit: 15, boxes: [20, 30]}"
    )
    angles = np.arange(0.0, 6.28, 0.1)
    rows = [f"{90 * np.sin(a):.2f},{60 * np.sin(2 * a):.2f},{np.cos(a):.2f},0" for a in angles]
    text = "\n".join([head, "---", "x,y,z,line", *rows])
    Path("eight.track").write_text(text, encoding="utf-8")
    racegym("show", "eight.track")
    told = " ".join(capsys.readouterr().out.split())
    for part in ("2.0 m, 2.0 m up a lap", "up to 0.100 rad", "none │", "2 slots of its own",
                 "2 boxes", "shortest", "obstacles │ 1", "crossings │",
                 ", as often left as right"):  # fmt: skip
        assert part in told


@pytest.mark.parametrize("name", ["one.track", "one"])
def test_meta_is_printed_and_changed_without_touching_the_geometry(name, capsys):
    write_track(RING, name, "native" if name.endswith(".track") else "native-npz")
    racegym("meta", name, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["hash"], told["length"], len(told["obstacles"])) == (RING.hash, RING.length, 2)
    racegym("meta", name, "--set", "licence=CC-BY-4.0", "--set", "notes=[by hand, twice]")
    assert "licence: CC-BY-4.0\n" in capsys.readouterr().out
    track = read_track(name)
    assert (track.licence, track.notes, track.hash) == (
        "CC-BY-4.0",
        ("by hand", "twice"),
        RING.hash,
    )


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("license=x", "'license' can't be set; did you mean 'licence'?"),
        ("hash=1", "'hash' can't be set"),
        ("name=", "--set name="),
        ("source=3", "--set source=3: give text"),
        ("notes=[1]", "give text"),
    ],
)
def test_meta_refuses_plainly(setting, said, csv, capsys):
    write_track(RING, "one.track", "native")
    before = Path("one.track").read_bytes()
    racegym("meta", "one.track", "--set", setting, code=2)
    assert said in capsys.readouterr().err
    assert Path("one.track").read_bytes() == before
    racegym("meta", str(csv), "--set", "source=x", code=2)
    assert "is not in the native form, so nothing can be set" in capsys.readouterr().err


def test_a_file_of_a_plugin_is_not_written_into(user, capsys, monkeypatch):
    Path("racegym_shed").mkdir()
    Path("racegym_shed/__init__.py").touch()
    file = Path("racegym_shed/shed.track")
    write_track(RING, file, "native")
    before = file.read_bytes()
    monkeypatch.syspath_prepend(str(Path.cwd()))
    offer = Offer(kind="track", name="shed", dist="racegym-shed", target="racegym_shed:shed.track")
    with plugins.load().lending(offer):
        racegym("meta", "shed", "--set", "source=elsewhere", code=2)
        assert "'shed' is one of racegym-shed, whose files stay as they are; `racegym tracks " in (
            capsys.readouterr().err
        )
        racegym("line", "shed", "--kind", "centerline", "--store")
    assert f"written: {user / 'shed.track'}" in capsys.readouterr().out
    assert file.read_bytes() == before


def test_names_that_no_file_system_takes(csv, capsys):
    racegym("show", "x" * 300, code=2)
    assert "unknown track 'xxx" in capsys.readouterr().err
    racegym("export", str(csv), "x" * 300, code=2)
    assert "can't be written" in capsys.readouterr().err
    racegym("export", str(csv), ".", "--overwrite", code=2)
    assert "is no name of a file or folder to write a track to" in capsys.readouterr().err
    csv.rename("x" * 250 + ".csv")  # beside which no NAME_raceline.csv can stand
    racegym("show", "x" * 250 + ".csv")


def test_every_file_of_an_export_asks_before_it_replaces(capsys):
    write_track(RING.with_line([0.5] * len(RING), "test"), "lined.track", "native")
    Path("out_raceline.csv").write_text("mine")
    for form, path in (("tum", "out.csv"), ("f1tenth", "out.yaml")):
        racegym("export", "lined.track", path, "--format", form, code=2)
        assert "out_raceline.csv: exists already; --overwrite" in capsys.readouterr().err
        assert not Path(path).exists()
    racegym("export", "lined.track", "map", "--format", "f1tenth")
    racegym("export", "lined.track", "map", "--format", "f1tenth", code=2)
    assert "map.png: exists already" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["tum", "f1tenth"])
def test_no_line_of_another_is_left_beside_a_track_without(form, capsys):
    write_track(RING, "bare.track", "native")
    write_track(RING.with_line([0.5] * len(RING), "test"), "lined.track", "native")
    racegym("export", "lined.track", "a.csv", "--format", form)
    racegym("export", "bare.track", "a.csv", "--format", form, "--overwrite", code=2)
    assert "would be read as the race line of a.csv, which has none: remove it" in (
        capsys.readouterr().err
    )


def test_export_in_every_form_that_is_written(capsys):
    write_track(RING, "one.track", "native")
    for form in ("native", "native-npz", "tum"):
        racegym("export", "one.track", f"out-{form}", "--format", form)
        again = read_track(f"out-{form}", "tum" if form == "tum" else None)
        assert again.length == pytest.approx(RING.length, rel=1e-3)
        racegym("export", "one.track", f"out-{form}", "--format", form, code=2)
        assert "exists already; --overwrite replaces it" in capsys.readouterr().err
        racegym("export", "one.track", f"out-{form}", "--format", form, "--overwrite")
    racegym("export", "one.track", "x", "--format", "tmu", code=2)
    assert "no track format 'tmu' that racegym writes; did you mean 'tum'?" in (
        capsys.readouterr().err
    )


def test_generate_takes_the_options_of_a_scenario(user, capsys):
    racegym("generate", "--seed", "4", "--count", "2", "--length", "400", "--spacing", "8",
            "--name", "mine", "--runoff", ".inf", "--obstacles", "2")  # fmt: skip
    assert sorted(path.name for path in user.iterdir()) == ["mine-1.track", "mine-2.track"]
    one = read_track(user / "mine-1.track")
    assert one.hash == generate(4, length=400.0, spacing=8.0, runoff=np.inf, obstacles=2).hash
    (user / "mine-1.track").unlink()
    racegym("generate", "--length", "400", "--count", "2", "--name", "mine", code=2)
    assert "there is a track 'mine-2' already; --overwrite" in capsys.readouterr().err
    assert not (user / "mine-1.track").exists()  # all are written or none
    racegym("generate", "--length", "400", "--dry-run")
    assert "written" not in capsys.readouterr().out.splitlines()[-1]
    for arguments, said in [
        (["--style", "smoth"], "option 'style' is 'smoth'"),
        (["--length", "long"], "option 'length' is 'long'"),
        (["--length", "10"], "too short"),
        (["--direction", "[1"], "--direction [1: is no YAML"),
    ]:
        racegym("generate", *arguments, code=2)
        assert said in capsys.readouterr().err


def test_sync_tells_each_track_and_fails_for_what_was_left(user, capsys):
    racegym("generate", "--length", "400", "--spacing", "8", "--name", "a", "--into", "there")
    racegym("sync", "there", "--dry-run")
    assert f"would be, in {user}: 1 new" in capsys.readouterr().out
    racegym("sync", "there")
    racegym("sync", "there", "here")
    assert "in here: 1 new" in capsys.readouterr().out
    assert read_track(user / "a.track").hash == read_track("here/a.track").hash
    Path("there/a.track").write_text("nothing")
    racegym("sync", "there", "--overwrite", code=2)
    told = capsys.readouterr()
    assert f"in {user}: 1 broken" in told.out
    assert told.err.startswith("a: there/a.track: has no line '---' that ends its head;")
    racegym("sync", "none", code=2)
    assert "none: there is no such folder to bring tracks from" in capsys.readouterr().err


def test_formats_lists_what_is_read_and_written_and_options(capsys):
    racegym("formats")
    assert "TUM's racetrack database" in capsys.readouterr().out
    racegym("formats", "tum")
    assert "the file's " in capsys.readouterr().out
    racegym("formats", "native-npz", code=2)
    assert "no track format 'native-npz' that racegym reads" in capsys.readouterr().err


def test_names_are_completed(user):
    from racegym.cli.track_names import TRACK

    racegym("generate", "--length", "400", "--spacing", "8", "--name", "mine")
    found = TRACK.shell_complete(None, None, "mi")  # type: ignore[arg-type]
    assert [item.value for item in found] == ["mine"]


def test_a_line_is_stored_over_another_only_when_asked(csv, user, capsys):
    racegym("line", str(csv), "--kind", "shortest", "--store")
    racegym("line", str(csv), "--kind", "centerline", "--store", code=2)
    assert "--overwrite replaces it" in capsys.readouterr().err
    racegym("line", str(csv), "--kind", "centerline", "--store", "--overwrite")
    assert read_track(user / "circuit.track").line_name == "centerline"


def test_export_takes_the_form_from_the_ending_and_spares_what_is_there(capsys):
    write_track(RING, "ring.track", "native")
    for name in ("ring.svg", "ring.geojson", "ring.csv", "ring_map.yaml", "folder"):
        racegym("export", "ring.track", name)
    assert Path("ring.svg").read_text(encoding="utf-8").startswith("<svg")
    assert format_of("ring.geojson") == "geojson" and format_of("folder") == "native"
    racegym("export", "ring.track", "ring.kml", code=2)
    assert "ring.kml: racegym writes no form that ends in .kml; it writes .track, " in (
        capsys.readouterr().err
    )
    Path("drawn.png").write_bytes(b"a drawing of mine")
    racegym("export", "ring.track", "drawn", "--format", "f1tenth", code=2)
    assert "drawn.png: exists already; --overwrite replaces it" in capsys.readouterr().err
    assert Path("drawn.png").read_bytes() == b"a drawing of mine"


def test_a_map_called_map_is_read_back_with_its_centerline(capsys):
    write_track(RING, "ring.track", "native")
    racegym("export", "ring.track", "ring_map.yaml")
    assert Path("ring_centerline.csv").is_file()
    again = read_track("ring_map.yaml")
    assert again.name == "ring" and not any("direction" in note for note in again.notes)


def test_generate_writes_nothing_where_one_name_is_taken(user, capsys):
    racegym("generate", "--seed", "5", "--length", "400")
    racegym("generate", "--seed", "4", "--count", "2", "--length", "400", code=2)
    assert "a track 'club-5' already" in capsys.readouterr().err
    assert [file.name for file in user.iterdir()] == ["club-5.track"]


def test_a_choice_that_may_be_left_out_is_told_in_plain_words(capsys):
    racegym("generate", "--direction", "left", code=2)
    assert capsys.readouterr().err.strip().endswith("Valid: ccw, cw")


def test_options_tell_what_holds_without_them(capsys):
    racegym("formats", "image")
    told = capsys.readouterr().out
    assert "None" not in told and " true " in told and "on the straightest part" in told
    racegym("generate", "--help")
    told = capsys.readouterr().out
    assert "None" not in told and "[default: by style]" in told


def test_a_narrow_console_leaves_columns_out_and_cuts_no_name(user, monkeypatch, capsys):
    long = "a-name-of-twenty-four-xx"
    racegym("generate", "--name", long, "--length", "400")
    for columns in ("60", "80"):
        monkeypatch.setenv("COLUMNS", columns)
        capsys.readouterr()
        racegym("list")
        told = capsys.readouterr().out
        assert f"{long} " in told and "\u2026" not in told
        racegym("line", long, "--kind", "centerline", "--kind", "minimum_curvature")
        told = capsys.readouterr().out
        assert "minimum_curvature " in told and "\u2026" not in told
