"""Saved views: named filters, columns and orders of a page, of one person or for a project's members."""
