"""``racegym bench``: how fast a scenario steps, and where the time goes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from racegym.bench import BenchReport

__all__ = ["command"]


class _Numbers(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A list such as ``1,16,256``."""

    name = "numbers"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        if isinstance(value, list):
            return value
        numbers = [word.strip() for word in str(value).split(",")]
        if not all(word.isdecimal() and int(word) > 0 for word in numbers):
            self.fail(f"{value!r} is no list of whole numbers above 0, such as 1,16,256")
        return sorted({int(word) for word in numbers})


@click.command("bench")
@click.argument("scenario")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value, e.g. laps=5."
)
@click.option(
    "--races",
    type=_Numbers(),
    default="1,16,256,1024,4096",
    show_default=True,
    help="Batch sizes.",
)
@click.option(
    "--threads", type=_Numbers(), default=None, help="Numbers of threads.  [default: 1 and all]"
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Length of each measurement.",
)
@click.option("--no-memory", is_flag=True, help="Don't measure memory.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(
    scenario: str,
    overrides: tuple[str, ...],
    races: list[int],
    threads: list[int] | None,
    seconds: float,
    no_memory: bool,
    as_json: bool,
) -> None:
    """Measure how fast SCENARIO, a file or a name, steps with random actions.

    All cars are driven through their profile's action map, with observations, rewards and
    terminations, and races start anew as they end.
    """
    from racegym import kernels
    from racegym.bench import bench
    from racegym.scenario import load_scenario

    loaded = load_scenario(scenario, overrides)
    many = threads or sorted({1, min(os.cpu_count() or 1, kernels.threads())})
    with Console(stderr=True).status("compiling kernels if need be ...") as status:
        report = bench(
            loaded, races=races, threads=many, seconds=seconds, memory=not no_memory,
            progress=lambda what: status.update(f"measuring {what} ..."),
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        _show(Console(), report)


def _show(console: Console, report: BenchReport) -> None:
    console.print(
        f"{report.scenario} on {report.backend}, {report.dt:g} s a step, random actions",
        highlight=False, markup=False,
    )  # fmt: skip
    rates = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("races", "cars", "threads", "steps/s", "car-steps/s", "spread", "per thread"):
        rates.add_column(name, justify="right")
    for rate in report.rates:
        rates.add_row(
            f"{rate.races:,}", f"{rate.cars:,}", str(rate.threads),
            f"{rate.steps_per_second:,.0f}", f"{rate.car_steps_per_second:,.0f}",
            f"{100 * rate.spread:.0f} %", f"{100 * rate.efficiency:.0f} %",
        )  # fmt: skip
    console.print(rates)

    shares = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="share of time, one thread")
    shares.title_justify = "left"
    shares.add_column("stage")
    for count in report.shares:
        shares.add_column(f"{count:,} race{'' if count == 1 else 's'}", justify="right")
    for stage in next(iter(report.shares.values())):
        parts = (f"{100 * by_stage[stage]:.1f} %" for by_stage in report.shares.values())
        shares.add_row(stage, *parts)
    console.print(shares)
    if report.memory is not None:
        memory = report.memory
        console.print(
            f"memory: {memory.batch / 1e6:.0f} MB for {memory.races:,} races and "
            f"{memory.single / 1e6:.0f} MB for one, over {memory.imported / 1e6:.0f} MB imported",
            highlight=False,
        )  # fmt: skip
