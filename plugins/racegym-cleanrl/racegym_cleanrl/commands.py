"""``racegym demonstrations``: what can be learned from recorded runs, before anything learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from racegym.scenario import Scenario
    from racegym_cleanrl.rehearsal import RehearsalOptions

__all__ = ["demonstrations"]


@click.command("demonstrations")
@click.argument("scenario")
@click.argument("runs", nargs=-1)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change the scenario.")
@click.option("--dropped", is_flag=True, help="List each stretch that is dropped.")
@click.option("--minari", metavar="ID", help="Write what is kept as a Minari dataset.")
def demonstrations(
    scenario: str,
    runs: tuple[str, ...],
    overrides: tuple[str, ...],
    dropped: bool,
    minari: str | None,
) -> int:
    """Show what RUNS demonstrate to the agent of SCENARIO, and what is dropped and why.

    RUNS are folders of runs, folders of such, or names; without any, those that the scenario's
    trainer names. Its settings say what is dropped.
    """
    from rich.console import Console

    from racegym import load_scenario, make_vec
    from racegym.errors import ScenarioError
    from racegym_cleanrl.demonstrations import demonstrated

    loaded = load_scenario(scenario, overrides)
    options = _options(loaded)
    if not (runs or options.demonstrations):
        raise ScenarioError(
            f"no run is named, and the scenario's trainer names none; write racegym "
            f"demonstrations {scenario} RUN, or trainer.demonstrations: [RUN]",
            file=loaded.file,
        )
    envs = make_vec(loaded, 1)
    try:
        found = demonstrated(
            runs or options.demonstrations, envs.world, options, options.demonstrator
        )
        Console().print(found.table())
        if dropped:
            for one in found.findings:
                click.echo(
                    f"{one.drive}, lap {one.lap}, {one.start:.2f} to {one.end:.2f} s: {one.reason}"
                )
        told = found.summary()
        click.echo(f"kept {told['kept']:,} of {told['decisions']:,} decisions")
        if told["misfit_mean"]:
            click.echo(
                f"the action map can't say all that was done: steer and pedals are off by "
                f"{told['misfit_mean']:.3f} in the mean, by {told['misfit_max']:.3f} at most"
            )
        if minari:
            from racegym_cleanrl.minari_export import export_minari

            export_minari(found, envs, minari)
            click.echo(f"dataset:     {minari}")
            unknown = found.unpaid()
            if unknown:
                click.echo(f"rewards of {unknown:,} decisions are not known, and stand as NaN")
    finally:
        envs.close()
    return 0


def _options(scenario: Scenario) -> RehearsalOptions:
    """Return the settings of the scenario's trainer that say what is demonstrated."""
    from racegym.interfaces import options
    from racegym_cleanrl.rehearsal import RehearsalOptions

    given = {} if scenario.trainer is None else scenario.trainer.options
    known = {key: value for key, value in given.items() if key in RehearsalOptions.model_fields}
    return options.read(RehearsalOptions, known, "trainer")
