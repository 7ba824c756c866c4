"""The suites as pytest and the command line run them, and the fakes when they are hurt."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest
from racegym_fakes.two_process import TwoProcessBackend

from racegym.errors import BackendError
from racegym.testing import ConformanceError, NotApplicable, Suite, needs, run_suite
from racegym.testing.parts import Bicycle
from racegym.testing.rig import Rig, circuits, profile
from racegym.world import CarConfig, Part, WorldConfig

THREE_LINES = """
from racegym.testing import ActionMapSuite
from racegym.testing.parts import Direct

class TestMine(ActionMapSuite):
    make = Direct
    steer_index = None

class TestBroken(ActionMapSuite):
    class make(Direct):
        def apply(self, actions, cars, control):
            super().apply(actions, cars, control)
            control.steer.reshape(-1)[cars] *= -1
"""


class Sample(Suite):
    make = Bicycle
    ran: list[str] = []  # noqa: RUF012  # what ran, for the test to see

    def check_good(self):
        """It is good."""
        self.ran.append("good")

    def check_bad(self):
        """It is bad."""
        raise ConformanceError("it is bad", where="Sample.bad")

    @needs("bad")
    def check_after_bad(self):
        """It needs the bad one."""

    @needs("good")
    def check_after_good(self):
        """It needs the good one."""

    def check_empty(self):
        """There is nothing to check."""
        raise NotApplicable("there is nothing")

    @needs("empty")
    def check_after_empty(self):
        """It needs the empty one."""

    def check_surprise(self):
        """The stranger's code raises something."""
        raise ZeroDivisionError("by zero")


def test_report_tells_passed_failed_and_not_applicable_apart():
    report = run_suite(type("Mine", (Sample,), {"ran": []}))
    assert report.passed == ("good", "after_good")
    assert [finding.check for finding in report.failed] == ["bad", "surprise"]
    assert [finding.check for finding in report.not_applicable] == [
        "after_bad",
        "empty",
        "after_empty",
    ]
    assert not report.ok
    assert report.failed[0].where == "Sample.bad"
    assert "ZeroDivisionError: by zero" in report.failed[1].reason
    assert "test_suite.py:" in report.failed[1].where
    text = str(report)
    assert "2 passed, 2 failed, 3 not applicable" in text
    assert "n/a    empty: there is nothing" in text


def test_checks_can_be_chosen_and_a_needed_one_runs_once():
    mine = type("Mine", (Sample,), {"ran": []})
    report = run_suite(mine, ["after_good", "after_good"])
    assert report.passed == ("after_good", "after_good")
    assert mine.ran == ["good"]


def test_every_check_says_in_a_line_what_it_promises():
    import racegym.testing as suites

    for name in suites.__all__:
        if name.endswith("Suite") and name != "Suite":
            for check, line in getattr(suites, name).checks().items():
                assert line.endswith("."), f"{name}.{check}"


def test_three_lines_make_tests_of_pytest(tmp_path):
    file = tmp_path / "test_mine.py"
    file.write_text(THREE_LINES, encoding="utf-8")
    flags = ["-W", "error", "-p", "no:cacheprovider", "-rs", "-v", "--import-mode=importlib"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, str(file)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "TestMine::test_conformance[control_keeps_its_bounds] PASSED" in result.stdout
    assert "steer_index is None: no number steers directly" in result.stdout
    assert "TestBroken::test_conformance[positive_steer_is_left] FAILED" in result.stdout
    assert "positive_steer_is_left: action 1 gave steer -1; left is positive" in result.stdout
    assert "1 failed, 14 passed, 3 skipped" in result.stdout


def test_the_suites_do_not_need_pytest():
    code = "import sys, racegym.testing; sys.exit('pytest' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


@pytest.fixture
def two_process():
    config = WorldConfig(
        n_races=2,
        cars=[CarConfig(name="a")],
        backend=Part(name="two", make=TwoProcessBackend),
        tracks=circuits(),
        profiles=profile(),
    )
    with Rig(config) as rig:
        rig.start()
        yield rig


def test_an_engine_that_dies_is_told_of_and_closes(two_process):
    backend = two_process.world.backend
    backend._process.kill()
    backend._process.join()
    with pytest.raises(BackendError, match="process has ended"):
        for _ in range(3):
            two_process.step()
    two_process.world.close()
    two_process.world.close()


def test_an_engine_ends_with_its_world(two_process):
    assert len(multiprocessing.active_children()) == 1
    two_process.step(throttle=1.0)
    two_process.world.close()
    assert not multiprocessing.active_children()
    assert np.isfinite(two_process.world.view.state.x).all()
