"""Projects: cards, one project, its active batches, boards and use of resources."""
