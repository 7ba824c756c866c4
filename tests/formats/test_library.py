"""Libraries of tracks, and how one is brought up to date from another."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from racegym.errors import TrackError
from racegym.formats import library, native, read_track
from racegym.formats.sync import sync
from racegym.track import Track, generate

ONE, OTHER = (generate(seed, length=400.0, spacing=8.0) for seed in range(2))
LONG_AGO = 1_000_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A library of a file `one` and a folder `two`."""
    folder = tmp_path / "source"
    put(ONE, folder, "one.track")
    put(OTHER, folder, "two")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where there is nothing yet."""
    return tmp_path / "target"


def put(track: Track, folder: Path, name: str, age: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    native.write(track, path)
    for file in native.files_of(path):
        os.utime(file, (LONG_AGO - age, LONG_AGO - age))
    return path


def told(source: Path, target: Path, **how: bool) -> dict[str, str]:
    return {done.name: done.what for done in sync(source, target, **how)}


def content(folder: Path) -> dict[str, bytes]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


# One library


def test_your_own_library_can_be_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "mine"))
    assert library.user_library() == tmp_path / "mine"
    monkeypatch.delenv("RACEGYM_TRACKS")
    assert library.user_library().parts[-2:] == ("racegym", "tracks")


def test_files_and_folders_are_tracks_and_nothing_else_is(source):
    (source / "notes.txt").write_text("mine")
    (source / ".hidden.track").write_text("half")
    (source / "empty").mkdir()
    (source / "folder.track").mkdir()
    assert [entry.name for entry in library.entries(source)] == ["one", "two"]
    assert library.find(source, "one") == source / "one.track"
    assert library.find(source, "two") == source / "two"
    assert library.find(source, "../source/one") is None
    assert list(library.entries(source / "none")) == []


def test_two_of_one_name_are_told(source):
    put(ONE, source, "two.track")
    with pytest.raises(TrackError, match=r"holds two tracks 'two', two and two\.track"):
        library.find(source, "two")


def test_adding_takes_a_name_that_file_systems_take_and_overwrites_nothing_unasked(tmp_path):
    track = replace(ONE, name="24h: Le Mans/..")
    path = library.add(tmp_path / "new" / "library", track)
    assert path == tmp_path / "new" / "library" / "24h_Le_Mans.track"
    with pytest.raises(TrackError, match="already; --overwrite replaces it"):
        library.add(path.parent, replace(OTHER, name=track.name))
    assert read_track(path).hash == ONE.hash
    assert library.add(path.parent, replace(OTHER, name=track.name), overwrite=True) == path
    assert read_track(path).hash == OTHER.hash


def test_a_folder_stays_a_folder_when_it_is_replaced(source):
    assert library.add(source, replace(ONE, name="two"), overwrite=True) == source / "two"
    assert read_track(source / "two").hash == ONE.hash


# Two libraries


def test_new_tracks_are_copied_and_then_are_the_same(source, target):
    assert told(source, target) == {"one": "new", "two": "new"}
    assert content(target) == content(source)
    assert (target / "one.track").stat().st_mtime == LONG_AGO
    assert told(source, target) == {"one": "same", "two": "same"}


def test_a_dry_run_tells_the_same_and_does_nothing(source, target):
    assert told(source, target, dry_run=True) == {"one": "new", "two": "new"}
    assert not target.exists()
    put(ONE, target, "two", age=10)
    put(ONE, target, "three.track")
    before = content(target)
    expected = {"one": "new", "two": "changed", "three": "deleted"}
    assert told(source, target, dry_run=True, delete=True) == expected
    assert content(target) == before


@pytest.mark.parametrize("name", ["one.track", "two"])
def test_what_has_changed_is_replaced_unless_the_target_is_newer(source, target, name):
    stem = name.removesuffix(".track")
    put(generate(5, length=400.0, spacing=8.0), target, name, age=10)
    assert told(source, target)[stem] == "changed"
    assert content(target) == content(source)
    mine = replace(ONE, source="my own work")
    put(mine, target, name, age=-10)
    before = content(target)
    (left,) = (done for done in sync(source, target) if done.name == stem)
    assert left.what == "conflict"
    assert left.reason.endswith("is newer and different; --overwrite replaces it")
    assert content(target) == before
    assert told(source, target, overwrite=True)[stem] == "changed"
    assert content(target) == content(source)


def test_tracks_of_the_target_alone_stay_unless_they_are_to_go(source, target):
    put(ONE, target, "mine.track")
    put(ONE, target, "ours")
    (target / "notes.txt").write_text("mine")
    assert told(source, target) == {"one": "new", "two": "new", "mine": "kept", "ours": "kept"}
    (target / "ours" / "photo.jpg").write_text("kept")
    done = {d.name: d for d in sync(source, target, delete=True)}
    assert (done["mine"].what, done["ours"].what) == ("deleted", "kept")
    assert "it holds 'photo.jpg', which is no part of a track" in done["ours"].reason
    (target / "ours" / "photo.jpg").unlink()
    assert told(source, target, delete=True)["ours"] == "deleted"
    assert sorted(path.name for path in target.iterdir()) == ["notes.txt", "one.track", "two"]


def test_an_empty_source_removes_nothing(target, tmp_path):
    put(ONE, target, "mine.track")
    (tmp_path / "unmounted").mkdir()
    with pytest.raises(TrackError, match="every track of the target would be removed"):
        told(tmp_path / "unmounted", target, delete=True)
    assert told(tmp_path / "unmounted", target) == {"mine": "kept"}


def test_broken_tracks_are_skipped_and_told_by_their_own_file(source, target, tmp_path):
    put(ONE, target, "bad.track", age=10)
    before = content(target)
    text = (source / "one.track").read_text(encoding="utf-8")
    (source / "bad.track").write_text(text[: len(text) // 2], encoding="utf-8")
    shutil.copytree(source / "two", source / "worse")
    (source / "worse" / "track.yaml").write_text("widht: 8", encoding="utf-8")
    (source / "away.track").symlink_to(put(ONE, tmp_path, "outside.track"))
    (source / "gone.track").symlink_to(tmp_path / "nowhere.track")
    (source / "deep").mkdir()
    (source / "deep" / "track.yaml").symlink_to(source / "two" / "track.yaml")
    (source / "deep" / "centerline.csv").symlink_to(source / "two" / "centerline.csv")
    for dry_run in (True, False):
        done = {each.name: each for each in sync(source, target, dry_run=dry_run)}
        assert {name: each.what for name, each in done.items()} == {
            "one": "new", "two": "new", "bad": "broken", "worse": "broken", "away": "broken",
            "gone": "broken", "deep": "broken",
        }  # fmt: skip
        assert done["bad"].reason.startswith(f"{source / 'bad.track'}:")
        assert done["worse"].reason.startswith(f"{source / 'worse' / 'track.yaml'}:1: widht is un")
        assert "is a link that leads out of its library" in done["away"].reason
        assert "is a link that leads out of its folder" in done["deep"].reason
    after = content(target)
    assert {name: after[name] for name in before} == before
    assert sorted(path.name for path in target.iterdir()) == ["bad.track", "one.track", "two"]


def test_a_link_in_the_target_is_not_followed(source, target, tmp_path):
    outside = put(OTHER, tmp_path, "outside.track", age=99)
    before = outside.read_bytes()
    target.mkdir()
    (target / "one.track").symlink_to(outside)
    assert told(source, target, overwrite=True, delete=True)["one"] == "broken"
    assert outside.read_bytes() == before


def test_a_file_does_not_take_the_place_of_a_folder_of_that_name(source, target):
    put(ONE, target, "one")
    (done, _) = sync(source, target)
    assert (done.what, "stands in the way as one" in done.reason) == ("broken", True)
    put(ONE, source, "two.track")
    assert [done.what for done in sync(source, target)][-2:] == ["broken", "broken"]


def test_folders_must_be_two(source, target, tmp_path):
    (tmp_path / "file").write_text("x")
    for one, other, said in [
        (tmp_path / "none", target, "there is no such folder"),
        (source, tmp_path / "file", "is no folder to bring tracks to"),
        (source, source, "is the source .* or one lies in the other"),
        (source, source / "two", "is the source .* or one lies in the other"),
        (source / "two", source, "is the source .* or one lies in the other"),
    ]:
        with pytest.raises(TrackError, match=said):
            list(sync(one, other))


def test_a_copy_that_is_cut_short_leaves_what_was_there(source, target, monkeypatch):
    put(OTHER, target, "one.track", age=10)
    before = content(target)
    monkeypatch.setattr("racegym.formats.sync.os.utime", _full)
    assert set(told(source, target).values()) == {"broken"}
    assert content(target) == before


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")
