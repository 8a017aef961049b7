"""The auth service: who a person is, what proves it, and what was done in whose name."""
