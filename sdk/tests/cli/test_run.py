"""`argus run`: any command as a run; what it prints, how it ends, what it uses, and who reports it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = sys.executable


def batch_of(process):
    """The batch that `argus run --json` said it reports into."""
    first = json.loads(process.stdout.readline())
    assert first["type"] == "start"
    return first["batch_id"]


@pytest.fixture
def finished(command):
    """Run a command to its end: exit code, what `--json` said."""

    def run(*words, **environment):
        process = command("run", "--json", *words, **environment)
        out, err = process.communicate(timeout=180)
        assert "Traceback" not in err, err
        return process.returncode, [json.loads(line) for line in out.splitlines()]

    return run


class TestOutcome:
    def test_a_command_is_a_batch_with_one_job(self, finished, known, script):
        path = script("print('hello')")
        code, told = finished("-p", "vision", "--model", "m", "--dataset", "d", "--", PYTHON, path, "--lr", "1")
        assert code == 0
        batch_id = told[0]["batch_id"]
        assert told[0]["url"] == f"{known.url}/batches/{batch_id}"
        batch = known.get(f"/api/batches/{batch_id}")
        assert (batch["status"], batch["project"], batch["n_done"], batch["n_total"]) == ("done", "vision", 1, 1)
        assert batch["command"].startswith("argus run --json -p vision")
        [job] = known.get(f"/api/batches/{batch_id}/jobs")
        assert (job["id"], job["status"], job["model"], job["dataset"]) == ("train", "done", "m", "d")
        assert "pip_freeze" in batch["env_snapshot"]  # of the same interpreter
        assert "pid" not in batch["env_snapshot"]
        assert f"{path} --lr 1" in known.get(f"/api/jobs/{batch_id}/train")["extra"]["command"]

    def test_nothing_is_told_of_an_interpreter_that_is_not_the_commands(self, finished, known):
        _, told = finished("--", "/bin/echo", "hello")
        snapshot = known.get(f"/api/batches/{told[0]['batch_id']}")["env_snapshot"]
        assert "hostname" in snapshot
        assert not {"pip_freeze", "executable"} & set(snapshot)

    def test_output_is_shown_and_becomes_log_lines(self, command, known, script):
        path = script("import sys; print('out'); print('\\x1b[31merr\\x1b[0m', file=sys.stderr); sys.exit(7)")
        process = command("run", "--", PYTHON, path)
        out, err = process.communicate(timeout=180)
        assert (process.returncode, out) == (7, "out\n")
        assert "\x1b[31merr\x1b[0m\n" in err
        batch_id = err.split("/batches/")[1].split()[0]
        lines = known.get(f"/api/jobs/{batch_id}/train/log-lines")
        assert {(line["line"], line["level"]) for line in lines} == {("out", "info"), ("err", "warning")}

    def test_secrets_are_masked_and_a_flood_hides_no_reason(self, finished, known, script):
        secret = "hf_0123456789abcdefghij"
        path = script(f"for i in range(20_000): print(i)\nprint('{secret}')\nraise ValueError('{secret} is bad')")
        _, told = finished("--", PYTHON, path)
        [job] = known.get(f"/api/batches/{told[0]['batch_id']}/jobs")
        assert job["reason"].endswith(" is bad")
        assert secret not in job["reason"]
        assert sum(one["type"] == "line" and one["stream"] == "stdout" for one in told) == 20_001
        lines = known.get(f"/api/batches/{told[0]['batch_id']}/log-lines", limit=2000)
        assert secret not in str(lines)

    def test_the_reason_of_a_failure(self, finished, known, script):
        code, told = finished("--", PYTHON, script("raise ValueError('bad lr')"))
        assert code == 1
        batch_id = told[0]["batch_id"]
        [job] = known.get(f"/api/batches/{batch_id}/jobs")
        assert job["status"] == "failed"
        assert job["reason"].startswith("exit code 1\n")
        assert job["reason"].endswith("ValueError: bad lr")
        batch = known.get(f"/api/batches/{batch_id}")
        assert (batch["status"], batch["error"]) == ("failed", job["reason"])

    def test_a_command_that_is_killed(self, finished, known, script):
        code, told = finished("--", PYTHON, script("import os; os.kill(os.getpid(), 9)"))
        assert code == 137
        assert told[-1]["reason"] == "killed by SIGKILL"

    @pytest.mark.parametrize(("program", "code"), [("no-such-program", 127), ("./plain.txt", 127)])
    def test_no_such_program(self, argus, known, home, program, code):
        (home / "plain.txt").write_text("text")
        assert argus("run", "--", program).code == code

    def test_without_a_server_the_command_runs_all_the_same(self, command, script):
        process = command("run", PYTHON, script("print('trained')"))
        out, err = process.communicate(timeout=180)
        assert (process.returncode, out) == (0, "trained\n")
        assert "nothing is reported" in err

    def test_with_a_server_that_is_away_too(self, command, script, journals):
        process = command("run", "--", PYTHON, script("print('trained')"), ARGUS_URL="http://127.0.0.1:9",
                          ARGUS_TOKEN="em_live_x", ARGUS_EXIT_FLUSH_S="0.2")  # fmt: skip
        out, err = process.communicate(timeout=180)
        assert (process.returncode, out) == (0, "trained\n")
        assert "wait in the journal" in err
        assert list(journals.glob("*.jsonl"))

    def test_what_it_and_its_children_use(self, command, known, script, eventually):
        child = "import time; blob = bytearray(80_000_000); print('ready', flush=True); time.sleep(100)"
        path = script(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
        process = command("run", "--json", "--", PYTHON, path)
        batch_id = batch_of(process)
        eventually(lambda: known.http.get(f"/api/batches/{batch_id}").status_code == 200)
        found = eventually(lambda: known.get(f"/api/batches/{batch_id}/resources")["snapshots"])
        assert found[0]["proc_ram_mb"] > 5
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=180)


class TestSignals:
    CATCHES = (
        "import signal, sys, time\n"
        "signal.signal(signal.{0}, lambda *_: (print('got {0}', flush=True), sys.exit(5)))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
    def test_go_to_the_command(self, command, known, script, name):
        process = command("run", "--json", "--", PYTHON, script(self.CATCHES.format(name)))
        batch_of(process)
        assert json.loads(process.stdout.readline())["line"] == "ready"
        process.send_signal(getattr(signal, name))
        out, _ = process.communicate(timeout=180)
        assert f"got {name}" in out
        assert process.returncode == 5

    def test_a_stop_ends_the_command_and_its_children(self, command, known, script, eventually):
        path = script(
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
            "print(child.pid, flush=True)\n"
            "child.wait()\n"
        )
        process = command("run", "--json", "--", PYTHON, path)
        batch_id = batch_of(process)
        child = int(json.loads(process.stdout.readline())["line"])
        eventually(lambda: known.http.get(f"/api/batches/{batch_id}").status_code == 200)
        assert known.http.post(f"/api/batches/{batch_id}/stop").status_code == 200
        out, _ = process.communicate(timeout=180)
        assert process.returncode == 143
        assert "stopped on request (killed by SIGTERM)" in out
        assert known.get(f"/api/batches/{batch_id}")["status"] == "stopped"
        assert known.get(f"/api/batches/{batch_id}/jobs")[0]["status"] == "stopped"
        eventually(lambda: not _is_running(child))

    def test_one_that_does_not_listen_is_killed(self, command, known, script, eventually):
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\n"
        process = command("run", "--json", "--grace", "0.3", "--", PYTHON, script(f"{code}while True: time.sleep(1)"))
        batch_id = batch_of(process)
        process.stdout.readline()
        eventually(lambda: known.http.get(f"/api/batches/{batch_id}").status_code == 200)
        known.http.post(f"/api/batches/{batch_id}/stop")
        process.communicate(timeout=180)
        assert process.returncode == 137


class TestReportsItself:
    """A command whose own code reports does so into the same batch, and no job is told twice."""

    SWEEP = (
        "import argus, sys, os\n"
        "from argus import Reporter\n"
        "with Reporter('own', source_project='vision', n_total=2) as r:\n"
        "    print(r.batch_id, os.getpid(), flush=True)\n"
        "    for name in ('a', 'b'):\n"
        "        with r.job(name) as job:\n"
        "            job.epoch(0, train_loss=0.5)\n"
    )

    def jobs(self, known, batch_id):
        return {job["id"]: job["status"] for job in known.get(f"/api/batches/{batch_id}/jobs")}

    def test_its_jobs_stand_in_place_of_ours(self, finished, known, script):
        code, told = finished("--", PYTHON, script(self.SWEEP))
        batch_id = told[0]["batch_id"]
        own_batch, pid = told[1]["line"].split()
        assert (code, own_batch) == (0, batch_id)
        assert self.jobs(known, batch_id) == {"a": "done", "b": "done"}
        batch = known.get(f"/api/batches/{batch_id}")
        assert (batch["status"], batch["n_done"], batch["n_failed"], batch["project"]) == ("done", 2, 0, "vision")
        assert batch["env_snapshot"]["pid"] == int(pid)
        lines = known.get(f"/api/batches/{batch_id}/log-lines")
        assert told[1]["line"] in {line["line"] for line in lines}

    @pytest.mark.parametrize(
        ("ending", "code", "status", "error"),
        [
            ("raise ValueError('bad')", 1, "failed", "exit code 1\n"),
            ("sys.exit(3)", 3, "failed", "exit code 3"),
            ("os.kill(os.getpid(), 9)", 137, "failed", "killed by SIGKILL"),
        ],
    )
    def test_an_end_that_it_did_not_tell_is_told(self, finished, known, script, ending, code, status, error):
        found, told = finished("--", PYTHON, script(self.SWEEP + ending))
        batch = known.get(f"/api/batches/{told[0]['batch_id']}")
        assert (found, batch["status"]) == (code, status)
        assert batch["error"].startswith(error)

    def test_its_own_reason_stays(self, finished, known, script):
        code, told = finished("--", PYTHON, script(self.SWEEP + "    raise ValueError('bad lr')"))
        batch = known.get(f"/api/batches/{told[0]['batch_id']}")
        assert (code, batch["status"], batch["error"]) == (1, "failed", "ValueError: bad lr")

    def test_argus_init(self, finished, known, script):
        code = "import argus\nrun = argus.init(project='vision')\nrun.log({'loss': 1.0})\nrun.finish()\n"
        _, told = finished("--", PYTHON, script(code))
        jobs = self.jobs(known, told[0]["batch_id"])
        assert "train" not in jobs
        assert list(jobs.values()) == ["done"]

    def test_a_wrapper_in_a_wrapper(self, finished, known, script):
        inner = [PYTHON, "-m", "argus", "run", "--name", "inner", "--quiet", "--", PYTHON, script("print('hello')")]
        code, told = finished("--name", "outer", "--", *inner)
        batch_id = told[0]["batch_id"]
        assert (code, self.jobs(known, batch_id)) == (0, {"inner": "done"})
        assert known.get(f"/api/batches/{batch_id}")["status"] == "done"

    def test_a_stop_leaves_it_time_to_end_well(self, command, known, script, eventually):
        path = script(
            "import time\nfrom argus import Reporter\n"
            "with Reporter('own', stop_polling=0.2) as r, r.job('a') as job:\n"
            "    print('ready', flush=True)\n"
            "    while not job.stopped: time.sleep(0.05)\n"
            "    print('left the loop', flush=True)\n"
        )
        process = command("run", "--json", "--", PYTHON, path)
        batch_id = batch_of(process)
        process.stdout.readline()
        eventually(lambda: known.http.get(f"/api/batches/{batch_id}").status_code == 200)
        eventually(lambda: "a" in self.jobs(known, batch_id))
        known.http.post(f"/api/batches/{batch_id}/stop")
        out, _ = process.communicate(timeout=180)
        assert process.returncode == 0
        assert "left the loop" in out
        assert known.get(f"/api/batches/{batch_id}")["status"] == "stopped"


class TestOffline:
    def test_a_journal_is_written_and_synced_later(self, finished, argus, known, script, journals):
        code, told = finished("--offline", "--", PYTHON, script("print('far away')"))
        batch_id = told[0]["batch_id"]
        assert (code, told[0]["mode"]) == (0, "offline")
        assert known.http.get(f"/api/batches/{batch_id}").status_code == 404
        report = argus("sync", "--verify", "--json").json
        assert (report["ok"], report["proof"], report["left"]) == (True, True, [])
        assert report["stored"] == report["verified"] == report["batches"][batch_id]["stored"] > 3
        assert known.get(f"/api/batches/{batch_id}")["status"] == "done"

    def test_a_command_that_reports_itself(self, finished, argus, known, script):
        _, told = finished("--offline", "--", PYTHON, script(TestReportsItself.SWEEP))
        assert argus("sync").code == 0
        jobs = TestReportsItself().jobs(known, told[0]["batch_id"])
        assert jobs == {"a": "done", "b": "done", "train": "cancelled"}


class TestTerminal:
    def run_on_terminal(self, *words):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [PYTHON, "-m", "argus", "run", *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            output = b""
            while chunk := _read(ours):
                output += chunk
            code = process.wait(180)
        os.close(ours)
        return code, output

    def test_the_command_sees_one_where_we_do(self, known, script):
        path = script("import sys; print([s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr)])")
        code, output = self.run_on_terminal("--", PYTHON, path)
        assert code == 0
        assert b"[True, True, True]" in output

    def test_and_none_where_we_have_none(self, command, known, script):
        path = script("import sys; print([s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr)])")
        out, _ = command("run", "--", PYTHON, path).communicate(timeout=180)
        assert out == "[False, False, False]\n"

    def test_ctrl_c_reaches_the_command_once(self, known, script):
        path = script(
            "import signal, sys, time\n"
            "hits = []\n"
            "signal.signal(signal.SIGINT, lambda *_: hits.append(1))\n"
            "print('ready', flush=True)\n"
            "while not hits: time.sleep(0.05)\n"
            "time.sleep(0.5)\n"
            "print('hits', len(hits), flush=True)\n"
            "sys.exit(4)\n"
        )
        spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
        words = [PYTHON, "-c", spawn, PYTHON, "-m", "argus", "run", "--", PYTHON, path]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert any(b"ready" in line for line in iter(process.stdout.readline, b""))
            process.stdin.write(b"\x03")
            process.stdin.flush()
            rest = process.stdout.read()
            assert process.wait(180) == 4
        assert b"hits 1" in rest

    def test_a_bar_stays_one_and_is_logged_as_it_ended(self, known, script):
        code = "import sys\nfor i in range(5): sys.stderr.write(f'\\r{25 * i}% {i}/4')\nsys.stderr.write('\\n')"
        _, output = self.run_on_terminal("--", PYTHON, script(code))
        assert b"\r0% 0/4\r25% 1/4\r50% 2/4\r75% 3/4\r100% 4/4" in output
        batch_id = output.split(b"/batches/")[1].split()[0].decode()
        assert [line["line"] for line in known.get(f"/api/batches/{batch_id}/log-lines")] == ["100% 4/4"]


def _read(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def _is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
