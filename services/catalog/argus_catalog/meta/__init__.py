"""Texts that the app shows where there is nothing to show."""
