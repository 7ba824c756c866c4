"""What a learned policy must be told with: the note that goes into its file."""

from __future__ import annotations

from pydantic_core import to_jsonable_python

from racegym.drivers.policy_file import PolicyNote
from racegym.scenario import Scenario
from racegym.world import World

__all__ = ["PolicyNote", "policy_note"]


def policy_note(scenario: Scenario, world: World) -> PolicyNote:
    """Return what the first agent of a world sees and how its actions are read.

    A driver that declares ``note.observation`` and ``note.action`` is told what the agent was
    told. ``note.model_dump_json()`` is text for a checkpoint, and
    ``PolicyNote.model_validate_json`` reads it.

    Args:
        scenario: that the world is of.
        world: such as ``env.world`` of an environment.
    """
    group = world.groups[0]
    name = group.profile
    profile = scenario.default_profile if name == "default" else scenario.profiles[name]
    plain = to_jsonable_python(
        profile.model_dump(include={"observation", "action"}), inf_nan_mode="constants"
    )
    return PolicyNote(**plain, dt=round(world.dt, 12), action_repeat=group.action_repeat)
