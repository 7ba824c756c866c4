"""``racegym runs export``: telemetry or laps in another form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from racegym.cli.run_names import RUN, check_new, find_finished, runs_dir_option

if TYPE_CHECKING:
    from racegym.record.export import Format, What

__all__ = ["command"]

_WHATS: tuple[What, ...] = ("telemetry", "laps")  # not imported: --help is to load nothing
_FORMATS: tuple[Format, ...] = ("csv", "parquet", "json")


@click.command("export")
@click.argument("run", type=RUN)
@runs_dir_option
@click.option(
    "--what", type=click.Choice(_WHATS), default="telemetry", show_default=True, help="What."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="How.  [default: as the output's name ends, else csv]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file.  [default: SCENARIO_TIME_WHAT.FORMAT, here]",
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def command(
    run: str, runs_dir: Path, what: What, form: Format | None, output: Path | None, force: bool
) -> None:
    """Write the telemetry or the laps of RUN as CSV, Parquet or JSON."""
    from racegym.record.export import export_run
    from racegym.record.runs import check_raced

    folder, state = find_finished(run, runs_dir)
    check_raced(folder, state, "export")
    ending = output.suffix.lower().removeprefix(".") if output else ""
    as_named: Format = next((known for known in _FORMATS if known == ending), "csv")
    chosen = form or as_named
    if output is None:
        place = folder.path.resolve()
        output = Path(f"{place.parent.name}_{place.name}_{what}.{chosen}")
    check_new(output, force=force)
    rows = export_run(folder, output, what=what, form=chosen)
    click.echo(f"wrote {rows:,} rows to {output}")
