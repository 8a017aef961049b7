"""What administrators do with people."""
