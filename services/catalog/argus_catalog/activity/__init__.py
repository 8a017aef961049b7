"""What happened in a batch, as a list of events for people."""
