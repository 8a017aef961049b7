"""Asks the server whether somebody clicked Stop, or Pause."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from argus._transport import HttpTransport

_TIMEOUT_S = 5.0


class StopPoller:
    """`poll()` is called periodically; `on_stop` once, when a stop was requested, and `on_pause` with every answer:
    whether a pause is asked for, which may be taken back.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], str | None],
        batch_id: str,
        on_stop: Callable[[], None],
        on_pause: Callable[[bool], None] | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._batch_id = batch_id
        self._on_stop = on_stop
        self._on_pause = on_pause
        self._transport: HttpTransport | None = None

    def poll(self) -> bool:
        """Ask once. True when there is nothing more to ask for; an answer that does not come is no answer."""
        import json
        from urllib.parse import quote

        from argus._transport import HttpTransport, Unreachable

        if self._transport is None:
            self._transport = HttpTransport(self._url, self._token, _TIMEOUT_S)
        try:
            reply = self._transport.request("GET", f"/api/batches/{quote(self._batch_id, safe='')}/stop-requested")
            answer = json.loads(reply.body) if reply.ok else None
        except (Unreachable, ValueError):
            return False
        if not isinstance(answer, dict):
            return False
        if self._on_pause is not None:
            self._on_pause(answer.get("pause_requested") is True)
        if not (answer.get("stop_requested") or answer.get("requested")):
            return False
        self._on_stop()
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()
