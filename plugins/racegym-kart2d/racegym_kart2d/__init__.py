"""racegym's default backend: planar vehicle dynamics for thousands of cars at once."""
