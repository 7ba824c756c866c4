"""The tasks of the benchmark: data in files that are frozen, each with a hash to cite it by.

A task says what is learned on, for how long, and what the policy is judged on afterwards. What
it means never changes: a better one is a new version, in a file of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from racegym import plugins
from racegym.documents.document import parse_text
from racegym.errors import ScenarioError, UnknownNameError, nearest
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.track_names import find_path

__all__ = ["HeldOut", "Task", "every_task", "find_task", "reserved_names"]

FOLDER = files("racegym.benchmark") / "frozen"
HASH_DIGITS = 16


@dataclass(frozen=True)
class HeldOut:
    """What a policy is judged on.

    Attributes:
        scenario: with the number of episodes and the seed of the first.
        missing: names of tracks that no library here has, which are left out.
    """

    scenario: Scenario
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task of one version.

    Attributes:
        name: of it.
        version: from 1.
        summary: in a few words.
        steps: decisions to learn for.
        data: all that its file says.
        text: of its file.
    """

    name: str
    version: int
    summary: str
    steps: int
    data: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False, compare=False)

    @property
    def selector(self) -> str:
        """Name and version, as results are cited: ``trial-state-v1``."""
        return f"{self.name}-v{self.version}"

    @cached_property
    def hash(self) -> str:
        """16 hex digits of all that the task says, in whatever order and layout."""
        text = json.dumps(self.data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]

    def training(self, trainer: Mapping[str, Any], seed: int, action: Any = None) -> dict[str, Any]:
        """Return the scenario that is learned on, as a mapping.

        Args:
            trainer: its name and its options; ``steps`` are the task's where they are not said.
            seed: of the training.
            action: the action map, as a scenario names it; None for the task's.
        """
        chosen = {} if action is None else {"action": action}
        return {
            "name": self.selector,
            "task": "train",
            **_copied(self.data["train"]),
            **chosen,
            "seed": seed,
            "trainer": {"steps": self.steps, **trainer},
        }

    def test(self) -> HeldOut:
        """Return what is judged on, without the tracks that are not there.

        Raises:
            ScenarioError: none of its tracks is there; says how to import them.
        """
        train = {k: v for k, v in _copied(self.data["train"]).items() if k != "training"}
        changes = _copied(self.data["test"])
        for key, other in (("track", "tracks"), ("tracks", "track")):
            if key in changes:
                train.pop(other, None)
        data = {"name": f"{self.selector}-test", "task": "evaluate", **train, **changes}
        missing = tuple(name for name in self.imported if not _is_there(name))
        if "tracks" in data:
            data["tracks"] = [t for t in data["tracks"] if t.get("name") not in missing]
            if not data["tracks"]:
                raise ScenarioError(
                    f"the task {self.name} is driven on circuits that come from files, and no "
                    f"library here has one of them; import some of {', '.join(missing)}: "
                    "racegym tracks import PATH --name NAME"
                )
        return HeldOut(load_scenario(data), missing)

    @property
    def imported(self) -> tuple[str, ...]:
        """Names of the tracks that come from files, which not everybody has."""
        tracks = self.data["test"].get("tracks", [])
        return tuple(track["name"] for track in tracks if "name" in track)


def _copied(data: Any) -> Any:
    return json.loads(json.dumps(data))


def _is_there(name: str) -> bool:
    return find_path(name) is not None or name in plugins.load().names("track")


def every_task() -> list[Task]:
    """Return the newest version of each task."""
    newest: dict[str, Task] = {}
    for task in _read():
        if isinstance(task, Task):
            known = newest.get(task.name)
            if known is None or task.version > known.version:
                newest[task.name] = task
    return list(newest.values())


def reserved_names() -> dict[str, str]:
    """Return the names that are kept for tasks to come, and what these will be about."""
    return dict(item for item in _read() if not isinstance(item, Task))


def find_task(name: str) -> Task:
    """Return a task by its name, the newest version, or by name and version: ``trial-state-v1``.

    Raises:
        UnknownNameError: there is none, or its name is only reserved.
    """
    tasks = [task for task in _read() if isinstance(task, Task)]
    found = [task for task in tasks if name in (task.name, task.selector)]
    if found:
        return max(found, key=lambda task: task.version)
    about = reserved_names().get(name)
    names = [task.name for task in every_task()]
    if about is not None:
        raise UnknownNameError(
            f"the name {name!r} is kept for a task to come ({about}); there is none yet. "
            f"Valid: {', '.join(names)}"
        )
    raise UnknownNameError(f"there is no task {name!r}; {nearest(name, names)}")


@cache
def _read() -> tuple[Task | tuple[str, str], ...]:
    """Return what each file says, once: they are frozen."""
    return tuple(_parsed())


def _parsed() -> Iterator[Task | tuple[str, str]]:
    for file in sorted(FOLDER.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        text = file.read_text(encoding="utf-8")
        data = _copied(parse_text(text).data)
        if "reserved" in data:
            yield data["name"], data["reserved"]
        else:
            yield Task(data["name"], data["version"], data["summary"], data["steps"], data, text)
