"""What others cost for the same: one script a rival, run by a Python of its own in which that rival is installed."""
