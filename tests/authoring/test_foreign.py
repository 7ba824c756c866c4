"""Somebody's simulator of one kart becomes a backend with a few lines of the author's own."""

from __future__ import annotations

import difflib
import json
import math
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from racegym.authoring.new_plugin import NewPlugin, rendered
from racegym.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
EXAMPLE = EXAMPLES / "racegym-toykart"
AT_MOST = 40  # lines by hand


def test_the_example_is_what_the_template_writes_now_with_the_changes_of_the_tutorial():
    made = runpy.run_path(str(ROOT / "docs" / "make_example.py"))["example"]()
    there = {
        file.relative_to(EXAMPLE).as_posix(): file.read_text(encoding="utf-8")
        for file in EXAMPLE.rglob("*")
        if file.is_file() and not {"__pycache__", "runs", "dist"} & set(file.parts)
    }
    assert there == made, "run: python docs/make_example.py"


def test_few_lines_are_by_hand():
    by_hand = []
    for path, text in rendered(NewPlugin("backend", "toykart")).items():
        file = EXAMPLE / path
        if file.is_file():
            lines = file.read_text(encoding="utf-8").splitlines()
            diff = difflib.unified_diff(text.splitlines(), lines, n=0)
            by_hand += [x for x in diff if x.startswith("+") and not x.startswith("+++")]
    assert 10 <= len(by_hand) <= AT_MOST
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert f"there are {len(by_hand)} lines in all" in page


def test_the_example_passes_its_check_and_is_raced(workshop, monkeypatch, capsys):
    for project in ("toykart", "racegym-toykart"):
        shutil.copytree(EXAMPLES / project, workshop.folder / project)
        workshop.install(workshop.folder / project)
    assert main(["check", "backend", "toykart", "--json"]) == 0, capsys.readouterr()
    report = json.loads(capsys.readouterr().out)
    assert len(report["passed"]) == 24
    monkeypatch.chdir(workshop.folder / "racegym-toykart")
    assert main(["run", "scenario.yaml"]) == 0, capsys.readouterr().err
    (result,) = Path("runs", "toykart").glob("*/result.json")
    (car,) = json.loads(result.read_text(encoding="utf-8"))["classification"]
    assert car["laps"] == 2


@pytest.fixture
def toykart(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "toykart")
    import toykart

    yield toykart
    del sys.modules["toykart"]


class TestToykart:
    """Its physics against closed forms."""

    def test_full_throttle_ends_where_drag_takes_all_of_it(self, toykart):
        kart = toykart.Kart(heading=90.0)
        for _ in range(60 * toykart.HZ):
            kart.step(0.0, 1.0)
        top = math.sqrt(toykart.PULL / toykart.DRAG) * toykart.KMH
        assert kart.speed == pytest.approx(top, rel=1e-4)
        assert (kart.x, kart.heading, kart.drift) == (pytest.approx(0.0, abs=1e-9), 90.0, 0.0)
        assert kart.y > 0, "down the screen"

    def test_it_drives_the_circle_that_its_wheels_point_along_to_the_right(self, toykart):
        kart = toykart.Kart(speed=10.0)
        kart.drift = 10.0 * math.tan(math.radians(8.0)) * toykart.TO_REAR / toykart.WHEELBASE
        start = (kart.x, kart.y)
        far, turned, before = 0.0, 0.0, kart.heading
        while turned < 180.0:
            kart.speed = 10.0
            kart.step(8.0, 0.0)
            turned += (kart.heading - before) % 360.0
            before = kart.heading
            far = max(far, math.dist(start, (kart.x, kart.y)))
        to_rear_axle = toykart.WHEELBASE / math.tan(math.radians(8.0))
        assert far == pytest.approx(2.0 * math.hypot(to_rear_axle, toykart.TO_REAR), rel=0.01)
        assert kart.y > 0, "clockwise on a screen"

    def test_tyres_hold_no_more_than_they_can(self, toykart):
        kart = toykart.Kart(speed=50.0)
        kart.step(25.0, 0.0)
        turn_rate = math.radians(kart.heading) * toykart.HZ
        assert turn_rate * 50.0 / toykart.KMH == pytest.approx(toykart.GRIP, rel=0.01)

    def test_the_handbrake_lets_the_tail_slide_out_of_a_bend(self, toykart):
        drifts = []
        for pulled in (False, True):
            kart = toykart.Kart(speed=40.0)
            kart.handbrake = pulled
            for _ in range(toykart.HZ // 2):
                kart.step(15.0, 0.0)
            drifts.append(kart.drift)
        assert abs(drifts[0]) < 3.0
        assert drifts[1] < -5.0

    def test_the_brake_goes_on_into_reverse(self, toykart):
        kart = toykart.Kart(speed=5.0)
        for _ in range(toykart.HZ):
            kart.step(0.0, -1.0)
        assert kart.speed < -10.0

    def test_its_page_tells_the_truth(self, toykart):
        page = (EXAMPLES / "toykart" / "README.md").read_text(encoding="utf-8")
        (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
        names: dict[str, object] = {}
        exec(program, names)
        kart = names["kart"]
        assert kart.y > 0 > kart.x, "down the screen, and then to its right"
