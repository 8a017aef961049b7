"""Stars and pins."""
