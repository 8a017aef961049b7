"""How the work of a project goes: why jobs failed, which GPU-hours were of use, what happened each day."""
