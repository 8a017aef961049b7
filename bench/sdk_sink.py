"""A server that acknowledges everything and does nothing else, so that what is measured beside it is the client.

`python -m bench.sdk_sink` prints its address and serves until its standard input ends.
"""

from __future__ import annotations

import gzip
import json
import socketserver
import sys
import threading

stored: set[str] = set()


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            method, path, _ = line.decode().split()
            headers = dict(iter(self._header, None))
            body = self.rfile.read(int(headers.get("content-length", 0)))
            self._answer(self._result(method, path, headers, body))

    def _header(self) -> tuple[str, str] | None:
        name, colon, value = self.rfile.readline().decode().partition(":")
        return (name.strip().lower(), value.strip()) if colon else None

    def _result(self, method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
        if path == "/stored":
            return {"stored": len(stored)}
        if method == "GET":
            return {"stop_requested": False}
        raw = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        ids = [event["event_id"] for event in json.loads(raw)["events"]]
        results = [
            {
                "event_id": event_id,
                "status": "deduplicated" if event_id in stored else "accepted",
                "db_id": 1,
                "error": None,
            }
            for event_id in ids
        ]
        stored.update(ids)
        return {"accepted": len(ids), "rejected": 0, "results": results}

    def _answer(self, answer: dict[str, object]) -> None:
        text = json.dumps(answer, separators=(",", ":")).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        self.wfile.write(head.encode() + text)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with _Server(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
