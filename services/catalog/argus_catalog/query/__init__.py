"""Asking for jobs in a small language of conditions. `docs/query.md` tells it to people."""
