"""Who belongs to a project, and as what."""
