"""Signing in with an account elsewhere: GitHub, and OpenID Connect providers found by discovery."""
