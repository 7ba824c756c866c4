"""The picture of what was found, beside an error that carries one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from racegym.errors import TrackError, TrackPictureError

__all__ = ["showing_found"]


@contextmanager
def showing_found(file: Path) -> Iterator[None]:
    """Save the picture that an error of reading ``file`` carries, and say where.

    It is ``NAME_found.png`` in the working directory; one that is there is replaced.

    Raises:
        TrackError: as it was raised, with the path of the picture.
    """
    try:
        yield
    except TrackPictureError as error:
        from PIL import Image

        path = Path(f"{file.stem}_found.png")
        try:
            Image.fromarray(error.picture).save(path)
        except OSError as fault:
            shown = f"what was found can't be shown: {path} can't be written: {fault.strerror}"
        else:
            shown = f"what was found is drawn in {path}"
        raise TrackError(f"{error.what}; {shown}", file=error.file) from None
