"""What racegym itself offers, registered through the same hooks as a stranger's plugin."""

from __future__ import annotations

from pathlib import Path

from racegym.hookspecs import Register, hookimpl
from racegym.plugins.shipped import shipped

__all__ = [
    "register_action_maps",
    "register_drivers",
    "register_rewards",
    "register_scenarios",
    "register_sensors",
    "register_terminations",
    "register_tracks",
    "register_trainers",
]


@hookimpl
def register_sensors(register: Register) -> None:
    """Offer the built-in sensors."""
    at = "racegym.sensors"
    register("telemetry", f"{at}.telemetry:Telemetry", summary="what the car's own gauges show")
    register("state", f"{at}.state:State", summary="eleven numbers: motion, place, controls")
    register("lookahead", f"{at}.lookahead:Lookahead", summary="curvature and width ahead")
    register("rays", f"{at}.rays:Rays", summary="distances along beams, lidar")
    register("camera", f"{at}.camera:Camera", summary="what the driver sees, as a picture")
    register("opponents", f"{at}.opponents:Opponents", summary="the nearest cars")
    register("track_points", f"{at}.track_points:TrackPoints", summary="points of the edges ahead")
    register("topdown", f"{at}.topdown:Topdown", summary="the track around the car, from above")
    register("channels", f"{at}.channels:Channels", summary="any field or channel by name, scaled")


@hookimpl
def register_action_maps(register: Register) -> None:
    """Offer the built-in action maps."""
    at = "racegym.actions"
    register("steer_accel", f"{at}.steer_accel:SteerAccel", summary="steer, throttle or brake")
    register(
        "steer_throttle_brake",
        f"{at}.steer_throttle_brake:SteerThrottleBrake",
        summary="steer, throttle and brake",
    )
    register("with_gear", f"{at}.with_gear:WithGear", summary="steer, throttle, brake and gear")
    register("discrete", f"{at}.discrete:Discrete", summary="coast, left, right, gas or brake")
    register("rate_limited", f"{at}.rate_limited:RateLimited", summary="changes of steer and pedal")


@hookimpl
def register_rewards(register: Register) -> None:
    """Offer the built-in reward terms."""
    at = "racegym.rewards"
    register("progress", f"{at}.progress:Progress", summary="metres gained along the track")
    register("speed", f"{at}.speed:Speed", summary="speed along the track")
    register("checkpoint", f"{at}.checkpoint:Checkpoint", summary="new checkpoints passed")
    register(
        "checkpoint_time",
        f"{at}.checkpoint_time:CheckpointTime",
        summary="new checkpoints, worth more the sooner",
    )
    register("survival", f"{at}.survival:Survival", summary="time spent racing")
    register("lap", f"{at}.lap:Lap", summary="valid laps completed")
    register("off_track", f"{at}.off_track:OffTrack", summary="time spent off the track")
    register("racing_line", f"{at}.racing_line:RacingLine", summary="distance to the racing line")
    register("wall", f"{at}.wall:Wall", summary="contact with walls")
    register("obstacle", f"{at}.obstacle:Obstacle", summary="contact with obstacles")
    register("hard_braking", f"{at}.hard_braking:HardBraking", summary="braking beyond a limit")
    register(
        "steering_smoothness",
        f"{at}.steering_smoothness:SteeringSmoothness",
        summary="jerky steering",
    )
    register("position", f"{at}.position:Position", summary="places gained and lost")
    register("overtakes", f"{at}.overtakes:Overtakes", summary="overtakes made and suffered")
    register(
        "relative_progress",
        f"{at}.relative_progress:RelativeProgress",
        summary="progress in comparison with the cars around",
    )
    register("contact", f"{at}.contact:Contact", summary="contact with cars, by class and blame")
    register(
        "finishing_order",
        f"{at}.finishing_order:FinishingOrder",
        summary="the place at the end",
    )
    register("win", f"{at}.win:Win", summary="winning the race")


@hookimpl
def register_terminations(register: Register) -> None:
    """Offer the built-in terminations."""
    at = "racegym.terminations"
    register("off_track", f"{at}.off_track:OffTrack", summary="left the track")
    register("wrong_way", f"{at}.wrong_way:WrongWay", summary="drove the wrong way for too long")
    register("stuck", f"{at}.stuck:Stuck", summary="made no progress for too long")
    register("laps_done", f"{at}.laps_done:LapsDone", summary="drove the laps asked for")
    register("time_limit", f"{at}.time_limit:TimeLimit", summary="ran out of time (truncates)")


@hookimpl
def register_drivers(register: Register) -> None:
    """Offer the built-in drivers."""
    at = "racegym.drivers"
    register("absent", f"{at}.absent:Absent", summary="stands for one that nobody asks")
    register("pure_pursuit", f"{at}.pure_pursuit:PurePursuit", summary="follows the centerline")
    register("raceline", f"{at}.raceline:Raceline", summary="follows a racing line at the limit")
    register("by_hand", f"{at}.by_hand:ByHand", summary="a person, in `racegym drive`")
    register("idle", f"{at}.idle:Idle", summary="does nothing")
    register("random", f"{at}.random:Random", summary="draws random actions")
    register("onnx", f"{at}.onnx:Onnx", summary="asks a learned policy in an ONNX file")


@hookimpl
def register_trainers(register: Register) -> None:
    """Offer the trainer that stands for somebody else's, to compare with."""
    register(
        "sb3_ppo",
        "racegym.learners.sb3_ppo:StableBaselinesPPO",
        summary="PPO of stable-baselines3, to compare with",
    )


@hookimpl
def register_tracks(register: Register) -> None:
    """Offer every track that ships with racegym, by the name of its file."""
    for file in sorted(shipped("circuits").glob("*.track")):
        register(file.stem, f"racegym:circuits/{file.name}", summary=_first_comment(file))


@hookimpl
def register_scenarios(register: Register) -> None:
    """Offer every scenario that ships with racegym, by the name of its file."""
    for file in sorted(shipped("scenarios").glob("*.yaml")):
        register(file.stem, f"racegym:scenarios/{file.name}", summary=_first_comment(file))


def _first_comment(file: Path) -> str:
    """Return the comment in the first line of a file, if it begins with one."""
    with file.open(encoding="utf-8") as lines:
        first = lines.readline().strip()
    return first.lstrip("# ") if first.startswith("#") else ""
