"""The mail server in one piece. What is stored is the group `smtp` of the runtime configuration, and nothing else."""
