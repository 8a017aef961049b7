"""What the people of a project said about it: what it is for, which metric decides, what its tables show first."""
