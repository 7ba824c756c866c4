"""What a scenario may say of offences and penalties."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from racegym.scenario.settings import Settings

__all__ = ["PenaltyRuleSettings", "PenaltySettings"]

_FIGURES = {  # offences that are more or less bad, and in what
    "off_track": "seconds", "cut": "metres", "wall": "metres per second",
    "obstacle": "metres per second", "contact": "the class", "pit_speeding": "metres per second",
    "blue_flag": "seconds", "stuck": "seconds", "reversed": "seconds",
}  # fmt: skip
_AMOUNTS = {  # what the amount of a penalty is
    "time": "seconds", "stop_go": "seconds to stand", "places": "places",
    "restart_behind": "metres behind the other car", "lap": "laps",
    "score": "the factor, between 0 and 1",
}  # fmt: skip
_WHOLE = ("places", "lap")
_CLASSES = (0, 1, 2, 4)  # of contacts

Blame = Literal[
    "racing", "rear_end", "dive", "squeeze", "second_move", "rejoin", "wrong_way", "avoidable"
]


class PenaltyRuleSettings(Settings):
    """One rule: an offence, which of its number is punished, and how."""

    offence: Literal[
        "off_track", "cut", "wall", "obstacle", "contact", "jump_start", "pit_speeding",
        "yellow_overtake", "blue_flag", "rescue", "stuck", "reversed", "warnings",
    ] = Field(description="what is punished")  # fmt: skip
    penalty: Literal[
        "warning", "time", "drive_through", "stop_go", "places", "restart_behind", "lap",
        "disqualification", "score",
    ] = Field(description="how")  # fmt: skip
    amount: float = Field(
        default=0.0, ge=0, le=1e6,
        description="of the penalty: [s] of time or to stand, places, [m] behind, laps, factor",
    )  # fmt: skip
    least: float = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="smaller offences don't count: [s], [m/s], [m], class",
    )
    share: float = Field(
        default=0.5, ge=0, le=1, description="of the blame for a contact, from which on it counts"
    )
    blames: tuple[Blame, ...] = Field(
        default=(), strict=False, description="what a contact has to be by its evidence; []: any"
    )
    after: int = Field(default=0, ge=0, le=100_000, description="offences that go unpunished")
    each: int = Field(
        default=1, ge=1, le=100_000, description="of those that follow, each of this number"
    )
    apart: float = Field(
        default=1.0, ge=0, le=1e6, description="[s] an offence that is back sooner is the same one"
    )
    once: Literal["lap", "race"] | None = Field(
        default=None, description="punish at most one in a lap, or in the race"
    )
    instead: float = Field(
        default=20.0, ge=0, le=1e6, description="[s] of time where it can't be, or is not, served"
    )
    unserved: Literal["time", "disqualification"] = Field(
        default="time", description="what follows when it is not served"
    )

    @model_validator(mode="after")
    def _sensible(self) -> PenaltyRuleSettings:
        if self.penalty in _AMOUNTS and not self.amount > 0:
            raise ValueError(f"{self.penalty} needs an amount above 0: {_AMOUNTS[self.penalty]}")
        if self.penalty not in _AMOUNTS and self.amount > 0:
            raise ValueError(f"{self.penalty} has no amount; leave it out")
        if self.penalty in _WHOLE and self.amount != int(self.amount):
            raise ValueError(
                f"{self.amount:g} {_AMOUNTS[self.penalty]} are none; use a whole number"
            )
        if self.penalty == "score" and not self.amount < 1:
            raise ValueError(f"a score is multiplied by less than 1, not by {self.amount:g}")
        if self.penalty == "restart_behind" and self.offence != "contact":
            raise ValueError(f"{self.offence} has no victim to restart behind; use contact")
        if self.offence == "warnings" and self.penalty == "warning":
            raise ValueError("a warning for warnings would never end; choose another penalty")
        if self.least > 0 and self.offence not in _FIGURES:
            raise ValueError(f"{self.offence} is not more or less bad; leave least out")
        if self.offence == "contact" and self.least not in _CLASSES:
            raise ValueError(f"there is no contact of class {self.least:g}; least is 1, 2 or 4")
        if self.share != 0.5 and self.offence != "contact":
            raise ValueError(f"nobody shares the blame for {self.offence}; leave share out")
        if self.blames and self.offence != "contact":
            raise ValueError(f"nobody is blamed for {self.offence}; leave blames out")
        return self


class PenaltySettings(Settings):
    """All rules on offences, by label."""

    name: str = Field(default="own", min_length=1, max_length=100, description="for people")
    about: str = Field(default="", max_length=1000, description="for people, in a line")
    source: str = Field(default="", max_length=1000, description="whose rules these are")
    rules: dict[str, PenaltyRuleSettings] = Field(
        default={}, max_length=100, description="by label: what is punished, and how"
    )
    serve_within: int = Field(
        default=3, ge=1, le=1000, description="laps to serve a drive-through or a stop-go"
    )
    pits: Literal["if_any", "required"] = Field(
        default="if_any", description="required: refuse tracks without a pit lane"
    )
    restart_speed: float = Field(
        default=2.0, ge=0, le=200, description="[m/s] of a car that restarts behind another"
    )

    @model_validator(mode="after")
    def _agree(self) -> PenaltySettings:
        kinds = {rule.penalty for rule in self.rules.values()}
        for label, rule in self.rules.items():
            if rule.offence == "warnings" and "warning" not in kinds:
                raise ValueError(f"rule {label!r} is about warnings, and no rule gives any")
            for other, out in self.rules.items():
                if other != label and _never_reached(rule, out):
                    raise ValueError(
                        f"rule {label!r} is never reached: rule {other!r} disqualifies after "
                        f"{out.after + out.each} of the same offence"
                    )
        if self.pits == "required" and not kinds & {"drive_through", "stop_go"}:
            raise ValueError("pits are required, and no rule gives a drive-through or a stop-go")
        return self


def _never_reached(rule: PenaltyRuleSettings, out: PenaltyRuleSettings) -> bool:
    """Tell whether a car is out by one rule before another can punish it."""
    same = rule.offence == out.offence and rule.apart >= out.apart
    wider = out.least <= rule.least and out.share <= rule.share
    wider = wider and (not out.blames or (bool(rule.blames) and {*rule.blames} <= {*out.blames}))
    if out.penalty != "disqualification" or not (same and wider):
        return False
    return rule.after + rule.each > out.after + out.each
