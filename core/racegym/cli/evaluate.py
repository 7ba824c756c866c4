"""``racegym evaluate``: how a driver, or what was learned, drives on many races."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from racegym.cli.run_names import check_new, runs_dir_option
from racegym.cli.showing import Looks, camera_option, picture_size, size_option, video_option
from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.render import Camera
    from racegym.report.evaluation import Judged
    from racegym.run import Judge
    from racegym.run.subject import Subject

__all__ = ["command"]


@click.command("evaluate")
@click.argument("what", metavar="RUN|CHECKPOINT|ONNX|DRIVER")
@click.option(
    "--scenario", metavar="SCENARIO",
    help="What to race, a file or a name.  [default: what it learned on]",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Replace a value of the scenario, e.g. laps=1.",
)  # fmt: skip
@click.option(
    "--episodes", type=click.IntRange(min=1, max=1_000_000), metavar="N",
    help="How many races.  [default: the scenario's]",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N",
    help="Of the first race; the next has the next.  [default: the scenario's, or one unseen]",
)  # fmt: skip
@click.option(
    "--tracks", multiple=True, metavar="TRACK",
    help="In place of the scenario's: a name, a file, {generate: {seed: 9, count: 20}}, "
    "held-out for other circuits by the same rules, or same.",
)  # fmt: skip
@click.option("--agent", metavar="NAME", help="Which car.  [default: the agent's, or the first]")
@click.option(
    "--at-once", type=click.IntRange(min=1), default=128, show_default=True, metavar="N",
    help="Races in a batch; 1 asks a network for each car alone.",
)  # fmt: skip
@click.option("--checkpoints", is_flag=True, help="Judge all checkpoints of a training.")
@click.option("--no-limit", is_flag=True, help="Don't compare laps with what physics allows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the JSON to a file."
)
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE",
    help="With --checkpoints: draw the curve into a .png file.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that exist.")
@runs_dir_option
@video_option
@camera_option
@size_option
def command(
    what: str,
    scenario: str | None,
    overrides: tuple[str, ...],
    episodes: int | None,
    seed: int | None,
    tracks: tuple[str, ...],
    agent: str | None,
    at_once: int,
    checkpoints: bool,
    no_limit: bool,
    as_json: bool,
    output: Path | None,
    plot: Path | None,
    force: bool,
    runs_dir: Path,
    video: Path | None,
    camera: Camera,
    size: str,
) -> None:
    """Let a driver, or what was learned, drive the same races every time, and tell how it did.

    A RUN is a training, driven with its best checkpoint; without --scenario it races on circuits
    and seeds that it has not seen. DRIVER is a name, also of a policy that a plugin brings,
    {name: NAME, option: VALUE} or FILE.py:CLASS. The video is of the first race.
    """
    from racegym.run import Judge
    from racegym.run.subject import find_subject, races_for

    for file in (output, plot):
        if file is not None:
            check_new(file, force=force)
    if plot is not None and (not checkpoints or plot.suffix.lower() != ".png"):
        raise click.UsageError("--plot takes a .png file, and goes with --checkpoints")
    if checkpoints and video is not None:
        raise click.UsageError("--video shows one driver, and --checkpoints judges several")
    subject = find_subject(what, runs_dir)
    loaded, first, word = races_for(subject, scenario, overrides, tracks, episodes, seed)
    console = Console(stderr=as_json)
    if video is not None:  # first: what is wrong with it is told before the races are driven
        looks = Looks(camera, picture_size(size))
        names = [car.name for car in loaded.cars]
        with (
            looks.open(loaded.name, names, loaded.laps, view=False, video=video) as watchers,
            Judge(loaded, episodes=1, seed=first, agent=agent, limit=False) as alone,
        ):
            alone.evaluate(subject.driver, watchers=watchers)
        _say(console, f"video in {video}")
    limit = False if no_limit else None
    with Judge(
        loaded, episodes=episodes, seed=first, agent=agent, at_once=at_once, limit=limit
    ) as judge:
        races = f"{judge.episodes} race{'' if judge.episodes == 1 else 's'}"
        told = f"{races} of {loaded.name} from seed {judge.seed}, driving {judge.car}"
        _say(console, told + (f", on {word}" if word else ""))
        if checkpoints:
            data = _judge_all(console, subject, judge, plot, quiet=as_json)
        else:
            data = _judge_one(console, subject, judge, quiet=as_json)
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    if as_json:
        click.echo(text)
    if output is not None:
        from racegym.record.folder import write_whole

        try:
            write_whole(output, text + "\n")
        except OSError as error:
            raise RunError(f"can't be written: {error.strerror or error}", file=output) from error
        _say(console, f"written to {output}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _judge_one(console: Console, subject: Subject, judge: Judge, *, quiet: bool) -> dict[str, Any]:
    from racegym.report.evaluation import as_data, driver_line, evaluation_lines, evaluation_table
    from racegym.report.narrow import leave_out

    with console.status("driving ...") as status:
        found = judge.evaluate(
            subject.driver,
            shown=lambda over, of: status.update(f"driving ... {over} of {of} races are over"),
        )
    if not quiet:
        _say(console, driver_line(found))
        table = evaluation_table(found)
        leave_out(table, console, "off", "km/h", "mean lap")
        console.print(table)
        for line in evaluation_lines(found):
            _say(console, line)
        for reason in found.limit["reasons"]:
            console.print(f"no limit: {reason}", style="dim", highlight=False, markup=False)
    return as_data(found)


def _judge_all(
    console: Console, subject: Subject, judge: Judge, plot: Path | None, *, quiet: bool
) -> dict[str, Any]:
    from racegym.report.evaluation import (
        Judged,
        as_data,
        checkpoints_table,
        draw_checkpoints,
        driver_line,
    )
    from racegym.report.narrow import leave_out
    from racegym.run.subject import checkpoints_of

    if subject.run is None:
        raise click.UsageError("--checkpoints takes a training's run")
    judged: list[Judged] = []
    with console.status("driving ...") as status:
        for kept in checkpoints_of(subject.run):
            status.update(f"driving with {kept.name} ...")
            judged.append(Judged(kept.name, kept.steps, judge.evaluate(kept.file)))
    if not judged:
        raise click.UsageError("the training has left no checkpoint")
    if not quiet:
        _say(console, driver_line(judged[-1].evaluation))
        table = checkpoints_table(judged)
        leave_out(table, console, "off", "lapped", "best lap", "mean lap")
        console.print(table)
    if plot is not None:
        if draw_checkpoints(judged, f"{judge.scenario.name}: checkpoints", plot):
            _say(console, f"picture in {plot}")
        else:
            _say(console, "no checkpoint tells its steps, so there is no curve")
    return {
        "format": 1,
        "checkpoints": [
            {"checkpoint": one.name, "steps": one.steps, **as_data(one.evaluation)}
            for one in judged
        ],
    }
