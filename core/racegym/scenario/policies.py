"""``driver: {policy: PATH}``: which driver it is that drives with a policy's file.

A driver says with ``policy_suffixes`` which files it takes under its option ``file``. A folder
is that of a training, and stands for the checkpoint to drive with. In place of a path there may
be the name of a policy that a plugin brings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.errors import RacegymError, ScenarioError, nearest
from racegym.plugins.offer import CORE, Offer
from racegym.scenario.faults import Faults, Location
from racegym.scenario.files import absolute, missing

__all__ = ["POLICY", "find_policy", "named_policy", "settle_policies", "settle_policy"]

POLICY = "policy"  # the key under a driver
NOBODY = "idle"  # the driver in the place of one that was not found, while faults are collected
TRAINING = "train.json"  # of a training's folder
CHECKPOINTS = "checkpoints"  # the folder in it


def settle_policies(data: dict[str, Any], faults: Faults) -> None:
    """Replace every ``{policy: PATH}`` in a scenario's plain data by the driver that it means."""
    for key, inner in (("cars", "driver"), ("relief", None)):
        entries = data.get(key)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            stage = entry.get(inner) if inner is not None and isinstance(entry, dict) else entry
            location: Location = (key, index) if inner is None else (key, index, inner)
            if isinstance(stage, dict):
                settle_policy(stage, location, faults)


def settle_policy(stage: dict[str, Any], location: Location, faults: Faults) -> None:
    """Give a driver that is written as ``{policy: PATH}`` its name and its option ``file``.

    Args:
        stage: the driver's entry, changed in place. One with a name is left alone: its
            ``policy``, if it has one, is an option of its own.
        location: where it stands.
        faults: takes what is wrong.
    """
    if POLICY not in stage or "name" in stage:
        return
    at = (*location, POLICY)
    path = stage[POLICY]
    try:
        if "file" in stage:
            raise ScenarioError("says what file says, too; leave one of them out")
        if not isinstance(path, str) or not path:
            raise ScenarioError(
                f"is {path!r}; give the path of a policy's file or of a training's folder, or the "
                "name of a policy"
            )
        known = named_policy(path)
        name, file = find_policy(known or absolute(path, faults.places.folder(at)))
    except RacegymError as error:
        faults.add_error(at, error)
        stage.clear()  # nothing more is to be found wrong with it
        stage["name"] = NOBODY
        return
    del stage[POLICY]
    stage.update(name=name, file=str(file))


def named_policy(text: str) -> Path | None:
    """Return the file of a policy that a plugin brings, None if ``text`` is the name of none.

    A name comes before a file that is called the same; that one is written ``./NAME``.

    Raises:
        UnknownNameError: a plugin that is not there would bring it; says how to install that.
        PluginError: several plugins bring a policy of that name, or its file is missing.
    """
    offers, known = plugins.load().offers("policy"), plugins.known_plugins().values()
    brought = any(text in (offer.name, offer.selector) for offer in offers)
    if not brought and not any(f"policy:{text}" in entry.provides for entry in known):
        return None
    return plugins.load().find("policy", text).path()


def find_policy(path: Path) -> tuple[str, Path]:
    """Return the name of the driver that drives with a policy, and the policy's file.

    Args:
        path: a file, or the folder of a training, which stands for its checkpoint to drive with;
            a folder of several trainings stands for the latest.

    Raises:
        ScenarioError: there is no such file, or no driver that takes it.
    """
    named: str | None = None
    file = path
    try:
        folder = path.is_dir()
    except (OSError, ValueError):
        folder = False
    if folder:
        file, named = _checkpoint_of(path)
    else:
        reason = missing(path)
        if reason:
            raise ScenarioError(reason + _hint(path.name))
        if path.parent.name == CHECKPOINTS and (path.parent.parent / TRAINING).is_file():
            named = _training(path.parent.parent).get("driver")
    return _driver_of(named, file), file.absolute()


def _hint(name: str) -> str:
    """Return which policies plugins bring, where one of them may have been meant."""
    if Path(name).suffix:
        return ""
    known = plugins.load().names("policy")
    return f"; of policies that have a name, {nearest(name, known)}" if known else ""


def _driver_of(named: Any, file: Path) -> str:
    """Return the driver that a training names for its checkpoints, or else one by the ending.

    Raises:
        ScenarioError: there is neither; says what the named one lacks.
    """
    if not isinstance(named, str):
        return _driver_for(file)
    try:
        plugins.load().find("driver", named)
    except RacegymError as error:
        try:
            return _driver_for(file)
        except ScenarioError:
            raise ScenarioError(
                f"its training drives with {named!r}: {error.what}", file=file
            ) from error
    return named


def _driver_for(file: Path) -> str:
    """Return the selector of the driver that takes a file, by its ending."""
    suffix, offers = file.suffix.lower(), plugins.load().offers("driver")
    known: dict[str, list[Offer]] = {}
    broken: dict[str, str] = {}
    # racegym's own come first: those of plugins may import an engine to be asked.
    for own in (True, False):
        for offer in offers:
            if (offer.dist == CORE) is own:
                try:
                    takes = getattr(offer.load(), "policy_suffixes", ())
                except RacegymError as error:  # one that can't be imported takes nothing
                    broken[offer.name] = error.what
                    continue
                for ending in takes:
                    known.setdefault(ending, []).append(offer)
        if suffix in known:
            break
    found = known.get(suffix, [])
    if not found:
        hints = "".join(
            f"\nThe driver {name!r} can't be used: {why}" for name, why in broken.items()
        )
        raise ScenarioError(
            f"no driver takes a policy with the ending {suffix or '(none)'!r}; there are drivers "
            f"for {', '.join(sorted(known)) or 'none'}. A plugin may be missing, see "
            "racegym plugins; or name the driver: {name: NAME, file: PATH}" + hints,
            file=file,
        )
    if len(found) > 1:
        names = ", ".join(offer.selector for offer in found)
        raise ScenarioError(
            f"several drivers take a policy with the ending {suffix!r}: {names}; choose one: "
            f"{{name: {found[0].selector}, file: PATH}}",
            file=file,
        )
    names_known = plugins.load().names("driver")
    return found[0].name if found[0].name in names_known else found[0].selector


def _checkpoint_of(run: Path) -> tuple[Path, str | None]:
    """Return the checkpoint of a training to drive with, and its driver's name."""
    if not (run / TRAINING).is_file():
        trainings = sorted(file.parent for file in run.glob(f"*/{TRAINING}"))
        run = trainings[-1] if trainings else run
    data = _training(run)
    newest = [entry for entry in data["checkpoints"][::-1] if isinstance(entry, dict)]
    # Those that are only to drive with, such as the best, come before all others.
    for resumable in (False, True):
        for entry in newest:
            file = run / CHECKPOINTS / str(entry.get("name"))
            if bool(entry.get("resumable", True)) is resumable and file.is_file():
                return file, data.get("driver")
    raise ScenarioError("the training has left no checkpoint to drive with", file=run)


def _training(run: Path) -> dict[str, Any]:
    file = run / TRAINING
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(
            f"is no folder of a training: it holds no {TRAINING}; give a checkpoint, an ONNX file "
            "or the folder of a training",
            file=run,
        ) from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"can't be read: {error}", file=file) from error
    if not isinstance(data, dict) or not isinstance(data.get("checkpoints"), list):
        raise ScenarioError("does not tell of a training", file=file)
    return data
