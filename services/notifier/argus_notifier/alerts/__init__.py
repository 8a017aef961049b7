"""Turns what happened into notifications, mails and messages to channels; `telling.tell` is the one way there."""
