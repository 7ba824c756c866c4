"""Entrants in processes of their own: whatever one does, the race goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from entrant_races import race

from racegym.entrants.failure import Fault
from racegym.record.result import read_events
from racegym.run import run, verify
from racegym.scenario import load_scenario

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="asks POSIX about processes")


def alive(text: str) -> list[int]:
    """Return the processes that have ``text`` in their command line or their variables."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if state != "Z" and text.encode() in told:
                found.append(int(entry.name))
    return found


def gone(text: str, seconds: float = 5.0) -> bool:
    """Wait for these processes to end."""
    limit = time.monotonic() + seconds
    while alive(text):
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Text in the variables of every process that a test starts."""
    monkeypatch.setenv("ENTRANT_TEST", str(tmp_path))
    return f"ENTRANT_TEST={tmp_path}"


LATER = "if self.steps < 40: return [0.0, 0.3]\n"
DEEDS = {
    "sleeps": (LATER + "time.sleep(1000)", {"budget_ms": 20, "patience": 3}, Fault.LATE),
    "hangs": (LATER + "while True: pass", {"hang_s": 0.3}, Fault.HUNG),
    "raises": (LATER + "raise ValueError('no idea')", {}, Fault.RAISED),
    "returns NaN": (LATER + "return [float('nan'), 0]", {}, Fault.WRONG_ACTION),
    "returns text": (LATER + "return 'left'", {"on_failure": "coast"}, Fault.WRONG_ACTION),
    "exits": (LATER + "os._exit(3)", {}, Fault.ENDED),
    "asks to exit": (LATER + "sys.exit(0)", {"on_failure": "coast"}, Fault.RAISED),
    "eats memory": (
        LATER + "self.food = [bytearray(10**7) for _ in range(10**6)]",
        {"memory_mb": 300},
        Fault.RAISED,
    ),
    "forks": (
        LATER + "if self.steps < 60: os.fork()\nif self.steps > 65: os._exit(1)\n"
        "return [0.0, 0.3]",
        {},
        Fault.ENDED,
    ),
    "prints": (
        "print('garbage ' * 100000)\nos.write(2, bytes(range(256)))\nsys.stdin.read()\n"
        + LATER + "raise RuntimeError('enough')",
        {},
        Fault.RAISED,
    ),
}  # fmt: skip


RARE = {"hangs", "returns text", "asks to exit"}


@pytest.mark.parametrize(
    "deed",
    [pytest.param(deed, marks=[pytest.mark.slow] if deed in RARE else []) for deed in DEEDS],
)
def test_eleven_finish_whatever_the_twelfth_does(deed, body, tmp_path, mark, capfd):
    text, settings, fault = DEEDS[deed]
    good = [{"name": "pure_pursuit", "pace": 80 + k} for k in range(11)]
    twelfth = {"file": body(text), "process": True, **settings}
    scenario = race(*good, twelfth, rules={"retire_stuck": 15}, record={"telemetry": False})
    done = run(scenario, runs_dir=tmp_path, plots=False)
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""
    rows = done.classification
    assert [row["status"] for row in rows] == ["finished"] * 11 + ["retired"]
    assert rows[-1]["car"] == 11
    events = list(read_events(done.folder / "events.jsonl"))
    told = [event for event in events if event["kind"] == "fault"]
    assert [(event["car"], event["value"]) for event in told] == [(11, fault)]
    (retired,) = [event for event in events if event["kind"] == "retire"]
    at_once = retired["time"] == told[0]["time"]
    assert at_once == ("coast" not in settings.values() and fault is not Fault.LATE)
    (log,) = done.folder.glob("entrant_*.log")
    assert f"[car 12, {told[0]['time'] - 0.05:.2f} s] " in log.read_text("utf-8", "replace")
    assert log.stat().st_size < 3_000_000
    assert verify(done.folder).difference is None
    assert gone(mark)


def test_a_late_decision_is_dropped_and_the_last_one_holds(body):
    text = "if self.steps == 3: time.sleep(0.25)\nreturn [0.01 * self.steps, 0]"
    driver = {"file": body(text), "process": True, "budget_ms": 100, "patience": 30}
    scenario = load_scenario(race(driver))
    world = scenario.world()
    world.reset(scenario.seeds())
    steers = []
    for _ in range(12):
        world.step()
        steers.append(round(float(world.control.steer[0, 0]) * 100))
    world.close()
    assert steers[:2] == [1, 2]
    assert steers[2] == steers[3] == 2  # late
    assert steers[-1] > 5 and 3 not in steers  # and it is heard again
    assert sorted(steers) == steers


def test_latency_and_losses_are_drawn_and_counted_in_steps(body):
    def drive(**settings):
        file = body("return [0.001 * self.steps, 0]")
        scenario = load_scenario(race(*[{"file": file, **settings}] * 2))
        world = scenario.world(2)
        world.reset(scenario.seeds(2))
        found = []
        for _ in range(60):
            world.step()
            found.append(np.rint(world.control.steer * 1000).astype(int))
        world.close()
        return np.array(found)

    ideal = np.broadcast_to(np.arange(1, 61)[:, None, None], (60, 2, 2))
    late = drive(latency_steps=4)
    assert (late[4:] == ideal[:-4]).all() and not late[:4].any()
    lossy = drive(drop=0.3, patience=1000)
    heard = lossy == ideal
    assert 0.55 < heard.mean() < 0.85
    held = np.vstack([np.zeros_like(lossy[:1]), lossy[:-1]])
    assert (lossy[~heard] == held[~heard]).all()
    assert not (heard[:, 0] == heard[:, 1]).all() and not (heard[..., 0] == heard[..., 1]).all()
    assert np.array_equal(lossy, drive(drop=0.3, patience=1000))
    assert np.array_equal(lossy, drive(drop=0.3, patience=1000, process=True))
    assert not drive(drop=1.0, patience=3).any()


def test_a_failed_entrant_starts_afresh_with_the_next_episode(body):
    driver = {"file": body("if self.steps > 5: os._exit(1)\nreturn [0, 1]"), "process": True}
    scenario = load_scenario(race(driver, driver | {"on_failure": "coast"}))
    world = scenario.world()
    for _ in range(2):
        world.reset(scenario.seeds())
        for step in range(8):
            world.step()
            assert (world.control.throttle[0] == (1 if step < 5 else 0)).all()
        assert world.view.race.status[0].tolist() == [4, 1]
    world.close()


PARENT = """
import sys, time
from racegym.scenario import load_scenario
scenario = load_scenario(sys.argv[1])
world = scenario.world()
world.reset(scenario.seeds())
world.step()
print("racing", flush=True)
if sys.argv[2] == "raise":
    raise RuntimeError("as it happens")
for _ in range(10**9):
    world.step()
"""


@pytest.mark.parametrize("end", ["raise", "kill", "kill while it thinks"])
def test_no_process_outlives_the_race(end, body, put, mark):
    text = "if self.steps == 1: os.fork() or time.sleep(1000)\n" + (
        "if self.steps > 1: time.sleep(1000)\n" if "thinks" in end else ""
    )
    driver = {"file": body(text + "return [0, 1]"), "process": True, "hang_s": 100}
    file = put("race.yaml", json.dumps(race(driver, time_limit=10000, laps=1000)))
    how = "raise" if end == "raise" else "race"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, file, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout.readline() == b"racing\n"
        if end != "raise":
            time.sleep(0.2)
            assert len(alive(mark)) >= 2
            parent.send_signal(signal.SIGKILL)
        parent.communicate()
    assert gone(mark)


def test_the_code_of_an_isolated_entrant_is_never_imported_here(put):
    path = put("d.py", "import os\nTHERE = os.getpid()\nclass Odd:\n  observation = ['state']\n"
               "  action = 'steer_accel'\n  def act(self, o): return [0, 0]\n"
               f"if THERE == {os.getpid()}: raise RuntimeError('here')\n")  # fmt: skip
    scenario = load_scenario(race({"file": f"{path}:Odd", "process": True}))
    world = scenario.world()
    world.reset(scenario.seeds())
    world.step()
    world.close()
    assert not any(getattr(m, "__file__", None) == path for m in list(sys.modules.values()))


def test_a_first_decision_that_is_late_is_no_failure(body, tmp_path):
    text = "if self.steps == 1: time.sleep(0.2)\nreturn [0, 0.3]"
    driver = {"file": body(text), "process": True, "budget_ms": 20, "on_failure": "stop"}
    assert run(race(driver, time_limit=1), runs_dir=tmp_path, plots=False).state == "finished"


def test_a_copy_of_the_race_that_ends_takes_no_entrant_along(body):
    scenario = load_scenario(race({"file": body("return [0, 0.3]"), "process": True}))
    world = scenario.world()
    world.reset(scenario.seeds())
    world.step()
    copy = os.fork()
    if copy == 0:
        try:
            weakref.finalize._exitfunc()  # as any Python does when it ends
        finally:
            os._exit(0)
    os.waitpid(copy, 0)
    for _ in range(3):
        world.step()
    assert world.control.throttle[0, 0] == np.float32(0.3)
    world.close()


def test_a_limit_of_memory_stays_below_that_of_the_race(body, put):
    driver = {"file": body("return [0, 0.3]"), "process": True, "memory_mb": 9_000_000}
    file = put("race.yaml", json.dumps(race(driver)))
    text = (
        "import resource, sys; from racegym.scenario import load_scenario\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**42, 2**42))\n"
        "print(load_scenario(sys.argv[1]).cars[0].driver.name)"
    )
    done = subprocess.run([sys.executable, "-c", text, file], capture_output=True, text=True)
    assert done.stdout == "Odd\n", done.stderr


ODD = {
    "wrong shape": ("", LATER + "return [0.0] * 3", Fault.WRONG_ACTION),
    "closes its pipes": ("", LATER + "os.closerange(0, 100)\nreturn [0.0, 0.3]", Fault.ENDED),
    "exits when it is made": ("os._exit(5)", "", Fault.ENDED),
    "kills itself": ("", LATER + "os.kill(os.getpid(), 9)", Fault.ENDED),
    "leaves grandchildren": (
        "", LATER + "os.fork() or (os.fork(), time.sleep(1000))\nos._exit(0)", Fault.ENDED
    ),
    "stops": ("", LATER + "os.kill(os.getpid(), 19)", Fault.HUNG),
}  # fmt: skip
HARMLESS = {
    "has threads": (
        "import threading\n" + 8 * "threading.Thread(target=time.sleep, args=(1000,)).start()\n",
        "",
    ),
    "is slow to start": ("time.sleep(1.5)", ""),
    "shouts": ("", "os.write(1, bytes(range(256)) * 999)\nos.system('echo garbage; echo >&2')"),
}


ENTRANT = """
import os, sys, time
from steady import Steady

class Odd(Steady):
    def __init__(self, options):
        super().__init__(options)
        self.steps = 0
{made}

    def act(self, observation):
        self.steps += 1
{acts}
        return super().act(observation)
"""


@pytest.mark.slow
def test_twelve_cars_of_which_half_go_wrong_at_once(put, steady, tmp_path, mark, capfd):
    drivers: list[object] = [{"name": "pure_pursuit", "pace": 80 + k} for k in range(3)]
    for number, (made, acts, *_) in enumerate([*HARMLESS.values(), *ODD.values()]):
        inner = {"made": _indented(made), "acts": _indented(acts)}
        file = put(f"odd_{number}.py", ENTRANT.format(**inner))
        drivers.append({"file": f"{file}:Odd", "process": True, "hang_s": 3})
    rules = {"retire_stuck": 15}
    done = run(race(*drivers, rules=rules, time_limit=120), runs_dir=tmp_path, plots=False)
    assert capfd.readouterr() == ("", "")
    status = {row["car"]: row["status"] for row in done.classification}
    whole = 3 + len(HARMLESS)
    assert status == {n: "finished" if n < whole else "retired" for n in range(12)}
    events = list(read_events(done.folder / "events.jsonl"))
    faults = {event["car"]: event["value"] for event in events if event["kind"] == "fault"}
    assert faults == {whole + k: fault for k, (_, _, fault) in enumerate(ODD.values())}
    assert verify(done.folder).difference is None
    assert gone(mark)


def _indented(text: str) -> str:
    return textwrap.indent(text, " " * 8)
