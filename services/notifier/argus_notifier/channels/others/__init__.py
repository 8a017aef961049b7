"""Services that are reached by the plug-ins of apprise. Nothing here but `services` is imported before one is used."""
