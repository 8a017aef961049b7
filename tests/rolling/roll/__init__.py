"""A system of two replicas that is restarted and upgraded under load: its code, its traffic, and what became of it."""
