"""Deleting what was recorded: ingest, its only writer, is asked to."""
