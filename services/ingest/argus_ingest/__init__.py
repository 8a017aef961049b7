"""Events in: the only writer of batches, jobs, metrics, logs, hosts and artifacts."""
