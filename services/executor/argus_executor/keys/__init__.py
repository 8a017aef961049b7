"""The keys that sign commands."""
