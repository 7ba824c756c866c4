"""``docs/conformance.md`` lists every check of every suite, in the words of its docstring."""

from __future__ import annotations

import re

import pytest

from racegym import testing

SUITES = [name for name in testing.__all__ if name.endswith("Suite") and name != "Suite"]


@pytest.mark.parametrize("name", SUITES)
def test_every_check_is_listed(name, root):
    page = (root / "docs" / "conformance.md").read_text(encoding="utf-8")
    section = page.split(f"### {name}\n")[1].split("###")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE))
    assert listed == getattr(testing, name).checks()
