"""Cleaning: what is planted in a good drive is found, and nothing else is dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from racegym.interfaces import Status
from racegym.record.result import Lap
from racegym_cleanrl.cleaning import CleaningOptions, Finding, Motion, clean

DT, SPEED, RADIUS = 0.1, 10.0, 50.0
TURN = SPEED / RADIUS  # [rad/s]
LAP = 2 * np.pi / TURN  # [s]
N = round(3.5 * LAP / DT)


def drive() -> Motion:
    """Three laps and a half round a circle."""
    time = DT * np.arange(N + 1)
    angle = TURN * time
    return {
        "time": time,
        "x": RADIUS * np.cos(angle), "y": RADIUS * np.sin(angle),
        "yaw": (angle + np.pi / 2 + np.pi) % (2 * np.pi) - np.pi,
        "vx": np.full(N + 1, SPEED), "vy": np.zeros(N + 1), "yaw_rate": np.full(N + 1, TURN),
        "heading_error": np.zeros(N + 1), "off_track": np.zeros(N + 1, np.bool_),
        "status": np.full(N + 1, int(Status.RACING)),
    }  # fmt: skip


def laps(**changes: Any) -> list[Lap]:
    whole = [
        {"race": 0, "episode": 0, "car": 0, "number": k, "time": k * LAP, "lap_time": LAP,
         "valid": True}
        for k in (1, 2, 3)
    ]  # fmt: skip
    whole[1] |= changes
    return [Lap(**lap) for lap in whole]


def cleaned(
    motion: Motion, driven: list[Lap] | None = None, **options: Any
) -> tuple[np.ndarray, list[Finding]]:
    asked = {"complete_laps": False, "drop_before": 0.5, "drop_after": 0.3, **options}
    given = CleaningOptions(**asked)
    return clean(motion, laps() if driven is None else driven, DT, given, "mine")


def test_a_good_drive_is_kept_whole() -> None:
    kept, found = cleaned(drive())
    assert kept.all() and not found


def test_what_belongs_to_no_whole_lap_is_dropped() -> None:
    kept, (found,) = cleaned(drive(), complete_laps=True)
    assert found.reason == "part lap" and found.lap == 4
    assert found.start == pytest.approx(3 * LAP, abs=DT) and found.end == pytest.approx(N * DT)
    assert kept.sum() == pytest.approx(3 * LAP / DT, abs=1)


def test_rows_that_are_missing_are_a_gap() -> None:
    motion = {name: np.delete(values, slice(100, 104)) for name, values in drive().items()}
    kept, (found,) = cleaned(motion)
    assert found.reason == "gap" and found.steps == 1 and not kept[99]
    assert (found.start, found.end) == pytest.approx((9.9, 10.4))


def test_what_is_no_number_is_a_gap() -> None:
    motion = drive()
    motion["x"][50] = np.nan
    kept, (found,) = cleaned(motion)
    assert found.reason == "gap" and not kept[49:51].any() and kept.sum() == N - 2


def test_what_is_never_told_is_no_gap() -> None:
    motion = {**drive(), "yaw_rate": np.full(N + 1, np.nan)}
    assert cleaned(motion)[0].all()


@pytest.mark.parametrize("name", ["x", "yaw", "vx"])
def test_a_car_that_is_suddenly_elsewhere_has_jumped(name: str) -> None:
    motion = drive()
    motion[name][200:] += {"x": 4.0, "yaw": 1.0, "vx": 15.0}[name]
    kept, found = cleaned(motion)
    assert found[0].reason == "jump" and not kept[199] and kept[:199].all()
    assert found[0].steps == 1


def test_a_car_that_is_taken_off_at_the_flag_has_not_jumped() -> None:
    motion = drive()
    motion["vx"][-1], motion["status"][-1] = 0.0, Status.FINISHED
    kept, (found,) = cleaned(motion)
    assert (found.reason, found.steps) == ("over", 1) and kept[:-1].all()


def test_a_spin_goes_with_what_led_to_it_and_with_what_follows() -> None:
    motion = drive()
    motion["heading_error"][151:161] = np.linspace(1.3, 3.0, 10)
    kept, (found,) = cleaned(motion)
    assert found.reason == "spin" and found.steps == 5 + 10 + 3
    assert not kept[145:163].any() and kept[:145].all() and kept[163:].all()


def test_a_car_that_slides_sideways_or_rolls_back_spins() -> None:
    motion = drive()
    motion["vx"][101:103], motion["vy"][101:103] = 2.0, 9.0
    motion["vx"][291:314] = 10.0 - np.array([*range(12), *range(10, -1, -1)])
    kept, found = cleaned(motion)
    assert any(f.reason == "spin" and f.start < 11 for f in found)
    assert any(f.reason == "spin" and f.start > 28 for f in found)
    assert not kept[95:105].any() and not kept[297:306].any()


def test_beyond_the_edge_is_dropped_unless_it_is_to_be_kept() -> None:
    motion = drive()
    motion["off_track"][401:405] = True
    kept, (found,) = cleaned(motion)
    assert found.reason == "off track" and found.steps == 5 + 4 + 3
    assert kept.sum() == N - found.steps
    assert cleaned(motion, keep_off_track=True)[0].all()


def test_a_car_that_waits_is_dropped_and_one_that_starts_is_not() -> None:
    motion = drive()
    for start, end in ((0, 10), (300, 350)):
        for name in ("x", "y", "yaw"):
            motion[name][start:end] = motion[name][end]
        motion["vx"][start:end] = 0.0
    kept, found = cleaned(motion)
    assert kept[:9].all() and not kept[300:349].any()
    assert sum(f.steps for f in found if f.reason == "standing") == 50 - 1


def test_what_follows_the_flag_is_dropped() -> None:
    motion = drive()
    motion["status"][500:] = Status.FINISHED
    kept, found = cleaned(motion)
    assert {f.reason for f in found} == {"over"}
    assert kept[:499].all() and not kept[499:].any()


def test_laps_that_do_not_count_or_are_slow_are_dropped() -> None:
    _, (found,) = cleaned(drive(), laps(valid=False))
    assert (found.reason, found.lap) == ("invalid lap", 2)
    assert found.steps == pytest.approx(LAP / DT, abs=1)
    assert not cleaned(drive(), laps(valid=False), valid_laps=False)[1]
    slow = laps()
    quick = [slow[0], slow[1], Lap(**{**vars(slow[2]), "lap_time": 0.8 * LAP})]
    _, found_slow = cleaned(drive(), quick, slowest_lap=107.0)
    assert {f.lap for f in found_slow if f.reason == "slow lap"} == {1, 2}


def test_each_step_is_dropped_for_one_reason() -> None:
    motion = drive()
    motion["off_track"][101:120] = True
    motion["heading_error"][110:115] = 2.0
    kept, found = cleaned(motion, complete_laps=True)
    assert sum(f.steps for f in found) == (~kept).sum()
