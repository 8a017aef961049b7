"""Deleting an account: one's own, or another's by an administrator."""
