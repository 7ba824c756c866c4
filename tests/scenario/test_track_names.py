"""Tracks that a scenario names: the project's first, then the user's, then those of plugins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from racegym.errors import ScenarioError, TrackError, UnknownNameError
from racegym.formats import library, write_track
from racegym.scenario import load_scenario
from racegym.scenario.track_names import find_track, named_tracks
from racegym.track import Track, generate

HERE, MINE, SHARED = (
    generate(seed, length=400.0 + 10 * seed, spacing=8.0, name="oval") for seed in range(3)
)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own library; the working directory has none."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "user"))
    return tmp_path / "user"


def raced(path: Path, *overrides: str) -> Track:
    (track,) = load_scenario(path, overrides).build().tracks
    return track


def test_the_nearest_library_wins(user, write, tmp_path):
    path = write("{backend: toy, track: oval}")
    library.add(user, replace(SHARED, name="ring"))
    assert raced(path, "track=ring").hash == SHARED.hash, "the user's goes before a plugin's"
    library.add(user, SHARED)
    assert raced(path).hash == SHARED.hash
    library.add(Path("tracks"), MINE)
    assert raced(path).hash == MINE.hash
    library.add(tmp_path / "tracks", HERE)
    assert raced(path).hash == HERE.hash, "beside the scenario"
    assert raced(path, "track=oval").hash == MINE.hash, "a name from outside is meant from there"
    assert raced(path, "track=ring", "track.reverse=true").name == "ring-reversed"


def test_of_very_many_names_the_nearest_and_some_are_told(user):
    user.mkdir()
    for k in range(100):
        (user / f"track-{k:03}.track").touch()
    with pytest.raises(UnknownNameError, match=r"did you mean 'track-077'\?") as caught:
        find_track("trakc-077")
    assert "track-010, " in caught.value.what and "track-090" not in caught.value.what
    assert caught.value.what.endswith("more")


def test_a_file_called_tracks_is_no_library(user):
    library.add(user, MINE)
    Path("tracks").write_text("a list of tracks that I like", encoding="utf-8")
    assert find_track("oval")[1] == "user"


def test_the_resolved_scenario_keeps_which_track_was_meant(user, write):
    path = library.add(user, MINE)
    tracks = load_scenario(write("{backend: toy, tracks: [oval, {name: ring}]}")).resolved()[
        "tracks"
    ]
    assert tracks == [{"file": str(path), "reverse": False}, {"name": "ring", "reverse": False}]


def test_an_unknown_name_tells_the_nearest_of_all(user, refusal):
    library.add(user, MINE)
    (told,) = refusal("{backend: toy, track: ovla}")
    assert told.startswith("FILE:1: track.name: unknown track 'ovla'; did you mean 'oval'? Valid: ")
    assert "no_ring, oval, ring" in told
    with pytest.raises(UnknownNameError, match="unknown track 'rang'; did you mean 'ring'"):
        find_track("rang")


def test_two_of_one_name_in_a_library_are_told(user, refusal):
    write_track(MINE, library.add(user, MINE).with_suffix(""), "native")
    (told,) = refusal("{backend: toy, track: oval}")
    assert "holds two tracks 'oval'" in told


def test_named_tracks_tell_whose_they_are(user):
    library.add(user, MINE)
    library.add(Path("tracks"), HERE)
    found = [(track.name, track.origin) for track in named_tracks() if track.origin != "racegym"]
    assert found == [
        ("oval", "project"), ("oval", "user"), ("no_ring", "racegym-toy"), ("ring", "racegym-toy"),
    ]  # fmt: skip
    own = {track.name for track in named_tracks() if track.origin == "racegym"}
    assert own == {"hillside", "meadow", "workshop"}
    assert next(named_tracks()).read().hash == HERE.hash


def test_a_path_is_no_name(user, tmp_path):
    library.add(user, MINE)
    write_track(HERE, Path("oval"), "native")
    assert find_track("oval")[1] == "user"
    track, origin, path = find_track("./oval")
    assert (track.hash, origin, path) == (HERE.hash, "file", Path("oval"))
    library.find(user, "oval").unlink()
    assert find_track("oval")[0].hash == HERE.hash, "a folder, where there is no such name"
    with pytest.raises(TrackError, match="there is no such track file"):
        find_track("none.track")


def test_a_track_of_a_plugin_takes_no_options(user):
    assert find_track("ring")[1] == "racegym-toy"
    with pytest.raises(ScenarioError, match="'ring' is one of racegym-toy, and takes no options"):
        find_track("ring", options={"width": 3})


def test_files_and_folders_of_any_form_with_their_options(write, tmp_path, refusal):
    write_track(MINE, tmp_path / "circuit", "native")
    write_track(MINE, tmp_path / "circuit.csv", "tum")
    assert raced(write("{backend: toy, track: ./circuit}")).hash == MINE.hash
    named = "{backend: toy, track: {file: circuit.csv, format: tum, options: {name: mine}}}"
    assert raced(write(named)).name == "mine"
    assert load_scenario(write(named)).resolved()["track"]["options"] == {"name": "mine"}
    with pytest.raises(ScenarioError, match="track format 'tum' has no option 'nmae'; did you"):
        raced(write(named.replace("name: mine", "nmae: mine")))
    with pytest.raises(UnknownNameError, match="no track format 'tmu' that racegym reads; did you"):
        raced(write(named.replace("format: tum", "format: tmu")))
    (told,) = refusal("{backend: toy, track: {name: ring, options: {name: a}}}")
    assert "options is of a file, and name stands here" in told
