"""Whose fault an exception is that came up while a command was at work."""

from __future__ import annotations

from racegym.errors import PluginError
from racegym.plugins.calling import described
from racegym.plugins.loading import load
from racegym.plugins.offer import CORE, KINDS, Offer

__all__ = ["blame"]


def blame(error: Exception) -> PluginError | None:
    """Return an exception that came through a plugin's code as a message about that plugin.

    Args:
        error: what reached the command line, with its traceback.

    Returns:
        The plugin, the last line of its code that was running, and what helps; None when no
        plugin's code was.
    """
    catalogue = load()
    offers = [offer for kind in KINDS for offer in catalogue.offers(kind) if offer.dist != CORE]
    found: tuple[str, int, list[Offer]] | None = None
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        theirs = [offer for offer in offers if _package(offer) == package]
        if theirs:
            found = frame.f_code.co_filename, trace.tb_lineno, theirs
        trace = trace.tb_next
    if found is None:
        return None
    file, line, theirs = found
    checks = [f"racegym check {o.kind} {o.name}" for o in theirs if not o.is_file]
    return PluginError(
        f"{theirs[0].dist} failed with {described(error)}; "
        f"{checks[0] if checks else 'racegym plugins'} tells more, and RACEGYM_DEBUG=1 shows "
        "how it came to this",
        file=file,
        line=line,
    )


def _package(offer: Offer) -> str:
    return offer.target.partition(":")[0].partition(".")[0]
