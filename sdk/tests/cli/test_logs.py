"""`argus logs`: the lines that are there, and those that come, each once."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from argus.cli.server import Server
from argus.cli.sse import LOST, follow


def log(job, *lines, level="info"):
    return [("log_line", job, {"line": line, "level": level}) for line in lines]


@pytest.fixture
def printing(post, request):
    """A running batch whose two jobs have printed."""
    batch_id = request.node.name[:60]
    post(
        batch_id,
        ("batch_start", None, {}),
        ("job_start", "a", {}),
        *log("a", "a 1", "a 2"),
        *log("b", "b 1", level="warning"),
    )
    return batch_id


class TestTail:
    def test_of_a_batch(self, argus, known, printing):
        assert argus("logs", printing).out == "a | a 1\na | a 2\nb | b 1\n"

    def test_of_a_job(self, argus, known, printing):
        assert argus("logs", printing, "a").out == "a 1\na 2\n"

    def test_the_newest(self, argus, known, printing):
        assert argus("logs", printing, "--tail", "2").out == "a | a 2\nb | b 1\n"
        assert argus("logs", printing, "--tail", "0").out == ""

    def test_of_a_level(self, argus, known, printing):
        assert argus("logs", printing, "--level", "warning").out == "b | b 1\n"

    def test_json_lines(self, argus, known, printing):
        first = argus("logs", printing, "--json").lines[0]
        assert (first["line"], first["job_id"], first["level"]) == ("a 1", "a", "info")

    def test_with_times(self, argus, known, printing):
        assert argus("logs", printing, "a", "-t").out.split()[2:4] == ["a", "1"]

    def test_more_than_a_page(self, argus, known, post, monkeypatch):
        from argus.cli import logs

        monkeypatch.setattr(logs, "_PAGE", 7)
        post("pages", ("batch_start", None, {}), *log("j", *map(str, range(30))))
        assert argus("logs", "pages", "j", "-n", "20").out.split() == [str(number) for number in range(10, 30)]

    def test_of_nothing(self, argus, known):
        assert argus("logs", "nothing").code == 1


class TestFollow:
    def test_until_the_batch_ends(self, command, known, printing, post):
        process = command("logs", "-f", printing)
        assert [process.stdout.readline() for _ in range(3)] == ["a | a 1\n", "a | a 2\n", "b | b 1\n"]
        post(printing, *log("a", "a 3"))
        assert process.stdout.readline() == "a | a 3\n"
        post(printing, *log("b", "b 2"), ("batch_done", None, {}))
        assert process.stdout.read() == "b | b 2\n"
        assert process.wait(180) == 0

    def test_a_job_until_it_ends(self, command, known, printing, post):
        process = command("logs", "-f", printing, "a", "--json")
        assert [json.loads(process.stdout.readline())["line"] for _ in range(2)] == ["a 1", "a 2"]
        post(printing, *log("b", "not mine"), *log("a", "a 3"), ("job_done", "a", {}))
        assert [json.loads(line)["line"] for line in process.stdout] == ["a 3"]
        assert process.wait(180) == 0

    def test_what_has_ended_is_printed_and_that_is_all(self, argus, known, printing, post):
        post(printing, ("batch_failed", None, {"reason": "x"}))
        assert argus("logs", "-f", printing).out.count("\n") == 3

    def test_a_stream_that_is_refused(self, argus, ada, printing):
        assert argus("logs", "-f", printing, "--url", ada.url, "--token", "em_live_x").code == 4


class Stream:
    """A server whose connections break: each entry of `answers` is a status and the frames of one connection."""

    def __init__(self, answers):
        self.answers = answers
        self.asked_from = []
        stream = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                stream.asked_from.append(self.headers.get("Last-Event-ID"))
                status, frames = stream.answers.pop(0)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(frames.encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def stream():
    made = []

    def start(*answers):
        made.append(Stream(list(answers)))
        return made[-1]

    yield start
    for one in made:
        one.server.shutdown()
        one.server.server_close()


class TestReconnecting:
    def test_goes_on_after_the_last_frame(self, stream):
        hello = 'event: hello\ndata: {"last_event_id":"4-999"}\n\n'
        broken = stream(
            (200, f"{hello}: keepalive\n\n"),
            (503, ""),
            (200, 'id: 5-0\nevent: log_line\ndata: {"n":1}\n\nid: 5-1\nevent: log_line\ndata: {"n":2'),
            (200, 'id: 5-1\nevent: log_line\ndata: {"n":2}\n\nevent: bye\ndata: {}\n\n'),
        )
        with Server(broken.url, "t") as server:
            frames = []
            for frame in follow(server, "/api/sse", "batch:b"):
                frames.append((frame.name, (frame.data or {}).get("n") if frame.name != LOST else None))
                if frame.name == "bye":
                    break
        assert [frame for frame in frames if frame[0] != LOST] == [
            ("hello", None), ("log_line", 1), ("log_line", 2), ("bye", None),
        ]  # fmt: skip
        assert frames.count((LOST, None)) == 3
        assert broken.asked_from == [None, "4-999", "4-999", "5-0"]

    def test_a_line_is_printed_once_whatever_is_repeated(self, argus, stream, monkeypatch):
        """The stream says a line that REST has said, twice; then a gap, which REST fills."""
        from argus.cli import logs

        line = {"event_id": "e1", "event_type": "log_line", "job_id": "j", "timestamp": "2026-01-01T00:00:00Z"}
        event = json.dumps({**line, "data": {"line": "one"}})
        frames = "event: hello\ndata: {}\n\n" + f"id: 1-1\nevent: log_line\ndata: {event}\n\n" * 2
        broken = stream((200, frames + 'event: resync\ndata: {"reason":"gap"}\n\nevent: closed\ndata: {}\n\n'))
        row = {"event_id": "e1", "id": 1, "job_id": "j", "level": "info", "line": "one", "ts": line["timestamp"]}
        pages = [[row], [{**row, "event_id": "e2", "id": 2, "line": "two"}], [row]]
        monkeypatch.setattr(logs._Reader, "_until", lambda self, row_id, count: [pages.pop(0), row_id][0])
        monkeypatch.setattr(logs._Reader, "is_over", lambda self: False)
        assert argus("logs", "-f", "b", "--url", broken.url, "--token", "t").out == "j | one\nj | two\n"
