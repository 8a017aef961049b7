"""Outgoing mail: kept in the database until it is delivered."""
