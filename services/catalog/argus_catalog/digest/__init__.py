"""What happened in a day, for the mail that notifier makes of it."""
