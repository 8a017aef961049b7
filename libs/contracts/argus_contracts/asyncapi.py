"""The AsyncAPI 3 document of the bus, put together from ``channels`` and the payload structs.

Operations are named ``<service>.<sends|receives>.<channel>``.
"""

import re
from typing import Any, Final

import msgspec

from argus_contracts import __version__
from argus_contracts.bus import STREAMS, StreamSpec
from argus_contracts.channels import CHANNELS, Channel
from argus_contracts.events import SCHEMA_VERSION
from argus_contracts.payloads import PAYLOADS, SERVER_PAYLOADS

_SCHEMAS: Final = "#/components/schemas/"
_PARAMETERS: Final = {
    "batch_key": "The number that stands for a batch in the database.",
    "user_id": "The user's number.",
    "agent_id": "The agent's id, agent- and 12 hex digits.",
    "service": "The name of the service that writes, or whose turn it is.",
}


def document() -> dict[str, Any]:
    """The whole document as plain data."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Argus bus",
            "version": __version__,
            "description": f"What the services of Argus say to each other over NATS. Events are of schema version "
            f"{SCHEMA_VERSION}; their envelope is described by event.schema.json.",
        },
        "defaultContentType": "application/json",
        "servers": {"nats": {"host": "{host}", "protocol": "nats", "variables": {"host": {"default": "localhost"}}}},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS} | _reply_channels(),
        "operations": dict(item for channel in CHANNELS for item in _operations(channel)),
        "components": {"messages": _messages(), "schemas": _schemas()},
        "x-jetstream-streams": {stream.name: _stream(stream) for stream in STREAMS},
        "x-event-payloads": {kind: _ref(payload) for kind, payload in (PAYLOADS | SERVER_PAYLOADS).items()},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    described: dict[str, Any] = {"address": channel.address, "description": channel.summary}
    if channel.parameters:
        described["parameters"] = {name: {"description": _PARAMETERS[name]} for name in channel.parameters}
    described["messages"] = {channel.payload.__name__: _message_ref(channel.payload)}
    if channel.stream is not None:
        described["x-jetstream-stream"] = channel.stream.name
    return described


def _reply_channels() -> dict[str, Any]:
    """A NATS reply goes to the address that the request names, hence ``address: null``."""
    return {
        f"{channel.name}_reply": {"address": None, "messages": {channel.reply.__name__: _message_ref(channel.reply)}}
        for channel in CHANNELS
        if channel.reply is not None
    }


def _operations(channel: Channel) -> list[tuple[str, dict[str, Any]]]:
    described: dict[str, Any] = {"channel": {"$ref": f"#/channels/{channel.name}"}, "summary": channel.summary}
    if channel.reply is not None:
        described["reply"] = {
            "address": {"location": "$message.header#/reply"},
            "channel": {"$ref": f"#/channels/{channel.name}_reply"},
        }
    return [
        (f"{service}.{verb}.{channel.name}", {"action": action} | described)
        for services, verb, action in ((channel.senders, "sends", "send"), (channel.receivers, "receives", "receive"))
        for service in services
    ]


def _messages() -> dict[str, Any]:
    return {payload.__name__: {"title": payload.__name__, "payload": _ref(payload)} for payload in _payloads()}


def _schemas() -> dict[str, Any]:
    kinds = list(dict.fromkeys([*_payloads(), *PAYLOADS.values(), *SERVER_PAYLOADS.values()]))
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    return {name: schema | _described(schema) for name, schema in sorted(schemas.items())}


def _payloads() -> list[type[msgspec.Struct]]:
    sent = [channel.payload for channel in CHANNELS]
    return sent + [channel.reply for channel in CHANNELS if channel.reply is not None]


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """The docstring with its line breaks folded, so that the YAML stays readable."""
    text = schema.get("description")
    return {"description": re.sub(r"(?<!\n)\n(?!\n)", " ", text)} if text else {}


def _stream(stream: StreamSpec) -> dict[str, Any]:
    return {
        "subjects": list(stream.subjects),
        "retention": stream.retention,
        "max_age_s": stream.max_age_s,
        "duplicate_window_s": stream.duplicate_window_s,
    }


def _message_ref(payload: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{payload.__name__}"}


def _ref(payload: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _SCHEMAS + payload.__name__}
