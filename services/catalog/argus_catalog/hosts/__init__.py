"""Hosts: cards, snapshots, and how a host's load divides among batches."""
