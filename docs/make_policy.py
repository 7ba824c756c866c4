"""Makes the policy that ships with kart2d of what a training has left, and says how it drives.

    racegym run train_kart
    python docs/make_policy.py latest

Takes a training by its folder or its name, exports the checkpoint to drive with, lets it race on
circuits that are new to it, and writes all three files of ``racegym_kart2d/policies``: the policy,
what ``racegym evaluate`` says of it, and a page on how it was made. The scenario of the training
must be one that ships with racegym, with what was set differently said; nothing is written before
all is done.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from racegym.documents.document import plain_copy
from racegym.errors import RacegymError, RunError
from racegym.record import RunFolder, find_run
from racegym.record.folder import write_whole
from racegym.record.runs import read_state
from racegym.record.trained import checkpoint_to_drive, read_training
from racegym.record.versions import machine, versions
from racegym.report.evaluation import as_data
from racegym.run import Judge
from racegym.run.exporting import export_policy
from racegym.run.subject import OTHERS, Subject, races_for
from racegym.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "plugins" / "racegym-kart2d" / "racegym_kart2d" / "policies"
NAME = "rental_kart"
SCENARIO, EPISODES = "pretrained_kart", 100
MOST_BYTES = 1_000_000
TOLD = ("trainer", "seed", "steps", "seconds", "device", "versions", "git", "begun_from", "resumed")

PAGE = """# The policy `{name}`

It drives a rental kart on circuits that it has never seen: `driver: {{policy: {name}}}` in any
scenario with `dt: {dt:g}`, `racegym run {scenario}` for a race. It needs `pip install onnxruntime`,
and no torch.

| made by | |
|---|---|
| scenario | `{trained_by}`, which ships with racegym |
| trainer | `{trainer}`, {steps:,} steps, seed {seed} |
| took | {seconds:,.0f} s, {device} |
| with | {versions} |
| checkpoint | `{checkpoint}`, SHA-256 `{sha256:.16}…` |
| the file | {size:,.0f} kB, SHA-256 `{file_sha256:.16}…` |

```sh
{command}
racegym export latest {name}.onnx
```

## How it drives

{episodes} races of {laps} laps each from a standing start, each on another circuit, of the kinds
that it learned on and none of those. A race in which the kart leaves the track is over, and not
completed.

| figure | |
|---|---:|
| races completed | {completion:.0f} % |
| races with a valid lap | {lap_rate:.0f} % |
| better lap of a race, in percent of the limit, mean | {best:.1f} |
| every lap, that from the start too, in percent of the limit, mean | {mean:.1f} |
| mean speed | {speed:.1f} km/h |

Each race stands in `{name}.json`, which was written by

```sh
racegym evaluate {name} --scenario {scenario} --tracks held-out --episodes {episodes} --json
```

On one machine that gives the same figures each time. On another processor sums may be rounded
otherwise, so that lap times differ in their last digits.

Licence: MIT, as racegym.
"""


def main() -> int:
    """Write the three files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", help="the folder of a training, its name, or latest")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"), help="of all runs")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where the files go")
    given = parser.parse_args()
    try:
        make(find_run(given.run, given.runs_dir), given.into)
    except RacegymError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - it is a program
        return 2
    print(f"written to {given.into}")  # noqa: T201
    return 0


def make(run: RunFolder, into: Path) -> None:
    """Make the files of a training.

    Args:
        run: of the training.
        into: the folder that they go to.

    Raises:
        RacegymError: the training is not of a shipped scenario, or it can't be exported or judged.
    """
    checkpoint, told = checkpoint_to_drive(run), read_training(run)
    if checkpoint is None:
        raise RunError("the training has left no checkpoint", file=run.path)
    if "seeds" in told:
        raise RunError("it has several seeds; name the folder of one, seed-N in it", file=run.path)
    trained_by, changed = made_by(run)
    with tempfile.TemporaryDirectory() as beside:
        file = Path(beside) / f"{NAME}.onnx"
        policy = export_policy(checkpoint, file)
        if policy is None:
            raise RunError("onnxruntime is needed to try the file: pip install onnxruntime")
        content = file.read_bytes()
        if len(content) > MOST_BYTES:
            raise RunError(f"it has {len(content):,} bytes; {MOST_BYTES:,} are allowed", file=file)
        judged = evaluated(file)
    report = {
        **judged,
        "policy": {
            "name": NAME,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
        "training": {
            "scenario": trained_by,
            "set": changed,
            "checkpoint": checkpoint.name,
            "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
            "machine": read_state(run).get("machine"),
            **{key: told.get(key) for key in TOLD},
        },
        "made_with": {"versions": versions(), "machine": {**machine(), "cores": os.cpu_count()}},
    }
    text = page(report, dt=policy.note.dt or 0.0)
    into.mkdir(parents=True, exist_ok=True)
    (into / f"{NAME}.onnx").write_bytes(content)
    write_whole(into / f"{NAME}.json", json.dumps(report, indent=1, allow_nan=False) + "\n")
    write_whole(into / "README.md", text)


def made_by(run: RunFolder) -> tuple[str, dict[str, Any]]:
    """Return the shipped scenario of a training, and what was set differently."""
    ours = load_scenario(run.scenario)
    known = load_scenario(ours.name)
    theirs = dict(_flat(known.resolved()))
    changed = {key: value for key, value in _flat(ours.resolved()) if theirs.pop(key, {}) != value}
    if theirs and not {key.partition(".")[0] for key in theirs} <= {"training"}:
        raise RunError(
            f"it learned without {', '.join(theirs)} of the scenario {known.name}; only what "
            "--set makes of a shipped scenario can be made again",
            file=run.scenario,
        )
    return known.name, {key: value for key, value in changed.items() if key != "seed"}


def _flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, value


def evaluated(file: Path) -> dict[str, Any]:
    """Return how a policy drives, as ``racegym evaluate --json`` has it."""
    subject = Subject(file, NAME)
    scenario, seed, _ = races_for(subject, SCENARIO, (), (OTHERS,), EPISODES, None)
    with Judge(scenario, episodes=EPISODES, seed=seed) as judge:
        found = as_data(judge.evaluate(file))
    data: dict[str, Any] = plain_copy(found)
    data["driver"]["options"]["file"] = file.name  # not where it stood on this machine
    return data


def page(report: Mapping[str, Any], dt: float) -> str:
    """Return the page on a policy."""
    training, summary = report["training"], report["summary"]
    told = [row["best_lap_percent"] for row in report["episodes"]]
    better = [share for share in told if share is not None]
    words = [f"racegym run {training['scenario']}"]
    words += [f"--set {key}={json.dumps(value)}" for key, value in training["set"].items()]
    if training["seed"] != load_scenario(training["scenario"]).seed:
        words.append(f"--set seed={training['seed']}")
    return PAGE.format(
        name=NAME,
        dt=dt,
        scenario=SCENARIO,
        trained_by=training["scenario"],
        trainer=training["trainer"],
        steps=training["steps"],
        seed=training["seed"],
        seconds=training["seconds"],
        device=training["device"],
        versions=", ".join(f"{name} {value}" for name, value in training["versions"].items()),
        checkpoint=training["checkpoint"],
        sha256=training["sha256"],
        size=report["policy"]["bytes"] / 1e3,
        file_sha256=report["policy"]["sha256"],
        command=" ".join(words),
        episodes=len(report["episodes"]),
        laps=load_scenario(SCENARIO).laps,
        completion=100 * summary["completion_rate"],
        lap_rate=100 * summary["lap_rate"],
        best=fmean(better),
        mean=summary["mean_lap_percent"],
        speed=3.6 * summary["mean_speed"],
    )


if __name__ == "__main__":
    sys.exit(main())
