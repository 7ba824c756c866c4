"""Putting the page together.

The page asks nobody for anything: script, style, pictures and data stand in it, and its
content security policy lets only that one script run, so that no name in a run can bring
another.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from racegym import __version__
from racegym.errors import RunError
from racegym.interfaces import EventKind
from racegym.race_control.telling import RACE_WIDE, told
from racegym.record import RunFolder
from racegym.record.folder import read_json, write_whole
from racegym.record.result import read_events, read_laps
from racegym.record.runs import read_state
from racegym.record.shapes import read_shapes
from racegym.report.lap_times import lap_times_figure
from racegym.report.page import sections
from racegym.report.page.figures import css_colour, inline_svg
from racegym.report.page.judged import Judged, read_official, rulings_list
from racegym.report.page.replay import packed_replay, packed_shape, thinning
from racegym.report.pictures import EPISODE_FIGURES
from racegym.report.wording import lap_text

__all__ = ["write_page"]

FIGURED = 4  # episodes that get pictures, the first; a picture takes about 100 kB
EVENTS = 20_000  # that the page holds at most


def write_page(folder: RunFolder, target: Path | None = None) -> Path:
    """Write the page of a run.

    What can't be read of a run, such as telemetry that it did not keep, is left out, and the
    page says so.

    Args:
        folder: of a run that is over.
        target: the file; by default ``report.html`` in the folder.

    Returns:
        The file, which is there in full or not at all.

    Raises:
        RunError: the run's state or result can't be read, or the page can't be written.
    """
    state, result = read_state(folder), read_json(folder.result)
    path = folder.report if target is None else target
    try:
        write_whole(path, _page(folder, state, result))
    except OSError as error:
        raise RunError(
            f"can't be written: {error.strerror or error}; choose another file with --output",
            file=path,
        ) from error
    return path


def _page(folder: RunFolder, state: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    notes: list[str] = []
    judged = Judged(folder, result)
    data = _data(folder, result, judged, notes)
    figures = list(_figures(folder, result, notes))
    episodes = result["episodes"]
    script, style, template = (_asset(name) for name in ("page.js", "page.css", "page.html"))
    official = read_official(folder, notes)
    return Template(template).substitute(
        title=escape(str(state["scenario"])),
        policy=_policy(script),
        style=style,
        script=script,
        data=_json(data),
        subtitle=sections.heading_line(state),
        key_figures=sections.key_figures(result),
        options=sections.episode_options(episodes),
        one_episode="hidden" if len(episodes) < 2 else "",
        no_replay="" if any(e["replay"] for e in data["episodes"]) else "hidden",
        notes="".join(sections.note(text) for text in dict.fromkeys(notes)),
        classification=_tables(episodes) or sections.note("Nothing was driven."),
        official=_tables(official.get("episodes", ())),
        rulings=rulings_list(official.get("rulings", ())),
        no_official="" if official else "hidden",
        incidents=judged.incident_tables(),
        penalties=judged.penalty_tables(),
        no_contest="hidden" if len(result["cars"]) < 2 and not judged.punished else "",
        figures="".join(figures),
        scenario=escape(_scenario(folder)),
        about=sections.about_table(state),
        version=escape(__version__),
    )


def _tables(episodes: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        sections.of_episode(index, sections.classification_table(episode))
        for index, episode in enumerate(episodes)
    )


def _asset(name: str) -> str:
    return (files("racegym.report.page") / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _json(data: Any) -> str:
    """Return JSON that can't end the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _scenario(folder: RunFolder) -> str:
    try:
        return folder.scenario.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "# The run was of a world made in code, or its scenario.yaml is missing."


def _data(
    folder: RunFolder, result: Mapping[str, Any], judged: Judged, notes: list[str]
) -> dict[str, Any]:
    """Return what the script works on."""
    episodes, n_cars = result["episodes"], len(result["cars"])
    stride, kept = thinning(episodes, n_cars, result["dt"])
    if kept < len(episodes):
        notes.append(f"The replay holds the first {kept} of {len(episodes)} episodes.")
    events, starts = _events(folder, notes)
    shapes = read_shapes(folder.tracks)
    laps = read_laps(folder.laps)
    packed = []
    for index, episode in enumerate(episodes):
        key = episode["race"], episode["episode"]
        shape = starts.get(key, {}).get("shape", -1)
        packed.append(
            {
                "track": episode["track"],
                "shape": shape if shape < len(shapes) else -1,
                "laps": [
                    [lap.car, lap.time, lap.lap_time]
                    for lap in laps
                    if (lap.race, lap.episode) == key
                ],
                "events": events.get(key, []),
                "marks": [
                    [round(m.time, 2), round(m.x, 1), round(m.y, 1), int(m.value or 0)]
                    for m in (judged.contacts(index) if index < kept else ())
                    if m.is_placed
                ],
                "replay": (
                    _replay(folder, episode, n_cars, stride, notes) if index < kept else None
                ),
            }
        )
    used = {episode["shape"] for episode in packed if episode["replay"]}
    return {
        "cars": [
            {"name": car["name"], "colour": css_colour(index)}
            for index, car in enumerate(result["cars"])
        ],
        "laps": result["laps"],
        "shapes": {str(i): packed_shape(shapes[i]) for i in sorted(used - {-1})},
        "episodes": packed,
    }


def _replay(
    folder: RunFolder, episode: Mapping[str, Any], n_cars: int, stride: int, notes: list[str]
) -> dict[str, Any] | None:
    try:
        return packed_replay(folder, episode, n_cars, stride)
    except RunError as error:
        notes.append(f"There is no replay: {folder.telemetry.name} {error.what}.")
        return None


def _events(
    folder: RunFolder, notes: list[str]
) -> tuple[dict[tuple[int, int], list[Any]], dict[tuple[int, int], Mapping[str, Any]]]:
    """Return time, kind, car and words of each event, and the start, by race and episode."""
    events: dict[tuple[int, int], list[Any]] = {}
    starts: dict[tuple[int, int], Mapping[str, Any]] = {}
    count = 0
    for event in read_events(folder.events):
        key = event["race"], event["episode"]
        if event["kind"] == "start":
            starts[key] = event
        elif event["kind"] != "sector":  # sectors are many, and tell little
            count += 1
            if count <= EVENTS:
                row = [round(event["time"], 3), event["kind"], *_words(event)]
                events.setdefault(key, []).append(row)
    for rows in events.values():  # an overtake is told once it has been judged
        rows.sort(key=lambda row: float(row[0]))
    if count > EVENTS:
        notes.append(f"The page lists the first {EVENTS:,} of {count:,} events.")
    return events, starts


def _words(event: Mapping[str, Any]) -> tuple[int, str]:
    """Return whose an event is, -1 for the whole race, and what it was."""
    kind, value = EventKind[event["kind"].upper()], event["value"]
    if kind is EventKind.LAP:
        return event["car"], f"completes a lap in {lap_text(value)}"
    words = told(kind, value, event.get("evidence"), event.get("other_name", "another car"))
    return -1 if kind in RACE_WIDE else event["car"], words


def _figures(folder: RunFolder, result: Mapping[str, Any], notes: list[str]) -> Iterator[str]:
    overall = lap_times_figure(folder, result)
    for index, episode in enumerate(result["episodes"][:FIGURED]):
        for name, figure_of in EPISODE_FIGURES.items():
            try:
                figure = figure_of(folder, result, episode)
            except RunError:
                continue  # the notes have said so of the replay
            if figure is not None:
                hidden = " hidden" if index else ""
                svg = inline_svg(figure, f"{name}{index}")
                yield f'<figure data-episode="{index}"{hidden}>{svg}</figure>'
            if name == "lap_chart" and overall is not None and index == 0:
                yield f"<figure>{inline_svg(overall, 'lap_times')}</figure>"
    if len(result["episodes"]) > FIGURED:
        notes.append(f"Pictures of single episodes are drawn for the first {FIGURED}.")
