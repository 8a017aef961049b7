import json
import math
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argus_catalog.seeds import spread, without_seeds
from argus_kit.clock import now

DOCUMENT = Path(__file__).parents[4] / "docs" / "query.md"


@pytest.fixture
async def jobs(world):
    """Six jobs of Ada's: three of one seed group, one with odd values, one lost, one of a day ago; one of Bob's."""
    await world.person("bob")
    at = now()
    await world.batch("b1", project="vision", name="sweep", host="gpu-1")
    await world.batch("b2", project="text", status="done", host="gpu-2", end_time=at)
    await world.batch("b3", owner="bob", project="secret")
    done = {"status": "done", "end_time": at, "elapsed_s": 7200}
    for seed, accuracy in ((0, 0.90), (1, 0.92), (2, 0.94)):
        config = {"lr": 1e-4, "optim": {"name": "adam"}, "seed": seed, "amp": True}
        if seed == 1:
            config = dict(reversed(config.items()))
        extra = {"config": config, "tags": ["baseline", "a-b"]}
        metrics = {"val_acc": accuracy, "val/f1": accuracy / 2, "my metric": 1}
        await world.job("b1", f"s{seed}", **done, extra=extra, metrics=metrics)
    odd = {"val_acc": "NaN", "note": "text", "empty": None}
    told = {"latest": {"loss": 2.5}, "summary": {"val_acc": {"min": 0.1, "max": 0.8}}, "last_epoch": 7}
    extra = {"config": {"lr": "auto", "amp": False}}
    await world.job("b1", "odd", model="vit", status="FAILED", reason="out of memory", extra=extra, metrics=odd, **told)
    await world.job("b2", "lost", dataset="imagenet", start_time=at - timedelta(days=1))
    month = at - timedelta(days=30)
    past = {"start_time": month, "end_time": month + timedelta(seconds=90)}
    await world.job("b2", "old", model=None, status="done", **past)
    await world.job("b2", "gone", deleted_at=at)
    await world.job("b3", "foreign", extra={"config": {"lr": 1e-4}}, metrics={"val_acc": 0.99})
    return world


async def ask(world, query="", who="ada", **more):
    return await world.client.post("/api/query", json={"query": query, **more}, headers=world.headers[who])


async def found(world, query="", **more):
    answer = await ask(world, query, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(world, query="", **more):
    return {job["id"] for job in (await found(world, query, **more))["jobs"]}


NAMES = ["model", "status", "started", "elapsed", "epoch", "tags", "batch"]
NAMES += ["config.a", "config.a.b", 'metrics."x y"', "min.a"]
SORTS = [[], ["-metrics.val_acc"], ["metrics.val_acc"], ["model", "-started"], ["-config.lr"], ["elapsed"], ["epoch"]]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\0\\"'), max_size=6).map('"{}"'.format)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
VALUES = TEXTS | NUMBERS | st.sampled_from(["true", "-7d", "99999d", "0001-01-01", "9999-12-31T23:59:59Z", "1e308"])
SIMPLE = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["=", "!=", "<", ">=", "~"]), VALUES).map(" ".join),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["is null", "is not null", "is nan"])).map(" ".join),
    st.tuples(st.sampled_from(NAMES), VALUES, VALUES).map(lambda t: f"{t[0]} not in ({t[1]}, {t[2]})"),
)
SENSIBLE = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(inner.map("not ({})".format), st.tuples(inner, inner).map("({0[0]}) or {0[1]}".format)),
    max_leaves=5,
)
ALL = {"s0", "s1", "s2", "odd", "lost", "old"}
SEEDS = {"s0", "s1", "s2"}


class TestConditions:
    async def test_each_condition_finds_its_jobs(self, jobs):
        cases = {
            "": ALL,
            "config.lr < 1e-3": SEEDS,
            "config.lr < 1e-3 and metrics.val_acc > 0.9": {"s1", "s2"},
            "config.lr = 'auto'": {"odd"},
            "config.lr != 1e-4": {"odd"},
            "not config.lr = 1e-4": {"odd", "lost", "old"},
            "config.lr is null": {"lost", "old"},
            "config.lr is not null": SEEDS | {"odd"},
            "config.optim.name = 'adam'": SEEDS,
            "params.optim.name ~ 'DA'": SEEDS,
            "config.amp = true": SEEDS,
            "config.amp != true": {"odd"},
            "config.seed in (0, 2)": {"s0", "s2"},
            "config.seed not in (0, 2)": {"s1"},
            "metrics.val_acc is nan": {"odd"},
            "metrics.val_acc is not nan": ALL - {"odd"},
            "metrics.val_acc <= 0.9": {"s0"},
            "metrics.val_acc != 0.9": {"s1", "s2", "odd"},
            "metrics.empty is null": ALL,
            "metrics.val/f1 > .46": {"s2"},
            'metrics."my metric" = 1': SEEDS,
            "latest.loss > 2": {"odd"},
            "max.val_acc > 0.5": {"odd"},
            "min.val_acc > 0.5": set(),
            "tags = 'baseline'": SEEDS,
            "tags in ('x', 'a-b')": SEEDS,
            "tags != 'baseline'": set(),
            "tags is null": {"odd", "lost", "old"},
            "model = 'vit'": {"odd"},
            "model != 'vit'": SEEDS | {"lost"},
            "model is null": {"old"},
            "project = 'text' or host = 'gpu-1' and epoch >= 7": {"lost", "old", "odd"},
            "(project = 'text' or host = 'gpu-1') and epoch >= 7": {"odd"},
            "status = 'lost'": {"lost"},
            "status = 'Failed'": {"odd"},
            "status in ('done', 'failed')": SEEDS | {"odd", "old"},
            "owner = 'ada' and user = 'root'": ALL,
            "owner = 'bob'": set(),
            "batch_name ~ 'wee'": SEEDS | {"odd"},
            "id ~ '%'": set(),
            "reason ~ 'MEMORY'": {"odd"},
            "started > -2h": SEEDS | {"odd"},
            "started < -7d": {"old"},
            "started > 2020-01-01": ALL,
            "ended is null": {"lost", "odd"},
            "elapsed >= 2h": SEEDS,
            "elapsed = 90": {"old"},
            "elapsed = 1.5m": {"old"},
            'id = "\'; drop table job; --"': set(),
            'config."\'; drop table job; --" = 1': set(),
            "metrics.val_acc > 1e300 or elapsed > 1e300": set(),
        }
        answers = {query: await ids(jobs, query) for query in cases}
        assert answers == cases

    async def test_only_what_one_sees_is_found(self, jobs):
        assert await ids(jobs, "metrics.val_acc > 0.98") == set()
        assert {job["id"] for job in (await ask(jobs, "", "bob")).json()["jobs"]} == {"foreign"}
        await jobs.share("b3", "ada")
        assert await ids(jobs, "owner = 'bob'") == {"foreign"}

    async def test_without_a_credential_nothing_is_told(self, jobs):
        assert (await jobs.client.post("/api/query", json={})).status_code == 401

    @pytest.mark.parametrize(
        ("query", "position", "words"),
        [
            ("modle = 'x'", 0, "Is it model?"),
            ("accuracy > 1", 0, "metrics.accuracy"),
            ("status = 'x' and model > 3", 25, "compared with a text"),
            ("started > 'x'", 10, "-7d"),
            ("started = 2026-01-01", 10, "span"),
            ("elapsed > 'x'", 10, "number"),
            ("epoch ~ 'x'", 0, "no text"),
            ("config > 1", 0, "Name a part"),
            ("model.x = 1", 0, "no parts"),
            ("config.a > true", 11, "Write ="),
            ("model is nan", 0, "never nan"),
            ('config."a\\"b" = 1', 0, "quote"),
            ("tags > 'a'", 7, "tag"),
            ("config.a = 2026-01-01", 11, "Quote the date"),
            ("started > -1000w and started < -52000w and started < 999w", 0, ""),
        ],
    )
    async def test_what_does_not_fit_is_refused_with_its_place(self, jobs, query, position, words):
        answer = await ask(jobs, query)
        if not words:
            assert answer.status_code == 200
            return
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, "query.invalid")
        assert error["details"]["position"] == position
        assert words in error["message"]

    @pytest.mark.parametrize(
        "query",
        [
            " or ".join(f"config.a{n}=1" for n in range(100)),
            "not " * 39 + "(model = 'x')",
            " and ".join(f"epoch in ({','.join('1' * 195)})" for _ in range(9)),
            "config." + ".".join("abcdefghijk") + " = 1",
        ],
    )
    async def test_the_largest_queries_are_answered(self, jobs, query):
        answer = await ask(jobs, query)
        assert answer.status_code == 200, answer.text

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(tree=SENSIBLE)
    async def test_each_job_fulfils_a_query_or_its_contrary(self, jobs, tree):
        answer = await ask(jobs, str(tree))
        if answer.status_code == 422:
            return
        met = {job["id"] for job in answer.json()["jobs"]}
        others = await ids(jobs, f"not ({tree})")
        assert (met | others, met & others) == (ALL, set()), str(tree)
        assert await ids(jobs, f"not (not ({tree}))") == met, str(tree)
        assert (await found(jobs, str(tree)))["total"] == len(met), str(tree)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    async def test_no_tree_breaks_the_server(self, world, data):

        tree = data.draw(SENSIBLE)
        answer = await ask(
            world, str(tree), sort=data.draw(st.lists(st.sampled_from(["-metrics.x", "model"]), max_size=2))
        )
        assert answer.status_code in {200, 422}, (str(tree), answer.text)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(max_size=80), cursor=st.none() | st.text("abcdefWzIs0MSx_-=", max_size=30))
    async def test_no_text_breaks_the_server(self, world, text, cursor):
        body = json.dumps({"query": text, "cursor": cursor, "columns": [text[:9] or "x"]}).encode()
        headers = {**world.headers["ada"], "Content-Type": "application/json"}
        answer = await world.client.post("/api/query", content=body, headers=headers)
        assert answer.status_code in {200, 422}, answer.text


class TestPages:
    @pytest.mark.parametrize("sort", [*SORTS, ["status", "id"], ["-ended"]])
    async def test_pages_hold_every_job_once_and_in_order(self, jobs, sort):
        whole = [job["id"] for job in (await found(jobs, sort=sort))["jobs"]]
        seen, cursor, totals = [], None, []
        while True:
            page = await found(jobs, sort=sort, limit=2, cursor=cursor)
            seen += [job["id"] for job in page["jobs"]]
            totals.append(page["total"])
            cursor = page["cursor"]
            if cursor is None:
                break
        assert seen == whole
        assert len(seen) == len(set(seen)) == len(ALL)
        assert totals == [6, None, None]

    async def test_what_is_missing_comes_last_both_ways(self, jobs):
        up = [job["id"] for job in (await found(jobs, sort=["metrics.val_acc"]))["jobs"]]
        down = [job["id"] for job in (await found(jobs, sort=["-metrics.val_acc"]))["jobs"]]
        assert (up[:3], down[:3]) == (["s0", "s1", "s2"], ["s2", "s1", "s0"])

    async def test_columns_stand_beside_each_job(self, jobs):
        columns = ["config.lr", "config.optim", "tags", "metrics.val_acc", "started", "max.val_acc"]
        page = await found(jobs, "id in ('s0', 'odd')", sort=["-id"], columns=columns)
        s0, odd = (job["values"] for job in page["jobs"])
        assert (s0["config.lr"], s0["config.optim"], s0["tags"]) == (1e-4, {"name": "adam"}, ["baseline", "a-b"])
        assert (odd["config.lr"], odd["metrics.val_acc"], odd["max.val_acc"]) == ("auto", "NaN", 0.8)
        assert s0["started"] == page["jobs"][0]["started"]
        assert s0["started"].endswith("Z")

    async def test_a_cursor_of_another_query_is_refused(self, jobs):
        cursor = (await found(jobs, limit=1))["cursor"]
        answer = await ask(jobs, "model = 'vit'", limit=1, cursor=cursor)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request.invalid")

    async def test_the_number_of_statements_is_fixed(self, jobs, statements):
        await found(jobs)
        statements.clear()
        await found(jobs, limit=1, columns=["config.lr"])
        few = len(statements)
        statements.clear()
        await found(jobs, limit=100, columns=["config.lr"])
        # One more for rows without what they are sorted by, when the page is not full.
        assert len(statements) == few + 1


class TestIndexOfScores:
    """Queries that begin at scores find what asking every job finds."""

    QUERIES = (
        "metrics.val_acc > 0.5",
        "metrics.val_acc >= 0.5 and metrics.val_acc < 0.9",
        "metrics.val_acc > 0 and model = 'vit'",
        "model = 'vit'",
        "project = 'vision' and dataset = 'cifar'",
        "metrics.val_acc > 0 and status = 'done'",
        "metrics.val_acc > 0 and (model = 'vit' or model = 'resnet')",
    )

    @pytest.mark.parametrize("query", QUERIES)
    async def test_the_same_jobs_and_total(self, jobs, query):
        # `not not` has no comparison at its top, so every job is asked.
        plain, begun = await found(jobs, f"not not ({query})", limit=100), await found(jobs, query, limit=100)
        assert begun["total"] == plain["total"] == len(begun["jobs"])
        assert begun["jobs"] == plain["jobs"]

    async def test_single_shared_batches_are_counted(self, jobs):
        await jobs.person("carol")
        await jobs.share(next(iter(jobs.keys)), "carol")
        for query in self.QUERIES:
            plain = (await ask(jobs, f"not not ({query})", "carol", limit=100)).json()
            begun = (await ask(jobs, query, "carol", limit=100)).json()
            assert (begun["total"], begun["jobs"]) == (plain["total"], plain["jobs"])


class TestGroups:
    async def test_jobs_that_differ_by_their_seed_are_one_group(self, jobs):
        page = await found(jobs, group_by=["seed"], columns=["metrics.val_acc", "elapsed"])
        first = page["groups"][0]
        assert (page["total"], first["n"]) == (4, 3)
        assert first["key"]["config"] == {"lr": 1e-4, "optim": {"name": "adam"}, "amp": True}
        accuracy = first["columns"]["metrics.val_acc"]
        assert accuracy["n"] == 3
        assert accuracy["mean"] == pytest.approx(0.92)
        assert accuracy["std"] == pytest.approx(0.02)
        assert (accuracy["min"], accuracy["max"]) == (0.9, 0.94)
        assert [member["id"] for member in first["members"]] == ["s0", "s1", "s2"]
        odd = next(group for group in page["groups"] if group["key"]["model"] == "vit")
        assert odd["columns"]["metrics.val_acc"] == {"n": 0, "mean": None, "std": None, "min": None, "max": None}

    async def test_groups_by_fields_are_sorted_and_paged(self, jobs):
        asked = {"group_by": ["model", "config.lr"], "columns": ["metrics.val_acc"], "sort": ["-metrics.val_acc"]}
        whole = await found(jobs, **asked)
        assert [group["n"] for group in whole["groups"]] == [3, 1, 1, 1]
        first = await found(jobs, **asked, limit=3)
        second = await found(jobs, **asked, limit=3, cursor=first["cursor"])
        assert first["groups"] + second["groups"] == whole["groups"]
        assert second["cursor"] is None

    async def test_all_members_count_however_many(self, world):
        await world.batch("many")
        for n in range(40):
            await world.job("many", f"j{n}", metrics={"x": n})
        (group,) = (await found(world, group_by=["seed"], columns=["metrics.x"]))["groups"]
        assert (group["n"], group["columns"]["metrics.x"]["n"], len(group["members"])) == (40, 40, 32)
        assert group["columns"]["metrics.x"]["mean"] == 19.5

    @pytest.mark.parametrize(
        "wrong",
        [
            {"group_by": ["nonsense"]},
            {"group_by": ["model"], "columns": ["model"]},
            {"group_by": ["model"], "sort": ["dataset"]},
            {"group_by": ["model"], "cursor": "W10"},
            {"sort": ["tags"]},
            {"sort": ["-"]},
            {"columns": ["model = 1"]},
            {"limit": 0},
            {"unknown": 1},
        ],
    )
    async def test_what_does_not_fit_is_refused(self, jobs, wrong):
        assert (await ask(jobs, **wrong)).status_code == 422

    async def test_groups_are_of_what_one_sees(self, jobs):
        page = await found(jobs, group_by=["project"])
        assert {group["key"]["project"]: group["n"] for group in page["groups"]} == {"vision": 4, "text": 2}


class TestSpread:
    @given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
    def test_it_is_the_usual_one(self, values):
        import statistics

        got = spread(values)
        assert got.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
        assert got.std == pytest.approx(statistics.stdev(values), abs=1e-6)

    def test_a_small_deviation_of_large_values_is_not_cancelled(self):
        assert spread([1e9, 1e9 + 1e-3, 1e9 + 2e-3]).std == pytest.approx(1e-3, rel=1e-3)

    def test_huge_values_do_not_overflow(self):
        assert math.isfinite(spread([1e308, 1e308]).mean)

    def test_seeds_are_left_out_at_any_depth(self):
        config = {"seed": 1, "data": {"random_state": 2, "size": 3}, "train.seed": 4, "speed": 5, "list": [{"Seed": 1}]}
        assert without_seeds(config) == {"data": {"size": 3}, "speed": 5, "list": [{}]}


async def test_the_examples_of_the_documentation_are_queries(jobs):
    examples = re.findall(r"^```query\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    queries = [line for block in examples for line in block.splitlines() if line.strip()]
    assert len(queries) >= 12
    refused = {query: answer.text for query in queries if (answer := await ask(jobs, query)).status_code != 200}
    assert refused == {}


class TestBatches:
    @pytest.fixture
    async def batches(self, world):
        at = now()
        await world.person("bob")
        env = {"config": {"lr": 0.1}, "git_branch": "main"}
        hour = {"start_time": at - timedelta(hours=3), "end_time": at - timedelta(hours=2)}
        await world.batch("one", name="first", status="done", n_done=2, n_jobs=2, env_snapshot=env, **hour)
        await world.batch("two", project="text", status="FAILED", n_failed=1, start_time=at - timedelta(days=9))
        await world.batch("three", n_total=9)
        await world.batch("foreign", owner="bob", project="vision")
        await world.batch("gone", deleted_at=at)
        await world.job("one", "a", metrics={"val_acc": 0.7, "loss": 3})
        await world.job("one", "b", metrics={"val_acc": 0.9, "loss": 4})
        await world.job("one", "c", metrics={"val_acc": 0.99}, deleted_at=at)
        await world.job("three", "a", metrics={"val_acc": 0.8})
        await world.share("foreign", "ada")
        return world

    async def batch_ids(self, world, query="", **more):
        answer = await found(world, query, **{"from": "batches", **more})
        return [one["batch"]["id"] for one in answer["batches"]]

    async def test_each_condition_finds_its_batches(self, batches):
        cases = {
            "": {"one", "two", "three", "foreign"},
            "status = 'failed'": {"two"},
            "name ~ 'FIR' or failed > 0": {"one", "two"},
            "started < -7d": {"two"},
            "elapsed = 1h": {"one"},
            "elapsed is null and owner = 'ada'": {"two", "three"},
            "config.lr = 0.1 and env.git_branch = 'main'": {"one"},
            "metrics.val_acc > 0.75": {"one", "three"},
            "metrics.val_acc > 0.95": set(),
            "metrics.val_acc is null": {"two", "foreign"},
            "total >= 9": {"three"},
            "id in ('one', 'gone')": {"one"},
        }
        for query, expected in cases.items():
            assert set(await self.batch_ids(batches, query)) == expected, query

    async def test_whose_they_are_is_chosen_beside_the_query(self, batches):
        assert set(await self.batch_ids(batches, scope="mine")) == {"one", "two", "three"}
        assert await self.batch_ids(batches, scope="shared") == ["foreign"]

    async def test_pages_follow_the_order_by_the_best_value_of_a_metric(self, batches):
        asked = {"from": "batches", "sort": ["-metrics.val_acc"], "columns": ["metrics.val_acc", "metrics.loss"]}
        seen, cursor = [], None
        while True:
            page = await found(batches, limit=1, cursor=cursor, **asked)
            seen += [(one["batch"]["id"], *one["values"].values()) for one in page["batches"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert seen[:2] == [("one", 0.9, 3), ("three", 0.8, None)]
        assert {one[0] for one in seen[2:]} == {"two", "foreign"}

    async def test_groups_of_batches(self, batches):
        asked = {"group_by": ["project"], "columns": ["metrics.val_acc"]}
        first, second = (await found(batches, **{"from": "batches", **asked}))["groups"]
        assert (first["key"], first["n"], second["n"]) == ({"project": "vision"}, 3, 1)
        assert first["columns"]["metrics.val_acc"]["mean"] == pytest.approx(0.85)
        assert {member["id"] for member in first["members"]} == {"one", "three", "foreign"}

    async def test_a_page_reads_as_often_for_one_batch_as_for_many(self, batches, statements):
        numbers = set()
        # The first question also reads who asks.
        await self.batch_ids(batches)
        for limit in (1, 4):
            statements.clear()
            await self.batch_ids(batches, limit=limit)
            numbers.add(len(statements))
        # One more for rows without what they are sorted by, when the page is not full.
        assert max(numbers) <= min(numbers) + 1

    @pytest.mark.parametrize(
        ("asked", "part"),
        [
            ({"query": "model = 'x'"}, "query"),
            ({"group_by": ["seed"]}, "group_by"),
            ({"sort": ["dataset"]}, "sort"),
            ({"columns": ["metrics"]}, "columns"),
        ],
    )
    async def test_what_only_jobs_have_is_refused(self, batches, asked, part):
        answer = await ask(batches, **{"from": "batches", **asked})
        assert answer.status_code == 422
        assert answer.json()["error"]["details"]["part"] == part


class TestFields:
    async def test_offers_what_the_newest_jobs_have(self, jobs):
        told = await jobs.read("/api/query/fields")
        fields = {one["name"]: one for one in told["fields"]}
        assert set(fields["project"]["values"]) == {"vision", "text"}
        assert set(fields["tags"]["values"]) == {"baseline", "a-b"}
        assert fields["config.optim.name"]["values"] == ["adam"]
        assert {'metrics."my metric"', "metrics.val/f1", "latest.loss", "started", "config.lr"} <= set(fields)
        assert fields["elapsed"]["kind"] == "duration"
        # Whatever it offers can be asked for.
        for name in fields:
            await found(jobs, f"{name} is null")

    async def test_of_batches(self, jobs):
        told = await jobs.read("/api/query/fields", **{"from": "batches"})
        fields = {one["name"]: one for one in told["fields"]}
        assert fields["name"]["values"] == ["sweep"]
        for name in fields:
            await found(jobs, f"{name} is null", **{"from": "batches"})

    async def test_tells_nothing_of_what_one_does_not_see(self, jobs):
        await jobs.person("eve")
        told = await jobs.read("/api/query/fields", "eve")
        assert told["sampled_jobs"] == 0
        assert not any(one["values"] for one in told["fields"])
        assert not any(one["name"].startswith(("config.", "metrics.")) for one in told["fields"])
