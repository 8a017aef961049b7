"""For every operation of the OpenAPI document a request that succeeds, and who may make it.

A sample that destroys or changes something brings a thing of its own. Reads need none: the names of their parameters
say what goes into them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argus_standalone.openapi import document
from stage.people import PASSWORD, Call, Person
from stage.world import CANARY, PROJECT, STUDY, Run, World, event, picture

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": {**operation, "path": path}
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
Make = Callable[[World], Call]


@dataclass(frozen=True, slots=True)
class Sample:
    """How to ask for an operation, and as whom: "owner", "admin", "agent", or "nobody" for what needs no login."""

    who: str
    make: Make

    def call(self, world: World) -> Call:
        """The request; its credential is the rightful caller's."""
        made = self.make(world)
        if made.credential is None and self.who != "nobody":
            person: Person = getattr(world, self.who)
            made.credential, made.actor_id = person.session, person.id
        return made


SAMPLES: dict[str, Sample] = {}


def sample(operation: str, who: str = "owner") -> Callable[[Make], Make]:
    """Say how to ask for an operation."""

    def add(make: Make) -> Make:
        SAMPLES[operation] = Sample(who, make)
        return make

    return add


def sample_of(operation: str) -> Sample:
    """The sample that stands below, or for a read what the names of its parameters say."""
    if operation not in SAMPLES and operation.startswith("GET "):
        is_admin = operation.startswith("GET /api/admin/") or operation == "GET /api/hosts/{host}"
        return Sample("admin" if is_admin else "owner", lambda world: _read(world, operation))
    return SAMPLES[operation]


_QUESTIONS = {"POST /api/metrics/query", "POST /api/query", "POST /api/query/export", "POST /api/compare/jobs"}
_QUESTIONS |= {"POST /api/me/digest/preview", "POST /api/admin/email/templates/{template_id}/preview"}


def is_change(operation: str) -> bool:
    """Whether an operation is there to change something; a POST may also be a long question."""
    return not operation.startswith("GET ") and operation not in _QUESTIONS


def _read(world: World, operation: str) -> Call:
    run = world.run
    known = {"batch_id": run.batch, "job_id": run.job, "project": run.project, "host": run.host}
    known |= {"artifact_id": str(world.artifact), "group": "smtp", "metric": "val_loss", "id": str(world.owner.id)}
    known["batches"] = f"{run.batch},{world.other_run.batch}"
    known |= {"name": STUDY, "trial_id": "0"}
    known["slug"] = world.slug if "/public" in operation else world.provider
    path = re.sub(r"\{(\w+)\}", lambda part: known[part[1]], operation.removeprefix("GET "))
    wanted = [p for p in OPERATIONS[operation].get("parameters", ()) if p["in"] == "query" and p.get("required")]
    content = next(iter(OPERATIONS[operation]["responses"].values())).get("content", {})
    is_stream = "text/event-stream" in content
    return Call(path, params={p["name"]: known[p["name"]] for p in wanted}, is_stream=is_stream)


# -- people and their sessions ---------------------------------------------------------------------------------------


def _as(person: Person, path: str, **more: Any) -> Call:
    return Call(path, credential=person.session, actor_id=person.id, **more)


def _about(person: Person, path: str, **more: Any) -> Call:
    return _as(person, path, target=("user", str(person.id)), **more)


@sample("POST /api/auth/register", "nobody")
def _(world: World) -> Call:
    name = world.name("newcomer")
    return Call("/api/auth/register", {"username": name, "email": f"{name}@example.org", "password": PASSWORD})


@sample("POST /api/auth/login", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    call = _about(person, "/api/auth/login", json={"username_or_email": person.name, "password": PASSWORD})
    call.credential = None
    return call


@sample("POST /api/auth/logout")
def _(world: World) -> Call:
    return _as(world.new_person(), "/api/auth/logout")


@sample("POST /api/auth/refresh")
def _(world: World) -> Call:
    return _as(world.new_person(), "/api/auth/refresh")


@sample("POST /api/auth/sessions/{jti}/revoke")
def _(world: World) -> Call:
    person = world.new_person()
    world.new_session(person)
    found = world.ask("GET", "/api/auth/sessions", person.session)
    jti = next(one["jti"] for one in found if not one["is_current"])
    return _as(person, f"/api/auth/sessions/{jti}/revoke", target=("session", jti))


@sample("POST /api/auth/sessions/revoke-others")
def _(world: World) -> Call:
    person = world.new_person()
    world.new_session(person)
    return _about(person, "/api/auth/sessions/revoke-others")


@sample("POST /api/auth/change-password")
def _(world: World) -> Call:
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
    return _about(world.new_person(), "/api/auth/change-password", json=body)


@sample("POST /api/auth/change-email")
def _(world: World) -> Call:
    body = {"new_email": f"{world.name('new')}@example.org", "current_password": PASSWORD}
    return _about(world.new_person(), "/api/auth/change-email", json=body)


def _new_email(world: World) -> tuple[Person, str]:
    person = world.new_person()
    address = f"{world.name('new')}@example.org"
    body = {"new_email": address, "current_password": PASSWORD}
    world.ask("POST", "/api/auth/change-email", person.session, json=body)
    return person, world.mailed_token(address, "verify-new-email")


@sample("GET /api/auth/verify-new-email", "nobody")
def _(world: World) -> Call:
    # The contract's clients follow the link itself.
    person, token = _new_email(world)
    call = _about(person, "/api/auth/verify-new-email", params={"token": token})
    call.credential = None
    return call


@sample("POST /api/auth/verify-new-email", "nobody")
def _(world: World) -> Call:
    person, token = _new_email(world)
    call = _about(person, "/api/auth/verify-new-email", json={"token": token})
    call.credential = None
    return call


@sample("POST /api/auth/verify-email", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    call = _about(person, "/api/auth/verify-email", json={"token": world.mailed_token(person.email, "verify-email")})
    call.credential = None
    return call


@sample("POST /api/auth/request-password-reset", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    call = _about(person, "/api/auth/request-password-reset", json={"email": person.email})
    call.credential = None
    return call


@sample("POST /api/auth/reset-password", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    world.ask("POST", "/api/auth/request-password-reset", json={"email": person.email})
    token = world.mailed_token(person.email, "reset-password")
    call = _about(person, "/api/auth/reset-password", json={"token": token, "new_password": f"{PASSWORD} 3"})
    call.credential = None
    return call


@sample("POST /api/me/resend_verification")
def _(world: World) -> Call:
    return _about(world.new_person(), "/api/me/resend_verification")


@sample("PATCH /api/users/me/preferences")
def _(world: World) -> Call:
    return _about(world.owner, "/api/users/me/preferences", json={"hide_demo": True})


@sample("DELETE /api/auth/me")
def _(world: World) -> Call:
    return _about(world.new_person(), "/api/auth/me", json={"runs": "delete", "current_password": PASSWORD})


@sample("POST /api/auth/password-strength", "nobody")
def _(world: World) -> Call:
    return Call("/api/auth/password-strength", {"password": PASSWORD})


# -- signing in elsewhere --------------------------------------------------------------------------------------------


@sample("GET /api/auth/oauth/github/start", "nobody")
def _(world: World) -> Call:
    return Call("/api/auth/oauth/github/start")


@sample("GET /api/auth/oauth/github/callback", "nobody")
def _(world: World) -> Call:
    return Call("/api/auth/oauth/github/callback", params={"error": "access_denied"})


@sample("POST /api/auth/oauth/github/link/start")
def _(world: World) -> Call:
    return Call("/api/auth/oauth/github/link/start")


@sample("POST /api/auth/oauth/github/link/init")
def _(world: World) -> Call:
    return Call("/api/auth/oauth/github/link/init")


@sample("POST /api/auth/oauth/github/unlink")
def _(world: World) -> Call:
    person = world.new_person()
    world.link_account(person, "github")
    return _about(person, "/api/auth/oauth/github/unlink")


@sample("POST /api/auth/oauth/github/set-password")
def _(world: World) -> Call:
    person = world.new_person()
    world.write('update "user" set password_hash = null where id = ?', person.id)
    return _about(person, "/api/auth/oauth/github/set-password", json={"new_password": f"{PASSWORD} 4"})


@sample("GET /api/auth/oauth/oidc/{slug}/start", "nobody")
def _(world: World) -> Call:
    return Call(f"/api/auth/oauth/oidc/{world.provider}/start")


@sample("GET /api/auth/oauth/oidc/{slug}/callback", "nobody")
def _(world: World) -> Call:
    return Call(f"/api/auth/oauth/oidc/{world.provider}/callback", params={"error": "access_denied"})


@sample("POST /api/auth/oauth/oidc/{slug}/link/init")
def _(world: World) -> Call:
    return Call(f"/api/auth/oauth/oidc/{world.provider}/link/init")


@sample("POST /api/auth/oauth/oidc/{slug}/unlink")
def _(world: World) -> Call:
    person = world.new_person()
    world.link_account(person, f"oidc:{world.provider}")
    return _about(person, f"/api/auth/oauth/oidc/{world.provider}/unlink")


# -- tokens ----------------------------------------------------------------------------------------------------------


@sample("POST /api/tokens")
def _(world: World) -> Call:
    return _as(world.new_person(), "/api/tokens", json={"name": world.name(), "scope": "reporter"})


@sample("POST /api/tokens/leaked", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    target = ("api_token", str(person.reporter_id))
    return Call("/api/tokens/leaked", {"token": person.reporter}, target=target, actor_id=person.id)


@sample("DELETE /api/tokens/{id}")
def _(world: World) -> Call:
    person = world.new_person()
    return _as(person, f"/api/tokens/{person.reporter_id}", target=("api_token", str(person.reporter_id)))


@sample("POST /api/tokens/leaked", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    call = _as(person, "/api/tokens/leaked", json={"token": person.reporter})
    call.credential, call.target = None, ("api_token", str(person.reporter_id))
    return call


# -- administration --------------------------------------------------------------------------------------------------


@sample("POST /api/admin/users/{id}/ban", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/ban", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/unban", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    world.ask("POST", f"/api/admin/users/{person.id}/ban", world.admin.session)
    return Call(f"/api/admin/users/{person.id}/unban", target=("user", str(person.id)))


@sample("DELETE /api/admin/users/{id}", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}", params={"runs": "keep"}, target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/promote", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/promote", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/demote", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    world.ask("POST", f"/api/admin/users/{person.id}/promote", world.admin.session)
    return Call(f"/api/admin/users/{person.id}/demote", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/reset-password", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/reset-password", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/unlock", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/unlock", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/verify-email", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/verify-email", target=("user", str(person.id)))


@sample("POST /api/admin/users/{id}/end-sessions", "admin")
def _(world: World) -> Call:
    person = world.new_person()
    return Call(f"/api/admin/users/{person.id}/end-sessions", target=("user", str(person.id)))


@sample("PUT /api/admin/security/oidc-providers/{slug}", "admin")
def _(world: World) -> Call:
    slug = world.name("provider")
    body = {"name": slug, "issuer": "http://127.0.0.1:9", "client_id": "argus", "client_secret": "a secret of tests"}
    return Call(f"/api/admin/security/oidc-providers/{slug}", body, target=("oidc_provider", slug))


@sample("DELETE /api/admin/security/oidc-providers/{slug}", "admin")
def _(world: World) -> Call:
    slug = world.new_provider()
    return Call(f"/api/admin/security/oidc-providers/{slug}", target=("oidc_provider", slug))


@sample("POST /api/admin/security/oidc-providers/{slug}/test", "admin")
def _(world: World) -> Call:
    slug = world.provider
    return Call(f"/api/admin/security/oidc-providers/{slug}/test", target=("oidc_provider", slug))


@sample("POST /api/admin/users/invites", "admin")
def _(world: World) -> Call:
    return Call("/api/admin/users/invites", {"max_uses": 2, "note": CANARY})


@sample("DELETE /api/admin/users/invites/{id}", "admin")
def _(world: World) -> Call:
    invite = world.new_invite()
    return Call(f"/api/admin/users/invites/{invite}", target=("invite", str(invite)))


@sample("PUT /api/admin/feature-flags/{key}", "admin")
def _(world: World) -> Call:
    target = ("feature_flag", "stalled_threshold_sec")
    return Call("/api/admin/feature-flags/stalled_threshold_sec", {"value": 301}, target=target)


@sample("PUT /api/admin/system-config/{group}/{key}", "admin")
def _(world: World) -> Call:
    return Call("/api/admin/system-config/demo/enabled", {"value": False}, target=("system_config", "demo/enabled"))


@sample("POST /api/admin/email/smtp/test", "admin")
def _(world: World) -> Call:
    # Nothing listens there, which the answer says; the try is what counts.
    trial = {"host": "127.0.0.1", "port": 1, "use_tls": False}
    return Call("/api/admin/email/smtp/test", trial, target=("smtp", "127.0.0.1:1"))


@sample("PUT /api/admin/email/smtp", "admin")
def _(world: World) -> Call:
    # Only the name differs from what is there, and each time it does.
    server = {"smtp_host": None, "smtp_password": "***", "smtp_from_name": world.name("Argus")}
    return Call("/api/admin/email/smtp", server, target=("system_config", "smtp/from_name"))


def _template(world: World) -> tuple[str, dict[str, str]]:
    found = world.ask("GET", "/api/admin/email/templates", world.admin.session)
    one = next(one for one in found if (one["event_type"], one["locale"]) == ("batch_done", "en-US"))
    texts = {name: one[name] for name in ("subject", "body_html", "body_text")}
    return f"/api/admin/email/templates/{one['id']}", texts


@sample("GET /api/admin/email/templates/{template_id}", "admin")
def _(world: World) -> Call:
    return Call(_template(world)[0])


@sample("PUT /api/admin/email/templates/{template_id}", "admin")
def _(world: World) -> Call:
    path, texts = _template(world)
    return Call(path, texts, target=("mail_template", "batch_done/en-US"))


@sample("POST /api/admin/email/templates/{template_id}/preview", "admin")
def _(world: World) -> Call:
    path, texts = _template(world)
    return Call(f"{path}/preview", texts)


@sample("POST /api/admin/email/templates/{template_id}/reset", "admin")
def _(world: World) -> Call:
    return Call(f"{_template(world)[0]}/reset", target=("mail_template", "batch_done/en-US"))


@sample("PUT /api/me/digest")
def _(world: World) -> Call:
    return _about(world.owner, "/api/me/digest", json={"frequency": "daily", "hour": 7, "zone": "Europe/Berlin"})


@sample("POST /api/me/digest/preview")
def _(world: World) -> Call:
    return Call("/api/me/digest/preview", {"frequency": "daily", "zone": "UTC"})


@sample("POST /api/admin/email/dead-letter/retry", "admin")
def _(world: World) -> Call:
    letter = str(world.new_dead_letter())
    return Call("/api/admin/email/dead-letter/retry", params={"ids": letter}, target=("delivery", letter))


@sample("POST /api/admin/email/dead-letter/retry-all", "admin")
def _(world: World) -> Call:
    world.new_dead_letter()
    return Call("/api/admin/email/dead-letter/retry-all", target=("delivery", "all"))


@sample("DELETE /api/admin/system-config/{group}/{key}", "admin")
def _(world: World) -> Call:
    world.ask("PUT", "/api/admin/system-config/demo/enabled", world.admin.session, json={"value": False})
    return Call("/api/admin/system-config/demo/enabled", target=("system_config", "demo/enabled"))


@sample("POST /api/admin/security/jwt/rotate", "admin")
def _(world: World) -> Call:
    return Call("/api/admin/security/jwt/rotate")


@sample("POST /api/admin/retention/sweep", "admin")
def _(world: World) -> Call:
    return Call("/api/admin/retention/sweep")


# -- what was recorded -----------------------------------------------------------------------------------------------


@sample("POST /api/events")
def _(world: World) -> Call:
    body = event(world.run, "log_line", line=CANARY, level="info")
    return Call("/api/events", body, credential=world.owner.reporter, actor_id=world.owner.id)


@sample("POST /api/events/batch")
def _(world: World) -> Call:
    body = {"events": [event(world.run, "log_line", line=CANARY, level="info")]}
    return Call("/api/events/batch", body, credential=world.owner.reporter, actor_id=world.owner.id)


@sample("POST /api/metrics/query")
def _(world: World) -> Call:
    series = {"batch_id": world.run.batch, "job_id": world.run.job, "metrics": ["val_loss"]}
    return Call("/api/metrics/query", {"series": [series]})


@sample("POST /api/query")
def _(world: World) -> Call:
    return Call("/api/query", {"query": "metrics.val_loss is null or started > -7d", "columns": ["config.lr"]})


@sample("POST /api/query/export")
def _(world: World) -> Call:
    return Call("/api/query/export", {"query": "metrics.val_loss is null or started > -7d", "format": "jsonl"})


@sample("POST /api/compare/jobs")
def _(world: World) -> Call:
    return Call("/api/compare/jobs", {"jobs": [{"batch_id": world.run.batch, "job_id": world.run.job}]})


@sample("POST /api/jobs/{job_id}/artifacts")
def _(world: World) -> Call:
    run = world.run
    return Call(f"/api/jobs/{run.job}/artifacts", params={"batch_id": run.batch}, files=picture())


@sample("POST /api/batches/{batch_id}/artifacts")
def _(world: World) -> Call:
    return Call(f"/api/batches/{world.run.batch}/artifacts", files=picture())


@sample("DELETE /api/artifacts/{artifact_id}")
def _(world: World) -> Call:
    artifact = world.new_artifact(world.run)
    return Call(f"/api/artifacts/{artifact}", target=("artifact", str(artifact)))


def _on(run: Run, path: str, **more: Any) -> Call:
    return Call(path.format(batch=run.batch, job=run.job), target=("batch", run.batch), **more)


@sample("DELETE /api/batches/{batch_id}")
def _(world: World) -> Call:
    return _on(world.new_run(), "/api/batches/{batch}")


@sample("POST /api/batches/bulk-delete")
def _(world: World) -> Call:
    run = world.new_run()
    return _on(run, "/api/batches/bulk-delete", json={"batch_ids": [run.batch]})


@sample("DELETE /api/jobs/{batch_id}/{job_id}")
def _(world: World) -> Call:
    run = world.new_run()
    return Call(f"/api/jobs/{run.batch}/{run.job}", target=("job", f"{run.batch}/{run.job}"))


@sample("POST /api/jobs/bulk-delete")
def _(world: World) -> Call:
    run = world.new_run()
    body = {"items": [{"batch_id": run.batch, "job_id": run.job}]}
    return Call("/api/jobs/bulk-delete", body, target=("job", f"{run.batch}/{run.job}"))


def _deleted(world: World) -> Run:
    run = world.new_run()
    world.ask("POST", "/api/batches/bulk-delete", json={"batch_ids": [run.batch]})
    return run


@sample("POST /api/trash/restore")
def _(world: World) -> Call:
    run = _deleted(world)
    return _on(run, "/api/trash/restore", json={"batches": [run.batch]})


@sample("POST /api/trash/purge")
def _(world: World) -> Call:
    run = _deleted(world)
    return _on(run, "/api/trash/purge", json={"batches": [run.batch]})


@sample("DELETE /api/hosts/{host}", "admin")
def _(world: World) -> Call:
    host = world.name("gone-host")
    return Call(f"/api/hosts/{host}", target=("host", host))


@sample("DELETE /api/projects/{project}", "admin")
def _(world: World) -> Call:
    project = world.name("gone project")
    world.new_run(project=project)
    return Call(f"/api/projects/{project}", target=("project", project))


@sample("POST /api/admin/hosts/bulk-delete", "admin")
def _(world: World) -> Call:
    host = world.name("gone-host")
    return Call("/api/admin/hosts/bulk-delete", {"hosts": [host]}, target=("host", host))


@sample("POST /api/admin/projects/bulk-delete", "admin")
def _(world: World) -> Call:
    project = world.name("gone project")
    world.new_run(project=project)
    return Call("/api/admin/projects/bulk-delete", {"projects": [project]}, target=("project", project))


@sample("POST /api/batches/{batch_id}/stop")
def _(world: World) -> Call:
    return _on(world.new_run(is_done=False), "/api/batches/{batch}/stop")


@sample("POST /api/batches/{batch_id}/pause")
def _(world: World) -> Call:
    return _on(world.new_run(is_done=False), "/api/batches/{batch}/pause")


@sample("POST /api/batches/{batch_id}/resume")
def _(world: World) -> Call:
    run = world.new_run(is_done=False)
    # The pause is taken back before it came.
    world.ask("POST", f"/api/batches/{run.batch}/pause")
    return _on(run, "/api/batches/{batch}/resume")


@sample("POST /api/batches/{batch_id}/rerun")
def _(world: World) -> Call:
    # The line is about the batch that comes of it; its id is in the answer.
    return Call(f"/api/batches/{world.new_run().batch}/rerun", {"overrides": {"lr": 0.1}})


def _on_watched_host(world: World) -> Run:
    run = world.new_run()
    agent = {"hostname": run.host, "capabilities": ["inspect"]}
    world.client.ask("POST", "/api/agents/register", world.owner.session, json=agent)
    return run


@sample("GET /api/batches/{batch_id}/crash")
def _(world: World) -> Call:
    return _on(world.other_run, "/api/batches/{batch}/crash")


@sample("POST /api/batches/{batch_id}/inspect")
def _(world: World) -> Call:
    return _on(_on_watched_host(world), "/api/batches/{batch}/inspect")


@sample("GET /api/batches/{batch_id}/drift")
def _(world: World) -> Call:
    run = _on_watched_host(world)
    world.client.ask("POST", f"/api/batches/{run.batch}/inspect", world.owner.session)
    return _on(run, "/api/batches/{batch}/drift")


# -- shares and marks ------------------------------------------------------------------------------------------------


@sample("POST /api/batches/{batch_id}/shares")
def _(world: World) -> Call:
    body = {"grantee_username": world.new_person().name, "permission": "viewer"}
    return _on(world.other_run, "/api/batches/{batch}/shares", json=body)


@sample("DELETE /api/batches/{batch_id}/shares/{grantee_id}")
def _(world: World) -> Call:
    friend = world.new_person()
    share = {"grantee_username": friend.name}
    world.ask("POST", f"/api/batches/{world.other_run.batch}/shares", json=share)
    return _on(world.other_run, "/api/batches/{batch}/shares/" + str(friend.id))


@sample("POST /api/projects/shares")
def _(world: World) -> Call:
    project = world.name()
    body = {"project": project, "grantee_username": world.new_person().name, "permission": "viewer"}
    return Call("/api/projects/shares", body, target=("project", project))


@sample("DELETE /api/projects/shares/{project}/{grantee_id}")
def _(world: World) -> Call:
    friend, project = world.new_person(), world.name()
    world.ask("POST", "/api/projects/shares", json={"project": project, "grantee_username": friend.name})
    return Call(f"/api/projects/shares/{project}/{friend.id}", target=("project", project))


@sample("POST /api/batches/{batch_id}/public-share")
def _(world: World) -> Call:
    return _on(world.other_run, "/api/batches/{batch}/public-share", json={})


@sample("DELETE /api/batches/{batch_id}/public-share/{slug}")
def _(world: World) -> Call:
    return _on(world.other_run, "/api/batches/{batch}/public-share/" + world.new_link(world.other_run))


@sample("PUT /api/projects/{project}/settings")
def _(world: World) -> Call:
    project = world.name("described project")
    world.new_run(project=project)
    return Call(f"/api/projects/{project}/settings", {"description": world.name()}, target=("project", project))


@sample("PUT /api/projects/{project}/members/{username}")
def _(world: World) -> Call:
    path = f"/api/projects/{PROJECT}/members/{world.new_person().name}"
    return Call(path, {"role": "viewer"}, target=("project", PROJECT))


@sample("DELETE /api/projects/{project}/members/{username}")
def _(world: World) -> Call:
    person = world.new_person()
    world.new_member(person, "viewer")
    return Call(f"/api/projects/{PROJECT}/members/{person.name}", target=("project", PROJECT))


def _on_members(world: World) -> tuple[str, str]:
    project = world.name(f"{CANARY} team")
    world.new_run(project=project)
    return project, world.new_person().name


@sample("PUT /api/projects/{project}/members/{username}")
def _(world: World) -> Call:
    project, friend = _on_members(world)
    return Call(f"/api/projects/{project}/members/{friend}", {"role": "viewer"}, target=("project", project))


@sample("DELETE /api/projects/{project}/members/{username}")
def _(world: World) -> Call:
    project, friend = _on_members(world)
    path = f"/api/projects/{project}/members/{friend}"
    world.ask("PUT", path, json={"role": "viewer"})
    return Call(path, target=("project", project))


@sample("POST /api/stars")
def _(world: World) -> Call:
    return Call("/api/stars", {"target_type": "batch", "target_id": world.run.batch})


@sample("DELETE /api/stars/{target_type}/{target_id}")
def _(world: World) -> Call:
    world.ask("POST", "/api/stars", json={"target_type": "batch", "target_id": world.other_run.batch})
    return Call(f"/api/stars/batch/{world.other_run.batch}")


@sample("POST /api/pins")
def _(world: World) -> Call:
    return Call("/api/pins", {"batch_id": world.run.batch})


@sample("DELETE /api/pins/{batch_id}")
def _(world: World) -> Call:
    world.ask("POST", "/api/pins", json={"batch_id": world.other_run.batch})
    return Call(f"/api/pins/{world.other_run.batch}")


def _view(world: World) -> dict[str, Any]:
    return {"page": "jobs", "name": world.name("view"), "project": None, "query": {"where": "model = 'x'"}}


def _kept_view(world: World) -> str:
    found = world.ask("POST", "/api/views", json=_view(world))
    return f"/api/views/{found['id']}"


@sample("POST /api/views")
def _(world: World) -> Call:
    return Call("/api/views", _view(world))


@sample("PUT /api/views/{view_id}")
def _(world: World) -> Call:
    return Call(_kept_view(world), _view(world))


@sample("DELETE /api/views/{view_id}")
def _(world: World) -> Call:
    return Call(_kept_view(world))


# -- agents ----------------------------------------------------------------------------------------------------------


@sample("GET /api/agents/command-keys", "admin")
def _(world: World) -> Call:
    return Call("/api/agents/command-keys")


@sample("POST /api/agents/command-keys/rotate", "admin")
def _(world: World) -> Call:
    return Call("/api/agents/command-keys/rotate", {"is_stolen": True})


@sample("POST /api/agents/register")
def _(world: World) -> Call:
    return Call("/api/agents/register", {"hostname": world.name("host")})


@sample("GET /api/agents/{agent_id}/jobs", "agent")
def _(world: World) -> Call:
    return Call(f"/api/agents/{world.agent.id}/jobs", credential=world.agent.token)


@sample("POST /api/agents/{agent_id}/heartbeat", "agent")
def _(world: World) -> Call:
    return Call(f"/api/agents/{world.agent.id}/heartbeat", {"note": "well"}, credential=world.agent.token)


@sample("POST /api/agents/{agent_id}/jobs/{cmd_id}/ack", "agent")
def _(world: World) -> Call:
    command = world.new_command(world.agent)
    path = f"/api/agents/{world.agent.id}/jobs/{command}/ack"
    call = Call(path, {"status": "started", "pid": 7}, credential=world.agent.token, actor_id=world.owner.id)
    call.target = ("command", command)
    return call


@sample("POST /api/agents/{agent_id}/jobs/{cmd_id}/report", "agent")
def _(world: World) -> Call:
    command = world.new_command(world.agent)
    path = f"/api/agents/{world.agent.id}/jobs/{command}/report"
    body = {"seq": 0, "step": "refused", "at": "2026-01-02T03:04:05Z", "detail": "not here"}
    call = Call(path, body, credential=world.agent.token, actor_id=world.owner.id)
    call.target = ("command", command)
    return call


@sample("DELETE /api/agents/{agent_id}")
def _(world: World) -> Call:
    agent = world.new_agent()
    call = Call(f"/api/agents/{agent.id}")
    call.target = ("agent", agent.id)
    return call


@sample("PUT /api/agents/{agent_id}/allowed")
def _(world: World) -> Call:
    call = Call(f"/api/agents/{world.agent.id}/allowed", {"usernames": [world.editor.name]})
    call.target = ("agent", world.agent.id)
    return call


@sample("GET /api/commands/{cmd_id}")
def _(world: World) -> Call:
    return Call(f"/api/commands/{world.new_command(world.agent)}")


@sample("POST /api/commands/{cmd_id}/cancel")
def _(world: World) -> Call:
    command = world.new_command(world.agent)
    call = Call(f"/api/commands/{command}/cancel")
    call.target = ("command", command)
    return call


# -- notifications ---------------------------------------------------------------------------------------------------


@sample("POST /api/notifications/mark_all_read")
def _(world: World) -> Call:
    world.new_notification()
    return Call("/api/notifications/mark_all_read")


@sample("POST /api/notifications/{notification_id}/ack")
def _(world: World) -> Call:
    return Call(f"/api/notifications/{world.new_notification()}/ack")


@sample("DELETE /api/notifications/{notification_id}")
def _(world: World) -> Call:
    return Call(f"/api/notifications/{world.new_notification()}")


@sample("PUT /api/me/notification_prefs")
def _(world: World) -> Call:
    names = ("batch_done", "batch_failed", "job_failed", "diverged", "job_idle")
    return _about(world.owner, "/api/me/notification_prefs", json={f"notify_{name}": True for name in names})


@sample("PUT /api/notifications/mutes")
def _(world: World) -> Call:
    return _about(world.owner, "/api/notifications/mutes", json={"batch_id": world.run.batch})


@sample("POST /api/notifications/mutes/lift")
def _(world: World) -> Call:
    world.ask("PUT", "/api/notifications/mutes", json={"kind": "job_failed"})
    return _about(world.owner, "/api/notifications/mutes/lift", json={"kind": "job_failed"})


@sample("PATCH /api/me/subscriptions")
def _(world: World) -> Call:
    body = {"subscriptions": [{"project": PROJECT, "event_type": "batch_failed", "enabled": True}]}
    return _about(world.owner, "/api/me/subscriptions", json=body)


@sample("PATCH /api/me/inbox-choices")
def _(world: World) -> Call:
    body = {"choices": [{"project": PROJECT, "kind": "job_failed", "shown": False}]}
    return _about(world.owner, "/api/me/inbox-choices", json=body)


@sample("GET /api/batches/{batch_id}/email-subscription")
def _(world: World) -> Call:
    path = f"/api/batches/{world.run.batch}/email-subscription"
    world.ask("PUT", path, json={"event_kinds": ["batch_failed"]})
    return Call(path)


@sample("PUT /api/batches/{batch_id}/email-subscription")
def _(world: World) -> Call:
    return _on(world.run, "/api/batches/{batch}/email-subscription", json={"event_kinds": ["batch_failed"]})


@sample("DELETE /api/batches/{batch_id}/email-subscription")
def _(world: World) -> Call:
    run = world.new_run()
    world.ask("PUT", f"/api/batches/{run.batch}/email-subscription", json={"event_kinds": ["batch_failed"]})
    return _on(run, "/api/batches/{batch}/email-subscription")


@sample("POST /api/projects/{project}/recipients")
def _(world: World) -> Call:
    return Call(f"/api/projects/{PROJECT}/recipients", {"email": f"{world.name()}@example.org", "event_kinds": []})


@sample("PATCH /api/projects/{project}/recipients/{recipient_id}")
def _(world: World) -> Call:
    recipient = world.new_recipient()
    path = f"/api/projects/{PROJECT}/recipients/{recipient}"
    return Call(path, {"enabled": False}, target=("recipient", str(recipient)))


@sample("DELETE /api/projects/{project}/recipients/{recipient_id}")
def _(world: World) -> Call:
    recipient = world.new_recipient()
    return Call(f"/api/projects/{PROJECT}/recipients/{recipient}", target=("recipient", str(recipient)))


_CHANNEL = {"kind": "slack", "name": "lab", "url": "https://hooks.invalid/a"}
_OF_PROJECT = f"/api/projects/{PROJECT}"


def _channel(world: World, base: str, more: str = "", **body: Any) -> Call:
    channel = world.new_channel(base)
    return Call(f"{base}/channels/{channel}{more}", body or None, target=("channel", str(channel)))


@sample("POST /api/me/channels")
def _(world: World) -> Call:
    world.new_channel()
    return Call("/api/me/channels", _CHANNEL)


@sample("PATCH /api/me/channels/{channel_id}")
def _(world: World) -> Call:
    return _channel(world, "/api/me", name="other")


@sample("DELETE /api/me/channels/{channel_id}")
def _(world: World) -> Call:
    return _channel(world, "/api/me")


@sample("POST /api/me/channels/{channel_id}/test")
def _(world: World) -> Call:
    return _channel(world, "/api/me", "/test")


@sample("GET /api/me/channels/{channel_id}/deliveries")
def _(world: World) -> Call:
    return Call(f"/api/me/channels/{world.channel}/deliveries")


@sample("POST /api/projects/{project}/channels")
def _(world: World) -> Call:
    world.new_channel(_OF_PROJECT)
    return Call(f"{_OF_PROJECT}/channels", _CHANNEL)


@sample("PATCH /api/projects/{project}/channels/{channel_id}")
def _(world: World) -> Call:
    return _channel(world, _OF_PROJECT, name="other")


@sample("DELETE /api/projects/{project}/channels/{channel_id}")
def _(world: World) -> Call:
    return _channel(world, _OF_PROJECT)


@sample("POST /api/projects/{project}/channels/{channel_id}/test")
def _(world: World) -> Call:
    return _channel(world, _OF_PROJECT, "/test")


@sample("GET /api/projects/{project}/channels/{channel_id}/deliveries")
def _(world: World) -> Call:
    return Call(f"{_OF_PROJECT}/channels/{world.project_channel}/deliveries")


_RULE = {"name": "good", "watches": "metrics", "condition": "latest.val_acc > 0.9"}


def _rule(world: World, base: str, more: str = "", **body: Any) -> Call:
    rule = world.new_rule(base)
    return Call(f"{base}/rules/{rule}{more}", body or None, target=("rule", str(rule)))


@sample("POST /api/me/rules")
def _(world: World) -> Call:
    world.new_rule()
    return Call("/api/me/rules", _RULE)


@sample("POST /api/me/rules/preview")
def _(world: World) -> Call:
    return Call("/api/me/rules/preview", _RULE)


@sample("GET /api/me/rules/{rule_id}")
def _(world: World) -> Call:
    return Call(f"/api/me/rules/{world.rule}")


@sample("PATCH /api/me/rules/{rule_id}")
def _(world: World) -> Call:
    return _rule(world, "/api/me", name="other")


@sample("DELETE /api/me/rules/{rule_id}")
def _(world: World) -> Call:
    return _rule(world, "/api/me")


@sample("POST /api/me/rules/{rule_id}/test")
def _(world: World) -> Call:
    return _rule(world, "/api/me", "/test")


@sample("POST /api/projects/{project}/rules")
def _(world: World) -> Call:
    world.new_rule(_OF_PROJECT)
    return Call(f"{_OF_PROJECT}/rules", _RULE)


@sample("POST /api/projects/{project}/rules/preview")
def _(world: World) -> Call:
    return Call(f"{_OF_PROJECT}/rules/preview", _RULE)


@sample("GET /api/projects/{project}/rules/{rule_id}")
def _(world: World) -> Call:
    return Call(f"{_OF_PROJECT}/rules/{world.project_rule}")


@sample("PATCH /api/projects/{project}/rules/{rule_id}")
def _(world: World) -> Call:
    return _rule(world, _OF_PROJECT, name="other")


@sample("DELETE /api/projects/{project}/rules/{rule_id}")
def _(world: World) -> Call:
    return _rule(world, _OF_PROJECT)


@sample("POST /api/projects/{project}/rules/{rule_id}/test")
def _(world: World) -> Call:
    return _rule(world, _OF_PROJECT, "/test")


@sample("GET /api/unsubscribe", "nobody")
def _(world: World) -> Call:
    return Call("/api/unsubscribe", params={"token": world.new_unsubscribe_link(world.owner)})


@sample("POST /api/unsubscribe", "nobody")
def _(world: World) -> Call:
    person = world.new_person()
    call = _about(person, "/api/unsubscribe", params={"token": world.new_unsubscribe_link(person)})
    call.credential = None
    return call


def _recipient_link(world: World) -> tuple[int, str]:
    recipient = world.new_recipient()
    return recipient, world.rows("select unsubscribe_token from recipient where id = ?", recipient)[0][0]


@sample("GET /api/unsubscribe/recipient/{token}", "nobody")
def _(world: World) -> Call:
    return Call(f"/api/unsubscribe/recipient/{_recipient_link(world)[1]}")


@sample("POST /api/unsubscribe/recipient/{token}", "nobody")
def _(world: World) -> Call:
    recipient, token = _recipient_link(world)
    return Call(f"/api/unsubscribe/recipient/{token}", target=("recipient", str(recipient)))


# -- public pages and streams ----------------------------------------------------------------------------------------


def _published(world: World) -> Run:
    run = world.new_run(project=world.name("published"))
    path = f"/api/admin/projects/{run.project}/publish"
    world.ask("POST", path, world.admin.session, json={"description": f"of {run.project}"})
    return run


for _rest in ("", "/active-batches", "/batches", "/leaderboard", "/matrix", "/resources"):
    SAMPLES[f"GET /api/public/projects/{{project}}{_rest}"] = Sample(
        "nobody", lambda world, rest=_rest: Call(f"/api/public/projects/{_published(world).project}{rest}")
    )


@sample("POST /api/admin/projects/{project}/publish", "admin")
def _(world: World) -> Call:
    project = world.new_run(project=world.name()).project
    return Call(f"/api/admin/projects/{project}/publish", {"description": "of ours"}, target=("project", project))


@sample("POST /api/admin/projects/{project}/unpublish", "admin")
def _(world: World) -> Call:
    project = _published(world).project
    return Call(f"/api/admin/projects/{project}/unpublish", target=("project", project))


@sample("GET /api/sse")
def _(world: World) -> Call:
    return Call("/api/sse", params={"channels": f"batch:{world.run.batch}"}, is_stream=True)


@sample("GET /api/events/stream")
def _(world: World) -> Call:
    return Call("/api/events/stream", params={"batch_id": world.run.batch}, is_stream=True)
