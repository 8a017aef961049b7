"""Agents on training hosts, and the commands that they are given."""
