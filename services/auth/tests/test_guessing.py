"""What keeps guessers out: rates per account and per address, which replicas share and which a broken Redis does not
suspend; and answers that tell nobody which accounts there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import textwrap
import uuid

import httpx
import pytest
import sqlalchemy as sa

from argus_auth.app import SERVICE
from argus_auth.core import AuthCore
from argus_auth.limits import Limits, neighbourhood
from argus_auth.passwords import Passwords
from argus_kit.app import http_app
from argus_kit.cache import open_cache
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.testing import make_settings, running_client, valkey_child
from argus_schema.auth import audit_log, login_failure, user

GOOD_PASSWORD = "correct horse 1"


async def _login(client, name="ada", password=GOOD_PASSWORD):
    return await client.post("/api/auth/login", json={"username_or_email": name, "password": password})


@contextlib.asynccontextmanager
async def _replica(tmp_path, database, nats_url, redis_url):
    platform = Platform(make_settings(tmp_path, str(database.url), nats_url, redis_url=redis_url))
    async with running_client(http_app(SERVICE, platform)) as client:
        yield client, platform.get(AuthCore)


@pytest.fixture
async def two(sqlite_database, nats_url, redis_url, tmp_path):
    """Two replicas with one database and one Valkey."""
    prefix = uuid.uuid4().hex
    async with (
        _replica(tmp_path, sqlite_database, nats_url, redis_url) as (first, first_core),
        _replica(tmp_path, sqlite_database, nats_url, redis_url) as (second, second_core),
    ):
        # The Valkey is shared with other tests, the buckets of this one must not be.
        for core in (first_core, second_core):
            take = core.limits.take
            core.limits.take = lambda key, take=take, **more: take(f"{prefix}:{key}", **more)
        yield (first, first_core), (second, second_core)


class TestRates:
    async def test_replicas_count_one_account_together_whatever_its_guessers_address(self, two):
        clients = [client for client, _ in two]
        for _, core in two:
            core.settings.auth_guesses_per_minute = 4
        answers = []
        for n in range(6):
            transport = clients[n % 2]._transport
            elsewhere = httpx.ASGITransport(app=transport.app, client=(f"10.0.0.{n}", 1))
            async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as client:
                answers.append(await _login(client, "nobody"))
        assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 15

    async def test_replicas_count_one_address_together_whatever_the_account(self, two):
        for _, core in two:
            core.settings.auth_attempts_per_minute = 4
        answers = [await _login(two[n % 2][0], f"nobody-{n}") for n in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 15

    async def test_replicas_lock_an_account_together(self, two):
        body = {"username": "ada", "email": "ada@example.org", "password": GOOD_PASSWORD}
        assert (await two[0][0].post("/api/auth/register", json=body)).status_code == 201
        answers = [await _login(two[n % 2][0], password="wrong horse 12") for n in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [423]
        assert 590 <= int(answers[-1].headers["Retry-After"]) <= 600

    async def test_five_links_an_hour_are_mailed_to_one_address(self, client, sign_up, core, database):
        ada = await sign_up()
        for _ in range(7):
            answer = await client.post("/api/auth/request-password-reset", json={"email": ada.email})
            assert answer.json() == {"ok": True, "detail": "ok"}
        async with database.read() as connection:
            actions = (
                sa.select(audit_log.c.action).where(audit_log.c.action.like("password_reset%")).order_by(audit_log.c.id)
            )
            found = list((await connection.execute(actions)).scalars())
        assert found == ["password_reset_requested"] * 5 + ["password_reset_refused"] * 2

    async def test_processes_share_a_bucket(self, redis_url):
        key = uuid.uuid4().hex
        script = textwrap.dedent(
            f"""
            import asyncio
            from argus_auth.limits import Limits
            from argus_kit.cache import open_cache

            async def take():
                cache = open_cache({redis_url!r})
                limits = Limits(cache)
                # The first word to a Redis takes longer than an answer is waited for.
                await cache.take("warm", capacity=1, per_second=1)
                waits = [await limits.take({key!r}, capacity=10, per_hour=1) for _ in range(10)]
                print(sum(wait == 0 for wait in waits))
                await cache.close()

            asyncio.run(take())
            """
        )
        both = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
        assert sum(int(process.communicate(timeout=60)[0]) for process in both) == 10


@pytest.mark.parametrize("broken", ["dead", "hanging"])
async def test_a_broken_redis_neither_lets_everybody_in_nor_keeps_anybody_out(
    broken, sqlite_database, nats_url, tmp_path
):
    with valkey_child() as valkey:
        port = free_port() if broken == "dead" else valkey.port
        async with _replica(tmp_path, sqlite_database, nats_url, f"redis://127.0.0.1:{port}/0") as (client, core):
            core.settings.auth_attempts_per_minute = 5
            if broken == "hanging":
                await _login(client, "warms-the-connection")
                valkey.process.send_signal(signal.SIGSTOP)
            try:
                # The guard ends a test that hangs with the Redis; it is no measure.
                async with asyncio.timeout(30):
                    statuses = [(await _login(client, f"nobody-{n}")).status_code for n in range(8)]
            finally:
                if broken == "hanging":
                    valkey.process.send_signal(signal.SIGCONT)
    assert statuses == [401] * 5 + [429] * 3


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        (None, ""),
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_who_counts_as_one(ip, counted):
    assert neighbourhood(ip) == counted


async def test_a_bucket_in_this_process_keeps_its_size_and_rate():
    limits = Limits(open_cache(""))
    waits = [await limits.take("k", capacity=2, per_hour=60) for _ in range(3)]
    assert waits[:2] == [0.0, 0.0]
    assert 59 < waits[2] <= 60


class TestTellingNobody:
    """Work is counted, not time: each refusal costs one argon2 check with the same parameters, and one audit line."""

    @pytest.fixture
    def checks(self, monkeypatch):
        counted: list[str] = []
        original = Passwords._matches

        def matches(self, password_hash, password):
            counted.append(password_hash.rsplit("$", 2)[0])
            return original(self, password_hash, password)

        monkeypatch.setattr(Passwords, "_matches", matches)
        return counted

    async def test_every_kind_of_account_answers_and_costs_the_same(self, client, sign_up, database, checks):
        root = await sign_up("root")
        people = {name: await sign_up(name) for name in ("wrong", "banned", "gone", "linked")}
        await client.post(f"/api/admin/users/{people['banned'].id}/ban", headers=root.headers)
        await client.delete(f"/api/admin/users/{people['gone'].id}?runs=keep", headers=root.headers)
        async with database.write() as connection:
            linked = sa.update(user).where(user.c.id == people["linked"].id)
            await connection.execute(linked.values(password_hash=None))
        tries = {
            "unknown": ("nobody", GOOD_PASSWORD),
            "wrong": ("wrong", "wrong horse 12"),
            "banned": ("banned", GOOD_PASSWORD),
            "gone": ("gone", GOOD_PASSWORD),
            "gone, by what is left": (f"deleted-{people['gone'].id}", GOOD_PASSWORD),
            "linked": ("linked", GOOD_PASSWORD),
        }
        answers = {}
        for kind, (name, password) in tries.items():
            checks.clear()
            before = await self._lines(database)
            answer = await _login(client, name, password)
            told = {**answer.json()["error"], "trace_id": None}
            headers = {
                key: value for key, value in answer.headers.items() if key not in {"date", "x-trace-id", "x-request-id"}
            }
            answers[kind] = (answer.status_code, told, headers, list(checks), await self._lines(database) - before)
        assert all(answer == answers["unknown"] for answer in answers.values()), answers
        assert answers["unknown"][3:] == (["$argon2id$v=19$m=64,t=1,p=1"], 1)

    async def test_another_spelling_does_not_tell_whether_there_is_an_account(self, client, sign_up):
        ada = await sign_up()
        for name, other in (("ada", "Ada"), ("nobody", "Nobody")):
            locked = [(await _login(client, name, "wrong horse 12")).status_code for _ in range(6)]
            assert (locked[-1], (await _login(client, other, "wrong horse 12")).status_code) == (423, 401)
        for address in (ada.email, "nobody@example.org"):
            locked = [(await _login(client, address, "wrong horse 12")).status_code for _ in range(6)]
            assert (locked[-1], (await _login(client, address.upper(), "wrong horse 12")).status_code) == (423, 423)

    async def test_names_that_nobody_has_are_locked_by_guesses_at_once_like_any_other(self, client, database):
        answers = await asyncio.gather(*(_login(client, "nobody", f"wrong horse {n}2") for n in range(10)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [423] * 5
        async with database.read() as connection:
            rows = (await connection.execute(sa.select(login_failure))).all()
        assert len(rows) == 1
        assert "nobody" not in repr(rows)

    async def test_a_reset_is_answered_and_written_down_for_every_address(self, client, sign_up, database):
        root, banned = await sign_up("root"), await sign_up("banned")
        await client.post(f"/api/admin/users/{banned.id}/ban", headers=root.headers)
        for email in ("nobody@example.org", banned.email, root.email):
            before = await self._lines(database)
            answer = await client.post("/api/auth/request-password-reset", json={"email": email})
            assert (answer.status_code, answer.json()) == (200, {"ok": True, "detail": "ok"})
            assert await self._lines(database) - before == 1

    async def _lines(self, database) -> int:
        async with database.read() as connection:
            return (await connection.execute(sa.select(sa.func.count()).select_from(audit_log))).scalar_one()
