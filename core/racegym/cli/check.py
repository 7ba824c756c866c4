"""``racegym check``: the conformance suite of one stage, for anyone."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from racegym.errors import PluginError, ScenarioError

if TYPE_CHECKING:
    from racegym.authoring.checking import Subject
    from racegym.testing import Finding, Report

__all__ = ["command"]

NAMED = 4  # checks with one cause that are called by their names; of more the first ones

BROKEN = 1  # exit code: a promise is not kept


@click.command("check")
@click.argument("kind")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option(
    "--option",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the stage, as a scenario writes it.",
)
def command(kind: str, name: str, as_json: bool, given: tuple[str, ...]) -> int:
    """Check whether a stage keeps every promise of its KIND.

    KIND is backend, realism, sensor, driver, action_map, reward, termination or trainer; NAME is
    what a scenario writes, or FILE.py:CLASS for one that is not installed. The exit code is 1 when
    a promise is not kept, 2 when there is nothing that could be checked.
    """
    from racegym.authoring.checking import check, find_subject

    # What a plugin prints must not end up within the JSON.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        subject = find_subject(kind, name)
        report = check(subject, _options(given))
    if as_json:
        click.echo(json.dumps(_as_data(subject, report), indent=2, ensure_ascii=False))
    else:
        _print(subject, report)
    return 0 if report.ok else BROKEN


def _options(given: tuple[str, ...]) -> dict[str, Any]:
    from racegym.documents.document import parse_text

    found: dict[str, Any] = {}
    for argument in given:
        key, equals, text = argument.partition("=")
        if not equals or not key:
            raise PluginError(f"--option {argument}: write it KEY=VALUE")
        try:
            found[key] = parse_text(text).data
        except ScenarioError as error:
            raise PluginError(f"--option {argument}: the value {error.what}") from None
    return found


def _as_data(subject: Subject, report: Report) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "name": subject.name,
        "from": subject.origin,
        "class": f"{subject.make.__module__}:{subject.make.__name__}",
        "ok": report.ok,
        "passed": list(report.passed),
        "failed": [
            {"check": finding.check, "reason": finding.reason, "where": finding.where}
            for finding in report.failed
        ],
        "not_applicable": [
            {"check": finding.check, "reason": finding.reason} for finding in report.not_applicable
        ],
    }


def _print(subject: Subject, report: Report) -> None:
    click.echo(f"{subject.called} of {subject.origin}")
    for title, findings in (
        ("passed", report.passed),
        ("failed", report.failed),
        ("not applicable", report.not_applicable),
    ):
        click.echo(f"  {len(findings):3d} {title}")
    alike: dict[str, list[str]] = {}
    for finding in report.not_applicable:
        alike.setdefault(finding.reason, []).append(finding.check)
    if alike:
        click.echo("not applicable:")
    for reason, checks in alike.items():
        click.echo(f"  {', '.join(checks)}: {reason}")
    for checks, finding in _causes(report):
        named = ", ".join(checks[:NAMED])
        more = f" and {len(checks) - NAMED} more" if len(checks) > NAMED else ""
        click.echo(f"{click.style('failed:', fg='red', bold=True)} {named}{more}")
        click.echo(f"  {finding.reason}")
        click.echo(f"  look at {_shorter(finding.where)}")


def _causes(report: Report) -> list[tuple[list[str], Finding]]:
    """Return the failures with one cause together: their checks, and the first of them."""
    causes: dict[tuple[str, str], tuple[list[str], Finding]] = {}
    for finding in report.failed:
        checks, _ = causes.setdefault((finding.reason, finding.where), ([], finding))
        checks.append(finding.check)
    return list(causes.values())


def _shorter(where: str) -> str:
    """Return a place with its path relative to the current folder, if it lies below."""
    return where.removeprefix(str(Path.cwd()) + "/").removeprefix(str(Path.cwd()) + "\\")
