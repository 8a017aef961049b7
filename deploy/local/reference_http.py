"""The pages of the HTTP API, one for each service, from docs/openapi.json: what an operation is for, who may, what it
takes and answers.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from argus_standalone.app import SERVICES

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
SUBJECTS: Final = {
    "auth": "people, sessions, tokens, sign-in, configuration, audit log",
    "ingest": "events in, and the retention of what they left",
    "catalog": "everything that is read: batches, jobs, curves, logs, hosts, queries, exports, files, shares",
    "realtime": "the live streams",
    "executor": "agents and their commands: stop, pause, rerun",
    "notifier": "inbox, channels, rules, mail",
}
# Shown with their operation, and run by the tests of the documentation.
CURL: Final = {
    "GET /api/batches": 'curl "$ARGUS_URL/api/batches?limit=5" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/dashboard": 'curl "$ARGUS_URL/api/dashboard" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/auth/me": 'curl "$ARGUS_URL/api/auth/me" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/projects": 'curl "$ARGUS_URL/api/projects" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/hosts": 'curl "$ARGUS_URL/api/hosts" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/agents": 'curl "$ARGUS_URL/api/agents" -H "Authorization: Bearer $ARGUS_TOKEN"',
    "GET /api/me/channels": 'curl "$ARGUS_URL/api/me/channels" -H "Authorization: Bearer $SESSION"',
    "POST /api/query": """curl -X POST "$ARGUS_URL/api/query" \\
  -H "Authorization: Bearer $ARGUS_TOKEN" -H 'Content-Type: application/json' \\
  -d '{"query": "metrics.val_acc > 0.9", "sort": ["-metrics.val_acc"]}'""",
    "POST /api/tokens": """curl -X POST "$ARGUS_URL/api/tokens" \\
  -H "Authorization: Bearer $SESSION" -H 'Content-Type: application/json' \\
  -d '{"name": "notebook", "scope": "viewer"}'""",
    "POST /api/events/batch": """curl -X POST "$ARGUS_URL/api/events/batch" \\
  -H "Authorization: Bearer $ARGUS_TOKEN" -H 'Content-Type: application/json' \\
  -d '{"events": [{"schema_version": "1.1", "event_id": "example-0001", "event_type": "batch_start",
       "timestamp": "2026-03-04T12:00:00Z", "batch_id": "by-hand", "source": {"project": "vision"}, "data": {}}]}'""",
}
_HEAD: Final = """# HTTP API

All that the pages, the SDK and the commands do goes through this interface. The whole of it for programs:
[openapi.json](../openapi.json) (OpenAPI 3.1). A page for each service, all behind one address:

{table}
## Credentials

Send `Authorization: Bearer TOKEN`. Which token may what: [Tokens](../tokens.md); the permission of each operation
stands with it, and [Roles](../roles.md) says who has it. A browser's pages have a session in place of a token
([Sessions](../sessions.md)). Live streams take `?token=` too, since browsers set no header there.

```bash
{me}
```

## Refusals

Every refusal has the same form. `code` is stable, `message` is for people, `details` are facts; `trace_id` finds the
request in logs and traces, and so does the header `X-Request-Id`. `detail` is what older clients read.

```json
{{
  "error": {{
    "code": "auth.required",
    "message": "Log in, or send a token.",
    "details": {{}},
    "trace_id": "0af7651916cd43dd8448eb211c80319c"
  }},
  "detail": "Log in, or send a token."
}}
```

What one may not see is not there: it answers 404, not 403. After 429 wait for as long as `Retry-After` says.

## Pages of a list

Lists answer at most `limit` entries and, where more follow, `X-Next-Cursor`; send it as `cursor` for the next page.
`X-Total-Count` is there where counting is cheap.
"""


def pages() -> Iterator[tuple[str, str]]:
    """Name below docs/reference and text of each page."""
    document = json.loads(DOCUMENT.read_text())
    owners = _owners()
    operations: dict[str, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operations[owners.get((method.upper(), path), "")].append((method.upper(), path, operation))
    rows = "".join(f"| [{name}](http-{name}.md) | {SUBJECTS[name]} | {len(operations[name])} |\n" for name in SUBJECTS)
    table = f"| service | what for | operations |\n|---|---|---|\n{rows}"
    yield "http.md", _HEAD.format(table=table, me=CURL["GET /api/auth/me"]) + _of_all(operations[""])
    for name in SUBJECTS:
        yield f"http-{name}.md", _page(name, operations[name], document["components"]["schemas"])


def _owners() -> dict[tuple[str, str], str]:
    """Which service has an operation."""
    found = {}
    for service in SERVICES:
        for router in service.routers():
            for route in router.routes:
                for method in getattr(route, "methods", ()):
                    path = re.sub(r":path\}", "}", getattr(route, "path", ""))
                    found[method, path] = service.name
    return found


def _of_all(operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    if not operations:
        return ""
    rows = "".join(f"| `{method} {path}` | {_sentence(one)} |\n" for method, path, one in operations)
    return f"\n## What every service answers\n\n| operation | |\n|---|---|\n{rows}"


def _page(name: str, operations: list[tuple[str, str, dict[str, Any]]], schemas: dict[str, Any]) -> str:
    subject = SUBJECTS[name]
    text = f"# HTTP: {name}\n\n{subject[0].upper()}{subject[1:]}. "
    text += "Credentials, refusals, pages of lists: [HTTP API](http.md).\n"
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
    for operation in operations:
        groups[(operation[2].get("tags") or [name])[0]].append(operation)
    used: dict[str, None] = {}
    for tag, members in sorted(groups.items()):
        text += f"\n## {tag}\n"
        text += "".join(_operation(method, path, one, used) for method, path, one in members)
    return text + _models(used, schemas)


def _operation(method: str, path: str, operation: dict[str, Any], used: dict[str, None]) -> str:
    text = f"\n### {method} {path}\n\n{_flat(operation.get('description') or operation['summary'])}\n"
    if permission := operation.get("x-permission"):
        text += f"\nPermission: `{permission}`\n"
    if example := CURL.get(f"{method} {path}"):
        text += f"\n```bash\n{example}\n```\n"
    rows = [_parameter(one, used) for one in operation.get("parameters", ())]
    if rows:
        text += "\n| parameter | in | takes | |\n|---|---|---|---|\n" + "".join(rows)
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        text += f"\nTakes {_takes(body.get('schema', {}), used)} (`{kind}`).\n"
    return text + _answers(operation["responses"], used)


def _parameter(one: dict[str, Any], used: dict[str, None]) -> str:
    schema = one.get("schema", {})
    said = _flat(one.get("description", ""))
    if "default" in schema and schema["default"] is not None:
        said = f"{said.removesuffix('.')}. " if said else ""
        said += f"Default: `{json.dumps(schema['default'])}`"
    name = f"`{one['name']}`" + (", needed" if one.get("required") and one["in"] != "path" else "")
    return f"| {name} | {one['in']} | {_takes(schema, used)} | {_cell(said)} |\n"


def _answers(responses: dict[str, Any], used: dict[str, None]) -> str:
    lines = []
    for status, response in responses.items():
        if not status.startswith("2"):
            continue
        kinds = [
            (f"{_takes(body['schema'], used)}" + (f" (`{kind}`)" if kind != "application/json" else ""))
            if body.get("schema")
            else f"`{kind}`"
            for kind, body in response.get("content", {}).items()
        ]
        lines.append(f"Answers {status}" + (f": {' or '.join(kinds)}" if kinds else "") + ".")
    return f"\n{' '.join(lines)}\n" if lines else ""


def _models(used: dict[str, None], schemas: dict[str, Any]) -> str:
    """The models that operations of a page name, and those that these name."""
    text, done = "", set[str]()
    while left := sorted(set(used) - done):
        for name in left:
            done.add(name)
            text += f"\n### {name}\n" + _model(schemas[name], used)
    return f"\n## Models\n{text}" if text else ""


def _model(schema: dict[str, Any], used: dict[str, None]) -> str:
    text = f"\n{_flat(schema['description'])}\n" if schema.get("description") else ""
    if "properties" not in schema:
        return f"{text}\n{_takes(schema, used)}\n"
    needed = set(schema.get("required", ()))
    rows = "".join(
        f"| `{name}`{', needed' * (name in needed)} | {_takes(one, used)} | {_cell(one.get('description', ''))} |\n"
        for name, one in schema["properties"].items()
    )
    return f"{text}\n| field | is | |\n|---|---|---|\n{rows}"


def _takes(schema: dict[str, Any], used: dict[str, None]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        used[name] = None
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_takes(one, used) for one in schema[key]))
    if "allOf" in schema:
        return " and ".join(_takes(one, used) for one in schema["allOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    return _plain(schema, used)


def _plain(schema: dict[str, Any], used: dict[str, None]) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_takes(schema['items'], used)}" if schema.get("items") else "list"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"object of {_takes(inner, used)}" if isinstance(inner, dict) and inner else "object"
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "`true`, `false`",
        "null": "null",
    }
    name = {"date-time": "time", "uuid": "UUID", "binary": "file"}.get(
        schema.get("format", ""), names.get(kind or "", "anything")
    )
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    if "maxLength" in schema:
        bounds.append(f"at most {schema['maxLength']} characters")
    return " ".join([name, *bounds])


def _sentence(operation: dict[str, Any]) -> str:
    return _cell(_flat(operation.get("description") or operation["summary"]).partition(". ")[0])


def _flat(text: str) -> str:
    # A page of the site takes what looks like an element as one.
    return " ".join(text.split()).replace("``", "`").replace("<", "&lt;")


def _cell(text: str) -> str:
    return _flat(text).replace("|", "\\|")
