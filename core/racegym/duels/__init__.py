"""The overtaking benchmark: situations between cars that are equal but for a stated surplus."""
