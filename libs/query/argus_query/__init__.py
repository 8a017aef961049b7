"""The query language: a text becomes a tree, and the tree a condition on jobs or batches."""

__version__ = "0.4.0"
