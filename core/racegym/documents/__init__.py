"""YAML documents that people write: read with the line of every value, and checked."""
