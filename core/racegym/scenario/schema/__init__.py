"""The JSON schema of a scenario file, with all that is installed: for editors and for people.

It accepts every way of writing that the loader accepts, and refuses what the loader refuses
for its structure: unknown keys, names that nobody offers, values of the wrong kind or beyond
their bounds. What only shows once a world is built is left to the loader.
"""

from racegym.scenario.schema.whole import scenario_schema

__all__ = ["scenario_schema"]
