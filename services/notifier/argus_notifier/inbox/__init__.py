"""The in-app inbox: what a person was told, and what they have read."""
