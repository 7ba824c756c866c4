from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from racegym import __version__
from racegym.cli import main
from racegym.cli.group import COMMANDS, racegym
from racegym.errors import ScenarioError


@pytest.fixture
def failing(monkeypatch):
    """Make ``racegym plugins`` raise what the test asks for."""

    def arrange(error: BaseException) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setattr("racegym.cli.plugins.command", click.Command("plugins", callback=fail))

    return arrange


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert f"racegym {name}" in capsys.readouterr().out


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, row in COMMANDS.items():
        assert name in out
        assert row.help in out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"racegym {__version__}\n"


def test_no_command_shows_the_help_and_fails(capsys):
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["plugin"]) == 2
    err = capsys.readouterr().err
    assert "error: unknown command 'plugin'; did you mean 'plugins'?" in err
    assert "Try 'racegym --help'" in err


def test_an_unknown_option_is_an_error_without_traceback(capsys):
    assert main(["plugins", "--jsn"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error:")
    assert "--jsn" in err
    assert "Traceback" not in err


def test_a_users_error_is_one_message_and_code_2(failing, capsys, monkeypatch):
    failing(ScenarioError("no such track", file="a.yaml", line=3))
    monkeypatch.delenv("RACEGYM_DEBUG", raising=False)
    assert main(["plugins"]) == 2
    assert capsys.readouterr().err == "error: a.yaml:3: no such track\n"


def test_debug_lets_the_traceback_through(failing, monkeypatch):
    failing(ScenarioError("no such track"))
    monkeypatch.setenv("RACEGYM_DEBUG", "1")
    with pytest.raises(ScenarioError):
        main(["plugins"])


def test_an_interrupt_is_one_line_and_code_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert main(["plugins"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_command_may_return_its_own_code(monkeypatch):
    monkeypatch.setattr("racegym.cli.plugins.command", click.Command("plugins", callback=lambda: 1))
    assert main(["plugins"]) == 1


def test_a_plugins_command_runs_and_its_failure_is_told(dist, load, capsys):
    dist("good", "@hookimpl\ndef register_commands(cli): cli.command('tune')(lambda: print('hi'))")
    dist("ugly", "@hookimpl\ndef register_commands(cli): raise OSError('no printer')")
    load()
    assert main(["tune"]) == 0
    assert capsys.readouterr().out == "hi\n"
    assert main(["tunes"]) == 2
    err = capsys.readouterr().err
    assert "did you mean 'tune'?" in err
    assert "ugly failed to load" in err


def test_plugins_lists_what_is_installed_and_what_failed(dist, load, capsys):
    dist("bad", "import no_such_module")
    load()
    assert main(["plugins", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    installed = {row["dist"]: row for row in report["installed"]}
    assert installed["bad"]["state"] == "failed"
    assert "no_such_module" in installed["bad"]["reason"]
    names = [offer["name"] for offer in installed["racegym"]["offers"]["driver"]]
    assert "pure_pursuit" in names
    assert "racegym-kart2d" in {row["dist"] for row in report["known"]}

    assert main(["plugins"]) == 0
    out = capsys.readouterr().out
    assert "no_such_module" in out
    assert "racegym-kart2d" in out


def test_output_fits_any_console():
    done = subprocess.run(
        [sys.executable, "-m", "racegym", "plugins"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert b"kart2d" in done.stdout
    done.stdout.decode("ascii")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipe")
def test_a_reader_that_leaves_early_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "racegym", "plugins", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_completion_of_a_half_typed_command_offers_names():
    context = click.Context(racegym, info_name="racegym")
    assert [item.value for item in racegym.shell_complete(context, "plug")] == ["plugins"]
