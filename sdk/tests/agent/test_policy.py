"""The host's own rules, which the server cannot change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.agent.policy import Policy, PolicyError


@pytest.fixture
def write(home):
    def write(text):
        home.mkdir(exist_ok=True)
        (home / "policy.toml").write_text(text)

    return write


@pytest.fixture
def objection(executor, make_agent, write):
    """Why a rerun is refused under a policy; None where it was started."""

    def run(policy, **payload):
        write(policy)
        # A batch of its own: one whose process has not ended yet would make it wait.
        batch_id = f"rerun-{len(executor.status)}"
        command_id = executor.command("rerun", batch_id, **{"command": "true", **payload})
        make_agent().round()
        if executor.steps(command_id) == ["refused"]:
            return executor.report(command_id, "refused")["detail"]
        assert executor.acks[command_id]["status"] == "started"
        return None

    return run


class TestWho:
    def test_without_a_list_it_is_the_owner_alone(self, objection):
        assert objection("") is None
        assert "does not list lin" in objection("", requested_by_id=8)

    def test_with_a_list_it_is_who_stands_there(self, objection):
        assert objection("allowed_users = ['mei']", requested_by="mei", requested_by_id=8) is None
        assert "does not list lin" in objection("allowed_users = ['mei']")


class TestWhatAndWhere:
    def test_folders(self, objection, tmp_path):
        inside, outside = tmp_path / "projects" / "a", tmp_path / "other"
        inside.mkdir(parents=True)
        outside.mkdir()
        (tmp_path / "projects" / "way-out").symlink_to(outside)
        policy = f"directories = ['{tmp_path}/projects/*']"
        assert objection(policy, cwd=str(inside)) is None
        for folder in (outside, tmp_path / "projects" / "way-out", inside / ".." / ".." / "other", None):
            assert "allows no runs in" in objection(policy, cwd=None if folder is None else str(folder))

    def test_commands(self, objection):
        policy = "commands = ['tru?', 'echo *', 're:exit [0-9]+']"
        assert objection(policy) is None
        assert objection(policy, command="exit 12") is None
        assert "does not list this command" in objection(policy, command="exit 12; rm -rf x")

    @given(st.text(alphabet="ab .;&|<>$`()\n", max_size=12))
    def test_a_star_lets_no_second_command_through(self, rest):
        allowed = Policy(commands=("python *",)).objection(f"python x{rest}", None) is None
        assert allowed == (not set(f"x{rest}".strip()) & set(";&|<>$`()\n"))

    def test_deny_wins_and_its_star_matches_all(self, objection):
        policy = "commands = ['re:.*']\ndeny = ['*rm *']"
        assert objection(policy) is None
        assert "denies" in objection(policy, command="true;\nrm -rf x")

    def test_a_changed_setting_makes_no_command_that_is_not_allowed(self, objection):
        policy = "commands = ['bash -c true', 'echo *']"
        assert objection(policy, command="echo --lr 1", overrides={"lr": 2}) is None
        assert objection(policy, command="bash -c true", overrides={"lr": 2}) is None
        assert "does not list this command" in objection(policy, command="bash -c true", overrides={"c": "exit 3"})

    def test_environment(self, objection, executor, home, wait_until):
        policy = "environment = ['SEED', 'OMP_*']"
        recorded = {"SEED": "3", "OMP_NUM_THREADS": "2", "CUDA_HOME": "/evil"}
        assert objection(policy, command="echo $SEED$OMP_NUM_THREADS$CUDA_HOME", env=recorded) is None
        output = home / "runs" / "cmd-0" / "output.log"
        wait_until(lambda: output.read_text() == "32\n")

    def test_dry_run_says_what_it_would_do(self, objection, tmp_path):
        said = objection("dry_run = true", command="python train.py", cwd=str(tmp_path), overrides={"lr": 1})
        assert f"`python train.py lr=1` in {tmp_path}" in said


class TestTheFile:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("dry_run = ", "cannot be read"),
            ("dryrun = true", "there is no rule 'dryrun'"),
            ("dry_run = 1", "dry_run must be true or false"),
            ("max_runs = -1", "max_runs must be a number"),
            ("max_runs = true", "max_runs must be a number"),
            ("directories = '/x'", "directories must be a list of texts"),
            ("commands = ['re:(']", "is no regular expression"),
        ],
    )
    def test_one_that_cannot_be_obeyed_stops_everything_and_says_where(self, objection, home, text, reason):
        said = objection(text)
        assert reason in said
        assert str(home / "policy.toml") in said

    def test_it_is_read_at_each_command(self, objection):
        assert objection("dry_run = true") is not None
        assert objection("dry_run = false") is None

    def test_it_is_told_to_the_server(self, write, make_agent, executor):
        write("directories = ['/data/*']\nmax_runs = 2")
        make_agent().agent.tell()
        told = executor.heartbeats[-1]
        assert told["policy"]["directories"] == ["/data/*"]
        assert told["policy"]["max_runs"] == 2
        assert told["children"] == []
        assert told["is_draining"] is False

    def test_none_is_no_error(self, tmp_path):
        assert Policy.load(str(tmp_path)) == Policy()

    def test_an_unreadable_one_is(self, tmp_path):
        (tmp_path / "policy.toml").mkdir()
        with pytest.raises(PolicyError, match="cannot be read"):
            Policy.load(str(tmp_path))
