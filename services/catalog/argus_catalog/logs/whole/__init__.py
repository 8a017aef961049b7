"""Whole logs: pages to scroll through, searches, downloads."""
