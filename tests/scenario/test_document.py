from __future__ import annotations

import pytest

from racegym.documents.document import parse_text, read_document
from racegym.documents.writing import to_text
from racegym.errors import ScenarioError
from racegym.scenario import load_scenario

SCALARS = {
    "3": 3,
    "-07": -7,
    "0x1F": 31,
    "0o17": 15,
    "1.5": 1.5,
    "1e3": 1000.0,
    ".5": 0.5,
    "-.inf": float("-inf"),
    "true": True,
    "False": False,
    "~": None,
    "": None,
    "yes": "yes",
    "on": "on",
    "12:30": "12:30",
    "1_000": "1_000",
    "2020-01-01": "2020-01-01",
    "'3'": "3",
    '"\\u00e9"': "é",
}


@pytest.mark.parametrize("text", SCALARS)
def test_scalars_follow_the_core_schema(text):
    value = parse_text(f"key: {text}\n").data["key"]
    assert value == SCALARS[text]
    assert type(value) is type(SCALARS[text])


@pytest.mark.parametrize(
    "text",
    ["?x", "?&", "? ", ": x", "x" * 60 + "  " + "y" * 60, ("two  spaces " * 20).strip(),
     "a\u2028 b " * 30, "---", "- x", "{x", "1e3", "~", "x: y # z", "a\tb"],
)  # fmt: skip
def test_what_is_written_reads_back(text):
    data = {"alone": text, "listed": [text, "x"], "deep": {"key": [{"k": text}]}}
    assert parse_text(to_text(data)).data == data


def test_every_value_has_a_line():
    document = parse_text("a:\n  b: 1\n  c:\n    - 2\n    -\n      d: 3\n")
    assert document.lines["a", "c"] == 3
    assert document.lines["a", "c", 0] == 4
    assert document.lines["a", "c", 1, "d"] == 6


def test_anchors_give_copies():
    data = parse_text("a: &x {b: [1]}\nc: *x\n").data
    assert data["c"] == {"b": [1]}
    assert data["c"]["b"] is not data["a"]["b"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "empty": (b"", "is empty"),
    "comments only": (b"# nothing\n", "is empty"),
    "a list": (b"- 1\n", ":1: a scenario is a mapping"),
    "text": (b"race\n", ":1: a scenario is a mapping"),
    "two documents": (b"a: 1\n---\nb: 1\n", ":2: a second document begins here"),
    "duplicate key": (b"a: 1\nb: 2\na: 3\n", ":3: the key 'a' stands here and in line 1"),
    "tab": (b"a:\n\tb: 1\n", ":2: begins with a tab"),
    "two colons": (b"a: 1\nname: b: c\n", ":2: is no YAML: a second ':' in one line"),
    "open bracket": (b"a: [1,\n", "is no YAML"),
    "not UTF-8": (b"a: 1\nb: \xff\n", ":2: is no UTF-8 text"),
    "UTF-16": ("a: 1\n".encode("utf-16"), ":1: is no UTF-8 text"),
    "control character": (b"a: 1\nb: \x01\n", ":2: holds the character U\\+0001"),
    "tag": (b"a: !!python/object:os.system ls\n", ":1: the tag .* is not allowed"),
    "key that is a list": (b"? [a]\n: 1\n", ":1: a key must be plain text"),
    "unknown anchor": (b"a: *b\n", ":1: \\*b refers to no &b that is complete"),
    "anchor in itself": (b"a: &b [*b]\n", ":1: \\*b refers to no &b that is complete"),
    "alias bomb": (BOMB.encode(), "holds more than 50,000 values"),
    "too deep": (b"a: " + b"[" * 500 + b"]" * 500, "nested more than 24 levels"),
    "too large": (b"#" * 1_000_001, "is larger than 1 MB"),
    "too many digits": (b"laps: " + b"9" * 50, ":1: a number of 50 digits"),
    "beyond Unicode": (b'a: "\\U00110000"', "is no YAML"),
    "half a character": (b'a: "\\ud800"', ":1: holds half a character"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_scenario_file_is_one_plain_message(case, tmp_path):
    content, message = REFUSED[case]
    path = tmp_path / "test.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=message) as caught:
        load_scenario(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ScenarioError, match="can't be read"):
        load_scenario(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "test.yaml"
    path.write_bytes(b"\xef\xbb\xbfbackend: toy\r\nlaps: -1\r\n")
    with pytest.raises(ScenarioError, match=":2: laps: is -1"):
        load_scenario(path)


def test_who_changes_what_was_read_changes_it_for_nobody_else(tmp_path):
    file = tmp_path / "kart.yaml"
    file.write_text("mass: 240\ntyres: {grip: [1.5, 1.4]}\n", encoding="utf-8")
    first = read_document(file).data
    first["tyres"]["grip"].append(0.1)
    first["base"] = "rental_kart"
    assert read_document(file).data == {"mass": 240, "tyres": {"grip": [1.5, 1.4]}}
    file.write_text("mass: 250\n", encoding="utf-8")
    assert read_document(file).data == {"mass": 250}
