"""Run as a script by `_descriptors`: passes bytes on from descriptors to descriptors, and tells of them in frames.

Arguments: the descriptor to tell, then for each stream `number:from:to`. A frame is the stream's number, the length in
two bytes, and the bytes. Telling never waits: what the pipe has no room for is dropped (a terminal's output never is),
and a frame numbered 0 tells how many lines that were. Ends when nobody can write to it any more.
"""

import os
import selectors
import signal
import sys

# A write of this much to a pipe is whole or not at all.
_PIECE = 4_000
_READ = 65_536


n_dropped = 0


def main(arguments: list[str]) -> None:
    """Pass on until every source has ended."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    tell = int(arguments[0])
    os.set_blocking(tell, False)
    ways = {source: (number, to) for number, source, to in (map(int, way.split(":")) for way in arguments[1:])}
    _follow_size(ways)
    _write_frame(tell, 0, b"\0")  # ready
    waiting = selectors.DefaultSelector()
    for source in ways:
        waiting.register(source, selectors.EVENT_READ)
    while waiting.get_map():
        for key, _ in waiting.select():
            source = key.fd
            data = _read(source)
            if data:
                number, to = ways[source]
                _pass_on(to, data)
                _tell(tell, number, data)
            else:
                waiting.unregister(source)


def _read(source: int) -> bytes:
    try:
        return os.read(source, _READ)
    except OSError:
        return b""  # a pseudo-terminal ends with an error


def _pass_on(to: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(to, data) :]
    except OSError:
        pass  # the terminal has been closed; whoever writes must not be stopped by that


def _tell(tell: int, number: int, data: bytes) -> None:
    global n_dropped
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        if n_dropped and _write_frame(tell, 0, n_dropped.to_bytes(8, "big")):
            n_dropped = 0
        if n_dropped or not _write_frame(tell, number, piece):
            n_dropped += piece.count(b"\n") or 1


def _write_frame(tell: int, number: int, data: bytes) -> bool:
    try:
        os.write(tell, bytes([number]) + len(data).to_bytes(2, "big") + data)
    except OSError:
        return False  # no room, or nobody listens any more
    return True


def _follow_size(ways: dict[int, tuple[int, int]]) -> None:
    """Pseudo-terminals take the size that the true one is given."""
    import termios

    def resize(*_: object) -> None:
        for source, way in ways.items():
            try:
                termios.tcsetwinsize(source, termios.tcgetwinsize(way[1]))
            except (OSError, termios.error):
                pass

    signal.signal(signal.SIGWINCH, resize)


if __name__ == "__main__":
    main(sys.argv[1:])
