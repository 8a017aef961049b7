"""Log lines of batches and jobs."""
