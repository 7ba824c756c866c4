"""A run as one HTML page that needs nothing else: no network, no other file."""

from racegym.report.page.page import write_page

__all__ = ["write_page"]
