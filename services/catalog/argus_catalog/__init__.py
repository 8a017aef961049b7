"""Everything that is read: dashboard, projects, batches, jobs, curves, hosts; and what people add to it."""
