from __future__ import annotations

import inspect
import re
import subprocess
import sys
import time

import pytest
from zxcvbn import feedback

from argus_auth import strength
from argus_auth.admin import create_admin
from argus_auth.core import AuthCore
from argus_kit.errors import ArgusError

GOOD_PASSWORD = "correct horse 1"
# What the README, tests and published scripts use: the rule must let them in.
IN_USE = [
    GOOD_PASSWORD,
    "another horse 2",
    "another-horse-2",
    "benchmark 2026",
    "Correct-horse-mabc12-1",
    "wrong 12345",
]
WEAK = [
    ("Password123", "common"),
    ("qwerty12345", "common"),
    ("hunter2hunter2", "repeat"),
    ("abcdefghij1", "sequence"),
    ("ada-lovelace1", "personal"),
    ("argus12345", "word"),
    ("training1234", "longer"),
]


def _body(password, **changes):
    person = {"username": "ada-lovelace", "email": "ada@example.org"}
    return person | {"password": password} | changes


@pytest.mark.parametrize("password", IN_USE)
async def test_passwords_in_use_are_good_enough(password):
    assert (await strength.estimate(password, ("ada", "ada@example.org"))).score >= 2


async def test_what_is_easy_to_guess_is_refused_as_a_value_error_that_says_why(sqlite_app):
    for password, hint in WEAK:
        answer = await sqlite_app.post("/api/auth/register", json=_body(password))
        assert (password, answer.status_code) == (password, 422)
        error, item = answer.json()["error"], answer.json()["detail"][0]
        assert (error["code"], item["type"], item["loc"]) == ("auth.password_weak", "value_error", ["body", "password"])
        found = await strength.estimate(password, ("ada-lovelace", "ada@example.org"))
        assert hint in found.hints
        assert strength.HINTS[found.hints[0]] in item["msg"]
        assert password not in answer.text


async def test_a_changed_and_a_reset_password_are_judged_and_the_link_stays_good(client, sign_up, mail_to):
    ada = await sign_up()
    body = {"current_password": ada.password, "new_password": "Password123"}
    answer = await client.post("/api/auth/change-password", json=body, headers=ada.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "auth.password_weak")
    await client.post("/api/auth/request-password-reset", json={"email": ada.email})
    mail = await mail_to(ada.email, "password_reset")
    token = re.search(r"token=(\S+)", mail.body_text)[1]
    statuses = []
    for password in ("Password123", "another horse 2"):
        reset = {"token": token, "new_password": password}
        statuses.append((await client.post("/api/auth/reset-password", json=reset)).status_code)
    assert statuses == [422, 200]


async def test_the_rule_can_be_lifted(sqlite_app):
    sqlite_app._transport.app.state.platform.get(AuthCore).settings.auth_password_min_score = 0
    assert (await sqlite_app.post("/api/auth/register", json=_body("Password123"))).status_code == 201


async def test_an_administrator_from_the_command_line_needs_one_too(sqlite_database):
    with pytest.raises(ArgusError, match="too easy to guess"):
        await create_admin(sqlite_database, "root", "root@example.org", "Password123")


class TestJudging:
    async def test_a_form_is_told_what_the_rule_will_say(self, sqlite_app):
        for password, hint in WEAK:
            answer = await sqlite_app.post("/api/auth/password-strength", json=_body(password))
            told = answer.json()
            assert answer.status_code == 200
            assert told["score"] < told["least"] == 2
            assert hint in told["hints"]
        told = (await sqlite_app.post("/api/auth/password-strength", json=_body(GOOD_PASSWORD))).json()
        assert told == {"score": 4, "least": 2, "hints": []}

    async def test_it_judges_long_and_odd_texts_and_no_end_of_them(self, sqlite_app):
        for password in ("4@4@1!l|5$0oe3" * 18, "密码密码密码", "e\u0301" * 30):
            assert (await sqlite_app.post("/api/auth/password-strength", json=_body(password))).status_code == 200
        for password in ("", "x" * 257):
            assert (await sqlite_app.post("/api/auth/password-strength", json=_body(password))).status_code == 422

    async def test_every_hint_has_a_sentence_and_every_sentence_of_the_library_a_hint(self):
        sentences = re.findall(r"""_\(\s*['"](.+?)['"]""", inspect.getsource(feedback))
        unknown = [
            text for text in sentences if not any(text.lower().startswith(start) for start in strength._BY_SENTENCE)
        ]
        assert len(sentences) > 20
        assert [text for text in unknown if not text.startswith(("No need", "Avoid", "Use a longer"))] == []
        assert set(strength._BY_SENTENCE.values()) | {"personal"} == set(strength.HINTS)


def test_its_words_are_not_loaded_before_somebody_chooses_a_password():
    script = "import sys, argus_auth.app as app; app.SERVICE.routers(); sys.exit('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("password", ["4@8({[<369!1|0$57+%2" * 4, "1<5+[(9$7!324@{0|%86166{886{s0$s008$s6s86s88"])
def test_no_password_keeps_a_processor_busy(password):
    strength._estimate("warm", [])
    before = time.process_time()
    assert strength._estimate(password, []).score >= 3
    assert time.process_time() - before < 1.0


def test_letters_that_others_stand_for_are_still_seen_through():
    assert "substitutions" in strength._estimate("P@$$w0rd!123", []).hints
