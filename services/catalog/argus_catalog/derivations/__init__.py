"""What follows from stored facts: pure functions, no I/O."""
