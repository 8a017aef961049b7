"""Runtime configuration and feature flags."""
