"""What `docs/make_reference.py` makes pages of."""
