"""What the report shows of racing together: passes, contacts, penalties, rulings."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from racegym.interfaces import (
    EVENT_DETAILS,
    BlameKind,
    Event,
    EventKind,
    Offence,
    OvertakeKind,
    PenaltyKind,
    Retirement,
    Signal,
)
from racegym.race_control import telling
from racegym.race_control.telling import sentence, told
from racegym.record import RunFolder
from racegym.record.folder import read_json, write_json
from racegym.report import write_page
from racegym.report.incident_map import blamed, incident_map_figure, incidents
from racegym.report.lap_chart import lap_chart_figure
from racegym.report.moment_map import MARKED, MATRIX, stacked, track_of
from racegym.report.overtake_map import overtake_map_figure
from racegym.report.page.judged import LISTED

Make = Callable[..., RunFolder]


def passes(time: float, car: int, other: int, **figures: float) -> dict[str, Any]:
    evidence = {"counted": 1.0, "side": 1.0, "lap": 2.0, **figures}
    return {"kind": "overtake", "time": time, "car": car, "other": other, "value": 0.0,
            "evidence": evidence}  # fmt: skip


def touches(time: float, car: int, other: int, level: int = 1, **figures: float) -> dict[str, Any]:
    evidence = {"share": 1.0, "other_share": 0.0, "blame": 1.0, "since": None, **figures}
    return {"kind": "contact", "time": time, "car": car, "other": other, "value": float(level),
            "evidence": evidence}  # fmt: skip


def punished(time: float, car: int, kind: PenaltyKind, amount: float = 0.0) -> dict[str, Any]:
    return {"kind": "penalty", "time": time, "car": car, "value": float(kind),
            "evidence": {"amount": amount, "offence": 4.0, "lap": 1.0, "serve_by": 0.0,
                         "instead_of": 0.0}}  # fmt: skip


def drawn(run: RunFolder, figure_of: Callable[..., Figure | None]) -> Figure | None:
    result = read_json(run.result)
    return figure_of(run, result, result["episodes"][0])


def texts(figure: Figure | None) -> list[str]:
    assert figure is not None
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]


def test_the_examples_hold() -> None:
    assert doctest.testmod(telling).failed == 0


_FIGURES = {
    EventKind.RETIRE: Retirement, EventKind.SIGNAL: Signal, EventKind.OVERTAKE: OvertakeKind,
    EventKind.PENALTY: PenaltyKind, EventKind.PENALTY_SERVED: PenaltyKind,
}  # fmt: skip


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_words_whatever_its_figure(kind: EventKind) -> None:
    values = [float(v) for v in _FIGURES.get(kind, (1, 2, 4))]
    for value in values:
        for figure in (0.0, 1.0, -1.0):
            details = dict.fromkeys(EVENT_DETAILS.get(kind, ()), figure)
            if "offence" in details:
                details["offence"] = float(Offence.CONTACT)
            if "blame" in details:
                details["blame"] = float(BlameKind.DIVE)
            if "instead_of" in details:
                details["instead_of"] = abs(figure) * PenaltyKind.STOP_GO
            event = Event(time=0, race=0, car=0, kind=kind, value=value, other=1, details=details)
            words = sentence(event, ["Ann", "Bob"])
            assert words and "{" not in words and "None" not in words
            assert words == words.strip() and "  " not in words
    assert kind.name.lower().replace("_", " ") in (told(kind, None), told(kind, float("nan"))) or (
        told(kind, None) == told(kind, 0.0)
    )


def test_every_verdict_and_offence_has_words() -> None:
    assert set(telling.BLAMES) == set(BlameKind)
    assert set(telling.OFFENCES) == set(Offence)
    assert all(telling.penalty_words(kind, 1.0) for kind in PenaltyKind)


def test_what_follows_from_a_penalty_is_told() -> None:
    late = {"amount": 20.0, "offence": 4.0, "instead_of": float(PenaltyKind.STOP_GO)}
    assert told(EventKind.PENALTY, 2.0, late) == "gets 20 s instead of a stop-go not served"
    assert told(EventKind.PENALTY_SERVED, 4.0, {}) == "has served its stop-go"
    lapping = {"laps": -1.0, "side": 0.0}
    assert told(EventKind.OVERTAKE, 1.0, lapping, "Bob") == "unlaps itself from Bob"
    flagged = {"counted": 0.0, "under_flag": 1.0, "side": -1.0}
    words = "passes Bob on the right, not counted: under a flag"
    assert told(EventKind.OVERTAKE, 0.0, flagged, "Bob") == words


def test_passes_stand_where_they_were_on_their_side(make_run: Make) -> None:
    happened = [
        passes(20.0, 1, 0), passes(30.0, 2, 0, side=-1.0), passes(31.0, 2, 1, counted=0.0),
        {"kind": "failed_attempt", "time": 40.0, "car": 2, "other": 1, "value": 3.0,
         "evidence": {"side": 1.0}},
    ]  # fmt: skip
    run = make_run(n_cars=3, seconds=41, happened=happened)
    figure = drawn(run, overtake_map_figure)
    found = texts(figure)
    assert "2 overtakes, 1 failed" in found
    assert {"car 1 past car 0", "car 2 past car 0", "car 2 failed at car 1"} <= set(found)
    assert "car 2 past car 1" not in found  # did not count
    assert {"left, lap 2", "right, lap 2"} <= set(found)
    episode = read_json(run.result)["episodes"][0]
    track = track_of(run, episode)
    assert track is not None and figure is not None
    marks = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"][:3]
    for mark, side in zip(marks, (1, -1, 1), strict=True):
        x, y = float(mark.get_xdata()[0]), float(mark.get_ydata()[0])  # type: ignore[index,arg-type]
        near = int(np.argmin(np.hypot(track.x - x, track.y - y)))
        across = (y - track.y[near]) * track.tangent_x[near]
        across -= (x - track.x[near]) * track.tangent_y[near]
        assert np.sign(across) == side and abs(across) > track.width_left[near]


def test_thousands_of_passes_are_counted_and_the_map_is_capped(make_run: Make) -> None:
    rng = np.random.default_rng(1)
    cars = [rng.choice(64, 2, replace=False).tolist() for _ in range(3000)]
    happened = [passes(0.002 * k, *pair) for k, pair in enumerate(cars)]
    figure = drawn(make_run(n_cars=64, seconds=10, happened=happened), overtake_map_figure)
    found = texts(figure)
    assert "3000 overtakes, 0 failed" in found
    assert any(f"the first {MARKED} are marked" in text for text in found)
    assert figure is not None
    assert len(figure.axes[0].get_lines()) <= MARKED + 5
    counted = sum(int(text) for text in found if text.isdigit())
    (rest,) = [text for text in found if "between other cars" in text]
    assert counted + int(rest.split()[0]) == 3000
    assert len(figure.axes[1].get_yticklabels()) == MATRIX


def test_contacts_are_marked_by_class_and_blame(make_run: Make) -> None:
    happened = [touches(20.0, 1, 0, 4), touches(30.0, 2, 0, 0, share=0.0, other_share=0.7)]
    run = make_run(
        n_cars=3, seconds=31, happened=[*happened, touches(9.0, 0, 1, 1, share=0.0, blame=0.0)]
    )
    found = texts(drawn(run, incident_map_figure))
    assert "3 contacts" in found
    assert {"4x  ran into the back", "1x  no blame", "car 0 – car 2"} <= set(found)
    assert {"0x: 1", "1x: 1", "2x: 0", "4x: 1"} <= set(found)
    first, second, third = incidents(run, read_json(run.result)["episodes"][0])
    assert (first.time, second.time, third.time) == (9.0, 20.0, 30.0)
    assert blamed(first) is None and blamed(second) == (1, 1.0) and blamed(third) == (0, 0.7)
    assert third.lap == 2 and third.line > 0  # 20 m/s for 30 s on 300 m, 8 m behind the line
    assert first.is_placed


def test_where_nothing_happened_there_are_no_maps(make_run: Make) -> None:
    run = make_run(n_cars=1, seconds=5)
    assert drawn(run, overtake_map_figure) is None
    assert drawn(run, incident_map_figure) is None
    assert drawn(run, lap_chart_figure) is None
    page = write_page(run).read_text(encoding="utf-8")
    assert "<section hidden>\n    <h2>Contacts</h2>" in page
    assert "<section hidden>\n    <h2>Official result</h2>" in page


def test_without_telemetry_contacts_are_listed_though_nobody_knows_where(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=20, telemetry=False, happened=[touches(9.0, 0, 1)])
    assert drawn(run, incident_map_figure) is None
    page = write_page(run).read_text(encoding="utf-8")
    assert "ran into the back" in page


def test_marks_in_one_place_do_not_cover_each_other(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=21, happened=[touches(20.0, 0, 1)] * 6)
    episode = read_json(run.result)["episodes"][0]
    track = track_of(run, episode)
    assert track is not None
    places = stacked(track, incidents(run, episode), [1.0] * 6)
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert apart[~np.eye(6, dtype=bool)].min() > 0.5


def test_the_lap_chart_shows_penalties_and_the_result(make_run: Make) -> None:
    happened = [punished(10.0, 0, PenaltyKind.TIME, 30.0), punished(11.0, 1, PenaltyKind.PLACES, 1)]
    run = make_run(n_cars=3, happened=happened, names=["a" * 60])
    result = read_json(run.result)
    by_car = {row["car"]: row for row in result["classification"]}
    assert by_car[0]["penalties"][0]["penalty"] == "time"
    assert by_car[0]["penalty_time"] == 30.0
    found = texts(drawn(run, lap_chart_figure))
    assert "+30 s" in found and "+1 pl" in found
    assert {"grid", "result", "penalty"} <= set(found)
    assert "a" * 60 not in found


def test_a_result_counts_contacts_of_both_cars_and_tells_penalties(make_run: Make) -> None:
    happened = [
        touches(5.0, 0, 1, 2), touches(6.0, 2, 0, 0),
        punished(7.0, 0, PenaltyKind.DRIVE_THROUGH),
        {"kind": "penalty_served", "time": 9.0, "car": 0, "value": 3.0, "evidence": {"stood": 0.0}},
        {"kind": "disqualified", "time": 12.0, "car": 1, "value": 0.0,
         "evidence": {"offence": 4.0, "lap": 1.0}},
    ]  # fmt: skip
    rows = {
        r["car"]: r
        for r in read_json(make_run(seconds=13, happened=happened).result)["classification"]
    }
    assert rows[0]["contacts"] == {"0x": 1, "1x": 0, "2x": 1, "4x": 0}
    assert rows[1]["contacts"] == {"0x": 0, "1x": 0, "2x": 1, "4x": 0}
    assert rows[2]["contacts"] == {"0x": 1, "1x": 0, "2x": 0, "4x": 0}
    (served,) = rows[0]["penalties"]
    assert (served["penalty"], served["offence"], served["served"]) == (
        "drive_through", "contact", 9.0,
    )  # fmt: skip
    assert [p["penalty"] for p in rows[1]["penalties"]] == ["disqualification"]
    assert rows[2]["penalties"] == []


def test_the_page_lists_contacts_with_their_evidence(make_run: Make) -> None:
    run = make_run(
        seconds=13, happened=[touches(9.0, 0, 1, 4, share=0.7, delta_v=3.25), passes(12, 1, 0)]
    )
    text = write_page(run).read_text(encoding="utf-8")
    (row,) = re.findall(r"<tr><td><button[^>]*data-time=\"9.000\".*?</tr>", text)
    for part in ("car 0", "car 1", "4x", "70 % : 0 %", "ran into the back", "line 3", "3.25 m/s"):
        assert part in row
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    (episode,) = json.loads(data[1])["episodes"]
    assert [mark[0] for mark in episode["marks"]] == [9.0]
    assert [12, "overtake", 1, "passes car 0 on the left"] in episode["events"]
    assert [event[0] for event in episode["events"]] == sorted(e[0] for e in episode["events"])


def test_many_contacts_are_capped_and_it_says_so(make_run: Make) -> None:
    run = make_run(seconds=10, happened=[touches(0.005 * k, 0, 1) for k in range(1500)])
    text = write_page(run).read_text(encoding="utf-8")
    assert f"The first {LISTED} of 1,500 are listed." in text
    assert text.count("<dl class=evidence>") < LISTED


def test_the_page_shows_the_official_result_and_why(make_run: Make) -> None:
    run = make_run(seconds=12, happened=[punished(10.0, 0, PenaltyKind.TIME, 30.0)])
    result = read_json(run.result)
    row = result["episodes"][0]["classification"][0]
    write_json(run.official, {
        "episodes": [{**result["episodes"][0], "classification": [{**row, "penalty_time": 99.0}]}],
        "rulings": [{"reason": "<b>late</b>", "car": "car 0", "time": 99.0,
                     "event": {"kind": "penalty", "time": 10.0}}],
    })  # fmt: skip
    text = write_page(run).read_text(encoding="utf-8")
    assert "<section >\n    <h2>Official result</h2>" in text
    assert "+99 s" in text and "+30 s" in text
    assert "penalty at 0:10.0" in text and "&lt;b&gt;late&lt;/b&gt;" in text
    run.official.write_text("{", encoding="utf-8")
    text = write_page(run).read_text(encoding="utf-8")
    assert "The official result is left out: official.json" in text
