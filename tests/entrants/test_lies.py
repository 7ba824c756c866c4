"""An isolated entrant that writes to the race's socket itself gets nothing out of it."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from entrant_races import race

from racegym.entrants.failure import Fault
from racegym.entrants.wire import HEADER
from racegym.errors import ScenarioError
from racegym.record.result import read_events
from racegym.run import run
from racegym.scenario import load_scenario

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the socket goes another way")

LIAR = """
import gc, os, socket, time
from pathlib import Path

class Odd:
    observation = ["state"]
    action = "steer_accel"
    def act(self, observation):
        return [0, 0.3]

if not {armed!r} or Path({armed!r}).exists():
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            thing.sendall({said!r})
    time.sleep(1000)
"""
DEEP = b"[" * 200_000
READY, REFUSED, ANSWER = b"K", b"E", b"A"
HONEST: dict[str, Any] = {
    "observation": ["state"], "action": "steer_accel", "options": {}, "faults": []
}  # fmt: skip


def said(kind: bytes, payload: bytes) -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


def failed(told: bytes, fault: int = 1) -> bytes:
    """Return the start of an entrant and its first answer, a failure that says ``told``."""
    row = struct.pack("<B3sBI", fault, b"   ", 0, len(told)) + told
    return said(READY, b"{}") + said(ANSWER, struct.pack("<II", 1, 1) + row)


def array(dimensions: int, *lengths: int) -> bytes:
    row = struct.pack("<B3sB", 0, b"<f8", dimensions) + struct.pack(f"<{len(lengths)}I", *lengths)
    return said(READY, b"{}") + said(ANSWER, struct.pack("<II", 1, 1) + row)


LIES = {
    "no frame": b"\xff" * 100,
    "endless": HEADER.pack(ANSWER, 2**32 - 1),
    "no JSON": said(REFUSED, b"nonsense"),
    "deep": said(REFUSED, DEEP),
    "no reason": said(REFUSED, b"{}"),
    "a list": said(REFUSED, b"[]"),
    "deep failure": failed(DEEP),
    "list failure": failed(b"[]"),
    "no such fault": failed(b'{"what": "x", "line": 1}', 99),
    "huge array": array(8, 0, *[2**32 - 1] * 7),
    "many axes": array(255, *[0] * 255),
    "many rows": said(READY, b"{}") + said(ANSWER, struct.pack("<II", 1, 2**32 - 1)),
    "long words": failed(json.dumps({"what": "x" * 900_000, "line": 10**30}).encode()),
}


def test_lies_of_a_race_are_failures_of_the_liar(put, tmp_path):
    armed = tmp_path / "armed"
    liars = [
        put(f"liar_{k}.py", LIAR.format(said=lie, armed=str(armed))) + ":Odd"
        for k, lie in enumerate(LIES.values())
    ]
    drivers = [{"file": liar, "process": True, "hang_s": 5} for liar in liars]
    scenario = load_scenario(race(*drivers, "pure_pursuit", time_limit=1))
    armed.touch()
    done = run(scenario, runs_dir=tmp_path, plots=False)
    assert done.state == "finished"
    status = {row["car"]: row["status"] for row in done.classification}
    assert status == {**dict.fromkeys(range(len(LIES)), "retired"), len(LIES): "not finished"}
    events = list(read_events(done.folder / "events.jsonl"))
    faults = {event["car"]: event["value"] for event in events if event["kind"] == "fault"}
    raised = {list(LIES).index("long words")}
    wanted = {k: Fault.RAISED if k in raised else Fault.ENDED for k in range(len(LIES))}
    assert faults == wanted
    assert all(log.stat().st_size < 2000 for log in done.folder.glob("entrant_*.log"))


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (LIES["deep"], "its process speaks nonsense: it is too deep"),
        (LIES["a list"], "its process speaks nonsense: it is no mapping"),
        (said(READY, b"\xff"), "its process speaks nonsense"),
        (HONEST | {"observation": None}, "it declares no driver"),
        (HONEST | {"options": {"process": False, "file": "x.py:X"}}, "it declares no driver"),
        (HONEST | {"options": {"x": json.loads("[" * 400 + "]" * 400)}}, "levels deep"),
        (HONEST | {"faults": [[[["x"]], "bad"]]}, "it says of no option what is wrong"),
        (HONEST | {"observation": ["./spy.py:Spy"]}, "asks the race itself to run ./spy.py:Spy"),
        (HONEST | {"action": {"file": "./spy.py:Spy"}}, "asks the race itself to run"),
    ],
)
def test_lies_of_a_declaration_are_told_plainly(lie, words, put, tmp_path):
    put("spy.py", f"open({str(tmp_path / 'seen')!r}, 'w')\nclass Spy: pass")
    raw = lie if isinstance(lie, bytes) else said(READY, json.dumps(lie).encode())
    liar = put("liar.py", LIAR.format(said=raw, armed=""))
    with pytest.raises(ScenarioError) as told:
        load_scenario(race({"file": f"{liar}:Odd", "process": True}))
    assert words in str(told.value)
    assert not Path(tmp_path / "seen").exists()
