"""The life of a job in the order of time."""
