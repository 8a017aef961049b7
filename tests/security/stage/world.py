"""A real server with people, and with things of one of them that nobody else was given.

The owner's things carry the canary in all their texts: where it is read by a stranger, something leaks.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from identity_servers import running
from PIL import Image

from argus_schema.base import sqlite_time
from argus_standalone.testing import ServerProcess
from stage.people import Call, Client, Person, log_in, register

CANARY = "zebrafinch"
PROJECT = f"{CANARY} project"
CLIENT_ID = "argus"
OTHER_PROJECT = f"{CANARY} other"
STUDY = "a study of tests"
# Nothing of these tests is about how costly a password is, and one address does what a hundred would.
_SETTINGS = {
    "ARGUS_AUTH_ARGON2_TIME_COST": "1",
    "ARGUS_AUTH_ARGON2_MEMORY_KIB": "1024",
    "ARGUS_AUTH_ATTEMPTS_PER_MINUTE": "100000",
    "ARGUS_AUTH_ACCOUNTS_PER_HOUR": "100000",
    "ARGUS_JWT_ROTATE_PAUSE_SECONDS": "0",
    "ARGUS_OUTBOUND_ALLOW": "127.0.0.0/8",
    "ARGUS_GITHUB_CLIENT_ID": "of these tests",
    "ARGUS_GITHUB_CLIENT_SECRET": "of these tests too",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A batch with one job."""

    batch: str
    job: str
    project: str
    host: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A host agent with its token."""

    id: str
    host: str
    token: str


class World:
    """One server. The administrator `ada` is no friend of anybody's; `owner` shared `run` and nothing else."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.server = ServerProcess(home, **_SETTINGS, **environment)
        self.server.start()
        self.server.wait_ready()
        self._numbers = itertools.count(1)
        self._elsewhere = contextlib.ExitStack()
        self._identity = self._elsewhere.enter_context(running("oidc_server.py"))
        self.client = Client(self.server.url)
        self.admin = register(self.client, "ada")
        self.owner = register(self.client, f"olivia-{CANARY}")
        self.editor, self.viewer = register(self.client, "edith"), register(self.client, "victor")
        self.member_editor, self.member_viewer = register(self.client, "emil"), register(self.client, "vera")
        self.stranger = register(self.client, "sam")
        self.run = self.new_run()
        self.other_run = self.new_run(project=OTHER_PROJECT)
        self.strangers_run = self.new_run(self.stranger, project="elsewhere", text="sams")
        for person, permission in ((self.editor, "editor"), (self.viewer, "viewer")):
            share = {"grantee_username": person.name, "permission": permission}
            self.ask("POST", f"/api/batches/{self.run.batch}/shares", json=share)
        # The first one comes from whoever has all its batches, and makes them the project's owner.
        self.new_member(self.member_editor, "editor")
        self.new_member(self.member_viewer, "viewer")
        self.provider = self.new_provider()
        self.artifact = self.new_artifact(self.run)
        self.slug = self.new_link(self.run)
        self.agent, self.strangers_agent = self.new_agent(), self.new_agent(self.stranger)
        self.recipient = self.new_recipient()
        self.channel = self.new_channel()
        self.project_channel = self.new_channel(f"/api/projects/{PROJECT}")
        self.rule, self.project_rule = self.new_rule(), self.new_rule(f"/api/projects/{PROJECT}")

    # -- asking ------------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, credential: str | None = None, **more: Any) -> Any:
        """Ask as the owner, or by another credential; the answer must be good."""
        return self.client.ask(method, path, credential or self.owner.session, **more)

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.server.home / "argus.db"

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the database itself says."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(statement, values).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Put something into the database that no route makes."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            connection.execute(statement, values)

    def audit(self, after: int = 0) -> list[dict[str, Any]]:
        """Lines of the audit log after an id, as stored."""
        names = ("id", "action", "user_id", "target_type", "target_id", "metadata", "ip_address")
        found = self.rows(f"select {', '.join(names)} from audit_log where id > ? order by id", after)
        return [dict(zip(names, row, strict=True)) for row in found]

    def last_audit(self) -> int:
        """Id of the newest line."""
        return int(self.rows("select coalesce(max(id), 0) from audit_log")[0][0])

    # -- new things --------------------------------------------------------------------------------------------------

    def name(self, text: str = CANARY) -> str:
        """A text that was not used before."""
        return f"{text}-{next(self._numbers)}"

    def new_person(self) -> Person:
        """Somebody new."""
        return register(self.client, self.name("person"))

    def new_session(self, person: Person) -> str:
        """One more session."""
        return log_in(self.client, person.name)

    def new_run(
        self, person: Person | None = None, *, project: str = PROJECT, text: str = CANARY, is_done: bool = True
    ) -> Run:
        """A batch with one job, both ended or both running."""
        person = person or self.owner
        run = Run(self.name(f"{text}-batch"), self.name(f"{text}-job"), project, f"{text}-host")
        self._report(run, person, text, is_done=is_done)
        return run

    def new_twin(self, of: Run, person: Person) -> Run:
        """A batch of somebody else's with a job of the same id."""
        run = Run(self.name("twin"), of.job, "elsewhere", "twin-host")
        self._report(run, person, "twin", is_done=True)
        return run

    def _report(self, run: Run, person: Person, text: str, *, is_done: bool) -> None:
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("batch_start", {"n_total_jobs": 1, "command": f"train {text}"}),
            ("env_snapshot", {"config": {"who": text}, "cwd": f"/home/{text}"}),
            ("job_start", {"model": f"{text}-model", "dataset": f"{text}-data", "optuna": _trial_of(text)}),
            ("job_epoch", {"epoch": 0, "train_loss": 0.5, "val_loss": 0.5, f"{text}_score": 0.5}),
            ("log_line", {"line": f"{text} was here", "level": "info"}),
            ("resource_snapshot", {"gpu_util_pct": 5.0, "host": run.host}),
        ]
        if is_done:
            kinds += [("job_done", {"metrics": {f"{text}_score": 0.5}}), ("batch_done", {"n_done": 1})]
        body = {"events": [event(run, kind, **data) for kind, data in kinds]}
        self.client.ask("POST", "/api/events/batch", person.reporter, json=body)

    def new_artifact(self, run: Run, person: Person | None = None) -> int:
        """A picture with a job."""
        call = Call(f"/api/jobs/{run.job}/artifacts", params={"batch_id": run.batch}, files=picture())
        answer = self.client.send("POST", call, (person or self.owner).session)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def new_link(self, run: Run) -> str:
        """The slug of a public link."""
        slug: str = self.ask("POST", f"/api/batches/{run.batch}/public-share", json={})["slug"]
        return slug

    def new_agent(self, person: Person | None = None) -> Agent:
        """An agent of a person, on a host of its own."""
        host = self.name(f"{CANARY if person is None else person.name}-agent-host")
        made = self.client.ask("POST", "/api/agents/register", (person or self.owner).session, json={"hostname": host})
        return Agent(made["agent_id"], host, made["agent_token"])

    def new_command(self, agent: Agent) -> str:
        """A command that waits for an agent: to stop a batch on its host."""
        run = self.new_run(is_done=False)
        command_id = str(uuid.uuid4())
        self.write(
            "insert into command (id, agent_id, batch_id, kind, payload, status, requested_by, created_at, attempts)"
            " values (?, ?, ?, 'stop', '{}', 'pending', ?, ?, 0)",
            *(command_id, agent.id, run.batch, self.owner.id, _at()),
        )
        return command_id

    def new_recipient(self) -> int:
        """An address outside that hears of the owner's project."""
        row = {"email": f"{self.name()}@example.org", "event_kinds": ["batch_failed"]}
        return int(self.ask("POST", f"/api/projects/{PROJECT}/recipients", json=row)["id"])

    def new_notification(self, person: Person | None = None) -> int:
        """Something in a person's inbox."""
        key = uuid.uuid4().hex
        self.write(
            "insert into notification (user_id, batch_id, rule_id, severity, title, body, dedupe_key, created_at)"
            " values (?, ?, 'batch_failed', 'error', ?, ?, ?, ?)",
            *((person or self.owner).id, self.run.batch, CANARY, CANARY, key, _at()),
        )
        return int(self.rows("select id from notification where dedupe_key = ?", key)[0][0])

    def new_channel(self, base: str = "/api/me") -> int:
        """A channel that leads nowhere. There may only be so many: of many, the newest are taken away."""
        for row in self.ask("GET", f"{base}/channels")[10:]:
            self.write("delete from channel where id = ?", row["id"])
        body = {"kind": "webhook", "name": self.name("channel"), "url": "https://hooks.invalid/a"}
        return int(self.ask("POST", f"{base}/channels", json=body)["id"])

    def new_rule(self, base: str = "/api/me") -> int:
        """A rule that is never fulfilled. There may only be so many, as of channels."""
        for row in self.ask("GET", f"{base}/rules")[10:]:
            self.write("delete from rule where id = ?", row["id"])
        body = {"name": self.name("rule"), "watches": "metrics", "condition": "latest.never > 1"}
        return int(self.ask("POST", f"{base}/rules", json=body)["id"])

    def new_dead_letter(self) -> int:
        """A mail that was given up."""
        key = uuid.uuid4().hex
        self.write(
            "insert into delivery (kind, receiver, target, event_type, dedupe_key, subject, body_text, status,"
            " attempts, created_at, failed_at)"
            " values ('mail', 'mail', 'a@example.org', 'x', ?, ?, ?, 'failed', 8, ?, ?)",
            *(key, CANARY, CANARY, _at(), _at()),
        )
        return int(self.rows("select id from delivery where dedupe_key = ?", key)[0][0])

    def new_unsubscribe_link(self, person: Person) -> str:
        """The token of a link that switches mails off."""
        token = uuid.uuid4().hex
        self.write(
            "insert into unsubscribe_token (token, user_id, event_type, created_at) values (?, ?, 'batch_failed', ?)",
            *(token, person.id, _at()),
        )
        return token

    def new_invite(self) -> int:
        """An invite by the administrator."""
        return int(self.ask("POST", "/api/admin/users/invites", self.admin.session, json={"note": CANARY})["id"])

    def new_member(self, person: Person, role: str, project: str = PROJECT) -> None:
        """Let somebody belong to a project of the owner's."""
        self.ask("PUT", f"/api/projects/{project}/members/{person.name}", json={"role": role})

    def new_provider(self) -> str:
        """The slug of an OpenID Connect provider that runs on this machine."""
        slug = self.name("lab")
        body = {"name": slug, "issuer": self._identity.url, "client_id": CLIENT_ID, "client_secret": CANARY}
        self.ask("PUT", f"/api/admin/security/oidc-providers/{slug}", self.admin.session, json=body)
        return slug

    def link_account(self, person: Person, provider: str) -> None:
        """Give a person an account elsewhere."""
        self.write(
            "insert into oauth_identity (user_id, provider, subject, login, created_at) values (?, ?, ?, ?, ?)",
            *(person.id, provider, uuid.uuid4().hex, person.name, _at()),
        )

    def mailed_token(self, address: str, page: str) -> str:
        """The token in the newest mail to an address with a link to that page."""

        def look() -> str | None:
            mails = self.rows("select body_text from delivery where target = ? order by id desc", address)
            marker = f"/{page}?token="
            return next((body.split(marker)[1].split()[0] for (body,) in mails if marker in body), None)

        return eventually(look)

    def close(self) -> None:
        """End the server, in order and without a traceback."""
        self.client.close()
        self._elsewhere.close()
        assert self.server.end() == 0
        output = self.server.output()
        assert "Traceback" not in output, output[output.index("Traceback") - 1000 :][:6000]


def event(run: Run, kind: str, **data: Any) -> dict[str, Any]:
    """A good event of a run."""
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": _iso(),
        "batch_id": run.batch,
        "job_id": run.job if kind.startswith(("job_", "log_")) else None,
        "source": {"project": run.project, "host": run.host},
        "data": data,
    }


def picture() -> dict[str, Any]:
    """An upload."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    content.seek(0)
    return {"file": (f"{CANARY}.png", content, "image/png")}


def eventually(look: Callable[[], Any], timeout_s: float = 20) -> Any:
    """What `look` returns as soon as that is something."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
        time.sleep(0.02)
    return found


def _at() -> str:
    return sqlite_time(datetime.now(UTC))


def _iso() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trial_of(text: str) -> dict[str, Any]:
    """Labels of a trial. The study's name is no secret: it stands in the address of whoever asks."""
    study = STUDY if text == CANARY else f"a study of {text}"
    return {"study_name": study, "trial_id": 0, "params": {text: 0.5}, "sampler": f"{text}-sampler"}
