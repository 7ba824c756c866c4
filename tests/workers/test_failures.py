"""Engines that fail, workers that are killed, worlds that are killed."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import racegym_fakes
from racegym_fakes.alone import Busy, Clumsy, Forking, Frail, Quick
from racegym_fakes.elsewhere import Elsewhere
from racegym_fakes.processes import gone_within, is_running, workers_of

from racegym.errors import BackendError
from racegym.interfaces import Arrays, ScopedArrays, Setup, View
from racegym.testing.rig import circuits
from racegym.track import TrackSet
from racegym.workers import in_workers

FAKES = str(Path(racegym_fakes.__file__).parents[1])
HASTE = {"count": 2, "step_timeout": 0.5}


def slow(*values):
    """Return one more case like others, for the longer evidence."""
    return pytest.param(*values, marks=pytest.mark.slow)


def lone():
    """Return a backend with one worker, and nobody else who holds it."""
    arrays = Arrays(1)
    view = View.allocate(arrays, 1, 0.05, TrackSet(circuits(), [0]))
    options = {"workers": 1}
    scoped = ScopedArrays(arrays, "backend")
    return in_workers(Quick)(Setup(view=view, arrays=scoped, options=options))


@pytest.mark.parametrize("how", ["raise", "hang", *map(slow, ("tell", "exit", "kill"))])
def test_a_race_whose_engine_fails_is_lost_until_its_reset(build, how, tmp_path, caplog):
    rig = build(
        Frail, 2, workers=HASTE, at="step", how=how, after=2, once=str(tmp_path / "once")
    )  # fmt: skip
    world = rig.world
    rig.start()
    rig.step()
    rig.step()
    assert world.view.clock.advanced.all()
    rig.step()  # one of both fails
    (lost,) = np.flatnonzero(~world.view.clock.advanced)
    other = 1 - lost
    assert world.view.clock.gone[lost].all() and not world.view.clock.gone[other].any()
    assert world.view.clock.elapsed[lost] == 0 < world.view.clock.elapsed[other]
    assert world.view.state.vx[lost, 0] == 2 and world.view.state.vx[other, 0] == 3
    assert not world.view.race.present[lost].any()
    assert world.groups[0].terminated[lost] or world.groups[0].truncated[lost]
    words = {"raise": "out of fuel", "tell": "the track is closed", "exit": "exit code 3",
             "kill": "signal SIGKILL", "hang": "more than 0.5 s"}  # fmt: skip
    (record,) = caplog.records
    assert words[how] in record.message and "the engine is not well" in record.message

    rig.step()  # the race waits for its reset, the other goes on
    assert not world.view.clock.advanced[lost] and world.view.state.vx[other, 0] == 4
    world.reset(races=[int(lost)])
    rig.step()
    assert world.view.clock.advanced.all()
    assert world.view.state.vx[lost, 0] == 1 and world.view.state.vx[other, 0] == 5


def test_retries_are_bounded_and_the_engine_is_named(build):
    rig = build(Frail, workers={"count": 1, "retries": 1}, at="step", how="raise", after=1)
    rig.start()
    rig.step()
    rig.step()
    rig.start()
    rig.step()
    with pytest.raises(BackendError) as told:
        rig.step()
    text = str(told.value)
    assert text.startswith("backend 'Frail' failed 2 times in a row, at last in race 0: it failed ")
    assert "ValueError: out of fuel (alone.py:" in text
    assert text.endswith("It said last:\nthe engine is not well")


def test_no_reason_is_too_long(build):
    rig = build(Frail, workers={"count": 1, "retries": 0}, at="step", how="rant")
    rig.start()
    with pytest.raises(BackendError) as told:
        rig.step()
    assert "in race 0: it failed to step: ? no ? no" in str(told.value)
    assert len(str(told.value)) < 3000


def test_a_machine_that_starts_no_process_is_asked_as_often_as_retries_say(build, monkeypatch):
    rig = build(Frail, workers={"count": 1, "retries": 1000}, at="step", how="raise")
    rig.start()
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    with pytest.raises(BackendError, match=r"failed 1001 times in a row.* can't be started"):
        rig.step()


@pytest.mark.slow
def test_an_episode_without_a_failure_ends_the_row(build):
    rig = build(Frail, workers={"count": 1, "retries": 1}, at="step", how="raise", after=1)
    for _ in range(2):
        rig.start()
        rig.step()
        rig.step()
        assert not rig.world.view.clock.advanced.any()
        rig.start()
        rig.step()


def test_an_engine_that_fails_at_a_reset_or_a_placing_is_asked_once_more(build, tmp_path):
    rig = build(Frail, workers=1, at="reset", how="exit", once=str(tmp_path / "reset"))
    rig.start()
    rig.step()
    assert rig.world.view.clock.advanced.all()
    rig.world.close()
    rig = build(Clumsy, workers=1, once=str(tmp_path / "place"))
    rig.start()
    rig.step()
    assert rig.world.view.clock.advanced.all()
    assert np.isfinite(rig.world.view.state.x).all()


def test_an_engine_that_fails_after_cars_were_placed_is_lost(build, tmp_path):
    """Its start can't be made good by placing some cars once more."""
    rig = build(Clumsy, 1, 2, workers=1, after=1, once=str(tmp_path / "place"))
    rig.start()
    rig.world.place([0], 30.0, 1.0, 0.1, 5.0)
    rig.step()
    assert rig.world.view.clock.gone.all() and not rig.world.view.clock.advanced.any()
    rig.start()
    rig.step()
    assert rig.world.view.clock.advanced.all()


@pytest.mark.parametrize("how", ["exit", slow("hang"), slow("close")])
def test_what_an_engine_has_started_ends_with_it(build, how, tmp_path):
    programs = tmp_path / "programs"
    fails = {} if how == "close" else {"at": "step", "how": how}
    rig = build(Busy, workers={"count": 1, "step_timeout": 0.5}, program=str(programs), **fails)
    rig.start()
    rig.step()
    rig.world.close()
    started = [int(line) for line in programs.read_text().split()]
    assert len(started) == (1 if how == "close" else 2)
    try:
        assert gone_within(2.0, started)
    finally:
        for program in filter(is_running, started):
            os.kill(program, signal.SIGKILL)


def test_a_copy_of_a_worker_does_not_hide_its_end(build):
    rig = build(Forking, workers=1)
    rig.start()
    (worker,) = [pid for pid in workers_of(os.getpid()) if is_running(pid)]
    os.kill(worker, signal.SIGKILL)
    started = time.monotonic()
    rig.step()
    assert time.monotonic() - started < 5 and rig.world.view.clock.gone.all()


@pytest.mark.parametrize(
    ("engine", "options", "words"),
    [
        (Elsewhere, {}, "ImportError: libengine.so: cannot open shared object file"),
        slow(Frail, {"at": "start", "how": "raise"}, "ValueError: out of fuel"),
        (Frail, {"at": "start", "how": "exit"}, "its process has ended with exit code 3"),
        slow(Frail, {"at": "start", "how": "hang"}, "it took more than 4 s to start"),
    ],
)
def test_an_engine_that_does_not_start_is_told_at_once(build, engine, options, words):
    with pytest.raises(BackendError) as told:
        build(engine, workers={"count": 1, "start_timeout": 4.0}, **options)
    text = str(told.value)
    assert text.startswith(f"backend '{engine.__name__}' did not start in a worker: ")
    assert words in text


def test_a_killed_worker_is_noticed_and_replaced(build):
    rig = build(Quick, 2, workers={"count": 2, "step_timeout": 30.0})
    rig.start()
    rig.step()
    first = workers_of(os.getpid())
    assert len(first) == 2
    os.kill(first[0], signal.SIGKILL)
    started = time.monotonic()
    rig.step()
    assert time.monotonic() - started < 2.0
    assert rig.world.view.clock.advanced.sum() == 1
    rig.start()
    rig.step()
    assert rig.world.view.clock.advanced.all()
    assert len(set(workers_of(os.getpid())) - set(first)) == 1


def test_workers_end_with_their_world(build):
    rig = build(Quick, 1, workers=1)
    rig.world.close()
    rig.world.close()
    assert not workers_of(os.getpid())
    backend = lone()
    assert len(workers_of(os.getpid())) == 1
    del backend
    gc.collect()
    assert not workers_of(os.getpid())


@pytest.mark.parametrize("doing", [slow("nothing"), "a step for ever"])
def test_workers_end_when_the_world_is_killed(doing, tmp_path):
    """The script has no `if __name__ == "__main__"`: workers do not run it again."""
    how = "{}" if doing == "nothing" else "dict(at='step', how='hang')"
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path[:0] = [{FAKES!r}]
            from racegym_fakes.alone import Frail
            from racegym.testing.rig import Rig, profile
            from racegym.workers import in_workers
            from racegym.world import CarConfig, Part, WorldConfig

            options = {how} | {{"workers": 2}}
            rig = Rig(WorldConfig(
                n_races=2, cars=[CarConfig(name="car")], profiles=profile(),
                backend=Part(name="frail", make=in_workers(Frail), options=options),
            ))
            rig.start()
            print("started", flush=True)
            if {doing != "nothing"}:
                rig.step()
            sys.stdin.read()
        """)
    )
    memory = set(Path("/dev/shm").iterdir())
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as world:
        assert world.stdout.readline() == b"started\n"
        time.sleep(0.2)
        workers = workers_of(world.pid)
        assert len(workers) == 2
        world.kill()
        world.wait()
        assert gone_within(4.0, workers)
    assert set(Path("/dev/shm").iterdir()) <= memory


def test_a_worker_finds_what_stands_in_the_working_directory(tmp_path):
    """As Python does itself that is started with -c, or in a notebook."""
    (tmp_path / "my_engine.py").write_text(
        f"import sys\nsys.path[:0] = [{FAKES!r}]\n"
        "from racegym_fakes.alone import Quick\nclass Mine(Quick): pass\n"
    )
    text = (
        "import my_engine\n"
        "from racegym.testing.rig import Rig, profile\n"
        "from racegym.workers import in_workers\n"
        "from racegym.world import CarConfig, Part, WorldConfig\n"
        "part = Part(name='mine', make=in_workers(my_engine.Mine), options={'workers': 1})\n"
        "rig = Rig(WorldConfig(n_races=1, cars=[CarConfig(name='car')], profiles=profile(),\n"
        "                      backend=part))\n"
        "rig.start()\nrig.world.close()\nprint('raced')"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True
    )  # fmt: skip
    assert done.stdout == "raced\n", done.stderr
