"""How much memory a batch takes, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from racegym.errors import RunError
from racegym.scenario import Scenario

__all__ = ["Memory", "measure_memory", "resident"]

STEPS = 5  # enough that every kernel has run and every buffer is in use


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory in use [bytes], as the operating system counts it.

    Attributes:
        races: of the batch.
        imported: after importing racegym, before anything is built.
        single: more than that, for a world of one race that has run: mostly kernels.
        batch: more than ``imported``, for the batch alone after it has run.
    """

    races: int
    imported: int
    single: int
    batch: int


def measure_memory(scenario: Scenario, races: int) -> Memory | None:
    """Return the memory of a batch; None where the system does not tell it.

    Raises:
        RunError: the process that measures has failed.
    """
    if resident() is None:
        return None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.yaml"
        file.write_text(scenario.to_yaml(), encoding="utf-8")
        alone, many = _measured(file, 1), _measured(file, races)
    return Memory(races=races, imported=alone["imported"], single=alone["used"], batch=many["used"])


def _measured(file: Path, races: int) -> dict[str, int]:
    """Measure in a process that compiles nothing, for a compiler's memory is not the batch's."""
    told = _in_process(file, races)
    return _in_process(file, races) if told["compiled"] else told


def _in_process(file: Path, races: int) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "racegym.bench.memory", str(file), str(races)],
        capture_output=True, text=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip
    if done.returncode:
        raise RunError(f"measuring memory failed: {done.stderr.strip()[-500:]}")
    told: dict[str, int] = json.loads(done.stdout)
    return told


def resident() -> int | None:
    """Return the memory of this process that is in RAM [bytes]; None where it isn't told."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return 1024 * int(line.split()[1])
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes there
    return None


def _main(file: str, races: int) -> None:
    """Measure in this process, and print JSON."""
    from racegym.bench.course import Course, all_agents
    from racegym.report import announce_compiling
    from racegym.scenario import load_scenario
    from racegym.world import World

    imported, compiled = resident() or 0, [0]
    with announce_compiling(lambda: compiled.append(1)):
        scenario = load_scenario(Path(file))
        course = Course(World(all_agents(scenario, races)), scenario.seed)
        for _ in range(STEPS):
            course.step()
    used = (resident() or 0) - imported
    sys.stdout.write(json.dumps({"imported": imported, "used": used, "compiled": max(compiled)}))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
