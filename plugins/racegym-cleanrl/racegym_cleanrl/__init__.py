"""Trainers in the manner of CleanRL: one readable file per algorithm.

``racegym_cleanrl.ppo`` and the like hold the algorithms, from their settings to their losses.
What they share stands beside them: networks, checkpoints, tasks to learn on.
"""

import os

__version__ = "0.1.0"

# Threads of OpenMP that wait by spinning bring a machine that has anything else to do to a
# standstill, and threads that sleep at once take longer to wake than a small layer takes. So they
# spin for some microseconds. It is read when torch's copy of the library is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
