"""Searching for good settings of a trainer: many short trainings, led by Optuna.

racegym sweep learn.yaml --space sweep.yaml --trials 40 --processes 4
"""
