"""The command line ``racegym``. Subcommands load on first use; ``--help`` imports none.

A command is a module of this package with a ``command``, and a row in ``group.COMMANDS``.
"""

from __future__ import annotations

from racegym.cli.main import main

__all__ = ["main"]
