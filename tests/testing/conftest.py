"""Makes the fake and the broken plugins importable, also for processes that tests start."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "fakes"), str(HERE)]
