"""The services that a channel may name, and how the answers of some are read. Pure, and imports no plug-in.

Apprise has far more. Those here speak HTTP through `requests` and nothing else, start no threads and read no files, and
lead to hosts that are fixed, or to one that the address names, which passes the check of addresses like any webhook's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from argus_notifier.channels.messages import read
from argus_notifier.delivery.machine import Failed, Outcome, Refused, Sent


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an answer of 200 says in its body whether it went well.

    Attributes:
        field: of the JSON object.
        good: what it holds when all is well.
        later: what it holds when it is to be tried again.
    """

    field: str
    good: frozenset[Any]
    later: frozenset[Any] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: as it calls itself.
        schemes: with which an address begins.
        module: of `apprise.plugins`, and the class in it.
        plugin: the class.
        hosts: that it may lead to, each with those below it; none: the one in the address.
        native: how addresses begin that the service itself shows.
        verdict: see there; without one, the status alone says how it went.
    """

    name: str
    schemes: tuple[str, ...]
    module: str
    plugin: str
    hosts: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    verdict: Verdict | None = None

    def leads_to(self, host: str) -> bool:
        """Whether this is a host of the service."""
        name = host.rstrip(".").lower()
        return not self.hosts or any(name == known or name.endswith(f".{known}") for known in self.hosts)


_ZERO: Final = frozenset({0, "0"})

SERVICES: Final[tuple[Service, ...]] = (
    Service("Telegram", ("tgram",), "telegram", "NotifyTelegram", ("api.telegram.org",)),
    Service(
        "Discord",
        ("discord",),
        "discord",
        "NotifyDiscord",
        ("discord.com", "discordapp.com"),
        ("https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/"),
    ),
    Service(
        "Microsoft Teams",
        ("workflow", "workflows"),
        "workflows",
        "NotifyWorkflows",
        ("logic.azure.com", "powerplatform.com", "logic.azure.us", "powerautomate.com"),
        ("https://prod-", "https://default"),
    ),
    Service(
        "Google Chat",
        ("gchat",),
        "google_chat",
        "NotifyGoogleChat",
        ("chat.googleapis.com",),
        ("https://chat.googleapis.com/",),
    ),
    Service(
        "WeCom",
        ("wecombot",),
        "wecombot",
        "NotifyWeComBot",
        ("qyapi.weixin.qq.com",),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send",),
        # 45009: more than twenty in a minute.
        Verdict("errcode", _ZERO, frozenset({-1, 45009})),
    ),
    Service(
        "DingTalk",
        ("dingtalk",),
        "dingtalk",
        "NotifyDingTalk",
        ("oapi.dingtalk.com",),
        # 130101: more than twenty in a minute.
        verdict=Verdict("errcode", _ZERO, frozenset({-1, 130101})),
    ),
    Service(
        "Lark",
        ("lark",),
        "lark",
        "NotifyLark",
        ("open.larksuite.com",),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/",),
        Verdict("code", _ZERO, frozenset({11232, 11233, 1500, 50001})),
    ),
    Service("ServerChan", ("schan",), "serverchan", "NotifyServerChan", ("sctapi.ftqq.com", "sc.ftqq.com")),
    Service("PushDeer", ("pushdeer", "pushdeers"), "pushdeer", "NotifyPushDeer", verdict=Verdict("code", _ZERO)),
    Service("Bark", ("bark", "barks"), "bark", "NotifyBark", verdict=Verdict("code", frozenset({200}))),
    Service("Pushover", ("pover",), "pushover", "NotifyPushover", ("api.pushover.net",)),
    Service("Pushbullet", ("pbul",), "pushbullet", "NotifyPushBullet", ("api.pushbullet.com",)),
    Service("ntfy", ("ntfy", "ntfys"), "ntfy", "NotifyNtfy", native=("https://ntfy.sh/",)),
    Service("Gotify", ("gotify", "gotifys"), "gotify", "NotifyGotify"),
    Service("Mattermost", ("mmost", "mmosts"), "mattermost", "NotifyMattermost"),
    Service("Zulip", ("zulip",), "zulip", "NotifyZulip"),
    Service("Webex", ("wxteams", "webex"), "webexteams", "NotifyWebexTeams", ("webexapis.com", "api.ciscospark.com")),
    Service(
        "PagerDuty", ("pagerduty",), "pagerduty", "NotifyPagerDuty", ("events.pagerduty.com", "events.eu.pagerduty.com")
    ),
)

BY_SCHEME: Final[Mapping[str, Service]] = {scheme: one for one in SERVICES for scheme in one.schemes}


def service_of(address: str) -> Service | None:
    """The service of an address, in apprise's spelling or as the service shows it. None: it is none of these."""
    scheme = address.split("://", 1)[0].lower()
    if scheme in {"http", "https"}:
        return (
            next((one for one in SERVICES if address.lower().startswith(one.native)), None)
            if scheme == "https"
            else None
        )
    return BY_SCHEME.get(scheme) if "://" in address else None


def answered(service: Service, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What an answer says."""
    outcome = read("webhook", status, headers, body)
    if not isinstance(outcome, Sent) or service.verdict is None:
        return outcome
    said = f"{status} {body[:200].decode(errors='replace').strip()}"
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return Refused(said)
    code = found.get(service.verdict.field) if isinstance(found, dict) else None
    if isinstance(code, int | str) and code in service.verdict.good:
        return outcome
    return Failed(said) if isinstance(code, int | str) and code in service.verdict.later else Refused(said)
