"""Addresses outside of Argus that hear of a project."""
