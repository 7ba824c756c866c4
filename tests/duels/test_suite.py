"""The overtaking benchmark as a whole, on small situations."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from racegym.cli import main
from racegym.duels import racing
from racegym.duels.suite import Attacker, folder_of, load_suite, measure_suite
from racegym.errors import ScenarioError
from racegym.scenario import load_scenario
from racegym.scenario.drivers import read_driver

pytest.importorskip("racegym_kart2d")

SMALL = """
task: overtake
episodes: 4
laps: 0
backend: kart2d
track: {generate: {seed: 21, count: 2, length: 300, width: 9}}
rules: {overtakes: {hold: 1}}
overtaking: {situation: one, speeds: [40, 80], window: 30, before: 2, held_out: true}
cars:
  - {name: A, vehicle: rental_kart, driver: {name: raceline, level: alien}, grid: 1}
  - {name: B, vehicle: rental_kart, driver: {name: raceline, level: rookie}, grid: 0}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("small")
    (path / "one.yaml").write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def measured(folder):
    """What came of it, with the verdicts of each race."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("racegym.duels.suite.race_all", _keeping(kept))
        result, _ = measure_suite(load_suite(folder), [Attacker("alien")])
    return result, kept


def _keeping(kept):
    def race_all(*arguments):
        found = racing.race_all(*arguments)
        kept.append(found)
        return found

    return race_all


def test_a_slower_defender_is_passed_more_often(measured):
    result, _ = measured
    slow, fast = result["situations"]
    assert (slow["defender"], fast["defender"]) == (40.0, 80.0)
    assert slow["pace"] == pytest.approx(94.0, abs=1.0)
    assert slow["surplus"] == pytest.approx(100.0 * (slow["pace"] / 40.0 - 1.0))
    assert slow["passed"] > fast["passed"]
    assert result["drivers"][0]["races"] == 8


def test_a_race_is_the_same_whatever_else_is_raced(folder, measured, monkeypatch):
    kept = []
    monkeypatch.setattr("racegym.duels.suite.race_all", _keeping(kept))
    alone = load_suite(folder, ["overtaking.speeds=[80]", "episodes=3"])
    measure_suite(alone, [Attacker("alien")])
    assert kept[0][0] == measured[1][0][1][:3]


def test_who_has_no_pace_is_not_raced_against_a_surplus(folder, monkeypatch):
    monkeypatch.setattr("racegym.duels.pace.PATIENCE", -1.0)
    scenarios = load_suite(folder, ["overtaking.surplus=[5]"])
    idle = Attacker("idle", read_driver("idle"))
    (row,) = measure_suite(scenarios, [idle])[0]["situations"]
    assert (row["passed"], row["not_raced"], row["surplus"]) == (0, 4, None)


def test_the_command_prints_a_table_for_any_driver_and_keeps_it(folder, tmp_path, capsys):
    arguments = ["run", str(folder), "--runs-dir", str(tmp_path), "--set", "episodes=1"]
    given = ["--driver", "idle", "--driver", "{name: raceline, level: pro}", "--seed", "5"]
    assert main([*arguments, *given]) == 0
    told = capsys.readouterr().out
    assert "Overtaking: idle" in told
    assert "slipstream" in told
    (file,) = tmp_path.glob("overtaking/*/overtaking.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["seed"] == 5
    assert [row["driver"] for row in data["drivers"]] == ["idle", "{name: raceline, level: pro}"]
    tracks = {name for row in data["situations"] for name in row["tracks"]}
    assert tracks == {"club-1005021", "club-1005022"}


def test_a_folder_with_something_else_in_it_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="without a scenario"):
        load_suite(tmp_path)
    (tmp_path / "race.yaml").write_text(SMALL.replace("task: overtake", "task: race"), "utf-8")
    with pytest.raises(ScenarioError, match="is to race"):
        load_suite(tmp_path)


def test_held_out_circuits_have_to_be_generated(shared):
    monza = {"file": str(shared / "tracks" / "tum" / "Monza.csv")}
    data = {
        "task": "overtake", "backend": "kart2d", "laps": 0, "track": monza,
        "overtaking": {"situation": "one", "held_out": True},
        "cars": [{"name": "a", "driver": "raceline"}, {"name": "b", "driver": "raceline"}],
    }  # fmt: skip
    with pytest.raises(ScenarioError, match="held_out is for circuits that are generated"):
        measure_suite([load_scenario(data)], [Attacker("a")])


def test_the_shipped_suite_holds_out_half_of_its_circuits():
    folder = folder_of("overtaking")
    assert folder is not None
    suite = load_suite(folder)
    held_out = [one.overtaking.held_out for one in suite]
    assert (len(held_out), sum(held_out)) == (6, 3)


LADDER = ("random", "rookie", "amateur", "club", "pure_pursuit")


@pytest.mark.slow
def test_the_suite_tells_reference_drivers_apart():
    suite = load_suite(folder_of("overtaking"))
    attackers = [
        Attacker(
            name,
            read_driver(
                name if name in ("random", "pure_pursuit") else {"name": "raceline", "level": name}
            ),
        )
        for name in LADDER
    ]
    totals = {row["driver"]: row for row in measure_suite(suite, attackers)[0]["drivers"]}
    for worse, better in pairwise(LADDER):
        assert totals[worse]["high"] < totals[better]["low"]


@pytest.mark.slow
def test_success_rises_with_surplus_and_falls_with_the_defenders_level():
    def passed(*overrides: str) -> list[int]:
        suite = load_suite(folder_of("overtaking"), overrides)
        rows = measure_suite(suite, [Attacker("pro", pro)])[0]["situations"]
        surpluses = sorted({round(row["surplus"], 1) for row in rows})
        return [
            sum(row["passed"] for row in rows if round(row["surplus"], 1) == surplus)
            for surplus in surpluses
        ]

    pro = read_driver({"name": "raceline", "level": "pro"})
    by_surplus = passed("overtaking.surplus=[5, 10, 20, 40]")
    assert by_surplus == sorted(by_surplus)
    by_level = [
        sum(passed("overtaking.surplus=[10, 20, 40]", f"cars[1].driver.level={level}"))
        for level in ("rookie", "club", "alien")
    ]
    assert by_level[0] > by_level[1] > by_level[2]
