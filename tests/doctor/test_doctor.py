"""The doctor finds what is wrong and says what helps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from racegym import plugins
from racegym.cli import main
from racegym.doctor import Finding, examination, examine, machine
from racegym.doctor.compiler import cache, threads
from racegym.doctor.space import space

Said = pytest.CaptureFixture[str]


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


@pytest.fixture
def plugins_again() -> Iterator[None]:
    """Leave the other tests the plugins that there are."""
    yield
    plugins.load(fresh=True)


def test_here_nothing_fails(tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "racegym-kart2d" in shown
    assert main(["doctor", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"python", "cores", "threads", "compiler", "cache", "gpu", "runs"} <= {
        row["what"] for row in rows
    }
    assert all(row["state"] in ("ok", "warn") for row in rows)
    assert not list(tmp_path.iterdir())  # it leaves nothing behind


def test_a_failure_is_the_exit_code_and_has_its_remedy(tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "runs").write_text("", encoding="utf-8")
    assert main(["doctor", "--runs-dir", str(tmp_path / "runs" / "x")]) == 1
    shown = capsys.readouterr().out
    assert "runs: work in another folder, or choose one with --runs-dir" in shown


def test_torch_is_not_imported(tmp_path: Path) -> None:
    program = "import sys, racegym.doctor as d; d.examine(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_plugin_that_fails_is_named_with_its_reason(
    plugins_again: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    class Broken(EntryPoint):
        def load(self) -> object:
            raise ImportError("no module named 'engine'")

    broken = Broken(name="racegym-broken", value="x:y", group="racegym")
    monkeypatch.setattr("racegym.plugins.loading.entry_points", lambda group: [broken])
    found = by_name(examine())["racegym-broken"]
    assert found.state == "fail" and "no module named 'engine'" in found.found
    assert found.remedy == "install it again, or remove it: pip uninstall racegym-broken"


def test_what_a_plugin_needs_and_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["numpy>=2", "no-such-engine>=1", "other; extra == 'more'"]
    monkeypatch.setattr("racegym.doctor.plugins.requires", lambda dist: needs)
    found = by_name(examine())["racegym-kart2d"]
    assert found.state == "fail"
    assert found.found.endswith("what it needs is not installed: no-such-engine")
    assert found.remedy.startswith("Install it again, with what it needs")


def test_plugins_that_are_left_out_are_told(
    plugins_again: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACEGYM_PLUGINS", "")
    assert by_name(examine())["racegym-kart2d"].state == "warn"
    monkeypatch.setenv("RACEGYM_PLUGINS", "racegym-kart3")
    found = by_name(examine())["plugins"]
    assert found.state == "fail" and "RACEGYM_PLUGINS" in found.remedy


def test_a_cache_that_cannot_be_written_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("RACEGYM_CACHE_DIR", str(tmp_path / "file"))
    (found,) = cache()
    assert found.state == "warn" and "RACEGYM_CACHE_DIR" in found.remedy


def test_the_cache_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from racegym.kernels.cache import cache_folder

    monkeypatch.setenv("RACEGYM_CACHE_DIR", str(tmp_path))
    folder = cache_folder() / "racegym"
    folder.mkdir(parents=True)
    (folder / "a.nbi").write_bytes(bytes(10))
    (folder / "a.1.nbc").write_bytes(bytes(3_000_000))
    (found,) = cache()
    assert found.state == "ok" and "1 kernels, 3 MB" in found.found
    monkeypatch.setattr("racegym.doctor.compiler.LARGE", 1_000_000)
    (found,) = cache()
    assert found.state == "warn" and "delete the folder" in found.remedy


def test_a_number_of_threads_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACEGYM_THREADS", "many")
    (found,) = threads()
    assert found.state == "warn" and "RACEGYM_THREADS='many' is ignored" in found.found


@pytest.mark.parametrize(("free", "state"), [(1e10, "ok"), (5e8, "warn"), (1e6, "fail")])
def test_room_on_the_disk(
    free: float, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": int(free)})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    (found,) = space(tmp_path / "not" / "yet")
    assert found.state == state


def test_a_driver_that_hangs_does_not_hang_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.shutil, "which", lambda name: name)
    monkeypatch.setattr(machine, "NVIDIA_SMI", (sys.executable, "-c", "input()"))
    monkeypatch.setattr(machine, "PATIENCE", 0.2)
    (found,) = machine.gpu()
    assert "does not answer" in found.found
    card = "print('A Card, 24 GiB')"
    monkeypatch.setattr(machine, "NVIDIA_SMI", (sys.executable, "-c", card))
    monkeypatch.setattr(machine, "PATIENCE", 20.0)
    (found,) = machine.gpu()
    assert found.state == "ok" and found.found.endswith("A Card, 24 GiB")


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "getloadavg"):
        pytest.skip("this system tells no load")
    monkeypatch.setattr(os, "getloadavg", lambda: (1000.0, 0.0, 0.0))
    (found,) = machine.cores()
    assert found.state == "warn"


def test_a_look_that_fails_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def gpu() -> Iterator[Finding]:
        raise OSError("gone")

    monkeypatch.setattr(examination, "gpu", gpu)
    found = by_name(examine())["gpu"]
    assert found.state == "fail" and found.found == "OSError: gone"
