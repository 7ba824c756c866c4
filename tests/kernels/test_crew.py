"""Threads are given up while others need the cores, and asked for again."""

from __future__ import annotations

from racegym.kernels.crew import FEW, FIRST_PAUSE, HELD_UP, MANY, SETTLING, Crew, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 10 * FIRST_PAUSE

    def __call__(self) -> int:
        return self.now


def launches(crew, count, *, held_up, allowed=4):
    for _ in range(count):
        crew.size(allowed)
        crew.note(allowed, held_up=held_up)


def test_a_quiet_machine_gives_all_threads():
    crew = Crew(Clock())
    launches(crew, 1000, held_up=False)
    assert crew.size(4) == 4


def test_rare_hold_ups_cost_no_thread():
    crew = Crew(Clock())
    for _ in range(20):
        launches(crew, FEW - 1, held_up=True)
        launches(crew, MANY, held_up=False)
    assert crew.size(4) == 4


def test_threads_are_given_up_one_by_one_down_to_one():
    clock = Clock()
    crew = Crew(clock)
    for left in (3, 2, 1, 1):
        launches(crew, FEW, held_up=True)
        assert crew.size(4) == left
        launches(crew, FEW, held_up=True)  # still settling
        assert crew.size(4) == left
        clock.now += SETTLING + 1


def test_a_thread_comes_back_after_a_pause_that_grows_while_it_is_lost_again():
    clock = Clock()
    crew = Crew(clock)
    launches(crew, FEW, held_up=True)
    pause = FIRST_PAUSE
    for _ in range(4):
        assert crew.size(4) == 3
        clock.now += pause
        assert crew.size(4) == 3
        clock.now += 1
        assert crew.size(4) == 4
        clock.now += SETTLING + 1
        launches(crew, FEW, held_up=True)
        pause *= 2
    clock.now += pause + 1
    launches(crew, MANY, held_up=False)
    clock.now += FIRST_PAUSE
    assert crew.size(4) == 4
    launches(crew, FEW, held_up=True)  # long after it came back: the pause is short again
    clock.now += FIRST_PAUSE + 1
    assert crew.size(4) == 4


def test_all_threads_are_soon_back_on_a_machine_that_is_quiet_again():
    clock = Clock()
    crew = Crew(clock)
    for _ in range(3):
        launches(crew, FEW, held_up=True)
        clock.now += SETTLING + 1
    for _ in range(3):  # one comes back and is lost again, so the pause grows
        while crew.size(4) == 1:
            clock.now += FIRST_PAUSE
        clock.now += SETTLING + 1
        launches(crew, FEW, held_up=True)
    while crew.size(4) == 1:
        clock.now += FIRST_PAUSE
    for back in (3, 4):
        clock.now += FIRST_PAUSE + 1
        assert crew.size(4) == back


def test_one_thread_is_never_given_up():
    crew = Crew(Clock())
    launches(crew, 10 * FEW, held_up=True, allowed=1)
    assert crew.size(1) == 1
    assert crew.size(2) == 2


def test_a_launch_is_held_up_when_one_thread_would_have_been_quicker():
    pace = Pace()
    assert not pace.held_up(1000, 50_000_000_000)  # nothing is known yet
    pace.learn(1000, 20_000)
    assert not pace.held_up(1000, 2 * 20_000 + HELD_UP)
    assert pace.held_up(1000, 2 * 20_000 + HELD_UP + 1)
    assert not pace.held_up(100_000, 5_000_000)  # a larger batch may take longer
