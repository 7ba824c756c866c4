"""The entry of the program: runs the command line and turns errors into messages."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from racegym.cli.group import racegym
from racegym.errors import RacegymError

__all__ = ["main"]

FAILED = 2  # exit codes: wrong input, or a command that could not do its work
INTERRUPTED = 130  # 128 + SIGINT, as shells count
LONGEST = 300  # [characters] of a path that is told
PIPE_CLOSED = 1  # as click does, which meets most of them first


def main(args: Sequence[str] | None = None) -> int:
    """Run ``racegym`` and return its exit code.

    A command may return an int of its own; anything else counts as 0. ``RACEGYM_DEBUG=1``
    lets the traceback of a ``RacegymError``, or of a plugin's mistake, through.

    Args:
        args: what follows the program's name; by default what the shell passed.
    """
    _never_fail_to_print()
    try:
        code = racegym.main(
            args=None if args is None else list(args), prog_name="racegym", standalone_mode=False
        )
        sys.stdout.flush()
    except RacegymError as error:
        if _debugging():
            raise
        _complain(str(error))
        return FAILED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return FAILED
    except click.UsageError as error:
        _complain(error.format_message())
        if error.ctx is not None:
            click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
        return FAILED
    except click.ClickException as error:
        _complain(error.format_message())
        return FAILED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _discard_output()
        return PIPE_CLOSED
    except Exception as error:  # a stranger's code may raise anything
        told = None if _debugging() else _blamed(error) or _of_a_file(error)
        if told is None:
            raise
        _complain(told)
        return FAILED
    return code if isinstance(code, int) else 0


def _debugging() -> bool:
    return os.environ.get("RACEGYM_DEBUG", "") not in ("", "0")


def _blamed(error: Exception) -> str | None:
    """Return the message about the plugin whose code raised, if it was one."""
    from racegym.plugins.blame import blame

    told = blame(error)
    return None if told is None else str(told)


def _of_a_file(error: Exception) -> str | None:
    """Return the message about a file or folder that can't be used, if it is about one."""
    if not isinstance(error, OSError) or error.filename is None or error.strerror is None:
        return None
    name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    return f"{str(name)[:LONGEST]}: can't be used: {error.strerror}"


def _complain(message: str) -> None:
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True, color=colour)


def _never_fail_to_print() -> None:
    """Let a console of a narrow encoding show '?' for what it lacks, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _discard_output() -> None:
    """Point stdout at nothing, so that Python's last flush doesn't complain of the pipe."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123 - a device, no path
        os.dup2(nothing.fileno(), sys.stdout.fileno())
