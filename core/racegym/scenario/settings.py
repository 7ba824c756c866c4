"""What a scenario may say: the models of its parts, each field with its meaning and bounds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from racegym.entrants.source import is_source
from racegym.scenario.canonical import AGENT
from racegym.scenario.distributions import read_distribution
from racegym.track.generate import STEEPEST, Direction, Style
from racegym.track.obstacles import LARGEST_RADIUS, MAX_OBSTACLES
from racegym.world.observer import VECTOR
from racegym.world.variation import LIMITS

__all__ = [
    "MAX_NAME",
    "SOURCE_KEYS",
    "CarSettings",
    "CarVariation",
    "GenerateSettings",
    "Name",
    "Observation",
    "ObstacleSettings",
    "ProfileSettings",
    "RecordSettings",
    "SensorsByLabel",
    "Settings",
    "StageSettings",
    "StartVariation",
    "TrackSettings",
    "VariationSettings",
    "WeightedSettings",
]

MAX_NAME = 100
SOURCE_KEYS = ("file", "digest")  # of a stage whose class stands in a file


def _check_name(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError(f"{name!r} begins or ends with a space, or can't be printed")
    return name


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_check_name)]


class Settings(BaseModel):
    """Base of all parts: frozen, strict about types, and it knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class StageSettings(Settings):
    """A stage by name; all further keys are its options."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=True)

    name: Name = Field(description="what it is called")

    @property
    def source(self) -> str | None:
        """The class that it is, ``/path/file.py:Class``; None for one that a plugin offers."""
        file = (self.__pydantic_extra__ or {}).get("file")
        return file if is_source(file) else None

    @property
    def options(self) -> dict[str, Any]:
        """The settings of the stage itself."""
        own = SOURCE_KEYS if self.source else ()
        extra = self.__pydantic_extra__ or {}
        return {key: value for key, value in extra.items() if key not in own}


class WeightedSettings(StageSettings):
    """A reward term, with its weight in the sum."""

    weight: float = Field(default=1.0, ge=-1e6, le=1e6, description="factor of the term in the sum")


class GenerateSettings(Settings):
    """A circuit drawn from a seed; see ``racegym.track.generate``."""

    seed: int = Field(
        default=1, ge=0, lt=2**63, description="of the circuit, not of the races on it"
    )
    count: int = Field(
        default=1, ge=1, le=1000, description="circuits, of this seed and those after"
    )
    style: Style = Field(default="club", description="what it looks like")
    length: float | None = Field(default=None, gt=0, description="[m] of the lap; None: by style")
    width: float | None = Field(
        default=None, gt=0, description="[m] of the asphalt, where it is narrowest; None: by style"
    )
    width_max: float | None = Field(
        default=None, gt=0, description="[m] where it is widest; None: `width`, or by style"
    )
    min_radius: float | None = Field(
        default=None, gt=0, description="[m] of the tightest corner; None: by style"
    )
    direction: Direction | None = Field(
        default=None, description="of driving; None: the seed decides"
    )
    name: str | None = Field(default=None, description="of the track; None: style and seed")
    spacing: float | None = Field(default=None, gt=0, description="[m] of samples; None: by length")
    kerb_width: float | None = Field(
        default=None, ge=0, description="[m] of a kerb; None: by width"
    )
    runoff: float | None = Field(
        default=None, ge=0, allow_inf_nan=True,
        description="[m] edge to wall; .inf: no wall; None: by style",
    )  # fmt: skip
    banking: float = Field(
        default=0.0, ge=-STEEPEST, le=STEEPEST,
        description="[rad] of the tightest corner, its outside higher; of others by curvature",
    )  # fmt: skip
    pit: bool = Field(default=False, description="with a pit lane beside the start straight")
    obstacles: int = Field(
        default=0, ge=0, le=MAX_OBSTACLES, description="scattered beside the middle of the track"
    )


class ObstacleSettings(Settings):
    """A static obstacle: where it stands, along the track or on the map, and how large it is."""

    s: float | None = Field(default=None, description="[m] along the centerline, from the line")
    d: float | None = Field(default=None, description="[m] across, left positive; 0 by default")
    x: float | None = Field(default=None, description="[m] on the map, in place of s and d")
    y: float | None = Field(default=None, description="[m] on the map")
    radius: float = Field(gt=0, le=LARGEST_RADIUS, description="[m]")

    @model_validator(mode="after")
    def _one_place(self) -> ObstacleSettings:
        on_map = self.x is not None and self.y is not None
        along = self.s is not None
        given = [k for k in ("s", "d", "x", "y") if getattr(self, k) is not None]
        if on_map == along or len(given) > 2 or (on_map and self.d is not None):
            said = ", ".join(given) or "nothing"
            raise ValueError(f"give s and d, along the track, or x and y, on the map, not {said}")
        return self

    @model_serializer(mode="wrap")
    def _what_is_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialize(self).items() if value is not None}


class TrackSettings(Settings):
    """One track: exactly one of ``file``, ``generate`` and ``name``."""

    file: str | None = Field(default=None, description="path of a track file or folder")
    format: str | None = Field(default=None, description="of the file; without it the file tells")
    options: dict[str, Any] | None = Field(default=None, description="of the file's format")
    generate: GenerateSettings | None = Field(default=None, description="a circuit from a seed")
    name: str | None = Field(default=None, description="a track of a library or of a plugin")
    reverse: bool = Field(default=False, description="driven the other way round")
    obstacles: Annotated[
        tuple[ObstacleSettings, ...], Field(strict=False, max_length=MAX_OBSTACLES)
    ] = Field(default=(), description="what stands on it; s and d as it is driven")
    racing_line: (
        Literal["own", "centerline", "shortest", "minimum_curvature", "weighted", "minimum_time"]
        | None
    ) = Field(
        default=None,
        description="what sensors and rewards take for the racing line, laid for the widest car; "
        "own, as without the key: the line that the track brings, else its centerline",
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> TrackSettings:
        given = [k for k in ("file", "generate", "name") if getattr(self, k) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            raise ValueError(f"give one of file, generate and name, not {said}")
        for key in ("format", "options"):
            if getattr(self, key) and self.file is None:
                raise ValueError(f"{key} is of a file, and {given[0]} stands here")
        return self

    @model_serializer(mode="wrap")
    def _what_is_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data = serialize(self).items()
        return {key: value for key, value in data if value not in (None, (), [], {})}


def _check_drawn(value: Any, name: str) -> Any:
    """Return a number, or the distribution of one, if it keeps the limits of ``name``."""
    if value is not None:
        low, high = LIMITS[name]
        found = read_distribution(value)
        if found.low < low or found.high > high:
            reaches = f"from {found.low:g} to {found.high:g}"
            what = f"{found.low:g}" if found.low == found.high else f"drawn {reaches}"
            raise ValueError(f"is {what}; it must lie in [{low:g}, {high:g}]")
    return value


class _Draws(Settings):
    """Numbers that may be drawn; what is not said is left out when it is written again."""

    @model_serializer(mode="wrap")
    def _what_is_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialize(self).items() if value is not None}


class StartVariation(_Draws):
    """Where and how fast a car starts, in the place of what ``start`` says of it."""

    s: Any = Field(default=None, description="[m] along the centerline, from the line")
    d: Any = Field(default=None, description="[m] across, left positive; kept on the asphalt")
    heading: Any = Field(default=None, description="[rad] to the left of the track's direction")
    speed: Any = Field(default=None, description="[m/s] forward")

    @field_validator("*")
    @classmethod
    def _can_be_drawn(cls, value: Any, info: ValidationInfo) -> Any:
        return _check_drawn(value, f"start.{info.field_name}")


class CarVariation(_Draws):
    """What is drawn for one car in every episode."""

    delay: Any = Field(
        default=None, description="[s] of the actuators, to the nearest control interval"
    )
    start: StartVariation | None = Field(default=None, description="place and speed at the start")

    @field_validator("delay")
    @classmethod
    def _delay_can_be_drawn(cls, value: Any) -> Any:
        return _check_drawn(value, "delay")


class VariationSettings(CarVariation):
    """What is drawn for every race, and for every car that says nothing else."""

    grip: Any = Field(
        default=None, description="factor on the grip of the road, one for all cars of a race"
    )

    @field_validator("grip")
    @classmethod
    def _grip_can_be_drawn(cls, value: Any) -> Any:
        return _check_drawn(value, "grip")


class RecordSettings(Settings):
    """What a run keeps."""

    telemetry: bool = Field(default=True, description="every car's state, as Parquet")
    csv: bool = Field(default=False, description="the same as CSV")
    limit: bool = Field(
        default=True, description="lap times in percent of the limit that physics sets"
    )


Stages = Annotated[tuple[StageSettings, ...], Field(strict=False)]
StagesByLabel = dict[str, StageSettings]


class SensorsByLabel(Settings):
    """Sensors in a dictionary; all other keys than the fields here are their labels."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: StagesByLabel = Field(init=False)

    flatten: bool = Field(
        default=False, description=f"join all but pictures in one box, called {VECTOR}"
    )

    @model_validator(mode="after")
    def _has_sensors(self) -> SensorsByLabel:
        if not self.sensors:
            raise ValueError("has no sensor; give at least one, with its label")
        if self.flatten and VECTOR in self.sensors:
            raise ValueError(
                f"calls a sensor {VECTOR!r}, as flatten calls the others when it has joined them; "
                "choose another label"
            )
        return self

    @model_serializer(mode="wrap")
    def _what_is_asked(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given: dict[str, Any] = serialize(self)
        if not self.flatten:
            del given["flatten"]
        return given

    @property
    def sensors(self) -> StagesByLabel:
        """The sensors by label, in order."""
        return self.__pydantic_extra__


def _form(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | SensorsByLabel) else "<list>"


Observation = Annotated[
    Annotated[Stages, Field(min_length=1), Tag("<list>")]
    | Annotated[SensorsByLabel, Tag("<mapping>")],
    Discriminator(_form),
]


class ProfileSettings(Settings):
    """What an agent sees, does, is paid for, and what ends its episode."""

    observation: Observation = Field(
        description="sensors; a list makes one flat box, a mapping a Dict"
    )
    action: StageSettings = Field(description="how its actions are read")
    reward: dict[str, WeightedSettings] = Field(description="terms by label")
    termination: StagesByLabel = Field(description="reasons to end an episode, by label")
    critic_observation: Observation | None = Field(
        default=None, description="sensors for a critic alone, told in the infos"
    )
    action_repeat: int = Field(
        default=1, ge=1, le=1000, description="control intervals for which an action is held"
    )


def _check_vehicle(value: Any) -> Any:
    if value is not None and not isinstance(value, str | dict):
        raise ValueError("give a vehicle's name, the path of its file, or a mapping of parameters")
    return value


class CarSettings(Settings):
    """One slot of a race, or ``count`` of them."""

    name: Name = Field(default="Car {n}", description="unique; {n}: number in the race")
    count: int = Field(
        default=1, ge=1, le=1000, exclude=True, description="as many cars as this one"
    )
    vehicle: Annotated[Any, AfterValidator(_check_vehicle)] = Field(
        default=None,
        description="a name, the path of a YAML file, or parameters; None: the backend's",
    )
    driver: StageSettings = Field(description="what decides for it; agent: from outside")
    profile: str = Field(default="default", description="the profile of its agent")
    grid: int | None = Field(
        default=None, ge=0, le=10000, description="slot from 0; None: its place in the list"
    )
    variation: CarVariation | None = Field(
        default=None, description="what is drawn for it, key by key in place of the race's"
    )

    @property
    def is_agent(self) -> bool:
        """Whether it is driven from outside."""
        return self.driver.name == AGENT
