"""A worker of the queue in a process of its own, to be killed: `python worker_process.py DB_URL HOME PORT HOW [smtp]`.

It sends what is due to a receiver on loopback and ends when nothing is; it prints what the receiver said yes to. HOW
says where it kills itself, or `never`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_notifier.delivery import repository, sender
from argus_notifier.delivery.machine import Backoff, Outcome, Sent
from argus_notifier.delivery.transport import idempotency_key
from argus_notifier.mail.repository import KIND
from argus_notifier.mail.smtp import compose
from argus_notifier.mail.transport import MailTransport
from argus_notifier.settings import NotifierSettings

HOW = sys.argv[4]


def here(step: str) -> None:
    """Die at this step, if this is the one."""
    if step == HOW:
        os.kill(os.getpid(), signal.SIGKILL)


class LoopbackTransport:
    """Sends the key in a line, and has the receiver's word when a line comes back."""

    backoff = Backoff(first_s=1, longest_s=1, attempts=9, give_up_after_s=1e6)

    async def places(self, connection: object) -> int:
        return 2

    async def send(self, row: sa.Row) -> Outcome:
        here("claimed")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[3]))
        here("connected")
        key = idempotency_key(row.dedupe_key)
        writer.write(f"{key}\n".encode())
        await writer.drain()
        here("asked")
        assert await reader.readline() == b"taken\n"
        os.write(1, f"{key}\n".encode())
        writer.close()
        return Sent()


class SmtpTransport(MailTransport):
    """Mail to a server on loopback; prints the ids of the mails that it took."""

    async def send(self, row: sa.Row) -> Outcome:
        here("claimed")
        outcome = await super().send(row)
        if isinstance(outcome, Sent):
            os.write(1, f"{compose(row, SMTP)['Message-ID']}\n".encode())
        return outcome


SMTP = NotifierSettings(smtp_host="127.0.0.1", smtp_port=int(sys.argv[3]), smtp_use_tls=False, mail_at_once=2)


class Worker(sender.Delivery):
    """Dies where it is told."""

    async def _claim(self, free: int) -> list[sa.Row]:
        here("before")
        return await super()._claim(free)

    async def _written(self, row: sa.Row, outcome: Outcome) -> bool:
        here("acknowledged")
        done = await super()._written(row, outcome)
        here("written")
        return done


async def main() -> None:
    settings = Settings(home=Path(sys.argv[2]), db_url=sys.argv[1], config_key="a key for tests only")
    platform = Platform(settings)
    real = repository.mark_sent

    async def mark_sent(*given: object) -> None:
        await real(*given)
        here("uncommitted")

    # Only the sender's: what an earlier process left behind is told to the database before.
    by_mail = sys.argv[5:] == ["smtp"]
    known = {KIND: SmtpTransport(platform, SMTP)} if by_mail else {"x": LoopbackTransport()}
    worker = Worker(platform, SMTP if by_mail else NotifierSettings(), known)
    await worker._begin()
    repository.mark_sent = mark_sent
    while await worker.round():
        await worker.settle()
    await worker.stop()
    await platform.database.close()


asyncio.run(main())
