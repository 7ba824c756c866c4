"""Gymnasium's CarRacing-v3 as a backend for racegym."""
