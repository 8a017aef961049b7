"""Mail that others ask for is kept, and delivered to a real SMTP server."""

import email
import uuid
from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import Outgoing, Reject
from argus_kit.clock import frozen, now
from argus_kit.ports import free_port
from argus_kit.testing import eventually
from argus_notifier.mail.consumer import MailConsumer
from argus_notifier.mail.server import current
from argus_notifier.settings import NotifierSettings
from argus_schema import auth as auth_tables
from argus_schema import notifier as tables


def settings(mailbox, **more):
    return NotifierSettings(smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_use_tls=False, **more)


def mail(**more):
    values = {"to": "ada@example.org", "subject": "Hé", "body_text": "text", "event_type": "verify_email", **more}
    return wire.MailMessage(**values)


async def put(house, wires, **more):
    consumer = MailConsumer(house.platform, NotifierSettings())
    await consumer.handle(wires.message(wire.MAIL_SEND, mail(**more)))


class TestIntake:
    async def test_a_redelivery_and_a_taken_key_are_one_mail(self, house, wires):
        consumer = MailConsumer(house.platform, NotifierSettings())
        same = wires.message(wire.MAIL_SEND, mail())
        for message in (same, same, wires.message(wire.MAIL_SEND, mail())):
            await consumer.handle(message)
        for _ in range(2):
            await put(house, wires, dedupe_key="once")
        rows = await house.rows(tables.delivery)
        assert len(rows) == 3
        assert {row.status for row in rows} == {"waiting"}

    async def test_what_is_no_mail_is_set_aside(self, house, wires):
        consumer = MailConsumer(house.platform, NotifierSettings())
        with pytest.raises(Reject):
            await consumer.handle(wires.message(wire.MAIL_SEND, wire.TrackingDeleteReply(ok=True)))

    async def test_off_the_bus(self, house_with):
        async with house_with(lambda p: (MailConsumer(p, NotifierSettings()),)) as house:
            subject = f"via the bus {uuid.uuid4()}"
            message = Outgoing(wire.MAIL_SEND, wire.encode(mail(subject=subject)), uuid.uuid4().hex)
            await house.platform.bus.publish(message)

            async def stored():
                return [row for row in await house.rows(tables.delivery) if row.subject == subject]

            assert len(await eventually(stored, 15)) == 1


class TestDelivery:
    async def test_a_mail_arrives_once_with_both_bodies(self, house, wires, mailbox, queue):
        await put(house, wires, body_html="<b>text</b>")
        async with queue(settings(mailbox)) as delivery:
            for _ in range(2):
                await delivery.all_due()
        (message,) = mailbox.messages
        assert str(email.header.make_header(email.header.decode_header(message["Subject"]))) == "Hé"
        assert (message["To"], message["From"]) == ("ada@example.org", "Argus <noreply@argus.local>")
        assert message["Message-ID"].startswith("<argus-")
        assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
        (row,) = await house.rows(tables.delivery)
        assert (row.status, row.attempts, row.claim) == ("sent", 1, None)
        assert row.sent_at is not None

    async def test_without_a_server_a_mail_waits(self, house, wires, queue):
        await put(house, wires)
        async with queue(NotifierSettings()) as delivery:
            await delivery.all_due()
            writes = house.database.writes
            await delivery.all_due()
        # It may wait for days, and holds up no writer meanwhile.
        assert house.database.writes == writes
        assert [(row.status, row.attempts) for row in await house.rows(tables.delivery)] == [("waiting", 0)]

    async def test_a_server_that_is_away_is_tried_again_later_and_later(self, house, wires, mailbox, queue):
        await put(house, wires)
        away = settings(mailbox).model_copy(update={"smtp_port": free_port(), "mail_attempts": 3})
        begin = now()
        waits = []
        async with queue(away) as delivery:
            for later_s in (0, 31, 100):
                with frozen(begin + timedelta(seconds=later_s)):
                    await delivery.all_due()
                    (row,) = await house.rows(tables.delivery)
                    waits.append(row.next_attempt_at and (row.next_attempt_at - now()).total_seconds())
        assert 15 <= waits[0] <= 30 <= waits[1] <= 60
        assert waits[2] is None
        assert (row.status, row.attempts) == ("failed", 3)
        assert row.last_error

    async def test_a_reply_of_later_is_tried_again_with_the_same_id(self, house, wires, mailbox, queue):
        await put(house, wires)
        mailbox.answers = ["451 later", "250 OK"]
        async with queue(settings(mailbox)) as delivery:
            await delivery.all_due()
            assert mailbox.messages == []
            with frozen(now() + timedelta(seconds=60)):
                await delivery.all_due()
        assert len(mailbox.messages) == 1
        assert len(set(mailbox.seen)) == 1

    async def test_a_connection_that_drops_after_the_data_is_no_acknowledgement(self, house, wires, mailbox, queue):
        await put(house, wires)
        mailbox.answers = ["drop", "250 OK"]
        async with queue(settings(mailbox)) as delivery:
            await delivery.all_due()
            (row,) = await house.rows(tables.delivery)
            assert row.status == "waiting"
            with frozen(now() + timedelta(seconds=60)):
                await delivery.all_due()
        # The receiver may have it already, and can tell by the message's id.
        assert len(mailbox.seen) == 2
        assert len(set(mailbox.seen)) == 1

    @pytest.mark.parametrize("what", ["refused", "malformed"])
    async def test_what_can_never_be_sent_is_given_up_and_holds_up_nobody(self, house, wires, mailbox, queue, what):
        if what == "malformed":
            await put(house, wires, to="a\nb@example.org")
            await put(house, wires)
        else:
            await put(house, wires)
            mailbox.answers = ["554 no"]
        async with queue(settings(mailbox)) as delivery:
            await delivery.all_due()
        rows = await house.rows(tables.delivery)
        assert rows[0].status == "failed"
        assert rows[0].failed_at is not None
        assert [row.status for row in rows[1:]] == ["sent"] * len(mailbox.messages)

    async def test_old_mails_are_forgotten_and_dead_letters_later(self, house, wires, mailbox, queue):
        for number in range(3):
            await put(house, wires, dedupe_key=f"m{number}")
        mailbox.answers = ["554 no", "250 OK"]
        async with queue(settings(mailbox, mail_at_once=1)) as delivery:
            await delivery.all_due()
        assert [row.status for row in await house.rows(tables.delivery)] == ["failed", "sent", "sent"]
        for days, left in ((40, 1), (100, 0)):
            with frozen(now() + timedelta(days=days)):
                async with queue(settings(mailbox)) as again:
                    await again.all_due()
            assert [row.status for row in await house.rows(tables.delivery)] == ["failed"] * left

    async def test_what_nobody_could_deliver_for_days_is_a_dead_letter(self, house, wires, queue):
        await put(house, wires)
        with frozen(now() + timedelta(hours=73)):
            async with queue(NotifierSettings()) as delivery:
                await delivery.all_due()
        (row,) = await house.rows(tables.delivery)
        assert (row.status, row.last_error) == ("failed", "It waited too long to be of use.")


class TestServer:
    """An administrator's word about the mail server holds at once, without a restart."""

    async def _configure(self, house, **values):
        box = house.platform.secret_box
        async with house.database.write() as connection:
            for key, value in values.items():
                sealed = box.encrypt(msgspec.json.encode(value)).decode() if key == "password" else value
                row = {"group": "smtp", "key": key.rstrip("_"), "value": sealed, "encrypted": key == "password"}
                await connection.execute(sa.insert(auth_tables.system_config).values(row))

    async def test_a_server_that_was_configured_gets_the_mail(self, house, wires, mailbox, queue):
        allowed = house.platform.settings.model_copy(update={"outbound_allow": "127.0.0.0/8"})
        house.platform.settings = allowed
        await put(house, wires)
        async with queue(NotifierSettings(smtp_host="")) as delivery:
            await delivery.all_due()
            assert mailbox.messages == []
            await self._configure(
                house, host="127.0.0.1", port=mailbox.port, use_tls=False, from_="lab@example.org", from_name="The Lab"
            )
            await delivery.all_due()
        (message,) = mailbox.messages
        assert message["From"] == "The Lab <lab@example.org>"

    async def test_a_stored_password_is_opened_and_wins_over_the_environment(self, house):
        await self._configure(house, host="mail.example.org", password="sesame 99")
        environment = NotifierSettings(smtp_host="elsewhere", smtp_pass="old", smtp_user="argus")
        async with house.database.read() as connection:
            server = await current(connection, environment, house.platform)
        assert (server.smtp_host, server.smtp_user) == ("mail.example.org", "argus")
        assert server.smtp_pass.get_secret_value() == "sesame 99"

    async def test_the_environments_password_goes_to_no_other_server(self, house):
        await self._configure(house, host="mail.example.org")
        environment = NotifierSettings(smtp_host="elsewhere", smtp_pass="old", smtp_user="argus")
        async with house.database.read() as connection:
            server = await current(connection, environment, house.platform)
        assert server.smtp_pass.get_secret_value() == ""

    async def test_a_private_server_that_was_configured_is_not_called(self, house, wires, mailbox, queue):
        await put(house, wires)
        await self._configure(house, host="127.0.0.1", port=mailbox.port, use_tls=False)
        async with queue(NotifierSettings(smtp_host="")) as delivery:
            await delivery.all_due()
        (row,) = await house.rows(tables.delivery)
        assert mailbox.messages == []
        assert "is not a public address" in row.last_error

    async def test_what_cannot_be_used_is_passed_over(self, house):
        environment = NotifierSettings(smtp_host="elsewhere", smtp_pass="old")
        await self._configure(house, port="many")
        async with house.database.read() as connection:
            assert (await current(connection, environment, house.platform)).smtp_host == "elsewhere"
        async with house.database.write() as connection:
            await connection.execute(sa.delete(auth_tables.system_config))
            row = {"group": "smtp", "key": "password", "value": "of another key", "encrypted": True}
            await connection.execute(sa.insert(auth_tables.system_config).values(row))
            server = await current(connection, environment, house.platform)
        assert server.smtp_pass.get_secret_value() == "old"
