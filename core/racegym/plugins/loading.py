"""Finds the installed plugins by entry point, and loads them one by one.

Each is imported, registered, checked for misspelt hooks, and asked what it offers. One that
fails on the way is taken out again and listed with the reason; the others are not disturbed.
"""

from __future__ import annotations

import inspect
import os
import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import pluggy

from racegym import __version__, hookspecs
from racegym.api import API, INTERFACE, check_range
from racegym.errors import PluginError, nearest
from racegym.plugins import builtin
from racegym.plugins.calling import call_one, described, normalised, raised
from racegym.plugins.catalogue import Catalogue, Plugin
from racegym.plugins.missing import missing_module
from racegym.plugins.offer import CORE, HOOKS, Kind, Offer, check_target

__all__ = ["API", "GROUP", "load"]

GROUP = "racegym"  # the group of entry points that plugins declare

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def load(*, fresh: bool = False) -> Catalogue:
    """Return the catalogue of what is installed, loading it on the first call.

    The environment variable ``RACEGYM_PLUGINS``, a list of dists separated by commas, limits
    which plugins load; empty, it leaves the built-ins alone.

    Args:
        fresh: look again, instead of returning what the first call in this process found.

    Raises:
        PluginError: ``RACEGYM_PLUGINS`` names a dist that is no installed plugin.
    """
    if fresh:
        _load.cache_clear()
    return _load()


@cache
def _load() -> Catalogue:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = [Plugin(dist=CORE, version=__version__, state="loaded")]
    offers = _register(manager, CORE, builtin)

    installed = _installed()
    selected = _selected(list(installed))
    for dist, points in sorted(installed.items()):
        version = points[0].dist.version if points[0].dist else ""
        if dist not in selected:
            plugins.append(Plugin(dist=dist, version=version, state="skipped"))
            continue
        try:
            if len(points) > 1:
                raise PluginError(f"it declares {len(points)} entry points in group {GROUP!r}")
            offers += _register(manager, dist, _imported(points[0]))
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            reason = str(error) if isinstance(error, PluginError) else described(error)
            plugins.append(Plugin(dist=dist, version=version, state="failed", reason=reason))
        else:
            plugins.append(Plugin(dist=dist, version=version, state="loaded"))
    return Catalogue(manager, plugins, offers)


def _installed() -> dict[str, list[EntryPoint]]:
    points: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        points.setdefault(normalised(point.dist.name if point.dist else point.name), []).append(
            point
        )
    return points


def _selected(installed: list[str]) -> set[str]:
    asked = os.environ.get("RACEGYM_PLUGINS")
    if asked is None:
        return set(installed)
    selected = {normalised(word.strip()) for word in asked.split(",") if word.strip()}
    for dist in sorted(selected - {CORE, *installed}):
        raise PluginError(
            f"RACEGYM_PLUGINS names {dist!r}, which is no installed plugin; "
            f"{nearest(dist, installed)}"
        )
    return selected


def _imported(point: EntryPoint) -> object:
    """Return a plugin's module, written for an interface that is supported, or raise.

    A plugin states its range as ``racegym_api``; without one it is taken as it is.
    """
    try:
        plugin: object = point.load()
    except SyntaxError as error:
        raise PluginError(raised(error)) from error
    except ImportError as error:
        hint = missing_module(error, point.module) if isinstance(error, ModuleNotFoundError) else ""
        if hint:
            raise PluginError(
                f"its entry point names {point.module!r}, which is not there{hint}; mend it in "
                "pyproject.toml, and install the plugin again"
            ) from error
        if (error.name or "").partition(".")[0] != CORE:
            raise
        raise PluginError(
            f"{described(error)}; this racegym has plugin interface {INTERFACE}, so the plugin "
            "was written for another: install a version of it that fits, or upgrade racegym"
        ) from error
    if hasattr(plugin, "racegym_api"):
        check_range(plugin.racegym_api)
    return plugin


def _register(manager: pluggy.PluginManager, dist: str, plugin: object) -> list[Offer]:
    """Register ``plugin`` and return its offers, or leave no trace of it and raise."""
    try:
        manager.register(plugin, name=dist)
        _check_hooks(manager, plugin)
        if not manager.get_hookcallers(plugin):
            if inspect.isclass(plugin):
                package = plugin.__module__.partition(".")[0]
                raise PluginError(
                    f"its entry point names the class {plugin.__name__}; name the module with "
                    f"the hooks instead, such as '{package}.plugin', and install it again"
                )
            raise PluginError(
                "it implements no hook; write @racegym.hookimpl above its functions register_..."
            )
        offers: dict[tuple[Kind, str], Offer] = {}
        for kind, hook in HOOKS.items():
            call_one(manager, dist, hook, register=_Register(kind, dist, offers))
    except BaseException:
        if manager.has_plugin(dist):
            manager.unregister(name=dist)
        raise
    return list(offers.values())


def _check_hooks(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuse a plugin that implements a hook which doesn't exist, naming the nearest."""
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        callers = manager.get_hookcallers(plugin) or []
        unknown = next(caller.name for caller in callers if not caller.has_spec())
        valid = [name for name, item in vars(hookspecs).items() if hasattr(item, "racegym_spec")]
        raise PluginError(f"unknown hook {unknown!r}; {nearest(unknown, valid)}") from error


class _Register:
    """The ``register`` that a plugin's hook is given; see ``hookspecs.Register``."""

    def __init__(self, kind: Kind, dist: str, offers: dict[tuple[Kind, str], Offer]):
        self._kind = kind
        self._dist = dist
        self._offers = offers

    def __call__(self, name: str, target: str, *, summary: str = "", api: int = 1) -> None:
        what = f"{self._kind} {name!r}"
        if api > API:
            raise PluginError(
                f"its {what} needs plugin interface {api}, this racegym has {API}; "
                "upgrade racegym, or install an older version of the plugin"
            )
        if not _NAME.fullmatch(name):
            raise PluginError(f"its {what} has a name with other than letters, digits, '_-.'")
        if (self._kind, name) in self._offers:
            raise PluginError(f"it registers the {what} twice")
        check_target(self._kind, target)
        self._offers[self._kind, name] = Offer(
            kind=self._kind, name=name, dist=self._dist, target=target, summary=summary
        )
