"""Plugins written for other versions of the interface: which work, and what the others read."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pluggy
import pytest

import racegym
from racegym import load_scenario, plugins
from racegym.api import API, INTERFACE, SUPPORTED, check_range
from racegym.deprecation import (
    RacegymDeprecationWarning,
    deprecated,
    deprecation,
    warn_deprecated,
)
from racegym.errors import PluginError
from racegym.interfaces import API as API_OF_INTERFACES
from racegym.run import run

FAKES = Path(__file__).resolve().parents[1] / "fakes"
DRIVERS = """
    racegym_api = {asked!r}

    @hookimpl
    def register_drivers(register):
        register("ghost", "good_engine:Ghost")
"""


def test_versions_agree():
    assert SUPPORTED[-1] == INTERFACE
    assert INTERFACE.split(".")[0] == str(API)
    assert plugins.API == API_OF_INTERFACES == API
    assert list(SUPPORTED) == sorted(SUPPORTED, key=lambda v: tuple(map(int, v.split("."))))


def test_a_plugin_of_the_oldest_interface_races_and_is_an_environment(
    dist, load, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(FAKES)
    dist("frozen", "", points="[racegym]\nfrozen = racegym_fakes.interface_1_0\n")
    assert not load().failures
    from racegym_fakes.interface_1_0 import racegym_api

    assert racegym_api == f"=={SUPPORTED[0]}"
    scenario = {
        "backend": {"name": "slider", "top_speed": 30.0},
        "laps": 1,
        "time_limit": 3,
        "track": {"generate": {"seed": 2, "length": 500}},
        "cars": [{"name": "A", "driver": "patient"}, {"name": "B", "driver": "idle"}],
        "observation": ["slid"],
        "action": "one_pedal",
        "reward": {"fast": 1.0},
        "termination": ["far"],
    }
    done = run(load_scenario(scenario), runs_dir=tmp_path, plots=False)
    assert (done.folder / "seen").exists()

    env = racegym.make({**scenario, "cars": [{"name": "A"}]})
    observation, _ = env.reset(seed=1)
    assert observation.tolist() == [0.0]
    observation, reward, _, truncated, _ = env.step(np.ones(1, np.float32))
    assert reward == pytest.approx(30.0) and observation[0] == pytest.approx(0.003)
    for _ in range(20):
        _, _, terminated, truncated, info = env.step(np.ones(1, np.float32))
    assert truncated and not terminated and info["ended_by"] == {"far": True}
    env.close()


@pytest.mark.parametrize("asked", [">=1,<2", ">=1.0", "==1.0", f"=={INTERFACE}", "<=1.0", "~=1.0"])
def test_a_range_that_holds_a_supported_version_is_fine(dist, load, asked):
    dist("good", DRIVERS.format(asked=asked))
    catalogue = load()
    assert not catalogue.failures
    assert catalogue.find("driver", "ghost")


@pytest.mark.parametrize(
    ("asked", "fix"),
    [
        (">=2,<3", "upgrade racegym, or install an older version of the plugin"),
        (f">{INTERFACE}", "upgrade racegym"),
        ("==9.*", "upgrade racegym"),
        ("<1", "install a newer version of the plugin, or an older racegym"),
        ("==0.9", "install a newer version of the plugin"),
    ],
)
def test_a_range_that_holds_none_is_reported_with_the_fix(dist, load, asked, fix):
    dist("aaa-bad", DRIVERS.format(asked=asked))
    dist("good", DRIVERS.format(asked=">=1"))
    catalogue = load()
    reason = catalogue.failures["aaa-bad"]
    assert (
        f"written for plugin interface {asked}, and this racegym has 1.0 to {INTERFACE}" in reason
    )
    assert fix in reason and "\n" not in reason
    assert catalogue.find("driver", "ghost").dist == "good"


@pytest.mark.parametrize("asked", ["1.0", "", "new", ">=one", 1, None, (1, 0)])
def test_what_is_no_range_is_told(dist, load, asked):
    dist("bad", DRIVERS.format(asked=asked))
    assert 'should be a range of versions such as ">=1.0,<2"' in load().failures["bad"]


def test_a_later_racegym_still_takes_older_plugins_and_says_so_to_the_oldest():
    check_range("==1.4", supported=("1.4", "1.5", "2.0"))
    check_range(">=1.5,<2", supported=("1.4", "1.5", "2.0"))
    with pytest.raises(PluginError, match=r"this racegym has 1.4 to 2.0; install a newer version"):
        check_range(">=1.0,<1.4", supported=("1.4", "1.5", "2.0"))
    with pytest.raises(PluginError, match=r"this racegym has 3.0; upgrade racegym"):
        check_range(">=3.1", supported=("3.0",))


def test_a_plugin_that_imports_what_is_not_there_is_told_of_the_interface(dist, load):
    dist("bad", "from racegym.interfaces import Weather")
    reason = load().failures["bad"]
    assert "cannot import name 'Weather'" in reason
    assert f"this racegym has plugin interface {INTERFACE}" in reason
    dist("worse", "import racegym.weather")
    assert "upgrade racegym" in load().failures["worse"]


def test_every_plugin_of_ours_states_its_range(root):
    for plugin in (root / "plugins").glob("racegym-*/racegym_*/plugin.py"):
        text = plugin.read_text(encoding="utf-8")
        assert '\nracegym_api = ">=' in text, plugin
        check_range(text.split('racegym_api = "')[1].split('"')[0])


def test_what_is_deprecated_works_and_names_its_successor():
    @deprecated(since="0.7", use="racegym.new")
    def old(a: int, *, b: int = 2) -> int:
        """Add."""
        return a + b

    with pytest.warns(RacegymDeprecationWarning) as caught:
        assert old(1, b=3) == 4
    (warning,) = caught
    assert str(warning.message).endswith(
        "old is deprecated since racegym 0.7 and gone in 0.8; use racegym.new"
    )
    assert warning.filename == __file__  # the caller is blamed
    assert old.__doc__ == "Add."


def test_an_option_and_a_hook_can_be_deprecated():
    def takes(options: dict[str, int]) -> None:
        if "pase" in options:
            warn_deprecated("the option 'pase'", since="1.2", use="pace")

    with pytest.warns(RacegymDeprecationWarning, match=r"'pase' is .* gone in 1\.3; use pace") as c:
        takes({"pase": 1})
    assert c[0].filename == __file__

    spec, impl = pluggy.HookspecMarker("x"), pluggy.HookimplMarker("x")

    class Specs:
        @spec(warn_on_impl=deprecation("the hook 'go'", since="0.2", use="'start'"))
        def go(self) -> None: ...

    class Plugin:
        @impl
        def go(self) -> None: ...

    manager = pluggy.PluginManager("x")
    manager.add_hookspecs(Specs)
    with pytest.warns(RacegymDeprecationWarning, match="use 'start'"):
        manager.register(Plugin())


def test_python_shows_the_warning_by_default():
    assert issubclass(RacegymDeprecationWarning, FutureWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RacegymDeprecationWarning):
            warn_deprecated("x", since="0.1", use="y")
