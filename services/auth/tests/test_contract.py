"""The contract's tables as tests: every row of the endpoints, every error that it names, the shapes, the limits and the
audit actions. What other files test in depth stands here once more, as an unmodified client would meet it.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from argus_kit.clock import frozen, now
from argus_kit.testing import add_token, bearer_headers
from argus_schema.auth import audit_log, user

NEW = "another horse 2"
WRONG = "wrong horse 12"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
SHAPES = {
    "TokenResponse": {"access_token": str, "token_type": str, "expires_in": int, "user": dict},
    "UserOut": {
        "id": int,
        "username": str,
        "email": str,
        "is_admin": bool,
        "email_verified": bool,
        "is_active": bool,
        "created_at": TIME,
        "last_login": TIME,
        "github_login": None,
        "has_password": bool,
        "hide_demo": bool,
    },
    "SessionOut": {
        "jti": str,
        "issued_at": TIME,
        "expires_at": TIME,
        "user_agent": str,
        "ip": str,
        "last_seen_at": TIME,
        "is_current": bool,
    },
    "TokenOut": {
        "id": int,
        "name": str,
        "prefix": str,
        "display_hint": str,
        "scope": str,
        "created_at": TIME,
        "last_used": None,
        "expires_at": None,
        "revoked": bool,
    },
}


class Row(NamedTuple):
    """One line of a table: who asks for what, and what comes back. `says` is the body, a part of it, or the type of a
    422's first problem.
    """

    request: str
    who: str | None
    body: Any
    status: int
    says: Any = None


def _register(**changes):
    return {"username": "carl", "email": "carl@example.org", "password": NEW} | changes


DONE = {"ok": True}
ROWS = [
    # register
    Row("POST /api/auth/register", None, _register(), 201, {"require_verify": True}),
    Row("POST /api/auth/register", None, _register(email="c2@example.org", username="CARL"), 409, "user"),
    Row("POST /api/auth/register", None, _register(username="carla", email="CARL@example.org"), 409, "email"),
    Row("POST /api/auth/register", None, _register(username="dora", invite_code="x", email="d@example.org"), 201),
    Row("POST /api/auth/register", None, _register(username="ab"), 422, "string_too_short"),
    Row("POST /api/auth/register", None, _register(username="a b c"), 422, "string_pattern_mismatch"),
    Row("POST /api/auth/register", None, _register(email="nobody"), 422, "value_error"),
    Row("POST /api/auth/register", None, _register(password="short1"), 422, "string_too_short"),
    Row("POST /api/auth/register", None, _register(password="only letters"), 422, "value_error"),
    Row("POST /api/auth/register", None, _register(password="1234567890"), 422, "value_error"),
    Row("POST /api/auth/register", None, _register(more=1), 422, "extra_forbidden"),
    # login
    Row("POST /api/auth/login", None, {"username_or_email": "ada", "password": "$ada"}, 200, {"token_type": "bearer"}),
    Row("POST /api/auth/login", None, {"username_or_email": "$EMAIL", "password": "$ada"}, 200),
    Row("POST /api/auth/login", None, {"username_or_email": "ADA", "password": "$ada"}, 401),
    Row("POST /api/auth/login", None, {"username_or_email": "ada", "password": WRONG}, 401),
    Row("POST /api/auth/login", None, {"username_or_email": "", "password": "x"}, 422, "string_too_short"),
    Row("POST /api/auth/login", None, {"username_or_email": "ada", "password": ""}, 422),
    # me
    Row("GET /api/auth/me", "session", None, 200, {"username": "ada"}),
    Row("GET /api/auth/me", "reporter", None, 200, {"username": "ada"}),
    Row("GET /api/auth/me", "viewer", None, 200, {"username": "ada"}),
    Row("GET /api/auth/me", None, None, 401),
    Row("GET /api/auth/me", "nonsense", None, 401),
    # verify-email
    Row("POST /api/auth/verify-email", None, {"token": "x" * 43}, 400),
    Row("POST /api/auth/verify-email", None, {"token": "short"}, 422),
    # reset
    Row("POST /api/auth/request-password-reset", None, {"email": "nobody@example.org"}, 200, DONE | {"detail": "ok"}),
    Row("POST /api/auth/request-password-reset", None, {"email": "nobody"}, 422, "value_error"),
    Row("POST /api/auth/reset-password", None, {"token": "x" * 43, "new_password": NEW}, 400),
    Row("POST /api/auth/reset-password", None, {"token": "x" * 43, "new_password": "weak"}, 422, "string_too_short"),
    # change-password
    Row("POST /api/auth/change-password", "reporter", {"current_password": "$ada", "new_password": NEW}, 403),
    Row("POST /api/auth/change-password", "session", {"current_password": WRONG, "new_password": NEW}, 401),
    Row("POST /api/auth/change-password", "session", {"current_password": "$ada", "new_password": "$ada"}, 400),
    Row("POST /api/auth/change-password", "session", {"current_password": "", "new_password": NEW}, 422),
    Row("POST /api/auth/change-password", "session", {"current_password": "x" * 257, "new_password": NEW}, 422),
    # change-email
    Row("POST /api/auth/change-email", "viewer", {"new_email": "n@example.org", "current_password": "$ada"}, 403),
    Row("POST /api/auth/change-email", "session", {"new_email": "n@example.org", "current_password": WRONG}, 401),
    Row("POST /api/auth/change-email", "session", {"new_email": "$EMAIL", "current_password": "$ada"}, 400),
    Row("POST /api/auth/change-email", "session", {"new_email": "$bob", "current_password": "$ada"}, 400),
    Row("POST /api/auth/change-email", "session", {"new_email": "n", "current_password": "$ada"}, 422, "value_error"),
    Row("GET /api/auth/verify-new-email?token=" + "x" * 43, None, None, 400),
    Row("GET /api/auth/verify-new-email", None, None, 422, "missing"),
    # sessions
    Row("GET /api/auth/sessions", "viewer", None, 200),
    Row("GET /api/auth/sessions", None, None, 401),
    Row("POST /api/auth/sessions/no-such-session/revoke", "session", None, 404),
    Row("POST /api/auth/refresh", "reporter", None, 401),
    Row("POST /api/auth/refresh", None, None, 401),
    # tokens
    Row("GET /api/tokens?scope=reporter&include_revoked=true", "session", None, 200),
    Row("GET /api/tokens?scope=agent", "session", None, 400),
    Row("GET /api/tokens", "reporter", None, 403),
    Row("POST /api/tokens", "session", {"name": "x", "scope": "reporter", "expires_at": None}, 201, {"name": "x"}),
    Row("POST /api/tokens", "session", {"name": "", "scope": "reporter"}, 422),
    Row("POST /api/tokens", "session", {"name": "x" * 65, "scope": "reporter"}, 422),
    Row("POST /api/tokens", "session", {"name": "x", "scope": "agent"}, 422),
    Row("POST /api/tokens", "reporter", {"name": "x", "scope": "reporter"}, 403),
    Row("DELETE /api/tokens/99999", "session", None, 404),
    # preferences
    Row("GET /api/users/me/preferences", "viewer", None, 200, {"hide_demo": False, "preferred_locale": "en-US"}),
    Row("PATCH /api/users/me/preferences", "reporter", {"hide_demo": True}, 200, {"hide_demo": True}),
    Row("PATCH /api/users/me/preferences", "session", {"hide_demo": None}, 200, {"hide_demo": True}),
    Row("PATCH /api/users/me/preferences", "session", {"preferred_locale": "zh-CN"}, 200),
    Row("PATCH /api/users/me/preferences", "session", {"preferred_locale": "zh"}, 422, "string_pattern_mismatch"),
    Row("PATCH /api/users/me/preferences", "session", {"theme": "dark"}, 422, "extra_forbidden"),
    Row("POST /api/me/resend_verification", "session", None, 200, {"ok": True, "detail": None}),
    Row("POST /api/me/resend_verification", "session", None, 429),
    # keys
    Row("GET /api/admin/security/jwt/status", "session", None, 403),
    Row("GET /api/admin/security/jwt/status", None, None, 401),
    Row("GET /api/admin/security/jwt/status", "root", None, 200, {"has_previous": False, "grace_seconds": 86_400}),
    Row("GET /api/admin/jwt/status", "root", None, 200, {"rotated_at": None}),
    Row("POST /api/admin/security/jwt/rotate", "root", None, 200, {"grace_seconds": 86_400}),
    # logout: last, since it ends what others use
    Row("POST /api/auth/logout", None, None, 401),
    Row("POST /api/auth/logout", "reporter", None, 200, DONE | {"detail": "already-invalid"}),
    Row("POST /api/auth/logout", "session", None, 200, DONE | {"detail": "logged-out"}),
    Row("GET /api/auth/me", "session", None, 401),
]


@pytest.fixture
async def people(client, sign_up, database):
    root, ada, bob = await sign_up("root"), await sign_up("ada"), await sign_up("bob")
    credentials = {
        "session": ada.jwt,
        "root": root.jwt,
        "reporter": await add_token(database, ada.id),
        "viewer": await add_token(database, ada.id, prefix="em_view_"),
        "nonsense": "nonsense",
    }
    words = {"$ada": ada.password, "$EMAIL": ada.email.upper(), "$bob": bob.email}
    return {name: bearer_headers(text) for name, text in credentials.items()}, words


async def test_every_row_of_the_endpoints_answers_as_the_table_says(client, people):
    headers, words = people
    wrong = []
    for row in ROWS:
        method, path = row.request.split(" ", 1)
        body = {key: words.get(value, value) for key, value in row.body.items()} if row.body else None
        answer = await client.request(method, path, json=body, headers=headers[row.who] if row.who else {})
        if answer.status_code != row.status or not _says(answer, row.says):
            wrong.append((row, answer.status_code, answer.text))
    assert wrong == []


def _says(answer, expected) -> bool:
    body = answer.json()
    if answer.status_code == 422:
        problems = body["detail"]
        is_list = isinstance(problems, list) and all({"type", "loc", "msg"} <= set(item) for item in problems)
        return is_list and expected in {None, problems[0]["type"]}
    if answer.status_code >= 400:
        # The SPA looks for a word in this text to choose the field.
        return isinstance(body["detail"], str) and (expected is None or expected in body["detail"].lower())
    return expected is None or all(body[key] == value for key, value in expected.items())


async def test_a_401_asks_for_a_credential_unless_it_is_about_a_password(client, people):
    headers, _ = people
    asks = {}
    for path, who, body in (
        ("/api/auth/login", None, {"username_or_email": "ada", "password": WRONG}),
        ("/api/auth/logout", None, None),
        ("/api/auth/refresh", "reporter", None),
        ("/api/auth/change-password", "session", {"current_password": WRONG, "new_password": NEW}),
        ("/api/auth/change-email", "session", {"new_email": "n@example.org", "current_password": WRONG}),
    ):
        answer = await client.post(path, json=body, headers=headers[who] if who else {})
        assert answer.status_code == 401
        asks[path] = answer.headers.get("WWW-Authenticate")
    assert list(asks.values()) == ["Bearer"] * 3 + [None] * 2


async def test_shapes_have_the_contracts_fields(client, sign_up):
    await sign_up("root")
    ada = await sign_up("ada")
    login = await client.post("/api/auth/login", json={"username_or_email": "ada", "password": ada.password})
    token = await client.post("/api/tokens", json={"name": "x", "scope": "viewer"}, headers=ada.headers)
    found = {
        "TokenResponse": login.json(),
        "UserOut": login.json()["user"],
        "SessionOut": (await client.get("/api/auth/sessions", headers=ada.headers)).json()[0],
        "TokenOut": (await client.get("/api/tokens", headers=ada.headers)).json()[0],
    }
    for name, fields in SHAPES.items():
        for field, kind in fields.items():
            value = found[name][field]
            fits = value is None if kind is None else re.fullmatch(kind, value) if isinstance(kind, str) else None
            assert fits or isinstance(value, kind if isinstance(kind, type) else ()), (name, field, value)
    assert token.json()["token"].startswith(token.json()["prefix"])
    assert "token" not in found["TokenOut"]


async def test_a_new_address_is_set_by_following_its_link(client, sign_up, mail_to):
    ada = await sign_up()
    address = f"new-{secrets.token_hex(4)}@example.org"
    body = {"new_email": address, "current_password": ada.password}
    answer = await client.post("/api/auth/change-email", json=body, headers=ada.headers)
    assert answer.json() == {"ok": True, "detail": "email-change-requested"}
    token = re.search(r"/verify-new-email\?token=(\S+)", (await mail_to(address, "verify_new_email")).body_text)[1]
    assert len(token) == 43
    path = "/api/auth/verify-new-email"
    with frozen(now() + timedelta(hours=169)):
        assert (await client.get(path, params={"token": token})).status_code == 410
    first = await client.get(path, params={"token": token})
    assert (first.status_code, first.json()) == (200, {"ok": True, "detail": "email-changed"})
    assert (await client.get(path, params={"token": token})).status_code == 410
    me = (await client.get("/api/auth/me", headers=ada.headers)).json()
    assert (me["email"], me["email_verified"]) == (address, True)


@pytest.mark.parametrize(
    ("path", "body", "capacity", "wait"),
    [
        ("/api/auth/change-password", {"current_password": WRONG, "new_password": NEW}, 5, 720),
        ("/api/auth/change-email", {"current_password": WRONG, "new_email": "n@example.org"}, 3, 1200),
    ],
)
async def test_every_attempt_counts_and_the_limit_comes_before_the_password(
    client, sign_up, path, body, capacity, wait
):
    ada = await sign_up()
    answers = [await client.post(path, json=body, headers=ada.headers) for _ in range(capacity)]
    answers.append(await client.post(path, json=body | {"current_password": ada.password}, headers=ada.headers))
    assert [answer.status_code for answer in answers] == [401] * capacity + [429]
    assert isinstance(answers[-1].json()["detail"], str)
    assert wait - 30 < int(answers[-1].headers["Retry-After"]) <= wait


async def test_a_key_is_rotated_once_a_minute_and_the_refusal_is_an_object(client, sign_up):
    root = await sign_up("root")
    assert (await client.post("/api/admin/security/jwt/rotate", headers=root.headers)).status_code == 200
    late = await client.post("/api/admin/jwt/rotate", headers=root.headers)
    assert late.status_code == 429
    assert late.json()["detail"] == {"retry_after": int(late.headers["Retry-After"])}


async def test_fifty_tokens_that_are_not_revoked_are_enough(client, sign_up, core):
    core.settings.auth_max_tokens = 2
    ada = await sign_up()
    made = [await client.post("/api/tokens", json={"name": "x", "scope": "viewer"}, headers=ada.headers) for _ in "123"]
    assert [answer.status_code for answer in made] == [201, 201, 409]
    path = f"/api/tokens/{made[0].json()['id']}"
    told = [(await client.delete(path, headers=ada.headers)).json() for _ in "12"]
    assert [(one["ok"], one["detail"]) for one in told] == [(True, "revoked"), (True, "already-revoked")]


async def test_the_audit_log_has_the_contracts_actions(client, sign_up, database, mail_to):
    root, ada = await sign_up("root"), await sign_up("ada")

    async def post(path, body=None, who=ada):
        return await client.post(path, json=body, headers=who.headers if who else {})

    await post("/api/auth/register", {"username": "ada", "email": "x@example.org", "password": NEW}, None)
    await post("/api/auth/login", {"username_or_email": "ada", "password": WRONG}, None)
    made = (await post("/api/tokens", {"name": "x", "scope": "viewer"})).json()
    await client.delete(f"/api/tokens/{made['id']}", headers=ada.headers)
    address = f"new-{secrets.token_hex(4)}@example.org"
    for password in (ada.password, WRONG, WRONG, WRONG):
        await post("/api/auth/change-email", {"new_email": address, "current_password": password})
    for _ in range(2):
        await post("/api/me/resend_verification")
    token = re.search(r"token=(\S+)", (await mail_to(address, "verify_new_email")).body_text)[1]
    await post("/api/auth/verify-new-email", {"token": token}, None)
    await post("/api/me/resend_verification")
    for password in (WRONG, ada.password, WRONG, WRONG, WRONG, WRONG):
        await post("/api/auth/change-password", {"current_password": password, "new_password": NEW})
    await post("/api/admin/security/jwt/rotate", who=root)
    await post("/api/auth/logout")

    async with database.read() as connection:
        rows = (await connection.execute(sa.select(audit_log.c.action, audit_log.c.metadata))).all()
    expected = {
        "register", "register_failed", "login_success", "login_failed", "logout", "token_create", "token_revoke",
        "password_changed", "password_change_failed", "password_change_rate_limited", "email_change_requested",
        "email_change_failed", "email_change_rate_limited", "email_changed", "resend_verification_sent",
        "resend_verification_noop", "resend_verification_rate_limited", "jwt_rotate",
    }  # fmt: skip
    assert expected <= {row.action for row in rows}
    assert {row.metadata["reason"] for row in rows if row.action == "login_failed"} == {"bad_credentials"}


async def test_a_ban_ends_sessions_and_tokens_at_once(client, sign_up, database):
    root, ada = await sign_up("root"), await sign_up("ada")
    token = bearer_headers(await add_token(database, ada.id))
    assert (await client.post(f"/api/admin/users/{ada.id}/ban", headers=root.headers)).is_success
    for headers in (ada.headers, token):
        assert (await client.get("/api/auth/me", headers=headers)).status_code == 401
    async with database.read() as connection:
        is_active = sa.select(user.c.is_active).where(user.c.id == ada.id)
        assert (await connection.execute(is_active)).scalar_one() is False
