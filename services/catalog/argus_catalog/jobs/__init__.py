"""Jobs: the list over all batches, one job, its epochs and ETA."""
