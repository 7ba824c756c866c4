"""Each deliberately broken plugin fails the one check that is meant for it."""

from __future__ import annotations

import pytest
from broken import BROKEN, GOOD

from racegym.testing import (
    ActionMapSuite,
    BackendSuite,
    DriverSuite,
    RealismSuite,
    RewardSuite,
    SensorSuite,
    TerminationSuite,
    TrainerSuite,
    run_suite,
)

SUITES = (
    ActionMapSuite,
    BackendSuite,
    DriverSuite,
    RealismSuite,
    RewardSuite,
    SensorSuite,
    TerminationSuite,
    TrainerSuite,
)


def test_there_are_many_and_each_is_told_apart():
    assert len(BROKEN) >= 15
    assert len({made for _, made, _ in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize(
    ("suite", "made", "check"), BROKEN, ids=[made.__name__ for _, made, _ in BROKEN]
)
def test_fails_the_check_meant_for_it(suite, made, check):
    report = run_suite(type("Suite", (suite,), {"make": made}), [check])
    assert [finding.check for finding in report.failed] == [check], report


ALSO = {  # what else a fault breaks, as it must
    "HasNoDriver": ["begins_from_a_checkpoint"],
    "ToldTwice": ["contact_keeps_momentum"],
    "MomentumFromNowhere": ["slots_of_cars_do_not_matter"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "made", "check"), BROKEN, ids=[made.__name__ for _, made, _ in BROKEN]
)
def test_fails_no_other_check(suite, made, check):
    report = run_suite(type("Suite", (suite,), {"make": made}))
    wanted = [check, *ALSO.get(made.__name__, [])]
    assert [finding.check for finding in report.failed] == wanted, report


@pytest.mark.parametrize(("suite", "made"), GOOD, ids=[made.__name__ for _, made in GOOD])
def test_the_unbroken_original_passes(suite, made):
    report = run_suite(type("Suite", (suite,), {"make": made}))
    assert report.ok, report


@pytest.mark.parametrize("suite", SUITES, ids=[suite.__name__ for suite in SUITES])
def test_every_check_can_fail(suite):
    """Each check of each suite has a plugin here that it catches; effects share one kind."""
    caught = {check for base, _, check in BROKEN if base is suite}
    if suite is BackendSuite:
        caught |= {name for name in suite.checks() if name.startswith("effect_")}
    shared = {"reset_is_complete", "repeats_itself", "race_is_independent_of_the_batch"}
    if suite is TerminationSuite:  # the base that it shares with rewards is tested there
        shared |= {"view_is_untouched"}
        caught |= shared
    missed = suite.checks().keys() - caught
    if suite is ActionMapSuite:
        missed -= shared
    assert not missed
