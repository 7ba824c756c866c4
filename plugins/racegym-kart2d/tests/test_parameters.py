"""Vehicle files: what is read, and how wrong ones are refused."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kart2d_rig import VEHICLES, vehicle

from racegym.errors import ScenarioError
from racegym_kart2d.fleet import tell
from racegym_kart2d.kernels import columns
from racegym_kart2d.parameters import SingleTrackVehicle, parse


@pytest.mark.parametrize("name", VEHICLES)
def test_shipped_vehicles_are_read(name):
    row = parse(vehicle(name)).row()
    assert row.shape == (columns.PARAMETERS,)
    assert np.isfinite(row).all()


@pytest.mark.parametrize("name", VEHICLES)
def test_every_number_shipped_has_a_source_or_says_that_it_is_chosen(name):
    text = files("racegym_kart2d").joinpath(f"vehicles/{name}.yaml").read_text("utf-8")
    for line in text.splitlines():
        if re.match(r"^\w+:\s+[-\d]", line) and not line.startswith("drive_front: 0.0"):
            assert re.search(r"#.*(\[\d\]|estimate|kart has no|as above)", line), line


def test_every_parameter_states_its_unit():
    for name, field in SingleTrackVehicle.model_fields.items():
        text = field.description or ""
        plain = ("mu", "share", "resistance", "engine turns", "B of", "C of", "what people")
        assert text.startswith("[") or text.startswith(plain), name


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ScenarioError, match=r"'mas' is no parameter.*did you mean 'mass'"):
        parse({**vehicle("gt3"), "mas": 1})


def test_a_missing_value_is_named_with_its_unit():
    mapping = vehicle("gt3")
    del mapping["yaw_inertia"]
    with pytest.raises(
        ScenarioError, match=r"vehicle 'GT3'.*'yaw_inertia' is missing: \[kg m\^2\]"
    ):
        parse(mapping)


@pytest.mark.parametrize(
    ("name", "value"),
    [("mass", -1), ("mass", "heavy"), ("mass", float("nan")), ("power", float("inf"))],
)
def test_a_value_out_of_range_is_shown(name, value):
    with pytest.raises(ScenarioError, match=f"'{name}' is"):
        parse(vehicle("gt3", **{name: value}))


# Values within every range, so that odd vehicles are built and not only refused.
ODD = st.one_of(st.sampled_from([0.0, 1.0, 0.05, 1e-6, 1.2, 2.0]), st.floats(0.0, 100.0))


@given(
    st.dictionaries(st.sampled_from(sorted(set(SingleTrackVehicle.model_fields) - {"name"})), ODD)
)
@settings(deadline=None, max_examples=200)
def test_an_odd_vehicle_has_a_finite_envelope(changes):
    try:
        read = parse(vehicle("gt3", **changes))
    except ScenarioError:
        return
    known = tell(read.row())
    assert np.isfinite(list(known.values())).all()
    assert min(known.values()) >= 0.0


@given(
    st.dictionaries(
        st.sampled_from([*SingleTrackVehicle.model_fields, "nonsense"]),
        st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.lists(st.none())),
        max_size=4,
    )
)
@settings(deadline=None, max_examples=100)
def test_any_mapping_is_read_or_refused_plainly(changes):
    try:
        read = parse(vehicle("gt3", **changes))
    except ScenarioError as error:
        assert "does not fit" in str(error)
        return
    assert np.isfinite(read.row()).all()
    assert np.isfinite(list(tell(read.row()).values())).all()


def test_a_vehicle_can_not_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        parse(vehicle("gt3")).mass = 1.0
