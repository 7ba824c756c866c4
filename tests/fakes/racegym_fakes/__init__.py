"""Backends that strain the interfaces as foreign engines do; small, and pure numpy."""
