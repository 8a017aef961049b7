"""Comparing batches: what their jobs reached, side by side, and the curve of each batch's best job."""
