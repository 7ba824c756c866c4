"""Where the files stand that racegym ships beside its code.

In a checkout ``scenarios/`` and ``registry.toml`` stand in the repository's root; in a wheel
they stand inside the package, as tracks always do.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["checkout", "shipped"]

_PACKAGE = Path(__file__).resolve().parents[1]


def checkout() -> Path | None:
    """Return the root of the checkout that racegym runs from, or None if it was installed."""
    root = _PACKAGE.parents[1]
    is_checkout = root / "core" / "racegym" == _PACKAGE and (root / "registry.toml").is_file()
    return root if is_checkout else None


def shipped(name: str) -> Path:
    """Return the path of a shipped file or folder, such as ``"scenarios"``."""
    inside, root = _PACKAGE / name, checkout()
    return inside if root is None or inside.exists() else root / name
