from datetime import timedelta

import pytest

from argus_catalog.studies.ranking import trial_number, value_of
from argus_kit.clock import now


def labels(study, trial_id, **more):
    told = {"study_name": study, "trial_id": trial_id, "params": {"lr": 0.1 * (int(trial_id) + 1)}}
    return {"optuna": told | more}


@pytest.fixture
async def lab(world):
    """A study that is maximized over two batches, with a failed and a running trial; and one that is minimized."""
    at = now()
    await world.batch("s1", project="vision")
    await world.batch("s2", project="text")
    up = {"direction": "MAXIMIZE", "sampler": "TPESampler", "target_metric": "acc"}
    rows = (
        ("s1", "t0", "done", {"acc": 0.7, "MSE": 0.1}, labels("deep/search", 0, **up)),
        ("s1", "t1", "failed", None, labels("deep/search", 1, params={"lr": 0.2, "depth": 3})),
        ("s2", "t2", "done", {"acc": 0.9}, labels("deep/search", "2", **up)),
        ("s2", "t3", "running", None, labels("deep/search", 3, **up)),
        ("s2", "t4", "done", {"acc": 0.8}, labels("deep/search", 4, **up)),
        ("s1", "m0", "done", {"MSE": 0.4, "acc": "NaN"}, labels("shallow", 0, direction="minimize")),
        ("s1", "m1", "done", {"MSE": 0.2}, labels("shallow", 1, direction="minimize")),
        ("s1", "plain", "done", {"MSE": 0.0}, {"lr": 1}),
    )
    for i, (batch_id, job_id, status, metrics, extra) in enumerate(rows):
        start = at - timedelta(minutes=30 if extra.get("optuna", {}).get("study_name") == "shallow" else 60 - i)
        ended = {} if status == "running" else {"end_time": at, "elapsed_s": 60 + i}
        await world.job(batch_id, job_id, status=status, metrics=metrics, extra=extra, start_time=start, **ended)
    return world


class TestList:
    async def test_jobs_with_the_name_of_a_study_are_one_study_across_projects(self, lab):
        found = (await lab.read("/api/studies"))["studies"]
        assert [s["study_name"] for s in found] == ["shallow", "deep/search"]
        last_run = found[1].pop("last_run")
        assert last_run.endswith("Z")
        assert found[1] == {
            "study_name": "deep/search",
            "n_trials": 5,
            "n_done": 3,
            "n_failed": 1,
            "best_value": 0.9,
            "best_metric": "acc",
            "direction": "MAXIMIZE",
            "sampler": "TPESampler",
            "states": {"done": 3, "failed": 1, "running": 1},
            "projects": ["text", "vision"],
        }
        assert (found[0]["best_value"], found[0]["best_metric"], found[0]["sampler"]) == (0.2, "MSE", None)

    async def test_only_trials_that_one_sees_count(self, lab):
        await lab.person("bob")
        assert await lab.read("/api/studies", "bob") == {"studies": []}
        await lab.share("s1", "bob")
        found = {s["study_name"]: s for s in (await lab.read("/api/studies", "bob"))["studies"]}
        assert (found["deep/search"]["n_trials"], found["deep/search"]["best_value"]) == (2, 0.7)
        assert [t["job_id"] for t in (await lab.read("/api/studies/deep/search", "bob"))["trials"]] == ["t0", "t1"]
        assert (await lab.get("/api/studies/deep/search/trials/2", "bob")).status_code == 404

    async def test_the_studies_of_a_project_are_those_with_a_trial_in_it(self, lab):
        found = (await lab.read("/api/studies", project="text"))["studies"]
        assert [(s["study_name"], s["n_trials"], s["projects"]) for s in found] == [("deep/search", 3, ["text"])]

    async def test_deleted_trials_are_gone(self, lab):
        await lab.job("s1", "gone", status="done", deleted_at=now(), extra=labels("shallow", 9), metrics={"MSE": 0.0})
        assert (await lab.read("/api/studies/shallow"))["best_value"] == 0.2

    async def test_a_study_says_the_same_as_on_its_page(self, lab):
        """However many metrics there are, whatever they are called, and whether trials have the one they name."""
        for i in range(15):
            extra = labels(f"by-{i}", i, target_metric=f"metric {i}", direction="maximize" if i % 2 else "minimize")
            for place, value in enumerate((3, 1.5, 2)):
                await lab.job(
                    "s1", f"by-{i}-{place}", status="done", extra=extra, metrics={f"metric {i}": value, "A": 9}
                )
        odd = [{"acc": "NaN", "B": 4}, {"acc": True, "C": 5}, {"MSE": 7}, {}, None]
        for name, target in (("quoted", 'a"b'), ("missing", "acc"), ("listed", ["acc"]), ("empty", "")):
            for place, metrics in enumerate([*odd, {'a"b': 0.5}]):
                extra = labels(name, place, target_metric=target)
                await lab.job("s2", f"{name}-{place}", status="failed", extra=extra, metrics=metrics)
        listed = (await lab.read("/api/studies"))["studies"]
        assert len(listed) == 21
        for study in listed:
            page = await lab.read(f"/api/studies/{study['study_name']}")
            assert study == {name: page[name] for name in study}

    async def test_the_number_of_statements_does_not_grow(self, lab, statements):
        await lab.read("/api/studies")
        costs = []
        for study in ("one", "two"):
            statements.clear()
            await lab.read("/api/studies")
            costs.append(len(statements))
            for i in range(20):
                await lab.job("s1", f"{study}-{i}", extra=labels(study, i))
        assert costs[0] == costs[1] <= 4


@pytest.mark.parametrize("condition", ["study_name = 'shallow'", "study_name > ''"])
async def test_an_index_leads_to_trials(lab, condition):
    async with lab.database.write() as connection:
        if connection.dialect.name == "sqlite":
            plan = await connection.exec_driver_sql(f"explain query plan select * from job where {condition}")
        else:
            # So few rows are read from end to end unless that is forbidden.
            await connection.exec_driver_sql("set local enable_seqscan = off")
            plan = await connection.exec_driver_sql(f"explain select * from job where {condition}")
        assert "ix_job_study_name" in str(plan.fetchall())


class TestDetail:
    async def test_a_study_with_its_trials(self, lab):
        study = await lab.read("/api/studies/deep/search")
        assert (study["n_trials"], study["n_done"], study["n_failed"], study["best_value"]) == (5, 3, 1, 0.9)
        assert (study["param_keys"], study["metric_keys"]) == (["depth", "lr"], ["MSE", "acc"])
        start = {t["job_id"]: t for t in study["trials"]}["t0"]
        assert {
            name: start[name] for name in ("trial_id", "batch_id", "status", "elapsed_s", "value", "metric_name")
        } == {
            "trial_id": 0,
            "batch_id": "s1",
            "status": "done",
            "elapsed_s": 60,
            "value": 0.7,
            "metric_name": "acc",
        }
        assert (start["params"], start["metrics"]) == ({"lr": 0.1}, {"acc": 0.7, "MSE": 0.1})

    async def test_a_failed_trial_stays_with_its_parameters(self, lab):
        (failed,) = [t for t in (await lab.read("/api/studies/deep/search"))["trials"] if t["status"] == "failed"]
        assert (failed["job_id"], failed["params"], failed["value"]) == ("t1", {"lr": 0.2, "depth": 3}, None)

    @pytest.mark.parametrize(
        ("study", "sort", "order", "expected"),
        [
            ("deep/search", "value", "asc", ["t2", "t4", "t0", "t1", "t3"]),
            ("deep/search", "value", "desc", ["t0", "t4", "t2", "t1", "t3"]),
            ("shallow", "value", "asc", ["m1", "m0"]),
            ("shallow", "value", "desc", ["m0", "m1"]),
            ("deep/search", "trial_id", "desc", ["t4", "t3", "t2", "t1", "t0"]),
            ("deep/search", "start_time", "asc", ["t0", "t1", "t2", "t3", "t4"]),
            ("deep/search", "start_time", "desc", ["t4", "t3", "t2", "t1", "t0"]),
        ],
    )
    async def test_the_order_is_as_asked_and_what_has_no_value_is_last(self, lab, study, sort, order, expected):
        found = await lab.read(f"/api/studies/{study}", sort=sort, order=order)
        assert [t["job_id"] for t in found["trials"]] == expected

    async def test_the_best_come_first_unless_asked_otherwise(self, lab):
        assert (await lab.read("/api/studies/deep/search"))["trials"][0]["job_id"] == "t2"

    @pytest.mark.parametrize("params", [{"sort": "loss"}, {"order": "up"}, {"sort": ""}])
    async def test_an_order_that_is_not_known_is_refused(self, lab, params):
        answer = await lab.get("/api/studies/shallow", **params)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request.invalid")

    async def test_a_study_that_is_not_known_is_empty(self, lab):
        study = await lab.read("/api/studies/none")
        assert (study["study_name"], study["n_trials"], study["best_value"], study["trials"]) == ("none", 0, None, [])

    async def test_labels_of_any_form_break_nothing(self, lab):
        odd = (
            "text",
            {"study_name": ""},
            {"study_name": 7, "trial_id": "x", "params": [1]},
            {"study_name": None},
            None,
        )
        for i, told in enumerate(odd):
            await lab.job("s1", f"odd-{i}", extra={"optuna": told})
        names = [s["study_name"] for s in (await lab.read("/api/studies"))["studies"]]
        assert sorted(names) == ["7", "deep/search", "shallow"]
        (trial,) = (await lab.read("/api/studies/7"))["trials"]
        assert (trial["trial_id"], trial["params"]) == (0, {})
        assert (await lab.get("/api/studies/7/trials/0")).status_code == 404

    async def test_what_trials_reported_while_they_ran_is_named(self, lab):
        assert (await lab.read("/api/studies/shallow"))["curve_metric"] is None
        summary = {"acc": {"n": 3}, "val_loss": {"n": 3}}
        await lab.job("s1", "t9", summary=summary, extra=labels("deep/search", 9), status="pruned")
        study = await lab.read("/api/studies/deep/search")
        assert (study["curve_metric"], study["states"]["pruned"]) == ("acc", 1)
        await lab.job("s1", "m9", summary={"val_loss": {"n": 3}}, extra=labels("shallow", 9))
        assert (await lab.read("/api/studies/shallow"))["curve_metric"] == "val_loss"

    async def test_why_a_trial_failed(self, lab):
        await lab.job("s1", "t9", status="failed", reason="CUDA out of memory", extra=labels("deep/search", 9))
        assert (await lab.read("/api/studies/deep/search/trials/9"))["reason"] == "CUDA out of memory"


class TestTrial:
    async def test_one_trial_by_its_number(self, lab):
        trial = await lab.read("/api/studies/deep/search/trials/2")
        assert (trial["study_name"], trial["trial_id"], trial["job_id"], trial["value"]) == (
            "deep/search",
            2,
            "t2",
            0.9,
        )

    async def test_a_study_that_was_begun_anew_answers_with_its_latest(self, lab):
        await lab.job("s2", "m1-again", extra=labels("shallow", 1), start_time=now())
        assert (await lab.read("/api/studies/shallow/trials/1"))["job_id"] == "m1-again"

    async def test_refusals(self, lab):
        missing = await lab.get("/api/studies/shallow/trials/99")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "trial.not_found")
        assert (await lab.get("/api/studies/shallow/trials/first")).status_code == 422


@pytest.mark.parametrize(
    ("metrics", "target", "expected"),
    [
        ({"acc": 0.5, "MSE": 0.1}, "acc", ("acc", 0.5)),
        ({"acc": "NaN", "MSE": 0.1}, "acc", ("MSE", 0.1)),
        ({"b": 2, "a": True, "c": 1}, None, ("b", 2)),
        ({"b": 2}, ["b"], ("b", 2)),
        ({}, "acc", None),
        (None, None, None),
    ],
)
def test_by_what_a_trial_is_judged(metrics, target, expected):
    assert value_of(metrics, target) == expected


@pytest.mark.parametrize(
    ("told", "expected"), [(3, 3), ("3", 3), (3.0, 3), ("x", None), (None, None), ({}, None), (float("inf"), None)]
)
def test_the_number_of_a_trial(told, expected):
    assert trial_number(told) == expected
