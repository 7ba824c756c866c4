"""The key ``workers`` in scenarios: what is refused, and that everything runs with it."""

from __future__ import annotations

import numpy as np
import pytest
from racegym_fakes.alone import Alone, Quick

import racegym
from racegym.cli import main
from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import Backend
from racegym.scenario import load_scenario
from racegym.testing.parts import Bicycle
from racegym.workers import in_workers, most_workers

pytest.importorskip("racegym_carracing")

PLAIN = "backend: {name: carracing, workers: 2}\nlaps: 1\ntime_limit: 1\n"


@pytest.fixture
def scenario(tmp_path):
    def write(text=PLAIN):
        path = tmp_path / "test.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ("0", "workers.count: is 0; it should be greater than or equal to 1"),
        ("-3", "workers.count: is -3"),
        ("10000", f"this machine takes at most {most_workers()} workers, 4 a core"),
        ("true", "workers.count: is true; it should be a whole number"),
        ("two", "workers.count: is 'two'; it should be a whole number"),
        ("", "workers.count: is empty"),
        ("{count: 2, step_timeot: 3}", "did you mean 'step_timeout'?"),
        ("{count: 2, step_timeout: 0}", "step_timeout: is 0"),
        ("{step_timeout: 3}", "count: is missing"),
        ("{count: 2, retries: -1}", "retries: is -1"),
    ],
)
def test_wrong_settings_are_told_with_their_line(scenario, workers, words):
    path = scenario(f"laps: 1\nbackend: {{name: carracing, workers: {workers}}}\n")
    with pytest.raises(ScenarioError) as told:
        load_scenario(path)
    assert words in str(told.value) and f"{path}:2" in str(told.value)


def test_settings_are_spelt_out_and_can_be_set(scenario):
    loaded = load_scenario(scenario(), ["backend.workers.step_timeout=2"])
    assert loaded.resolved()["backend"]["workers"] == {
        "count": 2, "start_timeout": 60.0, "step_timeout": 2.0, "retries": 3,
    }  # fmt: skip
    assert load_scenario(loaded.resolved()) == loaded


def test_too_many_races_are_refused_with_the_way_out(scenario):
    for text, most in ((PLAIN, 2), (PLAIN.replace(", workers: 2", ""), 1)):
        with pytest.raises(BackendError) as told:
            load_scenario(scenario(text)).world(n_races=3)
        assert f"at most {most} race(s) at once, not 3" in str(told.value)
        assert "{name: carracing, workers: 3}" in str(told.value)


def test_a_backend_that_is_a_batch_has_no_use_for_workers():
    with pytest.raises(BackendError, match=r"runs any number of races at once .*leave workers out"):
        in_workers(Bicycle).spec_for({"workers": 2})


def test_a_class_that_no_worker_can_import_is_refused():
    class Here(Quick):
        pass

    with pytest.raises(BackendError, match="which a worker can't import"):
        in_workers(Here).spec_for({"workers": 2})
    with pytest.raises(ScenarioError, match="needs the option 'workers'"):
        in_workers(Quick).spec_for({})


def test_options_that_are_no_plain_data_are_refused(build):
    with pytest.raises(BackendError, match="plain data"):
        build(Quick, workers=1, thing=object())


def test_the_spec_is_the_engines_with_more_races():
    spec = in_workers(Alone).spec_for({"workers": 3})
    assert (spec.max_races, spec.snapshots) == (3, "none")
    assert (spec.fills, spec.channels) == (Alone.spec.fills, Alone.spec.channels)
    assert in_workers(Alone) is in_workers(Alone)
    assert issubclass(in_workers(Alone), Backend)


def test_environments_have_the_races_that_one_engine_has(scenario, nothing_left):
    """Race i of ``reset(seed=k)`` is the race of seed k + i, as with any backend."""
    path = scenario()
    envs = racegym.make_vec(path, 2)
    many, _ = envs.reset(seed=5)
    actions = np.tile(np.array([0.1, 0.5], np.float32), (2, 1))
    after = [envs.step(actions)[0] for _ in range(5)][-1]
    envs.close()
    env = racegym.make(scenario(PLAIN.replace(", workers: 2", "")))
    for race in range(2):
        alone, _ = env.reset(seed=5 + race)
        np.testing.assert_array_equal(alone, many[race])
        for _ in range(5):
            alone, *_ = env.step(actions[race])
        np.testing.assert_array_equal(alone, after[race])
    env.close()


def test_commands_run_with_workers(scenario, tmp_path, monkeypatch, capsys, nothing_left):
    monkeypatch.chdir(tmp_path)
    path = str(scenario(PLAIN + "cars: [{driver: pure_pursuit}]\n"))
    assert main(["run", path, "--no-plots"]) == 0
    (folder,) = (tmp_path / "runs" / "test").iterdir()
    assert main(["verify", str(folder)]) == 0
    capsys.readouterr()
    assert main(["bench", path, "--races", "3", "--seconds", "0.05", "--no-memory"]) == 2
    error = capsys.readouterr().err
    assert "at most 2 race(s) at once" in error and "Traceback" not in error


def test_no_worker_speaks_on_the_worlds_streams(build, capfd):
    rig = build(Quick, workers=1)
    rig.start()
    rig.step()
    rig.world.close()
    assert capfd.readouterr() == ("", "")
