"""The line and the speeds of least lap time, for a vehicle that its g-g-v envelope describes.

Direct transcription over the normals of the centerline [1, 2], handed to IPOPT [3] by way of
CasADi [4]. The unknowns at each normal k are the offset d_k, the speed v_k and the share q_k
of the grip that the corner takes. With the place P_k = C_k + d_k N_k, the line's curvature
k_k from central differences, and the arc L_k from P_k to P_(k+1),

    minimise   T = sum of 2 L_k / (v_k + v_(k+1))                                         (1)
    subject to k_k v_k^2 = q_k lateral(v_k),   -1 <= q_k <= 1                             (2)
               a_k = (v_(k+1)^2 - v_k^2) / (2 L_k) <= drive(v_k, |q_k|)                   (3)
               -a_k <= brake(v_(k+1), |q_(k+1)|)                                          (4)
               lower_k <= d_k <= upper_k.                                                 (5)

(3) and (4) are those of the quasi-steady-state simulation: both passes of it, at once, with
the line free to move. A ten-thousandth of the objective is on how fast the curvature changes,
so that offsets which no time depends on are smooth. The envelope is interpolated by cubic
splines through its nodes, as IPOPT needs second derivatives; share is mirrored at zero.

It starts on the line of least curvature. The solver is serial and its settings are fixed.

[1] Christ, Wischnewski, Heilmeier, Lohmann (2021), "Time-optimal trajectory planning for a
    race car considering variable tyre-road friction coefficients", Vehicle System Dynamics
    59(4):588-612, doi:10.1080/00423114.2019.1704804.
[2] Betts (2010), "Practical Methods for Optimal Control and Estimation Using Nonlinear
    Programming", 2nd ed., SIAM, ch. 4.
[3] Wächter, Biegler (2006), "On the implementation of an interior-point filter line-search
    algorithm for large-scale nonlinear programming", Mathematical Programming 106:25-57,
    doi:10.1007/s10107-004-0559-y.
[4] Andersson et al. (2019), "CasADi: a software framework for nonlinear optimization and
    optimal control", Mathematical Programming Computation 11:1-36,
    doi:10.1007/s12532-018-0139-4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import MissingLibraryError
from racegym.interfaces import GGV
from racegym.raceline.corridor import corridor, default_margin
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import straightened
from racegym.raceline.rails import Rails, onto_samples, rails_of
from racegym.track import Track

__all__ = ["MinimumTime", "check_casadi", "minimum_time"]

Floats = NDArray[np.float64]
Progress = Callable[[int, float], None]

SMOOTHING = 1e-4  # of the lap time: the weight of changes of curvature
MOST_ROUNDS = 600  # of IPOPT; 80 to 150 are usual
ACCURACY = 1e-5
SLOWEST = 0.5  # [m/s]
FULL = 1.0 - 1e-4  # share of the grip that is used at most: beyond it lies no envelope
FEWEST_NODES = 8  # of a spline; coarser envelopes get more, linearly
GRAVITY = 9.80665  # [m/s^2] makes accelerations numbers near 1


class MinimumTime(NamedTuple):
    """The fastest lap that was found."""

    line: Line
    speed: Floats  # (n,) [m/s] at the track's samples
    lap_time: float  # [s] by (1)
    rounds: int  # of the solver


def check_casadi() -> None:
    """Say how to install what a minimum-time line needs, if it is missing.

    Raises:
        MissingLibraryError: CasADi is not installed.
    """
    try:
        import casadi  # noqa: F401
    except ImportError:
        raise MissingLibraryError(
            "a minimum-time line needs CasADi, which is not installed; "
            "install it: pip install casadi"
        ) from None


def minimum_time(
    track: Track,
    ggv: GGV,
    width: float,
    margin: float | None = None,
    *,
    progress: Progress | None = None,
) -> MinimumTime:
    """Return the line and the speeds of least lap time around ``track``.

    Where the solver finds none, which the line's notes then say, the line is that of least
    curvature, and its speeds are a rough estimate.

    Args:
        track: to drive on.
        ggv: what the vehicle can do.
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.
        progress: called with the round and its lap time [s] after each round of the solver.

    Raises:
        MissingLibraryError: CasADi is not installed.
        TrackError: if width or margin make no sense.
    """
    check_casadi()
    bounds = corridor(track, width, default_margin(width) if margin is None else margin)
    rails = rails_of(track, bounds)
    d = straightened(rails)
    bend, arc = _shape(rails, d, np.roll)
    v = _first_speeds(ggv, bend, arc)
    program = _Program(rails, ggv, d, v, progress)
    found = program.solve()
    name, notes = "minimum_time", bounds.notes
    if found is None:
        name = "minimum_curvature"
        why = f"no minimum-time line was found ({program.status})"
        notes += (f"{why}: this is the line of least curvature",)
    else:
        d, v = found
    _, arc = _shape(rails, d, np.roll)
    places = rails.step * np.arange(len(d))
    at = track.spacing * np.arange(len(track))
    return MinimumTime(
        Line(track=track, offset=onto_samples(track, bounds, rails, d), name=name, notes=notes),
        np.interp(at, places, v, period=track.length),
        float((2.0 * arc / (v + np.roll(v, -1))).sum()),
        program.rounds,
    )


class _Program:
    """The program (1) to (5), in units that make all its numbers near 1."""

    def __init__(
        self, rails: Rails, ggv: GGV, d: Floats, v: Floats, progress: Progress | None
    ) -> None:
        import casadi as ca

        m = len(d)
        bend, arc = _shape(rails, d, np.roll)
        first_time = float((2.0 * arc / (v + np.roll(v, -1))).sum())
        self.rails = rails
        self.fast = float(v.mean())
        self.rounds = 0
        self.status = ""
        lateral, drive, brake = _splines(ggv)

        offset, speed, share = (ca.MX.sym(name, m) for name in ("offset", "speed", "share"))
        there = speed * self.fast
        k, length = _shape(rails, offset * rails.unit, _roll)
        onward = _roll(there, -1)
        time = ca.sum1(2.0 * length / (there + onward))
        change = float(((np.roll(bend, -1) - bend) ** 2).sum())
        rough = ca.sum1((_roll(k, -1) - k) ** 2) / max(change, 1e-12)
        state = ca.horzcat(there, share).T
        a = (onward**2 - there**2) / (2.0 * length)
        rules = [
            k * there**2 - share * lateral(there.T).T,
            a - drive(state).T,
            -a - _roll(brake(state).T, -1),
        ]
        reach = np.full(m, np.inf)
        if np.abs(bend).max() < ggv.tightest < np.inf:
            rules.append(GRAVITY * k / ggv.tightest)
            reach = np.full(m, 1.0)
        unbounded, zero = np.full(2 * m, -np.inf), np.zeros(m)
        self._lower = np.concatenate([zero, unbounded] + [-reach] * (len(rules) - 3))
        self._upper = np.concatenate([np.zeros(3 * m)] + [reach] * (len(rules) - 3))
        settings: dict[str, Any] = {
            "print_time": False,
            "error_on_fail": False,
            "ipopt.print_level": 0,
            "ipopt.sb": "yes",
            "ipopt.max_iter": MOST_ROUNDS,
            "ipopt.tol": ACCURACY,
            "ipopt.linear_solver": "mumps",
        }
        unknowns = ca.vertcat(offset, speed, share)
        conditions = ca.vertcat(*rules) / GRAVITY
        if progress is not None:
            self._watch = _watcher(unknowns.numel(), conditions.numel(), first_time, progress)
            settings["iteration_callback"] = self._watch
        self._solver = ca.nlpsol(
            "lap",
            "ipopt",
            {"x": unknowns, "f": time / first_time + SMOOTHING * rough, "g": conditions},
            settings,
        )
        grip = np.interp(v, ggv.speed, ggv.lateral)
        first_share = np.clip(bend * v**2 / grip, -0.98, 0.98)
        self._start = np.concatenate([d / rails.unit, v / self.fast, first_share])
        self._least = np.concatenate(
            [rails.lower / rails.unit, np.full(m, SLOWEST / self.fast), np.full(m, -FULL)]
        )
        self._most = np.concatenate(
            [rails.upper / rails.unit, np.full(m, ggv.speed[-1] / self.fast), np.full(m, FULL)]
        )

    def solve(self) -> tuple[Floats, Floats] | None:
        """Return offsets and speeds, or None where there is no solution."""
        found = self._solver(
            x0=self._start, lbx=self._least, ubx=self._most, lbg=self._lower, ubg=self._upper
        )
        stats = self._solver.stats()
        self.rounds, self.status = int(stats["iter_count"]), str(stats["return_status"])
        if not stats["success"]:
            return None
        offset, speed, _ = np.split(np.asarray(found["x"]).ravel(), 3)
        rails = self.rails
        return np.clip(offset * rails.unit, rails.lower, rails.upper), speed * self.fast


def _shape(rails: Rails, d: Any, roll: Callable[[Any, int], Any]) -> tuple[Any, Any]:
    """Return curvature at, and arc from, each normal; of numbers or of CasADi's symbols."""
    h = rails.step
    x = d * rails.normal_x + rails.x
    y = d * rails.normal_y + rails.y
    on_x, on_y, back_x, back_y = roll(x, -1), roll(y, -1), roll(x, 1), roll(y, 1)
    vx, vy = (on_x - back_x) / (2.0 * h), (on_y - back_y) / (2.0 * h)
    ax, ay = (on_x - 2.0 * x + back_x) / h**2, (on_y - 2.0 * y + back_y) / h**2
    bend = (vx * ay - vy * ax) / (vx * vx + vy * vy) ** 1.5
    chord = ((on_x - x) ** 2 + (on_y - y) ** 2) ** 0.5
    angle = 0.5 * (bend + roll(bend, -1)) * chord
    return bend, chord * (1.0 + angle**2 / 24.0)


def _roll(vector: Any, shift: int) -> Any:
    """Return a column of CasADi's, rolled as ``numpy.roll`` does."""
    import casadi as ca

    return ca.vertcat(vector[-shift:], vector[:-shift])


def _splines(ggv: GGV) -> tuple[Any, Any, Any]:
    """Return lateral(v), drive(v, q) and brake(v, q) as functions of CasADi's."""
    import casadi as ca

    speed = _nodes(ggv.speed)
    share = _nodes(ggv.share)
    both = np.concatenate([-share[:0:-1], share])
    lateral = np.interp(speed, ggv.speed, ggv.lateral)
    tables = []
    for table in (ggv.drive, ggv.brake):
        fine = np.array([np.interp(speed, ggv.speed, column) for column in table.T]).T
        fine = np.array([np.interp(share, ggv.share, row) for row in fine])
        tables.append(np.concatenate([fine[:, :0:-1], fine], axis=1).ravel(order="F"))
    return (
        ca.interpolant("lateral", "bspline", [speed], lateral),
        ca.interpolant("drive", "bspline", [speed, both], tables[0]),
        ca.interpolant("brake", "bspline", [speed, both], tables[1]),
    )


def _nodes(values: Floats) -> Floats:
    """Return the nodes of an envelope, or enough of them for a spline."""
    if len(values) >= FEWEST_NODES:
        return values
    return np.linspace(values[0], values[-1], FEWEST_NODES)


def _first_speeds(ggv: GGV, bend: Floats, arc: Floats) -> Floats:
    """Return speeds (m,) [m/s] to begin with: corner speeds, and even ramps between them."""
    nodes = np.maximum(ggv.speed, SLOWEST)
    tightest = ggv.lateral / nodes**2  # [1/m] that the grip of each speed holds
    corner = np.interp(-np.abs(bend), -tightest, nodes)
    squared = np.minimum(corner, 0.98 * ggv.speed[-1]) ** 2
    middle = (len(ggv.speed) // 2, len(ggv.share) // 2)
    s = np.concatenate([[0.0], np.cumsum(np.tile(arc, 3))[:-1]])
    everywhere = np.tile(squared, 3)
    for rate, way in ((ggv.drive[middle], 1), (ggv.brake[middle], -1)):
        slope = 2.0 * max(float(rate), 1.0) * s[::way] * way
        everywhere[::way] = np.minimum.accumulate(everywhere[::way] - slope) + slope
    m = len(bend)
    return np.asarray(np.maximum(0.95 * np.sqrt(everywhere[m : 2 * m]), SLOWEST))


def _watcher(unknowns: int, conditions: int, first_time: float, progress: Progress) -> Any:
    """Return what CasADi calls after each round of IPOPT."""
    import casadi as ca

    class Watcher(ca.Callback):
        def __init__(self) -> None:
            ca.Callback.__init__(self)
            self.rounds = 0
            self.construct("progress", {})

        def get_n_in(self) -> int:
            return int(ca.nlpsol_n_out())

        def get_n_out(self) -> int:
            return 1

        def get_name_in(self, i: int) -> str:
            return str(ca.nlpsol_out(i))

        def get_sparsity_in(self, i: int) -> Any:
            sizes = {"f": 1, "x": unknowns, "lam_x": unknowns, "g": conditions, "lam_g": conditions}
            size = sizes.get(ca.nlpsol_out(i), 0)
            return ca.Sparsity.dense(size) if size else ca.Sparsity(0, 0)

        def eval(self, values: Any) -> list[int]:
            progress(self.rounds, first_time * float(values[1]))
            self.rounds += 1
            return [0]

    return Watcher()
