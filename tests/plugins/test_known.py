from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from racegym import plugins
from racegym.errors import PluginError, UnknownNameError
from racegym.plugins import known as known_module
from racegym.plugins.known import install_command, known_plugins, read_registry

ENTRY = """
[[plugin]]
dist = "{dist}"
kind = "backend"
summary = "s"
licence = "MIT"
homepage = "plugins/x"
core = ">=0.1"
install = "pip install -e plugins/x"
provides = ["backend:x"]
"""


@pytest.fixture(params=list(known_plugins()))
def entry(request):
    return known_plugins()[request.param]


def test_each_entry_provides_what_its_plugin_registers(entry):
    catalogue = plugins.load()
    if entry.dist not in {plugin.dist for plugin in catalogue.plugins}:
        pytest.skip(f"needs {entry.dist} installed")
    registered = [
        f"{offer.kind}:{offer.name}"
        for kind in plugins.KINDS
        for offer in catalogue.offers(kind)
        if offer.dist == entry.dist
    ]
    assert sorted(entry.provides) == sorted(registered)


def test_each_install_command_names_a_folder_of_the_checkout(entry, root):
    words = shlex.split(entry.install)
    assert words[:2] == ["pip", "install"]
    folders = [root / words[i + 1] for i, word in enumerate(words) if word == "-e"]
    assert folders, "an unpublished dist must be installed from the checkout"
    for folder in folders:
        assert f'name = "{entry.dist}"' in (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_a_homepage_inside_the_repository_exists(entry, root):
    assert entry.homepage.startswith("https://") or (root / entry.homepage).is_dir()


def test_every_plugin_folder_is_listed(root):
    assert {folder.name for folder in (root / "plugins").iterdir() if folder.is_dir()} == set(
        known_plugins()
    )


def test_the_install_command_works_where_it_is_printed(monkeypatch, tmp_path, root):
    entry = known_plugins()["racegym-kart2d"]
    monkeypatch.chdir(root)
    assert install_command(entry) == "pip install -e plugins/racegym-kart2d"
    monkeypatch.chdir(tmp_path)
    command = install_command(entry)
    assert command is not None
    assert Path(shlex.split(command, posix=True)[-1]) == root / "plugins" / "racegym-kart2d"


def test_without_a_checkout_no_unpublished_name_is_offered_to_pip(monkeypatch):
    entry = known_plugins()["racegym-kart2d"]
    monkeypatch.setattr(known_module, "checkout", lambda: None)
    assert install_command(entry) is None
    assert "pip install" not in known_module.how_to_install(entry)


def test_a_published_plugin_is_installed_from_anywhere(monkeypatch, tmp_path):
    path = tmp_path / "registry.toml"
    text = ENTRY.format(dist="x").replace("-e plugins/x", "x-racing")
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(known_module, "checkout", lambda: None)
    assert install_command(read_registry(path)["x"]) == "pip install x-racing"


def test_a_name_that_a_known_plugin_provides_tells_how_to_install_it(dist, load, monkeypatch):
    entries = {**known_plugins(), "winged": _entry("winged", "backend:wing3d")}
    monkeypatch.setattr("racegym.plugins.catalogue.known_plugins", lambda: entries)
    with pytest.raises(UnknownNameError, match=r"winged provides it and is not installed") as error:
        load().find("backend", "wing3d")
    assert "pip install -e" in str(error.value)

    dist("winged", "")
    monkeypatch.setenv("RACEGYM_PLUGINS", "")
    with pytest.raises(UnknownNameError, match=r"winged provides it, but RACEGYM_PLUGINS leaves"):
        load().find("backend", "wing3d")
    with pytest.raises(UnknownNameError, match="'ice'; no installed plugin brings any realism"):
        load().find("realism", "ice")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[plugin]", "can't read"),
        (ENTRY.format(dist="x") + ENTRY.format(dist="x"), "plugin x is listed twice"),
        ('[[plugin]]\ndist = "x"\n', "plugin x: fields missing or unknown: core, homepage"),
        (ENTRY.format(dist="x") + "colour = 1\n", "unknown: colour"),
    ],
)
def test_a_wrong_catalogue_is_told_with_its_file(tmp_path, text, reason):
    path = tmp_path / "registry.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PluginError, match=reason) as error:
        read_registry(path)
    assert str(path) in str(error.value)


def _entry(name: str, provides: str) -> plugins.KnownPlugin:
    return plugins.KnownPlugin(
        dist=name,
        kind="backend",
        summary="s",
        licence="MIT",
        homepage=f"plugins/{name}",
        core=">=0.1",
        install=f"pip install -e plugins/{name}",
        provides=(provides,),
    )
