"""What a plugin offers: a kind, a name, and where to find the thing when it is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from racegym.errors import PluginError, nearest
from racegym.plugins.calling import raised
from racegym.plugins.known import how_to_install, known_plugins
from racegym.plugins.missing import missing_module
from racegym.plugins.shipped import shipped

__all__ = ["CORE", "HOOKS", "KINDS", "Kind", "Offer", "check_target"]

CORE = "racegym"  # the dist that the built-ins belong to

Kind: TypeAlias = Literal[
    "backend",
    "vehicle",
    "track",
    "sensor",
    "action_map",
    "reward",
    "termination",
    "realism",
    "driver",
    "policy",
    "trainer",
    "watcher",
    "scenario",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# The hook that collects each kind.
HOOKS: dict[Kind, str] = {
    "backend": "register_backends",
    "vehicle": "register_vehicles",
    "track": "register_tracks",
    "sensor": "register_sensors",
    "action_map": "register_action_maps",
    "reward": "register_rewards",
    "termination": "register_terminations",
    "realism": "register_realism",
    "driver": "register_drivers",
    "policy": "register_policies",
    "trainer": "register_trainers",
    "watcher": "register_watchers",
    "scenario": "register_scenarios",
}

_FILE_KINDS = {"vehicle", "policy", "scenario"}
_FILE_OR_OBJECT_KINDS = {"track"}

_OBJECT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_FILE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[\w-]+(/[\w-]+)*\.[A-Za-z]\w*")


def check_target(kind: Kind, target: str) -> None:
    """Raise ``PluginError`` unless ``target`` has the form that ``kind`` needs."""
    is_object, is_file = bool(_OBJECT.fullmatch(target)), bool(_FILE.fullmatch(target))
    if kind in _FILE_OR_OBJECT_KINDS:
        fits, form = is_object or is_file, '"package.module:function" or "package:folder/file.ext"'
    elif kind in _FILE_KINDS:
        fits, form = is_file, '"package:folder/file.ext"'
    else:
        fits, form = is_object, '"package.module:Class"'
    if not fits:
        raise PluginError(f"the target of a {kind} is written {form}, not {target!r}")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One thing that one plugin offers. Holding it imports nothing."""

    kind: Kind
    name: str
    dist: str  # normalised name of the distribution, e.g. "racegym-kart2d"
    target: str  # "package.module:Class" or "package:folder/file.ext"
    summary: str = ""

    @property
    def selector(self) -> str:
        """The name that is unambiguous whatever else is installed: ``dist:name``."""
        return f"{self.dist}:{self.name}"

    @property
    def is_file(self) -> bool:
        """Whether the target is a file, to be opened with ``path``, not ``load``."""
        return _OBJECT.fullmatch(self.target) is None

    def load(self) -> Any:
        """Import the target and return it.

        Raises:
            PluginError: its module or something that it needs can't be imported, or the
                module has no such attribute.
        """
        module_name, attribute = self.target.split(":")
        try:
            module = import_module(module_name)
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything
            hint = (
                missing_module(error, module_name) if isinstance(error, ModuleNotFoundError) else ""
            )
            raise PluginError(self._broken(raised(error) + hint)) from error
        try:
            return getattr(module, attribute)
        except AttributeError as error:
            public = [name for name in vars(module) if not name.startswith("_")]
            reason = f"{module_name} has no {attribute!r}; {nearest(attribute, public)}"
            raise PluginError(self._broken(reason)) from error

    def path(self) -> Path:
        """Return the target's path on disk.

        Raises:
            PluginError: its package can't be imported, or the file is not there.
        """
        package, relative = self.target.split(":")
        if self.dist == CORE:
            path = shipped(relative)
        else:
            try:
                path = Path(str(files(package).joinpath(relative)))
            except ImportError as error:
                raise PluginError(self._broken(f"{type(error).__name__}: {error}")) from error
        if not path.is_file():
            raise PluginError(self._broken(f"there is no file {path}"))
        return path

    def _broken(self, reason: str) -> str:
        message = f"the {self.kind} {self.name!r} of {self.dist} can't be loaded: {reason}"
        entry = known_plugins().get(self.dist)
        return message if entry is None else f"{message}\n{how_to_install(entry, again=True)}"
