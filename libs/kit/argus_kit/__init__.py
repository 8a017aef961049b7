"""What every service stands on, with no domain word in it."""
