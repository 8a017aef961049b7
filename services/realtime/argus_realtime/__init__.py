"""Live streams: Server-Sent Events from the bus to open pages."""

__version__ = "0.4.0"
