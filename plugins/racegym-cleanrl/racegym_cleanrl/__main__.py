"""``python -m racegym_cleanrl ppo Pendulum-v1``: an algorithm on an environment of Gymnasium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from racegym.documents.document import parse_text
from racegym.errors import RacegymError, ScenarioError
from racegym_cleanrl.standard import learn_standard

__all__ = ["main"]


@click.command(context_settings={"show_default": True})
@click.argument("algorithm")
@click.argument("env")
@click.option(
    "--seed", "seeds", default=(1,), multiple=True, type=click.IntRange(0, 2**31 - 1),
    help="Of a training; may be repeated.",
)  # fmt: skip
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting.")
@click.option("--out", default="runs", type=click.Path(path_type=Path), help="Folder for results.")
@click.option(
    "--episodes", default=20, type=click.IntRange(min=1), help="Driven with what was learned."
)
def main(
    algorithm: str,
    env: str,
    seeds: tuple[int, ...],
    given: tuple[str, ...],
    out: Path,
    episodes: int,
) -> None:
    """Let ALGORITHM learn on the Gymnasium environment ENV, and try what it has learned.

    Settings are those of the trainer in a scenario: --set steps=500000 --set num_envs=8.
    """
    try:
        settings = dict(_setting(text) for text in given)
        for seed in seeds:
            found = learn_standard(algorithm, env, seed, settings, out, episodes=episodes)
            click.echo(
                f"{algorithm} on {env}, seed {seed}: return {found['return_mean']:.1f} "
                f"+- {found['return_std']:.1f} over {episodes} episodes, "
                f"{found['steps']:,} steps in {found['seconds']} s"
            )
    except RacegymError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(2) from None


def _setting(text: str) -> tuple[str, Any]:
    """Return name and value of ``NAME=VALUE``.

    Raises:
        ScenarioError: it is something else.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ScenarioError(f"--set {text!r} is not NAME=VALUE, such as --set num_envs=8")
    try:
        return name, parse_text(value).data
    except ScenarioError as error:
        raise ScenarioError(f"--set {text}: the value {error.what}") from None


if __name__ == "__main__":
    main()
