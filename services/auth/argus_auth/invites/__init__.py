"""Invites: codes with which one may register where registration is not open to all."""
