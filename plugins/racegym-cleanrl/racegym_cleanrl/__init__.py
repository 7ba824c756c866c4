"""Trainers in the manner of CleanRL: one readable file per algorithm.

``racegym_cleanrl.ppo`` and the like hold the algorithms, from their settings to their losses.
What they share stands beside them: networks, checkpoints, tasks to learn on.
"""

import os

__version__ = "0.1.0"

# Threads of OpenMP that wait by spinning bring a machine that has anything else to do to a
# standstill. It is read when torch's copy of the library is loaded, so it is said before that.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
