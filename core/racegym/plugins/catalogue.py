"""Everything that the installed plugins offer, and how a name is found in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pluggy

from racegym.errors import PluginError, UnknownNameError, nearest
from racegym.plugins.calling import call_one, described, normalised
from racegym.plugins.known import how_to_install, known_plugins
from racegym.plugins.offer import Kind, Offer

if TYPE_CHECKING:
    import click

    from racegym.hookspecs import Run

__all__ = ["Catalogue", "Plugin"]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One installed plugin, and whether it could be used."""

    dist: str
    version: str
    state: Literal["loaded", "failed", "skipped"]  # skipped: RACEGYM_PLUGINS leaves it out
    reason: str = ""  # why it failed


class Catalogue:
    """What is installed. Made by ``load``; looking something up imports nothing."""

    def __init__(
        self, manager: pluggy.PluginManager, plugins: Sequence[Plugin], offers: Iterable[Offer]
    ):
        self._manager = manager
        self._plugins = {plugin.dist: plugin for plugin in plugins}
        self._offers = sorted(offers, key=lambda offer: (offer.kind, offer.name, offer.dist))

    @property
    def plugins(self) -> list[Plugin]:
        """All installed plugins, the built-ins first, then by name of the dist."""
        return list(self._plugins.values())

    @property
    def failures(self) -> dict[str, str]:
        """Why each plugin that failed did so, by dist."""
        return {p.dist: p.reason for p in self._plugins.values() if p.state == "failed"}

    def offers(self, kind: Kind) -> list[Offer]:
        """Return everything offered of one kind, by name and then by dist."""
        return [offer for offer in self._offers if offer.kind == kind]

    def names(self, kind: Kind) -> list[str]:
        """Return the names that ``find`` accepts, ``dist:name`` where a name is shared."""
        offers = self.offers(kind)
        all_names = [offer.name for offer in offers]
        return [o.name if all_names.count(o.name) == 1 else o.selector for o in offers]

    def find(self, kind: Kind, name: str) -> Offer:
        """Return the offer called ``name``, or ``dist:name`` where two plugins share a name.

        Raises:
            UnknownNameError: nobody offers it; says who would, and how to install that.
            PluginError: several plugins offer it.
        """
        dist, _, plain = name.rpartition(":")
        found = [
            offer
            for offer in self.offers(kind)
            if offer.name == plain and (not dist or offer.dist == normalised(dist))
        ]
        if not found:
            raise UnknownNameError("\n".join(self._unknown(kind, name, plain)))
        if len(found) > 1:
            dists = " and ".join(offer.dist for offer in found)
            choices = " or ".join(repr(offer.selector) for offer in found)
            raise PluginError(f"the {kind} {name!r} is offered by {dists}; write {choices}")
        return found[0]

    @contextmanager
    def lending(self, offer: Offer) -> Iterator[None]:
        """Within this, offer one more thing, in this process: for tests, which install nothing."""
        before = self._offers
        self._offers = [*before, offer]
        try:
            yield
        finally:
            self._offers = before

    def _unknown(self, kind: Kind, name: str, plain: str) -> Iterator[str]:
        known = self.names(kind)
        hint = nearest(name, known) if known else f"no installed plugin brings any {kind}"
        yield f"unknown {kind} {name!r}; {hint}"
        for entry in known_plugins().values():
            if f"{kind}:{plain}" not in entry.provides:
                continue
            plugin = self._plugins.get(entry.dist)
            if plugin is None:
                yield f"{entry.dist} provides it and is not installed. {how_to_install(entry)}"
            elif plugin.state == "skipped":
                yield f"{entry.dist} provides it, but RACEGYM_PLUGINS leaves it out"
        for dist, reason in self.failures.items():
            yield f"Plugin {dist} failed to load, so what it offers is missing: {reason}"

    def commands(self, reserved: Collection[str] = ()) -> dict[str, click.Command]:
        """Return the subcommands that plugins add to ``racegym``.

        A plugin that fails here, or asks for a name that is taken, counts as failed from
        then on, but what else it offers stays.

        Args:
            reserved: names that no plugin may use.
        """
        import click

        commands: dict[str, click.Command] = {}
        for plugin in self._loaded():
            group = click.Group()
            try:
                call_one(self._manager, plugin.dist, "register_commands", cli=group)
            except Exception as error:  # a stranger's code may raise anything
                self._fail(plugin, f"register_commands: {described(error)}")
                continue
            for name, command in group.commands.items():
                if name in reserved or name in commands:
                    self._fail(plugin, f"register_commands: the name {name!r} is taken")
                else:
                    commands[name] = command
        return commands

    def run_started(self, run: Run) -> None:
        """Tell every plugin that ``run`` is about to take its first step.

        Raises:
            PluginError: a plugin's hook failed; names the plugin.
        """
        self._tell("run_started", run)

    def run_finished(self, run: Run) -> None:
        """Tell every plugin that ``run`` is complete.

        Raises:
            PluginError: a plugin's hook failed; names the plugin. The others were told.
        """
        self._tell("run_finished", run)

    def _tell(self, hook: str, run: Run) -> None:
        failed: list[tuple[Plugin, Exception]] = []
        for plugin in self._loaded():
            try:
                call_one(self._manager, plugin.dist, hook, run=run)
            except Exception as error:  # a stranger's code may raise anything
                failed.append((plugin, error))
        if failed:
            reasons = "; ".join(f"{plugin.dist}: {described(e)}" for plugin, e in failed)
            raise PluginError(f"{hook} failed in {reasons}") from failed[0][1]

    def _loaded(self) -> list[Plugin]:
        return [plugin for plugin in self.plugins if plugin.state == "loaded"]

    def _fail(self, plugin: Plugin, reason: str) -> None:
        self._plugins[plugin.dist] = replace(plugin, state="failed", reason=reason)
