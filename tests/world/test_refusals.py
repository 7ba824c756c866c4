"""Everything that is refused when a world is built, with its message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import Channel, Realism
from racegym.testing.parts import Bicycle, Nothing
from racegym.world import CarConfig, Part, StartConfig
from racegym.world.check import check_channels, control_interval


def backend(**changes):
    return type("Changed", (Bicycle,), {"spec": replace(Bicycle.spec, **changes)})


class Needy(Nothing):
    requires = frozenset({"tyre_temperatur"})


class Grippy(Realism):
    effects = frozenset({"grip"})

    def step(self, view, effects, dt):
        pass


class Typo(Grippy):
    effects = frozenset({"gripp"})


class Offers(Grippy):
    effects = frozenset()
    channels = (Channel(name="tyre_temperature", low=0, high=1),)


class OffersToo(Offers):
    pass


class Shadows(Offers):
    channels = (Channel(name="vx", low=0, high=1),)


CASES = {
    "newer interface": (
        {"backend": backend(api=99)},
        BackendError,
        "was written for plugin interface 99; this racegym has 1. Upgrade racegym",
    ),
    "no cars": ({"cars": []}, ScenarioError, "a race needs at least one car"),
    "no races": (
        {"n_races": 0},
        ScenarioError,
        "whole number and at least 1, not 0",
    ),
    "too many races": (
        {"backend": backend(max_races=1)},
        BackendError,
        r"runs at most 1 race\(s\) at once, not 2",
    ),
    "too many cars": (
        {"backend": backend(max_cars=1)},
        BackendError,
        r"has at most 1 car\(s\) a race, not 2",
    ),
    "same name": (
        {"cars": [CarConfig(name="a"), CarConfig(name="a")]},
        ScenarioError,
        "two cars are called 'a'; names must differ",
    ),
    "same slot": (
        {"cars": [CarConfig(name="a", grid=1), CarConfig(name="b")]},
        ScenarioError,
        "cars 'a' and 'b' both start from grid slot 1",
    ),
    "no profile": (
        {"cars": [CarConfig(name="a", profile="defualt")]},
        ScenarioError,
        "its profile 'defualt' does not exist; did you mean 'default'",
    ),
    "no position": (
        {"backend": backend(fills=frozenset({"x", "yaw", "vx"}))},
        BackendError,
        "does not fill y, vy: no race without",
    ),
    "unknown field": (
        {"backend": backend(fills=Bicycle.spec.fills | {"velocity"})},
        BackendError,
        "says it fills velocity, which is no field of CarState",
    ),
    "no track": ({"tracks": ()}, ScenarioError, "drives the tracks it is given: name a track"),
    "track too many": (
        {"backend": backend(tracks="new")},
        ScenarioError,
        "has a track of its own: leave the track out",
    ),
    "random start": (
        {"backend": backend(placement="start"), "start": StartConfig(kind="random")},
        ScenarioError,
        r"can't place cars anywhere \(placement: start\); use start kind 'grid'",
    ),
    "no rounds": ({"rounds": 0}, ScenarioError, "rounds must be at least 1, not 0"),
    "missing channel": (
        {"sensors": [Part(name="needy", make=Needy)]},
        ScenarioError,
        "profile 'default': sensor 'needy' needs tyre_temperatur, which backend 'Bicycle' does",
    ),
    "nearest channel": (
        {
            "sensors": [Part(name="needy", make=Needy)],
            "realism": [Part(name="tyres", make=Offers)],
        },
        ScenarioError,
        "did you mean 'tyre_temperature'",
    ),
    "unknown effect": (
        {"realism": [Part(name="typo", make=Typo)]},
        ScenarioError,
        "realism 'typo' wants effect 'gripp'; did you mean 'grip'",
    ),
    "effect not honoured": (
        {
            "backend": backend(effects=frozenset({"drag"})),
            "realism": [Part(name="grippy", make=Grippy)],
        },
        ScenarioError,
        "wants effect 'grip', which backend 'Changed' does not honour; it honours: drag",
    ),
    "two offers": (
        {"realism": [Part(name="one", make=Offers), Part(name="two", make=OffersToo)]},
        ScenarioError,
        "both realism 'one' and realism 'two' offer a channel 'tyre_temperature'",
    ),
    "shadowed field": (
        {"realism": [Part(name="shadows", make=Shadows)]},
        ScenarioError,
        "realism 'shadows' offers a channel 'vx', which is a field of CarState",
    ),
    "dt zero": ({"dt": 0.0}, ScenarioError, "dt must be above 0 and at most 10 s, not 0.0"),
    "dt huge": ({"dt": 11}, ScenarioError, "dt must be above 0 and at most 10 s, not 11"),
    "dt no number": ({"dt": float("nan")}, ScenarioError, "dt must be above 0"),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_with_the_reason(build, case):
    fields, error, message = CASES[case]
    with pytest.raises(error, match=message):
        build(**fields)


@pytest.mark.parametrize(
    ("dt", "rounds", "nearest"),
    [
        (0.05, 1, "0.04 and 0.06"),
        (0.001, 1, "0.02 and 0.04"),
        (0.05, 2, "0.04 and 0.08"),
        (0.119, 3, "0.06 and 0.12"),
    ],
)
def test_a_dt_that_is_no_multiple_of_the_frame_names_the_nearest_two(build, dt, rounds, nearest):
    message = f"steps in frames of 0.02 s; dt {dt:g} is no multiple; the nearest are {nearest}"
    with pytest.raises(ScenarioError, match=message):
        build(backend=backend(frame=0.02, dt=0.02), dt=dt, rounds=rounds)


@pytest.mark.parametrize(("dt", "rounds"), [(0.02, 1), (0.06, 1), (0.06, 3), (0.08, 2), (1.0, 1)])
def test_a_dt_that_is_a_multiple_is_taken(build, dt, rounds):
    world = build(backend=backend(frame=0.02, dt=0.02), dt=dt, rounds=rounds)
    assert world.dt == dt


@pytest.mark.parametrize("factor", np.arange(1, 200, 13).tolist())
def test_the_nearest_two_intervals_are_taken_themselves(build, factor):
    world = build(backend=backend(frame=0.03, dt=0.03))
    for dt in (factor * 0.03, factor * 0.03 + 1e-12):
        assert control_interval(replace(world.config, dt=dt), world.spec) == dt


def test_no_dt_takes_the_backends_own(build):
    assert build(backend=backend(dt=0.035)).dt == 0.035


def test_channels_of_different_names_are_joined():
    one, two = Channel(name="a", low=0, high=1), Channel(name="b", low=0, high=1)
    assert check_channels([("x", (one,)), ("y", (two,))]) == {"a": one, "b": two}


def test_a_grid_longer_than_the_lap_is_refused_at_the_first_reset(build):
    cars = [CarConfig(name="a", grid=0), CarConfig(name="b", grid=90)]
    world = build(cars=cars, start=StartConfig(gap=8.0))
    with pytest.raises(ScenarioError, match=r"grid slot 90 is 72\d m behind the line.*only \d+ m"):
        world.reset(seeds=[1, 2])
    world = build(cars=cars, start=StartConfig(gap=8.0, kind="random"))
    world.reset(seeds=[1, 2])
