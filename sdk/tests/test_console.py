"""What the training prints is reported, and its terminal stays as it is: in this process, in others, on a real pty."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
from collections import Counter
from pathlib import Path

import pytest

from argus._console import _BURST_LINES, Sink, capture


class Reports:
    """Takes log lines in as a reporter's buffer does."""

    def __init__(self):
        self.events = []
        self.job = None

    def add(self, event_type, job_id, data):
        assert event_type == "log_line"
        self.events.append((job_id, data["stream"], data["level"], data["line"]))

    @property
    def lines(self):
        return [line for _, _, _, line in self.events]

    def capture(self, mode="python"):
        return capture(self.add, lambda: self.job, mode)


@pytest.fixture
def reports():
    return Reports()


class Streams(dict):
    """A stdout and a stderr of the test's own, as files are."""

    def install(self, monkeypatch):
        """In the test itself: before it, pytest puts its own in their places once more."""
        for name in ("stdout", "stderr"):
            self[name] = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
            monkeypatch.setattr(sys, name, self[name])


@pytest.fixture
def streams():
    return Streams()


def written(stream):
    return stream.buffer.getvalue().decode()


class TestInProcess:
    def test_lines_are_reported_with_stream_level_and_job_and_still_written(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        print("before")
        reports.job = "job-1"
        print("epoch 1", "of 2")
        print("careful", file=sys.stderr)
        reports.job = None
        sys.stdout.writelines(["one\n", "two\n"])
        capturing.close()
        assert reports.events == [
            (None, "stdout", "info", "before"),
            ("job-1", "stdout", "info", "epoch 1 of 2"),
            ("job-1", "stderr", "warning", "careful"),
            (None, "stdout", "info", "one"),
            (None, "stdout", "info", "two"),
        ]
        assert written(streams["stdout"]) == "before\nepoch 1 of 2\none\ntwo\n"

    def test_the_streams_are_the_same_objects_before_during_and_after(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        write = sys.stdout.write
        capturing = reports.capture()
        assert sys.stdout is streams["stdout"]
        assert sys.stdout.buffer is streams["stdout"].buffer
        capturing.close()
        assert sys.stdout.write == write
        assert "write" not in vars(sys.stdout)

    def test_whoever_held_the_stream_before_is_heard(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        handler = sys.stderr
        capturing = reports.capture()
        handler.write("from a handler\n")
        capturing.close()
        assert reports.lines == ["from a handler"]

    def test_an_unfinished_line_is_reported_at_the_end(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        print("half", end="")
        capturing.close()
        assert reports.lines == ["half"]

    def test_lines_come_while_it_runs(self, reports, streams, monkeypatch, wait_until):
        streams.install(monkeypatch)
        capturing = reports.capture()
        print("now")
        wait_until(lambda: reports.lines == ["now"])
        capturing.close()

    def test_somebody_who_replaced_the_stream_meanwhile_keeps_theirs(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()

        class Wrapper(io.StringIO):
            def write(self, text):
                return streams["stdout"].write(f"<{text}>") and len(text)

        sys.stdout = wrapper = Wrapper()
        sys.stdout.write("a")
        capturing.close()
        assert sys.stdout is wrapper
        print("b")
        assert reports.lines == ["<a>"]
        assert written(streams["stdout"]) == "<a><b><\n>"

    def test_somebody_who_replaced_the_method_meanwhile_keeps_theirs(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        ours = sys.stdout.write
        sys.stdout.write = theirs = lambda text: ours(text.upper())
        capturing.close()
        assert sys.stdout.write is theirs
        print("b", end="")
        assert reports.lines == []
        assert written(streams["stdout"]) == "B"

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_at_once_leave_nothing_behind_in_any_order(self, reports, streams, monkeypatch, order):
        streams.install(monkeypatch)
        other = Reports()
        both = [reports.capture(), other.capture()]
        print("a")
        for place in order:
            both[place].close()
        assert "write" not in vars(sys.stdout)
        assert reports.lines == other.lines == ["a"]
        assert written(streams["stdout"]) == "a\n"

    def test_a_stream_that_takes_no_attributes_gets_a_stand_in(self, reports, monkeypatch):
        class Bare:
            __slots__ = ("texts",)
            encoding = "utf-8"

            def __init__(self):
                self.texts = []

            def write(self, text):
                self.texts.append(text)

            def flush(self):
                pass

        bare = Bare()
        monkeypatch.setattr(sys, "stdout", bare)
        capturing = reports.capture()
        print("a")
        sys.stdout.writelines(["b\n"])
        assert sys.stdout.encoding == "utf-8"
        capturing.close()
        assert sys.stdout is bare
        assert reports.lines == ["a", "b"]
        assert "".join(bare.texts) == "a\nb\n"

    def test_a_process_without_a_console_is_left_alone(self, reports, monkeypatch):
        monkeypatch.setattr(sys, "stdout", None)
        reports.capture().close()

    def test_the_users_own_error_stays_theirs(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        streams["stdout"].detach()
        with pytest.raises(ValueError, match="detached"):
            print("a")
        capturing.close()

    def test_threads_write_whole_lines_and_those_of_the_sdk_are_not_heard(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        threads = [threading.Thread(target=lambda: [sys.stdout.write("line\n") for _ in range(100)]) for _ in range(4)]
        threads.append(threading.Thread(target=lambda: print("a retry"), name="argus-sender"))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        capturing.close()
        assert Counter(reports.lines) == {"line": 400}

    def test_secrets_are_masked(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        print("token hf_" + "a" * 30)
        capturing.close()
        assert reports.lines == ["token ***"]

    @pytest.mark.parametrize("interpreter", ["", "/no/such/python"])
    def test_where_no_relay_can_be_started_pythons_streams_are_heard(self, reports, streams, monkeypatch, interpreter):
        streams.install(monkeypatch)
        monkeypatch.setattr(sys, "executable", interpreter)
        before = len(list(Path("/proc/self/fd").iterdir()))
        capturing = reports.capture("fd")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        print("a")
        capturing.close()
        assert reports.lines == ["a"]

    def test_pytests_own_capture_goes_on(self, reports, capsys):
        capturing = reports.capture()
        print("seen by both")
        capturing.close()
        assert capsys.readouterr().out == "seen by both\n"
        assert reports.lines == ["seen by both"]


class TestTooMuch:
    def test_what_is_left_out_is_counted(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        for number in range(_BURST_LINES + 500):
            print(number)
        capturing.close()
        assert reports.lines[0] == "0"
        told = [line for line in reports.lines if line.startswith("…")]
        n_dropped = sum(int(line.split()[1]) for line in told)
        assert n_dropped > 0
        assert len(reports.lines) - len(told) + n_dropped == _BURST_LINES + 500

    def test_after_a_pause_there_is_room_again(self, reports):
        times = [0.0]
        sink = Sink(reports.add, lambda: times[0])
        sink.take("stdout", None, "x\n" * (_BURST_LINES + 10))
        assert len(reports.lines) == _BURST_LINES
        times[0] = 1.0
        sink.tick()
        assert reports.lines[-1] == "… 10 lines of output were too many to send"
        sink.take("stdout", None, "more\n")
        assert reports.lines[-1] == "more"

    def test_a_text_without_end_is_cut(self, reports, streams, monkeypatch):
        streams.install(monkeypatch)
        capturing = reports.capture()
        print("x" * 10**6)
        capturing.close()
        assert sum(len(line) for line in reports.lines[:-1]) == 256 * 1024
        assert reports.lines[-1].startswith("… 1 lines")
        assert len(written(streams["stdout"])) == 10**6 + 1


def lines_of(ingest):
    return [(event["job_id"], event["data"]["line"]) for event in ingest.of_type("log_line")]


class TestProcesses:
    def test_a_real_run_reports_what_it_printed_by_job(self, script, ingest):
        process = script(
            "with reporter(capture_output=True) as r:\n"
            "    print('at the start')\n"
            "    for name in 'ab':\n"
            "        with r.job(name): print('in', name)\n"
            "print('after')\n"
        )
        assert process.communicate() == ("at the start\nin a\nin b\nafter\n", "")
        assert lines_of(ingest) == [(None, "at the start"), ("a", "in a"), ("b", "in b")]

    def test_the_environment_asks_for_it_too(self, script, ingest):
        process = script("with reporter(): print('hello')", ARGUS_CAPTURE_CONSOLE="1")
        assert process.communicate() == ("hello\n", "")
        assert lines_of(ingest) == [(None, "hello")]

    def test_a_forked_child_only_writes(self, script, ingest):
        process = script(
            "with reporter(capture_output=True):\n"
            "    print('parent', flush=True)\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        print('child', flush=True)\n"
            "        os._exit(0)\n"
            "    os.waitpid(pid, 0)\n"
        )
        assert process.communicate() == ("parent\nchild\n", "")
        assert lines_of(ingest) == [(None, "parent")]

    def test_a_server_that_refuses_makes_no_lines_of_its_own(self, script, ingest):
        ingest.token = "em_live_other"
        process = script("with reporter(capture_output=True): print('hello')", ARGUS_EXIT_FLUSH_S="0.5")
        output, errors = process.communicate()
        assert output == "hello\n"
        assert errors.count("\n") <= 3


CHILD = (
    "import ctypes, os, subprocess, sys\n"
    "with reporter(capture_output='fd') as r:\n"
    "    with r.job('j'):\n"
    "        print('from python', flush=True)\n"
    "        ctypes.CDLL(None).puts(b'from C')\n"
    "        subprocess.run(['sh', '-c', 'echo from a child; echo and its errors >&2'])\n"
    "        os.write(2, b'straight to it\\n')\n"
    "print('after')\n"
)


class TestDescriptors:
    def test_c_libraries_and_children_are_heard_and_all_is_written(self, script, ingest):
        output, errors = script(CHILD).communicate()
        assert sorted(output.splitlines()) == ["after", "from C", "from a child", "from python"]
        assert sorted(errors.splitlines()) == ["and its errors", "straight to it"]
        assert {line for _, line in lines_of(ingest)} == {
            "from C", "from a child", "from python", "and its errors", "straight to it",
        }  # fmt: skip

    def test_a_notebooks_stream_that_leads_to_no_descriptor_is_heard_as_well(self, script, ingest):
        process = script(
            "import io\n"
            "class OutStream(io.TextIOBase):\n"
            "    parts = []\n"
            "    def write(self, string):\n"
            "        self.parts.append(string)\n"
            "        return len(string)\n"
            "sys.stdout = OutStream()\n"
            "with reporter(capture_output='fd'):\n"
            "    print('a cell')\n"
            "    os.write(1, b'from C\\n')\n"
            "assert ''.join(OutStream.parts) == 'a cell\\n'\n"
        )
        assert process.communicate() == ("from C\n", "")
        assert {line for _, line in lines_of(ingest)} == {"a cell", "from C"}

    def test_what_was_written_before_a_crash_reaches_the_terminal(self, script):
        process = script(
            "with reporter(capture_output='fd'):\n"
            "    for number in range(1000): os.write(1, b'%d\\n' % number)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        output, _ = process.communicate()
        assert output.split() == [str(number) for number in range(1000)]

    def test_a_library_that_prints_much_while_it_holds_the_interpreter_does_not_hang(self, script):
        process = script(
            "import ctypes\n"
            "puts = ctypes.PyDLL(None).puts\n"
            "with reporter(capture_output='fd'):\n"
            "    for _ in range(100): puts(b'x' * 50_000)\n"
        )
        output, _ = process.communicate()
        assert len(output) == 100 * 50_001

    def test_the_descriptors_lead_back_even_while_a_child_still_writes(self, script):
        process = script(
            "import subprocess\n"
            "before = os.fstat(1)\n"
            "with reporter(capture_output='fd'):\n"
            "    child = subprocess.Popen(['sh', '-c', 'read x; echo late'], stdin=subprocess.PIPE)\n"
            "assert os.path.samestat(before, os.fstat(1))\n"
            "child.communicate(b'go\\n')\n"
            "print('end')\n"
        )
        output, errors = process.communicate()
        assert errors == ""
        assert sorted(output.split()) == ["end", "late"]

    def test_a_descriptor_that_was_led_elsewhere_meanwhile_stays_there(self, script, tmp_path):
        process = script(
            f"with reporter(capture_output='fd'):\n"
            f"    os.dup2(os.open({str(tmp_path / 'log')!r}, os.O_CREAT | os.O_WRONLY), 1)\n"
            f"print('to the file', flush=True)\n"
        )
        assert process.communicate()[0] == ""
        assert (tmp_path / "log").read_text() == "to the file\n"


class Terminal:
    """A real pseudo-terminal with a process on it."""

    def __init__(self, command, environment, columns=100):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)

    def read_until(self, word):
        data = b""
        while word not in data:
            data += os.read(self.master, 65_536)

    def output(self):
        data = b""
        while select.select([self.master], [], [], 60)[0]:
            try:
                piece = os.read(self.master, 65_536)
            except OSError:
                break
            if not piece:
                break
            data += piece
        self.process.wait()
        os.close(self.master)
        return data.decode()


TQDM = (
    "import json, os, shutil, sys\n"
    "from tqdm import tqdm\n"
    "from argus import Reporter\n"
    "options = dict(heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False)\n"
    "mode = {'': None}.get(sys.argv[1], sys.argv[1])\n"
    "with Reporter('run', source_project='t', capture_output=mode, **options) as r, r.job('j'):\n"
    "    facts = [s.isatty() for s in (sys.stdout, sys.stderr)] + [os.isatty(1), os.isatty(2)]\n"
    "    facts += [sys.stdout.fileno(), sys.stdout.encoding, list(os.get_terminal_size(2))]\n"
    "    form = '{l_bar}{bar}| {n_fmt}/{total_fmt}'\n"
    "    for _ in tqdm(range(300), desc='train', mininterval=0, miniters=1, bar_format=form): pass\n"
    "    print(json.dumps(facts))\n"
)


class TestTerminal:
    @pytest.fixture
    def on_a_terminal(self, ingest, tmp_path):
        def run(mode):
            (tmp_path / "bar.py").write_text(TQDM)
            environment = {**os.environ, "ARGUS_URL": ingest.url, "ARGUS_EXIT_FLUSH_S": "20"}
            return Terminal([sys.executable, str(tmp_path / "bar.py"), mode], environment).output()

        return run

    @pytest.mark.parametrize("mode", ["python", "fd"])
    def test_tqdm_draws_the_same_bytes_as_without_and_is_one_line_of_log(self, on_a_terminal, ingest, mode):
        plain = on_a_terminal("")
        assert '[true, true, true, true, 1, "utf-8", [100, 30]]' in plain
        assert on_a_terminal(mode) == plain
        lines = [line for _, line in lines_of(ingest)]
        assert [line for line in lines if "300/300" in line] != []
        assert sum(line.startswith("train:") for line in lines) <= 2
        if mode == "python":  # what comes by the descriptors belongs to the job that is active a moment later
            assert {job for job, _ in lines_of(ingest)} == {"j"}

    def test_an_interrupt_by_key_ends_the_training_and_not_what_brings_its_last_words(self, ingest, tmp_path):
        (tmp_path / "run.py").write_text(INTERRUPTED)
        environment = {**os.environ, "ARGUS_URL": ingest.url}
        terminal = Terminal([sys.executable, "-c", ON_ITS_TERMINAL, str(tmp_path / "run.py")], environment)
        terminal.read_until(b"ready\r\n")
        os.write(terminal.master, b"\x03")
        assert "interrupted" in terminal.output()
        assert terminal.process.returncode == 0
        assert "interrupted" in [line for _, line in lines_of(ingest)]


# Makes the terminal that of its own session, so that its keys send signals; a background job ignores interrupts, and so
# would its children.
ON_ITS_TERMINAL = (
    "import fcntl, os, signal, sys, termios\n"
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "os.setsid()\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)
INTERRUPTED = (
    "import signal\n"
    "from argus import Reporter\n"
    "options = dict(heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False)\n"
    "with Reporter('run', source_project='t', capture_output='fd', **options):\n"
    "    try:\n"
    "        print('ready', flush=True)\n"
    "        while True: signal.pause()\n"
    "    except KeyboardInterrupt:\n"
    "        print('interrupted', flush=True)\n"
)
