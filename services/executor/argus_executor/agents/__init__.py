"""Host agents: they register, poll for commands, acknowledge them, and say that they live."""
