"""The links at the end of a mail."""
