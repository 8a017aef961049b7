"""The bus: the only package that talks to NATS, but for `argus_kit.bus_state`, which only asks how it is.

Publishing goes to JetStream and is acknowledged by it; `send`, `request` and `listen` are core NATS. A handler of a
durable consumer says what becomes of a message: return acknowledges it, `Retry` brings it back later, `Reject` sets it
aside. A lost server is waited for, for ever: subscriptions are taken up again by themselves.

`facade` is what services call, `link` the connection under it, `answers` core NATS, `consumers` and `tails` the two
ways to read a stream.
"""

from argus_kit.later import imported_later

# NATS over WebSockets is all that needs these.
with imported_later("aiohttp", "multidict"):
    import nats.aio.transport  # noqa: F401

from argus_kit.bus.facade import Bus
from argus_kit.bus.messages import BusUnavailable, Message, Outgoing, Reject, Retry, Unhandled
from argus_kit.bus.streams import Keeping
from argus_kit.bus.tails import Replay, Tail

__all__ = ["Bus", "BusUnavailable", "Keeping", "Message", "Outgoing", "Reject", "Replay", "Retry", "Tail", "Unhandled"]
