"""Everything that the SDK's threads import, in one place, so that it is imported before a fork or after it.

A process that forks while another thread is in the middle of an import gives its child a module that is half there,
for good; the child may be the user's data loader and the module one of the standard library's. So the threads import
nothing themselves: the starter loads this module, and a fork waits for the starter.
"""

from __future__ import annotations

import email.parser  # read by importlib.metadata, late
import encodings.idna  # read by the first look-up of a host name

from argus import _adoption, _artifacts, _background, _encoder, _rejects, _resources, _sender, _transport, _worker

__all__ = [
    "_adoption",
    "_artifacts",
    "_background",
    "_encoder",
    "_rejects",
    "_resources",
    "_sender",
    "_transport",
    "_worker",
    "email",
    "encodings",
]

_resources.load_libraries()
if _transport.has_proxies():
    import urllib.request  # noqa: F401
