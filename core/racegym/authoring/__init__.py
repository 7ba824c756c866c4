"""Tools for authors of plugins: a package to start from, and a check of what it offers."""
