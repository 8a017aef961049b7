"""Sums over people."""
