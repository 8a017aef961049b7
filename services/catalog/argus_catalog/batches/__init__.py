"""Batches: lists, one batch, and everything that hangs on one batch."""
