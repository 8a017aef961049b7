"""Turns events of batches and jobs into notifications and mails."""
