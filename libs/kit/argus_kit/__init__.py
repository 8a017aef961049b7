"""What every service stands on, with no domain word in it."""

from argus_kit.later import imported_later

# Our logs show plain tracebacks; rich, which comes with the command line, would be loaded for others.
with imported_later("rich"):
    import structlog  # noqa: F401
