"""Reading telemetry back: one episode as arrays led by steps and cars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from racegym.errors import RunError
from racegym.interfaces import Array
from racegym.record.folder import RunFolder

__all__ = ["open_telemetry", "read_telemetry"]


def open_telemetry(folder: RunFolder) -> pq.ParquetFile:
    """Open a run's telemetry; the caller closes it.

    Raises:
        RunError: the run kept none, or it can't be read.
    """
    try:
        return pq.ParquetFile(folder.telemetry)
    except FileNotFoundError:
        raise RunError(
            "is missing: the run kept no telemetry (record.telemetry: false)",
            file=folder.telemetry,
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise RunError(f"can't be read: {_first_line(error)}", file=folder.telemetry) from error


def read_telemetry(
    folder: RunFolder, episode: Mapping[str, Any], names: Iterable[str], n_cars: int
) -> dict[str, Array]:
    """Return columns of one episode, (n_steps, n_cars) each.

    Args:
        folder: of a run that is over.
        episode: an entry of the result's ``episodes``; its ``race`` and ``episode`` count.
        names: of columns; those that telemetry does not have are left out.
        n_cars: of the race.

    Raises:
        RunError: the run kept no telemetry, or it can't be read.
    """
    with open_telemetry(folder) as file:
        wanted = [name for name in names if name in file.schema_arrow.names]
    chosen = [("race", "=", episode["race"]), ("episode", "=", episode["episode"])]
    try:
        table = pq.read_table(folder.telemetry, columns=wanted, filters=chosen)
        columns = {name: table.column(name).to_numpy() for name in wanted}
        return {name: np.reshape(values, (-1, n_cars)) for name, values in columns.items()}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RunError(f"can't be read: {_first_line(error)}", file=folder.telemetry) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
