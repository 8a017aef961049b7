"""The keys that sign sessions."""
