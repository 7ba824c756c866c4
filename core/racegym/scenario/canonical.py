"""The short ways of writing a scenario, spelt out, and what is not said, filled in.

Works on plain data before anything is checked, so it leaves alone whatever it does not
understand: the check that follows names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from racegym.entrants.source import is_source
from racegym.scenario.faults import Location

__all__ = [
    "AGENT",
    "FILES",
    "PROFILE_KEYS",
    "alternatives",
    "fill_in",
    "is_path",
    "spell_out",
    "spelt_out",
]

AGENT = "agent"  # the driver of a car that is controlled from outside
PROFILE_KEYS = ("observation", "action", "reward", "termination", "critic_observation")
INHERITED_KEYS = (*PROFILE_KEYS, "action_repeat")
FLATTEN = "flatten"  # of an observation by label: the one key that is no label
TRACK_KEYS = ("file", "generate", "name")

LAPS_DONE = "laps_done"
FILES = (  # endings of what a vehicle, a track or a scenario may stand in
    ".yaml", ".yml", ".csv", ".track", ".png", ".pgm", ".ppm", ".jpg", ".jpeg", ".bmp", ".gif",
    ".tif", ".tiff", ".webp", ".xml", ".json", ".geojson", ".kml", ".gpx", ".osm", ".vbo",
)  # fmt: skip

DEFAULT_LAPS = 3
OBSERVATION = ["state", "lookahead"]
ACTION = "steer_accel"
REWARD = {"progress": 0.5, "off_track": 5.0}
TERMINATION = {
    "off_track": {"margin": 0.0},
    "wrong_way": {"seconds": 2.0},
    "stuck": {"seconds": 5.0},
    "laps_done": {},
    "time_limit": {"seconds": 120.0},
}


def is_path(text: str) -> bool:
    """Tell whether text that names a vehicle, a track or a scenario is the path of a file."""
    return "/" in text or "\\" in text or text.lower().endswith(FILES)


def alternatives(location: Location) -> tuple[str, ...]:
    """Return the keys beside ``location`` that setting it excludes."""
    if location == ("track",):
        return ("tracks",)
    if location == ("tracks",):
        return ("track",)
    if _is_track(location[:-1]) and location[-1] in TRACK_KEYS:
        return tuple(key for key in TRACK_KEYS if key != location[-1])
    return ()


def _is_track(location: Location) -> bool:
    return location == ("track",) or (len(location) == 2 and location[0] == "tracks")


def spelt_out(location: Location, value: Any) -> Any:
    """Return the mapping that a short form at ``location`` stands for; others unchanged."""
    if location == ("backend", "workers"):
        return value if isinstance(value, dict) or value is None else {"count": value}
    if isinstance(value, str):
        if location == ("rules", "penalties"):
            return {"preset": value}
        if _is_track(location):
            return {"file": value} if is_path(value) else {"name": value}
        return {"base" if location[-1] == "vehicle" else "name": value}
    in_reward = "reward" in location[:3] and location[-1] != "reward"
    if in_reward and isinstance(value, int | float) and not isinstance(value, bool):
        return {"weight": value}
    if value is True:
        return {}
    return value


def fill_in(data: dict[str, Any]) -> None:
    """Fill in what ``data`` does not say; ``--set`` arguments then find it in its place.

    A key of the scenario without a value is as good as missing.
    """
    for key in [key for key, value in data.items() if value is None]:
        del data[key]
    defaults = {
        "laps": DEFAULT_LAPS,
        "cars": [{}],
        "observation": OBSERVATION,
        "action": ACTION,
        "reward": REWARD,
        "termination": TERMINATION,
    }
    for key, value in defaults.items():
        data.setdefault(key, deepcopy(value))


def spell_out(data: dict[str, Any]) -> list[Location]:
    """Spell out every short form in ``data``, and let profiles inherit from the default one.

    Returns:
        What profiles have inherited.
    """
    for key in ("backend", "track", "trainer"):
        if key in data:
            data[key] = spelt_out((key,), data[key])
    for key in ("tracks", "realism", "relief"):
        if isinstance(data.get(key), list):
            data[key] = [spelt_out((key, i), entry) for i, entry in enumerate(data[key])]
    _spell_out_cars(data.get("cars"))
    for profile in _profiles(data):
        _spell_out_profile(profile, data.get("laps"))
    return list(_inherit(data))


def _spell_out_cars(cars: Any) -> None:
    for car in cars if isinstance(cars, list) else []:
        if isinstance(car, dict):
            driver = car.get("driver")
            car["driver"] = spelt_out(("driver",), AGENT if driver is None else driver)


def _profiles(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield data
    others = data.get("profiles")
    for profile in others.values() if isinstance(others, dict) else ():
        if isinstance(profile, dict):
            yield profile


def _inherit(data: dict[str, Any]) -> Iterator[Location]:
    others = data.get("profiles")
    for name, profile in others.items() if isinstance(others, dict) else ():
        if isinstance(profile, dict):
            for key in INHERITED_KEYS:
                if key in data and key not in profile:
                    profile[key] = deepcopy(data[key])
                    yield "profiles", name, key


def _spell_out_profile(profile: dict[str, Any], laps: Any) -> None:
    for key in INHERITED_KEYS:
        if key in profile and profile[key] is None:
            del profile[key]
    for key in ("observation", "critic_observation"):
        if key in profile:
            profile[key] = _sensors(profile[key])
    if "action" in profile:
        profile["action"] = spelt_out(("action",), profile["action"])
    for key in ("reward", "termination"):
        if key in profile:
            profile[key] = _labelled(profile[key], key)
    _take_laps(profile.get("termination"), laps)


def _take_laps(termination: Any, laps: Any) -> None:
    """Let ``laps_done`` take the race distance where it is not told one of its own."""
    if not isinstance(termination, dict) or not isinstance(laps, int):
        return
    for label, stage in list(termination.items()):
        if isinstance(stage, dict) and stage.get("name") == LAPS_DONE and "laps" not in stage:
            if laps > 0:
                stage["laps"] = laps
            elif laps == 0:  # a race without an end
                del termination[label]


def _sensors(value: Any) -> Any:
    """Return a list of sensors, or a mapping of them for an observation by name."""
    if isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("name"), str)):
        value = [value]
    if isinstance(value, list):
        return [spelt_out(("observation", i), entry) for i, entry in enumerate(value)]
    if isinstance(value, dict) and FLATTEN in value:
        others = {label: entry for label, entry in value.items() if label != FLATTEN}
        return {**_labelled(others, "observation"), FLATTEN: value[FLATTEN]}
    return _labelled(value, "observation")


def _label(name: str) -> str:
    """Return what a stage is called that has only a name: of a file, the class in it."""
    return name.rpartition(":")[2] if is_source(name) else name


def _labelled(value: Any, key: str) -> Any:
    """Return stages by label; the label is the name where none is given."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        if not all(isinstance(entry, str) for entry in value):
            return value
        value = {_label(entry): entry if is_source(entry) else None for entry in value}
    if not isinstance(value, dict):
        return value
    found = {}
    for label, entry in value.items():
        if entry is False:
            continue
        full = {} if entry is None else spelt_out((key, label), entry)
        if isinstance(full, dict):
            full = {"name": full.get("name", label), **full}
        found[label] = full
    return found
