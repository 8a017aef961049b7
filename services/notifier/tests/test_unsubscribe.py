"""Ending a kind of mail: by a mail program's own button (RFC 8058), by the page's, and never by looking."""

import re

import pytest

from argus_contracts import bus as wire
from argus_notifier.alerts.reader import Alerts
from argus_notifier.mail.transport import MailTransport
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def mailed(house, wires, mailbox, queue):
    """The mails about one failed batch, as their receivers got them, by address."""
    house.platform.settings = house.platform.settings.model_copy(update={"base_url": "https://argus.example.org"})
    ada = await house.person("ada")
    body = {"email": "lab@example.org", "event_kinds": ["batch_failed"]}
    batch = await house.batch(ada.id, "vision")
    await house.send("POST", ada, "/api/projects/vision/recipients", body)
    settings = NotifierSettings(smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_use_tls=False)
    bundle = wires.message(wire.event_subject(batch.key), wires.bundle(batch, ("batch_failed", None, {"error": "x"})))
    await give([Alerts(house.platform, settings)], [bundle])
    async with queue(settings, {"mail": MailTransport(house.platform, settings)}) as delivery:
        await delivery.all_due()
    return ada, {message["To"]: message for message in mailbox.messages}


def path_of(message):
    url = message["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://argus.example.org/api/unsubscribe")
    return url.removeprefix("https://argus.example.org")


async def test_a_mail_programs_button_ends_the_kind_without_a_session(house, mailed):
    ada, messages = mailed
    message = messages[ada.email]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = await house.client.post(path_of(message), data=ONE_CLICK)
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert (await house.get(ada, "/api/me/subscriptions")).json() == [
        {"project": None, "event_type": "batch_failed", "enabled": False}
    ]


async def test_and_so_for_an_address_outside_of_argus(house, mailed):
    ada, messages = mailed
    answer = await house.client.post(path_of(messages["lab@example.org"]), data=ONE_CLICK)
    assert answer.status_code == 200
    (recipient,) = (await house.get(ada, "/api/projects/vision/recipients")).json()
    assert recipient["enabled"] is False


async def test_a_scanner_that_follows_every_link_changes_nothing(house, mailed):
    ada, messages = mailed
    tried = 0
    for message in messages.values():
        bodies = [part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()]
        found = {link for body in bodies for link in re.findall(r"https://argus.example.org(/[^\s\"<]*)", body)}
        links = {path_of(message), *(link.replace("&amp;", "&") for link in found)}
        for link in links:
            for method in ("GET", "HEAD"):
                await house.client.request(method, link, headers={"Accept": "text/html"})
                tried += 1
    assert tried >= 8
    assert (await house.get(ada, "/api/me/subscriptions")).json() == []
    assert await house.rows(tables.subscription) == []
    assert [row.used_at for row in await house.rows(tables.unsubscribe_token)] == [None]
    assert [row.enabled for row in await house.rows(tables.recipient)] == [True]


async def test_a_person_gets_a_page_and_its_button_a_page_too(house, mailed):
    ada, messages = mailed
    path = path_of(messages[ada.email])
    page = await house.client.get(path, headers={"Accept": "text/html"})
    assert '<form method="post">' in page.text
    assert "退订" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    done = await house.client.post(path, headers={"Accept": "text/html"})
    assert "no more mails of this kind" in done.text
    assert "<form" not in done.text


async def test_the_page_holds_no_markup_of_a_project(house):
    ada = await house.person("ada")
    project = "<img src=x>{english}"
    await house.batch(ada.id, project)
    body = {"email": "lab@example.org", "event_kinds": []}
    path = f"/api/projects/{project.replace('<', '%3C').replace('>', '%3E')}/recipients"
    assert (await house.send("POST", ada, path, body)).status_code == 201
    (row,) = await house.rows(tables.recipient)
    page = (await house.client.get(f"/api/unsubscribe/recipient/{row.unsubscribe_token}")).text
    assert "<img" not in page
    assert "&lt;img src=x&gt;{english}" in page


@pytest.mark.parametrize("what", ["used", "unknown", "recipient"])
async def test_who_follows_a_link_that_does_nothing_reads_why(house, mailed, what):
    ada, messages = mailed
    path = path_of(messages[ada.email])
    await house.client.post(path, data=ONE_CLICK)
    path, status, word = {
        "used": (path, 410, "used already"),
        "unknown": (f"{path[:-3]}xyz", 404, "does not work"),
        "recipient": ("/api/unsubscribe/recipient/12345678", 404, "does not work"),
    }[what]
    for method in ("GET", "POST"):
        page = await house.client.request(method, path, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert word in page.text
        assert "/settings/notifications" in page.text
        assert "<form" not in page.text
        told = await house.client.request(method, path)
        assert (told.status_code, told.json()["error"]["code"].split(".")[0]) == (status, "unsubscribe")
