"""Browser sessions: one row per JWT."""
