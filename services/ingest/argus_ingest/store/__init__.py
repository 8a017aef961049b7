"""One flush of events as one transaction."""
