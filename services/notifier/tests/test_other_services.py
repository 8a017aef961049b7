"""Services by the plug-ins of apprise: real receivers on loopback, and whatever must not be called."""

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module

import pytest

from argus_contracts import bus as wire
from argus_kit import outbound
from argus_kit.clock import now
from argus_notifier.alerts.reader import Alerts
from argus_notifier.channels.messages import Message
from argus_notifier.channels.others import handing, plugins
from argus_notifier.channels.others.line import Heard, Line
from argus_notifier.channels.others.services import BY_SCHEME, SERVICES, answered, service_of
from argus_notifier.delivery.machine import Failed, Refused, Sent
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables

# As the services show them, with made-up secrets, and the first host that each leads to.
ADDRESSES = {
    "tgram://123456789:abcdefg_hijklmnop/12315544/": "api.telegram.org",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": "discord.com",
    "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": "discord.com",
    "https://prod-08.northeurope.logic.azure.com:443/workflows/0b3b1c2d4e5f60718293a4b5c6d7e8f9/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwx_1234": (
        "prod-08.northeurope.logic.azure.com"
    ),
    "https://chat.googleapis.com/v1/spaces/AAAAabcd/messages?key=AIzakey&token=abc_token": "chat.googleapis.com",
    "wecombot://12345678-abcd-1234-abcd-0123456789ab": "qyapi.weixin.qq.com",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=12345678-abcd-1234-abcd-0123456789ab": "qyapi.weixin.qq.com",
    "dingtalk://abcdefgh12345678abcdefgh12345678": "oapi.dingtalk.com",
    "lark://abcdefgh-1234-abcd-1234-abcdefgh1234": "open.larksuite.com",
    "schan://SCT12345abcdefg": "sctapi.ftqq.com",
    "pushdeers://PDU1234abcdefgh": "api2.pushdeer.com",
    "barks://api.day.app/abcdefghijk": "api.day.app",
    "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "api.pushover.net",
    "pbul://o.abcdefghijklmnopqrstuvwxyz123456": "api.pushbullet.com",
    "ntfys://my-lab": "ntfy.sh",
    "ntfys://ntfy.example.org/my-lab": "ntfy.example.org",
    "gotifys://gotify.example.org/abcdefghijklmno": "gotify.example.org",
    "mmosts://chat.example.org/abcdefghijklmnopqrstuvwxyz": "chat.example.org",
    "zulip://bot@lab/abcdefghijklmnopqrstuvwxyz123456/general": "lab.zulipchat.com",
    "wxteams://" + "a" * 80: "api.ciscospark.com",
    "pagerduty://abcdefghijklmnopqrstuvwxyz012345@abcdefghijklmnopqrst": "events.pagerduty.com",
}


def topic(receiver):
    return f"ntfy://127.0.0.1:{receiver.port}/very-secret-topic"


@pytest.fixture
def names(monkeypatch):
    """What the system's resolver says, by name; a list is said in turn."""
    said = {}

    async def ask(name, _port):
        found = said.get(name, "93.184.215.14")
        return [
            found.pop(0)
            if isinstance(found, list) and len(found) > 1
            else found[0]
            if isinstance(found, list)
            else found
        ]

    monkeypatch.setattr(outbound, "_ask_system", ask)
    return said


def message(text="why", **facts):
    return Message("k", "job_failed", "Job a/b failed", text, now(), {"severity": "error", **facts})


async def add(house, person, url, **more):
    body = {"kind": "apprise", "name": "phone", "url": url, **more}
    return await house.send("POST", person, "/api/me/channels", body)


async def fail(house, wires, person):
    batch = await house.batch(person.id)
    packed = wires.message(
        wire.event_subject(batch.key), wires.bundle(batch, ("batch_failed", None, {"error": "boom"}))
    )
    await give([Alerts(house.platform, NotifierSettings())], [packed])
    return batch


class TestAddresses:
    @pytest.mark.parametrize("address", ADDRESSES)
    async def test_each_service_is_known_and_leads_to_its_host(self, address):
        service, places = await handing.look_at(address)
        assert service is service_of(address)
        assert places[0][0] == ADDRESSES[address]
        assert all(service.leads_to(host) for host, _ in places)

    def test_every_service_has_an_address_here(self):
        assert {service_of(address).name for address in ADDRESSES} == {one.name for one in SERVICES}

    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("file:///etc/passwd", "channel.service_unknown"),
            ("dbus://session", "channel.service_unknown"),
            ("syslog://localhost", "channel.service_unknown"),
            ("json://127.0.0.1/x", "channel.service_unknown"),
            ("mailto://user:pass@example.org", "channel.service_unknown"),
            ("https://example.org/x", "channel.service_unknown"),
            ("http://discord.com/api/webhooks/1/2", "channel.service_unknown"),
            ("https://discord.com.evil.example/api/webhooks/1/2", "channel.service_unknown"),
            ("telegram", "channel.service_unknown"),
            ("tgram://", "channel.address_invalid"),
            ("tgram://123456789:abcdefg_hijklmnop/1/2", "channel.address_invalid"),
            ("discord://4174216298/JHMHI8qBe7bk?template=/etc/passwd", "channel.address_invalid"),
            ("discord://4174216298/JHMHI8qBe7bk?thread=1;%74emplate=/etc/passwd", "channel.address_invalid"),
            ("ntfys://my-lab?attach=file:///etc/passwd", "channel.address_invalid"),
            ("gotifys://gotify.example.org/abc?+x-header=1", "channel.address_invalid"),
            ("ntfy://127.0.0.1:8000/topic", "outbound.refused"),
            ("gotify://10.0.0.8/abcdefghijklmno", "outbound.refused"),
            ("bark://[::1]/abc", "outbound.refused"),
            ("mmost://169.254.169.254/abcdefghijklmnopqrstuvwxyz", "outbound.refused"),
            ("barks://2130706433/abc", "outbound.refused"),
        ],
    )
    async def test_what_is_refused(self, house, names, address, code):
        answer = await add(house, await house.person("ada"), address)
        assert answer.json()["error"]["code"] == code, answer.text
        assert "abcdefg_hij" not in answer.text
        assert await house.rows(tables.channel) == []

    async def test_what_is_shown_is_no_secret(self, house, names):
        ada = await house.person("ada")
        telegram = (await add(house, ada, "tgram://123456789:abcdefg_hijklmnop/12315544/")).json()
        own = (await add(house, ada, "ntfys://ntfy.example.org/very-secret-topic")).json()
        assert (telegram["shown"], telegram["kind"], telegram["secret"]) == ("Telegram", "apprise", None)
        assert own["shown"] == "ntfy · ntfy.example.org"
        listed = (await house.get(ada, "/api/me/channels")).text
        assert "abcdefg_hij" not in listed
        assert "very-secret" not in listed
        assert all(b"very-secret" not in row.payload for row in await house.rows(tables.outbox))


class TestSending:
    async def test_a_failure_arrives_and_stands_in_the_log(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        made = (await add(open_house, ada, topic(receiver))).json()
        assert receiver.requests == []
        batch = await fail(open_house, wires, ada)
        async with queue(NotifierSettings()) as delivery:
            await delivery.all_due()
        ((_, headers, body),) = receiver.requests
        said = json.loads(body)
        assert said["title"] == f"Batch {batch.id} failed"
        assert said["message"].startswith("boom")
        assert said["message"].endswith(f"/batches/{batch.id}")
        assert headers["host"] == f"127.0.0.1:{receiver.port}"
        (line,) = (await open_house.get(ada, f"/api/me/channels/{made['id']}/deliveries")).json()
        assert (line["status"], line["attempts"]) == ("sent", 1)

    async def test_faults_are_tried_again_and_refusals_are_not(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        await add(open_house, ada, topic(receiver))
        receiver.answers = [(503, {"Retry-After": "7"}, b"busy"), (403, {}, b"no such topic")]
        await fail(open_house, wires, ada)
        found = []
        async with queue(NotifierSettings(channel_retry_s=0.001)) as delivery:
            await delivery.all_due()
            found += await open_house.rows(tables.delivery)
        assert (found[0].status, found[0].attempts, found[0].last_error) == ("waiting", 1, "503 busy")
        assert (found[0].next_attempt_at - now()).total_seconds() > 3
        outcome = await handing.hand_over(open_house.platform.settings, topic(receiver), message())
        assert outcome == Refused("403 no such topic")

    async def test_trying_one_says_what_the_receiver_said(self, open_house, receiver):
        ada = await open_house.person("ada")
        made = (await add(open_house, ada, topic(receiver))).json()
        path = f"/api/me/channels/{made['id']}/test"
        assert (await open_house.send("POST", ada, path)).json() == {"ok": True, "error": None}
        receiver.answers = [(404, {}, b"nobody")]
        assert (await open_house.send("POST", ada, path)).json() == {"ok": False, "error": "404 nobody"}

    async def test_a_redirect_is_not_followed(self, open_house, receiver):
        receiver.answers = [(307, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}, b"")]
        outcome = await handing.hand_over(open_house.platform.settings, topic(receiver), message())
        assert outcome == Refused("307")
        assert len(receiver.requests) == 1

    async def test_an_address_that_became_private_is_not_called(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        await add(open_house, ada, topic(receiver))
        await fail(open_house, wires, ada)
        open_house.platform.settings = open_house.platform.settings.model_copy(update={"outbound_allow": ""})
        async with queue(NotifierSettings()) as delivery:
            await delivery.all_due()
        (row,) = await open_house.rows(tables.delivery)
        assert row.status == "failed"
        assert "not a public address" in row.last_error
        assert receiver.requests == []

    async def test_a_name_that_leads_inside_later_is_not_followed_there(self, house, names, receiver):
        names["rebind.example"] = ["93.184.215.14", "127.0.0.1"]
        ada = await house.person("ada")
        address = f"ntfy://rebind.example:{receiver.port}/topic"
        assert (await add(house, ada, address)).status_code == 201
        outcome = await handing.hand_over(house.platform.settings, address, message())
        assert isinstance(outcome, Refused)
        assert "not a public address" in outcome.error
        assert receiver.requests == []

    async def test_what_was_looked_up_is_what_is_called(self, open_house, names, receiver):
        names["ntfy.lab"] = ["127.0.0.1", "10.0.0.9"]
        outcome = await handing.hand_over(
            open_house.platform.settings, f"ntfy://ntfy.lab:{receiver.port}/topic", message()
        )
        assert outcome == Sent()
        ((_, headers, _),) = receiver.requests
        assert headers["host"] == f"ntfy.lab:{receiver.port}"

    async def test_nothing_that_answers_is_tried_again(self, open_house, receiver):
        address = "ntfy://127.0.0.1:1/very-secret-topic"
        outcome = await handing.hand_over(open_house.platform.settings, address, message())
        assert isinstance(outcome, Failed)
        assert "very-secret" not in outcome.error

    async def test_a_long_text_is_one_message(self, open_house, receiver):
        outcome = await handing.hand_over(open_house.platform.settings, topic(receiver), message("x" * 50_000))
        assert outcome == Sent()
        assert len(receiver.requests) == 1

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_each_plug_in_goes_over_its_line_and_says_what_happened(self, address):
        asked = []

        def ask(one, _within_s):
            asked.append(one)
            return Heard(
                200, {}, json.dumps({"code": 200 if "bark" in address else 0, "errcode": 0, "ok": True}).encode()
            )

        service, plugin = plugins.plugin_of(address)
        outcome = plugins.notify(plugin, Line(service, ask), message(url="https://argus.example/b"), address)
        assert outcome == Sent()
        said = b"".join(one.body for one in asked).decode() + "".join(one.url for one in asked)
        assert "failed" in said
        assert "why" in said
        assert all(one.url.startswith("https://") for one in asked)


class TestAnswers:
    @pytest.mark.parametrize(
        ("scheme", "status", "body", "outcome"),
        [
            ("wecombot", 200, b'{"errcode":0,"errmsg":"ok"}', Sent()),
            ("wecombot", 200, b'{"errcode":93000}', Refused('200 {"errcode":93000}')),
            ("wecombot", 200, b'{"errcode":45009}', Failed('200 {"errcode":45009}')),
            ("dingtalk", 200, b'{"errcode":310000}', Refused('200 {"errcode":310000}')),
            ("dingtalk", 200, b"<html>", Refused("200 <html>")),
            ("dingtalk", 502, b"", Failed("502")),
            ("lark", 200, b'{"code":0}', Sent()),
            ("lark", 200, b"[]", Refused("200 []")),
            ("bark", 200, b'{"code":200}', Sent()),
            ("discord", 204, b"", Sent()),
            ("discord", 429, b"", Failed("429")),
        ],
    )
    def test_how_they_are_read(self, scheme, status, body, outcome):
        assert answered(BY_SCHEME[scheme], status, {}, body) == outcome

    def test_a_host_of_another_is_refused(self):
        service = BY_SCHEME["discord"]
        assert service.leads_to("discord.com")
        assert service.leads_to("ptb.discord.com")
        assert not service.leads_to("notdiscord.com")
        assert not service.leads_to("discord.com.evil.example")


class TestPlugins:
    @pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
    def test_none_has_a_way_out_of_its_own(self, service):
        module = import_module(f"apprise.plugins.{service.module}")
        tree = ast.parse(inspect.getsource(module))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {
            node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
        }
        ways = {
            "socket",
            "ssl",
            "smtplib",
            "ftplib",
            "subprocess",
            "threading",
            "multiprocessing",
            "asyncio",
            "aiohttp",
        }
        ways |= {"concurrent.futures", "http.client", "urllib.request", "httpx", "urllib3", "ctypes", "websocket"}
        assert not imported & ways
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"mount", "urlopen", "create_connection", "HTTPAdapter"}

    def test_nothing_is_imported_before_a_service_is_used(self):
        code = (
            "import sys, argus_notifier.worker, argus_notifier.app; print({'apprise', 'requests'} & sys.modules.keys())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "set()"
