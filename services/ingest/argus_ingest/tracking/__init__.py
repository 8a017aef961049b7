"""What other services ask of batches, jobs and hosts: transitions, creation, deletion."""
