"""Files that belong to a job or a batch."""
