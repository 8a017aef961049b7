"""Tells people what happened: in-app inbox, subscriptions, mail."""

__version__ = "0.4.0"
