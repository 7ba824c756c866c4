"""What became of each plugin, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from racegym.doctor.finding import Finding
from racegym.errors import PluginError
from racegym.plugins import Plugin, how_to_install, known_plugins, load

__all__ = ["plugins"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def plugins() -> Iterator[Finding]:
    """Look at every installed plugin."""
    try:
        catalogue = load(fresh=True)
    except PluginError as error:
        yield Finding(
            what="plugins", state="fail", found=str(error),
            remedy="correct RACEGYM_PLUGINS, or unset it",
        )  # fmt: skip
        return
    catalogue.commands()  # a plugin may fail there, too
    for plugin in catalogue.plugins[1:]:  # the first is racegym itself
        yield _state(plugin)
    if len(catalogue.plugins) == 1:
        yield Finding(
            what="plugins", state="warn", found="none: there is no simulator to race with",
            remedy=how_to_install(known_plugins()["racegym-kart2d"]),
        )  # fmt: skip


def _state(plugin: Plugin) -> Finding:
    if plugin.state == "failed":
        return Finding(
            what=plugin.dist, state="fail", found=f"{plugin.version} failed to load: "
            f"{plugin.reason}", remedy=_mend(plugin.dist),
        )  # fmt: skip
    if plugin.state == "skipped":
        return Finding(
            what=plugin.dist, state="warn", found=f"{plugin.version}, left out by RACEGYM_PLUGINS",
            remedy="unset RACEGYM_PLUGINS to use it",
        )  # fmt: skip
    lacking = _lacking(plugin.dist)
    if lacking:
        return Finding(
            what=plugin.dist, state="fail", found=f"{plugin.version} loaded, but what it needs is "
            f"not installed: {', '.join(lacking)}", remedy=_mend(plugin.dist),
        )  # fmt: skip
    return Finding(what=plugin.dist, state="ok", found=f"{plugin.version} loaded")


def _lacking(dist: str) -> list[str]:
    """Return the distributions that a plugin always needs and that are not installed."""
    names = (
        found[0]
        for requirement in requires(dist) or []
        if ";" not in requirement and (found := _NAME.match(requirement))
    )
    return [name for name in names if not _is_installed(name)]


def _is_installed(dist: str) -> bool:
    try:
        version(dist)
    except PackageNotFoundError:
        return False
    return True


def _mend(dist: str) -> str:
    entry = known_plugins().get(dist)
    if entry is not None:
        return how_to_install(entry, again=True)
    return f"install it again, or remove it: pip uninstall {dist}"
