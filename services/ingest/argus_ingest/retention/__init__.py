"""Old rows leave in small slices; curves stay."""
