"""`argus pause`, `resume` and `rerun` against a server without agents."""


def begun(post, batch_id, *more):
    post(batch_id, ("batch_start", None, {"command": "python train.py"}), ("job_start", "a", {}), *more)
    return batch_id


class TestPause:
    def test_it_is_asked_and_taken_back(self, argus, known, post):
        batch = begun(post, "sweeps/pausing")
        assert "next checkpoint" in argus("pause", batch).out
        assert argus("pause", batch, "--json").json["pause_requested"] is True
        assert "goes on" in argus("resume", batch).out
        assert argus("resume", batch, "--json").json["status"] == "running"

    def test_what_has_ended_is_not_paused(self, argus, known, post):
        answer = argus("pause", begun(post, "paused-too-late", ("batch_done", None, {})))
        assert answer.code == 1
        assert "done" in answer.err


class TestResume:
    def test_without_an_agent_it_says_how_to_do_it_by_hand(self, argus, known, post):
        saved = {"path": "/runs/it's here.pt", "epoch": 3}
        paused = (("job_checkpoint", "a", saved), ("batch_paused", None, {"checkpoint": {"job_id": "a", **saved}}))
        batch = begun(post, "by-hand")
        argus("pause", batch)
        post(batch, *paused)
        answer = argus("resume", batch)
        assert answer.code != 0
        assert """ARGUS_BATCH_ID=by-hand ARGUS_RESUME_FROM='/runs/it'"'"'s here.pt' python train.py""" in answer.out


class TestRerun:
    def test_overrides_are_values(self, argus, known, post):
        batch = begun(post, "to-rerun", ("batch_done", None, {}))
        answer = argus("rerun", batch, "lr=1e-3", "name=long", "seed=NaN", "--name", "again", "--json").json
        assert (answer["status"], answer["name"]) == ("requested", "again")
        assert argus("get", answer["batch_id"], "--json").json["batch"]["status"] == "requested"

    def test_what_is_no_override_is_refused(self, argus, known, post):
        answer = argus("rerun", begun(post, "no-override", ("batch_done", None, {})), "lr")
        assert answer.code == 2
        assert "lr=0.1" in answer.err

    def test_what_runs_is_not_run_again(self, argus, known, post):
        assert argus("rerun", begun(post, "still-running")).code == 1
