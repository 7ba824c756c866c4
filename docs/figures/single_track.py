"""Make the pictures of docs/single_track.md: ``python docs/figures/single_track.py``.

Needs racegym, racegym-kart2d, scipy and commonroad-vehicle-models. Each picture compares the
backend with a closed form, a published model or a finer solution of its own equations.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.integrate import solve_ivp

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT / "plugins" / "racegym-kart2d" / "tests"))

from kart2d_rig import VEHICLES, Rig, vehicle  # noqa: E402  (stands beside the tests)
from test_commonroad import FORCE, manoeuvre, ours  # noqa: E402
from test_convergence import MANOEUVRES, end  # noqa: E402
from vehiclemodels.vehicle_parameters import setup_vehicle_parameters  # noqa: E402

from racegym_kart2d.kernels.columns import GRAVITY  # noqa: E402

START, NORTH = 15_000.0, np.pi / 2
NAMES = {"rental_kart": "rental kart", "gt3": "GT3", "rc_car": "RC car"}


def drive(name: str, speed: float, pedals: Any, seconds: float, **changes: Any) -> dict[str, Any]:
    """Return the history of one car under constant orders: time and state, one entry a step."""
    made = Rig(vehicle(name, **changes))
    made.place(START, 0.0, NORTH, speed)
    made.drive(**pedals)
    seen: dict[str, list[float]] = {"t": []}
    for k in range(round(seconds / made.dt)):
        made.step()
        seen["t"].append((k + 1) * made.dt)
        for field in ("vx", "yaw_rate"):
            seen.setdefault(field, []).append(float(getattr(made.state, field)[0, 0]))
    return {field: np.array(values) for field, values in seen.items()}


def straight(axes: Axes) -> None:
    """A kart at full power against the equation of power, drag and rolling resistance."""
    run = drive("rental_kart", 0.0, {"throttle": 1.0}, 30.0)
    car = vehicle("rental_kart")
    drag = 0.5 * car["air_density"] * car["drag_area"]
    rolling = car["rolling_resistance"] * car["mass"] * GRAVITY

    def slope(_: float, v: Any) -> Any:
        force = np.minimum(car["drive_force"], car["power"] / np.maximum(v, 0.1))
        return (force - rolling - drag * v * v) / car["mass"]

    exact = solve_ivp(slope, (0.0, 30.0), [0.0], t_eval=run["t"], rtol=1e-9)
    axes.plot(run["t"], run["vx"] * 3.6, lw=3, label="kart2d")
    axes.plot(exact.t, exact.y[0] * 3.6, "k--", label="power less drag and rolling, solved")
    axes.set(title="rental kart, full throttle", xlabel="time [s]", ylabel="speed [km/h]")


def coasting(axes: Axes) -> None:
    """A kart that coasts down, against the closed form."""
    run = drive("rental_kart", 20.0, {}, 60.0)
    car = vehicle("rental_kart")
    k = 0.5 * car["air_density"] * car["drag_area"]
    c = car["rolling_resistance"] * car["mass"] * GRAVITY
    phase = np.arctan(20.0 * np.sqrt(k / c)) - np.sqrt(k * c) * run["t"] / car["mass"]
    exact = np.sqrt(c / k) * np.tan(np.maximum(phase, 0.0))
    axes.plot(run["t"], run["vx"] * 3.6, lw=3, label="kart2d")
    axes.plot(run["t"], exact * 3.6, "k--", label="closed form")
    axes.set(title="rental kart, coasting", xlabel="time [s]", ylabel="speed [km/h]")


def understeer(axes: Axes) -> None:
    """Yaw rate over steering angle of three balances, against the understeer gradient."""
    a, b, mass, steer = 1.42, 1.28, 1400.0, 0.0005
    for front, colour in ((0.9, "C0"), (1.0, "C1"), (1.1, "C2")):
        changes = {
            "stiffness_front": 20.0 * front, "stiffness_rear": 20.0, "shape_front": 1.4,
            "shape_rear": 1.4, "grip_front": 1.5, "grip_rear": 1.5, "grip_per_load": 0.0,
            "rolling_resistance": 0.0, "drag_area": 0.0,
            "downforce_area_front": 0.0, "downforce_area_rear": 0.0,
        }  # fmt: skip
        stiff_front = 1.5 * 20.0 * front * 1.4 * mass * GRAVITY * b / (a + b)
        stiff_rear = 1.5 * 20.0 * 1.4 * mass * GRAVITY * a / (a + b)
        gradient = mass / (a + b) * (b / stiff_front - a / stiff_rear)
        v = np.linspace(2.0, 34.0, 100)
        axes.plot(v, v / (a + b + gradient * v * v), "k--", lw=1)
        for speed in (4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0):
            run = drive("gt3", speed, {"steer": steer / 0.4}, 6.0, **changes)
            axes.plot(run["vx"][-1], run["yaw_rate"][-1] / steer, "o", color=colour, ms=4)
        axes.plot([], [], "o", color=colour, label=f"front / rear stiffness {front:.2f}")
    axes.plot([], [], "k--", lw=1, label="v / (L + K v²)")
    axes.set(title="steady turn", xlabel="speed [m/s]", ylabel="yaw rate / steering angle [1/s]")


def commonroad(path: Axes, apart: Axes) -> None:
    """Trajectories of CommonRoad's three cars and ours."""
    for index, name in ((1, "Ford Escort"), (2, "BMW 320i"), (3, "VW Vanagon")):
        theirs = setup_vehicle_parameters(vehicle_id=index)
        a, rate, v0 = -1.5, 0.02, 15.0
        made = Rig(ours(theirs, steer_rate=rate), tyre="linear", integrator="rk4", substep=0.0005)
        made.place(START, 0.0, 0.0, v0)
        made.drive(steer=1.0, brake=-a * theirs.m / FORCE)
        times, got, want = [], [], []
        for k in range(1, 61):
            made.step()
            times.append(k * made.dt)
            got.append([made.state.x[0, 0] - START, made.state.y[0, 0]])
            want.append(manoeuvre(theirs, a, rate, k * made.dt, v0)[:2])
        here, there = np.array(got), np.array(want)
        path.plot(here[:, 0], here[:, 1], color=f"C{index}", label=name)
        path.plot(there[::4, 0], there[::4, 1], "k.", ms=4)
        apart.semilogy(times, np.hypot(*(here - there).T), color=f"C{index}", label=name)
    path.plot([], [], "k.", label="commonroad-vehicle-models")
    path.set(title="braking into a turn, linear tyres", xlabel="x [m]", ylabel="y [m]")
    apart.set(title="distance between the two", xlabel="time [s]", ylabel="[m]")


def convergence(axes: Axes) -> None:
    """Error of the implicit integrator over the length of its substep."""
    steps = 0.05 / 2.0 ** np.arange(7)
    for title, (name, speed, orders) in MANOEUVRES.items():
        exact = end(name, speed, orders, 0.05 / 512, "rk4")
        errors = [np.hypot(*(end(name, speed, orders, h) - exact)[:2]) for h in steps]
        axes.loglog(steps * 1e3, errors, "o-", ms=3, label=title)
    axes.loglog(steps * 1e3, steps * 2.0, "k--", lw=1, label="first order")
    axes.axvline(12.5, color="grey", lw=0.8)
    axes.set(title="position error after 1.5 s", xlabel="substep [ms]", ylabel="[m]")


def energy(axes: Axes) -> None:
    """Kinetic energy of cars thrown into a spin, pedals untouched, at long substeps."""
    for name in VEHICLES:
        for substep, style in ((0.0125, "-"), (0.05, ":")):
            made = Rig(vehicle(name), substep=substep)
            made.place(START, 0.0, NORTH, 1.0)
            top = float(made.view.vehicle.top_speed[0, 0])
            made.state.vx[:], made.state.vy[:], made.state.yaw_rate[:] = 0.5 * top, 0.2 * top, 4.0
            values = [float(made.energy()[0, 0])]
            for _ in range(160):
                made.step()
                values.append(float(made.energy()[0, 0]))
            t = np.arange(len(values)) * made.dt
            colour = f"C{VEHICLES.index(name)}"
            label = f"{NAMES[name]}, substep {substep * 1e3:g} ms"
            axes.plot(t, np.array(values) / values[0], style, color=colour, label=label)
    axes.set(title="energy in a spin", xlabel="time [s]", ylabel="share of the start's")
    axes.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1.0, 0.08))


def tyres(axes: Axes) -> None:
    """Lateral force over slip angle of the shipped vehicles, and what braking leaves."""
    slip = np.radians(np.linspace(0.0, 30.0, 200))
    for index, name in enumerate(VEHICLES):
        car = vehicle(name)
        for end_, style in (("front", "-"), ("rear", "--")):
            b, c = car[f"stiffness_{end_}"], car[f"shape_{end_}"]
            curve = car[f"grip_{end_}"] * np.sin(c * np.arctan(b * slip))
            label = f"{NAMES[name]}, {end_}"
            axes.plot(np.degrees(slip), curve, style, color=f"C{index}", label=label)
    axes.set(title="tyre curves", xlabel="slip angle [deg]", ylabel="lateral force / load")


def limit(axes: Axes) -> None:
    """Lateral acceleration as a corner is tightened at held speed, against the envelope."""
    for index, (name, speed) in enumerate((("rental_kart", 10.0), ("gt3", 20.0), ("rc_car", 4.0))):
        made = Rig(vehicle(name))
        made.place(START, 0.0, NORTH, speed)
        angle, force = [], []
        for k in range(600):
            throttle = float(np.clip(0.1 + 0.5 * (speed - made.state.vx[0, 0]), 0.0, 1.0))
            made.drive(steer=k / 600.0, throttle=throttle)
            made.step()
            if abs(made.state.vy[0, 0] / made.state.vx[0, 0]) > 0.25:
                break
            angle.append(np.degrees(made.state.steer[0, 0]))
            force.append(made.state.ay[0, 0] / GRAVITY)
        known = made.view.vehicle
        downforce = known.downforce[0, 0] * speed**2 / GRAVITY
        axes.plot(angle, force, color=f"C{index}", label=f"{NAMES[name]}, {speed:g} m/s")
        grip = known.grip[0, 0] * (1.0 + downforce)
        axes.axhline(grip, color=f"C{index}", ls="--", lw=1)
    axes.plot([], [], "k--", lw=1, label="envelope told to drivers")
    axes.set(title="tightening corner", xlabel="steering [deg]", ylabel="ay / g")


def save(name: str, *drawings: Any) -> None:
    """Draw side by side and write one picture."""
    figure = Figure(figsize=(5.2 * len(drawings), 3.9), layout="constrained")
    axes = figure.subplots(1, len(drawings), squeeze=False)[0]
    for draw, one in zip(drawings, axes, strict=True):
        draw(one)
    finish(figure, name)


def finish(figure: Figure, name: str) -> None:
    """Add grids and legends and write the picture."""
    for one in figure.axes:
        one.grid(alpha=0.3)
        if one.get_legend() is None:
            one.legend(fontsize=7)
    figure.savefig(IMAGES / f"single_track_{name}.png", dpi=110)


def main() -> None:
    """Make all pictures."""
    matplotlib.use("agg")
    IMAGES.mkdir(exist_ok=True)
    save("straight", straight, coasting)
    save("corner", tyres, understeer, limit)
    save("integrator", convergence, energy)
    figure = Figure(figsize=(10.4, 3.9), layout="constrained")
    commonroad(*figure.subplots(1, 2))
    finish(figure, "commonroad")


if __name__ == "__main__":
    main()
