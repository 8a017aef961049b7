"""`argus ls`, `argus get`, `argus stop`."""

from __future__ import annotations

import pytest


@pytest.fixture
def sweep(post, request):
    """A batch with two jobs, one done and one running; its id holds the test's name."""
    batch_id = f"{request.node.name[:40]}/1"  # ids may hold slashes
    epochs = [("job_epoch", "cnn", {"epoch": epoch, "val_loss": 1 / (epoch + 1)}) for epoch in range(30)]
    post(
        batch_id,
        ("batch_start", None, {"n_total_jobs": 2, "command": "python sweep.py\n--lr 1"}),
        ("job_start", "cnn", {"model": "resnet", "dataset": "cifar"}),
        *epochs,
        ("job_done", "cnn", {"metrics": {"ACC": 0.9375}}),
        ("job_start", "mlp", {}),
        project=request.node.name[:40],
    )
    return batch_id


class TestLs:
    def test_a_table_for_people(self, argus, known, sweep):
        answer = argus("ls")
        assert answer.code == 0
        row = next(line for line in answer.out.splitlines() if line.startswith(sweep))
        assert "running" in row
        assert "1/2" in row
        assert "gpu-1" in row

    def test_piped_it_has_no_escapes_and_is_not_cut(self, argus, known, post):
        batch_id = "b" * 120
        post(batch_id, ("batch_start", None, {}))
        answer = argus("ls")
        assert "\x1b" not in answer.out
        assert batch_id in answer.out

    def test_json(self, argus, known, sweep):
        batches = argus("ls", "--json", "--project", sweep.split("/")[0]).json["batches"]
        assert [batch["id"] for batch in batches] == [sweep]

    def test_filters(self, argus, known, sweep):
        project = sweep.split("/")[0]
        assert argus("ls", "-p", project, "--status", "done", "--json").json == {"batches": []}
        assert len(argus("ls", "-p", project, "-s", "running", "--json").json["batches"]) == 1
        assert "Nothing matches" in argus("ls", "-p", "nobody's").err

    def test_a_limit_beyond_a_page(self, argus, known, post):
        for number in range(7):
            post(f"many-{number}", ("batch_start", None, {}), project="many")
        assert len(argus("ls", "-p", "many", "-n", "3", "--json").json["batches"]) == 3
        import argus.cli.reading as reading

        pages = reading._MOST_OF_PAGE
        old = dict(pages)
        pages["batches"] = 2
        try:
            found = argus("ls", "-p", "many", "-n", "100", "--json").json["batches"]
        finally:
            pages.update(old)
        assert sorted(batch["id"] for batch in found) == [f"many-{number}" for number in range(7)]

    def test_jobs(self, argus, known, sweep):
        project = sweep.split("/")[0]
        jobs = argus("ls", "-j", "-p", project, "--json").json["jobs"]
        assert {(job["batch_id"], job["id"], job["status"]) for job in jobs} == {
            (sweep, "cnn", "done"),
            (sweep, "mlp", "running"),
        }
        assert "resnet" in argus("ls", "-j", "-p", project).out


class TestGet:
    def test_a_batch(self, argus, known, sweep):
        out = argus("get", sweep).out
        assert "python sweep.py\n         --lr 1" in out
        assert "resnet" in out
        answer = argus("get", sweep, "--json").json
        assert answer["batch"]["id"] == sweep
        assert [job["id"] for job in answer["jobs"]] == ["cnn", "mlp"]

    def test_a_job_with_its_curves(self, argus, known, sweep):
        out = argus("get", sweep, "cnn", "--metrics").out
        row = next(line for line in out.splitlines() if line.startswith("val_loss"))
        assert "0.033333 @29" in row
        assert "1 @0" in row
        assert "█" in row
        assert "ACC 0.9375" in out
        answer = argus("get", sweep, "cnn", "-m", "--json").json
        assert answer["job"]["model"] == "resnet"
        assert answer["metrics"][0]["summary"]["last_step"] == 29

    def test_the_curves_of_the_only_job(self, argus, known, sweep, post):
        assert argus("get", sweep, "-m").code == 1
        post("single", ("batch_start", None, {}), ("job_epoch", "one", {"epoch": 0, "val_loss": 1.0}))
        assert "val_loss" in argus("get", "single", "-m").out

    def test_one_that_is_not_there(self, argus, known):
        answer = argus("get", "nothing")
        assert answer.code == 1
        assert "does not exist" in answer.err
        assert "argus ls" in answer.err


class TestStop:
    def test_asks_the_batch_to_stop(self, argus, known, sweep):
        assert argus("stop", sweep, "--yes", "--json").json == {"status": "stopping", "batch_id": sweep}
        assert argus("get", sweep, "--json").json["batch"]["status"] == "stopping"

    def test_nobody_is_there_to_confirm(self, argus, known, sweep):
        answer = argus("stop", sweep)
        assert answer.code == 2
        assert "--yes" in answer.err
        assert argus("get", sweep, "--json").json["batch"]["status"] == "running"

    def test_a_person_says_no(self, argus, known, sweep, monkeypatch):
        from argus.cli.terminal import Terminal

        monkeypatch.setattr(Terminal, "is_interactive", True)
        monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
        assert "Nothing was stopped" in argus("stop", sweep).err
        assert argus("get", sweep, "--json").json["batch"]["status"] == "running"

    def test_what_has_ended(self, argus, known, post):
        post("over", ("batch_start", None, {}), ("batch_done", None, {}))
        assert "nothing to stop" in argus("stop", "over", "-y").out
