"""Every command and every piece of Python in the README and the docs works as it stands there."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from racegym import plugins
from racegym.authoring.new_plugin import new_plugin
from racegym.benchmark.tasks import find_task
from racegym.cli import main
from racegym.formats.local_plane import LocalPlane
from racegym.scenario import load_scenario
from racegym.scenario.tracks import make_tracks
from racegym.testing import run_suite

ROOT = Path(__file__).resolve().parents[2]
FOLLOWED = "beginners.md"  # from top to end, by test_beginners.py
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(DOCS.glob("*.md")),
    *sorted(DOCS.glob("stages/**/*.md")),
    *(DOCS / "trainers" / f"{name}.md" for name in ("dqn", "replay", "sac", "td3")),
]
RUN = "racegym run quickstart --set laps=1"  # before all others, so that there is a run to show
IMPORT = "racegym runs import sunday.gpx --track quickstart --name human --no-plots"
MINE_READ = "racegym tracks import Monza.csv --name mine --into tracks"
DRAWN = "racegym tracks import drawn_club.png --set length=700 --name club --into tracks"

BRIEF = "racegym run quickstart --set name=brief --set time_limit=4 --no-plots"
PICTURED = "scenarios/quickstart|quickstart --set laps=1$|learn"  # others draw what these do
EXPORT = "racegym export train_kart kart.onnx"  # once for all who need the policy
TRIED = "racegym benchmark run trial-state --trainer ppo --steps 64 --set trainer.num_envs=4"

SHORTER = [  # what would take long is done for a shorter time
    (r"racegym tracks sync .*", r"\g<0> --overwrite"),  # others may have changed a track
    (r"racegym watch latest\b", "racegym watch brief"),
    (r"racegym (.*)\blatest\b", r"racegym \1first"),  # the latest may be a training, or a log
    (r"(racegym run .*--set laps=)(?:5|10)\b", r"\g<1>2"),
    (r"racegym (run|watch|evaluate) .*--video .*", r"\g<0> --size 160x160"),
    (r"(racegym evaluate .*--video .*)time_limit=5\b", r"\1time_limit=2"),
    (r"racegym run .*--video .*", r"\g<0> --set time_limit=3"),
    (r"(racegym evaluate .*)--episodes 20\b", r"\1--episodes 2"),
    (r"(racegym evaluate (?:train|rental)_kart .*)--episodes \d+", r"\1--episodes 2 --no-limit"),
    (r"racegym run pretrained_kart", r"\g<0> --no-plots"),
    (
        r"racegym run train_(sac|td3|dqn)",
        r"\g<0> --set trainer.steps=256 --set training.evaluate=null --set track.generate.count=1",
    ),
    (
        r"racegym run selfplay_duel",
        (
            r"\g<0> --set trainer.steps=128 --set trainer.num_envs=4 --set trainer.num_steps=16"
            r" --set training.curriculum=null --set 'tracks=[{generate: {seed: 1}}]' --no-plots"
        ),
    ),
    (r"racegym benchmark run .*", f"{TRIED} --seeds 1 --set trainer.num_steps=16"),
    (r"racegym calibrate .*", "racegym calibrate pure_pursuit --tracks 1 --vehicle rental_kart"),
    (r"(racegym bench .*)--races 1,1024", r"\1--races 1,64"),  # kernels are compiled anew for more
    (r"racegym bench .*", r"\g<0> --seconds 0.05 --no-memory"),
    (r"learn\(300_000\)", "learn(1)"),  # which is one update
    (r"(PPO\(.*)n_envs=8\)", r"\1n_envs=1), n_steps=64"),
    (r"n_steps=128, batch_size=512", "n_steps=8, batch_size=64, n_epochs=1"),
    (r"steps(=|: )\d{7}", r"steps\g<1>3000"),
    (r"\bsteps = 10_000", "steps = 3_000"),
    (r"seconds=5\)", "seconds=0.05, memory=False)"),
    (rf"racegym run (?!{PICTURED})(?!.*--no-plots).*", r"\g<0> --no-plots"),
]
MINE = """
name: mine
backend: kart2d
laps: 1
track: {generate: {seed: 1, length: 300}}
cars:
  - {name: A, vehicle: rental_kart, driver: pure_pursuit}
  - {name: B, vehicle: rental_kart, driver: pure_pursuit}
"""
RULINGS = "rulings: [{reason: too light, car: Kart 1, disqualify: true}]\n"
SPACE = """
figure: episode_return
trials: 1
steps: 2000
space: {trainer.population: [4, 8]}
"""
# What a page's Python takes for granted, and what can't be run by itself.
GIVEN = {
    "driving.md": "from pathlib import Path\nfolder = min(Path('runs/quickstart').iterdir())\n",
    "environments.md": "import gymnasium\nimport racegym\n",
    "rendering.md": "import gymnasium\nimport racegym\n",
    "runs.md": """
from racegym import load_scenario
from racegym.interfaces import Watcher

class Quiet(Watcher):
    def see(self, view, events):
        pass

my_watcher = Quiet()
world = load_scenario("quickstart").world(n_races=8)
world.reset(range(8))
""",
}
# Whose scenarios have tests of their own; those of stages stand in test_stage_pages.py.
OF_STAGES = tuple(f"{folder.relative_to(DOCS).as_posix()}/" for folder in DOCS.glob("stages/*/"))
ELSEWHERE = (
    "evaluation.md",
    "generated.md",
    "hooks.md",
    "learners.md",
    "scenarios.md",
    "trainers.md",
)
OF_A_PLUGIN = {"backends.md", "hooks.md"}  # their Python makes a plugin, which is tried as one
OF_A_TRAINER = "trainers.md"  # what it shows needs the trainer that it makes
IN_ORDER = ("tutorial.md",)  # its commands lead to each other; tests/authoring walks through them


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str


def name_of(page: Path) -> str:
    """Return a page's path below docs, or its name."""
    return page.relative_to(DOCS).as_posix() if page.is_relative_to(DOCS) else page.name


def blocks() -> Iterator[Block]:
    for page in PAGES:
        if page.name == FOLLOWED:
            continue
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(name_of(page), line, found[1], found[2])


def commands(block: Block) -> Iterator[str]:
    for line in block.text.splitlines():
        for part in re.split(r"&&|;", re.sub(r"\s+#.*", "", line)):
            if part.strip():
                yield part.strip()


def write_logs(folder: Path) -> None:
    """Write logs of three laps of the quickstart's track: of a phone, and of a person's own."""
    (track,) = make_tracks(load_scenario("quickstart").every_track[0])
    t = 0.1 * np.arange(1500)
    x, y, _ = track.at(15.0 * t - 60.0, np.sin(t / 20.0))
    latitude, longitude = LocalPlane(49.33, 8.57).to_earth(x, y)
    points = [
        f'<trkpt lat="{a:.8f}" lon="{b:.8f}"><time>2026-05-28T10:{k // 600:02d}:'
        f"{k % 600 / 10:04.1f}Z</time></trkpt>"
        for k, (a, b) in enumerate(zip(latitude, longitude, strict=True))
    ]
    gpx = "<gpx><trk><trkseg>\n" + "\n".join(points) + "\n</trkseg></trk></gpx>\n"
    (folder / "sunday.gpx").write_text(gpx, encoding="utf-8")
    rows = [f"{a:.1f},{b:.3f},{c:.3f},54.0" for a, b, c in zip(t, x, y, strict=True)]
    (folder / "mine.csv").write_text("\n".join(["t,px,py,v", *rows]), encoding="utf-8")


def write_own_code(folder: Path) -> None:
    """Write the files that pages show, by the names that they give them."""
    for block in blocks():
        named = re.match(r"# (\w+\.py)\n", block.text)
        if block.page == "entrants.md" and named:
            (folder / named[1]).write_text(block.text, encoding="utf-8")
        track = re.match(r"# (\w+\.track)\n", block.text)
        if track:
            for place in (folder, folder / "tracks"):
                place.mkdir(exist_ok=True)
                (place / track[1]).write_text(block.text, encoding="utf-8")


SHELL = [
    block
    for block in blocks()
    if block.language in ("sh", "powershell", "") and block.page not in IN_ORDER
]


def for_a_shorter_time(text: str) -> str:
    """Return a command or a program that does the same, and soon ends."""
    for pattern, shorter in SHORTER:
        text = re.sub(pattern, shorter, text)
    return text


def distinct() -> Iterator[tuple[str, str]]:
    """Yield every command of racegym, and where it stands; one that comes again where it does so
    first.
    """
    known: set[str] = set()
    for block in SHELL:
        for command in commands(block):
            if command.startswith("racegym") and for_a_shorter_time(command) not in known:
                known.add(for_a_shorter_time(command))
                yield command, f"{block.page}:{block.line} {command}"


RACEGYM = [pytest.param(command, id=name) for command, name in distinct()]
INSTALLS = sorted({c for block in SHELL for c in commands(block) if c.startswith("pip install")})


OF_THE_KART = re.compile(r"racegym (evaluate|export) .*\b(train_kart|kart\.onnx)\b")


@pytest.fixture(scope="module")
def kart(desk: Path) -> None:
    """There are a training of the kart, which was hardly one, and its policy as ONNX."""
    for library in ("racegym_cleanrl", "onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(library)
    if "ppo" not in plugins.load().names("trainer"):
        pytest.skip("needs racegym-cleanrl")
    settings = (
        "trainer.steps=512", "trainer.num_envs=16", "trainer.num_steps=16",
        "track.generate.count=1", "training.evaluate=null",
    )  # fmt: skip
    arguments = [part for setting in settings for part in ("--set", setting)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        assert main(["run", "train_kart", *arguments, "-q", "--no-plots"]) == 0
        assert main(shlex.split(EXPORT)[1:]) == 0


@contextmanager
def trainer_installed(desk: Path) -> Iterator[None]:
    """Within this, the page's trainer is there as `pip install -e` would leave it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RACEGYM_PLUGINS", raising=False)
        patch.syspath_prepend(desk / "made" / "racegym-cem")
        importlib.invalidate_caches()
        plugins.load(fresh=True)
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "racegym_cem"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    plugins.load(fresh=True)


def make_trainer(desk: Path) -> None:
    """Make the page's trainer, and let it learn what the page says."""
    project = desk / "made" / "racegym-cem"
    new_plugin("trainer", "cem", project)
    info = project / "racegym_cem-0.1.0.dist-info"
    info.mkdir()
    head = "Metadata-Version: 2.1\nName: racegym-cem\nVersion: 0.1.0\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    point = "[racegym]\ncem = racegym_cem.plugin\n"
    (info / "entry_points.txt").write_text(point, encoding="utf-8")
    (scenario,) = (b.text for b in blocks() if b.text.startswith("# learn.yaml"))
    (desk / "learn.yaml").write_text(as_it_is_here(scenario, desk), encoding="utf-8")
    with trainer_installed(desk):
        assert main(["run", "learn.yaml", "-q"]) == 0
    (run,) = (desk / "runs" / "learn").iterdir()
    (quickstart,) = (desk / "runs" / "quickstart").iterdir()
    run.rename(run.with_name(quickstart.name))  # which stands for <time> in all commands


def keep_result(folder: Path) -> None:
    """Write a result of the benchmark, of which a report can be made."""
    task = find_task("trial-state")
    result = {
        "format": 1, "label": "known", "seed": 1, "steps": task.steps, "budget": task.steps,
        "task": {"name": task.name, "version": task.version, "hash": task.hash},
        "trainer": {"name": "ppo", "options": {}}, "action": {"name": "steer_accel"},
        "seconds": 100.0, "score": 70.0,
        "completion": 100.0, "lap_percent": 142.0, "missing": [], "references": {},
        "versions": {"racegym": "0.1.0"}, "machine": {"cpu": "some"},
    }  # fmt: skip
    file = folder / task.selector / "known" / "seed-1" / "result.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(result), encoding="utf-8")


def write_oval(file: Path) -> None:
    """Write what stands for a circuit that somebody has a file of."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    oval = np.stack([150 * np.cos(angle), 90 * np.sin(angle), 0 * angle + 6, 0 * angle + 6], 1)
    np.savetxt(file, oval, delimiter=",", header="x_m,y_m,w_tr_right_m,w_tr_left_m")


def copy_drawings(folder: Path) -> None:
    """Write the circuits that a page draws."""
    for name in ("drawn_club", "drawn_eight"):
        shutil.copy(DOCS / "images" / f"{name}.png", folder)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of, and one finished run."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    shutil.copy(ROOT / "registry.toml", folder)
    new_plugin("backend", "ice", folder / "made" / "racegym-ice")
    for name in ("my.yaml", "a.yaml", "b.yaml"):
        (folder / name).write_text(MINE, encoding="utf-8")
    write_own_code(folder)
    (folder / "space.yaml").write_text(SPACE, encoding="utf-8")
    (folder / "rulings.yaml").write_text(RULINGS, encoding="utf-8")
    keep_result(folder / "benchmark")
    write_oval(folder / "Monza.csv")
    write_logs(folder)
    copy_drawings(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in (RUN, BRIEF, IMPORT, DRAWN, MINE_READ):
            assert main(shlex.split(command)[1:]) == 0
        make_trainer(folder)
    (run,) = (folder / "runs" / "quickstart").iterdir()
    for name in ("old", "older", "first"):  # to be deleted, but for the last
        shutil.copytree(run, folder / "runs" / name / run.name)
    return folder


@pytest.fixture
def at_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("RACEGYM_TRACKS", str(desk / "library"))
    before = set(sys.modules)
    yield desk
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(desk)):
            del sys.modules[name]


def as_it_is_here(text: str, desk: Path) -> str:
    """Return a command or a program with this machine's names, and for a shorter time."""
    (latest, *_) = sorted((desk / "runs" / "quickstart").iterdir())
    text = re.sub(r"<time>|2026-11-21T01-23-45Z", latest.name, text)
    text = re.sub(r"(?<=[= ])PATH\b", "Monza.csv", text)
    text = re.sub(r" (racegym-(ice|cem))/", r" made/\1/", text)
    if "compare" in text:  # others run the quickstart, too, on other tracks and for no lap
        text = re.sub(r"\bquickstart\b", "first", text)
    return for_a_shorter_time(text)


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows open without a display, and somebody soon presses Esc."""
    from racegym.render.window import Key, Window

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    heard = iter([[Key("up", True)]] * 10)
    monkeypatch.setattr(Window, "listen", lambda self: next(heard, [Key("escape", True)]))


def skip_without_screen(command: str) -> None:
    if "--video" in command:
        pytest.importorskip("av", reason="needs PyAV: pip install -e '.[render]'")
    elif "--view" in command or re.match(r"racegym (watch|drive)", command):
        pytest.importorskip("pygame", reason="needs pygame-ce: pip install -e '.[render]'")


@pytest.mark.parametrize("command", RACEGYM)
def test_command(
    command: str,
    at_desk: Path,
    nobody_looks: None,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    skip_without_screen(command)
    if command.startswith("racegym sweep"):
        pytest.importorskip("optuna", reason="needs Optuna: pip install -e '.[sweep]'")
    elif re.search("--trainer ppo|selfplay_duel", command):
        pytest.importorskip("racegym_cleanrl")
    elif re.search(r"evaluate rental_kart|pretrained_kart", command):
        pytest.importorskip("onnxruntime")
    if OF_THE_KART.match(command):
        request.getfixturevalue("kart")
        if command == EXPORT:
            return
    arguments = shlex.split(as_it_is_here(command, at_desk))[1:]
    learns = re.search(r"\blearn\b", command)
    with trainer_installed(at_desk) if learns else nullcontext():
        assert main(arguments) == 0, capsys.readouterr().err


@pytest.mark.parametrize("command", INSTALLS)
def test_install_command_names_files_that_exist(command: str) -> None:
    files = re.findall(r"-r (\S+)", command)
    assert files and all((ROOT / file).is_file() for file in files)


def test_no_command_is_overlooked() -> None:
    """What no test here runs is known by name."""
    others = {c for block in SHELL if block.language for c in commands(block)} - set(INSTALLS)
    assert {c for c in others if not c.startswith("racegym")} == {
        "python3 -m venv .venv",
        "source .venv/bin/activate",
        "py -3.11 -m venv .venv",
        r".venv\Scripts\Activate.ps1",
        "pytest",
    }


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of a page may end with."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    heads = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    for file, heading in links:
        if "://" not in file:
            target = page.parent / file if file else page
            assert target.is_file(), f"{name_of(page)}: there is no {file}"
            assert not heading or heading in anchors(target), f"{file} has no heading #{heading}"


PYTHON = [block for block in blocks() if block.language == "python"]
NEEDS = {
    "editors.md": ["jsonschema"],
    "learners.md": ["onnx", "onnxscript"],
    "multicar.md": ["racegym_multicar", "supersuit"],
}


@pytest.mark.parametrize("page", sorted({b.page for b in PYTHON} - OF_A_PLUGIN))
def test_python(page: str, at_desk: Path) -> None:
    if any("stable_baselines3" in block.text for block in PYTHON if block.page == page):
        pytest.importorskip("stable_baselines3")
    for library in NEEDS.get(page, []):
        pytest.importorskip(library)
    names: dict[str, object] = {"__name__": "page"}
    exec(GIVEN.get(page, ""), names)
    with trainer_installed(at_desk) if page == OF_A_TRAINER else nullcontext():
        for block in PYTHON:
            if block.page == page:
                text = as_it_is_here(block.text, at_desk)
                exec(compile(text, f"{page}:{block.line}", "exec", dont_inherit=True), names)
        if page == OF_A_TRAINER:
            assert run_suite(names["TestCem"]).ok  # type: ignore[arg-type]


def test_the_backend_of_the_page_is_a_plugin_that_passes_its_suite(tmp_path: Path) -> None:
    backend, memory, kernel, plugin, suite = (b.text for b in PYTHON if b.page == "backends.md")
    assert memory.startswith("self.")  # a line of a constructor
    (tmp_path / "my_simulator").mkdir()
    for name, text in {
        "my_simulator/__init__.py": "",
        "my_simulator/backend.py": backend,
        "my_simulator/plugin.py": plugin,
        "test_sliders.py": suite,
        "test_kernel.py": f"import numpy as np\n{kernel}\n\ndef test_roll():\n"
        "    x = np.zeros((2, 3))\n    roll(x, x + 2.0, 0.5)\n    assert (x == 1.0).all()\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[23]\d passed", done.stdout)
    names: dict[str, object] = {}
    exec(compile(plugin, "plugin.py", "exec"), names)
    told: list[tuple[object, ...]] = []
    names["register_backends"](lambda *args, **kwargs: told.append(args))  # type: ignore[operator]
    assert told == [("my_simulator", "my_simulator.backend:Sliders")]


@pytest.mark.parametrize(
    "block",
    [
        block
        for block in blocks()
        if block.language == "yaml" and not block.page.startswith((*OF_STAGES, *ELSEWHERE))
    ],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_yaml(block: Block, tmp_path: Path) -> None:
    """That of some pages is tested beside their other content."""
    text = block.text
    if "backend:" not in text:
        text += "backend: kart2d\n"
    write_own_code(tmp_path)
    write_oval(tmp_path / "Monza.csv")
    copy_drawings(tmp_path)
    file = tmp_path / "scenario.yaml"
    own = re.search(r"^tracks?:|carracing", text, flags=re.M)
    file.write_text(text + "track: {generate: {seed: 1}}\n" * (own is None), "utf-8")
    if "carracing" in text:
        pytest.importorskip("racegym_carracing")
    load_scenario(file).world().close()
