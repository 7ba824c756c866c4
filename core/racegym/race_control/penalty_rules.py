"""What is an offence, and what follows from it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["PenaltyRule", "PenaltyRules"]


@dataclass(frozen=True, kw_only=True)
class PenaltyRule:
    """One rule: an offence, from which of its number on it is punished, and how.

    Attributes:
        offence: an ``Offence`` in small letters.
        penalty: a ``PenaltyKind`` in small letters.
        amount: of the penalty: seconds of time, or of a stop-go; places; metres behind the
            other car; laps; the factor on the score.
        least: the smallest figure of the offence that counts; see ``Offence``.
        share: of the blame for a contact, from which on it counts, in [0, 1].
        blames: what a contact has to be by its evidence, each a ``BlameKind`` in small
            letters; of none, anything.
        after: offences that go unpunished.
        each: of those that follow, each of this number is punished.
        apart: [s] an offence that comes back sooner is the same one.
        once: punish at most one in a lap, or in the race.
        instead: [s] of time for a car that can't serve the penalty, does not serve it, or
            can't be set back.
        unserved: what follows when it is not served in time.
    """

    offence: str
    penalty: str
    amount: float = 0.0
    least: float = 0.0
    share: float = 0.5
    blames: tuple[str, ...] = ()
    after: int = 0
    each: int = 1
    apart: float = 1.0
    once: Literal["lap", "race"] | None = None
    instead: float = 20.0
    unserved: Literal["time", "disqualification"] = "time"


@dataclass(frozen=True, kw_only=True)
class PenaltyRules:
    """All rules on offences.

    Attributes:
        name: for people.
        rules: by label; those on warnings see what the others have given in the same step.
        serve_within: laps in which a drive-through or a stop-go is to be served.
        pits: ``"required"`` refuses tracks without a pit lane; else time is given there.
        restart_speed: [m/s] of a car that is set back behind another.
    """

    name: str = "own"
    rules: Mapping[str, PenaltyRule] = field(default_factory=dict)
    serve_within: int = 3
    pits: Literal["if_any", "required"] = "if_any"
    restart_speed: float = 2.0
