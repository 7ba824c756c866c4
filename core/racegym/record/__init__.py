"""Run folders: what a race leaves behind, how it is written, and how it is read again.

recorder = Recorder(world, folder)
world.watchers.append(recorder)
...
recorder.finish("finished")
"""

from racegym.record.folder import RunFolder
from racegym.record.recorder import About, Recorder
from racegym.record.runs import find_run, find_runs, repair

__all__ = ["About", "Recorder", "RunFolder", "find_run", "find_runs", "repair"]
