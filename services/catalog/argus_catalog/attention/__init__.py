"""What may need a person: failures, silence, GPUs that are held and idle, machines in trouble."""
