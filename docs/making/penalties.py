"""The made part of `docs/penalties.md`: the presets that ship."""

from __future__ import annotations

from making.tables import row
from racegym.scenario.penalties import preset_names, read_preset

__all__ = ["parts"]


def parts() -> dict[str, str]:
    """Return a table of the presets."""
    rows = []
    for name in preset_names():
        data = read_preset(name)
        rows.append(row(f"`{name}`", data["about"], data["source"]))
    return {"presets": "\n".join(["| name | what it does | after |", "|---|---|---|", *rows])}
