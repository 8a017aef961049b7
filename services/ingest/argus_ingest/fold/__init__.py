"""Events folded into the rows of batches and jobs: pure, in memory, tested by tables and properties."""
