"""Videos: pictures in a file, which is there in full or not at all."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import MissingLibraryError, RacegymError
from racegym.render.painter import check_size

__all__ = ["FPS", "Video", "check_video"]

FPS = 30  # pictures a second of race time
_FORMATS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}
_QUALITY = "21"  # constant rate factor of H.264: clear, about 1 MB for ten seconds


def check_video(path: Path, size: tuple[int, int]) -> None:
    """Refuse a video that can't be written, before anything else is done.

    Args:
        path: the file.
        size: [pixels] width and height.

    Raises:
        MissingLibraryError: PyAV is not installed.
        RacegymError: the file's ending or folder is wrong, or a side is odd or too long.
    """
    _load_av()
    if path.suffix.lower() not in _FORMATS:
        raise RacegymError(f"a video ends in {', '.join(_FORMATS)}", file=path)
    if path.is_dir():
        raise RacegymError("is a folder; --video names a file", file=path)
    if not path.resolve().parent.is_dir():
        raise RacegymError("there is no such folder", file=path.parent)
    width, height = check_size(size)
    if width % 2 or height % 2:
        raise RacegymError(
            f"a video of {width} x {height} pixels was asked for; both sides must be even"
        )


def _load_av() -> Any:
    try:
        import av
    except ImportError:
        raise MissingLibraryError(
            'videos need av (PyAV), which is not installed: pip install "racegym[render]" '
            '(from a checkout: pip install -e ".[render]")'
        ) from None
    return av


class Video:
    """Writes a video. Until it is complete, it lies beside as ``<name>.part``.

    Args:
        path: the file; replaced when complete.
        size: [pixels] width and height, both even.
        fps: pictures a second.

    Attributes:
        count: pictures written so far.

    Raises:
        MissingLibraryError, RacegymError: as ``check_video``; or the file can't be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int = FPS):
        check_video(path, size)
        av = _load_av()
        self.path = path
        self.count = 0
        self._av = av
        self._part = path.with_name(f"{path.name}.part")
        self._failures = (OSError, av.error.FFmpegError)
        try:
            self._file = av.open(str(self._part), "w", format=_FORMATS[path.suffix.lower()])
            self._stream = self._file.add_stream("libx264", rate=Fraction(fps))
        except self._failures as error:
            raise RacegymError(f"the video can't be written: {error}", file=path) from error
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": _QUALITY, "preset": "veryfast"}
        self._open = True

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Add a picture (height, width, 3) uint8.

        Raises:
            RacegymError: it can't be written; the file is removed.
        """
        try:
            frame = self._av.VideoFrame.from_ndarray(picture, format="rgb24")
            self._file.mux(self._stream.encode(frame))
        except self._failures as error:
            self.discard()
            raise RacegymError(f"the video can't be written: {error}", file=self.path) from error
        self.count += 1

    def finish(self) -> None:
        """Complete the file. One without any picture is not kept. May be called twice.

        Raises:
            RacegymError: it can't be written; nothing is left of it.
        """
        if not self._open:
            return
        if self.count == 0:
            self.discard()
            return
        try:
            self._file.mux(self._stream.encode())
            self._file.close()
            self._part.replace(self.path)
        except self._failures as error:
            self.discard()
            raise RacegymError(f"the video can't be written: {error}", file=self.path) from error
        self._open = False

    def discard(self) -> None:
        """Remove what was written. May be called twice."""
        if self._open:
            self._open = False
            with suppress(*self._failures):
                self._file.close()
            self._part.unlink(missing_ok=True)
