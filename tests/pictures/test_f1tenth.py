"""F1TENTH maps: real ones lapped, written ones read back, and every refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from driven_laps import assert_lapped
from PIL import Image
from scipy import ndimage
from scipy.spatial import cKDTree

from racegym.cli import main
from racegym.errors import ScenarioError, TrackError, TrackPictureError
from racegym.formats import format_of, read_track, write_track
from racegym.formats.registry import outputs_of
from racegym.track import Track, generate

FOUND = {"centerline": False}
REAL = {"berlin": (67.5, 69.5, 3.85), "vegas": (468.0, 473.0, 4.1)}  # lap [m], width [m]
PACE = 90.0  # [%] of its speed profile; at 100 pure pursuit runs wide into a wall of vegas


@pytest.fixture(scope="module")
def generated() -> Track:
    track = generate(5, length=60.0, width=2.2, min_radius=2.0)
    return track.with_line(0.4 * np.sin(2.0 * np.pi * np.arange(len(track)) / len(track)), "wavy")


@pytest.fixture
def written(generated, tmp_path) -> Path:
    write_track(generated, tmp_path / "club.yaml", "f1tenth")
    return tmp_path / "club.yaml"


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return path


def places(track: Track) -> np.ndarray:
    return np.column_stack([track.x + track.origin[0], track.y + track.origin[1]])


def assert_same(track: Track, other: Track, tolerance: float) -> None:
    apart, at = cKDTree(places(other)).query(places(track))
    assert apart.max() < tolerance + other.spacing
    for side in ("width_left", "width_right"):
        assert np.abs(getattr(track, side) - getattr(other, side)[at]).max() < 2.0 * tolerance
    assert track.length == pytest.approx(other.length, rel=0.005)


def test_what_is_written_reads_back(generated, written, tmp_path):
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["club.png", "club.yaml", "club_centerline.csv", "club_raceline.csv"]
    assert format_of(written) == format_of(tmp_path / "club.png") == "f1tenth"
    again = read_track(written)
    assert again.name == "club"
    assert again.length == pytest.approx(generated.length, rel=1e-6)
    np.testing.assert_allclose(again.x, generated.x, atol=1e-3)
    np.testing.assert_allclose(again.width_left, generated.width_left, atol=1e-3)
    np.testing.assert_allclose(again.line, generated.line, atol=2e-3)
    assert (again.kerb_width, again.runoff) == (0.0, 0.0)


def test_a_map_by_the_name_that_maps_have_reads_back(generated, tmp_path):
    """NAME_map.yaml goes with NAME_centerline.csv: of the project that the form is from."""
    files = write_track(generated, tmp_path / "club_map.yaml", "f1tenth")
    assert sorted(file.name for file in files) == [
        "club_centerline.csv", "club_map.png", "club_map.yaml", "club_raceline.csv",
    ]  # fmt: skip
    assert files == outputs_of(generated, tmp_path / "club_map.yaml", "f1tenth")
    assert all(file.is_file() for file in files)
    again = read_track(tmp_path / "club_map.yaml")
    np.testing.assert_allclose(again.x, generated.x, atol=1e-3)
    np.testing.assert_allclose(again.line, generated.line, atol=2e-3)


def test_no_file_is_replaced_unasked(generated, tmp_path, capsys):
    write_track(generated, tmp_path / "a.track", "native")
    drawing = tmp_path / "club.png"
    drawing.write_bytes(b"a drawing")
    args = ["tracks", "export", str(tmp_path / "a.track"), str(tmp_path / "club.yaml")]
    args += ["--format", "f1tenth"]
    assert main(args) == 2
    assert "club.png: exists already; --overwrite replaces it" in capsys.readouterr().err
    assert drawing.read_bytes() == b"a drawing" and not (tmp_path / "club.yaml").exists()
    assert main([*args, "--overwrite"]) == 0
    assert read_track(tmp_path / "club.yaml").length == pytest.approx(generated.length, rel=1e-6)


def test_the_middle_line_is_found_within_a_pixel(generated, written, tmp_path):
    ccw = np.sum(generated.curvature) > 0
    options = {**FOUND, "direction": "ccw" if ccw else "cw", "raceline": False}
    found = read_track(written, options=options)
    pixel = float(written.read_text("utf-8").split("resolution: ")[1].split()[0])
    assert_same(found, generated, pixel)
    assert any("straightest" in note or "origin" in note for note in found.notes)

    (tmp_path / "second").mkdir()
    write_track(found, tmp_path / "second" / "club.png", "f1tenth")
    again = read_track(tmp_path / "second" / "club.png", options=options)
    assert_same(again, found, pixel)


def test_the_race_line_follows_a_centerline_that_was_found(generated, written):
    ccw = np.sum(generated.curvature) > 0
    track = read_track(written, options={**FOUND, "direction": "ccw" if ccw else "cw"})
    assert track.line is not None
    assert np.abs(track.line).max() == pytest.approx(0.4, abs=0.1)


def test_the_map_may_be_turned_and_negated(written, generated):
    straight = read_track(written, options=FOUND)
    image = Image.open(written.with_suffix(".png"))
    Image.fromarray(255 - np.asarray(image)).save(written.with_suffix(".png"))
    changed(written, "negate: 0", "negate: 1")
    changed(written, ", 0.0]", ", 1.5707963267948966]")
    options = {**FOUND, "raceline": False}
    turned = read_track(written, options=options)
    assert turned.length == pytest.approx(straight.length, rel=1e-3)
    origin = [float(v) for v in written.read_text("utf-8").split("[")[1].split("]")[0].split(",")]
    away = places(straight) - origin[:2]
    expected = np.column_stack([-away[:, 1], away[:, 0]]) + origin[:2]
    assert cKDTree(places(turned)).query(expected)[0].max() < turned.spacing


def test_names_with_map_and_direction_and_start(written):
    for path in list(written.parent.iterdir()):
        path.rename(path.with_name(path.name.replace("club.", "club_map.")))
    path = changed(written.with_name("club_map.yaml"), "club.png", "club_map.png")
    track = read_track(path)
    assert track.name == "club"
    assert "club_centerline.csv" in track.notes[0]
    start = places(track)[len(track) // 3]
    for direction, sign in (("cw", -1.0), ("ccw", 1.0)):
        found = read_track(path, options={**FOUND, "direction": direction, "start": start.tolist()})
        assert np.sum(found.curvature) * sign > 0.0
        assert np.hypot(*(places(found)[0] - start)) < 0.2


@pytest.mark.parametrize("name", ["berlin", pytest.param("vegas", marks=pytest.mark.slow)])
def test_real_maps_give_a_middle_line_that_is_lapped_both_ways(shared, name):
    track = read_track(shared / "tracks" / "f1tenth" / f"{name}.yaml")
    shortest, longest, width = REAL[name]
    assert shortest < track.length < longest
    assert np.median(track.width_left + track.width_right) == pytest.approx(width, abs=0.15)
    assert np.abs(track.curvature).max() < 2.0
    assert_between_the_walls(track, shared / "tracks" / "f1tenth" / f"{name}.png", pixel=0.05)
    assert_lapped([track, track.reversed()], "rc_car", PACE)


def assert_between_the_walls(track: Track, picture: Path, pixel: float) -> None:
    """Assert that no edge lies more than two pixels behind a wall."""
    origin = picture.with_suffix(".yaml").read_text("utf-8").split("[")[1].split(",")[:2]
    with Image.open(picture) as image:
        free = np.pad(np.asarray(image.convert("L"))[::-1] > 205, 8)
    behind = ndimage.distance_transform_edt(~free)
    s = track.spacing * np.arange(len(track))
    for d in (track.width_left, 0.0 * s, -track.width_right):
        x, y, _ = track.at(s, d)
        column = (x + track.origin[0] - float(origin[0])) / pixel - 0.5 + 8
        row = (y + track.origin[1] - float(origin[1])) / pixel - 0.5 + 8
        depth = behind[np.rint(row).astype(int), np.rint(column).astype(int)]
        assert depth.max() < (2.9 if d.any() else 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_maps_of_generated_tracks_read_back_within_a_pixel(tmp_path, seed):
    track = generate(seed, length=900.0, width=9.0, min_radius=12.0)
    write_track(track, tmp_path / "t.yaml", "f1tenth")
    pixel = float((tmp_path / "t.yaml").read_text("utf-8").split("resolution: ")[1].split()[0])
    direction = "ccw" if np.sum(track.curvature) > 0 else "cw"
    assert_same(
        read_track(tmp_path / "t.yaml", options={**FOUND, "direction": direction}), track, pixel
    )


IMAGE = 'image: "club.png"'
BAD = [
    (IMAGE, "image: ../club.png", r":1: image is '../club.png', outside the folder"),
    (IMAGE, "image: /etc/passwd", r":1: image is '/etc/passwd', outside"),
    (IMAGE, "image: 'C:\\club.png'", r":1: .* outside the folder"),
    (IMAGE, "image: link.png", r":1: image is 'link.png', outside the folder"),
    (IMAGE, "image: loop.png", r":1: image is 'loop.png'"),
    (IMAGE, "image: none.png", r":1: image is 'none.png'; there is no such file"),
    (IMAGE, "image: [1]", r":1: image must be the name of a picture"),
    ("resolution: ", "resolutoin: ", r":2: resolutoin is no key of a map; did you mean 'resol"),
    ("resolution: 0", "resolution: -0", r":2: resolution is -0\.\d+; it must be above 0"),
    ("resolution: 0", "resolution: .nan #", r":2: resolution is 'nan'; it must be a finite"),
    ("origin: [", "origin: [.inf, ", r":3: origin "),
    ("origin: [", "origin: [.inf] #", r":3: origin must be \[x, y, heading\]"),
    ("origin: [", "origin: [x, 1] #", r":3: origin is 'x'"),
    ("origin: [", "origin: [1e12, 1] #", r":3: origin is larger than any map"),
    ("origin: ", "#", "does not say 'origin'"),
    ("negate: 0", "negate: 7", r":4: negate must be 0 or 1"),
    ("free_thresh: 0.196", "free_thresh: 0.9", r":6: free_thresh must keep 0 < free_thresh"),
    ("negate: 0", "negate: !!python/object:os.system 0", r":4: "),
    ("negate: 0", "negate: [", "club.yaml:"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_a_bad_map_is_told_plainly(written, old, new, message):
    outside = written.parent.parent / f"{written.parent.name}_outside.png"
    outside.write_bytes(written.with_suffix(".png").read_bytes())
    written.with_name("link.png").symlink_to(outside)
    written.with_name("loop.png").symlink_to("loop.png")
    changed(written, old, new)
    with pytest.raises(TrackError, match=message) as info:
        read_track(written, form="f1tenth", options=FOUND)
    assert info.value.file == str(written)


def test_a_map_may_be_a_link_as_its_picture_is(written, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    for file in (written, written.with_suffix(".png")):
        (folder / file.name).symlink_to(file)
    assert read_track(folder / written.name, form="f1tenth", options=FOUND).length > 0


def test_other_refusals(written, tmp_path):
    with pytest.raises(TrackError, match=r"start \[50, 50\] is .* m off the middle"):
        read_track(written, options={**FOUND, "start": [50, 50]})
    with pytest.raises(ScenarioError, match="did you mean 'smoothing'"):
        read_track(written, options={"smooting": 1})
    other = generate(6, length=60.0, width=2.2, min_radius=2.0)
    write_track(other, tmp_path / "other", "f1tenth")
    (tmp_path / "other_centerline.csv").replace(tmp_path / "club_centerline.csv")
    with pytest.raises(
        TrackError, match=r"club_centerline\.csv: leaves the free area of club\.png"
    ):
        read_track(written, options={"raceline": False})
    (tmp_path / "club.yaml").unlink()
    with pytest.raises(TrackError, match=r"has no club\.yaml beside it"):
        read_track(tmp_path / "club.png", form="f1tenth")


def test_a_map_without_a_loop_is_refused_with_a_picture(written):
    image = np.asarray(Image.open(written.with_suffix(".png"))).copy()
    image[: image.shape[0] // 2] = 0
    Image.fromarray(image).save(written.with_suffix(".png"))
    with pytest.raises(TrackPictureError, match=r"club\.png: shows a track that does not") as info:
        read_track(written, options=FOUND)
    assert info.value.picture.dtype == np.uint8
    assert info.value.picture.ndim == 3


def test_nothing_is_half_written(generated, tmp_path):
    with pytest.raises(TrackError, match="can't be written"):
        write_track(generated, tmp_path / "no" / "t.yaml", "f1tenth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_long_track_gets_a_map_of_bounded_size(tmp_path):
    track = generate(2, length=9000.0, width=12.0)
    write_track(track, tmp_path / "long", "f1tenth")
    with Image.open(tmp_path / "long.png") as image:
        width, height = image.size
    assert width * height < 13_000_000
