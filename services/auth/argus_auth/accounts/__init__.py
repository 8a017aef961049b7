"""People: registration, login, passwords, mail links, preferences."""
