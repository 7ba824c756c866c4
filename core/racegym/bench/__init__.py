"""Measuring how fast a scenario steps, and where the time goes.

report = bench(load_scenario("quickstart"), races=[1, 1024], threads=[1])
"""

from racegym.bench.measure import BenchReport, Rate, bench
from racegym.bench.memory import Memory, measure_memory

__all__ = ["BenchReport", "Memory", "Rate", "bench", "measure_memory"]
