"""Argus in one process: every service's routes and workers around one platform."""
