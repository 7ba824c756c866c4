"""A scenario to start from: a commented file, made for a backend, that runs as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from racegym import plugins
from racegym.documents.document import parse_text
from racegym.errors import BackendError, RacegymError, ScenarioError
from racegym.interfaces import BackendSpec
from racegym.plugins import Offer
from racegym.scenario.loading import load_scenario
from racegym.scenario.training import trainer_names
from racegym.scenario.vehicles import read_vehicle

__all__ = ["Task", "starting_text", "write_start"]

Task = Literal["race", "evaluate", "train"]

PREFERRED = "kart2d"  # of the installed backends, where none is asked for
ENTRANTS = 3  # cars of a race, where the backend has so many
EPISODES = 5


def write_start(file: Path, backend: str | None = None, task: Task = "race") -> Path:
    """Write a starting file.

    Args:
        file: must not exist; its folder must.
        backend: the name of an installed one; None for the default.
        task: what it is to do.

    Raises:
        ScenarioError: there is such a file, or it can't be written.
        RacegymError: the backend is unknown, or can't run a scenario here; says why.
    """
    if os.path.lexists(file):
        raise ScenarioError("exists already; give another name, or remove it first", file=file)
    text = starting_text(backend or _default_backend(), task)
    load_scenario(parse_text(text).data).world().close()  # it is to run as it is
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise ScenarioError(f"can't be written: {error.strerror}", file=file) from error
    return file


def _default_backend() -> str:
    names = plugins.load().names("backend")
    if not names:
        plugins.load().find("backend", PREFERRED)  # says what to install
    return PREFERRED if PREFERRED in names else names[0]


def starting_text(backend: str, task: Task) -> str:
    """Return a scenario for a backend, with a comment on all that one soon wants to change.

    Raises:
        RacegymError: there is no such backend, or no vehicle for it.
    """
    offer = plugins.load().find("backend", backend)
    found = offer.load()
    spec: BackendSpec = found.spec
    lines = [
        f"# {_TITLES[task]} on {backend}: {offer.summary}.",
        "#",
        "# racegym run FILE                       runs it",
        "# racegym scenario show FILE             tells all that it says, with the defaults",
        "# racegym run FILE --set seed=2          with one value replaced",
        "description: What it is about, for people.",
        f"task: {task} # race: one race; evaluate: `episodes` of them, and a report on all; train",
        "seed: 1 # of the first race; the same seed gives the same race",
    ]
    if task == "evaluate":
        lines.append(f"episodes: {EPISODES}")
    if task == "train":
        lines.append(f"trainer: {_trainer()} # `racegym plugins` lists the others")
    lines += [
        "laps: 1",
        "time_limit: 120 # [s] of race time, after which a race is ended",
        f"backend: {backend}",
        f"# dt: {spec.dt:g} # [s] between two decisions of a driver",
    ]
    lines += _track(spec, task)
    lines += [
        "rules:",
        "  retire_stuck: 10 # [s] after which a car that does not move on is retired",
        "cars: # `racegym plugins` lists the drivers; agent: a program outside, such as a learner",
    ]
    lines += _cars(found, offer, task)
    lines += _LEARNING
    return "\n".join(lines) + "\n"


_TITLES = {"race": "A race", "evaluate": "An evaluation of a driver", "train": "A training"}

_LEARNING = [
    "# What an agent sees, does, is paid for, and what ends its episode; these are the defaults.",
    "# observation: [state, lookahead]",
    "# action: steer_accel",
    "# reward: {progress: 0.5, off_track: 5.0}",
    "# termination:",
    "#   off_track: {margin: 0.0} # [m] beyond the edge",
    "#   wrong_way: {seconds: 2.0}",
    "#   stuck: {seconds: 5.0}",
    "#   laps_done: true",
    "#   time_limit: {seconds: 120.0}",
]


def _trainer() -> str:
    """Return the trainer to begin with.

    Raises:
        ScenarioError: none is installed; says where to get one.
    """
    names = trainer_names()
    if not names:
        raise ScenarioError(
            "no installed plugin brings a trainer; `racegym plugins` lists those that are known, "
            "and `racegym new-plugin trainer NAME` writes a small one that works"
        )
    return names[0]


def _track(spec: BackendSpec, task: Task) -> list[str]:
    if spec.tracks != "given":
        return ["# This backend brings its own tracks."]
    if task == "evaluate":
        return [
            "tracks: # a race drives one of them, in turn",
            "  - generate: {seed: 1, count: 3, length: 500}",
            "  # - file: my_circuit.csv # x_m, y_m, w_tr_right_m, w_tr_left_m",
        ]
    return [
        "track:",
        "  generate: {seed: 1, length: 500} # [m]; another seed, another circuit",
        "  # file: my_circuit.csv # in its place: x_m, y_m, w_tr_right_m, w_tr_left_m",
    ]


def _cars(backend: Any, offer: Offer, task: Task) -> list[str]:
    vehicle = _vehicle(backend, offer)
    told = f"vehicle: {vehicle}, " if vehicle else ""
    most = backend.spec.max_cars or ENTRANTS
    if task == "train":
        return [f"  - {{name: Car 1, {told}driver: agent}}"]
    count = 1 if task == "evaluate" else min(ENTRANTS, most)
    return [
        f"  - {{name: Car {n + 1}, {told}driver: {{name: pure_pursuit, pace: {pace}}}}}"
        for n, pace in enumerate((80, 85, 90)[:count])
    ]


def _vehicle(backend: Any, offer: Offer) -> str | None:
    """Return a vehicle that the backend takes; None for one that needs not be told.

    Raises:
        BackendError: no plugin offers one.
    """
    if backend.spec.vehicles == "own":
        return None
    default: str | None = getattr(backend, "default_vehicle", None)
    model = getattr(backend, "Vehicle", None)
    if default is not None or not (isinstance(model, type) and issubclass(model, BaseModel)):
        return default
    for name in plugins.load().names("vehicle"):
        try:
            model.model_validate(read_vehicle(name))
        except (ValidationError, RacegymError):
            continue
        return name
    raise BackendError(f"no installed plugin offers a vehicle for the backend {offer.name!r}")
