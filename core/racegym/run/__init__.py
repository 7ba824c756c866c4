"""Running scenarios, and proving runs by running them again.

result = run("quickstart", runs_dir="runs")
verify(result.folder)
"""

from racegym.run.by_hand import drive
from racegym.run.entrants import code_files
from racegym.run.evaluation import Evaluation, evaluate
from racegym.run.interruption import Interruption
from racegym.run.judging import Judge, evaluate_driver
from racegym.run.run import RunResult, run
from racegym.run.training import TrainingResult, resume_training, train
from racegym.run.verify import Difference, Verification, verify

__all__ = [
    "Difference",
    "Evaluation",
    "Interruption",
    "Judge",
    "RunResult",
    "TrainingResult",
    "Verification",
    "code_files",
    "drive",
    "evaluate",
    "evaluate_driver",
    "resume_training",
    "run",
    "train",
    "verify",
]
