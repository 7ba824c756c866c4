"""Whatever there is to know of racegym stands in the docs: nothing is left out.

Each check takes what should be documented as an argument, so that the last tests can feed it
something invented and see it fail with a plain message.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import click
import pytest
from pydantic import BaseModel

from racegym import hookspecs, interfaces, plugins, testing
from racegym.cli.group import racegym
from racegym.errors import PluginError
from racegym.interfaces import EventKind, StageOptions
from racegym.plugins import Kind, Offer
from racegym.scenario.schema import scenario_schema
from racegym.sensors.delivery import DELIVERY

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = "run: python docs/make_reference.py"
OURS = {
    "racegym", "racegym-kart2d", "racegym-carracing", "racegym-cleanrl", "racegym-multicar",
}  # fmt: skip
PAGES: dict[Kind, str] = {  # kinds of which each stage has a page, and the folder of these
    "sensor": "sensors",
    "action_map": "actions",
    "reward": "rewards",
    "termination": "terminations",
    "driver": "drivers",
}
TABLED: tuple[Kind, ...] = ("backend", "realism", "trainer")  # those that docs/reference.md holds


def read(page: str) -> str:
    file = DOCS / page
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next of its level or above; "" without."""
    level = len(heading.split(" ")[0])
    found: list[str] | None = None
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        above = re.match(r"(#+) ", line)
        if above and not fenced and len(above[1]) <= level:
            if found is not None:
                break
            found = [] if line == heading else None
        elif found is not None:
            found.append(line)
    return "\n".join(["", *found, ""]) if found is not None else ""


def tell(faults: Iterable[str]) -> None:
    """Fail with what is not documented, one to a line."""
    lines = list(faults)
    if lines:
        pytest.fail("\n".join(["not documented:", *lines]), pytrace=False)


def check_hooks(module: ModuleType = hookspecs) -> None:
    page = read("hooks.md")

    def faults() -> Iterator[str]:
        for name in [n for n, item in vars(module).items() if hasattr(item, "racegym_spec")]:
            text = section(page, f"## `{name}`")
            if f"<!-- made: {name} -->" not in text:
                yield (
                    f"hook {name}: write a section '## `{name}`' in docs/hooks.md, with the marks "
                    f"'<!-- made: {name} -->' and '<!-- end -->', then {MADE}"
                )
            elif not re.search(rf"```python\n# \S+\n@hookimpl\ndef {name}\(", text):
                yield f"hook {name}: give its section in docs/hooks.md an example"

    tell(faults())


class Stage(NamedTuple):
    """A stage, or anything else with options that a scenario may name."""

    kind: Kind
    name: str
    options: tuple[str, ...]


def stages(kinds: Iterable[Kind]) -> list[Stage]:
    offers = [offer for kind in kinds for offer in plugins.load().offers(kind)]
    return [Stage(o.kind, o.name, fields(o, "Options")) for o in offers if o.dist in OURS]


def fields(offer: Offer, model: str) -> tuple[str, ...]:
    try:
        found = getattr(offer.load(), model, None)
    except PluginError as error:
        pytest.skip(str(error))
    return tuple(found.model_fields) if isinstance(found, type(BaseModel)) else ()


def check_pages(given: Iterable[Stage]) -> None:
    index = read("stages.md")

    def faults() -> Iterator[str]:
        for kind, name, options in given:
            page = f"stages/{PAGES[kind]}/{name}.md"
            text = read(page)
            if not text:
                yield (
                    f"{kind} {name!r}: write docs/{page} after the pattern of the pages beside it, "
                    f"then {MADE}"
                )
                continue
            if f"]({page})" not in index:
                yield f"{kind} {name!r}: link {page} in docs/stages.md"
            for option in options:
                if f"\n| `{option}` |" not in section(text, "## Options"):
                    yield f"option {option!r} of {kind} {name!r}: {MADE}"

    tell(faults())


def check_delivery(options: Iterable[str], given: Iterable[Stage]) -> None:
    """What can be asked of every sensor stands on one page, and on no sensor's own."""
    options = list(options)

    def faults() -> Iterator[str]:
        table = section(read("stages/delivery.md"), "## Keys")
        for option in options:
            if f"\n| `{option}` |" not in table:
                yield f"key {option!r} of every sensor is not in docs/stages/delivery.md; {MADE}"
        for _, name, own in given:
            text = section(read(f"stages/{PAGES['sensor']}/{name}.md"), "## Options")
            for option in {*options} - {*own}:
                if f"\n| `{option}` |" in text:
                    yield f"sensor {name!r} repeats {option!r} of docs/stages/delivery.md; {MADE}"

    tell(faults())


def check_tables(given: Iterable[Stage]) -> None:
    page = read("reference.md")

    def faults() -> Iterator[str]:
        for kind, name, options in given:
            text = section(page, f"### {kind.capitalize()} `{name}`")
            if not text:
                yield f"{kind} {name!r} has no place in docs/reference.md; {MADE}"
            for option in options:
                if f"\n| `{option}` |" not in text:
                    yield f"option {option!r} of {kind} {name!r} not in docs/reference.md; {MADE}"

    tell(faults())


def check_vehicles(vehicles: Iterable[str], parameters: Mapping[str, Iterable[str]]) -> None:
    page = read("reference.md")

    def faults() -> Iterator[str]:
        for name in vehicles:
            if f"\n- `{name}`:" not in section(page, "## Vehicles"):
                yield f"vehicle {name!r} is not in docs/reference.md; {MADE}"
        for backend, names in parameters.items():
            table = section(page, f"### Parameters of a vehicle of `{backend}`")
            for name in names:
                if f"\n| `{name}` |" not in table:
                    yield f"parameter {name!r} of {backend}'s vehicles: not in the tables; {MADE}"

    tell(faults())


def scenario_keys(schema: Mapping[str, Any]) -> set[str]:
    """Return every key that stands in a scenario, but for names and options of stages."""
    kinds = [*PAGES, *TABLED, "vehicle", "watcher"]
    own = [
        inner
        for name, inner in schema["$defs"].items()
        if name.partition(".")[0] not in kinds and not name.endswith(("_by_label", "_name"))
    ]
    found: set[str] = set()

    def walk(inner: Any) -> None:
        if isinstance(inner, dict):
            properties = inner.get("properties")
            found.update(properties if isinstance(properties, dict) else ())
            for value in inner.values():
                walk(value)
        elif isinstance(inner, list):
            for value in inner:
                walk(value)

    walk({key: value for key, value in schema.items() if key != "$defs"})
    walk(own)
    return found


def check_scenario(keys: Iterable[str]) -> None:
    told = set(
        re.findall(
            r"`([\w.]+)`",
            "".join(map(read, ("scenarios.md", "generated.md", "variation.md", "penalties.md"))),
        )
    )
    told |= set(re.findall(r"`\{(\w+):", read("variation.md")))
    tell(
        f"key {key!r} of a scenario: write it in a table of docs/scenarios.md, then {MADE}"
        for key in sorted(keys)
        if key not in told
    )


def commands(group: click.Command) -> Iterator[tuple[str, click.Command, click.Context]]:
    def below(
        command: click.Command, context: click.Context
    ) -> Iterator[tuple[str, click.Command, click.Context]]:
        yield context.command_path, command, context
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from below(inner, click.Context(inner, info_name=name, parent=context))

    return below(group, click.Context(group, info_name=group.name))


def check_commands(group: click.Command = racegym) -> None:
    page = read("commands.md")

    def faults() -> Iterator[str]:
        for name, command, _ in commands(group):
            level = "##" if name.count(" ") < 2 else "###"
            text = section(page, f"{level} `{name}`")
            if f"<!-- made: {name} -->" not in text:
                yield (
                    f"command {name}: write a section '{level} `{name}`' in docs/commands.md, with "
                    f"the marks '<!-- made: {name} -->' and '<!-- end -->', then {MADE}"
                )
                continue
            shown = re.findall(r"^\| `([^`]*)` \|", text, re.M)
            known = {word for cell in shown for word in re.split("[ ,]+", cell)}
            for parameter in command.params:
                if not isinstance(parameter, click.Option) or parameter.hidden:
                    continue
                for option in (*parameter.opts, *parameter.secondary_opts):
                    if option not in known:
                        yield f"option {option} of {name} is not in docs/commands.md; {MADE}"
            runs = not isinstance(command, click.Group) or command.invoke_without_command
            if runs and not re.search(rf"```sh\n(.*\n)*?{name} ?.*\n(.*\n)*?```", text):
                yield f"command {name}: give its section in docs/commands.md an example in ```sh"

    tell(faults())


def check_interface(module: ModuleType = interfaces) -> None:
    table = section(read("interface.md"), "## Names of `racegym.interfaces`")
    tell(
        f"{name} of racegym.interfaces is not in docs/interface.md; {MADE}"
        for name in module.__all__
        if f"\n| `{name}` |" not in table
    )


def check_testing(module: ModuleType = testing) -> None:
    page = read("conformance.md")

    def faults() -> Iterator[str]:
        for name in module.__all__:
            if name.endswith("Suite") and name != "Suite":
                if not section(page, f"### {name}"):
                    yield f"suite {name}: write a section '### {name}' in docs/conformance.md"
            elif not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", page):
                yield f"{name} of racegym.testing: name it in docs/conformance.md"

    tell(faults())


def variables(sources: Iterable[str]) -> set[str]:
    """Return the environment variables that some code reads."""
    reading = re.compile(r"(?:environ(?:\.get\(|\[)|getenv\()\s*[\"'](\w+)[\"']")
    return {name for source in sources for name in reading.findall(source)}


def check_environment(names: Iterable[str]) -> None:
    table = section(read("commands.md"), "## Environment variables")
    tell(
        f"environment variable {name}: write a row in docs/commands.md, 'Environment variables'"
        for name in sorted(names)
        if f"\n| `{name}` |" not in table
    )


def environment_ids() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))):
        groups = tomllib.loads(file.read_text(encoding="utf-8"))["project"].get("entry-points", {})
        for group in ("racegym.envs", "racegym.vector_envs"):
            found |= set(groups.get(group, {}))
    return found


def check_environment_ids(ids: Iterable[str]) -> None:
    tell(
        f"environment {name}: write a row in the table of docs/environments.md"
        for name in sorted(ids)
        if f"\n| `{name}` |" not in read("environments.md")
    )


def check_events(kinds: type[IntEnum] = EventKind) -> None:
    table = section(read("runs.md"), "### Events")
    tell(
        f"event {name.lower()}: write a row in docs/runs.md, 'Events', with its figure"
        for name in kinds.__members__
        if f"\n| `{name.lower()}` |" not in table
    )


def check_quantities(pages: Mapping[str, str]) -> None:
    tell(
        f"value {value} on docs/{page}: say what it measures, Value(quantity=...), then {MADE}"
        for page, text in pages.items()
        for value in re.findall(r"^\| \d+ \| (`[^`]+`) \|  \|", section(text, "## Values"), re.M)
    )


SOURCES = [*ROOT.glob("core/**/*.py"), *ROOT.glob("plugins/*/racegym_*/**/*.py")]


def test_every_hook() -> None:
    check_hooks()


def test_every_stage_with_its_options_on_its_page() -> None:
    check_pages(stages(PAGES))


def test_every_value_of_a_sensor_with_what_it_measures() -> None:
    pages = [f"stages/{PAGES['sensor']}/{stage.name}.md" for stage in stages(["sensor"])]
    texts = {page: read(page) for page in pages}
    told = {page: section(text, "## Values") for page, text in texts.items()}
    pictures = {page for page, text in told.items() if "<!-- made: space -->" in text}
    assert pictures == {"stages/sensors/camera.md", "stages/sensors/topdown.md"}
    assert all("\n| 0 | `" in text for page, text in told.items() if page not in pictures)
    check_quantities(texts)


def test_every_key_of_a_delivery_once() -> None:
    assert "stack" in DELIVERY
    check_delivery(DELIVERY, stages(["sensor"]))


def test_every_backend_realism_module_and_trainer_with_its_options() -> None:
    check_tables(stages(TABLED))


def test_every_vehicle_and_parameter() -> None:
    vehicles = [o.name for o in plugins.load().offers("vehicle") if o.dist in OURS]
    backends = [o for o in plugins.load().offers("backend") if o.dist in OURS]
    assert vehicles
    check_vehicles(vehicles, {offer.name: fields(offer, "Vehicle") for offer in backends})


def test_every_key_of_a_scenario() -> None:
    keys = scenario_keys(scenario_schema())
    assert {"backend", "stuck_speed", "min_radius", "grid", "log_uniform", "file"} <= keys
    check_scenario(keys)


def test_every_command_with_its_options_and_an_example() -> None:
    check_commands()


def test_every_name_of_the_interface() -> None:
    check_interface()


def test_every_suite_and_name_of_testing() -> None:
    check_testing()


def test_every_environment_variable() -> None:
    names = variables(file.read_text(encoding="utf-8") for file in SOURCES)
    assert {"RACEGYM_PLUGINS", "RACEGYM_THREADS", "RACEGYM_CACHE_DIR", "RACEGYM_DEBUG"} <= names
    check_environment(name for name in names if name.startswith("RACEGYM_"))


def test_every_environment_id() -> None:
    ids = environment_ids()
    assert "racegym/Kart2D-v1" in ids
    check_environment_ids(ids)


def test_every_kind_of_event() -> None:
    check_events()


class _Options(StageOptions):
    known: int = 1
    invented: int = 2


def _invented_hooks() -> ModuleType:
    module = ModuleType("hooks")

    @hookspecs.hookspec
    def register_smells() -> None:
        """Offer smells."""

    module.register_smells = register_smells  # type: ignore[attr-defined]
    return module


def _invented_group(name: str, option: str) -> click.Group:
    group = click.Group("racegym")
    group.add_command(click.Command(name, params=[click.Option([option])]))
    return group


def _invented_names(*names: str) -> ModuleType:
    module = ModuleType("invented")
    module.__all__ = list(names)  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: check_hooks(_invented_hooks()), "hook register_smells: write a section"),
        (
            lambda: check_pages([Stage("sensor", "smell", ())]),
            r"sensor 'smell': write docs/stages/sensors/smell\.md .*make_reference",
        ),
        (
            lambda: check_pages([Stage("sensor", "state", tuple(_Options.model_fields))]),
            "option 'invented' of sensor 'state': run: python docs/make_reference.py",
        ),
        (
            lambda: check_delivery(["stack", "smell"], []),
            "key 'smell' of every sensor is not in docs/stages/delivery",
        ),
        (
            lambda: check_delivery(["gray"], [Stage("sensor", "camera", ())]),
            "sensor 'camera' repeats 'gray' of docs/stages/delivery",
        ),
        (
            lambda: check_tables([Stage("backend", "jelly", ())]),
            "backend 'jelly' has no place in docs/reference.md",
        ),
        (
            lambda: check_tables([Stage("backend", "kart2d", ("substep", "jelly"))]),
            "option 'jelly' of backend 'kart2d'",
        ),
        (lambda: check_vehicles(["hearse"], {}), "vehicle 'hearse'"),
        (lambda: check_vehicles([], {"kart2d": ["mass", "smell"]}), "parameter 'smell'"),
        (lambda: check_scenario(["laps", "smells"]), "key 'smells' of a scenario: write it"),
        (
            lambda: check_commands(_invented_group("sniff", "--deep")),
            "command racegym sniff: write a section",
        ),
        (
            lambda: check_commands(_invented_group("run", "--deep")),
            "option --deep of racegym run is not in docs/commands.md",
        ),
        (lambda: check_interface(_invented_names("View", "Smell")), "Smell of racegym.interfaces"),
        (lambda: check_testing(_invented_names("SmellSuite")), "suite SmellSuite: write a section"),
        (lambda: check_testing(_invented_names("sniff")), "sniff of racegym.testing: name it"),
        (
            lambda: check_environment(variables(['os.environ.get("RACEGYM_SMELL", "")'])),
            "environment variable RACEGYM_SMELL: write a row",
        ),
        (lambda: check_environment_ids(["racegym/Smell-v1"]), "environment racegym/Smell-v1"),
        (lambda: check_events(IntEnum("Kinds", "SMELL")), "event smell: write a row in docs/runs"),
        (
            lambda: check_quantities({"nose.md": "## Values\n| 0 | `smell` |  | 1 | 1 | 0 |\n"}),
            "value `smell` on docs/nose.md: say what it measures",
        ),
    ],
)  # fmt: skip
def test_what_is_invented_is_missed_in_plain_words(check: Callable[[], None], said: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=said):
        check()


def test_new_keys_of_any_depth_are_found() -> None:
    schema = scenario_schema()
    schema["$defs"]["scenario.RulesSettings"]["properties"]["smells"] = {}
    assert "smells" in scenario_keys(schema)
