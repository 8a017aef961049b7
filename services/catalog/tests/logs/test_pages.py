from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from argus_catalog.logs.whole import outline as outlines
from argus_catalog.logs.whole import service
from argus_contracts.event_rows import TYPE_CODES, event_key
from argus_schema import ingest

T0 = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG = 2_600


async def many(world, batch_id, count, *, job_id="j1", begin=0):
    """Lines at even ids, so that an id is no place; every hundredth is an error, every thousandth has a needle."""
    rows = [
        {
            "batch_key": world.keys[batch_id],
            "id": 2 * (begin + n) + 2,
            "job_id": job_id,
            "at": T0 + timedelta(seconds=begin + n),
            "level": "error" if n % 100 == 7 else "info",
            "line": f"line {begin + n}{' Needle 50%' if n % 1000 == 7 else ''}",
            "event_id": f"e-{job_id}-{begin + n}",
        }
        for n in range(count)
    ]
    async with world.database.write() as connection:
        await connection.execute(sa.insert(ingest.log_line), rows)


@pytest.fixture
async def long_log(world):
    await world.batch("a")
    await world.job("a", "j1")
    await many(world, "a", LONG)
    return world


def places(page):
    return [row["n"] for row in page["items"]]


class TestPages:
    async def test_it_begins_at_the_end(self, long_log):
        page = await long_log.read("/api/jobs/a/j1/log", limit=3)
        assert (page["total"], page["scanned"], places(page)) == (LONG, None, [2597, 2598, 2599])
        assert page["items"][0] == {
            "id": 5196,
            "n": 2597,
            "event_id": "e-j1-2597",
            "ts": "2026-11-20T12:43:17Z",
            "job_id": "j1",
            "level": "info",
            "stream": None,
            "dropped": None,
            "line": "line 2597",
        }

    async def test_every_way_to_a_place(self, long_log):
        for params, expected in (
            ({"line": 0}, [0, 1, 2]),
            ({"line": 1999}, [1999, 2000, 2001]),
            ({"line": 2598}, [2598, 2599]),
            ({"line": 99_999}, []),
            ({"before": 2002}, [997, 998, 999]),
            ({"before": 4}, [0]),
            ({"before": 2}, []),
            ({"after": 2000}, [1000, 1001, 1002]),
            ({"after": 2001}, [1000, 1001, 1002]),
            ({"after": 5200}, []),
            ({"around": 4004}, [2000, 2001, 2002]),
            ({"at": "2026-11-20T12:20:00Z"}, [1199, 1200, 1201]),
            ({"at": "2026-11-20T11:00:00Z"}, [0, 1, 2]),
            ({"at": "2026-11-21T11:00:00Z"}, [2599]),
        ):
            page = await long_log.read("/api/jobs/a/j1/log", limit=3, **params)
            assert (places(page), page["total"]) == (expected, LONG), params
            assert [row["line"] for row in page["items"]] == [f"line {n}{needle(n)}" for n in expected], params

    async def test_pages_follow_each_other_without_a_gap(self, long_log):
        seen, before = [], None
        while before is None or seen[0] > 0:
            page = await long_log.read(
                "/api/jobs/a/j1/log", limit=700, **({} if before is None else {"before": before})
            )
            seen, before = places(page) + seen, page["items"][0]["id"]
        assert seen == list(range(LONG))

    async def test_a_growing_log_keeps_its_places_and_one_that_lost_its_beginning_is_counted_anew(self, long_log):
        await long_log.read("/api/jobs/a/j1/log")
        await many(long_log, "a", 1_500, begin=LONG)
        page = await long_log.read("/api/jobs/a/j1/log", limit=1)
        assert (page["total"], places(page), page["items"][0]["line"]) == (4_100, [4_099], "line 4099")
        async with long_log.database.write() as connection:
            await connection.execute(sa.delete(ingest.log_line).where(ingest.log_line.c.id <= 2_000))
        page = await long_log.read("/api/jobs/a/j1/log", line=0, limit=1)
        assert (page["total"], page["items"][0]["line"]) == (3_100, "line 1000")

    async def test_nothing_is_counted_twice(self, long_log, statements):
        await long_log.read("/api/jobs/a/j1/log", line=0, limit=1)
        first = len(statements)
        await long_log.read("/api/jobs/a/j1/log", line=2000, limit=1)
        assert len(statements) - first <= first
        assert not any("recursive" in text.lower() and "offset" not in text.lower() for text in statements)

    async def test_jobs_and_their_batch(self, long_log):
        await many(long_log, "a", 3, job_id="j2", begin=LONG)
        assert (await long_log.read("/api/jobs/a/j2/log"))["total"] == 3
        assert (await long_log.read("/api/batches/a/log", limit=1))["total"] == LONG + 3
        assert places(await long_log.read("/api/batches/a/log", job_id="j2")) == [0, 1, 2]
        assert await long_log.read("/api/jobs/a/none/log") == {"items": [], "total": 0, "scanned": None}

    async def test_what_its_event_tells(self, world):
        await world.batch("a")
        for data in ({"stream": "stderr", "line": "x"}, {"stream": "elsewhere"}, {"dropped": 12}, None):
            await world.log("a", "x", job_id="j1")
            await world.insert(
                ingest.event,
                batch_key=world.keys["a"],
                id=world.ids["a"],
                event_key=event_key(f"e{world.ids['a']}"),
                type_code=TYPE_CODES["log_line"],
                job_id="j1",
                at=T0,
                data=data,
            )
        rows = (await world.read("/api/jobs/a/j1/log"))["items"]
        assert [(row["stream"], row["dropped"]) for row in rows] == [
            ("stderr", None),
            (None, None),
            (None, 12),
            (None, None),
        ]

    async def test_bad_places_are_refused(self, long_log):
        for params in ({"line": -1}, {"limit": 0}, {"at": "yesterday"}, {"at": "2026-11-20T12:00:00"}):
            assert (await long_log.get("/api/jobs/a/j1/log", **params)).status_code == 422, params


def needle(n):
    return " Needle 50%" if n % 1000 == 7 else ""


class TestSearch:
    async def test_a_text_in_any_case_and_its_place(self, long_log):
        page = await long_log.read("/api/jobs/a/j1/log", q="nEEDLE 50%")
        assert places(page) == [7, 1007, 2007]
        assert page["scanned"] == {"from_line": 0, "to_line": LONG, "from_id": 2, "to_id": 5201}
        assert places(await long_log.read("/api/jobs/a/j1/log", q="needle_")) == []

    async def test_a_lowest_level(self, long_log):
        long_log.ids["a"] = 9_000
        await long_log.log("a", "odd", job_id="j2", level="Notice")
        await long_log.log("a", "low", job_id="j2", level="DEBUG")
        assert len((await long_log.read("/api/jobs/a/j1/log", level="warn", limit=100))["items"]) == 26
        for level, lines in (("info", ["odd"]), ("debug", ["odd", "low"]), ("error", [])):
            page = await long_log.read("/api/batches/a/log", job_id="j2", level=level)
            assert sorted(row["line"] for row in page["items"]) == sorted(lines), level

    async def test_a_full_page_says_how_far_it_came_in_either_direction(self, long_log):
        last = await long_log.read("/api/jobs/a/j1/log", level="error", limit=2)
        assert (places(last), last["scanned"]["from_line"]) == ([2407, 2507], 2407)
        before = await long_log.read("/api/jobs/a/j1/log", level="error", limit=2, before=last["scanned"]["from_id"])
        assert (places(before), before["scanned"]["to_line"]) == ([2207, 2307], 2407)
        first = await long_log.read("/api/jobs/a/j1/log", level="error", limit=2, line=0)
        assert (places(first), first["scanned"]["to_line"]) == ([7, 107], 108)
        then = await long_log.read("/api/jobs/a/j1/log", level="error", limit=1, after=first["scanned"]["to_id"] - 1)
        assert (places(then), then["scanned"]["from_line"]) == ([207], 108)

    async def test_a_search_stops_at_its_bound_and_goes_on_to_the_beginning(self, long_log, monkeypatch):
        monkeypatch.setattr(service, "SCANNED_AT_ONCE", outlines.STRIDE)
        found, scanned, rounds = [], {"from_line": LONG}, 0
        while scanned["from_line"] > 0:
            more = {"before": scanned["from_id"]} if "from_id" in scanned else {}
            page = await long_log.read("/api/jobs/a/j1/log", q="needle", **more)
            assert page["scanned"]["to_line"] == scanned["from_line"]
            found, scanned, rounds = places(page) + found, page["scanned"], rounds + 1
        assert (found, rounds) == ([7, 1007, 2007], 3)
        found, scanned = [], {"to_line": 0, "to_id": 0}
        while scanned["to_line"] < LONG:
            page = await long_log.read("/api/jobs/a/j1/log", q="needle", after=max(0, scanned["to_id"] - 1))
            assert page["scanned"]["from_line"] == scanned["to_line"]
            found, scanned = found + places(page), page["scanned"]
        assert found == [7, 1007, 2007]


class TestDownload:
    async def test_all_lines_as_text(self, long_log):
        answer = await long_log.get("/api/jobs/a/j1/log.txt")
        lines = answer.text.splitlines()
        assert (answer.status_code, len(lines)) == (200, LONG)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="a-j1.log"')
        assert lines[7] == "2026-11-20 12:00:07 ERROR   line 7 Needle 50%"
        assert (await long_log.get("/api/jobs/a/j1/log.txt", plain=1)).text.startswith("line 0\nline 1\n")
        assert " [j1] line 0\n" in (await long_log.get("/api/batches/a/log.txt")).text
