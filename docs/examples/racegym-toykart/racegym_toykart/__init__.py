"""A simulator of one car, for racegym."""
