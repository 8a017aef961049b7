"""Backups of everything, what is made of them again, and the way from one database to the other (decision 58)."""
