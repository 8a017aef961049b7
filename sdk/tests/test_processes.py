"""What happens to events when processes die, fork, exit or are told to end. Each test runs real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import argus


def finish(process, timeout_s=20):
    out, err = process.communicate(timeout=timeout_s)
    return process.returncode, out, err


class TestKill:
    def test_what_a_killed_process_took_is_delivered_by_the_next(self, ingest, script, reporter, journals):
        ingest.down()
        process = script(
            "r = reporter('killed')\n"
            "r.__enter__()\n"
            "job = r.job('j1').__enter__()\n"
            "for epoch in range(300):\n"
            "    job.epoch(epoch, train_loss=0.1)\n"
            "time.sleep(0.6)\n"
            "print('ready', flush=True)\n"
            "time.sleep(60)\n"
        )
        assert process.stdout.readline() == "ready\n"
        process.kill()
        finish(process)
        ingest.up()
        with reporter("heir") as r:
            pass
        killed = [event for event in ingest.events.values() if event["batch_id"].startswith("killed")]
        assert [event["data"]["epoch"] for event in killed if event["event_type"] == "job_epoch"] == list(range(300))
        assert r.stats.adopted == len(killed) == 302
        assert r.stats.acked == r.stats.accepted == 2
        assert list(journals.iterdir()) == []

    def test_a_journal_of_a_living_process_is_left_alone(self, ingest, script, reporter):
        ingest.token = "not yet"
        process = script("r = reporter('living')\nr.__enter__()\ntime.sleep(0.5)\nprint('up', flush=True)\ninput()\n")
        process.stdout.readline()
        ingest.token = "em_live_test"
        with reporter("other") as r:
            pass
        assert r.stats.adopted == 0
        process.kill()
        finish(process)

    def test_killed_while_the_server_acknowledges_gives_no_event_twice(self, ingest, script, reporter):
        process = script(
            "r = reporter('killed')\n"
            "r.__enter__()\n"
            "job = r.job('j1').__enter__()\n"
            "for epoch in range(100000):\n"
            "    job.epoch(epoch, train_loss=0.1)\n"
            "    time.sleep(0.0005)\n"
        )
        time.sleep(1.7)
        process.kill()
        finish(process)
        with reporter("heir"):
            pass
        epochs = [event["data"]["epoch"] for event in ingest.of_type("job_epoch")]
        assert epochs == list(range(len(epochs)))
        assert len(epochs) > 100


class TestExit:
    def test_an_exception_fails_job_and_batch_with_its_text(self, ingest, script):
        code, _, err = finish(
            script("with reporter() as r:\n  with r.job('j1') as j:\n    raise ValueError('nan loss')\n")
        )
        assert code == 1
        assert "ValueError: nan loss" in err
        assert ingest.of_type("job_failed")[0]["data"]["reason"] == "ValueError: nan loss"
        assert ingest.of_type("batch_failed")[0]["data"]["reason"] == "ValueError: nan loss"

    def test_an_open_batch_is_failed_when_the_interpreter_ends(self, ingest, script):
        code, _, err = finish(
            script("r = reporter()\nr.__enter__()\nr.job('j1').__enter__().epoch(0, train_loss=1.0)\n")
        )
        assert (code, err) == (0, "")
        assert ingest.types() == {"batch_start": 1, "job_start": 1, "job_epoch": 1, "batch_failed": 1}
        assert "before the batch was closed" in ingest.of_type("batch_failed")[0]["data"]["reason"]

    def test_ctrl_c_fails_the_batch(self, ingest, script, wait_until):
        process = script("with reporter() as r:\n  with r.job('j1') as j:\n    time.sleep(60)\n")
        wait_until(lambda: ingest.types()["job_start"] == 1)
        process.send_signal(signal.SIGINT)
        code, _, _ = finish(process)
        assert code == -signal.SIGINT
        assert ingest.of_type("batch_failed")[0]["data"]["reason"] == "KeyboardInterrupt"

    def test_sigterm_fails_the_batch_and_kills_as_before(self, ingest, script, wait_until):
        process = script("with reporter() as r:\n  with r.job('j1') as j:\n    time.sleep(60)\n")
        wait_until(lambda: ingest.types()["job_start"] == 1)
        process.send_signal(signal.SIGTERM)
        code, _, _ = finish(process)
        assert code == -signal.SIGTERM
        assert ingest.of_type("batch_failed")[0]["data"]["reason"] == "terminated by SIGTERM"

    def test_a_handler_of_the_user_is_left_in_place(self, ingest, script, wait_until):
        process = script(
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\nwith reporter() as r:\n  time.sleep(60)\n"
        )
        wait_until(lambda: ingest.types()["batch_start"] == 1)
        process.send_signal(signal.SIGTERM)
        code, _, _ = finish(process)
        assert code == 3
        assert ingest.of_type("batch_failed")[0]["data"]["reason"] == "SystemExit: 3"

    def test_os_exit_leaves_the_journal_to_the_next(self, ingest, script, reporter):
        finish(
            script("r = reporter('gone')\nr.__enter__()\nr.emit('log_line', line='x')\ntime.sleep(0.4)\nos._exit(0)\n")
        )
        with reporter("heir"):
            pass
        assert len([event for event in ingest.events.values() if event["batch_id"].startswith("gone")]) == 2

    def test_exit_zero_inside_the_batch_is_a_good_end(self, ingest, script):
        finish(script("with reporter() as r:\n  sys.exit(0)\n"))
        assert ingest.types() == {"batch_start": 1, "batch_done": 1}

    def test_the_end_is_bounded_when_the_server_is_away(self, ingest, script, journals):
        ingest.down()
        process = script(
            "with reporter() as r:\n  with r.job('j1') as j:\n    j.epoch(0, train_loss=1.0)\n"
            "    print('in', flush=True)\n"
            "    time.sleep(60)\n",
            ARGUS_EXIT_FLUSH_S="0.3",
        )
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        code, _, _ = finish(process)
        assert code == -signal.SIGTERM
        left = b"".join(path.read_bytes() for path in journals.glob("journal-*.jsonl"))
        assert left.count(b"\n") == 4
        assert b"terminated by SIGTERM" in left

    def test_a_second_ctrl_c_ends_the_waiting_and_the_journal_has_it_all(self, ingest, script, journals):
        ingest.down()
        process = script(
            "with reporter() as r:\n  with r.job('j1') as j:\n    j.epoch(0, train_loss=1.0)\n"
            "    try:\n      print('in', flush=True)\n      time.sleep(60)\n"
            "    finally:\n      print('out', flush=True)\n",
            ARGUS_EXIT_FLUSH_S="60",
        )
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.readline()
        while not any(b"batch_failed" in path.read_bytes() for path in journals.glob("journal-*.jsonl")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
        assert code == -signal.SIGINT
        assert "delivered with the next run" in err

    def test_reporting_while_the_interpreter_shuts_down_harms_nobody(self, ingest, script):
        code, _, err = finish(
            script(
                "import atexit, threading\n"
                "r = reporter()\nr.__enter__()\njob = r.job('j1').__enter__()\n"
                "def forever():\n  n = 0\n  while True:\n"
                "    job.epoch(n, train_loss=0.5)\n    n += 1\n    time.sleep(0.001)\n"
                "threading.Thread(target=forever, daemon=True).start()\n"
                "class Last:\n  def __del__(self): job.log('from a finalizer')\n"
                "last = Last()\natexit.register(lambda: job.log('from an exit hook'))\ntime.sleep(0.3)\n"
            )
        )
        assert code == 0
        assert "Traceback" not in err
        assert ingest.types()["batch_failed"] == 1
        epochs = [event["data"]["epoch"] for event in ingest.of_type("job_epoch")]
        assert epochs == list(range(len(epochs)))

    def test_a_notebook_that_runs_its_cells_again_leaves_no_batch_open(self, ingest, script):
        code, out, err = finish(
            script(
                "for cell in range(3):\n"
                "  r = reporter('cell')\n  r.__enter__()\n  job = r.job('j1').__enter__()\n"
                "  for epoch in range(10): job.epoch(epoch, train_loss=0.5)\n"
                "  assert r.flush(5)\n"
                "print(r.stats.acked, r.stats.dropped)\n"
            )
        )
        assert (code, err, out) == (0, "", "12 0\n")
        assert ingest.types() == {"batch_start": 3, "job_start": 3, "job_epoch": 30, "batch_failed": 3}


class TestThreads:
    def test_many_threads_report_into_one_job(self, ingest, script):
        code, out, err = finish(
            script(
                "import threading\n"
                "with reporter() as r:\n"
                "  with r.job('j1') as job:\n"
                "    def work(k):\n"
                "      for n in range(500):\n"
                "        job.metric(f'm{k}', n / 7, step=n)\n"
                "        if n % 100 == 0: job.log(f'{k} {n}')\n"
                "    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]\n"
                "    [thread.start() for thread in threads]\n    [thread.join() for thread in threads]\n"
                "print(r.stats.accepted, r.stats.acked)\n"
            )
        )
        assert (code, err, out) == (0, "", "4044 4044\n")
        assert ingest.types()["job_step"] == 4000
        assert ingest.duplicates == 0


class TestSpawn:
    def test_spawned_children_report_into_the_batch_by_its_id(self, ingest, script):
        code, _, err = finish(
            script(
                "import multiprocessing\n"
                "def work(batch_id, n):\n"
                "  with reporter(batch_id=batch_id, joined=True) as child, child.job(f'j{n}') as job:\n"
                "    for epoch in range(20): job.epoch(epoch, train_loss=0.1)\n"
                "if __name__ == '__main__':\n"
                "  with reporter() as r:\n"
                "    spawn = multiprocessing.get_context('spawn')\n"
                "    children = [spawn.Process(target=work, args=(r.batch_id, n)) for n in range(2)]\n"
                "    [child.start() for child in children]\n"
                "    [child.join() for child in children]\n"
                "    assert [child.exitcode for child in children] == [0, 0]\n"
            )
        )
        assert (code, err) == (0, "")
        assert ingest.types()["job_epoch"] == 40
        assert ingest.types()["job_done"] == 2
        assert len({event["batch_id"] for event in ingest.events.values()}) == 1

    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_a_child_that_forgets_to_close_fails_its_batch_as_any_process_does(self, ingest, script, method):
        code, _, err = finish(
            script(
                "import multiprocessing\n"
                "def work():\n"
                "  child = reporter('child')\n  child.__enter__()\n  child.job('j1').__enter__().epoch(0)\n"
                "if __name__ == '__main__':\n"
                f"  child = multiprocessing.get_context({method!r}).Process(target=work)\n"
                "  child.start()\n  child.join()\n"
            )
        )
        assert (code, err) == (0, "")
        assert ingest.types() == {"batch_start": 1, "job_start": 1, "job_epoch": 1, "batch_failed": 1}


class TestFork:
    def test_data_loaders_that_fork_all_the_time_cost_no_event(self, ingest, script):
        """Workers that are forked in the middle of a run, each epoch, and leave by os._exit."""
        code, out, err = finish(
            script(
                "with reporter() as r:\n"
                "  with r.job('j1') as job:\n"
                "    for epoch in range(20):\n"
                "      pids = []\n"
                "      for _ in range(2):\n"
                "        pid = os.fork()\n"
                "        if pid == 0: os._exit(0)\n"
                "        pids.append(pid)\n"
                "      job.epoch(epoch, train_loss=0.1)\n"
                "      [os.waitpid(pid, 0) for pid in pids]\n"
                "print(r.stats.accepted, r.stats.acked, r.stats.duplicates)\n"
            )
        )
        assert (code, err, out) == (0, "", "24 24 0\n")
        assert ingest.types() == {"batch_start": 1, "job_start": 1, "job_epoch": 20, "job_done": 1, "batch_done": 1}

    def test_a_child_sends_nothing_of_its_parents(self, ingest, script):
        code, out, err = finish(
            script(
                "with reporter() as r:\n"
                "  with r.job('j1') as job:\n"
                "    for epoch in range(50): job.epoch(epoch, train_loss=0.1)\n"
                "    pid = os.fork()\n"
                "    if pid == 0:\n"
                "      sys.exit(0)\n"
                "    os.waitpid(pid, 0)\n"
                "    for epoch in range(50, 100): job.epoch(epoch, train_loss=0.1)\n"
                "print(r.stats.accepted, r.stats.acked, r.stats.duplicates)\n"
            )
        )
        assert (code, err, out) == (0, "", "104 104 0\n")
        assert ingest.types() == {"batch_start": 1, "job_start": 1, "job_epoch": 100, "job_done": 1, "batch_done": 1}
        assert ingest.duplicates == 0

    def test_children_of_multiprocessing_report_their_own_jobs(self, ingest, script):
        code, _, err = finish(
            script(
                "import multiprocessing\n"
                "r = reporter()\n"
                "def work(n):\n"
                "  with r.job(f'j{n}') as job:\n"
                "    for epoch in range(20): job.epoch(epoch, train_loss=0.1)\n"
                "if __name__ == '__main__':\n"
                "  with r:\n"
                "    fork = multiprocessing.get_context('fork')\n"
                "    children = [fork.Process(target=work, args=(n,)) for n in range(3)]\n"
                "    [child.start() for child in children]\n"
                "    [child.join() for child in children]\n"
            )
        )
        assert (code, err) == (0, "")
        assert ingest.types() == {"batch_start": 1, "job_start": 3, "job_epoch": 60, "job_done": 3, "batch_done": 1}
        assert ingest.duplicates == 0

    def test_a_child_that_lives_longer_does_not_hold_its_parents_journal(self, ingest, script, reporter):
        ingest.down()
        process = script(
            "r = reporter('parent')\nr.__enter__()\ntime.sleep(0.4)\n"
            "pid = os.fork()\nif pid == 0:\n  time.sleep(20)\n  os._exit(0)\n"
            "print(pid, flush=True)\ntime.sleep(60)\n"
        )
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        ingest.up()
        try:
            with reporter("heir") as r:
                pass
        finally:
            os.kill(child, signal.SIGKILL)
            finish(process)
        assert r.stats.adopted == 1


def test_import_of_the_package_is_light():
    folder = Path(argus.__file__).parent.parent
    probe = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); before = set(sys.modules); import argus; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"logging", "json", "http", "http.client", "ssl", "socket", "re", "typing", "dataclasses", "pathlib",
             "subprocess", "inspect", "uuid", "hashlib", "random", "psutil", "pynvml", "requests", "numpy", "gzip",
             "asyncio", "urllib", "email", "tempfile", "signal", "enum"}  # fmt: skip
    assert loaded & heavy == set()
    assert "argus._pipeline" in loaded
