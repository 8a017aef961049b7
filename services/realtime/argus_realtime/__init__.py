"""Live streams: Server-Sent Events from the bus to open pages."""

__version__ = "0.1.0"
