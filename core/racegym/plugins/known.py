"""The catalogue ``registry.toml``: plugins that are known, whether installed or not.

It is only ever shown. What is installed is found by entry point, in ``loading``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from racegym.errors import PluginError
from racegym.plugins.shipped import checkout, shipped

__all__ = ["KnownPlugin", "how_to_install", "install_command", "known_plugins", "read_registry"]


@dataclass(frozen=True, kw_only=True)
class KnownPlugin:
    """One entry of the catalogue."""

    dist: str
    kind: str  # what it mainly brings
    summary: str
    licence: str
    homepage: str  # a URL, or a folder of racegym's repository
    core: str  # versions of racegym it works with
    install: str  # a command that works from the root of a checkout
    provides: tuple[str, ...]  # "kind:name"


@cache
def known_plugins() -> dict[str, KnownPlugin]:
    """Return the shipped catalogue by dist."""
    return read_registry(shipped("registry.toml"))


def read_registry(path: Path) -> dict[str, KnownPlugin]:
    """Read a catalogue file.

    Raises:
        PluginError: the file is missing or is no TOML, or an entry lacks a field, has one
            that is unknown, or repeats a dist.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("plugin", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"can't read the catalogue of plugins: {error}", file=path) from error
    wanted = {field.name for field in fields(KnownPlugin)}
    plugins: dict[str, KnownPlugin] = {}
    for number, entry in enumerate(entries, 1):
        dist = entry.get("dist", f"number {number}")
        if set(entry) != wanted:
            wrong = ", ".join(sorted(wanted ^ set(entry)))
            raise PluginError(f"plugin {dist}: fields missing or unknown: {wrong}", file=path)
        if dist in plugins:
            raise PluginError(f"plugin {dist} is listed twice", file=path)
        plugins[dist] = KnownPlugin(**{**entry, "provides": tuple(entry["provides"])})
    return plugins


def how_to_install(plugin: KnownPlugin, *, again: bool = False) -> str:
    """Return a sentence that says how to install ``plugin``, from where the user stands.

    Args:
        plugin: an entry of the catalogue.
        again: it is installed already, but something that it needs is missing.
    """
    verb = "Install it again, with what it needs" if again else "Install it"
    command = install_command(plugin)
    if command is not None:
        return f"{verb}: {command}"
    return f"{verb} from a checkout of racegym, folder {plugin.homepage}"


def install_command(plugin: KnownPlugin) -> str | None:
    """Return the command that installs ``plugin`` when typed here, or None if there is none.

    A path in it is relative to the root of the checkout; away from the root it is made
    absolute, and without a checkout there is nothing to install from.
    """
    words = shlex.split(plugin.install)
    paths = [i + 1 for i, word in enumerate(words[:-1]) if word == "-e"]
    root = checkout()
    if not paths or root == Path.cwd():
        return plugin.install
    if root is None:
        return None
    for i in paths:
        words[i] = str(root / words[i])
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
