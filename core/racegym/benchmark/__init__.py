"""The benchmark: tasks that are frozen, runs of trainers on them, and what came of it.

racegym benchmark run trial-state --trainer ppo --seeds 5
racegym benchmark report benchmark
"""
