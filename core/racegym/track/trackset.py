"""Many tracks packed into flat arrays, with one of them for each race."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.kernels import projection as columns
from racegym.kernels.obstacles import OBSTACLE_COLUMNS
from racegym.kernels.projection import pose_cars
from racegym.track.borders import BORDER_COLUMNS, border_points
from racegym.track.cells import CELLS_PER_POINT, Cells, cells_of
from racegym.track.check import MOST_CROSSINGS
from racegym.track.lane import MOST_BOXES, PIT_COLUMNS, PitLane
from racegym.track.line_shape import line_rows
from racegym.track.obstacles import MAX_OBSTACLES, obstacle_rows, obstacle_spans
from racegym.track.parts import MAX_SLOTS
from racegym.track.track import MAX_CHECKPOINTS, MAX_SECTORS, Track
from racegym.track.verges import GRASS, verges

__all__ = ["CELLS_PER_POINT", "TrackArrays", "TrackSet"]

Floats = NDArray[np.float64]

_PACKED = {
    columns.X: "x",
    columns.Y: "y",
    columns.TANGENT_X: "tangent_x",
    columns.TANGENT_Y: "tangent_y",
    columns.HEADING: "heading",
    columns.CURVATURE: "curvature",
    columns.WIDTH_LEFT: "width_left",
    columns.WIDTH_RIGHT: "width_right",
    columns.Z: "z",
    columns.BANKING: "banking",
    columns.SLOPE: "slope",
}


class TrackArrays(NamedTuple):
    """What projection and sensors need of all tracks, in the order their kernels take it."""

    race_track: NDArray[np.int32]  # (n_races,) row of ``table``
    points: Floats  # (n_points, POINT_COLUMNS)
    table: Floats  # (n_tracks, TABLE_COLUMNS)
    cells: NDArray[np.int32]  # (n_cells,)


class TrackSet:
    """Many tracks in flat arrays, and which of them each race drives on.

    The packed arrays ``points``, ``outline``, ``line``, ``table`` and ``cells`` are laid out in
    ``racegym.kernels.projection``; ``line_outline`` is as ``outline``, with the curvature of the
    racing line; ``borders`` in ``racegym.track.borders``, ``obstacles`` and
    ``obstacle_spans`` in ``racegym.kernels.obstacles``; they never move, so whoever holds one
    sees a replaced track at once. Named attributes such as ``x`` or ``length`` are views of their
    columns (strided: pass the packed arrays to kernels). Rows of ``points`` may be moved by a
    ``replace``; a segment index counts from its track's first row and so stays right.

    Attributes:
        race_track: (n_races,) int32, the row of ``table`` of each race.
        version: (n_tracks,) int64, how often another track was written into each row.
        spacing, length, kerb_width, runoff: (n_tracks,) float64 [m].
        first, count: (n_tracks,) float64 whole numbers, rows of ``points``.
        x, y, z, tangent_x, tangent_y, heading, curvature, slope, width_left, width_right, banking:
            (n_points,) float64, as in ``Track``.
        checkpoint_first, checkpoint_count, sector_first, sector_count: (n_tracks,) int32,
            items of the two below.
        checkpoint_s, sector_s: (n_tracks * most,) float64 [m].
        crossings: (n_tracks, 2 * most) float64 [m], s of both passes of each crossing.
        verges: (n_points, 2) uint8, what lies beyond the kerbs left and right, of ``Surface``.
        grid_slots: (n_tracks, most, 2) float64 [m], s and d of the slots that a track brings
            along; how many stands in ``table``.
        pits: (n_tracks, PIT_COLUMNS) float64, as in ``racegym.track.lane``; a width of 0 where
            there is no pit lane.
        pit_boxes: (n_tracks, most) float64 [m], s of each box.

    Args:
        tracks: one or more.
        race_track: (n_races,) int, the index into ``tracks`` of each race.
        reserve_tracks: how many tracks more than these ``replace`` can bring in.
        reserve_points: how many samples more, in all.
        berth: so many samples are kept for each track, whether it has them or not, and tracks
            are never moved together; 0 packs them tightly. ``reserve_points`` has no meaning then.

    Raises:
        TrackError: if there is no track or no race, or an index is out of range.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        race_track: ArrayLike,
        *,
        reserve_tracks: int = 0,
        reserve_points: int = 0,
        berth: int = 0,
    ):
        if not tracks:
            raise TrackError("a TrackSet needs at least one track")
        races = np.array(race_track)
        if races.ndim != 1 or not len(races) or races.dtype.kind not in "iu":
            raise TrackError(
                f"race_track must be (n_races,) whole numbers, not {races.dtype} of shape "
                f"{races.shape}"
            )
        if races.min() < 0 or races.max() >= len(tracks):
            raise TrackError(
                f"race_track names tracks {races.min()} to {races.max()}; there are 0 to "
                f"{len(tracks) - 1}"
            )
        if reserve_tracks < 0 or reserve_points < 0:
            raise TrackError("reserve_tracks and reserve_points must be 0 or more")
        n_tracks = len(tracks) + reserve_tracks
        n_points = sum(len(track) for track in tracks) + reserve_points
        if berth:
            n_points = n_tracks * berth
            if max(len(track) for track in tracks) > berth:
                raise TrackError(f"a track has more than the {berth} samples kept for each")
        self.race_track = np.ascontiguousarray(races, dtype=np.int32)
        self.points = np.zeros((n_points, columns.POINT_COLUMNS))
        self.outline = np.zeros((n_points, columns.OUTLINE_COLUMNS), np.float32)
        self.line = np.zeros((n_points, columns.LINE_COLUMNS))
        self.line_outline = np.zeros_like(self.outline)
        self.borders = np.zeros((n_points, BORDER_COLUMNS))
        self.crossings = np.zeros((n_tracks, 2 * MOST_CROSSINGS))
        self.obstacles = np.zeros((n_tracks * MAX_OBSTACLES, OBSTACLE_COLUMNS))
        self.obstacle_spans = np.zeros((n_points, 2), np.int32)
        self.verges = np.full((n_points, 2), GRASS, np.uint8)
        self.grid_slots = np.zeros((n_tracks, MAX_SLOTS, 2))
        self.pits = np.zeros((n_tracks, PIT_COLUMNS))
        self.pit_boxes = np.zeros((n_tracks, MOST_BOXES))
        self.table = np.zeros((n_tracks, columns.TABLE_COLUMNS))
        self.cells = np.zeros(n_points * CELLS_PER_POINT, dtype=np.int32)
        self.checkpoint_s = np.zeros(n_tracks * MAX_CHECKPOINTS)
        self.sector_s = np.zeros(n_tracks * MAX_SECTORS)
        self.checkpoint_first = np.arange(n_tracks, dtype=np.int32) * MAX_CHECKPOINTS
        self.sector_first = np.arange(n_tracks, dtype=np.int32) * MAX_SECTORS
        self.checkpoint_count = np.zeros(n_tracks, dtype=np.int32)
        self.sector_count = np.zeros(n_tracks, dtype=np.int32)
        self.version = np.zeros(n_tracks, np.int64)
        self._berth = berth
        self._turn = 0
        self._slots: list[Track | None] = [None] * n_tracks
        self._slot_of: dict[str, int] = {}  # by the hash of its track
        self._subscribers: list[Callable[[NDArray[np.int64]], None]] = []
        row = 0
        for slot, track in enumerate(tracks):
            self._write(slot, row, track)
            row += berth or len(track)

    @property
    def n_races(self) -> int:
        """Return the number of races."""
        return len(self.race_track)

    @property
    def geometry(self) -> TrackArrays:
        """Return the arrays that kernels take: ``kernel(x, ..., *tracks.geometry, ...)``."""
        return TrackArrays(self.race_track, self.points, self.table, self.cells)

    def __getattr__(self, name: str) -> Floats:
        # Only reached for names that are no attribute: the views of packed columns.
        if name in _TABLE_VIEWS:
            return self.table[:, _TABLE_VIEWS[name]]
        if name in _POINT_VIEWS:
            return self.points[:, _POINT_VIEWS[name]]
        raise AttributeError(f"TrackSet has no attribute {name!r}")

    def track_of(self, race: int) -> Track:
        """Return the track of ``race``."""
        track = self._slots[int(self.race_track[race])]
        assert track is not None
        return track

    def pit_of(self, race: int) -> PitLane | None:
        """Return the pit lane of the track of ``race``, if it has one."""
        return self.track_of(race).pit

    def subscribe(self, callback: Callable[[NDArray[np.int64]], None]) -> None:
        """Have ``callback`` called with the races (k,) int64 whose track has changed."""
        self._subscribers.append(callback)

    def assign(self, races: NDArray[np.int64], slots: NDArray[np.int32]) -> None:
        """Give races other tracks of the set: no track comes or goes.

        Args:
            races: (k,) int64.
            slots: (k,) int32, the row of ``table`` that each gets.
        """
        self.race_track[races] = slots
        for callback in self._subscribers:
            callback(races)

    def replace(self, race: int, track: Track, cells: Cells | None = None) -> None:
        """Give ``race`` another track, within the reserved capacity.

        A track that is in the set already is shared. One that no race uses any more makes
        room for the new one.

        Args:
            race: which.
            track: its new one.
            cells: ``cells_of(track)``, where somebody has made them; they take longer than all
                else.

        Raises:
            TrackError: if there is not enough room; the race then keeps the track it has.
        """
        slot = self._find(track)
        if slot is None:
            slot, row = self._make_room(race, track)
            self._write(slot, row, track, cells)
        self.race_track[race] = slot
        changed = np.array([race], dtype=np.int64)
        for callback in self._subscribers:
            callback(changed)

    def pose(self, races: ArrayLike, s: ArrayLike, d: ArrayLike) -> Floats:
        """Return poses (k, 3) float64 [m, m, rad]: x, y and the yaw along the track.

        Args:
            races: (k,) int.
            s: (k,) or one number [m], wrapped.
            d: (k,) or one number [m], left is positive.
        """
        chosen, s, d = np.broadcast_arrays(
            np.atleast_1d(np.asarray(races, dtype=np.int64)),
            np.asarray(s, dtype=np.float64),
            np.asarray(d, dtype=np.float64),
        )
        pose = np.empty((len(chosen), 3))
        # Copies, as a broadcast array counts as read-only, which would be another signature.
        pose_cars(
            pose,
            np.array(chosen),
            np.array(s),
            np.array(d),
            self.race_track,
            self.points,
            self.table,
        )
        return pose

    def _find(self, track: Track) -> int | None:
        return self._slot_of.get(track.hash)

    def _make_room(self, race: int, track: Track) -> tuple[int, int]:
        """Return a free slot and the first of enough free rows, giving up unused tracks."""
        users = np.bincount(np.delete(self.race_track, race), minlength=len(self._slots))
        if self._berth:
            free = np.flatnonzero(users == 0)
            if not len(free) or len(track) > self._berth:
                raise TrackError(
                    f"no room for track {track.name!r} of {len(track)} samples: {len(free)} of "
                    f"{len(self._slots)} tracks of up to {self._berth} samples are free"
                )
            # In turn, so that tracks which may be wanted again stay as long as can be.
            slot = int(free[np.searchsorted(free, self._turn) % len(free)])
            self._turn = slot + 1
            self._forget(slot)
            return slot, slot * self._berth
        kept = [k for k, other in enumerate(self._slots) if other is not None and users[k]]
        held = sum(len(self._slots[k] or ()) for k in kept)
        needed, room = len(track), len(self.points) - held
        if len(kept) == len(self._slots) or needed > room:
            raise TrackError(
                f"no room for track {track.name!r} of {needed} samples: {room} of "
                f"{len(self.points)} samples and {len(self._slots) - len(kept)} of "
                f"{len(self._slots)} tracks are free; reserve more"
            )
        for k in range(len(self._slots)):
            if k not in kept:
                self._forget(k)
        slot = self._slots.index(None)
        row = self._gap(kept, needed)
        if row is None:
            row = self._compact(kept)
        return slot, row

    def _forget(self, slot: int) -> None:
        track = self._slots[slot]
        if track is not None:
            # Equal tracks that were given twice have two slots, but one entry.
            if self._slot_of.get(track.hash) == slot:
                del self._slot_of[track.hash]
            self._slots[slot] = None

    def _gap(self, kept: list[int], needed: int) -> int | None:
        """Return the first row of the first gap between kept tracks that is long enough."""
        row = 0
        for k in sorted(kept, key=lambda k: self.table[k, columns.FIRST]):
            first, count = self.table[k, [columns.FIRST, columns.COUNT]].astype(int)
            if first - row >= needed:
                return row
            row = first + count
        return row if len(self.points) - row >= needed else None

    def _compact(self, kept: list[int]) -> int:
        """Move the kept tracks together at the front; return the first row behind them."""
        row = 0
        for k in sorted(kept, key=lambda k: self.table[k, columns.FIRST]):
            first, count = self.table[k, [columns.FIRST, columns.COUNT]].astype(int)
            self.points[row : row + count] = self.points[first : first + count].copy()
            self.outline[row : row + count] = self.outline[first : first + count].copy()
            self.line[row : row + count] = self.line[first : first + count].copy()
            self.line_outline[row : row + count] = self.line_outline[first : first + count].copy()
            self.borders[row : row + count] = self.borders[first : first + count].copy()
            self.verges[row : row + count] = self.verges[first : first + count].copy()
            self.obstacle_spans[row : row + count] = self.obstacle_spans[
                first : first + count
            ].copy()
            here, there, size = (CELLS_PER_POINT * v for v in (row, first, count))
            self.cells[here : here + size] = self.cells[there : there + size].copy()
            self.table[k, columns.FIRST] = row
            self.table[k, columns.CELL_FIRST] = here
            row += count
        return row

    def _write(self, slot: int, row: int, track: Track, cells: Cells | None = None) -> None:
        """Pack ``track`` into ``slot``, its samples from ``row`` on."""
        n = len(track)
        for column, name in _PACKED.items():
            self.points[row : row + n, column] = getattr(track, name)
        outline = self.outline[row : row + n]
        for column, values in (
            (columns.BEND, track.curvature),
            (columns.ACROSS, track.width_left + track.width_right),
        ):
            outline[:, column] = values
            outline[:, column + 1] = np.append(values[1:], values[0]) - values
        self.line[row : row + n] = line_rows(track)
        bend = self.line[row : row + n, columns.LINE_CURVATURE]
        beside = self.line_outline[row : row + n]
        beside[...] = outline
        if track.line is not None:
            beside[:, columns.BEND] = bend
            beside[:, columns.BEND_GAIN] = np.append(bend[1:], bend[0]) - bend
        self.borders[row : row + n] = border_points(track)
        entry = self.table[slot]
        entry[columns.FIRST], entry[columns.COUNT] = row, n
        entry[columns.SPACING], entry[columns.LENGTH] = track.spacing, track.length
        entry[columns.KERB], entry[columns.RUNOFF] = track.kerb_width, track.runoff
        entry[columns.CROSSING_COUNT] = len(track.crossings)
        self.crossings[slot, : 2 * len(track.crossings)] = np.ravel(track.crossings)
        first_obstacle, obstacles = slot * MAX_OBSTACLES, len(track.obstacles)
        entry[columns.OBSTACLE_FIRST], entry[columns.OBSTACLE_COUNT] = first_obstacle, obstacles
        self.obstacles[first_obstacle : first_obstacle + obstacles] = obstacle_rows(track)
        if obstacles or self.obstacle_spans[row : row + n].any():  # memory is not touched for zeros
            self.obstacle_spans[row : row + n] = obstacle_spans(track)
        self._write_beside(slot, row, track)
        self._write_cells(slot, CELLS_PER_POINT * row, cells or cells_of(track))
        for s, flat, first, count, first_column, count_column in (
            (track.checkpoints, self.checkpoint_s, self.checkpoint_first, self.checkpoint_count,
             columns.CHECKPOINT_FIRST, columns.CHECKPOINT_COUNT),
            (track.sectors, self.sector_s, self.sector_first, self.sector_count,
             columns.SECTOR_FIRST, columns.SECTOR_COUNT),
        ):  # fmt: skip
            flat[first[slot] : first[slot] + len(s)] = s
            count[slot] = len(s)
            entry[first_column], entry[count_column] = first[slot], len(s)
        self.version[slot] += 1
        self._slots[slot] = track
        self._slot_of.setdefault(track.hash, slot)

    def _write_beside(self, slot: int, row: int, track: Track) -> None:
        """Pack what a track may be without: surfaces, grid slots, a pit lane."""
        beside, entry = verges(track), self.table[slot]
        self.verges[row : row + len(track)] = beside
        entry[columns.VERGED] = float((beside != GRASS).any())
        slots = 0 if track.grid is None else len(track.grid)
        self.grid_slots[slot] = 0.0
        if track.grid is not None:
            self.grid_slots[slot, :slots] = track.grid
        entry[columns.GRID_COUNT] = slots
        boxes = () if track.pit is None else track.pit.boxes
        self.pits[slot] = 0.0 if track.pit is None else track.pit.row()
        self.pit_boxes[slot] = 0.0
        self.pit_boxes[slot, : len(boxes)] = boxes

    def _write_cells(self, slot: int, first: int, cells: Cells) -> None:
        """Fill the track's grid of nearest samples."""
        entry, (up, across) = self.table[slot], cells.nearest.shape
        entry[columns.CELL_FIRST] = first
        entry[columns.CELL_COLUMNS], entry[columns.CELL_ROWS] = across, up
        entry[columns.CELL_X], entry[columns.CELL_Y] = cells.west, cells.south
        entry[columns.CELL_SIZE] = cells.size
        self.cells[first : first + across * up] = cells.nearest.reshape(-1)


_TABLE_VIEWS = {
    "first": columns.FIRST,
    "count": columns.COUNT,
    "spacing": columns.SPACING,
    "length": columns.LENGTH,
    "kerb_width": columns.KERB,
    "runoff": columns.RUNOFF,
}
_POINT_VIEWS = {name: column for column, name in _PACKED.items()}
