"""One search over projects, batches, jobs, hosts and studies."""
