"""A new plugin's package, written from the templates in ``racegym/templates``.

``templates/common`` is part of every package, ``templates/KIND`` of those of that kind. A
template's name ends in ``.tmpl``; ``<<word>>`` in it is replaced by one of the words of
``_words``, and its folder ``package`` becomes the plugin's module. A file of ``templates/KIND``
takes the place of one of the same name in ``templates/common``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from racegym import __version__, plugins
from racegym.errors import PluginError, nearest
from racegym.plugins import Kind
from racegym.plugins.offer import HOOKS

__all__ = ["TEMPLATE_KINDS", "NewPlugin", "new_plugin", "rendered"]

# Kinds with a template: the suite that proves each, and what its example is.
TEMPLATE_KINDS: dict[str, tuple[str, str]] = {
    "backend": ("BackendSuite", "a simulator of one car"),
    "realism": ("RealismSuite", "tyres that lose grip with every kilometre"),
    "sensor": ("SensorSuite", "speed and place across the track"),
    "driver": ("DriverSuite", "a cautious follower of the centerline"),
    "trainer": ("TrainerSuite", "a linear policy learned by the cross-entropy method"),
}

PREFIX = "racegym-"
RESERVED = {"agent"}  # what a scenario calls a car that is driven from outside
MAX_NAME = 50

_FOLDER = Path(__file__).resolve().parents[1] / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_WORD = re.compile(r"<<(\w+)>>")


class NewPlugin:
    """What a new plugin is called, throughout its package.

    Attributes:
        kind: what it offers.
        name: what a scenario writes.
        dist: name of its distribution.
        module: name of its package.
        class_name: name of its class.
        target: the class as it is registered.
    """

    def __init__(self, kind: str, name: str):
        self.kind = kind
        self.name = name
        self.dist = PREFIX + name.replace("_", "-")
        self.module = f"racegym_{name}"
        # It ends with its kind, so that no name can hide one that the module imports.
        words = name.split("_")
        if len(words) == 1 or words[-1] != kind:
            words.append(kind)
        self.class_name = "".join(map(str.capitalize, words))
        self.target = f"{self.module}.{kind}:{self.class_name}"


def new_plugin(kind: str, name: str, folder: Path | None = None) -> tuple[NewPlugin, Path]:
    """Write the package of a new plugin.

    Args:
        kind: one of ``TEMPLATE_KINDS``.
        name: what a scenario will write.
        folder: of the package; by default one in the current folder, called as the dist. It
            may exist if it is empty.

    Returns:
        What it is called, and its folder.

    Raises:
        PluginError: there is no template of that kind; the name is malformed or taken; the
            folder is not empty, or can't be written. Then nothing is written at all.
    """
    if kind not in TEMPLATE_KINDS:
        raise PluginError(
            f"there is no template for plugins of kind {kind!r}; {nearest(kind, TEMPLATE_KINDS)}"
        )
    _check_name(name)
    made = NewPlugin(kind, name)
    _check_free(made)
    target = Path(made.dist) if folder is None else folder
    _check_folder(target)
    _write(target, rendered(made))
    return made, target


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) and len(name) <= MAX_NAME and not name.startswith("racegym"):
        return
    if re.match(r"racegym[-_]?\w", name, flags=re.IGNORECASE):
        reason = f"{name!r} begins with racegym, which is put before it anyway"
        name = re.sub(r"^racegym[-_]*", "", name, flags=re.IGNORECASE)
    elif len(name) > MAX_NAME:
        raise PluginError(
            f"a name has at most {MAX_NAME} letters; {name[:20]!r}... has {len(name)}"
        )
    else:
        reason = (
            f"{name!r} is no name for a plugin: small letters, digits and single underscores, "
            "beginning with a letter"
        )
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    better = "_".join(words).lower()
    hint = f"; write {better!r}" if _NAME.fullmatch(better) else ""
    raise PluginError(reason + hint)


def _check_free(made: NewPlugin) -> None:
    kind, name = cast(Kind, made.kind), made.name
    if name in RESERVED:
        raise PluginError(
            f"the name {name!r} has a meaning of its own in scenarios; choose another"
        )
    catalogue = plugins.load()
    owners = [offer.dist for offer in catalogue.offers(kind) if offer.name == name]
    known = plugins.known_plugins()
    owners += [dist for dist, entry in known.items() if f"{kind}:{name}" in entry.provides]
    if owners:
        raise PluginError(
            f"the {kind} {name!r} exists already, in {owners[0]}; choose another name, "
            f"such as {'my_' + name!r}"
        )
    if made.dist in known or _is_installed(made.dist):
        where = "known" if made.dist in known else "installed"
        raise PluginError(
            f"a package {made.dist} is {where} already; choose another name, "
            f"such as {name + '_' + kind!r}"
        )
    if find_spec(made.module) is not None:
        raise PluginError(
            f"Python finds a module {made.module} already; choose another name, or go to "
            "another folder"
        )


def _is_installed(dist: str) -> bool:
    try:
        distribution(dist)
    except PackageNotFoundError:
        return False
    return True


def _check_folder(folder: Path) -> None:
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise PluginError("is a file; name a folder with --path DIR", file=folder)
        if any(folder.iterdir()):
            raise PluginError(
                "is not empty, and nothing in it is overwritten; name another folder with "
                "--path DIR",
                file=folder,
            )
    except OSError as error:
        raise PluginError(f"can't be looked into: {error.strerror}", file=folder) from error


def _words(made: NewPlugin) -> Mapping[str, str]:
    suite, summary = TEMPLATE_KINDS[made.kind]
    major, minor, *_ = __version__.split(".")
    return {
        "kind": made.kind,
        "name": made.name,
        "dist": made.dist,
        "module": made.module,
        "class": made.class_name,
        "target": made.target,
        "hook": HOOKS[cast(Kind, made.kind)],
        "suite": suite,
        "summary": summary,
        "summary_sentence": summary[0].upper() + summary[1:],
        "core": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def rendered(made: NewPlugin) -> dict[Path, str]:
    """Return the text of each file by its path within the package's folder."""
    words = _words(made)
    files: dict[Path, str] = {}
    for folder in (_FOLDER / "common", _FOLDER / made.kind):
        for template in sorted(folder.rglob("*.tmpl")):
            path = template.relative_to(folder).with_suffix("")
            parts = [made.module if part == "package" else part for part in path.parts]
            text = template.read_text(encoding="utf-8")
            files[Path(*parts)] = _WORD.sub(lambda found: words[found[1]], text)
    return files


def _write(folder: Path, files: Mapping[Path, str]) -> None:
    """Write all files, or leave everything as it was."""
    existed = folder.exists()
    first_new = folder
    while not existed and not first_new.parent.exists():
        first_new = first_new.parent
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except BaseException as error:
        for rest in list(folder.iterdir()) if existed else [first_new]:
            if rest.is_dir():
                shutil.rmtree(rest, ignore_errors=True)
            else:
                rest.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise PluginError(f"can't be written: {error.strerror}", file=folder) from error
        raise
