"""``racegym plugins validate``: the first fault of each entry, at its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racegym.authoring.registry import registry_faults
from racegym.cli import main
from racegym.errors import PluginError
from racegym.plugins import known_plugins

SOUND = """\
# A list of plugins.

[[plugin]]
dist = "racegym-ice"
kind = "backend"
summary = "cars on ice"
licence = "Apache-2.0 OR MIT"
homepage = "https://example.org/ice"
core = ">=0.1,<0.2"
install = "pip install racegym-ice"
provides = [
    "backend:ice",
    "vehicle:sledge",
]

[[plugin]]  # another
dist = "racegym-snow"
kind = "sensor"
summary = "how deep the snow is"
licence = "MIT"
homepage = "plugins/racegym-snow"
core = "~=0.1"
install = "pip install -e plugins/racegym-snow"
provides = ["sensor:snow"]
"""


def faults(tmp_path, text):
    path = tmp_path / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path, registry_faults(path)


def test_a_sound_list_has_none(tmp_path, capsys):
    path, found = faults(tmp_path, SOUND)
    assert found == []
    assert main(["plugins", "validate", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: ok\n"


def test_the_shipped_list_is_sound(monkeypatch, tmp_path, root):
    assert registry_faults(root / "registry.toml") == []
    monkeypatch.chdir(tmp_path)
    assert main(["plugins", "validate"]) == 0


def test_the_list_of_the_current_folder_comes_first(monkeypatch, tmp_path, capsys):
    faults(tmp_path, SOUND.replace("cars on ice", ""))
    monkeypatch.chdir(tmp_path)
    assert main(["plugins", "validate"]) == 2
    assert "registry.toml:6: plugin 'racegym-ice': summary is ''" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("racegym-ice", "Racegym_Ice", 4, "dist is 'Racegym_Ice'; .*write 'racegym-ice'"),
        ('dist = "racegym-ice"', "dist = 3", 4, "plugin number 1: dist is 3; one line of text"),
        ('"racegym-snow"', '"racegym-ice"', 17, "plugin 'racegym-ice': is listed twice"),
        ('kind = "backend"', 'kind = "backends"', 5, "did you mean 'backend'"),
        ('kind = "backend"', 'kind = "driver"', 5, "of which it provides nothing; Valid: backend"),
        ("cars on ice", "cars" * 26, 6, "at most 100 letters"),
        ("cars on ice", r"cars\non ice", 6, "one line of text was expected"),
        ("cars on ice", r"cars \u001b[31m", 6, "one line of text was expected"),
        ("Apache-2.0 OR MIT", "free!", 7, "an SPDX expression was expected, such as 'MIT'"),
        ("https://example.org/ice", "http://example.org", 8, "homepage is 'http://example.org';"),
        ("plugins/racegym-snow", "../racegym-snow", 21, "or a folder of racegym's repository"),
        (">=0.1,<0.2", "0.1", 9, "such as '>=0.1,<0.2'"),
        (">=0.1,<0.2", ">=0.1,<0.2,", 9, "versions of racegym were expected"),
        (">=0.1,<0.2", ">=0.*", 9, "versions of racegym were expected"),
        ("pip install racegym-ice", "curl x | sh", 10, "a command 'pip install ...'"),
        ("pip install racegym-ice", "pip install x; rm y", 10, "a shell acts upon: 'x;'"),
        ("pip install racegym-ice", "pip install", 10, "a command 'pip install ...'"),
        ("pip install racegym-ice", "pip install 'x", 10, "a command 'pip install ...'"),
        ('"backend:ice"', '"ice"', 11, "provides 'ice'; write it KIND:NAME"),
        ('"backend:ice"', '"backend:i ce"', 11, "provides 'backend:i ce'; write it KIND:NAME"),
        ('"backend:ice"', '"back:ice"', 11, "did you mean 'backend'"),
        ('"vehicle:sledge"', '"backend:ice"', 11, "provides 'backend:ice' twice"),
        ('"vehicle:sledge"', "3", 11, 'write \\["KIND:NAME", ...\\]'),
        ('["sensor:snow"]', "[]", 24, 'write \\["KIND:NAME", ...\\]'),
        ('"vehicle:sledge"', '"vehicle:gt3"', 11, "'vehicle:gt3', which racegym-kart2d provides"),
        ('["sensor:snow"]', '["sensor:snow", "backend:ice"]', 24, "which racegym-ice provides"),
        ('licence = "MIT"\n', "", 16, "plugin 'racegym-snow': lacks the field 'licence'"),
        ("licence =", "license =", 7, "has a field 'license'; did you mean 'licence'"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path, old, new, line, reason):
    assert old in SOUND
    text = SOUND.replace(old, new, 1) if old != '"racegym-snow"' else SOUND.replace(old, new)
    path, (fault,) = faults(tmp_path, text)
    assert str(fault).startswith(f"{path}:{line}: plugin ")
    assert re.search(reason, fault.what), fault.what


def test_each_entry_tells_its_first_fault(tmp_path, capsys):
    text = SOUND.replace("Apache-2.0 OR MIT", "?").replace(">=0.1,<0.2", "?").replace("~=0.1", "?")
    path, found = faults(tmp_path, text)
    assert [fault.line for fault in found] == [7, 22]
    assert main(["plugins", "validate", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("error: ") == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[plugin]]\ndist = \n", "registry.toml:2: is no TOML"),
        ("", "holds no entries; each begins with"),
        ("# plugins\n[[plugins]]\n", "registry.toml:2: holds 'plugins'; did you mean 'plugin'"),
        ("plugin = 3\n", "holds no entries"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path, text, reason, capsys):
    path = tmp_path / "registry.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["plugins", "validate", str(path)]) == 2
    assert reason in capsys.readouterr().err


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PluginError, match="there is no such file"):
        registry_faults(tmp_path / "none.toml")
    with pytest.raises(PluginError, match="can't be read"):
        registry_faults(tmp_path)


def test_an_entry_of_racegyms_own_list_may_be_sent_in_again(tmp_path, root):
    text = (root / "registry.toml").read_text(encoding="utf-8")
    assert len(known_plugins()) > 0
    assert faults(tmp_path, text)[1] == []


def test_entries_in_one_value_are_checked_too(tmp_path):
    _, (fault,) = faults(tmp_path, '\nplugin = [\n  {dist = "x"},\n]\n')
    assert fault.line == 2
    assert "lacks the field 'kind'" in fault.what


PADDING = st.lists(
    st.sampled_from(["", "# [[plugin]]", "   ", '# core = ">=0.1"', "\t# '''"]), max_size=3
)
VALUES = st.sampled_from(
    ['"""cars\non ice"""', "'''\n[[plugin]]\ncore = 3\n'''", '"""a\\\n   b"""', '"one line"']
)


@given(st.lists(st.tuples(PADDING, VALUES, PADDING, st.booleans()), min_size=1, max_size=4))
def test_lines_are_right_whatever_stands_around_them(tmp_path_factory, entries):
    """Comments, blank lines and strings of several lines, some of which look like entries."""
    lines: list[str] = []
    wanted: dict[int, str] = {}
    for number, (before, value, between, wrong) in enumerate(entries):
        several = "\n" in value.replace("\\\n", "")
        lines += [*before, "[[plugin]]", *between, f'dist = "racegym-n{number}"']
        if several:
            wanted[number] = f":{len(lines) + 1}: plugin 'racegym-n{number}': summary"
        lines += f"summary = {value}".split("\n")
        lines += ['kind = "sensor"', 'licence = "MIT"', 'homepage = "plugins/x"', *between]
        if wrong and not several:
            wanted[number] = f":{len(lines) + 1}: plugin 'racegym-n{number}': core"
        lines += ['core = "?"' if wrong else 'core = ">=0.1"', 'install = "pip install x"']
        lines.append(f'provides = ["sensor:n{number}"]')
    path = tmp_path_factory.mktemp("list") / "registry.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = [str(fault) for fault in registry_faults(path)]
    assert len(found) == len(wanted)
    for fault, place in zip(found, wanted.values(), strict=True):
        assert place in fault
