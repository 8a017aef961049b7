"""Who may see and change what: decided here and nowhere else."""
