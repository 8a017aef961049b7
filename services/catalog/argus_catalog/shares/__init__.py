"""Shares with people, and public links."""
