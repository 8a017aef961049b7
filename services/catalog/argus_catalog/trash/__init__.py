"""What was deleted, until it is removed for good."""
