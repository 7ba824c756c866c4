from __future__ import annotations

import sys

import pytest

from racegym import plugins
from racegym.errors import PluginError, UnknownNameError
from racegym.plugins import API

GOOD = """
    @hookimpl
    def register_drivers(register):
        register("ghost", "good_engine:Ghost", summary="drives through walls")
"""


def test_a_plugin_is_found_by_its_entry_point_and_importing_it_is_not_needed(dist, load):
    dist("good", GOOD)
    catalogue = load()
    offer = catalogue.find("driver", "ghost")
    assert (offer.dist, offer.selector) == ("good", "good:ghost")
    assert offer.summary == "drives through walls"
    assert "good_engine" not in sys.modules
    assert not catalogue.failures


def test_load_returns_the_same_catalogue_until_asked_to_look_again(dist, load):
    first = load()
    dist("good", GOOD)
    assert plugins.load() is first
    assert load().find("driver", "ghost")


def test_loading_an_offer_imports_its_target(dist, load, site):
    dist("good", GOOD)
    (site / "good_engine.py").write_text("class Ghost: ...\n")
    assert load().find("driver", "ghost").load().__name__ == "Ghost"


def test_a_missing_engine_is_an_error_that_names_the_plugin_and_the_module(dist, load, site):
    dist("good", GOOD)
    (site / "good_engine.py").write_text("import no_such_engine\n")
    with pytest.raises(PluginError, match=r"'ghost' of good .*no_such_engine"):
        load().find("driver", "ghost").load()


def test_a_missing_class_is_an_error_that_names_the_nearest(dist, load, site):
    dist("good", GOOD)
    (site / "good_engine.py").write_text("class Ghosts: ...\n")
    with pytest.raises(PluginError, match=r"no 'Ghost'; did you mean 'Ghosts'"):
        load().find("driver", "ghost").load()


def test_a_file_is_found_inside_its_package(dist, load, site):
    dist(
        "files",
        """
        @hookimpl
        def register_vehicles(register):
            register("trike", "files_data:vehicles/trike.yaml")
            register("absent", "files_data:vehicles/absent.yaml")
        """,
    )
    (site / "files_data" / "vehicles").mkdir(parents=True)
    (site / "files_data" / "__init__.py").touch()
    (site / "files_data" / "vehicles" / "trike.yaml").write_text("mass: 60\n")
    catalogue = load()
    assert catalogue.find("vehicle", "trike").is_file
    assert catalogue.find("vehicle", "trike").path().read_text() == "mass: 60\n"
    with pytest.raises(PluginError, match=r"'absent' of files .*there is no file"):
        catalogue.find("vehicle", "absent").path()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit('no display')", "SystemExit: no display"),
        ("def broken(:", "SyntaxError"),
        (
            "@hookimpl\ndef register_backend(register): ...",
            "unknown hook 'register_backend'; did you mean 'register_backends'?",
        ),
        ("@hookimpl\ndef register_backends(registry): ...", "registry"),
        ("@hookimpl\ndef register_backends(register): raise KeyError('x')", "KeyError: 'x'"),
        (
            "@hookimpl\ndef register_backends(register): register('x', 'no_colon')",
            "the target of a backend is written \"package.module:Class\", not 'no_colon'",
        ),
        (
            "@hookimpl\ndef register_vehicles(register): register('x', 'package:../x.yaml')",
            "the target of a vehicle",
        ),
        (
            "@hookimpl\ndef register_backends(register): register('a b', 'x.y:Z')",
            "backend 'a b' has a name with other than letters",
        ),
        (
            "@hookimpl\ndef register_sensors(register): [register('eye', 'x.y:Z') for _ in '12']",
            "it registers the sensor 'eye' twice",
        ),
        (
            f"@hookimpl\ndef register_sensors(register): register('ear', 'x.y:Z', api={API + 1})",
            f"its sensor 'ear' needs plugin interface {API + 1}, this racegym has {API}",
        ),
    ],
)
def test_a_plugin_that_fails_is_reported_and_leaves_no_trace(dist, load, source, reason):
    dist("aaa-bad", source)
    dist("good", GOOD)
    catalogue = load()
    assert reason in catalogue.failures["aaa-bad"]
    assert "\n" not in catalogue.failures["aaa-bad"]
    assert catalogue.find("driver", "ghost").dist == "good"
    everything = [offer for kind in plugins.KINDS for offer in catalogue.offers(kind)]
    assert "aaa-bad" not in {offer.dist for offer in everything}
    states = {plugin.dist: plugin.state for plugin in catalogue.plugins}
    assert (states["racegym"], states["aaa-bad"], states["good"]) == ("loaded", "failed", "loaded")


def test_an_unknown_name_mentions_the_plugins_that_failed(dist, load):
    dist("bad", "import no_such_module")
    with pytest.raises(UnknownNameError, match=r"(?s)unknown driver 'hero'.*bad.*no_such_module"):
        load().find("driver", "hero")


def test_a_dist_declares_one_plugin(dist, load):
    points = "[racegym]\na = double_plugin\nb = double_plugin\n"
    dist("double", GOOD, points=points)
    assert "2 entry points" in load().failures["double"]


def test_two_dists_with_one_name_must_be_told_apart(dist, load):
    dist("good", GOOD)
    dist("Other.Ghosts", GOOD.replace("good_engine", "other_engine"))
    catalogue = load()
    with pytest.raises(PluginError) as error:
        catalogue.find("driver", "ghost")
    assert str(error.value) == (
        "the driver 'ghost' is offered by good and other-ghosts; "
        "write 'good:ghost' or 'other-ghosts:ghost'"
    )
    assert catalogue.find("driver", "good:ghost").target == "good_engine:Ghost"
    assert catalogue.find("driver", "Other_Ghosts:ghost").target == "other_engine:Ghost"
    assert {"good:ghost", "other-ghosts:ghost"} <= set(catalogue.names("driver"))
    assert "ghost" not in catalogue.names("driver")


def test_a_built_in_is_shadowed_only_knowingly(dist, load):
    dist("good", GOOD.replace('"ghost"', '"idle"'))
    catalogue = load()
    with pytest.raises(PluginError, match="offered by good and racegym"):
        catalogue.find("driver", "idle")
    assert catalogue.find("driver", "racegym:idle").target == "racegym.drivers.idle:Idle"


@pytest.mark.parametrize(
    ("asked", "loaded"),
    [("", set()), ("good", {"good"}), ("Good, fine_one", {"good", "fine-one"}), ("racegym", set())],
)
def test_the_environment_limits_what_loads(dist, load, monkeypatch, asked, loaded):
    dist("good", GOOD)
    dist("fine-one", GOOD)
    monkeypatch.setenv("RACEGYM_PLUGINS", asked)
    catalogue = load()
    states = {plugin.dist: plugin.state for plugin in catalogue.plugins}
    assert {name for name, state in states.items() if state == "loaded"} == loaded | {"racegym"}
    assert {states[name] for name in {"good", "fine-one"} - loaded} <= {"skipped"}
    assert catalogue.find("sensor", "telemetry")
    assert "good_plugin" not in sys.modules or "good" in loaded


def test_a_plugin_asked_for_but_not_installed_is_an_error(dist, load, monkeypatch):
    dist("good", GOOD)
    monkeypatch.setenv("RACEGYM_PLUGINS", "goood")
    with pytest.raises(PluginError, match=r"RACEGYM_PLUGINS names 'goood'.*did you mean 'good'"):
        load()


def test_plugins_add_commands_and_a_taken_name_is_refused(dist, load):
    command = """
        import click

        @hookimpl
        def register_commands(cli):
            cli.add_command(click.Command("tune"))
            cli.add_command(click.Command("{name}"))
    """
    dist("good", command.format(name="fly"))
    dist("greedy", command.format(name="swim"))
    dist("sly", "import click\n@hookimpl\ndef register_commands(cli): cli.command('run')(print)")
    dist("ugly", "@hookimpl\ndef register_commands(cli): raise OSError('no printer')")
    catalogue = load()
    commands = catalogue.commands(reserved={"run"})
    assert commands.keys() >= {"fly", "swim", "tune"} and "run" not in commands
    assert catalogue.failures == {
        "greedy": "register_commands: the name 'tune' is taken",
        "sly": "register_commands: the name 'run' is taken",
        "ugly": "register_commands: OSError: no printer",
    }


def test_every_plugin_hears_of_a_run_even_if_one_fails(dist, load, tmp_path):
    dist("aaa-bad", "@hookimpl\ndef run_finished(run): raise OSError('disk full')")
    dist("good", "@hookimpl\ndef run_finished(run): (run.folder / 'seen').touch()")

    class Run:
        folder = tmp_path

    catalogue = load()
    catalogue.run_started(Run())
    with pytest.raises(PluginError, match=r"run_finished failed in aaa-bad: OSError: disk full"):
        catalogue.run_finished(Run())
    assert (tmp_path / "seen").exists()
