"""Versions of the plugin interface: what this racegym speaks, and what a plugin asks for.

What counts as the interface, and how its versions move, stands in ``docs/interface.md``.
Light on purpose: it is read whenever plugins are listed.
"""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from racegym.errors import PluginError

__all__ = ["API", "INTERFACE", "SUPPORTED", "check_range"]

API = 1  # major version; a plugin that states a newer one is refused
SUPPORTED = ("1.0", "1.1")  # oldest to newest; a plugin written for any of them works
INTERFACE = SUPPORTED[-1]  # the version that this racegym speaks


def check_range(asked: object, supported: tuple[str, ...] = SUPPORTED) -> None:
    """Refuse a plugin whose ``racegym_api`` holds no version that is supported.

    Args:
        asked: what the plugin states, such as ``">=1.0,<2"`` (PEP 440).
        supported: versions of the interface, oldest first.

    Raises:
        PluginError: the range holds none of them, or is no range; says what to do.
    """
    try:
        if not isinstance(asked, str) or not asked.strip():
            raise InvalidSpecifier(asked)
        wanted = SpecifierSet(asked)
    except InvalidSpecifier:
        raise PluginError(
            f'its racegym_api is {asked!r}; it should be a range of versions such as ">=1.0,<2"'
        ) from None
    if any(wanted.contains(version) for version in supported):
        return
    oldest, newest = supported[0], supported[-1]
    span = newest if oldest == newest else f"{oldest} to {newest}"
    told = f"it was written for plugin interface {asked}, and this racegym has {span}; "
    named = [Version(part.version.removesuffix(".*")) for part in wanted]
    if min(named) >= Version(newest):
        raise PluginError(told + "upgrade racegym, or install an older version of the plugin")
    raise PluginError(told + "install a newer version of the plugin, or an older racegym")
