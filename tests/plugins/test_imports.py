from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import racegym

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"matplotlib", "numba", "pandas", "pyarrow", "pydantic", "scipy", "torch"}
PACKAGES = [ROOT / "core" / "racegym", *(ROOT / "plugins").glob("racegym-*/racegym_*")]
MODULES = sorted(
    module
    for package in PACKAGES
    for module in package.rglob("*.py")
    if not module.stem.startswith("_") or module.name == "__init__.py"
    if "kernels" not in module.parts  # device functions are shared among them, and no API
)


def imported(code: str) -> set[str]:
    """Return the top-level modules that ``code`` imports in a fresh interpreter."""
    report = "\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines())


def test_importing_racegym_imports_no_plugin_and_nothing_heavy():
    modules = imported("import racegym")
    tops = {name.partition(".")[0] for name in modules}
    assert not tops & {*HEAVY, "click", "pluggy", "rich", "racegym_kart2d", "racegym_carracing"}
    ours = {name for name in modules if name.partition(".")[0] == "racegym"}
    assert ours == {"racegym", "racegym.lazy", "racegym.registration"}


def test_help_imports_no_plugin_and_nothing_heavy():
    modules = imported("from racegym.cli import main; assert main(['--help']) == 0")
    tops = {name.partition(".")[0] for name in modules}
    assert not tops & {*HEAVY, "pluggy", "rich", "racegym_kart2d", "racegym_carracing"}
    assert not any(name.startswith("racegym.plugins") for name in modules)


def test_listing_plugins_imports_no_engine():
    modules = imported("from racegym.cli import main; assert main(['plugins', '--json']) == 0")
    tops = {name.partition(".")[0] for name in modules}
    assert not tops & {*HEAVY, "Box2D", "pygame"}


@pytest.mark.parametrize("name", racegym.__all__)
def test_every_public_name_loads(name):
    assert getattr(racegym, name) is not None
    assert name in dir(racegym)


def test_an_unknown_attribute_is_told_as_usual():
    with pytest.raises(AttributeError, match="module 'racegym' has no attribute 'Wrold'"):
        _ = racegym.Wrold


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_is_complete(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = next((_strings(node) for node in tree.body if _assigns_all(node)), [])
    public = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }
    assert public <= set(listed), "public, but not in __all__"
    assert len(listed) == len(set(listed))


def _assigns_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _strings(node: ast.Assign) -> list[str]:
    return list(ast.literal_eval(node.value))
