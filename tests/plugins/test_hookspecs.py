from __future__ import annotations

import inspect
import re

import pytest

from racegym import hookspecs
from racegym.plugins.offer import HOOKS, KINDS

SPECS = {
    name: item for name, item in vars(hookspecs).items() if hasattr(item, "racegym_spec")
}  # in the order of the file


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_is_documented_in_one_or_two_sentences(name):
    doc = inspect.getdoc(SPECS[name])
    assert doc
    sentences = re.findall(r"[.](?:\s|$)", doc)
    assert 1 <= len(sentences) <= 2
    assert name in hookspecs.__all__


def test_every_kind_has_a_hook_and_every_register_hook_has_a_kind():
    assert set(HOOKS) == set(KINDS)
    registering = [name for name, spec in SPECS.items() if "register" in _arguments(spec)]
    assert list(HOOKS.values()) == registering


def test_hooks_fire_in_the_order_of_the_file(dist, load):
    source = "fired = []\n"
    for name, spec in SPECS.items():
        arguments = ", ".join(_arguments(spec))
        source += f"@hookimpl\ndef {name}({arguments}): fired.append('{name}')\n"
    dist("probe", source)
    catalogue = load()
    assert not catalogue.failures
    catalogue.commands()
    catalogue.run_started(None)
    catalogue.run_finished(None)

    import probe_plugin

    assert probe_plugin.fired == list(SPECS)


def _arguments(spec: object) -> list[str]:
    return list(inspect.signature(spec).parameters)
