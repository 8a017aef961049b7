"""What crosses a wire in Argus: events, bus subjects and payloads, token format and error codes.

Import from the modules: ``events``, ``decoding``, ``bus``, ``errors``, ``tokens``, ``vectors``.
"""

__version__ = "0.4.0"
