"""Personal tokens, agent tokens, and when they were last used."""
